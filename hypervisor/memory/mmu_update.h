/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What mmu_update, mmuext_op, update_va_mapping and the emulator of page-table writes perform. */
#ifndef MEMORY_MMU_UPDATE_H
#define MEMORY_MMU_UPDATE_H

#include <memory/page_table.h>

/*
 * All of these take dm->tables themselves. -ERESTART: a part, or nothing, has been done; call again
 * with the rest. `owner` is whose frames new L1 entries may point at, usually dm itself.
 */

/* Performs requests until one fails; returns how many succeeded. */
unsigned mmu_update_batch(struct domain_memory *dm, struct domain_memory *owner,
			  const struct mmu_update *requests, unsigned count, int *rc);

/* A single request of dm's own, which is what most calls bring. */
int mmu_update_own(struct domain_memory *dm, const struct mmu_update *request, bool *done);

/* The L1 entry that maps `va` under `root`, a root in use by one of dm's vCPUs. */
int mmu_update_va(struct domain_memory *dm, struct domain_memory *owner, mfn_t root, uint64_t va,
		  uint64_t entry);

/* Work that is not done yet although its hypercall has its result: before it returns. */
int mmu_settle(struct domain_memory *dm);

int mmu_pin(struct domain_memory *dm, mfn_t mfn, unsigned level);
int mmu_unpin(struct domain_memory *dm, mfn_t mfn);

/* The roots of a vCPU of dm: its own business, or done while it does not run. */
int mmu_new_kernel_root(struct domain_memory *dm, struct vcpu_memory *vm, mfn_t mfn);
int mmu_new_user_root(struct domain_memory *dm, struct vcpu_memory *vm, mfn_t mfn);

/* The contents of frames that are no tables, by a domain that need not have them mapped. */
int mmu_clear_page(struct domain_memory *owner, mfn_t mfn);
int mmu_copy_page(struct domain_memory *owner, mfn_t to, mfn_t from);

/* update_descriptor: 8 bytes of a frame of descriptors, or of one that may become one. */
int mmu_update_descriptor(struct domain_memory *dm, paddr_t at, uint64_t descriptor);

/*
 * A guest's kernel wrote to an L1 table that it maps read-only, and the processor refused. `bytes`
 * of `value` are written at `va` if what is there equals *expected, or in any case if `expected` is
 * null. -EAGAIN: it differs, and *expected is what is there; a decoder of "lock or" and the like
 * computes anew and comes again. -EINVAL: this is no write to one of the guest's L1 tables, or one
 * that is refused: the fault is the guest's. The write must lie within one entry.
 */
struct emulated_write {
	uint64_t va;
	uint64_t value;
	uint64_t *expected;
	unsigned bytes;
};

int page_table_emulated_write(struct domain_memory *dm, mfn_t root,
			      const struct emulated_write *write);

#endif
