/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memory_op: memory maps, and where the table of machine-to-physical numbers is. */
#include <arch/layout.h>
#include <hypercall/memory_op.h>
#include <lib/heap.h>
#include <xen/memory.h>

/* --- Where things are -------------------------------------------------------------------- */

/* How far guests may look, whatever is there: this much of their view is set aside for it. */
#define M2P_GUEST_BYTES BIT(38)

int memory_map_m2p(uint64_t arg)
{
	struct xen_machphys_mapping op = {
		.v_start = M2P_GUEST_BASE,
		.v_end = M2P_GUEST_BASE + M2P_GUEST_BYTES,
		.max_mfn = M2P_GUEST_BYTES / sizeof(uint64_t) - 1,
	};

	return guest_write(GUEST_VA(arg), &op, sizeof(op)) ? refuse(-EFAULT) : 0;
}

int memory_map_m2p_frames(uint64_t arg)
{
	struct xen_machphys_mfn_list op;
	int rc = memory_op_read(&op, arg, sizeof(op));
	mfn_t piece;

	if (rc == 0 && !current_domain()->privileged) {
		rc = refuse(-EPERM);
	}
	if (rc) {
		return rc;
	}
	for (op.nr_extents = 0; op.nr_extents < op.max_extents; op.nr_extents++) {
		guest_va_t at =
			GUEST_VA((uint64_t)op.extent_start.p + op.nr_extents * sizeof(uint64_t));

		piece = m2p_piece(op.nr_extents);
		if (mfn_is_none(piece)) {
			break;
		}
		if (guest_write(at, &piece.n, sizeof(piece.n))) {
			return refuse(-EFAULT);
		}
	}
	return guest_write(GUEST_VA(arg), &op, sizeof(op));
}

/* --- Memory maps ------------------------------------------------------------------------- */

#define MAP_PART 16

/* Entries of a map, while somebody may be setting another: in parts, as no lock may be held. */
static unsigned copy_part(struct domain_memory *dm, unsigned first, struct memory_map_entry *part)
{
	const struct memory_map *map = dm ? dm->map : &machine_memory_map;
	unsigned count = 0;

	if (dm) {
		lock_acquire(&dm->tables);
		map = dm->map;
	}
	while (map && count < MAP_PART && first + count < map->count) {
		part[count] = map->entry[first + count];
		count++;
	}
	if (dm) {
		lock_release(&dm->tables);
	}
	return count;
}

int memory_map_give(struct domain_memory *dm, uint64_t arg)
{
	struct memory_map_entry part[MAP_PART];
	struct xen_memory_map op;
	unsigned done = 0, count;
	int rc = memory_op_read(&op, arg, sizeof(op));

	if (rc) {
		return rc;
	}
	if (dm && !dm->map) {
		return -ENOSYS; /* what a guest takes for "as much as I have, from 0 on" */
	}
	do {
		count = copy_part(dm, done, part);
		if (op.buffer.p) {
			count = MIN(count, op.nr_entries - done);
			rc = guest_write(GUEST_VA((uint64_t)op.buffer.p + done * sizeof(part[0])),
					 part, count * sizeof(part[0]));
		}
		done += count;
	} while (count == MAP_PART && rc == 0);
	if (rc) {
		return refuse(-EFAULT);
	}
	op.nr_entries = done;
	return guest_write(GUEST_VA(arg), &op, sizeof(op));
}

int memory_map_set(uint64_t arg)
{
	struct xen_foreign_memory_map op;
	struct memory_map *map, *old;
	struct domain *d;
	int rc = memory_op_read(&op, arg, sizeof(op));

	if (rc == 0 && op.map.nr_entries > MEMORY_MAP_MAX) {
		rc = refuse(-EINVAL);
	}
	rc = rc ? rc : memory_op_target(op.domid, &d);
	if (rc) {
		return rc;
	}
	map = heap_alloc(sizeof(*map));
	if (!map) {
		rc = -ENOMEM;
	} else if (guest_read(map->entry, GUEST_VA(op.map.buffer.p),
			      op.map.nr_entries * sizeof(map->entry[0]))) {
		heap_free(map, sizeof(*map));
		rc = refuse(-EFAULT);
	} else {
		map->count = op.map.nr_entries;
		lock_acquire(&d->memory.tables);
		old = d->memory.map;
		d->memory.map = map;
		lock_release(&d->memory.tables);
		heap_free(old, sizeof(*old));
	}
	domain_put(d);
	return rc;
}

/* No IOMMU is driven, so no device has addresses of its own that RAM must stay away from. */
int memory_map_reserved(uint64_t arg)
{
	struct xen_reserved_device_memory_map op;
	int rc = memory_op_read(&op, arg, sizeof(op));

	if (rc == 0 && op.flags & ~(uint32_t)XENMEM_RDM_ALL) {
		rc = refuse(-EINVAL);
	}
	if (rc) {
		return rc;
	}
	op.nr_entries = 0;
	return guest_write(GUEST_VA(arg), &op, sizeof(op));
}
