/* SPDX-License-Identifier: GPL-2.0-or-later */
/* event_channel_op: what guests ask of event channels. */
#include <arch/pirq.h>
#include <arch/port.h>
#include <debug/log.h>
#include <domain/notify.h>
#include <domain/ports.h>
#include <hypercall/hypercall.h>
#include <lib/error.h>
#include <lib/index.h>
#include <memory/page_type.h>
#include <xen/event_channel.h>

/* The domain an operation names: its own, or for a privileged caller any. Pairs with domain_put. */
static int get_target(domid_t id, struct domain **d)
{
	bool own = id == DOMID_SELF || id == current_domain()->id;

	*d = domain_get(own ? current_domain()->id : id);
	if (!*d) {
		return refuse(-ESRCH);
	}
	if (!own && !current_domain()->privileged) {
		domain_put(*d);
		return refuse(-EPERM);
	}
	return 0;
}

/* Null: the current domain has no such vCPU. */
static struct vcpu_events *find_vcpu(uint64_t id)
{
	struct domain *d = current_domain();
	struct vcpu *v;

	if (!index_ok(&id, d->vcpu_count)) {
		return NULL;
	}
	v = d->vcpu[id];
	return v ? &v->events : NULL;
}

static struct domain_events *own_events(void)
{
	return &current_domain()->events;
}

/* Acts on what an operation demands, whose value is then its error code. */
static int finish(int rc, struct event_kick *kick)
{
	if (rc == EVENT_KICK) {
		notify_act(kick);
		rc = 0;
	}
	return rc;
}

static int do_alloc_unbound(struct evtchn_alloc_unbound *op)
{
	struct domain *d;
	int rc = get_target(op->dom, &d);

	if (rc) {
		return rc;
	}
	if (op->remote_dom == DOMID_SELF) {
		op->remote_dom = current_domain()->id;
	}
	rc = event_alloc_unbound(&d->events, op->remote_dom, &op->port);
	domain_put(d);
	return rc;
}

static int do_bind_interdomain(struct evtchn_bind_interdomain *op)
{
	struct event_kick kick;
	struct domain *peer;
	int rc;

	peer = domain_get(op->remote_dom == DOMID_SELF ? current_domain()->id : op->remote_dom);
	if (!peer) {
		return refuse(-ESRCH);
	}
	rc = event_bind_interdomain(own_events(), &peer->events, op->remote_port, &op->local_port,
				    &kick);
	rc = finish(rc, &kick);
	domain_put(peer);
	return rc;
}

static int do_bind_virq(struct evtchn_bind_virq *op)
{
	struct vcpu_events *v;

	if (op->virq >= NR_VIRQS || (op->vcpu && event_virq_is_global(op->virq))) {
		return refuse(-EINVAL);
	}
	v = find_vcpu(op->vcpu);
	if (!v) {
		return refuse(-ENOENT);
	}
	return event_bind_virq(v, op->virq, &op->port);
}

static int do_bind_ipi(struct evtchn_bind_ipi *op)
{
	struct vcpu_events *v = find_vcpu(op->vcpu);

	if (!v) {
		return refuse(-ENOENT);
	}
	return event_bind_ipi(v, &op->port);
}

static int do_bind_pirq(struct evtchn_bind_pirq *op)
{
	struct domain *d = current_domain();
	int rc = event_bind_pirq(&d->events, op->pirq, &op->port);
	uint32_t pirq;

	if (rc) {
		return rc;
	}
	rc = pirq_bind(d, op->pirq, op->port);
	if (rc) {
		event_close(&d->events, op->port, &pirq);
	}
	return rc;
}

static int do_close(struct evtchn_close *op)
{
	uint32_t pirq;
	int rc;

	rc = event_close(own_events(), op->port, &pirq);
	if (!rc && pirq != EVENT_NO_PIRQ) {
		pirq_unbind(pirq);
	}
	return rc;
}

static int do_send(struct evtchn_send *op)
{
	struct event_kick kick;

	return finish(event_send(own_events(), op->port, &kick), &kick);
}

static int do_unmask(struct evtchn_unmask *op)
{
	struct event_kick kick;

	return finish(event_unmask(own_events(), op->port, &kick), &kick);
}

static int do_status(struct evtchn_status *op)
{
	struct domain *d;
	int rc = get_target(op->dom, &d);

	if (rc) {
		return rc;
	}
	rc = event_status(&d->events, op->port, op);
	domain_put(d);
	return rc;
}

static int do_bind_vcpu(struct evtchn_bind_vcpu *op)
{
	struct vcpu_events *v = find_vcpu(op->vcpu);
	uint32_t pirq;
	int rc;

	if (!v) {
		return refuse(-ENOENT);
	}
	rc = event_bind_vcpu(v, op->port, &pirq);
	if (!rc && pirq != EVENT_NO_PIRQ) {
		pirq_move(current_domain(), pirq, op->port, notify_cpu(v));
	}
	return rc;
}

static int do_set_priority(struct evtchn_set_priority *op)
{
	return event_set_priority(own_events(), op->port, op->priority);
}

static int do_reset(struct evtchn_reset *op)
{
	struct domain *d;
	int rc = get_target(op->dom, &d);

	if (rc) {
		return rc;
	}
	/* Another domain has to stand still for it. */
	if (d == current_domain() || d->pause_count) {
		rc = ports_close_all(d);
	} else {
		rc = refuse(-EINVAL);
	}
	domain_put(d);
	return rc;
}

/* --- FIFO ---------------------------------------------------------------------------------- */

static int do_init_control(struct evtchn_init_control *op)
{
	struct vcpu_events *v;
	mfn_t mfn;
	int rc;

	v = find_vcpu(op->vcpu);
	if (!v) {
		return refuse(-ENOENT);
	}
	if (op->offset % 8 || op->offset > PAGE_SIZE - sizeof(struct evtchn_fifo_control_block)) {
		return refuse(-EINVAL);
	}
	mfn = MFN(op->control_gfn);
	if (page_writable_get(&current_domain()->memory, mfn, false)) {
		return refuse(-EINVAL);
	}
	rc = event_fifo_add_vcpu(v, (void *)((char *)frame_ptr(mfn) + op->offset));
	if (rc) {
		page_type_put(mfn);
		return rc;
	}
	op->link_bits = EVTCHN_FIFO_LINK_BITS;
	return 0;
}

static int do_expand_array(struct evtchn_expand_array *op)
{
	struct event_kick kick;
	uint32_t first;
	mfn_t mfn;
	int rc;

	mfn = MFN(op->array_gfn);
	if (page_writable_get(&current_domain()->memory, mfn, false)) {
		return refuse(-EINVAL);
	}
	rc = event_fifo_add_page(own_events(), frame_ptr(mfn), &first);
	if (rc) {
		page_type_put(mfn);
		return rc;
	}
	for (uint32_t i = 0; i < EVENT_FIFO_PAGE_PORTS; i++) {
		finish(event_fifo_raise_early(own_events(), first + i, &kick), &kick);
	}
	return 0;
}

/* --- Decoding ------------------------------------------------------------------------------ */

typedef int event_op_fn(guest_va_t arg);

/* op_NAME() copies the guest's structure in, performs, and if it holds an answer copies it out. */
#define EVENT_OP(name, answers)                                                   \
	static int op_##name(guest_va_t arg)                                      \
	{                                                                         \
		struct evtchn_##name op;                                          \
		int rc;                                                           \
                                                                                  \
		if (guest_read(&op, arg, sizeof(op))) {                           \
			return refuse(-EFAULT);                                   \
		}                                                                 \
		rc = do_##name(&op);                                              \
		return rc || !(answers) ? rc : guest_write(arg, &op, sizeof(op)); \
	}

EVENT_OP(bind_interdomain, true)
EVENT_OP(bind_virq, true)
EVENT_OP(bind_pirq, true)
EVENT_OP(close, false)
EVENT_OP(send, false)
EVENT_OP(status, true)
EVENT_OP(alloc_unbound, true)
EVENT_OP(bind_ipi, true)
EVENT_OP(bind_vcpu, false)
EVENT_OP(unmask, false)
EVENT_OP(reset, false)
EVENT_OP(init_control, true)
EVENT_OP(expand_array, false)
EVENT_OP(set_priority, false)

static event_op_fn *const event_ops[] = {
	[EVTCHNOP_bind_interdomain] = op_bind_interdomain,
	[EVTCHNOP_bind_virq] = op_bind_virq,
	[EVTCHNOP_bind_pirq] = op_bind_pirq,
	[EVTCHNOP_close] = op_close,
	[EVTCHNOP_send] = op_send,
	[EVTCHNOP_status] = op_status,
	[EVTCHNOP_alloc_unbound] = op_alloc_unbound,
	[EVTCHNOP_bind_ipi] = op_bind_ipi,
	[EVTCHNOP_bind_vcpu] = op_bind_vcpu,
	[EVTCHNOP_unmask] = op_unmask,
	[EVTCHNOP_reset] = op_reset,
	[EVTCHNOP_init_control] = op_init_control,
	[EVTCHNOP_expand_array] = op_expand_array,
	[EVTCHNOP_set_priority] = op_set_priority,
};

static int event_op(uint64_t command, guest_va_t arg)
{
	if (!index_ok(&command, ARRAY_COUNT(event_ops)) || !event_ops[command]) {
		return refuse(-ENOSYS);
	}
	return event_ops[command](arg);
}

static __attribute__((noinline)) long other_op(uint64_t command, uint64_t arg)
{
	int rc = event_op(command, GUEST_VA(arg));

	return rc == -ERESTART ? hypercall_again(command, arg, 0, 0) : rc;
}

/* Most calls are the first two: no table, no indirect branch, no register saved for them. */
long hypercall_event_channel_op(uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
	uint32_t command = (uint32_t)a1;

	if (likely(command == EVTCHNOP_send)) {
		return op_send(GUEST_VA(a2));
	}
	if (command == EVTCHNOP_unmask) {
		return op_unmask(GUEST_VA(a2));
	}
	return other_op(command, a2);
}

/* The older form: one structure that holds the command and its arguments. */
long hypercall_event_channel_op_compat(uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4,
				       uint64_t a5)
{
	uint32_t command;

	if (guest_read(&command, GUEST_VA(a1 + offsetof(struct evtchn_op, cmd)), sizeof(command))) {
		return refuse(-EFAULT);
	}
	if (command == EVTCHNOP_reset || command > EVTCHNOP_unmask) {
		return refuse(-ENOSYS);
	}
	return event_op(command, GUEST_VA(a1 + offsetof(struct evtchn_op, u)));
}
