/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What mmu_update, mmuext_op, update_va_mapping and the emulator of page-table writes perform. */
#include <debug/log.h>
#include <memory/mmu_update.h>

/* --- Requests of mmu_update -------------------------------------------------------------- */

static int machphys_update(struct domain_memory *owner, mfn_t mfn, uint64_t pfn)
{
	/* Referred to, it gets no other owner meanwhile. */
	if (!frame_get(mfn, owner->id)) {
		return refuse(-EINVAL);
	}
	M2P[mfn.n] = pfn;
	frame_put(mfn);
	return 0;
}

/* A frame that is no table, or not yet: it is a plain write, as the guest could do itself. */
static int plain_update(struct domain_memory *dm, uint64_t at, uint64_t value)
{
	mfn_t mfn = paddr_to_mfn(at);
	int rc = page_writable_get(dm, mfn, false);

	if (rc) {
		return refuse(rc);
	}
	((uint64_t *)frame_ptr(mfn))[at % PAGE_SIZE / sizeof(uint64_t)] = value;
	page_type_put(mfn);
	return 0;
}

static int table_update(struct domain_memory *dm, struct domain_memory *owner, uint64_t at,
			uint64_t value, bool keep_ad)
{
	uint64_t *slot;

	for (unsigned level = 1; level <= 4; level++) {
		slot = page_word(dm, at, (enum page_type)level);
		if (slot) {
			return level == 1 ? page_table_set_l1(dm, owner, slot, value, keep_ad)
					  : page_table_set_upper(dm, level, slot, value, keep_ad);
		}
	}
	return plain_update(dm, at, value);
}

static __attribute__((noinline)) int update(struct domain_memory *dm, struct domain_memory *owner,
					    const struct mmu_update *request)
{
	unsigned command = request->ptr & 7;
	uint64_t at = request->ptr - command;

	switch (command) {
	case MMU_NORMAL_PT_UPDATE:
	case MMU_PT_UPDATE_NO_TRANSLATE:
		return table_update(dm, owner, at, request->val, false);
	case MMU_PT_UPDATE_PRESERVE_AD:
		return table_update(dm, owner, at, request->val, true);
	case MMU_MACHPHYS_UPDATE:
		return machphys_update(owner, paddr_to_mfn(at), request->val);
	}
	return refuse(-ENOSYS);
}

/* What most requests are, without a call: an entry of an L1 table, plainly. */
static inline int update_quickly(struct domain_memory *dm, struct domain_memory *owner,
				 const struct mmu_update *request)
{
	uint64_t *slot = request->ptr & 7 ? NULL : page_word(dm, request->ptr, PAGE_L1);

	if (unlikely(!slot)) {
		return update(dm, owner, request);
	}
	return page_table_set_l1(dm, owner, slot, request->val, false);
}

unsigned mmu_update_batch(struct domain_memory *dm, struct domain_memory *owner,
			  const struct mmu_update *requests, unsigned count, int *result)
{
	const struct mmu_update *request = requests, *end = requests + count;
	int rc;

	page_tables_lock(dm);
	rc = page_tables_settle(dm);
	while (rc == 0 && request < end) {
		rc = update_quickly(dm, owner, request);
		if (unlikely(rc)) {
			break;
		}
		request++;
		if (unlikely(dm->walk.budget <= 0)) {
			rc = -ERESTART;
		}
	}
	if (rc == 0) {
		rc = page_tables_settle(dm);
	}
	page_tables_unlock(dm);
	*result = rc;
	return (unsigned)(request - requests);
}

int mmu_update_own(struct domain_memory *dm, const struct mmu_update *request, bool *done)
{
	int rc;

	*done = false;
	page_tables_lock(dm);
	rc = page_tables_settle(dm);
	if (likely(rc == 0)) {
		rc = update_quickly(dm, dm, request);
		if (likely(rc == 0)) {
			*done = true;
			rc = page_tables_settle(dm);
		}
	}
	page_tables_unlock(dm);
	return rc;
}

static __attribute__((noinline)) void expect_writable(struct domain_memory *owner, uint64_t entry)
{
	if (entry & ENTRY_PRESENT && entry & ENTRY_WRITE) {
		page_type_expect(owner, entry_mfn(entry), PAGE_WRITABLE);
	}
}

int mmu_update_va(struct domain_memory *dm, struct domain_memory *owner, mfn_t root, uint64_t va,
		  uint64_t entry)
{
	uint64_t *slot;
	int rc;

	if (unlikely(is_on_several_cpus(dm))) {
		expect_writable(owner, entry);
	}
	page_tables_lock(dm);
	rc = page_tables_settle(dm);
	if (likely(rc == 0)) {
		slot = page_table_find_l1(root, va);
		rc = likely(slot) ? page_table_set_l1(dm, owner, slot, entry, false)
				  : refuse(-EINVAL);
	}
	page_tables_unlock(dm);
	return rc;
}

/* --- Pins and roots ---------------------------------------------------------------------- */

int mmu_settle(struct domain_memory *dm)
{
	int rc;

	page_tables_lock(dm);
	rc = page_tables_settle(dm);
	page_tables_unlock(dm);
	return rc;
}

int mmu_pin(struct domain_memory *dm, mfn_t mfn, unsigned level)
{
	int rc;

	if (unlikely(is_on_several_cpus(dm))) {
		/* Of a tree, too: what a kernel makes read-only last is the root. */
		page_type_expect(dm, mfn, (enum page_type)level);
	}
	page_tables_lock(dm);
	rc = page_table_pin(dm, mfn, level);
	page_tables_unlock(dm);
	return rc;
}

int mmu_unpin(struct domain_memory *dm, mfn_t mfn)
{
	int rc;

	page_tables_lock(dm);
	rc = page_table_unpin(dm, mfn);
	page_tables_unlock(dm);
	return rc;
}

/*
 * A guest reads the table of machine-to-physical numbers through its kernel's root. Its programs
 * share none with it, usually; so the slot is opened when a table becomes a kernel's root, and not
 * before. With m2p_strict it is closed again when it becomes a program's.
 */
static void show_m2p(mfn_t root, bool visible)
{
	const uint64_t *entries = frame_ptr(root);

	if (!!(entries[HYPERVISOR_FIRST_SLOT] & ENTRY_USER) != visible) {
		paging_fill_guest_root(root, visible);
	}
}

int mmu_new_kernel_root(struct domain_memory *dm, struct vcpu_memory *vm, mfn_t mfn)
{
	mfn_t old = vm->kernel_root;
	int rc;

	if (mfn.n == old.n) {
		vcpu_kernel_root_changed(vm);
		return 0;
	}
	page_tables_lock(dm);
	rc = page_tables_settle(dm);
	rc = rc ? rc : page_table_get(dm, mfn, 4);
	if (rc == 0) {
		show_m2p(mfn, true);
		vm->kernel_root = mfn;
		/* The processor first: nothing may be undone to tables that it still walks. */
		vcpu_kernel_root_changed(vm);
		if (!mfn_is_none(old)) {
			page_table_put(dm, old);
		}
	}
	page_tables_unlock(dm);
	return rc;
}

int mmu_new_user_root(struct domain_memory *dm, struct vcpu_memory *vm, mfn_t mfn)
{
	mfn_t old = vm->user_root;
	int rc;

	if (mfn.n == old.n) {
		return 0;
	}
	page_tables_lock(dm);
	rc = page_tables_settle(dm);
	if (rc == 0 && !mfn_is_none(mfn)) {
		rc = page_table_get(dm, mfn, 4);
	}
	if (rc == 0) {
		if (!mfn_is_none(mfn) && dm->hides_m2p) {
			show_m2p(mfn, false);
		}
		vm->user_root = mfn;
		vcpu_user_root_changed(vm);
		if (!mfn_is_none(old)) {
			page_table_put(dm, old);
		}
	}
	page_tables_unlock(dm);
	return rc;
}

/* --- Contents ---------------------------------------------------------------------------- */

int mmu_clear_page(struct domain_memory *owner, mfn_t mfn)
{
	int rc = page_writable_get(owner, mfn, false);

	if (rc == 0) {
		frame_clear(mfn);
		page_type_put(mfn);
	}
	return rc;
}

int mmu_copy_page(struct domain_memory *owner, mfn_t to, mfn_t from)
{
	int rc;

	if (!frame_get(from, owner->id)) {
		return -EINVAL;
	}
	rc = page_writable_get(owner, to, false);
	if (rc == 0) {
		frame_copy(to, from);
		page_type_put(to);
	}
	frame_put(from);
	return rc;
}

int mmu_update_descriptor(struct domain_memory *dm, paddr_t at, uint64_t descriptor)
{
	uint64_t *slot;
	int rc;

	if (at % sizeof(descriptor) || !descriptor_accept(&descriptor)) {
		return refuse(-EINVAL);
	}
	page_tables_lock(dm);
	slot = page_word(dm, at, PAGE_DESCRIPTOR);
	if (slot) {
		atomic_store_explicit((_Atomic uint64_t *)slot, descriptor, memory_order_relaxed);
		rc = 0;
	} else {
		rc = plain_update(dm, at, descriptor);
	}
	page_tables_unlock(dm);
	return rc;
}

/* --- Direct writes ----------------------------------------------------------------------- */

/* The entry that a linear address of the guest's lies in: of one of its valid L1 tables, or null.
 */
static uint64_t *written_entry(struct domain_memory *dm, mfn_t root, uint64_t va)
{
	const uint64_t *map = page_table_find_l1(root, va);

	if (!map || !(*map & ENTRY_PRESENT)) {
		return NULL;
	}
	return page_word(dm, mfn_to_paddr(entry_mfn(*map)) + va % PAGE_SIZE, PAGE_L1);
}

int page_table_emulated_write(struct domain_memory *dm, mfn_t root,
			      const struct emulated_write *write)
{
	unsigned shift = write->va % sizeof(uint64_t) * 8, bits = write->bytes * 8;
	uint64_t mask, old = 0, *slot;
	int rc;

	if (bits == 0 || shift + bits > 64) {
		return -EINVAL;
	}
	mask = (bits == 64 ? UINT64_MAX : BIT(bits) - 1) << shift;
	page_tables_lock(dm);
	rc = page_tables_settle(dm);
	slot = rc == 0 ? written_entry(dm, root, write->va) : NULL;
	if (rc == 0 && !slot) {
		rc = -EINVAL;
	}
	while (rc == 0) {
		old = atomic_load_explicit((_Atomic uint64_t *)slot, memory_order_relaxed);
		if (write->expected && *write->expected != (old & mask) >> shift) {
			*write->expected = (old & mask) >> shift;
			rc = -EAGAIN;
			break;
		}
		rc = page_table_exchange_l1(dm, slot, old,
					    (old & ~mask) | (write->value << shift & mask));
		if (rc != -EAGAIN) {
			break;
		}
		rc = 0; /* the processor has set a bit meanwhile: it can do that twice at most */
	}
	page_tables_unlock(dm);
	return rc;
}
