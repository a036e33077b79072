/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sched_op, set_timer_op: yielding, sleeping, and the end of a domain. */
#include <domain/affinity.h>
#include <domain/domain.h>
#include <domain/schedule.h>
#include <domain/watchdog.h>
#include <hypercall/hypercall.h>
#include <lib/error.h>
#include <xen/sched.h>

#define POLL_PORTS_MAX 128

static long do_block(struct vcpu *v)
{
	vcpu_block(v);
	return 0;
}

static long do_yield(void)
{
	schedule_yield();
	return 0;
}

static long do_shutdown(uint64_t arg, bool only_latch)
{
	struct sched_shutdown shutdown;

	if (guest_read(&shutdown, GUEST_VA(arg), sizeof(shutdown))) {
		return refuse(-EFAULT);
	}
	if (shutdown.reason > SHUTDOWN_MAX) {
		return refuse(-EINVAL);
	}
	if (only_latch) {
		(void)domain_latch_shutdown(current_domain(), shutdown.reason);
	} else {
		domain_shutdown(current_domain(), shutdown.reason);
	}
	return 0;
}

static long do_remote_shutdown(uint64_t arg)
{
	struct sched_remote_shutdown remote;
	struct domain *d;
	long rc = 0;

	if (guest_read(&remote, GUEST_VA(arg), sizeof(remote))) {
		return refuse(-EFAULT);
	}
	d = domain_get(remote.domain_id);
	if (!d) {
		return refuse(-ESRCH);
	}
	if (!current_domain()->privileged) {
		rc = refuse(-EPERM);
	} else if (remote.reason > SHUTDOWN_MAX) {
		rc = refuse(-EINVAL);
	} else {
		domain_shutdown(d, remote.reason);
	}
	domain_put(d);
	return rc;
}

static long do_watchdog(uint64_t arg)
{
	struct sched_watchdog dog;
	int rc;

	if (guest_read(&dog, GUEST_VA(arg), sizeof(dog))) {
		return refuse(-EFAULT);
	}
	rc = watchdog_set(dog.id, dog.timeout);
	return rc < 0 ? refuse(rc) : rc;
}

static long do_pin_override(uint64_t arg)
{
	struct sched_pin_override pin;
	int rc;

	if (!current_domain()->privileged) {
		return refuse(-EPERM);
	}
	if (guest_read(&pin, GUEST_VA(arg), sizeof(pin))) {
		return refuse(-EFAULT);
	}
	rc = affinity_bind(pin.pcpu);
	return rc ? refuse(rc) : 0;
}

/*
 * Sleeps until one of a few ports is pending, whatever its mask, or the time comes. With several
 * ports it is woken by any event and the guest polls again.
 */
static long do_poll(struct vcpu *v, uint64_t arg)
{
	struct sched_poll poll;
	evtchn_port_t ports[POLL_PORTS_MAX];
	long rc = 0;

	if (guest_read(&poll, GUEST_VA(arg), sizeof(poll))) {
		return refuse(-EFAULT);
	}
	if (poll.nr_ports > POLL_PORTS_MAX) {
		return refuse(-EINVAL);
	}
	if (guest_read(ports, GUEST_VA(poll.ports.p), poll.nr_ports * sizeof(ports[0]))) {
		return refuse(-EFAULT);
	}
	atomic_fetch_or_explicit(&v->flags, VCPU_BLOCKED, memory_order_seq_cst);
	event_poll_begin(&v->events, poll.nr_ports == 1 ? ports[0] : EVENT_POLL_ANY);
	if (v->events.info->evtchn_upcall_pending && !v->events.info->evtchn_upcall_mask) {
		goto awake;
	}
	for (unsigned i = 0; i < poll.nr_ports; i++) {
		rc = event_is_pending(&v->domain->events, ports[i]);
		if (rc) {
			goto awake;
		}
	}
	if (poll.timeout) {
		schedule_set_timer(v, &v->poll_timer, poll.timeout);
	}
	atomic_fetch_or_explicit(&this_cpu()->work, CPU_WORK_SCHEDULE, memory_order_relaxed);
	return 0;
awake:
	event_poll_end(&v->events);
	atomic_fetch_and_explicit(&v->flags, ~(unsigned)VCPU_BLOCKED, memory_order_acq_rel);
	return rc < 0 ? refuse(rc) : 0;
}

long hypercall_sched_op(uint64_t op, uint64_t arg, uint64_t a3, uint64_t a4, uint64_t a5)
{
	struct vcpu *v = current_vcpu();

	switch (op) {
	case SCHEDOP_yield:
		return do_yield();
	case SCHEDOP_block:
		return do_block(v);
	case SCHEDOP_shutdown:
		return do_shutdown(arg, false);
	case SCHEDOP_poll:
		return do_poll(v, arg);
	case SCHEDOP_remote_shutdown:
		return do_remote_shutdown(arg);
	case SCHEDOP_shutdown_code:
		return do_shutdown(arg, true);
	case SCHEDOP_watchdog:
		return do_watchdog(arg);
	case SCHEDOP_pin_override:
		return do_pin_override(arg);
	default:
		return refuse(-ENOSYS);
	}
}

/* Before 3.0 the reason was the argument itself. */
long hypercall_sched_op_compat(uint64_t op, uint64_t arg, uint64_t a3, uint64_t a4, uint64_t a5)
{
	switch (op) {
	case SCHEDOP_yield:
		return do_yield();
	case SCHEDOP_block:
		return do_block(current_vcpu());
	case SCHEDOP_shutdown:
		if (arg > SHUTDOWN_MAX) {
			return refuse(-EINVAL);
		}
		domain_shutdown(current_domain(), (unsigned)arg);
		return 0;
	default:
		return refuse(-ENOSYS);
	}
}

long hypercall_set_timer_op(uint64_t deadline, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
	struct vcpu *v = current_vcpu();

	if (deadline == 0) {
		timer_cancel(&v->singleshot);
	} else {
		schedule_set_timer(v, &v->singleshot, deadline);
	}
	return 0;
}
