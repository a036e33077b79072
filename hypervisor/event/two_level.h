/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside event/: the 2-level ABI, 4096 ports as bits of the shared page. */
#ifndef EVENT_TWO_LEVEL_H
#define EVENT_TWO_LEVEL_H

#include <event/channel.h>

/* A look without a locked operation, for senders: the lock they hold has ordered their writes. */
static inline bool two_level_is_set(const struct domain_events *d, uint32_t port)
{
	return __atomic_load_n(&d->shared->evtchn_pending[port / 64], __ATOMIC_RELAXED) &
	       BIT(port % 64);
}

/* True: it was not pending yet. */
static inline bool two_level_set(struct domain_events *d, uint32_t port)
{
	uint64_t bit = BIT(port % 64);

	return !two_level_is_set(d, port) &&
	       !(__atomic_fetch_or(&d->shared->evtchn_pending[port / 64], bit, __ATOMIC_SEQ_CST) &
		 bit);
}

static inline void two_level_clear(struct domain_events *d, uint32_t port)
{
	__atomic_fetch_and(&d->shared->evtchn_pending[port / 64], ~BIT(port % 64),
			   __ATOMIC_SEQ_CST);
}

static inline bool two_level_is_pending(const struct domain_events *d, uint32_t port)
{
	return __atomic_load_n(&d->shared->evtchn_pending[port / 64], __ATOMIC_SEQ_CST) >>
		       (port % 64) &
	       1;
}

/* Unmasks; true: it was masked, and is pending, so it has to be delivered. */
static inline bool two_level_unmask(struct domain_events *d, uint32_t port)
{
	uint64_t bit = BIT(port % 64);

	return (__atomic_fetch_and(&d->shared->evtchn_mask[port / 64], ~bit, __ATOMIC_SEQ_CST) &
		bit) &&
	       two_level_is_pending(d, port);
}

/*
 * The order is the ABI: first the pending bit, then (unless masked) the selector, then the upcall
 * flag. The guest reads them the other way round, clearing as it goes, so that whatever comes in
 * between is found or announced again. The guest can write all these words at any time; each is
 * touched by one atomic operation and none is believed for more than the guest's own good.
 *
 * True: the vCPU has to be told. `v` may be null: the bit waits until the guest looks.
 */
static inline bool two_level_deliver(struct domain_events *d, uint32_t port, struct vcpu_events *v)
{
	uint64_t mask = __atomic_load_n(&d->shared->evtchn_mask[port / 64], __ATOMIC_SEQ_CST);
	uint64_t selector = BIT(port / 64);

	if ((mask & BIT(port % 64)) || !v) {
		return false;
	}
	if (__atomic_fetch_or(&v->info->evtchn_pending_sel, selector, __ATOMIC_SEQ_CST) &
	    selector) {
		return false;
	}
	return vcpu_mark_pending(v);
}

#endif
