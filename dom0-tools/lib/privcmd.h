/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Linux' devices in /dev/xen: their ioctls, as its interface to programs defines them. */
#ifndef LIB_PRIVCMD_H
#define LIB_PRIVCMD_H

#include <stdint.h>
#include <sys/ioctl.h>

struct privcmd_hypercall {
	uint64_t op, arg[5];
};

/* Frames of another domain, one to a page from address on; errors has an errno for each. */
struct privcmd_map {
	uint32_t count;
	uint16_t domid;
	uint64_t address;
	const uint64_t *frames;
	int *errors;
};

struct privcmd_map_resource {
	uint16_t domid;
	uint32_t type, id, frame;
	uint64_t count, address;
};

struct privcmd_bind_virq {
	unsigned int virq;
};
struct privcmd_bind_interdomain {
	unsigned int remote_domain, remote_port;
};
struct privcmd_port {
	unsigned int port;
};

/* One grant; index is answered, and is the offset to map. */
struct gntdev_map {
	uint32_t count, padding;
	uint64_t index;
	uint32_t domid, ref;
};

#define PRIVCMD_HYPERCALL	_IOC(_IOC_NONE, 'P', 0, sizeof(struct privcmd_hypercall))
#define PRIVCMD_MAP		_IOC(_IOC_NONE, 'P', 4, sizeof(struct privcmd_map))
#define PRIVCMD_MAP_RESOURCE	_IOC(_IOC_NONE, 'P', 7, sizeof(struct privcmd_map_resource))
#define EVTCHN_BIND_VIRQ	_IOC(_IOC_NONE, 'E', 0, sizeof(struct privcmd_bind_virq))
#define EVTCHN_BIND_INTERDOMAIN _IOC(_IOC_NONE, 'E', 1, sizeof(struct privcmd_bind_interdomain))
#define EVTCHN_UNBIND		_IOC(_IOC_NONE, 'E', 3, sizeof(struct privcmd_port))
#define EVTCHN_NOTIFY		_IOC(_IOC_NONE, 'E', 4, sizeof(struct privcmd_port))
#define GNTDEV_MAP		_IOC(_IOC_NONE, 'G', 0, sizeof(struct gntdev_map))

#endif
