/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hypercalls through /dev/xen/privcmd. One process has one hypervisor, hence the static state. */
#include <errno.h>
#include <fcntl.h>
#include <lib/error.h>
#include <lib/hypercall.h>
#include <lib/privcmd.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#define ARENA_SIZE (4u * 4096)

static struct {
	int privcmd, memory; /* descriptors; -1: not opened yet */
	char *arena;	     /* small pieces come from here, as from a stack */
	size_t used;
} xen = {-1, -1, NULL, 0};

int hypercall_fd(void)
{
	if (xen.privcmd < 0) {
		xen.privcmd = open("/dev/xen/privcmd", O_RDWR | O_CLOEXEC);
	}
	if (xen.privcmd < 0 && errno == ENOENT) {
		return fail(ENODEV,
			    "no /dev/xen/privcmd: this is not Dom0 of a running hypervisor, or the "
			    "module xen-privcmd is not loaded");
	}
	return xen.privcmd >= 0 ? xen.privcmd : fail_errno(errno, "/dev/xen/privcmd");
}

/* The kernel has a device for memory that is never moved; before it had, locking had to do. */
static void *map_memory(size_t bytes)
{
	void *memory;

	if (xen.memory < 0) {
		xen.memory = open("/dev/xen/hypercall", O_RDWR | O_CLOEXEC);
	}
	memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		      xen.memory >= 0 ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED,
		      xen.memory, 0);
	return memory == MAP_FAILED ? NULL : memory;
}

static size_t pages(size_t bytes)
{
	return (bytes + 4095) & ~(size_t)4095;
}

void *hypercall_memory(size_t bytes)
{
	char *memory;

	bytes = (bytes + 15) & ~(size_t)15;
	if (!xen.arena) {
		xen.arena = map_memory(ARENA_SIZE);
	}
	if (!xen.arena || bytes > ARENA_SIZE - xen.used) {
		return map_memory(pages(bytes));
	}
	memory = xen.arena + xen.used;
	xen.used += bytes;
	memset(memory, 0, bytes);
	return memory;
}

void hypercall_memory_free(void *memory, size_t bytes)
{
	char *at = memory;

	if (xen.arena && at >= xen.arena && at < xen.arena + ARENA_SIZE) {
		xen.used = (size_t)(at - xen.arena);
	} else if (memory) {
		munmap(memory, pages(bytes));
	}
}

long hypercall(unsigned int number, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
	struct privcmd_hypercall call = {.op = number, .arg = {a1, a2, a3, a4, a5}};
	int fd = hypercall_fd();
	int rc = fd < 0 ? fd : ioctl(fd, PRIVCMD_HYPERCALL, &call);

	return fd >= 0 && rc < 0 ? -errno : rc;
}

long hypercall_struct(unsigned int number, unsigned int operation, void *structure, size_t bytes)
{
	void *memory = hypercall_memory(bytes);
	long rc;

	if (!memory) {
		return -ENOMEM;
	}
	memcpy(memory, structure, bytes);
	rc = hypercall(number, operation, (uintptr_t)memory, 0, 0, 0);
	memcpy(structure, memory, bytes);
	hypercall_memory_free(memory, bytes);
	return rc;
}

/* domctl and sysctl have the operation within their structure. */
static int control(unsigned int number, void *structure, size_t bytes)
{
	void *memory = hypercall_memory(bytes);
	long rc;

	if (!memory) {
		return fail(ENOMEM, "no memory for a hypercall");
	}
	memcpy(memory, structure, bytes);
	do {
		rc = hypercall(number, (uintptr_t)memory, 0, 0, 0, 0);
	} while (rc == -ERESTART);
	memcpy(structure, memory, bytes);
	hypercall_memory_free(memory, bytes);
	return (int)rc;
}

int hypercall_domctl(struct xen_domctl *op)
{
	int rc;

	op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	rc = hypercall_fd();
	if (rc < 0) {
		return rc;
	}
	rc = control(__HYPERVISOR_domctl, op, sizeof(*op));
	if (rc == -EACCES) {
		return fail(EACCES, "the hypervisor does not speak version %#x of domctl",
			    XEN_DOMCTL_INTERFACE_VERSION);
	}
	return rc >= 0 ? rc : fail_errno(-rc, "domctl %u on domain %u", op->cmd, op->domain);
}

int hypercall_sysctl(struct xen_sysctl *op)
{
	int rc;

	op->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
	rc = hypercall_fd();
	if (rc < 0) {
		return rc;
	}
	rc = control(__HYPERVISOR_sysctl, op, sizeof(*op));
	if (rc == -EACCES) {
		return fail(EACCES, "the hypervisor does not speak version %#x of sysctl",
			    XEN_SYSCTL_INTERFACE_VERSION);
	}
	return rc >= 0 ? rc : fail_errno(-rc, "sysctl %u", op->cmd);
}
