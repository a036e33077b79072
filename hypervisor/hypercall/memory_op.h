/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of memory_op share. */
#ifndef HYPERCALL_MEMORY_OP_H
#define HYPERCALL_MEMORY_OP_H

#include <arch/port.h>
#include <debug/log.h>
#include <hypercall/hypercall.h>
#include <lib/error.h>

/* The domain an operation names; -ESRCH, -EPERM. Pairs with domain_put. */
static inline int memory_op_target(domid_t id, struct domain **d)
{
	*d = domain_get_target(id);
	if (!*d) {
		return refuse(current_domain()->privileged ? -ESRCH : -EPERM);
	}
	return 0;
}

static inline int memory_op_read(void *to, uint64_t arg, size_t bytes)
{
	return guest_read(to, GUEST_VA(arg), bytes) ? refuse(-EFAULT) : 0;
}

/* memory_map_op.c; each gets the address of the guest's structure. */
int memory_map_give(struct domain_memory *dm, uint64_t arg); /* null: the machine's */
int memory_map_set(uint64_t arg);
int memory_map_reserved(uint64_t arg);
int memory_map_m2p(uint64_t arg);
int memory_map_m2p_frames(uint64_t arg);

/* vnuma_op.c: to the guest; and whether there is memory of the node that XENMEMF_* ask for. */
int vnuma_tell(uint64_t arg);
bool vnuma_can_allocate(struct domain *d, unsigned mem_flags);

/* resource_op.c */
int resource_acquire(uint64_t arg);

#endif
