/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The 2-level ABI: a pending and a mask bit per port, a selector bit per word of 64 for the vCPU.
 */
#include <event/channel.h>
#include <event/two_level.h>

/*
 * The order is the ABI: first the pending bit, then (unless masked) the selector, then the upcall
 * flag. The guest reads them the other way round, clearing as it goes, so that whatever comes in
 * between is found or announced again. The guest can write all these words at any time; each is
 * touched by one atomic operation and none is believed for more than the guest's own good.
 */
bool two_level_deliver(struct domain_events *d, uint32_t port, struct vcpu_events *v)
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
