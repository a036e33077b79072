/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Many hypercalls in one. */
#include <arch/guest_copy.h>
#include <debug/counters.h>
#include <hypercall/continuation.h>
#include <hypercall/hypercall.h>
#include <lib/error.h>

/* An open window for interrupts now and then; work that is known of is looked for at each entry. */
#define ENTRIES_PER_CHECK 16

/*
 * Performs the entry at `at`, which is read just before, since an earlier one may have changed it.
 * *op is what it was; -EFAULT in *rc: it is not to be read.
 */
static inline __attribute__((always_inline)) long perform(const struct multicall_entry *at,
							  uint64_t *op, int *rc)
{
	uint64_t a1, a2, a3, a4, a5;

	user_access_begin();
	*op = GUEST_TAKE(&at->op);
	a1 = GUEST_TAKE(&at->args[0]);
	a2 = GUEST_TAKE(&at->args[1]);
	a3 = GUEST_TAKE(&at->args[2]);
	a4 = GUEST_TAKE(&at->args[3]);
	a5 = GUEST_TAKE(&at->args[4]);
	user_access_end();
	*rc = 0;
	if (unlikely(*op >= HYPERCALL_COUNT)) {
		return -ENOSYS;
	}
	counter_add((unsigned)*op, 1);
	return hypercall_table[*op % HYPERCALL_COUNT].fn(a1, a2, a3, a4, a5);
fault:
	user_access_end();
	*rc = -EFAULT;
	return 0;
}

/*
 * An iret replaces the registers of whoever called: what comes after it in the list has no caller
 * any more.
 */
long hypercall_multicall(uint64_t calls, uint64_t count, uint64_t a3, uint64_t a4, uint64_t a5)
{
	struct vcpu *v = current_vcpu();
	struct multicall_entry *at;
	struct multicall m = {.again = false};
	uint64_t op, result;
	int rc = 0;

	if (v->multicall) {
		return refuse(-EINVAL);
	}
	count &= UINT32_MAX; /* all that the ABI has, and no list of so many is too long to be
				checked */
	if (!guest_range_take(&calls, count * sizeof(*at))) {
		return refuse(-EFAULT);
	}
	at = (struct multicall_entry *)calls;
	v->multicall = &m;
	for (; count; count--, at++) {
		result = (uint64_t)perform(at, &op, &rc);
		if (unlikely(rc)) {
			break;
		}
		if (unlikely(op == __HYPERVISOR_iret)) {
			v->multicall = NULL;
			return (long)result;
		}
		if (unlikely(m.again)) {
			rc = guest_write_words((uint64_t)at->args, m.args, sizeof(m.args));
		} else {
			rc = guest_write_words((uint64_t)&at->result, &result, sizeof(result));
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
	return rc ? refuse(rc) : 0;
}
