/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Domains and vCPUs: each embeds the state of the four cores, which know nothing of each other. */
#ifndef DOMAIN_DOMAIN_H
#define DOMAIN_DOMAIN_H

#include <arch/vcpu.h>
#include <event/event.h>
#include <lib/base.h>
#include <lib/lock.h>
#include <memory/memory.h>
#include <sched/timer.h>
#include <stdatomic.h>
#include <xen/vcpu.h>
#include <xen/xen.h>

#define VCPU_MAX 128

enum vcpu_flag {
	VCPU_DOWN = 1 << 0,    /* not initialised, or taken down by its guest */
	VCPU_BLOCKED = 1 << 1, /* sleeps until an event */
	VCPU_POLLING = 1 << 2, /* sleeps until one of poll_ports */
	VCPU_PAUSED = 1 << 3,  /* its domain is paused, shut down or dying */
};

struct vcpu {
	struct domain *domain;
	unsigned id;
	_Atomic unsigned flags; /* enum vcpu_flag; runnable when none is set */
	struct vcpu_arch arch;	/* registers, traps, descriptor tables, FPU: its own CPU's business */
	struct vcpu_memory memory;
	struct vcpu_events events;

	/* Areas the guest registered. Touched on the vCPU's own CPU, or while it does not run. */
	struct vcpu_info *info; /* null until there is one */
	guest_va_t runstate_area;
	guest_va_t time_area;
	struct vcpu_runstate_info runstate;

	struct timer singleshot;
	struct timer periodic;
	struct timer poll_timer;
	uint64_t periodic_ns;
};

struct domain {
	domid_t id;
	bool privileged; /* Dom0's rights */
	_Atomic unsigned references;
	struct domain *next; /* guarded by the domain table's lock */

	struct domain_memory memory;
	struct domain_events events;

	struct shared_info *shared_info;
	uint64_t vm_assist;

	unsigned vcpu_count;
	struct vcpu *vcpu[VCPU_MAX];

	/* Guarded by `lock`. */
	struct lock lock;
	bool shut_down;
	bool dying;
	unsigned shutdown_reason;
	unsigned pause_count;
	uint8_t handle[16];
};

static inline struct vcpu *current_vcpu(void); /* arch/vcpu.h defines it [inline] */

static inline struct domain *current_domain(void)
{
	return current_vcpu()->domain;
}

struct domain *domain_get(domid_t id); /* null: none such; pairs with domain_put */
void domain_put(struct domain *d);

/*
 * The guest of the current vCPU cannot go on: its report goes to the console, it shuts down with
 * SHUTDOWN_crash, and the caller returns; the vCPU does not run again.
 */
void domain_crash(struct domain *d, const char *format, ...) __attribute__((format(printf, 2, 3)));

void vcpu_wake(struct vcpu *v);	 /* an event came: ends block and poll */
void vcpu_kick(struct vcpu *v);	 /* it should look at its pending events soon */

#endif
