/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Page tables: updates of all kinds, pinning, tables written directly, and everything that would
 * give a guest memory that is not its own or a table it can write.
 * run: mem=512
 */
#include "guest.h"

static page_t page_a, page_b, window;
static page_t table_1, table_2, table_3, table_4;
static struct mmu_update batch[600];

static uint64_t *entry_of(const volatile void *page)
{
	return pv_entry((unsigned long)page, 1);
}

static long one_update(uint64_t ptr, uint64_t val)
{
	struct mmu_update update = {.ptr = ptr, .val = val};

	return pv_mmu_update(&update, 1, NULL, DOMID_SELF);
}

static uint64_t map_of(const volatile void *page, uint64_t flags)
{
	return PTE(pv_virt_to_mfn(page), flags);
}

static volatile uint64_t *word_of(void *page)
{
	return (volatile uint64_t *)page;
}

static void check_mmu_update(void)
{
	uint64_t *entry = entry_of(window);
	unsigned int finished = 77;

	*word_of(page_a) = 0xa;
	*word_of(page_b) = 0xb;
	is(pv_write_entry(entry, map_of(page_a, PTE_KERNEL_RW)), 0, "one entry is written");
	is(PTE_MFN(*entry), pv_virt_to_mfn(page_a), "and names the frame");
	is(*entry & (PTE_P | PTE_RW), PTE_P | PTE_RW, "with its flags");
	pv_mmuext(MMUEXT_INVLPG_LOCAL, (unsigned long)window);
	is(*word_of(window), 0xa, "memory shows through");
	pv_write_entry(entry, map_of(page_b, PTE_KERNEL_RW));
	pv_mmuext(MMUEXT_TLB_FLUSH_LOCAL, 0);
	is(*word_of(window), 0xb, "and changes after a flush");
	is(pv_write_entry(entry, *entry | 0x200), 0, "a software bit is set");
	is(*entry & PTE_AVAIL, 0x200, "and is there");
	is(pv_write_entry(entry, 0), 0, "an entry is cleared");
	is(pv_mmu_update(NULL, 0, &finished, DOMID_SELF), 0, "no update at all is none");
	is(finished, 0, "and says so");

	for (unsigned int i = 0; i < ARRAY_SIZE(batch); i++) {
		batch[i].ptr = pv_virt_to_machine(entry);
		batch[i].val = map_of(i & 1 ? page_a : page_b, PTE_KERNEL_RW);
	}
	is(pv_mmu_update(batch, 600, &finished, DOMID_SELF), 0, "600 updates at once");
	is(finished, 600, "are counted");
	is(PTE_MFN(*entry), pv_virt_to_mfn(page_a), "the last one stays");
	batch[100].val = PTE(0xffffffffffUL, PTE_KERNEL_RW);
	ok(pv_mmu_update(batch, 600, &finished, DOMID_SELF) < 0, "a bad one among them fails");
	is(finished, 100, "after those before it");
	is(PTE_MFN(*entry), pv_virt_to_mfn(page_a), "which are done");
}

static void check_preserve(void)
{
	uint64_t *entry = entry_of(window);
	struct xen_feature_info features = {.submap_idx = 0};

	pv_write_entry(entry, map_of(page_a, PTE_P | PTE_RW));
	pv_mmuext(MMUEXT_INVLPG_LOCAL, (unsigned long)window);
	*word_of(window) = 0xa;
	is(*entry & (PTE_A | PTE_D), PTE_A | PTE_D, "the processor sets accessed and dirty");
	is(one_update(pv_virt_to_machine(entry) | MMU_PT_UPDATE_PRESERVE_AD,
		      map_of(page_a, PTE_P | PTE_RW | 0x400)),
	   0, "an update that keeps them");
	is(*entry & (PTE_A | PTE_D | 0x400), PTE_A | PTE_D | 0x400, "keeps them");
	is(pv_write_entry(entry, map_of(page_a, PTE_P | PTE_RW)), 0, "an ordinary one");
	is(*entry & (PTE_A | PTE_D), 0, "does not");
	pv_xen_version(XENVER_get_features, &features);
	ok(features.submap >> XENFEAT_mmu_pt_update_preserve_ad & 1, "the feature is announced");
}

static void check_machphys(void)
{
	unsigned long mfn = pv_virt_to_mfn(page_a), pfn = pv_virt_to_pfn(page_a);

	is(one_update(mfn << PV_PAGE_SHIFT | MMU_MACHPHYS_UPDATE, 0x1234), 0,
	   "the machine-to-physical table is updated");
	is(pv_mfn_to_pfn(mfn), 0x1234, "as the guest says");
	one_update(mfn << PV_PAGE_SHIFT | MMU_MACHPHYS_UPDATE, pfn);
	ok(one_update(0xffffffffffUL << PV_PAGE_SHIFT | MMU_MACHPHYS_UPDATE, pfn) < 0,
	   "not for a frame that is not there");
	ok(one_update(1UL << PV_PAGE_SHIFT | MMU_MACHPHYS_UPDATE, 0x1234) < 0, "nor for another's");
}

static void check_bad_updates(void)
{
	uint64_t *entry = entry_of(window);
	unsigned int finished;

	/* Xen writes to a frame of the guest's own that has the writable type. */
	ok(one_update(pv_virt_to_machine(page_a), 0) <= 0,
	   "a frame that is no table is written or refused");
	*word_of(page_a) = 0xa;
	ok(one_update(0xffffffffffUL << PV_PAGE_SHIFT, 0) < 0, "nor one that is not there");
	ok(one_update(0x100000, 0) < 0, "nor one of another owner");
	ok(pv_write_entry(entry, map_of(page_a, PTE_P | PTE_RW) | 1UL << 51) < 0,
	   "an address no machine has is refused");
	is(pv_mmu_update((void *)0x7f00000000, 1, NULL, DOMID_SELF), -XEN_EFAULT,
	   "a list that is not there is refused");
	is(pv_mmu_update((void *)(HYPERVISOR_VIRT_END - PAGE_SIZE), 1, NULL, DOMID_SELF),
	   -XEN_EFAULT, "one in the hypervisor's memory too");
	is(pv_mmu_update(batch, 1, NULL, 0x1234), -XEN_ESRCH,
	   "as one for a domain that is not there");
	batch[0].ptr = pv_virt_to_machine(entry);
	batch[0].val = 0;
	ok(pv_mmu_update(batch, 1, (void *)0x7f00000000, DOMID_SELF) <= 0,
	   "a count that cannot be written harms nobody");
	ok(one_update(pv_virt_to_machine(entry) | 7, 0) < 0 || *entry == 0,
	   "an odd address writes no other entry");
	is(pv_mmu_update(batch, 0x7fffffff, &finished, DOMID_SELF) < 0, 1, "an endless list ends");
}

static void check_update_va_mapping(void)
{
	unsigned long va = (unsigned long)window;

	is(pv_update_va_mapping(va, map_of(page_a, PTE_KERNEL_RW), UVMF_INVLPG | UVMF_LOCAL), 0,
	   "a page is mapped");
	is(*word_of(window), 0xa, "and seen");
	is(pv_update_va_mapping(va, map_of(page_b, PTE_KERNEL_RO), UVMF_INVLPG | UVMF_ALL), 0,
	   "another one");
	is(*word_of(window), 0xb, "and seen");
	TRY("movl $1, (%0)", : : "r"(window) : "memory");
	ok(caught(PV_VECTOR_PF), "and read-only");
	is(pv_update_va_mapping(va, map_of(page_a, PTE_KERNEL_RW), UVMF_TLB_FLUSH | UVMF_LOCAL), 0,
	   "with a whole flush");
	is(*word_of(window), 0xa, "and seen");
	is(pv_update_va_mapping(va, 0, UVMF_INVLPG), 0, "it is unmapped");
	TRY("mov (%0), %%rax", : : "r"(window) : "rax", "memory");
	ok(caught(PV_VECTOR_PF), "and gone");
	ok(pv_update_va_mapping(0x7f00000000, map_of(page_a, PTE_KERNEL_RW), 0) < 0,
	   "where there is no table nothing is mapped");
	ok(pv_update_va_mapping(MACH2PHYS_VIRT_START, map_of(page_a, PTE_KERNEL_RW), 0) < 0,
	   "nor among the hypervisor's pages");
	ok(pv_update_va_mapping(HYPERVISOR_VIRT_END - PAGE_SIZE, 0, 0) < 0,
	   "of which none is unmapped");
	ok(pv_update_va_mapping(1UL << 62, 0, 0) < 0, "nor at a non-canonical address");
	ok(pv_update_va_mapping(va, map_of(page_a, PTE_KERNEL_RW), UVMF_FLUSHTYPE_MASK) <= 0,
	   "an unknown flush harms nobody");
	pv_update_va_mapping(va, map_of(window, PTE_KERNEL_RW), UVMF_INVLPG);
}

/* Frames of others: of the hypervisor, free ones, ones beyond memory. Sampled over the machine. */
static void check_foreign_frames(void)
{
	unsigned long mapped = 0, tried = 0, start = 0x100, end = 0x1ff00;

	for (unsigned long mfn = start; mfn < end; mfn += 13) {
		unsigned long pfn = pv_mfn_to_pfn(mfn);

		if (pfn < guest.start->nr_pages && pv_p2m[pfn] == mfn) {
			continue;
		}
		tried++;
		mapped += !pv_update_va_mapping((unsigned long)window, PTE(mfn, PTE_KERNEL_RW), 0);
	}
	ok(tried > 1000, "%lu frames of others", tried);
	is(mapped, 0, "none can be mapped");
	ok(pv_update_va_mapping((unsigned long)window, PTE(0xffffffffUL, PTE_KERNEL_RW), 0) <= 0,
	   "a frame far beyond memory");
	pv_update_va_mapping((unsigned long)window, map_of(window, PTE_KERNEL_RW), UVMF_INVLPG);
}

static void check_tables_stay_read_only(void)
{
	uint64_t *l1 = entry_of(window), *l4 = pv_root;

	ok(pv_write_entry(entry_of(l1), map_of(l1, PTE_KERNEL_RW)) < 0,
	   "no writable mapping of a live table");
	ok(pv_update_va_mapping((unsigned long)window, map_of(l4, PTE_KERNEL_RW), 0) < 0,
	   "nor of the root");
	is(pv_update_va_mapping((unsigned long)window, map_of(l4, PTE_KERNEL_RO), UVMF_INVLPG), 0,
	   "a read-only one is fine");
	ok(pv_write_entry(entry_of(window), map_of(l4, PTE_KERNEL_RW)) < 0,
	   "and not made writable by its flags");
	pv_update_va_mapping((unsigned long)window, map_of(window, PTE_KERNEL_RW), UVMF_INVLPG);
	ok(pv_write_entry(l4 + 5, map_of(l4, PTE_TABLE)) < 0,
	   "a writable self-map of the root is refused");
	ok(pv_write_entry(l4 + 5, map_of(l4, PTE_P | PTE_A)) <= 0,
	   "a read-only one allowed or refused");
	ok(l4[5] == 0 || !(l4[5] & PTE_RW), "and not writable");
	ok(l4[5] == 0 || pv_write_entry(l4 + 5, l4[5] | PTE_RW) < 0, "nor made so by its flags");
	pv_write_entry(l4 + 5, 0);
	ok(pv_write_entry(l4 + 256, map_of(page_a, PTE_TABLE)) < 0,
	   "the hypervisor's slots of the root are not written");
	ok(pv_write_entry(l4 + 271, 0) < 0, "nor cleared");
	ok(pv_write_entry(pv_entry((unsigned long)window, 2), map_of(page_a, PTE_TABLE | PTE_PSE)) <
		   0,
	   "no big pages");
	ok(pv_write_entry(pv_entry((unsigned long)window, 3), map_of(page_a, PTE_TABLE | PTE_PSE)) <
		   0,
	   "nor bigger ones");
	ok(pv_write_entry(pv_entry((unsigned long)window, 2), map_of(l4, PTE_TABLE)) < 0,
	   "a root is no first-level table");
	ok(pv_write_entry(l4 + 5, map_of(l1, PTE_TABLE)) < 0, "nor the other way round");
}

/* Makes a page a table: read-only to us, so that it may have the type. */
static void protect(page_t *table)
{
	pv_remap(table, PTE_KERNEL_RO);
}

static void unprotect(page_t *table)
{
	pv_remap(table, PTE_KERNEL_RW);
}

static void check_pin_l1(void)
{
	uint64_t *entries = (uint64_t *)table_1;

	entries[0] = map_of(page_a, PTE_KERNEL_RW);
	entries[511] = map_of(page_b, PTE_KERNEL_RO);
	ok(pv_pin(table_1, 1) < 0, "a page with a writable mapping is not pinned");
	protect(&table_1);
	is(pv_pin(table_1, 1), 0, "without it is");
	ok(pv_pin(table_1, 1) < 0, "not twice");
	ok(pv_pin(table_1, 2) < 0, "nor as another level");
	ok(pv_remap(table_1, PTE_KERNEL_RW) < 0, "and has no writable mapping then");
	is(pv_write_entry(entries + 1, map_of(page_a, PTE_KERNEL_RW)), 0, "it can be updated");
	is(PTE_MFN(entries[1]), pv_virt_to_mfn(page_a), "and is");
	ok(pv_write_entry(entries + 2, map_of(table_1, PTE_KERNEL_RW)) < 0,
	   "but not to map itself writable");
	is(pv_unpin(table_1), 0, "it is unpinned");
	ok(pv_unpin(table_1) < 0, "once");
	is(pv_remap(table_1, PTE_KERNEL_RW), 0, "and writable again");
	entries[3] = PTE(1, PTE_KERNEL_RW) | 1UL << 51;
	protect(&table_1);
	ok(pv_pin(table_1, 1) < 0, "a table with one bad entry is not pinned");
	unprotect(&table_1);
	memset(table_1, 0, PAGE_SIZE);
}

/* A tree of four levels for a window of its own: l4 slot 6. */
static void check_pin_tree(void)
{
	uint64_t *l4 = (uint64_t *)table_4, *root = pv_root;
	struct mmuext_op op = {.cmd = MMUEXT_NEW_BASEPTR};

	for (unsigned int i = 0; i < 512; i++) {
		l4[i] = i < 256 || i > 271 ? root[i] : 0;
	}
	((uint64_t *)table_1)[0] = map_of(page_b, PTE_KERNEL_RW);
	((uint64_t *)table_2)[0] = map_of(table_1, PTE_TABLE);
	((uint64_t *)table_3)[0] = map_of(table_2, PTE_TABLE);
	l4[6] = map_of(table_3, PTE_TABLE);
	protect(&table_1);
	protect(&table_2);
	protect(&table_3);
	ok(pv_pin(table_4, 4) < 0, "a tree whose root is writable is not pinned");
	protect(&table_4);
	is(pv_pin(table_4, 4), 0, "a whole tree is pinned by its root");
	op.arg1.mfn = pv_virt_to_mfn(table_4);
	is(pv_mmuext_op(&op, 1, NULL, DOMID_SELF), 0, "and becomes the current one");
	*word_of(page_b) = 0xbb;
	is(*(volatile uint64_t *)(6UL << 39), 0xbb, "its mappings work");
	*(volatile uint64_t *)(6UL << 39) = 0xbc;
	is(*word_of(page_b), 0xbc, "both ways");
	is(pv_update_va_mapping(6UL << 39, map_of(page_a, PTE_KERNEL_RW), UVMF_INVLPG), 0,
	   "and can be changed");
	is(*(volatile uint64_t *)(6UL << 39), (long)*word_of(page_a), "and show");
	is(pv_mmuext_op(&op, 1, NULL, DOMID_SELF), 0, "the same tree again");
	ok(pv_unpin(table_4) == 0, "unpinned while current");
	ok(pv_remap(table_4, PTE_KERNEL_RW) < 0, "it still is a table");
	op.arg1.mfn = pv_virt_to_mfn(root);
	is(pv_mmuext_op(&op, 1, NULL, DOMID_SELF), 0, "back to the first tree");
	is(pv_remap(table_4, PTE_KERNEL_RW), 0, "then it is memory again");
	unprotect(&table_3);
	unprotect(&table_2);
	unprotect(&table_1);
	*word_of(table_1) = 0x55;
	is(*word_of(table_1), 0x55, "as are its tables");
	memset(table_1, 0, PAGE_SIZE);
	op.arg1.mfn = pv_virt_to_mfn(page_a);
	ok(pv_mmuext_op(&op, 1, NULL, DOMID_SELF) < 0, "a page is no tree");
	op.arg1.mfn = 0xffffffffff;
	ok(pv_mmuext_op(&op, 1, NULL, DOMID_SELF) < 0, "nor is nothing");
}

/* Writes to a live table through its read-only mapping: done by the hypervisor, checked as ever. */
static void check_direct_writes(void)
{
	volatile uint64_t *entry = entry_of(window);
	uint64_t a = map_of(page_a, PTE_KERNEL_RW), b = map_of(page_b, PTE_KERNEL_RW), old;

	is(pv_vm_assist(VMASST_CMD_enable, VMASST_TYPE_writable_pagetables), 0,
	   "the assist is enabled");
	*word_of(page_a) = 0xa;
	*word_of(page_b) = 0xb;
	TRY("mov %1, (%0)", : : "r"(entry), "r"(a) : "memory");
	ok(caught(NO_TRAP), "a plain write to a table is done");
	pv_mmuext(MMUEXT_INVLPG_LOCAL, (unsigned long)window);
	is(*word_of(window), 0xa, "and maps");
	old = b;
	TRY("xchg %0, (%1)", : "+r"(old) : "r"(entry) : "memory");
	ok(caught(NO_TRAP), "an exchange too");
	is(PTE_MFN(old), PTE_MFN(a), "with the old entry");
	pv_mmuext(MMUEXT_INVLPG_LOCAL, (unsigned long)window);
	is(*word_of(window), 0xb, "and the new mapping");
	old = *entry;
	TRY("lock cmpxchg %2, (%1)", : "+a"(old) : "r"(entry), "r"(a) : "memory", "cc");
	ok(caught(NO_TRAP) && PTE_MFN(*entry) == PTE_MFN(a), "a compare and exchange too");
	old = 0x12345;
	TRY("lock cmpxchg %2, (%1)", : "+a"(old) : "r"(entry), "r"(b) : "memory", "cc");
	ok(caught(NO_TRAP) && PTE_MFN(*entry) == PTE_MFN(a) && old == *entry,
	   "which fails as it should");
	TRY("lock andq %1, (%0)", : : "r"(entry), "r"(~PTE_RW) : "memory", "cc");
	ok(caught(NO_TRAP) && !(*entry & PTE_RW), "locked and");
	TRY("lock orq $0x200, (%0)", : : "r"(entry) : "memory", "cc");
	ok(caught(NO_TRAP) && (*entry & 0x200), "locked or");
	TRY("lock btrq $9, (%0)", : : "r"(entry) : "memory", "cc");
	ok(caught(NO_TRAP) && !(*entry & 0x200), "locked bit reset");
	TRY("movb $0, (%0)", : : "r"(entry) : "memory");
	ok(caught(NO_TRAP) && !(*entry & PTE_P), "one byte");
	TRY("movq $0, (%0)", : : "r"(entry) : "memory");
	ok(caught(NO_TRAP) && *entry == 0, "a constant");
}

static void refuse_write(uint64_t *entry, uint64_t value, const char *what)
{
	uint64_t before = *entry;

	TRY("mov %1, (%0)", : : "r"(entry), "r"(value) : "memory");
	ok((caught(PV_VECTOR_PF) || caught(PV_VECTOR_GP)) && *entry == before, "%s", what);
}

static void check_bad_direct_writes(void)
{
	uint64_t *entry = entry_of(window);

	refuse_write(entry, PTE(0x101, PTE_KERNEL_RW),
		     "a direct write that maps another's frame is a fault");
	refuse_write(entry, map_of(pv_root, PTE_KERNEL_RW), "or a table");
	refuse_write(entry, map_of(page_a, PTE_KERNEL_RW) | 1UL << 51, "or nothing");
	TRY("mov %1, 4(%0)", : : "r"(entry), "r"(~0UL) : "memory");
	ok(!caught(NO_TRAP), "or lies across two entries");
	refuse_write(pv_root + 256, 0, "or clears the hypervisor's part of the root");
	pv_update_va_mapping((unsigned long)window, map_of(window, PTE_KERNEL_RW), UVMF_INVLPG);
}

static void check_mmuext(void)
{
	struct mmuext_op ops[3] = {
		{.cmd = MMUEXT_TLB_FLUSH_LOCAL}, {.cmd = MMUEXT_TLB_FLUSH_ALL}, {.cmd = 99}};
	unsigned long vcpus = 1;
	unsigned int finished = 0;

	ok(pv_mmuext_op(ops, 3, &finished, DOMID_SELF) < 0, "an unknown operation fails");
	is(finished, 2, "after those before it");
	ops[0] = (struct mmuext_op){.cmd = MMUEXT_TLB_FLUSH_MULTI, .arg2 = {.vcpumask = {&vcpus}}};
	ops[1] = (struct mmuext_op){.cmd = MMUEXT_INVLPG_MULTI,
				    .arg1 = {.linear_addr = (unsigned long)window},
				    .arg2 = {.vcpumask = {&vcpus}}};
	is(pv_mmuext_op(ops, 2, &finished, DOMID_SELF), 0, "flushes for a set of vCPUs");
	ops[0].arg2.vcpumask.p = (void *)0x7f00000000;
	ok(pv_mmuext_op(ops, 1, NULL, DOMID_SELF) < 0, "not for a set that is not there");
	is(pv_mmuext(MMUEXT_INVLPG_LOCAL, 1UL << 62), 0,
	   "a non-canonical address is flushed without harm");
	is(pv_mmuext(MMUEXT_INVLPG_ALL, (unsigned long)window), 0, "everywhere");
	is(pv_mmuext(MMUEXT_CLEAR_PAGE, pv_virt_to_mfn(page_a)), 0, "a page is cleared");
	is(*word_of(page_a), 0, "indeed");
	ops[0] = (struct mmuext_op){.cmd = MMUEXT_COPY_PAGE,
				    .arg1 = {.mfn = pv_virt_to_mfn(page_a)},
				    .arg2 = {.src_mfn = pv_virt_to_mfn(page_b)}};
	is(pv_mmuext_op(ops, 1, NULL, DOMID_SELF), 0, "a page is copied");
	is(*word_of(page_a), (long)*word_of(page_b), "indeed");
	ok(pv_mmuext(MMUEXT_CLEAR_PAGE, pv_virt_to_mfn(pv_root)) < 0, "a table is not cleared");
	ok(pv_mmuext(MMUEXT_CLEAR_PAGE, 0x101) < 0, "nor another's frame");
	ops[0].arg2.src_mfn = 0x101;
	ok(pv_mmuext_op(ops, 1, NULL, DOMID_SELF) < 0, "nor is it copied from");
	is(pv_mmuext_op((void *)0x7f00000000, 1, NULL, DOMID_SELF), -XEN_EFAULT,
	   "operations that are not there");
	ok(pv_pin((void *)0x100000, 4) < 0, "our own text, mapped writable, is no root");
	is(pv_mmuext(MMUEXT_PIN_L4_TABLE, 0xffffffffff) < 0, 1, "nor is nothing");
}

static void guest_main(void)
{
	check_mmu_update();
	check_preserve();
	check_machphys();
	check_bad_updates();
	check_update_va_mapping();
	check_foreign_frames();
	check_tables_stay_read_only();
	check_pin_l1();
	check_pin_tree();
	check_direct_writes();
	check_bad_direct_writes();
	check_mmuext();
}
