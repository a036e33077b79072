/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Machine addresses that are not RAM: which of them a domain may map. */
#include <lib/error.h>
#include <memory/frame_alloc.h>
#include <memory/mmio.h>

struct range {
	uint64_t first, last;
};

#define MMIO_LAST_FRAME (BIT(40) - 1)
#define MACHINE_RANGES	64
#define DOMAIN_RANGES	(PAGE_SIZE / sizeof(struct range) - 1)

/* A domain's permissions fill a frame: sorted by no rule, and never overlapping. */
struct mmio_ranges {
	uint64_t count, reserved;
	struct range range[DOMAIN_RANGES];
};

/* Written at start-up, when one CPU runs, and never again. */
static struct {
	unsigned withheld_count, read_only_count;
	struct range withheld[MACHINE_RANGES];
	struct range read_only[MACHINE_RANGES];
} machine;

static bool contains(const struct range *ranges, uint64_t count, uint64_t frame)
{
	for (uint64_t i = 0; i < count; i++) {
		if (frame - ranges[i].first <= ranges[i].last - ranges[i].first) {
			return true;
		}
	}
	return false;
}

static int append(struct range *ranges, unsigned *count, uint64_t first, uint64_t last)
{
	if (*count == MACHINE_RANGES) {
		return -ENOSPC;
	}
	ranges[(*count)++] = (struct range){first, last};
	return 0;
}

int mmio_withhold(uint64_t first, uint64_t last)
{
	return append(machine.withheld, &machine.withheld_count, first, last);
}

int mmio_read_only(uint64_t first, uint64_t last)
{
	return append(machine.read_only, &machine.read_only_count, first, last);
}

/* Cuts [first, last] out of the domain's ranges; a range that contains it falls in two. */
static int ranges_cut(struct mmio_ranges *mmio, uint64_t first, uint64_t last)
{
	for (uint64_t i = 0; i < mmio->count; i++) {
		struct range *r = &mmio->range[i];

		if (r->last < first || r->first > last) {
			continue;
		}
		if (r->first < first && r->last > last) {
			if (mmio->count == DOMAIN_RANGES) {
				return -ENOSPC;
			}
			mmio->range[mmio->count++] = (struct range){last + 1, r->last};
			r->last = first - 1;
		} else if (r->first < first) {
			r->last = first - 1;
		} else if (r->last > last) {
			r->first = last + 1;
		} else {
			*r = mmio->range[--mmio->count];
			i--;
		}
	}
	return 0;
}

int mmio_permit(struct domain_memory *dm, uint64_t first, uint64_t last, bool allow)
{
	struct mmio_ranges *fresh = NULL;
	mfn_t mfn;
	int rc;

	if (first > last || last > MMIO_LAST_FRAME) {
		return -EINVAL;
	}
	if (dm->hardware) {
		return allow ? 0 : -EOPNOTSUPP; /* Dom0's rights are the machine's */
	}
	if (!dm->mmio) {
		mfn = frame_alloc(0, 0);
		if (mfn_is_none(mfn)) {
			return -ENOMEM;
		}
		fresh = frame_ptr(mfn);
	}
	lock_acquire(&dm->tables);
	if (!dm->mmio) {
		dm->mmio = fresh;
		fresh = NULL;
	}
	rc = ranges_cut(dm->mmio, first, last);
	if (rc == 0 && allow) {
		if (dm->mmio->count == DOMAIN_RANGES) {
			rc = -ENOSPC;
		} else {
			dm->mmio->range[dm->mmio->count++] = (struct range){first, last};
		}
	}
	lock_release(&dm->tables);
	if (fresh) {
		frame_free(frame_of_ptr(fresh), 0);
	}
	return rc;
}

bool mmio_is_permitted(struct domain_memory *dm, uint64_t first, uint64_t last)
{
	uint64_t at = first;

	if (dm->hardware) {
		return true;
	}
	lock_acquire(&dm->tables);
	for (uint64_t i = 0; dm->mmio && i < dm->mmio->count && at <= last; i++) {
		const struct range *r = &dm->mmio->range[i];

		if (r->first <= at && r->last >= at) {
			at = r->last + 1;
			i = UINT64_MAX; /* from the start: the next piece may lie before this one */
		}
	}
	lock_release(&dm->tables);
	return at > last;
}

void mmio_drop(struct domain_memory *dm)
{
	if (dm->mmio) {
		frame_free(frame_of_ptr(dm->mmio), 0);
		dm->mmio = NULL;
	}
}

enum mmio_access mmio_access(const struct domain_memory *dm, uint64_t frame)
{
	if (!dm->hardware && !(dm->mmio && contains(dm->mmio->range, dm->mmio->count, frame))) {
		return MMIO_NONE;
	}
	return mmio_machine_access(frame);
}

enum mmio_access mmio_machine_access(uint64_t frame)
{
	if (contains(machine.withheld, machine.withheld_count, frame)) {
		return MMIO_NONE;
	}
	if (contains(machine.read_only, machine.read_only_count, frame)) {
		return MMIO_READ;
	}
	return MMIO_WRITE;
}
