/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's machine for tests of the whole daemon: files, see machine_file.h. */
#include "machine.h"

#include "machine_file.h"

#include <errno.h>
#include <stdlib.h>

static int channel = -1;

int machine_open(void)
{
	channel = getenv("PVX_MACHINE") ? machine_file_channel() : -1;
	return channel < 0 ? -ENODEV : 0;
}

int machine_fd(void)
{
	return channel;
}

int machine_pending(void)
{
	return machine_file_pending(channel);
}

struct xenstore_domain_interface *machine_map(uint32_t domid, uint64_t gfn)
{
	return machine_file_ring(domid);
}

void machine_unmap(struct xenstore_domain_interface *page)
{
	machine_file_unmap(page);
}

struct xenstore_domain_interface *machine_map_dom0(uint32_t *remote_port)
{
	*remote_port = 1;
	return machine_file_ring(0);
}

int machine_bind(uint32_t domid, uint32_t remote_port)
{
	return (int)machine_file_port(domid);
}

void machine_unbind(uint32_t port)
{
}

void machine_notify(uint32_t port)
{
	machine_file_notify(channel, port);
}

int machine_domain_port(void)
{
	return MACHINE_FILE_VIRQ;
}

enum machine_state machine_domain_state(uint32_t domid)
{
	switch (machine_file_state(domid)) {
	case MACHINE_FILE_RUNNING:
		return MACHINE_RUNNING;
	case MACHINE_FILE_SHUTDOWN:
		return MACHINE_SHUTDOWN;
	default:
		return MACHINE_GONE;
	}
}
