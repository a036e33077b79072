/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside event/: the 2-level ABI, 4096 ports as bits of the shared page. */
#ifndef EVENT_TWO_LEVEL_H
#define EVENT_TWO_LEVEL_H

#include <event/event.h>

/* True: the vCPU has to be told. `v` may be null: the bit waits until the guest looks. */
bool two_level_deliver(struct domain_events *d, uint32_t port, struct vcpu_events *v);
bool two_level_unmask(struct domain_events *d, uint32_t port, struct vcpu_events *v);

/* True: it was not pending yet. */
static inline bool two_level_set(struct domain_events *d, uint32_t port)
{
	xen_ulong_t *word = &d->shared->evtchn_pending[port / 64];
	uint64_t bit = BIT(port % 64);

	if (__atomic_load_n(word, __ATOMIC_RELAXED) & bit) {
		return false; /* the common case, without a locked operation */
	}
	return !(__atomic_fetch_or(word, bit, __ATOMIC_SEQ_CST) & bit);
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

#endif
