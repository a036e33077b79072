/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whole domains around memory_world.h, and the guest's side of a hypercall. */
#ifndef TESTS_HYPERCALL_WORLD_H
#define TESTS_HYPERCALL_WORLD_H

#include "memory_world.h"
#include <hypercall/hypercall.h>
#include <xen/memory.h>

static struct domain guest_domain[WORLD_DOMAINS];
static struct vcpu guest_vcpu[WORLD_DOMAINS];

/* The current guest's memory that hypercalls read and write. */
static union {
	struct mmu_update updates[256];
	struct mmuext_op ops[64];
	uint64_t words[2048];
	uint8_t bytes[16384];
} guest;

static struct {
	bool wanted;
	uint64_t args[4];
	unsigned count;
} again;

long hypercall_again(uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4)
{
	again.wanted = true;
	again.count++;
	again.args[0] = a1;
	again.args[1] = a2;
	again.args[2] = a3;
	again.args[3] = a4;
	return 0;
}

struct domain *domain_get_target(domid_t id)
{
	domid_t own = fake_current->domain->id;

	if (id == DOMID_SELF || id == own) {
		return fake_current->domain;
	}
	return id < WORLD_DOMAINS && fake_current->domain->privileged ? &guest_domain[id] : NULL;
}

void domain_put(struct domain *d)
{
	(void)d;
}

static inline void guest_runs(unsigned domain)
{
	fake_current = &guest_vcpu[domain];
	fake_cpu = domain;
}

/* Domain 0 is privileged; each has a root with one L1 table, and is the current one in its turn. */
static inline void guests_start(uint64_t frames)
{
	for (unsigned i = 0; i < WORLD_DOMAINS; i++) {
		world_dm_at[i] = &guest_domain[i].memory;
		world_vcpu_at[i] = &guest_vcpu[i].memory;
	}
	world_start(frames);
	memset(&guest, 0, sizeof(guest));
	again.count = 0;
	for (unsigned i = 0; i < WORLD_DOMAINS; i++) {
		guest_domain[i].id = (domid_t)i;
		guest_domain[i].privileged = i == 0;
		guest_domain[i].vcpu_count = 1;
		guest_domain[i].vcpu[0] = &guest_vcpu[i];
		guest_vcpu[i].domain = &guest_domain[i];
		guest_domain[i].memory.hardware = i == 0;
		grant_domain_init(&guest_domain[i].grants, (domid_t)i,
				  &(struct grant_limits){20, 4, 2, true});
	}
	fake_guest_window = guest.bytes;
	fake_guest_bytes = sizeof(guest);
	guest_runs(1);
}

/* A hypercall with all its restarts. */
static inline long guest_calls(hypercall_fn *fn, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4)
{
	long rc;

	again.args[0] = a1;
	again.args[1] = a2;
	again.args[2] = a3;
	again.args[3] = a4;
	do {
		again.wanted = false;
		rc = fn(again.args[0], again.args[1], again.args[2], again.args[3], 0);
	} while (again.wanted);
	return rc;
}

#endif
