/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine behind Linux' /dev/xen: evtchn, gntdev, privcmd and xenbus_backend. */
#define __XEN_TOOLS__ 1 /* the headers of the ABI show sysctl to tools alone */
#include "machine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <xen/sysctl.h>
#include <xen/xen.h>

#define PAGE_SIZE	 4096
#define STORE_GRANT	 1 /* the reserved entry of each domain's grant table */
#define VIRQ_DOMAIN_END	 3 /* VIRQ_DOM_EXC */
#define HYPERCALL_SYSCTL 35

/* The kernel's interface, as its user-space ABI defines it. */
struct bind_virq {
	unsigned int virq;
};
struct bind_interdomain {
	unsigned int remote_domain, remote_port;
};
struct port {
	unsigned int port;
};
struct map_grant {
	uint32_t count, pad;
	uint64_t index;
	uint32_t domid, reference;
};
struct unmap_grant {
	uint64_t index;
	uint32_t count, pad;
};
struct hypercall {
	uint64_t op, arg[5];
};
#define EVTCHN_BIND_VIRQ	_IOC(_IOC_NONE, 'E', 0, sizeof(struct bind_virq))
#define EVTCHN_BIND_INTERDOMAIN _IOC(_IOC_NONE, 'E', 1, sizeof(struct bind_interdomain))
#define EVTCHN_UNBIND		_IOC(_IOC_NONE, 'E', 3, sizeof(struct port))
#define EVTCHN_NOTIFY		_IOC(_IOC_NONE, 'E', 4, sizeof(struct port))
#define GNTDEV_MAP		_IOC(_IOC_NONE, 'G', 0, sizeof(struct map_grant))
#define GNTDEV_UNMAP		_IOC(_IOC_NONE, 'G', 1, sizeof(struct unmap_grant))
#define PRIVCMD_HYPERCALL	_IOC(_IOC_NONE, 'P', 0, sizeof(struct hypercall))
#define BACKEND_EVTCHN		_IOC(_IOC_NONE, 'B', 0, 0)

static struct {
	int evtchn, gntdev, privcmd, hypercall, backend;
	xen_domctl_getdomaininfo_t *info; /* memory that a hypercall may write to */
	struct xen_sysctl *sysctl;
} xen = {-1, -1, -1, -1, -1, NULL, NULL};

/* A hypercall's memory must not fault: the kernel has a device for that, else it is locked. */
static int open_hypercall(void)
{
	void *page;

	xen.privcmd = open("/dev/xen/privcmd", O_RDWR | O_CLOEXEC);
	if (xen.privcmd < 0) {
		return -errno;
	}
	xen.hypercall = open("/dev/xen/hypercall", O_RDWR | O_CLOEXEC);
	page = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE,
		    xen.hypercall >= 0 ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED,
		    xen.hypercall, 0);
	if (page == MAP_FAILED) {
		return -errno;
	}
	memset(page, 0, PAGE_SIZE);
	xen.sysctl = page;
	xen.info = (void *)((char *)page + PAGE_SIZE / 2);
	return 0;
}

int machine_open(void)
{
	xen.evtchn = open("/dev/xen/evtchn", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (xen.evtchn < 0) {
		return -errno;
	}
	xen.gntdev = open("/dev/xen/gntdev", O_RDWR | O_CLOEXEC);
	if (xen.gntdev < 0) {
		return -errno;
	}
	xen.backend = open("/dev/xen/xenbus_backend", O_RDWR | O_CLOEXEC);
	return open_hypercall();
}

int machine_fd(void)
{
	return xen.evtchn;
}

int machine_pending(void)
{
	uint32_t port;

	if (read(xen.evtchn, &port, sizeof(port)) != sizeof(port)) {
		return -1;
	}
	/* Writing the port back unmasks it. */
	return write(xen.evtchn, &port, sizeof(port)) == sizeof(port) ? (int)port : -1;
}

static void *map_at(int fd, uint64_t offset)
{
	void *page = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)offset);

	return page == MAP_FAILED ? NULL : page;
}

struct xenstore_domain_interface *machine_map(uint32_t domid, uint64_t gfn)
{
	struct map_grant map = {.count = 1, .domid = domid, .reference = STORE_GRANT};
	struct unmap_grant unmap = {.count = 1};
	void *page;

	if (ioctl(xen.gntdev, GNTDEV_MAP, &map) < 0) {
		return NULL;
	}
	page = map_at(xen.gntdev, map.index);
	if (!page) {
		unmap.index = map.index;
		ioctl(xen.gntdev, GNTDEV_UNMAP, &unmap);
	}
	return page;
}

void machine_unmap(struct xenstore_domain_interface *page)
{
	struct {
		uint64_t vaddr, offset;
		uint32_t count, pad;
	} at = {.vaddr = (uintptr_t)page};
	struct unmap_grant unmap = {.count = 1};
	bool granted = ioctl(xen.gntdev, _IOC(_IOC_NONE, 'G', 2, sizeof(at)), &at) == 0;

	munmap(page, PAGE_SIZE);
	if (granted) {
		unmap.index = at.offset;
		ioctl(xen.gntdev, GNTDEV_UNMAP, &unmap);
	}
}

struct xenstore_domain_interface *machine_map_dom0(uint32_t *remote_port)
{
	int port = xen.backend < 0 ? -1 : ioctl(xen.backend, BACKEND_EVTCHN, NULL);

	if (port < 0) {
		return NULL;
	}
	*remote_port = (uint32_t)port;
	return map_at(xen.backend, 0);
}

int machine_bind(uint32_t domid, uint32_t remote_port)
{
	struct bind_interdomain bind = {.remote_domain = domid, .remote_port = remote_port};
	int port = ioctl(xen.evtchn, EVTCHN_BIND_INTERDOMAIN, &bind);

	return port < 0 ? -errno : port;
}

void machine_unbind(uint32_t port)
{
	struct port unbind = {.port = port};

	ioctl(xen.evtchn, EVTCHN_UNBIND, &unbind);
}

void machine_notify(uint32_t port)
{
	struct port notify = {.port = port};

	ioctl(xen.evtchn, EVTCHN_NOTIFY, &notify);
}

int machine_domain_port(void)
{
	struct bind_virq bind = {.virq = VIRQ_DOMAIN_END};
	int port = ioctl(xen.evtchn, EVTCHN_BIND_VIRQ, &bind);

	return port < 0 ? -errno : port;
}

enum machine_state machine_domain_state(uint32_t domid)
{
	struct xen_sysctl_getdomaininfolist *list = &xen.sysctl->u.getdomaininfolist;
	struct hypercall call = {.op = HYPERCALL_SYSCTL, .arg = {(uintptr_t)xen.sysctl}};

	memset(xen.sysctl, 0, sizeof(*xen.sysctl));
	xen.sysctl->cmd = XEN_SYSCTL_getdomaininfolist;
	xen.sysctl->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
	list->first_domain = (domid_t)domid;
	list->max_domains = 1;
	set_xen_guest_handle(list->buffer, xen.info);
	if (ioctl(xen.privcmd, PRIVCMD_HYPERCALL, &call) < 0) {
		return MACHINE_RUNNING; /* not known: nothing is torn down on a guess */
	}
	if (list->num_domains != 1 || xen.info->domain != domid ||
	    xen.info->flags & XEN_DOMINF_dying) {
		return MACHINE_GONE;
	}
	return xen.info->flags & XEN_DOMINF_shutdown ? MACHINE_SHUTDOWN : MACHINE_RUNNING;
}
