/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A vCPU's whole state from the ABI's context: how a vCPU that never ran gets its beginning. */
#include <arch/control_regs.h>
#include <arch/debug_regs.h>
#include <arch/descriptor.h>
#include <arch/fpu.h>
#include <arch/segment_base.h>
#include <arch/switch.h>
#include <domain/domain.h>
#include <lib/error.h>
#include <lib/string.h>
#include <memory/mmu_update.h>

_Static_assert(offsetof(struct cpu_user_regs, es) == sizeof(struct guest_frame),
	       "struct guest_frame is the head of the ABI's struct cpu_user_regs");

#define IOPL_SHIFT	  12
#define RFLAGS_NOT_GUESTS (RFLAGS_IOPL | RFLAGS_VM | RFLAGS_VIF | RFLAGS_VIP)

static bool addresses_are_good(const struct vcpu_guest_context *c)
{
	bool good = address_is_canonical(c->user_regs.rip) &&
		    address_is_canonical(c->event_callback_eip) &&
		    address_is_canonical(c->failsafe_callback_eip) &&
		    address_is_canonical(c->syscall_callback_eip) &&
		    address_is_canonical(c->fs_base) && address_is_canonical(c->gs_base_kernel) &&
		    address_is_canonical(c->gs_base_user);

	for (unsigned i = 0; i < ARRAY_COUNT(c->trap_ctxt); i++) {
		good &= address_is_canonical(c->trap_ctxt[i].address);
	}
	return good;
}

static void set_registers(struct vcpu *v, const struct vcpu_guest_context *c)
{
	struct vcpu_arch *a = &v->arch;

	memcpy(&a->frame, &c->user_regs, sizeof(a->frame));
	a->frame.entry = 0;
	a->frame.cs = (uint16_t)a->frame.cs | 3;
	a->frame.ss = (uint16_t)a->frame.ss | 3;
	vcpu_set_iopl(a, a->kernel_ring, a->frame.rflags >> IOPL_SHIFT & 3);
	a->frame.rflags =
		(a->frame.rflags & ~(uint64_t)RFLAGS_NOT_GUESTS) | RFLAGS_IF | RFLAGS_FIXED;
	a->ds = (uint16_t)c->user_regs.ds;
	a->es = (uint16_t)c->user_regs.es;
	a->fs = (uint16_t)c->user_regs.fs;
	a->gs = (uint16_t)c->user_regs.gs;
	a->fs_base = c->fs_base;
	a->gs_base_kernel = c->gs_base_kernel;
	a->gs_base_user = c->gs_base_user;
	a->kernel_ss = (uint16_t)c->kernel_ss | 3;
	a->kernel_sp = c->kernel_sp;
	if (c->flags & VGCF_I387_VALID) {
		fpu_set_image(v, &c->fpu_ctxt);
	}
}

static void set_handlers(struct vcpu *v, const struct vcpu_guest_context *c)
{
	struct trap_entry *callback = v->arch.callback;

	for (unsigned i = 0; i < ARRAY_COUNT(c->trap_ctxt); i++) {
		const struct trap_info *row = &c->trap_ctxt[i];

		v->arch.trap[i] = (struct trap_entry){
			.address = row->address,
			.cs = row->cs | 3,
			.dpl = TI_GET_DPL(row),
			.masks_events = TI_GET_IF(row),
		};
	}
	for (unsigned i = 0; i < CALLBACK_COUNT; i++) {
		callback[i] = (struct trap_entry){.cs = SELECTOR_USER64};
	}
	callback[CALLBACK_EVENT].address = c->event_callback_eip;
	callback[CALLBACK_EVENT].masks_events = true;
	callback[CALLBACK_FAILSAFE].address = c->failsafe_callback_eip;
	callback[CALLBACK_FAILSAFE].masks_events = c->flags & VGCF_failsafe_disables_events;
	callback[CALLBACK_SYSCALL].address = c->syscall_callback_eip;
	callback[CALLBACK_SYSCALL].masks_events = c->flags & VGCF_syscall_disables_events;
}

static int set_gdt(struct vcpu *v, const struct vcpu_guest_context *c)
{
	mfn_t frames[GDT_GUEST_PAGES];

	for (unsigned i = 0; i < GDT_GUEST_PAGES; i++) {
		frames[i] = MFN(c->gdt_frames[i]);
	}
	return vcpu_set_gdt(v, frames, (unsigned)c->gdt_ents);
}

/* [3] is CR3 with the root's frame number, [1] the same for programs, or 0. */
static int set_roots(struct vcpu *v, const struct vcpu_guest_context *c)
{
	struct domain_memory *dm = &v->domain->memory;
	mfn_t user = c->ctrlreg[1] ? paddr_to_mfn(c->ctrlreg[1]) : MFN_NONE;
	int rc = mmu_new_kernel_root(dm, &v->memory, paddr_to_mfn(c->ctrlreg[3]));

	return rc ? rc : mmu_new_user_root(dm, &v->memory, user);
}

static bool is_acceptable(const struct vcpu_guest_context *c)
{
	return addresses_are_good(c) && c->gdt_ents <= FIRST_RESERVED_GDT_ENTRY &&
	       (!(c->flags & VGCF_I387_VALID) || fpu_image_is_good(&c->fpu_ctxt));
}

int vcpu_set_context(struct vcpu *v, const struct vcpu_guest_context *c)
{
	int rc;

	if (!is_acceptable(c)) {
		return -EINVAL;
	}
	rc = set_roots(v, c);
	rc = rc ? rc : set_gdt(v, c);
	rc = rc ? rc : vcpu_prepare_ldt(v, GUEST_VA(c->ldt_base), c->ldt_ents);
	if (rc) {
		return rc;
	}
	for (unsigned i = 0; i < 8; i++) {
		if (i != 4 && i != 5) {
			(void)debug_reg_set(v, i, c->debugreg[i]);
		}
	}
	v->arch.in_kernel = c->flags & VGCF_in_kernel || mfn_is_none(v->memory.user_root);
	v->arch.guest_ts = c->ctrlreg[0] & CR0_TS;
	set_registers(v, c);
	set_handlers(v, c);
	v->arch.cr4 = guest_cr4_fixed();
	return 0;
}

/* --- The inverse ----------------------------------------------------------------------------- */

static void get_registers(const struct vcpu_arch *a, struct vcpu_guest_context *c)
{
	memcpy(&c->user_regs, &a->frame, sizeof(a->frame));
	c->user_regs.error_code = 0;
	c->user_regs.entry_vector = 0;
	c->user_regs.rflags |= (uint64_t)a->iopl << IOPL_SHIFT;
	c->user_regs.ds = a->ds;
	c->user_regs.es = a->es;
	c->user_regs.fs = a->fs;
	c->user_regs.gs = a->gs;
	c->fs_base = a->fs_base;
	c->gs_base_kernel = a->gs_base_kernel;
	c->gs_base_user = a->gs_base_user;
	c->kernel_ss = a->kernel_ss;
	c->kernel_sp = a->kernel_sp;
}

static void get_handlers(const struct vcpu_arch *a, struct vcpu_guest_context *c)
{
	for (unsigned i = 0; i < ARRAY_COUNT(c->trap_ctxt); i++) {
		const struct trap_entry *entry = &a->trap[i];

		c->trap_ctxt[i] = (struct trap_info){
			.vector = (uint8_t)i,
			.flags = (uint8_t)(entry->dpl | (entry->masks_events ? 4 : 0)),
			.cs = entry->cs,
			.address = entry->address,
		};
	}
	c->event_callback_eip = a->callback[CALLBACK_EVENT].address;
	c->failsafe_callback_eip = a->callback[CALLBACK_FAILSAFE].address;
	c->syscall_callback_eip = a->callback[CALLBACK_SYSCALL].address;
	if (a->callback[CALLBACK_FAILSAFE].masks_events) {
		c->flags |= VGCF_failsafe_disables_events;
	}
	if (a->callback[CALLBACK_SYSCALL].masks_events) {
		c->flags |= VGCF_syscall_disables_events;
	}
}

static void get_tables(const struct vcpu *v, struct vcpu_guest_context *c)
{
	const struct vcpu_arch *a = &v->arch;

	c->gdt_ents = a->gdt_entries;
	for (unsigned i = 0; i * (PAGE_SIZE / 8) < a->gdt_entries; i++) {
		c->gdt_frames[i] = a->gdt_frame[i].n;
	}
	c->ldt_base = a->ldt_base;
	c->ldt_ents = a->ldt_entries;
	c->ctrlreg[0] = guest_cr0(v);
	c->ctrlreg[2] = v->events.info->arch.cr2;
	c->ctrlreg[3] = mfn_to_paddr(v->memory.kernel_root);
	c->ctrlreg[4] = a->cr4;
	if (!mfn_is_none(v->memory.user_root)) {
		c->ctrlreg[1] = mfn_to_paddr(v->memory.user_root);
	}
}

void vcpu_get_context(const struct vcpu *v, struct vcpu_guest_context *c)
{
	memset(c, 0, sizeof(*c));
	c->flags = VGCF_I387_VALID | (v->arch.in_kernel ? VGCF_in_kernel : 0);
	fpu_get_image(v, &c->fpu_ctxt);
	get_registers(&v->arch, c);
	get_handlers(&v->arch, c);
	get_tables(v, c);
	for (unsigned i = 0; i < ARRAY_COUNT(c->debugreg); i++) {
		c->debugreg[i] = v->arch.dr[i];
	}
	if (v->id == 0) {
		c->vm_assist = v->domain->vm_assist;
	}
}

void vcpu_set_entry(struct vcpu *v, uint64_t rip, uint64_t rsp, uint64_t rsi)
{
	v->arch.frame = (struct guest_frame){
		.rip = rip,
		.cs = SELECTOR_USER64,
		.rflags = RFLAGS_IF | RFLAGS_FIXED,
		.rsp = rsp,
		.ss = SELECTOR_USERDATA,
		.rsi = rsi,
	};
	v->arch.ds = v->arch.es = v->arch.fs = v->arch.gs = SELECTOR_USERDATA;
	v->initialised = true;
}
