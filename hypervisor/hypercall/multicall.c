/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Many hypercalls in one. */
#include <arch/guest_copy.h>
#include <debug/counters.h>
#include <hypercall/continuation.h>
#include <hypercall/hypercall.h>
#include <lib/error.h>

/* An open window for interrupts now and then; work that is known of is looked for at each entry. */
#define ENTRIES_PER_CHECK 16

/* What is copied in of an entry: the operation, its result from last time, five arguments. */
#define ENTRY_BYTES_READ 56

static long perform(const struct multicall_entry *call)
{
	const xen_ulong_t *args = call->args;

	if (unlikely(call->op >= HYPERCALL_COUNT || !hypercall_table[call->op].fn)) {
		return -ENOSYS;
	}
	counter_add((unsigned)call->op, 1);
	return hypercall_table[call->op].fn(args[0], args[1], args[2], args[3], args[4]);
}

/*
 * Each entry is read just before it is performed, since an earlier one may have changed it. An
 * iret replaces the registers of whoever called: what comes after it has no caller any more.
 */
long hypercall_multicall(uint64_t calls, uint64_t count, uint64_t a3, uint64_t a4, uint64_t a5)
{
	struct vcpu *v = current_vcpu();
	struct multicall_entry *at = (struct multicall_entry *)calls;
	struct multicall m = {.again = false};
	long rc = 0;

	if (v->multicall) {
		return refuse(-EINVAL);
	}
	if (count > UINT64_MAX / sizeof(*at) || !guest_range_ok(calls, count * sizeof(*at))) {
		return refuse(-EFAULT);
	}
	v->multicall = &m;
	for (; count; count--, at++) {
		if (unlikely(guest_read_words(&m.entry, (uint64_t)at, ENTRY_BYTES_READ))) {
			rc = refuse(-EFAULT);
			break;
		}
		rc = perform(&m.entry);
		if (unlikely(m.entry.op == __HYPERVISOR_iret)) {
			break;
		}
		if (unlikely(m.again)) {
			rc = guest_write_words((uint64_t)at->args, m.entry.args,
					       4 * sizeof(xen_ulong_t));
		} else {
			m.entry.result = (xen_ulong_t)rc;
			rc = guest_write_words((uint64_t)&at->result, &m.entry.result,
					       sizeof(xen_ulong_t));
		}
		if (unlikely(rc)) {
			break;
		}
		if (unlikely(m.again ||
			     atomic_load_explicit(&this_cpu()->work, memory_order_relaxed) ||
			     (count % ENTRIES_PER_CHECK == 0 && work_pending()))) {
			unsigned done = !m.again;

			v->multicall = NULL;
			return count == done
				       ? 0
				       : hypercall_again((uint64_t)(at + done), count - done, 0, 0);
		}
	}
	v->multicall = NULL;
	return rc;
}
