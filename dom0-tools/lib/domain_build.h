/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Making a PV domain: first domain_create(), which gives it a number and nothing else, then
 * domain_build(), after which its first vCPU would run if the domain were not paused.
 */
#ifndef LIB_DOMAIN_BUILD_H
#define LIB_DOMAIN_BUILD_H

#include <lib/domain.h>
#include <lib/vnuma.h>

struct domain_spec {
	xen_domain_handle_t uuid;
	const char *kernel;
	const char *ramdisk;	  /* NULL: none */
	const char *command_line; /* NULL: empty */
	uint64_t memory_kib, memory_max_kib;
	unsigned int vcpus_max;
	uint32_t cpupool;
	uint32_t event_channels;	/* the highest port */
	int32_t grant_frames, maptrack; /* below 0: the hypervisor's default */
	uint32_t grant_version;
	bool msr_relaxed;
	struct vnuma vnuma;
};

/* What its console and its store connection need. */
struct domain_rings {
	uint64_t store_frame, console_frame;
	uint32_t store_port, console_port; /* the domain's own; the other ends are Dom0's to bind */
};

/* The number it got, or -errno with a text. */
int domain_create(const struct domain_spec *spec);

/* The rings' frames are granted to Dom0 as entries 0 and 1. On failure the domain is to be
 * destroyed. */
int domain_build(domid_t domid, const struct domain_spec *spec, struct domain_rings *rings);

#endif
