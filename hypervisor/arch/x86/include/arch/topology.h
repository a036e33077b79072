/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which processors share a core and a socket. */
#ifndef ARCH_TOPOLOGY_H
#define ARCH_TOPOLOGY_H

#include <lib/base.h>

struct cpu_counts {
	uint32_t threads_per_core, cores_per_socket;
};

struct cpu_place {
	uint32_t core; /* within its socket */
	uint32_t socket;
};

struct cpu_counts topology_counts(void);
struct cpu_place topology_place(unsigned cpu);

#endif
