/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What hypercall_again() leaves for the multicall it was called in. */
#ifndef HYPERCALL_CONTINUATION_H
#define HYPERCALL_CONTINUATION_H

#include <stdbool.h>
#include <xen/xen.h>

/* The multicall in progress on a vCPU, on the stack of hypercall_multicall(). */
struct multicall {
	struct multicall_entry entry; /* the one that is being performed */
	bool again;		      /* it wants to go on with the arguments now in `entry` */
};

#endif
