/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a guest's handlers are and how it returns from them: trap table, callbacks, stack, iret. */
#include <arch/descriptor.h>
#include <arch/guest_copy.h>
#include <arch/regs.h>
#include <arch/segment_base.h>
#include <arch/trap.h>
#include <hypercall/hypercall.h>
#include <lib/error.h>
#include <lib/string.h>
#include <xen/callback.h>
#include <xen/nmi.h>

/* --- Trap table ---------------------------------------------------------------------------- */

static const unsigned TRAPS_PER_CHECK = 256;

/* Rows until one without an address; no table at all takes every handler away. */
long hypercall_set_trap_table(uint64_t traps, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
	struct vcpu *v = current_vcpu();
	struct trap_info row;

	if (!traps) {
		memset(v->arch.trap, 0, 256 * sizeof(v->arch.trap[0]));
		return 0;
	}
	for (unsigned done = 1;; done++, traps += sizeof(row)) {
		if (guest_read(&row, GUEST_VA(traps), sizeof(row))) {
			return refuse(-EFAULT);
		}
		if (!row.address) {
			return 0;
		}
		if (!address_is_canonical(row.address)) {
			return refuse(-EINVAL);
		}
		v->arch.trap[row.vector] = (struct trap_entry){
			.address = row.address,
			.cs = row.cs | 3,
			.dpl = TI_GET_DPL(&row),
			.masks_events = TI_GET_IF(&row),
		};
		/* A list without an end is the guest's right, but not to keep the CPU. */
		if (done % TRAPS_PER_CHECK == 0 && work_pending()) {
			return hypercall_again(traps + sizeof(row), 0, 0, 0);
		}
	}
}

/* --- Callbacks ----------------------------------------------------------------------------- */

static void set_callback(struct vcpu *v, enum guest_callback which, uint64_t address, bool masks)
{
	v->arch.callback[which] = (struct trap_entry){
		.address = address,
		.cs = FLAT_KERNEL_CS,
		.masks_events = masks,
	};
}

/* NMIs go to virtual CPU 0 alone, through the same table row as every other trap. */
static long set_nmi_callback(struct vcpu *v, uint64_t address)
{
	if (v->id != 0 || !address_is_canonical(address)) {
		return refuse(-EINVAL);
	}
	v->arch.trap[VECTOR_NMI] = (struct trap_entry){
		.address = address,
		.cs = FLAT_KERNEL_CS,
		.masks_events = true,
	};
	return 0;
}

static long unset_nmi_callback(struct vcpu *v)
{
	v->arch.trap[VECTOR_NMI] = (struct trap_entry){0};
	return 0;
}

static long register_callback(struct vcpu *v, const struct callback_register *c)
{
	bool masks = c->flags & CALLBACKF_mask_events;

	if (!address_is_canonical(c->address)) {
		return refuse(-EINVAL);
	}
	switch (c->type) {
	case CALLBACKTYPE_event:
		set_callback(v, CALLBACK_EVENT, c->address, true);
		return 0;
	case CALLBACKTYPE_failsafe:
		set_callback(v, CALLBACK_FAILSAFE, c->address, masks);
		return 0;
	case CALLBACKTYPE_syscall:
		set_callback(v, CALLBACK_SYSCALL, c->address, masks);
		return 0;
	case CALLBACKTYPE_syscall32:
		set_callback(v, CALLBACK_SYSCALL32, c->address, masks);
		return 0;
	case CALLBACKTYPE_sysenter:
		set_callback(v, CALLBACK_SYSENTER, c->address, masks);
		return 0;
	case CALLBACKTYPE_nmi:
		return set_nmi_callback(v, c->address);
	default:
		return refuse(-ENOSYS);
	}
}

/* A guest cannot do without the others once it has them. */
static long unregister_callback(struct vcpu *v, unsigned type)
{
	switch (type) {
	case CALLBACKTYPE_event:
	case CALLBACKTYPE_failsafe:
	case CALLBACKTYPE_syscall:
	case CALLBACKTYPE_sysenter:
		return refuse(-EINVAL);
	case CALLBACKTYPE_nmi:
		return unset_nmi_callback(v);
	default:
		return refuse(-ENOSYS);
	}
}

long hypercall_callback_op(uint64_t op, uint64_t arg, uint64_t a3, uint64_t a4, uint64_t a5)
{
	struct vcpu *v = current_vcpu();
	struct callback_register reg;
	struct callback_unregister unreg;

	switch (op) {
	case CALLBACKOP_register:
		if (guest_read(&reg, GUEST_VA(arg), sizeof(reg))) {
			return refuse(-EFAULT);
		}
		return register_callback(v, &reg);
	case CALLBACKOP_unregister:
		if (guest_read(&unreg, GUEST_VA(arg), sizeof(unreg))) {
			return refuse(-EFAULT);
		}
		return unregister_callback(v, unreg.type);
	default:
		return refuse(-ENOSYS);
	}
}

/* The older way to name three of them. */
long hypercall_set_callbacks(uint64_t event, uint64_t failsafe, uint64_t syscall, uint64_t a4,
			     uint64_t a5)
{
	struct vcpu *v = current_vcpu();

	if (!address_is_canonical(event) || !address_is_canonical(failsafe) ||
	    !address_is_canonical(syscall)) {
		return refuse(-EINVAL);
	}
	set_callback(v, CALLBACK_EVENT, event, true);
	set_callback(v, CALLBACK_FAILSAFE, failsafe, false);
	set_callback(v, CALLBACK_SYSCALL, syscall, false);
	return 0;
}

long hypercall_nmi_op(uint64_t op, uint64_t arg, uint64_t a3, uint64_t a4, uint64_t a5)
{
	struct vcpu *v = current_vcpu();
	struct xennmi_callback callback;

	switch (op) {
	case XENNMI_register_callback:
		if (guest_read(&callback, GUEST_VA(arg), sizeof(callback))) {
			return refuse(-EFAULT);
		}
		return set_nmi_callback(v, callback.handler_address);
	case XENNMI_unregister_callback:
		return unset_nmi_callback(v);
	default:
		return refuse(-ENOSYS);
	}
}

/* --- Stack and return ---------------------------------------------------------------------- */

long hypercall_stack_switch(uint64_t ss, uint64_t sp, uint64_t a3, uint64_t a4, uint64_t a5)
{
	struct vcpu *v = current_vcpu();

	v->arch.kernel_ss = (uint16_t)(ss | 3);
	v->arch.kernel_sp = sp;
	return 0;
}

/* What the guest may not set, or what would be meaningless to it. */
#define IRET_RFLAGS_KEPT (~(uint64_t)(RFLAGS_IOPL | RFLAGS_VM | RFLAGS_VIF | RFLAGS_VIP))

static void end_nmi(struct vcpu *v)
{
	v->arch.nmi_masked = false;
	if (v->arch.nmi_pending) {
		atomic_fetch_or_explicit(&this_cpu()->work, CPU_WORK_EVENTS, memory_order_relaxed);
	}
}

/*
 * Back to what a handler interrupted, by the frame on the guest kernel's stack. What RIP, CS and SS
 * are worth the processor finds out itself: an IRET that it refuses ends in the failsafe callback.
 */
long hypercall_iret(uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
	struct vcpu *v = current_vcpu();
	struct guest_frame *frame = guest_frame();
	const struct iret_context *from = (const struct iret_context *)frame->rsp;
	uint64_t cs, rflags, rax;

	if (unlikely(!guest_range_ok((uint64_t)from, sizeof(*from)))) {
		goto refused;
	}
	user_access_begin();
	frame->rip = GUEST_TAKE(&from->rip);
	cs = GUEST_TAKE(&from->cs);
	frame->cs = (uint16_t)cs | 3;
	rflags = GUEST_TAKE(&from->rflags);
	frame->rflags = (rflags & IRET_RFLAGS_KEPT) | RFLAGS_IF | RFLAGS_FIXED;
	frame->rsp = GUEST_TAKE(&from->rsp);
	frame->ss = (uint16_t)GUEST_TAKE(&from->ss) | 3;
	/* This hypercall came by SYSCALL; the guest may go back by SYSRET if it says so. */
	if (!(GUEST_TAKE(&from->flags) & VGCF_in_syscall)) {
		frame->entry = 0;
		frame->rcx = GUEST_TAKE(&from->rcx);
		frame->r11 = GUEST_TAKE(&from->r11);
	}
	rax = GUEST_TAKE(&from->rax);
	user_access_end();

	if ((cs & 3) == 3) {
		if (unlikely(mfn_is_none(v->memory.user_root))) {
			domain_crash(v->domain, "its iret to user mode finds no user page tables");
			return 0;
		}
		guest_toggle_mode(v);
	}
	if (unlikely(v->arch.kernel_ring == 0)) {
		vcpu_set_iopl(&v->arch, 0, rflags >> 12 & 3);
		descriptors_select_io(&v->arch);
	}
	if (unlikely(v->arch.nmi_masked)) {
		end_nmi(v);
	}
	v->events.info->evtchn_upcall_mask = !(rflags & RFLAGS_IF);
	return (long)rax;

fault:
	user_access_end();
refused:
	domain_crash(v->domain, "its iret finds no frame at %p", (const void *)from);
	return 0;
}
