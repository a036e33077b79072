/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Descriptor tables, segments and their bases: what a guest may load and what it never gets.
 * run: mem=512
 */
#include "user.h"

#define DESC_DATA   0x00cff3000000ffffUL /* flat, writable, level 3 */
#define DESC_CODE64 0x00affb000000ffffUL
#define DESC_CODE32 0x00cffb000000ffffUL
#define DESC_RING0  0x00cf93000000ffffUL
#define DESC_CALL   0x0000ec00e0330000UL /* call gate */
#define DESC_TSS    0x0000890000000067UL

static page_t gdt, ldt, spare;

static uint16_t load_fs(unsigned int selector)
{
	uint16_t now = 0xffff;

	TRY("mov %w1, %%fs\n\tmov %%fs, %w0", : "+r"(now) : "r"(selector) : "memory");
	return now;
}

static long put(page_t *table, unsigned int index, uint64_t descriptor)
{
	return pv_update_descriptor(pv_virt_to_machine(table) + 8UL * index, descriptor);
}

static void check_gdt(void)
{
	unsigned long frame = pv_virt_to_mfn(gdt);
	uint64_t *entries = (uint64_t *)gdt;

	entries[1] = DESC_DATA;
	ok(pv_set_gdt(&frame, 512) < 0, "a page with a writable mapping is no GDT");
	pv_remap(gdt, PTE_KERNEL_RO);
	is(pv_set_gdt(&frame, 512), 0, "a read-only one is");
	ok(pv_remap(gdt, PTE_KERNEL_RW) < 0, "and has no writable mapping then");
	is(load_fs(8 | 3), 8 | 3, "its segment is loaded");
	load_fs(16 | 3);
	ok(caught(PV_VECTOR_GP) || caught(PV_VECTOR_NP), "one that is not there is not");
	is(put(&gdt, 2, DESC_DATA), 0, "an entry is written");
	is(entries[2] & ~0x0000010000000000UL, (long)(DESC_DATA & ~0x0000010000000000UL),
	   "and is there");
	is(load_fs(16 | 3), 16 | 3, "and loaded");
	is(put(&gdt, 3, DESC_CODE64), 0, "64-bit code");
	is(put(&gdt, 4, DESC_CODE32), 0, "32-bit code");
	is(put(&gdt, 5, 0), 0, "nothing");
	load_fs(0);
}

/* What would give more than ring 3 is refused, or corrected on the way in. */
static void refused(uint64_t descriptor, const char *what)
{
	long rc = put(&gdt, 6, descriptor);
	uint64_t now = ((uint64_t *)gdt)[6];

	ok(rc < 0 || now != descriptor || !(now >> 47 & 1), "%s is refused or corrected", what);
	put(&gdt, 6, 0);
}

static void check_bad_descriptors(void)
{
	refused(DESC_RING0, "data of level 0");
	refused(0x00af9b000000ffffUL, "code of level 0");
	refused(0x00afbb000000ffffUL, "code of level 1");
	refused(0x00cf9f000000ffffUL, "conforming code of level 0");
	refused(DESC_TSS, "a task state segment");
	refused(0x00008e00e0330000UL, "an interrupt gate");
	refused(0x0000e200000000ffUL, "a local descriptor table");
	ok(put(&gdt, 6, DESC_CALL) <= 0, "a call gate is refused or emulated");
	put(&gdt, 6, 0);
	ok(pv_update_descriptor(pv_virt_to_machine(pv_root), DESC_DATA) < 0,
	   "a page table has no descriptors");
	ok(pv_update_descriptor(0x101000, DESC_DATA) < 0, "nor another's frame");
	ok(pv_update_descriptor(0xffffffffff000, DESC_DATA) < 0, "nor one that is not there");
	ok(pv_update_descriptor(pv_virt_to_machine(gdt) + 3, DESC_DATA) < 0, "nor an odd address");
	is(pv_update_descriptor(pv_virt_to_machine(spare) + 8, DESC_DATA), 0,
	   "a page of no type is written");
	is(((uint64_t *)spare)[1] & 0xffff, 0xffff, "and has it");
}

static void check_bad_gdts(void)
{
	unsigned long frames[16];

	frames[0] = pv_virt_to_mfn(pv_root);
	ok(pv_set_gdt(frames, 512) < 0, "a page table is no GDT");
	frames[0] = 0x101;
	ok(pv_set_gdt(frames, 512) < 0, "nor is another's frame");
	frames[0] = 0xffffffffff;
	ok(pv_set_gdt(frames, 512) < 0, "nor one that is not there");
	is(pv_set_gdt(frames, FIRST_RESERVED_GDT_ENTRY + 1), -XEN_EINVAL,
	   "nor one that reaches the hypervisor's part");
	is(pv_set_gdt((void *)0x7f00000000, 512), -XEN_EFAULT, "nor a list that is not there");
	pv_remap(spare, PTE_KERNEL_RO);
	memset(user_data, 0, sizeof(user_data));
	frames[0] = pv_virt_to_mfn(gdt);
	is(pv_set_gdt(frames, 512), 0, "the old one is taken again");
	is(load_fs(8 | 3), 8 | 3, "and works");
	is(pv_set_gdt(NULL, 0), 0, "none at all is fine");
	load_fs(8 | 3);
	ok(!caught(NO_TRAP), "its segments are gone");
	is(pv_remap(gdt, PTE_KERNEL_RW), 0, "and its page is ordinary memory");
	((uint64_t *)gdt)[6] = DESC_RING0;
	pv_remap(gdt, PTE_KERNEL_RO);
	frames[0] = pv_virt_to_mfn(gdt);
	ok(pv_set_gdt(frames, 512) < 0 || !(((uint64_t *)gdt)[6] == DESC_RING0),
	   "a table with an entry of level 0 is refused or corrected");
	load_fs(0);
}

static long set_ldt(const void *table, unsigned int entries)
{
	struct mmuext_op op = {.cmd = MMUEXT_SET_LDT,
			       .arg1 = {.linear_addr = (unsigned long)table},
			       .arg2 = {.nr_ents = entries}};

	return pv_mmuext_op(&op, 1, NULL, DOMID_SELF);
}

static void check_ldt(void)
{
	((uint64_t *)ldt)[1] = DESC_DATA;
	pv_remap(ldt, PTE_KERNEL_RO);
	is(set_ldt(ldt, 512), 0, "an LDT");
	is(load_fs(8 | 4 | 3), 8 | 4 | 3, "its segment is loaded");
	is(put(&ldt, 2, DESC_DATA), 0, "an entry is written");
	is(load_fs(16 | 4 | 3), 16 | 4 | 3, "and loaded");
	ok(put(&ldt, 3, DESC_RING0) < 0 || ((uint64_t *)ldt)[3] != DESC_RING0, "none of level 0");
	load_fs(0);
	ok(set_ldt(ldt, 8193) < 0, "8193 entries are too many");
	ok(set_ldt((const uint8_t *)ldt + 8, 8) < 0, "it begins at a page");
	is(set_ldt(NULL, 0), 0, "none");
	load_fs(8 | 4 | 3);
	ok(caught(PV_VECTOR_GP), "then its segments are gone");
	is(set_ldt((void *)0x7f00000000, 512), 0, "one that is not mapped is taken");
	load_fs(8 | 4 | 3);
	ok(!caught(NO_TRAP), "but its segments are not loaded");
	set_ldt(NULL, 0);
	load_fs(0);
}

static uint64_t read_fs(unsigned int offset)
{
	uint64_t value = 0;

	TRY("mov %%fs:(%1), %0", : "+r"(value) : "r"((uint64_t)offset) : "memory");
	return value;
}

static uint64_t read_gs(void)
{
	uint64_t value = 0;

	TRY("mov %%gs:0, %0", : "+r"(value) : : "memory");
	return value;
}

USER_CODE(do_read_gs, "mov %gs:0, %rax\n\tud2");

static void check_bases(void)
{
	static uint64_t words[2] = {0x1111, 0x2222};
	struct pv_regs regs = user_registers();

	is(pv_set_segment_base(SEGBASE_FS, (unsigned long)words), 0, "the base of FS");
	is(read_fs(8), 0x2222, "is used");
	is(pv_set_segment_base(SEGBASE_GS_KERNEL, (unsigned long)words), 0,
	   "the kernel's base of GS");
	is(read_gs(), 0x1111, "is used");
	((uint64_t *)user_data)[0] = 0x3333;
	is(pv_set_segment_base(SEGBASE_GS_USER, USER_DATA_VA), 0, "the user's base of GS");
	is(read_gs(), 0x1111, "is not the kernel's");
	if (is(user_start(), 0, "page tables for user mode")) {
		user_run(do_read_gs, &regs);
		is(guest_trap.rax, 0x3333, "the user's is used in user mode");
		is(read_gs(), 0x1111, "and the kernel's after it");
	}
	is(pv_set_segment_base(SEGBASE_GS_USER_SEL, 0), 0, "a null selector for the user's GS");
	ok(pv_set_segment_base(SEGBASE_FS, 1UL << 62) < 0, "a non-canonical base is refused");
	is(read_fs(0), 0x1111, "and changes nothing");
	is(pv_set_segment_base(99, 0), -XEN_EINVAL, "there is no other base");
	pv_set_segment_base(SEGBASE_FS, 0);
	is(pv_stack_switch(FLAT_KERNEL_SS, (unsigned long)user_trap_stack + PAGE_SIZE), 0,
	   "a kernel stack");
}

USER_CODE(do_load_fs, "mov %eax, %fs\n\tmov %fs, %eax\n\tud2");

/* An LDT that nobody has used yet, first used by a program, and by the way into one. */
static void check_users_ldt(void)
{
	struct pv_regs regs = user_registers();

	is(set_ldt(ldt, 512), 0, "an LDT for a program");
	regs.rax = 8 | 4 | 3;
	user_run(do_load_fs, &regs);
	ok(caught(PV_VECTOR_UD), "it loads a segment of it");
	is(guest_trap.rax, 8 | 4 | 3, "and has it");
	set_ldt(NULL, 0);
	is(set_ldt(ldt, 512), 0, "an LDT once more");
	regs.rax = 0;
	regs.ss = 8 | 4 | 3;
	user_run(do_load_fs, &regs);
	ok(caught(PV_VECTOR_UD), "an iret goes to a stack segment of it");
	is(guest_trap.ss, 8 | 4 | 3, "and the program has it");
	regs.ss = FLAT_USER_SS64;
	regs.rax = 0x1000 | 4 | 3;
	user_run(do_load_fs, &regs);
	ok(caught(PV_VECTOR_GP), "a selector beyond it is #GP");
	is(guest_trap.error, 0x1000 | 4, "with the selector as error code");
	set_ldt(NULL, 0);
	regs.ss = 8 | 4 | 3;
	user_run(do_load_fs, &regs);
	ok(!caught(PV_VECTOR_UD), "without an LDT the iret fails");
}

static void guest_main(void)
{
	check_gdt();
	check_bad_descriptors();
	check_bad_gdts();
	check_ldt();
	check_bases();
	check_users_ldt();
}
