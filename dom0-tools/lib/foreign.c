/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mapping what is not ours, through privcmd. */
#include <errno.h>
#include <lib/error.h>
#include <lib/foreign.h>
#include <lib/hypercall.h>
#include <lib/privcmd.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <xen/memory.h>

static void *reserve(size_t count, int protection)
{
	int fd = hypercall_fd();
	void *memory = fd < 0 ? MAP_FAILED
			      : mmap(NULL, count * FOREIGN_PAGE, protection, MAP_SHARED, fd, 0);

	if (memory == MAP_FAILED && fd >= 0) {
		fail_errno(errno, "address space for %zu foreign pages", count);
	}
	return memory == MAP_FAILED ? NULL : memory;
}

/* The first frame that could not be mapped, and why. */
static int report(domid_t domid, const uint64_t *frames, const int *errors, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (errors[i]) {
			return fail_errno(-errors[i], "mapping frame %#lx of domain %u",
					  (unsigned long)frames[i], domid);
		}
	}
	return 0;
}

static void *map(domid_t domid, const uint64_t *frames, size_t count, int protection)
{
	int *errors = calloc(count, sizeof(*errors));
	void *memory = errors ? reserve(count, protection) : NULL;
	struct privcmd_map request = {.count = (uint32_t)count,
				      .domid = domid,
				      .address = (uintptr_t)memory,
				      .frames = frames,
				      .errors = errors};
	int rc = -ENOMEM;

	if (memory) {
		rc = ioctl(hypercall_fd(), PRIVCMD_MAP, &request);
		rc = rc < 0 && errno != ENOENT
			     ? fail_errno(errno, "mapping %zu frames of domain %u", count, domid)
			     : report(domid, frames, errors, count);
	}
	free(errors);
	if (rc && memory) {
		foreign_unmap(memory, count);
	}
	return rc ? NULL : memory;
}

void *foreign_map(domid_t domid, const uint64_t *frames, size_t count)
{
	return map(domid, frames, count, PROT_READ | PROT_WRITE);
}

const void *foreign_map_readonly(domid_t domid, const uint64_t *frames, size_t count)
{
	return map(domid, frames, count, PROT_READ);
}

void *foreign_map_grants(domid_t domid)
{
	void *memory = reserve(1, PROT_READ | PROT_WRITE);
	struct privcmd_map_resource map = {.domid = domid,
					   .type = XENMEM_resource_grant_table,
					   .id = XENMEM_resource_grant_table_id_shared,
					   .count = 1,
					   .address = (uintptr_t)memory};

	if (memory && ioctl(hypercall_fd(), PRIVCMD_MAP_RESOURCE, &map) < 0) {
		fail_errno(errno, "mapping the grant table of domain %u", domid);
		foreign_unmap(memory, 1);
		return NULL;
	}
	return memory;
}

void foreign_unmap(const void *memory, size_t count)
{
	munmap((void *)(uintptr_t)memory, count * FOREIGN_PAGE);
}
