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
		memcpy(a->fpu_area, &c->fpu_ctxt, sizeof(c->fpu_ctxt));
		fpu_mark_legacy(v);
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

	if (c->gdt_ents > GDT_GUEST_PAGES * PAGE_SIZE / 8) {
		return -EINVAL;
	}
	for (unsigned i = 0; i < GDT_GUEST_PAGES; i++) {
		frames[i] = MFN(c->gdt_frames[i]);
	}
	return vcpu_set_gdt(v, frames, (unsigned)c->gdt_ents);
}

/* [3] is CR3 with the root's frame number, [1] the root for programs, if its lowest bit is set. */
static int set_roots(struct vcpu *v, const struct vcpu_guest_context *c)
{
	struct domain_memory *dm = &v->domain->memory;
	int rc = mmu_new_kernel_root(dm, &v->memory, paddr_to_mfn(c->ctrlreg[3]));

	if (rc == 0 && c->ctrlreg[1] & 1) {
		rc = mmu_new_user_root(dm, &v->memory, paddr_to_mfn(c->ctrlreg[1] & PAGE_MASK));
	}
	return rc;
}

int vcpu_set_context(struct vcpu *v, const struct vcpu_guest_context *c)
{
	int rc;

	if (!addresses_are_good(c) || c->ldt_ents) {
		return -EINVAL;
	}
	rc = set_roots(v, c);
	if (rc) {
		return rc;
	}
	rc = set_gdt(v, c);
	if (rc) {
		return rc;
	}
	for (unsigned i = 0; i < 8; i++) {
		if (i != 4 && i != 5) {
			(void)debug_reg_set(v, i, c->debugreg[i]);
		}
	}
	v->arch.in_kernel = true;
	set_registers(v, c);
	set_handlers(v, c);
	v->arch.cr4 = guest_cr4_fixed();
	return 0;
}
