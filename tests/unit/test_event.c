/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Event channels: each operation's results and refusals, then random sequences against a model. */
#include "fake_heap.h"
#include "tap.h"

#include <event/event.h>
#include <lib/error.h>
#include <string.h>

#define DOMAINS	    3
#define VCPUS	    3
#define MODEL_PORTS 300 /* ports per domain in the random test: three buckets */

struct fake_domain {
	struct domain_events events;
	struct vcpu_events vcpu[VCPUS];
	struct shared_info shared;
};

static struct fake_domain dom[DOMAINS];

static void set_up(uint32_t highest_port)
{
	memset(dom, 0, sizeof(dom));
	for (unsigned i = 0; i < DOMAINS; i++) {
		event_domain_init(&dom[i].events, (domid_t)i, &dom[i].shared, highest_port);
		for (unsigned v = 0; v < VCPUS; v++) {
			event_vcpu_init(&dom[i].events, &dom[i].vcpu[v], v,
					&dom[i].shared.vcpu_info[v]);
		}
	}
}

static void close_all(struct domain_events *d)
{
	uint32_t pirq;

	while (event_close_next(d, &pirq)) {
	}
}

static void tear_down(void)
{
	for (unsigned i = 0; i < DOMAINS; i++) {
		event_domain_dying(&dom[i].events);
		close_all(&dom[i].events);
	}
	for (unsigned i = 0; i < DOMAINS; i++) {
		event_domain_free(&dom[i].events);
	}
}

static bool pending(const struct fake_domain *d, uint32_t port)
{
	return d->shared.evtchn_pending[port / 64] >> (port % 64) & 1;
}

static uint32_t state_of(struct fake_domain *d, uint32_t port)
{
	struct evtchn_status status = {0};

	return event_status(&d->events, port, &status) ? UINT32_MAX : status.status;
}

/* Ends a kick; the vCPU it names, -1 for none. */
static int kicked(int rc, struct event_kick *kick)
{
	int vcpu = -1;

	if (rc == EVENT_KICK) {
		vcpu = kick->upcall ? (int)kick->upcall->id : -1;
		event_kick_done(kick);
	}
	return vcpu;
}

static void interdomain(void)
{
	struct evtchn_status status;
	struct event_kick kick;
	uint32_t a, b, c, pirq;

	set_up(1023);
	is_int(event_alloc_unbound(&dom[0].events, 1, &a), 0, "alloc_unbound");
	is_int(a, 1, "the first port is 1");
	is_int(event_send(&dom[0].events, a, &kick), 0, "sending on an unbound port does nothing");
	is_int(event_bind_interdomain(&dom[2].events, &dom[0].events, a, &b, &kick), -EINVAL,
	       "a domain it does not wait for cannot bind");
	is_int(event_bind_interdomain(&dom[1].events, &dom[0].events, 999, &b, &kick), -EINVAL,
	       "nor anybody to a port that is none");
	is_int(event_bind_interdomain(&dom[1].events, &dom[0].events, 0, &b, &kick), -EINVAL,
	       "nor to port 0");
	is_int(kicked(event_bind_interdomain(&dom[1].events, &dom[0].events, a, &b, &kick), &kick),
	       0, "binding announces the local port to vCPU 0");
	ok(pending(&dom[1], b), "which is pending");
	is_int(event_bind_interdomain(&dom[1].events, &dom[0].events, a, &c, &kick), -EINVAL,
	       "it binds once");
	is_int(event_status(&dom[0].events, a, &status), 0, "status");
	ok(status.status == EVTCHNSTAT_interdomain && status.u.interdomain.dom == 1 &&
		   status.u.interdomain.port == b && status.vcpu == 0,
	   "names the peer");
	is_int(event_bind_vcpu(&dom[0].vcpu[2], a, &pirq), 0, "bind_vcpu");
	is_int(kicked(event_send(&dom[1].events, b, &kick), &kick), 2, "a send kicks that vCPU");
	ok(pending(&dom[0], a) && dom[0].shared.vcpu_info[2].evtchn_upcall_pending &&
		   dom[0].shared.vcpu_info[2].evtchn_pending_sel == 1,
	   "pending, selector and upcall flag are set");
	is_int(event_send(&dom[1].events, b, &kick), 0, "a second send has no effect");
	is_int(event_close(&dom[0].events, a, &pirq), 0, "close");
	is_int(pirq, EVENT_NO_PIRQ, "it had no interrupt");
	ok(!pending(&dom[0], a), "a closed port is not pending");
	is_int(state_of(&dom[0], a), EVTCHNSTAT_closed, "the closed end is closed");
	is_int(state_of(&dom[1], b), EVTCHNSTAT_unbound, "its peer waits again");
	is_int(event_close(&dom[0].events, a, &pirq), -EINVAL, "a closed port cannot be closed");
	is_int(event_send(&dom[0].events, a, &kick), -EINVAL, "nor sent on");
	is_int(event_unmask(&dom[0].events, a, &kick), -EINVAL, "nor unmasked");
	is_int(event_close(&dom[0].events, 0, &pirq), -EINVAL, "nor port 0");
	is_int(kicked(event_bind_interdomain(&dom[0].events, &dom[1].events, b, &a, &kick), &kick),
	       0, "and binds anew, on vCPU 0 as every new port");
	tear_down();
}

static void virq(void)
{
	struct evtchn_status status;
	struct event_kick kick;
	uint32_t timer, timer1, console, pirq;

	set_up(1023);
	is_int(event_bind_virq(&dom[0].vcpu[0], NR_VIRQS, &timer), -EINVAL, "a VIRQ out of range");
	is_int(event_bind_virq(&dom[0].vcpu[1], VIRQ_CONSOLE, &console), -EINVAL,
	       "a global VIRQ is bound on vCPU 0 only");
	is_int(event_bind_virq(&dom[0].vcpu[0], VIRQ_TIMER, &timer), 0, "per-vCPU VIRQ on vCPU 0");
	is_int(event_bind_virq(&dom[0].vcpu[1], VIRQ_TIMER, &timer1), 0, "and on vCPU 1");
	is_int(event_bind_virq(&dom[0].vcpu[1], VIRQ_TIMER, &timer1), -EEXIST, "but once");
	is_int(event_bind_virq(&dom[0].vcpu[0], VIRQ_CONSOLE, &console), 0, "global VIRQ");
	is_int(event_send_virq(&dom[0].vcpu[0], VIRQ_DEBUG, &kick), 0, "nobody waits for this one");
	is_int(kicked(event_send_virq(&dom[0].vcpu[1], VIRQ_TIMER, &kick), &kick), 1,
	       "the timer of vCPU 1 kicks vCPU 1");
	ok(pending(&dom[0], timer1) && !pending(&dom[0], timer), "its port alone is pending");
	is_int(event_bind_vcpu(&dom[0].vcpu[0], timer1, &pirq), -EINVAL, "a per-vCPU VIRQ stays");
	is_int(event_bind_vcpu(&dom[0].vcpu[2], console, &pirq), 0, "a global one moves");
	is_int(kicked(event_send_virq(&dom[0].vcpu[0], VIRQ_CONSOLE, &kick), &kick), 2,
	       "and is told");
	is_int(event_status(&dom[0].events, console, &status), 0, "status");
	ok(status.status == EVTCHNSTAT_virq && status.u.virq == VIRQ_CONSOLE && status.vcpu == 2,
	   "names it");
	is_int(event_send(&dom[0].events, timer, &kick), -EINVAL, "guests do not send VIRQs");
	is_int(event_close(&dom[0].events, console, &pirq), 0, "close the moved one");
	is_int(event_bind_virq(&dom[0].vcpu[0], VIRQ_CONSOLE, &console), 0, "and bind it again");
	tear_down();
}

static void ipi_and_pirq(void)
{
	struct event_kick kick;
	uint32_t ipi, line, pirq;

	set_up(1023);
	is_int(event_bind_ipi(&dom[0].vcpu[1], &ipi), 0, "bind_ipi");
	is_int(event_bind_vcpu(&dom[0].vcpu[0], ipi, &pirq), -EINVAL, "an IPI's vCPU stays");
	is_int(kicked(event_send(&dom[0].events, ipi, &kick), &kick), 1, "it kicks its vCPU");
	is_int(event_bind_pirq(&dom[0].events, 17, &line), 0, "bind_pirq");
	is_int(event_send(&dom[0].events, line, &kick), -EINVAL, "guests do not send PIRQs");
	is_int(event_send_pirq(&dom[0].events, line, 18, &kick), 0, "another line is not told");
	ok(!pending(&dom[0], line), "nor pending");
	is_int(kicked(event_send_pirq(&dom[0].events, line, 17, &kick), &kick), 0,
	       "its own line is");
	is_int(event_send_pirq(&dom[0].events, line, 17, &kick), EVENT_NO_NEWS,
	       "it is no news until the guest has taken it");
	is_int(event_bind_vcpu(&dom[0].vcpu[2], line, &pirq), 0, "it tells another vCPU");
	is_int(pirq, 17, "which says which interrupt is to come there");
	ok(event_notified(&dom[0].events, line) == &dom[0].vcpu[2], "and is known");
	is_int(event_close(&dom[0].events, line, &pirq), 0, "close");
	is_int(pirq, 17, "says which interrupt to unbind");
	is_int(event_send_pirq(&dom[0].events, line, 17, &kick), 0, "a late interrupt is dropped");
	tear_down();
}

static void masks_and_polls(void)
{
	struct event_kick kick;
	uint32_t ipi;

	set_up(1023);
	event_bind_ipi(&dom[0].vcpu[1], &ipi);
	dom[0].shared.evtchn_mask[0] = BIT(ipi);
	is_int(event_send(&dom[0].events, ipi, &kick), 0, "a masked port tells nobody");
	ok(pending(&dom[0], ipi), "but is pending");
	is_int(kicked(event_unmask(&dom[0].events, ipi, &kick), &kick), 1, "unmasking tells");
	is_int(event_unmask(&dom[0].events, ipi, &kick), 0, "unmasking again does not");
	is_int(event_is_pending(&dom[0].events, ipi), 1, "event_is_pending");
	is_int(event_is_pending(&dom[0].events, 4000), -EINVAL, "of a port that is none");
	is_int(event_set_priority(&dom[0].events, ipi, 3), -ENOSYS, "2-level has no priorities");
	is_int(event_set_priority(&dom[0].events, ipi, 16), -EINVAL, "nobody has a 17th");

	memset(&dom[0].shared, 0, sizeof(dom[0].shared));
	dom[0].shared.evtchn_mask[0] = BIT(ipi);
	event_poll_begin(&dom[0].vcpu[2], ipi);
	is_int(event_send(&dom[0].events, ipi, &kick), EVENT_KICK,
	       "a poller hears of masked ports");
	ok(!kick.upcall && kick.pollers && event_polls_for(&dom[0].vcpu[2], kick.port),
	   "no upcall, but the poller is to be woken");
	event_kick_done(&kick);
	event_poll_end(&dom[0].vcpu[2]);
	ok(!event_polls_for(&dom[0].vcpu[2], ipi), "which ends");
	tear_down();
}

static void limits(void)
{
	uint32_t port, count = 0, pirq;
	int rc;

	set_up(200);
	while (!(rc = event_alloc_unbound(&dom[0].events, 1, &port))) {
		count++;
	}
	is_int(rc, -ENOSPC, "the toolstack's limit");
	is_int(count, 200, "is the highest port");
	is_int(event_close(&dom[0].events, 77, &pirq), 0, "a closed port");
	is_int(event_alloc_unbound(&dom[0].events, 1, &port), 0, "can be had again");
	is_int(port, 77, "under its number");
	event_domain_dying(&dom[0].events);
	is_int(event_alloc_unbound(&dom[0].events, 1, &port), -EINVAL, "a dying domain gets none");
	tear_down();

	set_up(UINT32_MAX);
	for (count = 0; !(rc = event_alloc_unbound(&dom[0].events, 1, &port)); count++) {
	}
	is_int(rc, -ENOSPC, "the ABI's limit");
	is_int(count, 4095, "is 4096 ports, port 0 aside");
	tear_down();
	is_int(fake_heap_bytes, 0, "all memory came back");

	for (long i = 1; i < 4; i++) {
		set_up(1023);
		fake_heap_fail_at = i;
		for (count = 0;
		     count < 600 && !(rc = event_alloc_unbound(&dom[0].events, 1, &port));
		     count++) {
		}
		is_int(rc, -ENOMEM, "allocation %ld fails: said so", i);
		is_int(event_alloc_unbound(&dom[0].events, 1, &port), 0, "and works later");
		is_int(port, count + 1, "with no port lost");
		tear_down();
	}
	is_int(fake_heap_bytes, 0, "all memory came back");
}

static void info_moved(void)
{
	struct vcpu_info other = {0};
	struct event_kick kick;
	uint32_t ipi;

	set_up(1023);
	event_bind_ipi(&dom[0].vcpu[1], &ipi);
	event_vcpu_info_moved(&dom[0].vcpu[1], &other);
	ok(other.evtchn_upcall_pending && other.evtchn_pending_sel == UINT64_MAX,
	   "a vcpu_info that moves raises everything anew");
	other = (struct vcpu_info){0};
	is_int(kicked(event_send(&dom[0].events, ipi, &kick), &kick), 1, "and is the one used");
	ok(other.evtchn_upcall_pending && !dom[0].shared.vcpu_info[1].evtchn_upcall_pending,
	   "from then on");
	tear_down();
}

/* --- The model: what each operation does, without locks, tables or tricks ------------------- */

struct model_port {
	uint32_t state; /* EVTCHNSTAT_* */
	unsigned peer, peer_port, number, vcpu;
};

static struct model_port model[DOMAINS][MODEL_PORTS + 1];

static bool model_virq_bound(unsigned d, unsigned vcpu, unsigned number)
{
	for (unsigned port = 1; port <= MODEL_PORTS; port++) {
		struct model_port *p = &model[d][port];

		if (p->state == EVTCHNSTAT_virq && p->number == number &&
		    (event_virq_is_global(number) || p->vcpu == vcpu)) {
			return true;
		}
	}
	return false;
}

static bool model_full(unsigned d)
{
	for (unsigned i = 1; i <= MODEL_PORTS; i++) {
		if (model[d][i].state == EVTCHNSTAT_closed) {
			return false;
		}
	}
	return true;
}

static struct shared_info expected[DOMAINS];

/* The vCPU to kick, or -1. */
static int model_raise(unsigned d, unsigned port)
{
	struct shared_info *s = &expected[d];
	struct vcpu_info *info = &s->vcpu_info[model[d][port].vcpu];
	uint64_t word = port / 64, bit = BIT(port % 64);
	bool was_pending = s->evtchn_pending[word] & bit;

	s->evtchn_pending[word] |= bit;
	if (was_pending || (s->evtchn_mask[word] & bit) || (info->evtchn_pending_sel & BIT(word))) {
		return -1;
	}
	info->evtchn_pending_sel |= BIT(word);
	if (info->evtchn_upcall_pending) {
		return -1;
	}
	info->evtchn_upcall_pending = 1;
	return (int)model[d][port].vcpu;
}

static void model_close(unsigned d, unsigned port)
{
	struct model_port *p = &model[d][port];

	if (p->state == EVTCHNSTAT_interdomain) {
		struct model_port *q = &model[p->peer][p->peer_port];

		q->state = EVTCHNSTAT_unbound;
		q->peer = d;
	}
	expected[d].evtchn_pending[port / 64] &= ~BIT(port % 64);
	*p = (struct model_port){0};
}

/* Checks a result that gave a port, and enters it; false: it contradicts the model. */
static bool model_open(unsigned d, int rc, int refused, uint32_t port, struct model_port as)
{
	if (!refused && model_full(d)) {
		refused = -ENOSPC;
	}
	if (rc != refused) {
		return false;
	}
	if (rc) {
		return true;
	}
	if (!port || port > MODEL_PORTS || model[d][port].state != EVTCHNSTAT_closed) {
		return false;
	}
	model[d][port] = as;
	return true;
}

/* A number below `range` out of the random one, from bit `shift` on. */
static unsigned pick(uint64_t random, unsigned shift, unsigned range)
{
	return (unsigned)((random >> shift) % range);
}

/* A word the guest scribbles on. */
static void scribble(unsigned d, uint64_t random)
{
	struct shared_info *s[] = {&dom[d].shared, &expected[d]};
	unsigned port = pick(random, 0, MODEL_PORTS + 1), vcpu = pick(random, 12, VCPUS);

	for (unsigned i = 0; i < 2; i++) {
		switch ((random >> 20) % 4) {
		case 0:
			s[i]->evtchn_mask[port / 64] ^= BIT(port % 64);
			break;
		case 1:
			s[i]->evtchn_pending[port / 64] &= random;
			break;
		case 2:
			s[i]->vcpu_info[vcpu].evtchn_pending_sel &= random;
			break;
		default:
			s[i]->vcpu_info[vcpu].evtchn_upcall_pending = 0;
			break;
		}
	}
}

/* What sending from a port has to return and kick; *refused is the error. */
static int model_send(unsigned d, unsigned port, int *refused)
{
	const struct model_port *p = &model[d][port];

	*refused = 0;
	switch (p->state) {
	case EVTCHNSTAT_interdomain:
		return model_raise(p->peer, p->peer_port);
	case EVTCHNSTAT_ipi:
		return model_raise(d, port);
	case EVTCHNSTAT_unbound:
		return -1;
	default:
		*refused = -EINVAL;
		return -1;
	}
}

static int model_unmask(unsigned d, unsigned port)
{
	uint64_t word = port / 64, bit = BIT(port % 64);
	bool masked = expected[d].evtchn_mask[word] & bit;
	bool was_pending = expected[d].evtchn_pending[word] & bit;

	expected[d].evtchn_mask[word] &= ~bit;
	if (!masked || !was_pending) {
		return -1;
	}
	expected[d].evtchn_pending[word] &= ~bit; /* so that raising it announces it */
	return model_raise(d, port);
}

static bool step_bind(unsigned d, uint64_t random)
{
	unsigned vcpu = pick(random, 8, VCPUS), other = pick(random, 12, DOMAINS);
	unsigned peer_port = pick(random, 16, MODEL_PORTS + 1);
	unsigned number = pick(random, 32, NR_VIRQS);
	struct model_port *q = &model[other][peer_port];
	struct event_kick kick;
	uint32_t port;
	int rc, refused;

	switch ((random >> 40) % 5) {
	case 0:
		rc = event_alloc_unbound(&dom[d].events, (domid_t)other, &port);
		return model_open(d, rc, 0, port,
				  (struct model_port){.state = EVTCHNSTAT_unbound, .peer = other});
	case 1:
		refused = event_virq_is_global(number) && vcpu ? -EINVAL
			  : model_virq_bound(d, vcpu, number)  ? -EEXIST
							       : 0;
		rc = event_bind_virq(&dom[d].vcpu[vcpu], number, &port);
		return model_open(d, rc, refused, port,
				  (struct model_port){.state = EVTCHNSTAT_virq,
						      .number = number,
						      .vcpu = vcpu});
	case 2:
		rc = event_bind_ipi(&dom[d].vcpu[vcpu], &port);
		return model_open(d, rc, 0, port,
				  (struct model_port){.state = EVTCHNSTAT_ipi, .vcpu = vcpu});
	case 3:
		rc = event_bind_pirq(&dom[d].events, number, &port);
		return model_open(d, rc, 0, port,
				  (struct model_port){.state = EVTCHNSTAT_pirq, .number = number});
	default:
		/* A full table is said first; a port beyond the table never gets that far. */
		refused = q->state == EVTCHNSTAT_unbound && q->peer == d ? 0 : -EINVAL;
		if (refused && model_full(d) && peer_port < dom[other].events.port_count) {
			refused = -ENOSPC;
		}
		rc = event_bind_interdomain(&dom[d].events, &dom[other].events, peer_port, &port,
					    &kick);
		vcpu = (unsigned)kicked(rc, &kick);
		if (!model_open(d, rc > 0 ? 0 : rc, refused, port,
				(struct model_port){.state = EVTCHNSTAT_interdomain,
						    .peer = other,
						    .peer_port = peer_port})) {
			return false;
		}
		if (rc >= 0) {
			q->state = EVTCHNSTAT_interdomain;
			q->peer = d;
			q->peer_port = port;
			return model_raise(d, port) == (int)vcpu;
		}
		return true;
	}
}

static bool step_use(unsigned d, uint64_t random)
{
	unsigned vcpu = pick(random, 8, VCPUS), port = pick(random, 16, MODEL_PORTS + 1);
	struct model_port *p = &model[d][port];
	struct event_kick kick;
	uint32_t pirq;
	int rc, got, want, refused;

	switch ((random >> 40) % 7) {
	case 0:
		want = p->state == EVTCHNSTAT_closed ? -EINVAL : 0;
		rc = event_close(&dom[d].events, port, &pirq);
		got = p->state == EVTCHNSTAT_pirq ? (int)p->number : (int)EVENT_NO_PIRQ;
		if (!rc && (int)pirq != got) {
			return false;
		}
		if (!want) {
			model_close(d, port);
		}
		return rc == want;
	case 1:
		want = p->state == EVTCHNSTAT_closed || p->state == EVTCHNSTAT_ipi ||
				       (p->state == EVTCHNSTAT_virq &&
					!event_virq_is_global(p->number))
			       ? -EINVAL
			       : 0;
		rc = event_bind_vcpu(&dom[d].vcpu[vcpu], port, &pirq);
		got = p->state == EVTCHNSTAT_pirq ? (int)p->number : (int)EVENT_NO_PIRQ;
		if (!rc && (int)pirq != got) {
			return false;
		}
		if (!want) {
			p->vcpu = vcpu;
		}
		return rc == want;
	case 2:
		refused = p->state == EVTCHNSTAT_closed ? -EINVAL : 0;
		rc = event_unmask(&dom[d].events, port, &kick);
		got = kicked(rc, &kick);
		want = refused ? -1 : model_unmask(d, port);
		return got == want && (rc < 0 ? rc : 0) == refused;
	default:
		rc = event_send(&dom[d].events, port, &kick);
		got = kicked(rc, &kick);
		want = model_send(d, port, &refused);
		return got == want && (rc < 0 ? rc : 0) == refused;
	}
}

/* Everything that can be seen is as the model has it. */
static bool agrees(unsigned d)
{
	if (memcmp(&dom[d].shared, &expected[d], sizeof(expected[d]))) {
		return false;
	}
	for (uint32_t port = 1; port <= MODEL_PORTS && port < dom[d].events.port_count; port++) {
		const struct model_port *p = &model[d][port];
		struct evtchn_status s;

		if (event_status(&dom[d].events, port, &s) || s.status != p->state) {
			return false;
		}
		if (p->state != EVTCHNSTAT_closed && s.vcpu != p->vcpu) {
			return false;
		}
		if ((p->state == EVTCHNSTAT_unbound && s.u.unbound.dom != p->peer) ||
		    (p->state == EVTCHNSTAT_interdomain &&
		     (s.u.interdomain.dom != p->peer || s.u.interdomain.port != p->peer_port)) ||
		    (p->state == EVTCHNSTAT_virq && s.u.virq != p->number) ||
		    (p->state == EVTCHNSTAT_pirq && s.u.pirq != p->number)) {
			return false;
		}
	}
	return true;
}

static void against_model(uint64_t *seed, long steps)
{
	bool good = true;
	long step;

	set_up(MODEL_PORTS);
	for (step = 0; step < steps && good; step++) {
		uint64_t random = tap_random(seed);
		unsigned d = pick(random, 0, DOMAINS);

		switch ((random >> 56) % 8) {
		case 0:
			scribble(d, random >> 4);
			break;
		case 1:
		case 2:
		case 3:
			good = step_bind(d, random);
			break;
		default:
			good = step_use(d, random);
			break;
		}
		if (step % 64 == 0 || !good) {
			good = good && agrees(0) && agrees(1) && agrees(2);
		}
		if (step % 50000 == 49999) { /* as a reset does */
			close_all(&dom[d].events);
			for (unsigned port = 1; port <= MODEL_PORTS; port++) {
				model_close(d, port);
			}
		}
	}
	ok(good, "%ld random steps agree with the model (the last one: %ld)", steps, step);
	tear_down();
	is_int(fake_heap_bytes, 0, "all memory came back");
}

int main(int argc, char **argv)
{
	uint64_t seed = tap_seed(argc, argv);

	interdomain();
	virq();
	ipi_and_pirq();
	masks_and_polls();
	limits();
	info_moved();
	against_model(&seed, argc > 2 ? atol(argv[2]) : tap_steps(300000));
	return done_testing();
}
