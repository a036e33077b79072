/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Event channels: ioctls to bind, reads to take, writes to unmask. */
#include <errno.h>
#include <fcntl.h>
#include <lib/error.h>
#include <lib/event.h>
#include <lib/privcmd.h>
#include <unistd.h>

int event_open(void)
{
	int fd = open("/dev/xen/evtchn", O_RDWR | O_CLOEXEC | O_NONBLOCK);

	return fd < 0 ? fail_errno(errno, "/dev/xen/evtchn") : fd;
}

int event_next(int fd)
{
	uint32_t port;

	if (read(fd, &port, sizeof(port)) != sizeof(port)) {
		return -1;
	}
	return write(fd, &port, sizeof(port)) == sizeof(port) ? (int)port : -1;
}

int event_bind(int fd, domid_t domid, unsigned int remote_port)
{
	struct privcmd_bind_interdomain bind = {domid, remote_port};
	int port = ioctl(fd, EVTCHN_BIND_INTERDOMAIN, &bind);

	return port < 0 ? fail_errno(errno, "binding to port %u of domain %u", remote_port, domid)
			: port;
}

int event_bind_virq(int fd, unsigned int virq)
{
	struct privcmd_bind_virq bind = {virq};
	int port = ioctl(fd, EVTCHN_BIND_VIRQ, &bind);

	return port < 0 ? fail_errno(errno, "binding to VIRQ %u", virq) : port;
}

void event_unbind(int fd, int port)
{
	struct privcmd_port unbind = {(unsigned int)port};

	ioctl(fd, EVTCHN_UNBIND, &unbind);
}

void event_notify(int fd, int port)
{
	struct privcmd_port notify = {(unsigned int)port};

	ioctl(fd, EVTCHN_NOTIFY, &notify);
}
