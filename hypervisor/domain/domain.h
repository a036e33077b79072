/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Domains and vCPUs: each embeds the state of the four cores, which know nothing of each other. */
#ifndef DOMAIN_DOMAIN_H
#define DOMAIN_DOMAIN_H

#include <arch/vcpu.h>
#include <domain/watchdog.h>
#include <event/event.h>
#include <grant/grant.h>
#include <lib/base.h>
#include <lib/lock.h>
#include <memory/memory.h>
#include <sched/credit.h>
#include <sched/timer.h>
#include <stdatomic.h>
#include <xen/vcpu.h>
#include <xen/xen.h>

#define VCPU_MAX 128

/* Why a vCPU may not run; it is runnable when none is set. */
enum vcpu_flag {
	VCPU_DOWN = 1 << 0,    /* not initialised yet, or taken down by its guest */
	VCPU_BLOCKED = 1 << 1, /* sleeps until an event */
	VCPU_PAUSED = 1 << 2,  /* its domain is paused, shut down or dying */
};

/*
 * A vCPU's own fields are for the CPU it runs on, and for whoever has paused it; `flags` and the
 * embedded structures say themselves what others may do.
 */
struct vcpu {
	struct domain *domain;
	unsigned id;
	_Atomic unsigned flags; /* enum vcpu_flag */
	struct vcpu_arch arch;
	struct vcpu_memory memory;
	struct vcpu_events events;
	struct credit_vcpu credit;

	/* Guarded by the domain's lock (affinity.h). */
	cpu_mask_t affinity_hard, affinity_soft;
	cpu_mask_t bound_to; /* SCHEDOP_pin_override: the one CPU; 0: none */

	bool initialised;	     /* its context was set: it may be brought up */
	_Atomic unsigned held_by;    /* the CPU that has its registers, + 1; 0: they are in arch */
	struct multicall *multicall; /* the one in progress, for hypercall_again() */

	/* Areas of the guest's that are kept up to date: null, or where they are. */
	guest_va_t runstate_area;
	guest_va_t time_area;
	mfn_t info_frame;	   /* that holds a registered vcpu_info, or MFN_NONE */
	struct vcpu_info own_info; /* until it registers one, where the shared page has none */
	_Atomic uint32_t runstate_version;  /* odd while its CPU changes */
	struct vcpu_runstate_info runstate; /* which others read by vcpu_runstate() */

	struct timer singleshot;
	struct timer periodic;
	struct timer poll_timer;
	uint64_t periodic_ns; /* 0: none */
};

/* Where a domain stands that was built at start-up (domain/launch.h). */
enum domain_launch {
	LAUNCH_DONE,  /* it has begun, or is none of these */
	LAUNCH_WAITS, /* for the end of the boot domain */
	LAUNCH_FIRST, /* it is the boot domain, and has not ended */
	LAUNCH_SPARE, /* begins only if something goes wrong */
};

struct domain {
	domid_t id;
	bool privileged; /* rights over other domains and the machine */
	bool hardware;	 /* the devices are its */
	enum domain_launch launch;
	struct console_line *console_line; /* it shares the console with others; else null */
	_Atomic unsigned references;
	struct domain *next; /* guarded by the lock of the table of domains */

	struct domain_memory memory;
	struct domain_events events;
	struct domain_grants grants;
	struct credit_domain credit;
	struct domain_arch arch;
	struct pool *pool; /* (pool.h) changes with `lock` held */

	struct shared_info *shared_info;
	_Atomic uint64_t vm_assist; /* bits VMASST_TYPE_* */

	unsigned vcpu_count, vcpu_max; /* those that are made, those it may have */
	struct vcpu *vcpu[VCPU_MAX];

	/* Guarded by `lock`. */
	struct lock lock;
	bool begun; /* it may run, or might have: once set it stays */
	bool shut_down;
	bool dying;
	unsigned shutdown_reason;
	unsigned shutdown_code; /* SCHEDOP_shutdown_code: what its next shutdown is, + 1 */
	struct watchdog watchdog[WATCHDOGS];
	unsigned pause_count;	   /* by whomever */
	unsigned toolstack_pauses; /* of those */
	uint8_t handle[16];
	uint32_t suspend_port; /* is told of a suspend; 0: none */
	int64_t time_offset;   /* of its wall clock, in seconds */
	bool holds_store;      /* XEN_DOMCTL_CDF_xs_domain: what toolstacks are told again */
	bool relaxed_msrs;     /* XEN_X86_MSR_RELAXED: the same */
	uint32_t tsc_mode, tsc_incarnation;
	struct vnuma *vnuma; /* (vnuma.h) or null */
};

/* Assists a domain can have; those for 32-bit guests are granted and mean nothing. */
#define VM_ASSISTS                                                                     \
	(BIT(VMASST_TYPE_4gb_segments) | BIT(VMASST_TYPE_4gb_segments_notify) |        \
	 BIT(VMASST_TYPE_writable_pagetables) | BIT(VMASST_TYPE_pae_extended_cr3) |    \
	 BIT(VMASST_TYPE_architectural_iopl) | BIT(VMASST_TYPE_runstate_update_flag) | \
	 BIT(VMASST_TYPE_m2p_strict))

static inline struct domain *current_domain(void)
{
	return current_vcpu()->domain;
}

/* --- Life cycle (domain.c) ----------------------------------------------------------------- */

struct domain_config {
	domid_t id;
	uint32_t pool;
	bool privileged, hardware;
	unsigned vcpu_max;
	uint32_t highest_port;
};

/* Without memory or vCPUs, and paused once. -ENOMEM; -ENOENT: no such pool; -EEXIST: there is a
 * domain of this id. */
int domain_create(const struct domain_config *config, struct domain **d);
domid_t domain_unused_id(void); /* another one each time; DOMID_INVALID: there is none */

struct domain *domain_get(domid_t id);	      /* null: none such; pairs with domain_put */
struct domain *domain_get_from(domid_t id);   /* the first with at least this id */
struct domain *domain_next(struct domain *d); /* and puts d; null: the first */
void domain_put(struct domain *d);	      /* the last of a domain that was destroyed frees it */

/* Resolves DOMID_SELF; another domain only for a caller who may: else null. */
struct domain *domain_get_target(domid_t id);

extern bool machine_reboots_after_error; /* noreboot: it halts instead */
/* Whose are the devices, Dom0's as a rule; null: nobody's, or it is not built yet. */
extern struct domain *domain_hardware;
extern domid_t domain_console; /* gets what is typed on the console; DOMID_INVALID: nobody */

/*
 * Pausing counts; when it returns no CPU runs the domain, nor has anything of it. Not for the
 * domain of the current vCPU.
 */
void domain_pause(struct domain *d);
void domain_unpause(struct domain *d);

/* The toolstack's own pauses, of which it cannot take back more than it made: -EINVAL. */
int domain_toolstack_pause(struct domain *d);
int domain_toolstack_unpause(struct domain *d);

/*
 * Ends it for good and takes apart what it has (destroy.c): a bounded piece at a time, -ERESTART
 * until all is done. Then it is in the table no more, and its id may be used again; the memory of
 * its structures goes with the last domain_put(). No two callers at once.
 */
int domain_destroy(struct domain *d);
void domain_mark_dying(struct domain *d); /* its first part: nothing of it runs any more */
void domain_remove(struct domain *d);	  /* and its last: out of the table */

/*
 * All its vCPUs stop; `reason` is one of SHUTDOWN_*, or what was said before that it shall be.
 * The end of the hardware domain is the machine's; of a machine that has none, the end of the last
 * domain is.
 */
void domain_shutdown(struct domain *d, unsigned reason);
/* The reason it ends for: the first that was said. */
unsigned domain_latch_shutdown(struct domain *d, unsigned reason);
void domain_resume(struct domain *d); /* as if it had not */

/*
 * The guest of the current vCPU cannot go on: its report goes to the console, it shuts down with
 * SHUTDOWN_crash, and the caller returns; the vCPU does not run again.
 */
void domain_crash(struct domain *d, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* --- vCPUs (vcpu.c) ------------------------------------------------------------------------ */

struct vcpu *vcpu_create(struct domain *d, unsigned id); /* it is down; null: no memory */
void vcpu_free(struct vcpu *v);

/*
 * For one that may not run (some flag is set): on return no CPU has anything of it. Hold no lock;
 * two vCPUs must not do it to each other. (arch/)
 */
void vcpu_take_off(const struct vcpu *v);

/*
 * The CPU that may use translations of the vCPU's, if any: none is left where it has gone from, and
 * a CPU that takes it first flushes, after saying so. Who has changed a table, then a full barrier,
 * and does not find the vCPU there has nothing to fear.
 */
static inline cpu_mask_t vcpu_cached_on(const struct vcpu *v)
{
	unsigned holder = atomic_load_explicit(&v->held_by, memory_order_relaxed);

	return holder ? BIT(holder - 1) : 0;
}

void vcpu_set_flag(struct vcpu *v, enum vcpu_flag flag); /* stops it, at its next exit */
void vcpu_clear_flag(struct vcpu *v, enum vcpu_flag flag);

/* The current vCPU sleeps until an event; not if one is pending already. */
void vcpu_block(struct vcpu *v);

void vcpu_wake(struct vcpu *v); /* what it slept for has come: ends block and poll */
void vcpu_kick(struct vcpu *v); /* the same, and it looks at its events soon */

void vcpu_send_nmi(
	struct vcpu *v); /* it is entered there as soon as it runs and does not mask it */

/* Its run state, on its CPU: it has run until now; it is about to. */
void vcpu_account_stop(struct vcpu *v, uint64_t time);
void vcpu_account_start(struct vcpu *v, uint64_t time);
struct vcpu_runstate_info vcpu_runstate(const struct vcpu *v);
uint64_t vcpu_cpu_time(const struct vcpu *v); /* for how long it has run */

/* --- Time (time.c) ------------------------------------------------------------------------- */

void time_update_vcpu(struct vcpu *v); /* its pvclock record; on its own CPU */
void time_update_wallclock(struct domain *d);
void time_handle_expired(struct timer *timer);

/* --- This CPU (schedule.c) ------------------------------------------------------------------ */

/* Runs what waits in this_cpu()->work, chooses a vCPU, delivers its events. Called on every exit
 * to a guest that finds work; returns with the vCPU to run in place. */
void deferred_work(void);

#endif
