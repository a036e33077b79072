/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counts all references anew, from the tables that hold them, and compares. */
#ifndef MEMORY_AUDIT_H
#define MEMORY_AUDIT_H

#include <memory/frame.h>
#include <memory/memory.h>

/* What a frame's record should say. */
struct audit_count {
	uint32_t refs;
	uint32_t types;
};

/*
 * `counts` has an element for each frame, zero or holding what the caller knows of: references by
 * grants, GDTs, the hypervisor itself. The calls below add what they know, audit_compare() says on
 * the console where the records differ, and where an invariant of page_type.c is broken, and
 * returns how many faults there are. Nobody may change anything meanwhile.
 */
void audit_type(struct audit_count *counts, mfn_t mfn); /* one type reference */
void audit_vcpu(struct audit_count *counts, const struct vcpu_memory *vm);
void audit_domain(struct audit_count *counts, const struct domain_memory *dm);
unsigned audit_compare(struct audit_count *counts);

#endif
