/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mapping grants through gntdev. */
#include <errno.h>
#include <fcntl.h>
#include <lib/error.h>
#include <lib/foreign.h>
#include <lib/grant.h>
#include <lib/privcmd.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

/* The device tells which of its offsets stands for the grant; the mapping keeps it open. */
void *grant_map(domid_t domid, uint32_t ref)
{
	struct gntdev_map map = {.count = 1, .domid = domid, .ref = ref};
	int fd = open("/dev/xen/gntdev", O_RDWR | O_CLOEXEC);
	void *memory = MAP_FAILED;

	if (fd >= 0 && ioctl(fd, GNTDEV_MAP, &map) == 0) {
		memory = mmap(NULL, FOREIGN_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			      (off_t)map.index);
	}
	if (memory == MAP_FAILED) {
		fail_errno(errno, "mapping grant %u of domain %u", ref, domid);
	}
	if (fd >= 0) {
		close(fd);
	}
	return memory == MAP_FAILED ? NULL : memory;
}
