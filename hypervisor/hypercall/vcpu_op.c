/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vcpu_op: a guest's own processors, their timers and the areas it registers for them. */
#include <arch/switch.h>
#include <domain/domain.h>
#include <domain/schedule.h>
#include <hypercall/hypercall.h>
#include <lib/error.h>
#include <lib/heap.h>
#include <lib/index.h>
#include <memory/page_type.h>
#include <xen/sched.h>
#include <xen/vcpu.h>

#define PERIOD_MIN_NS UINT64_C(1000000)
#define PERIOD_MAX_NS (INT64_MAX / 8)

/* Two may want to give it a beginning at the same time: one of them does. */
static int set_beginning(struct vcpu *v, const struct vcpu_guest_context *context)
{
	struct domain *d = v->domain;
	int rc;

	lock_acquire(&d->lock);
	rc = v->initialised ? -EEXIST : vcpu_set_context(v, context);
	if (!rc) {
		v->initialised = true;
	}
	lock_release(&d->lock);
	return rc;
}

static long initialise(struct vcpu *v, uint64_t arg)
{
	struct vcpu_guest_context *context;
	int rc;

	if (v->initialised) {
		return refuse(-EEXIST);
	}
	if (!v->events.info || (v->id >= XEN_LEGACY_MAX_VCPUS && mfn_is_none(v->info_frame))) {
		return refuse(-EINVAL);
	}
	context = heap_alloc(sizeof(*context));
	if (!context) {
		return refuse(-ENOMEM);
	}
	rc = guest_read(context, GUEST_VA(arg), sizeof(*context));
	if (!rc) {
		rc = set_beginning(v, context);
	}
	heap_free(context, sizeof(*context));
	if (rc == -ERESTART) {
		return hypercall_again(VCPUOP_initialise, v->id, arg, 0);
	}
	return rc ? refuse(rc) : 0;
}

static long go_up(struct vcpu *v)
{
	if (!v->initialised) {
		return refuse(-EINVAL);
	}
	vcpu_clear_flag(v, VCPU_DOWN);
	return 0;
}

/* The last one that is up cannot go down: that is a shutdown. */
static long go_down(struct vcpu *v)
{
	struct domain *d = v->domain;
	unsigned up = 0;

	lock_acquire(&d->lock);
	for (unsigned i = 0; i < d->vcpu_count; i++) {
		up += d->vcpu[i] != v && !(d->vcpu[i]->flags & VCPU_DOWN);
	}
	if (up) {
		vcpu_set_flag(v, VCPU_DOWN);
	}
	lock_release(&d->lock);
	if (!up) {
		domain_shutdown(d, SHUTDOWN_poweroff);
	}
	return 0;
}

/* --- Areas --------------------------------------------------------------------------------- */

static long register_runstate(struct vcpu *v, uint64_t arg)
{
	struct vcpu_register_runstate_memory_area area;
	struct vcpu_runstate_info copy = vcpu_runstate(v);

	if (guest_read(&area, GUEST_VA(arg), sizeof(area))) {
		return refuse(-EFAULT);
	}
	v->runstate_area = GUEST_VA(area.addr.p);
	if (v == current_vcpu()) {
		(void)guest_write(v->runstate_area, &copy, sizeof(copy));
	}
	return 0;
}

static long get_runstate(struct vcpu *v, uint64_t arg)
{
	struct vcpu_runstate_info copy = vcpu_runstate(v);

	copy.time[copy.state] += now() - copy.state_entry_time;
	return guest_write(GUEST_VA(arg), &copy, sizeof(copy));
}

static long register_time(struct vcpu *v, uint64_t arg)
{
	struct vcpu_register_time_memory_area area;

	if (guest_read(&area, GUEST_VA(arg), sizeof(area))) {
		return refuse(-EFAULT);
	}
	v->time_area = GUEST_VA(area.addr.p);
	if (v == current_vcpu()) {
		time_update_vcpu(v);
	}
	return 0;
}

/*
 * From now on the vCPU's vcpu_info is where the guest wants it. It lies within one of the guest's
 * frames, which is held as writable so that it can never become a page table.
 */
static long register_info(struct vcpu *v, uint64_t arg)
{
	struct vcpu_register_vcpu_info info;
	struct vcpu_info *to;
	mfn_t mfn;
	int rc;

	if (guest_read(&info, GUEST_VA(arg), sizeof(info))) {
		return refuse(-EFAULT);
	}
	mfn = MFN(info.mfn);
	if (info.offset > PAGE_SIZE - sizeof(struct vcpu_info) || info.offset % 8 ||
	    !mfn_is_none(v->info_frame)) {
		return refuse(-EINVAL);
	}
	if (v != current_vcpu() && !(v->flags & VCPU_DOWN)) {
		return refuse(-EINVAL);
	}
	rc = page_writable_get(&v->domain->memory, mfn, false);
	if (rc) {
		return refuse(-EINVAL);
	}
	to = (struct vcpu_info *)((char *)frame_ptr(mfn) + info.offset);
	*to = *v->events.info;
	v->info_frame = mfn;
	event_vcpu_info_moved(&v->events, to);
	if (v == current_vcpu()) {
		time_update_vcpu(v);
	}
	return 0;
}

/* --- Timers -------------------------------------------------------------------------------- */

static long set_periodic(struct vcpu *v, uint64_t arg)
{
	struct vcpu_set_periodic_timer set;

	if (guest_read(&set, GUEST_VA(arg), sizeof(set))) {
		return refuse(-EFAULT);
	}
	if (set.period_ns < PERIOD_MIN_NS || set.period_ns > PERIOD_MAX_NS) {
		return refuse(-EINVAL);
	}
	v->periodic_ns = set.period_ns;
	schedule_set_timer(v, &v->periodic, now() + set.period_ns);
	return 0;
}

static long stop_periodic(struct vcpu *v)
{
	v->periodic_ns = 0;
	timer_cancel(&v->periodic);
	return 0;
}

static long set_singleshot(struct vcpu *v, uint64_t arg)
{
	struct vcpu_set_singleshot_timer set;

	if (guest_read(&set, GUEST_VA(arg), sizeof(set))) {
		return refuse(-EFAULT);
	}
	if ((set.flags & VCPU_SSHOTTMR_future) && set.timeout_abs_ns < now()) {
		return -ETIME;
	}
	schedule_set_timer(v, &v->singleshot, set.timeout_abs_ns);
	return 0;
}

static long stop_singleshot(struct vcpu *v)
{
	timer_cancel(&v->singleshot);
	return 0;
}

static long send_nmi(struct vcpu *v)
{
	vcpu_send_nmi(v);
	return 0;
}

long hypercall_vcpu_op(uint64_t op, uint64_t id, uint64_t arg, uint64_t a4, uint64_t a5)
{
	struct domain *d = current_domain();
	struct vcpu *v;

	if (!index_ok(&id, d->vcpu_count)) {
		return refuse(-ENOENT);
	}
	v = d->vcpu[id];
	switch (op) {
	case VCPUOP_set_periodic_timer:
	case VCPUOP_stop_periodic_timer:
	case VCPUOP_set_singleshot_timer:
	case VCPUOP_stop_singleshot_timer:
		if (v != current_vcpu()) {
			return refuse(-EINVAL);
		}
		break;
	default:
		break;
	}
	switch (op) {
	case VCPUOP_initialise:
		return initialise(v, arg);
	case VCPUOP_up:
		return go_up(v);
	case VCPUOP_down:
		return go_down(v);
	case VCPUOP_is_up:
		return !(v->flags & VCPU_DOWN);
	case VCPUOP_get_runstate_info:
		return get_runstate(v, arg);
	case VCPUOP_register_runstate_memory_area:
		return register_runstate(v, arg);
	case VCPUOP_set_periodic_timer:
		return set_periodic(v, arg);
	case VCPUOP_stop_periodic_timer:
		return stop_periodic(v);
	case VCPUOP_set_singleshot_timer:
		return set_singleshot(v, arg);
	case VCPUOP_stop_singleshot_timer:
		return stop_singleshot(v);
	case VCPUOP_register_vcpu_info:
		return register_info(v, arg);
	case VCPUOP_send_nmi:
		return send_nmi(v);
	case VCPUOP_register_vcpu_time_memory_area:
		return register_time(v, arg);
	default:
		return refuse(-ENOSYS);
	}
}
