/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Entering a guest's handlers: the frames of the ABI on the guest kernel's stack. */
#include <arch/descriptor.h>
#include <arch/guest_copy.h>
#include <arch/regs.h>
#include <arch/trap.h>
#include <debug/counters.h>
#include <domain/domain.h>

/* What a handler never inherits from the code it interrupts. */
#define RFLAGS_CLEARED (RFLAGS_TF | RFLAGS_NT | RFLAGS_RF | RFLAGS_VM | RFLAGS_AC)

#define FRAME_WORDS_MAX 12

static __attribute__((noinline, cold)) void crash_without(struct vcpu *v, uint64_t handler,
							  uint64_t stack)
{
	if (!handler) {
		domain_crash(v->domain, "it has no handler for what happened (vector %u)",
			     guest_frame()->vector);
	} else {
		domain_crash(v->domain, "its stack at %#lx cannot take a frame", stack);
	}
}

/*
 * From low to high addresses:
 *	RCX, R11, what the kind of entry adds (error code, or DS ES FS GS), RIP, CS, RFLAGS, RSP, SS
 * CS has the event mask from before in bits 32-39, and ring 0 if the guest kernel was interrupted;
 * RFLAGS.IF is what the mask stood for. In line, so that the words never are an array in memory.
 */
static inline __attribute__((always_inline)) void
enter(struct vcpu *v, const struct trap_entry *handler, const uint64_t *extra, unsigned extra_count)
{
	struct guest_frame *frame = guest_frame();
	unsigned masked, count = 7 + extra_count, n = 0;
	uint64_t words[FRAME_WORDS_MAX], stack = frame->rsp, ring = ~UINT64_C(3);

	/* First, as it is a call: nothing that is read below has to outlive it. */
	if (!v->arch.in_kernel) {
		guest_toggle_mode(v);
		stack = v->arch.kernel_sp;
		ring = ~UINT64_C(0);
	}
	masked = v->events.info->evtchn_upcall_mask != 0;
	words[n++] = frame->rcx;
	words[n++] = frame->r11;
	for (unsigned i = 0; i < extra_count; i++) {
		words[n++] = extra[i];
	}
	words[n++] = frame->rip;
	words[n++] = (frame->cs & 0xffff & ring) | (uint64_t)masked << 32;
	words[n++] = (frame->rflags & ~(uint64_t)RFLAGS_IF) | (masked ? 0 : RFLAGS_IF) |
		     v->arch.shown_iopl;
	words[n++] = frame->rsp;
	words[n++] = frame->ss & 0xffff;

	stack = (stack & ~UINT64_C(15)) - count * sizeof(uint64_t);
	if (unlikely(!handler->address || !guest_range_ok(stack, count * sizeof(uint64_t)) ||
		     guest_write_words(stack, words, count * 8))) {
		crash_without(v, handler->address, stack);
		return;
	}
	if (handler->masks_events) {
		v->events.info->evtchn_upcall_mask = 1;
	}
	frame->entry = 0;
	frame->rip = handler->address;
	frame->cs = handler->cs | 3;
	frame->rflags = (frame->rflags & ~(uint64_t)RFLAGS_CLEARED) | RFLAGS_IF | RFLAGS_FIXED;
	frame->rsp = stack;
	frame->ss = SELECTOR_USERDATA;
}

static void enter_plain(struct vcpu *v, const struct trap_entry *handler)
{
	enter(v, handler, NULL, 0);
}

static void enter_with_error(struct vcpu *v, const struct trap_entry *handler, uint64_t error)
{
	enter(v, handler, &error, 1);
}

void guest_enter_trap(struct vcpu *v, unsigned vector, uint32_t error)
{
	if (vector < 32 && (VECTORS_WITH_ERROR >> vector) & 1) {
		enter_with_error(v, &v->arch.trap[vector], error);
	} else {
		enter_plain(v, &v->arch.trap[vector]);
	}
}

void guest_enter_page_fault(struct vcpu *v, uint64_t address, uint32_t error)
{
	/* Both its rings are our ring 3; the guest wants to know which of its own it was. */
	error &= ~(uint32_t)PF_USER;
	if (!v->arch.in_kernel) {
		error |= PF_USER;
	}
	v->events.info->arch.cr2 = address;
	enter_with_error(v, &v->arch.trap[VECTOR_PF], error);
}

void guest_enter_event(struct vcpu *v)
{
	COUNT(upcalls);
	enter_plain(v, &v->arch.callback[CALLBACK_EVENT]);
}

void guest_enter_nmi(struct vcpu *v)
{
	enter_plain(v, &v->arch.trap[VECTOR_NMI]);
}

#define READ_SELECTOR(name)                                                 \
	({                                                                  \
		uint16_t selector_;                                         \
		__asm__ volatile("movw %%" #name ", %0" : "=r"(selector_)); \
		selector_;                                                  \
	})

void guest_enter_failsafe(struct vcpu *v)
{
	const uint64_t selectors[] = {READ_SELECTOR(ds), READ_SELECTOR(es), READ_SELECTOR(fs),
				      READ_SELECTOR(gs)};

	enter(v, &v->arch.callback[CALLBACK_FAILSAFE], selectors, ARRAY_COUNT(selectors));
}

/* SYSCALL by a guest's program: straight to its kernel's entry point. */
void guest_syscall(void)
{
	struct vcpu *v = current_vcpu();

	enter_plain(v, &v->arch.callback[CALLBACK_SYSCALL]);
}

/*
 * SYSCALL and SYSENTER by 32-bit programs. A guest that named no entry gets what a processor
 * without these instructions would give it.
 */
static void enter_32(enum guest_callback callback, unsigned else_vector)
{
	struct vcpu *v = current_vcpu();

	if (v->arch.callback[callback].address) {
		enter_plain(v, &v->arch.callback[callback]);
	} else {
		guest_enter_trap(v, else_vector, 0);
	}
}

void guest_syscall32(void)
{
	guest_frame()->rip -= 2; /* the instruction itself, if it ends as an exception */
	if (current_vcpu()->arch.callback[CALLBACK_SYSCALL32].address) {
		guest_frame()->rip += 2;
	}
	enter_32(CALLBACK_SYSCALL32, VECTOR_UD);
}

void guest_sysenter(void)
{
	enter_32(CALLBACK_SYSENTER, VECTOR_GP);
}

void guest_deliver_pending(struct vcpu *v)
{
	struct vcpu_info *info = v->events.info;

	if (unlikely(v->arch.nmi_pending && !v->arch.nmi_masked)) {
		v->arch.nmi_pending = false;
		v->arch.nmi_masked = true;
		guest_enter_nmi(v);
	} else if (info->evtchn_upcall_pending && !info->evtchn_upcall_mask) {
		guest_enter_event(v);
	}
}
