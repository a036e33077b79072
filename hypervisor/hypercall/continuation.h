/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What hypercall_again() leaves for the multicall it was called in. */
#ifndef HYPERCALL_CONTINUATION_H
#define HYPERCALL_CONTINUATION_H

#include <lib/base.h>

/* The multicall in progress on a vCPU, on the stack of hypercall_multicall(). */
struct multicall {
	bool again;	  /* the entry that was performed last wants to go on */
	uint64_t args[4]; /* with these arguments */
};

#endif
