/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which processors share a core and a socket: by their APIC ids, as CPUID explains them. */
#include <arch/cpu.h>
#include <arch/features.h>
#include <arch/instructions.h>
#include <arch/topology.h>

#define LEAF_TOPOLOGY 0xb
#define FEATURE_HTT   BIT(28) /* the package has room for several */

/* An APIC id is socket, core and thread, one behind the other. */
struct layout {
	unsigned core_shift, socket_shift;
	uint32_t threads, per_socket; /* of a core, of a socket */
};

static unsigned bits_for(uint32_t count)
{
	return count > 1 ? 32 - (unsigned)__builtin_clz(count - 1) : 0;
}

static struct layout old_layout(void)
{
	struct cpuid leaf = cpuid(1, 0);
	uint32_t logical = leaf.d & FEATURE_HTT ? MAX(leaf.b >> 16 & 0xff, 1u) : 1, cores = logical;

	if (logical > 1 && cpu_features.highest_leaf >= 4) {
		cores = MIN((cpuid(4, 0).a >> 26) + 1, logical);
	}
	return (struct layout){.core_shift = bits_for(logical / cores),
			       .socket_shift = bits_for(logical),
			       .threads = logical / cores,
			       .per_socket = logical};
}

static struct layout layout(void)
{
	struct cpuid core, socket;

	if (cpu_features.highest_leaf < LEAF_TOPOLOGY) {
		return old_layout();
	}
	core = cpuid(LEAF_TOPOLOGY, 0);
	socket = cpuid(LEAF_TOPOLOGY, 1);
	if (!(core.b & 0xffff) || !(socket.b & 0xffff)) {
		return old_layout();
	}
	return (struct layout){core.a & 0x1f, socket.a & 0x1f, core.b & 0xffff, socket.b & 0xffff};
}

struct cpu_counts topology_counts(void)
{
	struct layout l = layout();

	return (struct cpu_counts){l.threads, MAX(l.per_socket / l.threads, 1u)};
}

struct cpu_place topology_place(unsigned cpu)
{
	struct layout l = layout();
	uint32_t id = cpu_of(cpu)->apic_id;

	return (struct cpu_place){(id & (uint32_t)(BIT(l.socket_shift) - 1)) >> l.core_shift,
				  id >> l.socket_shift};
}
