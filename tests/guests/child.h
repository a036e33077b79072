/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unprivileged domains, built by a guest in Dom0's place from its own image: a child begins as a
 * copy of its parent's memory, with tables, start_info and a stack of its own, at child_main().
 * What the two tell each other is in a page of the child's that the parent maps.
 */
#ifndef TESTS_CHILD_H
#define TESTS_CHILD_H

#include "guest.h"
#include <pv/control.h>

#define CHILD_PAGES  1024UL /* 4 MiB */
#define CHILD_TABLES 5	    /* L4, L3, L2, and an L1 for each 2 MiB */

struct child_letter {
	unsigned int role;		 /* by the parent, before it starts */
	volatile unsigned long state;	 /* by the child */
	volatile unsigned long argument; /* by either */
	volatile unsigned long failed;	 /* the line of a check that failed, or 0 */
};

struct child {
	domid_t id;
	unsigned long mfn[CHILD_PAGES]; /* by pfn */
};

extern uint8_t _text[], _end[];

static union {
	struct child_letter letter;
	page_t page;
} child_letter __attribute__((aligned(PAGE_SIZE)));
static page_t child_stack[2];
static page_t child_window; /* where the parent sees a page of a child while it builds it */
static page_t child_view;   /* where it sees the letter */

static unsigned int child_vcpus = 1; /* of each child; the first one is up when it begins */

static void child_main(struct child_letter *letter);

/* --- In the child ---------------------------------------------------------------------------- */

__attribute__((used)) static void child_begin(struct start_info *start)
{
	guest.start = start;
	pv_mmu_start(start);
	pv_events_start(start, guest_shared_info);
	pv_traps_start();
	child_main(&child_letter.letter);
	pv_shutdown(SHUTDOWN_poweroff);
}

static void child_enter_at(struct vcpu_guest_context *context, void *function, void *stack_end,
			   unsigned long root_mfn)
{
	memset(context, 0, sizeof(*context));
	context->flags = VGCF_in_kernel;
	context->user_regs.rip = (unsigned long)function;
	context->user_regs.cs = FLAT_KERNEL_CS;
	context->user_regs.rflags = 0x200;
	context->user_regs.rsp = (unsigned long)stack_end - 8;
	context->user_regs.ss = FLAT_KERNEL_SS;
	context->user_regs.ds = context->user_regs.es = FLAT_KERNEL_DS;
	context->user_regs.fs = context->user_regs.gs = FLAT_KERNEL_DS;
	context->kernel_ss = FLAT_KERNEL_SS;
	context->kernel_sp = context->user_regs.rsp;
	context->ctrlreg[3] = root_mfn << PV_PAGE_SHIFT;
}

/* Brings up the child's second vCPU, in a function that does not return. */
UNUSED static long child_start_second(void (*function)(void))
{
	static struct vcpu_guest_context context;
	static page_t stack;
	long rc;

	child_enter_at(&context, (void *)function, stack + sizeof(stack), pv_virt_to_mfn(pv_root));
	rc = pv_vcpu_op(VCPUOP_initialise, 1, &context);
	return rc ? rc : pv_vcpu_op(VCPUOP_up, 1, NULL);
}

/* --- In the parent --------------------------------------------------------------------------- */

/* Where the parts of a child are: its image where the parent's is, and the rest behind it. */
static unsigned long child_image_end(void)
{
	return pv_virt_to_pfn(_end);
}

static unsigned long child_info_pfn(void)
{
	return child_image_end();
}

static unsigned long child_p2m_pfn(void)
{
	return child_info_pfn() + 1;
}

static unsigned long child_table_pfn(void)
{
	return child_p2m_pfn() + CHILD_PAGES * sizeof(unsigned long) / PAGE_SIZE;
}

static bool child_open(const struct child *c, unsigned long pfn)
{
	return pv_map_foreign(child_window, c->id, c->mfn[pfn], PTE_KERNEL_RW) == 0;
}

static void child_copy_page(const struct child *c, unsigned long pfn, const void *from)
{
	if (child_open(c, pfn)) {
		memcpy(child_window, from, PAGE_SIZE);
	}
}

static void child_copy_image(const struct child *c)
{
	for (unsigned long pfn = pv_virt_to_pfn(_text); pfn < child_image_end(); pfn++) {
		child_copy_page(c, pfn, pv_pfn_to_virt(pfn));
	}
}

static void child_make_start_info(const struct child *c, unsigned long shared_info_mfn)
{
	struct start_info *si = (struct start_info *)child_window;

	if (child_open(c, child_info_pfn())) {
		memset(si, 0, PAGE_SIZE);
		si->nr_pages = CHILD_PAGES;
		si->shared_info = shared_info_mfn << PV_PAGE_SHIFT;
		si->pt_base = child_table_pfn() << PV_PAGE_SHIFT;
		si->nr_pt_frames = CHILD_TABLES;
		si->mfn_list = child_p2m_pfn() << PV_PAGE_SHIFT;
	}
}

/* One L1 table; the child's tables may not be writable for itself. */
static void child_make_l1(const struct child *c, unsigned long table, unsigned long first)
{
	uint64_t *entries = (uint64_t *)child_window;
	unsigned long tables = child_table_pfn();

	if (!child_open(c, table)) {
		return;
	}
	for (unsigned long i = 0; i < 512; i++) {
		unsigned long pfn = first + i;
		bool is_table = pfn >= tables && pfn < tables + CHILD_TABLES;

		entries[i] = PTE(c->mfn[pfn], is_table ? PTE_KERNEL_RO : PTE_KERNEL_RW);
	}
}

static void child_make_upper(const struct child *c, unsigned long table, unsigned long below,
			     unsigned int count)
{
	uint64_t *entries = (uint64_t *)child_window;

	if (child_open(c, table)) {
		memset(entries, 0, PAGE_SIZE);
		for (unsigned int i = 0; i < count; i++) {
			entries[i] = PTE(c->mfn[below + i], PTE_TABLE);
		}
	}
}

static void child_make_tables(const struct child *c)
{
	unsigned long l4 = child_table_pfn();

	child_make_l1(c, l4 + 3, 0);
	child_make_l1(c, l4 + 4, 512);
	child_make_upper(c, l4 + 2, l4 + 3, 2);
	child_make_upper(c, l4 + 1, l4 + 2, 1);
	child_make_upper(c, l4, l4 + 1, 1);
}

static void child_make_context(const struct child *c, struct vcpu_guest_context *context)
{
	child_enter_at(context, (void *)child_begin, (char *)child_stack + sizeof(child_stack),
		       c->mfn[child_table_pfn()]);
	context->flags |= VGCF_online;
	context->user_regs.rdi = child_info_pfn() << PV_PAGE_SHIFT;
}

/* The parent sees the letter from now on. */
UNUSED static struct child_letter *child_read_letter(const struct child *c)
{
	unsigned long pfn = pv_virt_to_pfn(&child_letter);

	if (pv_map_foreign(child_view, c->id, c->mfn[pfn], PTE_KERNEL_RW)) {
		return NULL;
	}
	return (struct child_letter *)child_view;
}

UNUSED static void child_forget_letter(void)
{
	pv_unmap_foreign(child_view);
}

/* Made and filled with memory, but for its vCPU's state; 0, or what the first failure was. */
static long child_create(struct child *c, unsigned int vcpus)
{
	struct xen_domctl_getdomaininfo info;
	long id = pv_domain_create(vcpus, 1023), rc;

	if (id < 0) {
		return id;
	}
	c->id = (domid_t)id;
	rc = pv_domain_set_vcpus(c->id, vcpus);
	rc = rc ? rc : pv_domain_set_memory(c->id, CHILD_PAGES * 4);
	for (unsigned long pfn = 0; pfn < CHILD_PAGES; pfn++) {
		c->mfn[pfn] = pfn;
	}
	if (rc == 0 && pv_domain_populate(c->id, c->mfn, CHILD_PAGES) != (long)CHILD_PAGES) {
		rc = -XEN_ENOMEM;
	}
	rc = rc ? rc : pv_domain_info(c->id, &info);
	if (rc == 0) {
		child_make_start_info(c, info.shared_info_frame);
	}
	return rc;
}

static long child_load(const struct child *c, unsigned int role)
{
	static struct vcpu_guest_context context;
	const uint8_t *list = (const uint8_t *)c->mfn;
	long rc;

	child_letter.letter = (struct child_letter){.role = role};
	child_copy_image(c);
	child_copy_page(c, child_p2m_pfn(), list);
	child_copy_page(c, child_p2m_pfn() + 1, list + PAGE_SIZE);
	child_make_tables(c);
	pv_unmap_foreign(child_window);
	rc = pv_domain_mmuext(c->id, MMUEXT_PIN_L4_TABLE, c->mfn[child_table_pfn()]);
	child_make_context(c, &context);
	return rc ? rc : pv_set_context(c->id, 0, &context);
}

/* All of it; it runs when it is unpaused. */
UNUSED static long child_build(struct child *c, unsigned int role)
{
	long rc = child_create(c, child_vcpus);

	return rc ? rc : child_load(c, role);
}

UNUSED static long child_run(const struct child *c)
{
	return pv_domctl_plain(XEN_DOMCTL_unpausedomain, c->id);
}

UNUSED static long child_pause(const struct child *c)
{
	return pv_domctl_plain(XEN_DOMCTL_pausedomain, c->id);
}

UNUSED static long child_destroy(const struct child *c)
{
	return pv_domctl_plain(XEN_DOMCTL_destroydomain, c->id);
}

/* Xen keeps a domain as a dying one while somebody maps its frames. */
UNUSED static bool child_is_gone(const struct child *c)
{
	struct xen_domctl_getdomaininfo info;
	long rc = pv_domain_info(c->id, &info);

	return rc == -XEN_ESRCH || info.domain != c->id ||
	       (!on_parvus() && info.flags & XEN_DOMINF_dying);
}

/* Lets others run for a while; false when that was often enough. */
UNUSED static bool child_wait(unsigned int *rounds)
{
	struct sched_poll poll = {.timeout = pv_time() + 1000000};

	pv_sched_op(SCHEDOP_poll, &poll);
	return ++*rounds < 10000;
}

UNUSED static bool child_wait_state(const struct child_letter *letter, unsigned long state)
{
	unsigned int rounds = 0;

	while (letter->state < state && child_wait(&rounds)) {
	}
	return letter->state >= state;
}

/* Until the flags are there. */
UNUSED static bool child_wait_flags(const struct child *c, uint32_t flags)
{
	struct xen_domctl_getdomaininfo info;
	unsigned int rounds = 0;

	do {
		if (pv_domain_info(c->id, &info) || info.domain != c->id) {
			return false;
		}
	} while ((info.flags & flags) != flags && child_wait(&rounds));
	return (info.flags & flags) == flags;
}

#endif
