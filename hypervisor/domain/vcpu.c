/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vCPUs: made, put to sleep and woken. */
#include <arch/switch.h>
#include <arch/trap.h>
#include <domain/domain.h>
#include <domain/pool.h>
#include <domain/schedule.h>
#include <lib/heap.h>

struct vcpu *vcpu_create(struct domain *d, unsigned id)
{
	struct vcpu *v = heap_alloc(sizeof(*v));
	struct vcpu_info *info;

	if (!v) {
		return NULL;
	}
	v->domain = d;
	v->id = id;
	if (vcpu_arch_init(v)) {
		heap_free(v, sizeof(*v));
		return NULL;
	}
	atomic_store_explicit(&v->flags, VCPU_DOWN | VCPU_PAUSED, memory_order_relaxed);
	v->info_frame = MFN_NONE;
	v->runstate.state = RUNSTATE_offline;
	v->runstate.state_entry_time = now();
	vcpu_memory_init(&v->memory);
	info = id < XEN_LEGACY_MAX_VCPUS ? &d->shared_info->vcpu_info[id] : &v->own_info;
	info->evtchn_upcall_mask = 1;
	v->affinity_hard = v->affinity_soft = UINT64_MAX;
	event_vcpu_init(&d->events, &v->events, id, info);
	timer_init(&v->singleshot, TIMER_SINGLESHOT);
	timer_init(&v->periodic, TIMER_PERIODIC);
	timer_init(&v->poll_timer, TIMER_POLL);
	lock_acquire(&d->lock);
	credit_vcpu_init(&v->credit, &d->credit, &d->pool->credit);
	d->vcpu[id] = v;
	d->vcpu_count = MAX(d->vcpu_count, id + 1);
	if (!d->pause_count && !d->shut_down && !d->dying) {
		vcpu_clear_flag(v, VCPU_PAUSED);
	}
	lock_release(&d->lock);
	return v;
}

void vcpu_free(struct vcpu *v)
{
	vcpu_arch_free(v);
	heap_free(v, sizeof(*v));
}

/* --- Sleeping and waking ------------------------------------------------------------------- */

void vcpu_set_flag(struct vcpu *v, enum vcpu_flag flag)
{
	atomic_fetch_or_explicit(&v->flags, flag, memory_order_acq_rel);
	schedule_stop(v);
}

void vcpu_clear_flag(struct vcpu *v, enum vcpu_flag flag)
{
	unsigned before =
		atomic_fetch_and_explicit(&v->flags, ~(unsigned)flag, memory_order_acq_rel);

	if (before != (unsigned)flag) {
		return; /* it may not run yet, or it might before */
	}
	if (flag == VCPU_BLOCKED) {
		schedule_enqueue(v);
	} else {
		schedule_resume(v);
	}
}

void vcpu_block(struct vcpu *v)
{
	struct vcpu_info *info = v->events.info;

	/* First asleep, then a look: an event that comes in between wakes it again. */
	info->evtchn_upcall_mask = 0;
	atomic_fetch_or_explicit(&v->flags, VCPU_BLOCKED, memory_order_seq_cst);
	if (*(volatile uint8_t *)&info->evtchn_upcall_pending) {
		atomic_fetch_and_explicit(&v->flags, ~(unsigned)VCPU_BLOCKED, memory_order_acq_rel);
		return;
	}
	atomic_fetch_or_explicit(&this_cpu()->work, CPU_WORK_SCHEDULE, memory_order_relaxed);
}

void vcpu_wake(struct vcpu *v)
{
	if (atomic_load_explicit(&v->flags, memory_order_acquire) & VCPU_BLOCKED) {
		vcpu_clear_flag(v, VCPU_BLOCKED);
	}
}

void vcpu_kick(struct vcpu *v)
{
	if (atomic_load_explicit(&v->flags, memory_order_acquire) & VCPU_BLOCKED) {
		vcpu_clear_flag(v, VCPU_BLOCKED);
	} else if (v != current_vcpu()) {
		schedule_kick(v);
	}
}

void vcpu_send_nmi(struct vcpu *v)
{
	v->arch.nmi_pending = true;
	vcpu_kick(v);
	if (v == current_vcpu()) {
		atomic_fetch_or_explicit(&this_cpu()->work, CPU_WORK_EVENTS, memory_order_relaxed);
	}
}

/* --- Run state ----------------------------------------------------------------------------- */

static __attribute__((noinline)) void write_runstate(struct vcpu *v)
{
	bool toggled = !v->arch.in_kernel,
	     flagged = v->domain->vm_assist & BIT(VMASST_TYPE_runstate_update_flag);
	struct vcpu_runstate_info copy = v->runstate;
	guest_va_t entry_time = GUEST_VA(v->runstate_area.a +
					 offsetof(struct vcpu_runstate_info, state_entry_time));

	if (toggled) {
		guest_toggle_mode(v);
	}
	if (flagged) {
		copy.state_entry_time |= XEN_RUNSTATE_UPDATE;
		(void)guest_write(entry_time, &copy.state_entry_time,
				  sizeof(copy.state_entry_time));
	}
	(void)guest_write(v->runstate_area, &copy, sizeof(copy));
	if (flagged) {
		(void)guest_write(entry_time, &v->runstate.state_entry_time,
				  sizeof(v->runstate.state_entry_time));
	}
	if (toggled) {
		guest_toggle_mode(v);
	}
}

/* Others may look at any time: they look again if the version was odd, or has changed. */
static void account(struct vcpu *v, int state, uint64_t time)
{
	uint32_t version = atomic_load_explicit(&v->runstate_version, memory_order_relaxed);

	atomic_store_explicit(&v->runstate_version, version + 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	v->runstate.time[v->runstate.state] += time - v->runstate.state_entry_time;
	v->runstate.state = state;
	v->runstate.state_entry_time = time;
	atomic_store_explicit(&v->runstate_version, version + 2, memory_order_release);
}

struct vcpu_runstate_info vcpu_runstate(const struct vcpu *v)
{
	struct vcpu_runstate_info copy;
	uint32_t version;

	do {
		version = atomic_load_explicit(&v->runstate_version, memory_order_acquire);
		copy = v->runstate;
		atomic_thread_fence(memory_order_acquire);
	} while (unlikely(version & 1 || version != atomic_load_explicit(&v->runstate_version,
									 memory_order_relaxed)));
	return copy;
}

/* Asleep or waiting from now on. */
void vcpu_account_stop(struct vcpu *v, uint64_t time)
{
	unsigned flags = atomic_load_explicit(&v->flags, memory_order_acquire);

	account(v,
		!flags			? RUNSTATE_runnable
		: flags == VCPU_BLOCKED ? RUNSTATE_blocked
					: RUNSTATE_offline,
		time);
}

/* Whoever woke it left this to us: since then it has waited for its turn. */
void vcpu_account_start(struct vcpu *v, uint64_t time)
{
	if (v->runstate.state != RUNSTATE_runnable) {
		account(v, RUNSTATE_runnable, MAX(v->credit.woke, v->runstate.state_entry_time));
	}
	account(v, RUNSTATE_running, time);
	if (v->runstate_area.a) {
		write_runstate(v);
	}
}

uint64_t vcpu_cpu_time(const struct vcpu *v)
{
	struct vcpu_runstate_info copy = vcpu_runstate(v);
	uint64_t time = copy.time[RUNSTATE_running];

	return copy.state == RUNSTATE_running ? time + now() - copy.state_entry_time : time;
}
