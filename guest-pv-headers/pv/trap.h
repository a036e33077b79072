/* SPDX-License-Identifier: MIT */
/*
 * Traps: a stub for each of the 256 vectors and for the callbacks, one register frame for all of
 * them, a table of handlers in C, and the return by the iret hypercall.
 *
 * What the hypervisor pushes on the kernel stack before it enters a stub:
 *
 *	RSP ->	rcx  r11  [error code]  rip  cs  rflags  rsp  ss
 *
 * The failsafe callback (an iret could not load what it was told to) has ds es fs gs where the
 * error code would be. Of the word that holds CS, byte 4 is the event mask at the time.
 */
#ifndef PV_TRAP_H
#define PV_TRAP_H

#include "hypercall.h"
#include "start.h"

/* The frame a handler gets, and may change. */
struct pv_regs {
	uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
	uint64_t vector; /* or one of PV_VECTOR_* */
	uint64_t error;	 /* 0 where the vector has none */
	uint64_t rip, cs, rflags, rsp, ss;
};

enum pv_vector {
	PV_VECTOR_DE = 0,
	PV_VECTOR_DB = 1,
	PV_VECTOR_NMI = 2,
	PV_VECTOR_BP = 3,
	PV_VECTOR_OF = 4,
	PV_VECTOR_BR = 5,
	PV_VECTOR_UD = 6,
	PV_VECTOR_NM = 7,
	PV_VECTOR_TS = 10,
	PV_VECTOR_NP = 11,
	PV_VECTOR_SS = 12,
	PV_VECTOR_GP = 13,
	PV_VECTOR_PF = 14,
	PV_VECTOR_MF = 16,
	PV_VECTOR_AC = 17,
	PV_VECTOR_XM = 19,
	/* Not vectors: the callbacks. */
	PV_VECTOR_EVENT = 256,
	PV_VECTOR_FAILSAFE,
	PV_VECTOR_SYSCALL,
	PV_VECTOR_SYSCALL32,
	PV_VECTOR_SYSENTER,
	PV_VECTOR_NMI_CALLBACK,
	PV_VECTORS
};

typedef void pv_handler(struct pv_regs *regs);

/* A vector without handler ends the domain by SHUTDOWN_crash, through pv_trap_unexpected. */
static pv_handler *pv_handlers[PV_VECTORS];
static pv_handler *pv_trap_unexpected;

/* DS, ES, FS, GS as the last failsafe callback found them. */
__attribute__((used)) static uint64_t pv_failsafe_selectors[4];

/* Stub N is at pv_trap_stubs + PV_STUB_SIZE * N. Vectors of the bitmap come with an error code. */
#define PV_STUB_SIZE	 32
#define PV_ERROR_VECTORS 0x60227d00

extern const uint8_t pv_trap_stubs[];
void pv_entry_event(void);
void pv_entry_failsafe(void);
void pv_entry_syscall(void);
void pv_entry_syscall32(void);
void pv_entry_sysenter(void);
void pv_entry_nmi(void);

/* clang-format off */

/* RCX and R11 come back into their registers, their places take vector and error code. */
#define PV_STUB_HEAD             \
	"\tmov (%rsp), %rcx\n"   \
	"\tmov 8(%rsp), %r11\n"
#define PV_CALLBACK_STUB(name, vector)      \
	"\t.globl " #name "\n"              \
	#name ":\n"                         \
	PV_STUB_HEAD                        \
	"\tmovq $0, 8(%rsp)\n"              \
	"\tmovq $" #vector ", (%rsp)\n"     \
	"\tjmp pv_trap_common\n"

__asm__("\t.pushsection .text, \"ax\", @progbits\n"
	"\t.balign 32\n"
	"\t.globl pv_trap_stubs\n"
	"pv_trap_stubs:\n"
	"\tpv_vector_ = 0\n"
	"\t.rept 256\n"
	"\t.balign 32\n"
	PV_STUB_HEAD
	"\t.if (" PV_STRING(PV_ERROR_VECTORS) " >> (pv_vector_ & 31)) & (pv_vector_ < 32) & 1\n"
	"\tadd $8, %rsp\n"
	"\t.else\n"
	"\tmovq $0, 8(%rsp)\n"
	"\t.endif\n"
	"\tmovq $pv_vector_, (%rsp)\n"
	"\tjmp pv_trap_common\n"
	"\tpv_vector_ = pv_vector_ + 1\n"
	"\t.endr\n"
	PV_CALLBACK_STUB(pv_entry_event, 256)
	PV_CALLBACK_STUB(pv_entry_syscall, 258)
	PV_CALLBACK_STUB(pv_entry_syscall32, 259)
	PV_CALLBACK_STUB(pv_entry_sysenter, 260)
	PV_CALLBACK_STUB(pv_entry_nmi, 261)
	"\t.globl pv_entry_failsafe\n"
	"pv_entry_failsafe:\n"
	PV_STUB_HEAD
	"\tadd $16, %rsp\n"
	"\tpopq pv_failsafe_selectors(%rip)\n"
	"\tpopq pv_failsafe_selectors + 8(%rip)\n"
	"\tpopq pv_failsafe_selectors + 16(%rip)\n"
	"\tpopq pv_failsafe_selectors + 24(%rip)\n"
	"\tpush $0\n"
	"\tpush $257\n"
	"pv_trap_common:\n"
	"\tcld\n"
	"\tpush %rdi\n" "\tpush %rsi\n" "\tpush %rdx\n" "\tpush %rcx\n" "\tpush %rax\n"
	"\tpush %r8\n"  "\tpush %r9\n"  "\tpush %r10\n" "\tpush %r11\n" "\tpush %rbx\n"
	"\tpush %rbp\n" "\tpush %r12\n" "\tpush %r13\n" "\tpush %r14\n" "\tpush %r15\n"
	"\tmov %rsp, %rdi\n"
	"\tmov %rsp, %rbp\n"
	"\tand $-16, %rsp\n"
	"\tcall pv_trap_dispatch\n"
	"\tmov %rbp, %rsp\n"
	"\t.globl pv_trap_return\n"
	"pv_trap_return:\n"
	"\tpop %r15\n"  "\tpop %r14\n"  "\tpop %r13\n"  "\tpop %r12\n"  "\tpop %rbp\n"
	"\tpop %rbx\n"  "\tpop %r11\n"  "\tpop %r10\n"  "\tpop %r9\n"   "\tpop %r8\n"
	"\tpop %rax\n"  "\tpop %rcx\n"  "\tpop %rdx\n"  "\tpop %rsi\n"  "\tpop %rdi\n"
	"\tadd $16, %rsp\n"
	/* struct iret_context: rax, r11, rcx, flags, then the frame as it stands. */
	"\tpush $0\n"
	"\tpush %rcx\n"
	"\tpush %r11\n"
	"\tpush %rax\n"
	"\tmov $23, %eax\n"
	"\tsyscall\n"
	"\tud2\n"
	"\t.popsection\n");

/* clang-format on */

__attribute__((used)) static void pv_trap_dispatch(struct pv_regs *regs)
{
	if (pv_handlers[regs->vector]) {
		pv_handlers[regs->vector](regs);
		return;
	}
	if (pv_trap_unexpected) {
		pv_trap_unexpected(regs);
	}
	pv_shutdown(SHUTDOWN_crash);
}

/* Leaves by iret to what `regs` says, with all its registers. */
__attribute__((noreturn)) static inline void pv_iret(const struct pv_regs *regs)
{
	__asm__ volatile("mov %0, %%rsp\n\tjmp pv_trap_return" : : "r"(regs) : "memory");
	__builtin_unreachable();
}

static inline unsigned long pv_trap_stub(unsigned int vector)
{
	return (unsigned long)pv_trap_stubs + PV_STUB_SIZE * vector;
}

/* flags: least privilege for INT n (0 or 3), 4 to enter with events masked. */
static inline long pv_trap_set(unsigned int vector, unsigned int flags)
{
	struct trap_info table[2] = {{.vector = (uint8_t)vector,
				      .flags = (uint8_t)flags,
				      .cs = FLAT_KERNEL_CS,
				      .address = pv_trap_stub(vector)}};

	return pv_set_trap_table(table);
}

/* All vectors, INT3 and INTO open to user mode, and the callbacks. */
static inline void pv_traps_start(void)
{
	static struct trap_info table[257];

	for (unsigned int vector = 0; vector < 256; vector++) {
		table[vector] = (struct trap_info){.vector = (uint8_t)vector,
						   .flags = vector == 3 || vector == 4 ? 3 : 0,
						   .cs = FLAT_KERNEL_CS,
						   .address = pv_trap_stub(vector)};
	}
	pv_set_trap_table(table);
	pv_callback_register(CALLBACKTYPE_event, pv_entry_event, 0);
	pv_callback_register(CALLBACKTYPE_failsafe, pv_entry_failsafe, CALLBACKF_mask_events);
	pv_callback_register(CALLBACKTYPE_syscall, pv_entry_syscall, CALLBACKF_mask_events);
}

#endif
