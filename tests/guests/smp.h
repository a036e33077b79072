/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Several vCPUs for a test guest. smp_run() has a function executed on another vCPU, which is taken
 * up for it and goes down when it is done; smp_wait() waits for that. Checks are for vCPU 0 alone,
 * which prints them; the others leave numbers behind.
 */
#ifndef TESTS_SMP_H
#define TESTS_SMP_H

#include "guest.h"

#define SMP_MAX	       8
#define SMP_STACK_SIZE (4 * PAGE_SIZE)

struct smp_cpu;
typedef void smp_job(struct smp_cpu *cpu);

struct smp_cpu {
	unsigned int id;
	smp_job *volatile job;
	volatile uint64_t turns; /* for the job's own use, as these are */
	volatile uint64_t value;
	volatile bool stop;
	volatile unsigned int upcalls, nmis;

	/* Set by what may trap: where to go on then, and what came. */
	volatile uint64_t fixup;
	volatile uint64_t vector, address;
};

static struct smp_cpu smp_cpus[SMP_MAX];
static unsigned int smp_count; /* vCPUs we have, vCPU 0 included */
static uint8_t smp_stacks[SMP_MAX][SMP_STACK_SIZE] __attribute__((aligned(PAGE_SIZE)));

static inline void smp_pause(void)
{
	__asm__ volatile("pause" : : : "memory");
}

/* Whose stack we are on. */
static inline struct smp_cpu *smp_self(void)
{
	uint64_t offset = (uint64_t)__builtin_frame_address(0) - (uint64_t)smp_stacks;

	return &smp_cpus[offset < sizeof(smp_stacks) ? offset / SMP_STACK_SIZE : 0];
}

static inline volatile struct vcpu_info *smp_info(unsigned int id)
{
	return &pv_shared->vcpu_info[id];
}

static void smp_trapped(struct pv_regs *regs)
{
	struct smp_cpu *self = smp_self();

	if (!self->fixup) {
		pv_printf("# on vCPU %u:\n", self->id);
		guest_trapped(regs);
		return;
	}
	self->vector = regs->vector;
	self->address = smp_info(self->id)->arch.cr2;
	regs->rip = self->fixup;
}

static void smp_upcall(struct pv_regs *regs)
{
	struct smp_cpu *self = smp_self();
	volatile struct vcpu_info *info = smp_info(self->id);

	(void)regs;
	do {
		unsigned long words;

		info->evtchn_upcall_pending = 0;
		words = __atomic_exchange_n(&info->evtchn_pending_sel, 0, __ATOMIC_SEQ_CST);
		for (; words; words &= words - 1) {
			unsigned int word = (unsigned int)__builtin_ctzl(words);

			__atomic_fetch_and(&pv_shared->evtchn_pending[word],
					   pv_shared->evtchn_mask[word], __ATOMIC_SEQ_CST);
		}
		self->upcalls++;
	} while (info->evtchn_upcall_pending);
}

static void smp_nmi(struct pv_regs *regs)
{
	(void)regs;
	smp_self()->nmis++;
}

/* False: the access trapped, and `vector` and `address` say how. */
UNUSED static bool smp_write(volatile void *at, uint64_t value)
{
	struct smp_cpu *self = smp_self();

	self->vector = NO_TRAP;
	__asm__ volatile("movq $99f, %0\n\tmovq %2, (%1)\n99:\tmovq $0, %0"
			 : "+m"(self->fixup)
			 : "r"(at), "r"(value)
			 : "memory");
	return self->vector == NO_TRAP;
}

UNUSED static bool smp_read(const volatile void *at, uint64_t *value)
{
	struct smp_cpu *self = smp_self();
	uint64_t result = 0;

	self->vector = NO_TRAP;
	__asm__ volatile("movq $99f, %0\n\tmovq (%2), %1\n99:\tmovq $0, %0"
			 : "+m"(self->fixup), "+r"(result)
			 : "r"(at)
			 : "memory");
	*value = result;
	return self->vector == NO_TRAP;
}

/* Where the others live: a job, then down; the call of VCPUOP_down returns when they are up again.
 */
__attribute__((noreturn, used)) static void smp_main(struct smp_cpu *self)
{
	for (;;) {
		if (self->job) {
			self->job(self);
			self->job = NULL;
		}
		pv_vcpu_op(VCPUOP_down, self->id, NULL);
	}
}

void smp_entry(void);
__asm__("\t.pushsection .text\n"
	"smp_entry:\n"
	"\tcld\n"
	"\txor %ebp, %ebp\n"
	"\tcall smp_main\n"
	"\tud2\n"
	"\t.popsection\n");

UNUSED static void smp_context(struct vcpu_guest_context *c, unsigned int id)
{
	memset(c, 0, sizeof(*c));
	c->flags = VGCF_IN_KERNEL;
	c->user_regs.rip = (uint64_t)smp_entry;
	c->user_regs.rsp = (uint64_t)smp_stacks[id] + SMP_STACK_SIZE;
	c->user_regs.rdi = (uint64_t)&smp_cpus[id];
	c->user_regs.cs = FLAT_KERNEL_CS;
	c->user_regs.ss = FLAT_KERNEL_SS;
	c->user_regs.rflags = 0x200;
	c->kernel_ss = FLAT_KERNEL_SS;
	c->kernel_sp = c->user_regs.rsp;
	c->ctrlreg[3] = pv_virt_to_mfn(pv_root) << PV_PAGE_SHIFT;
	for (unsigned int vector = 0; vector < 256; vector++) {
		c->trap_ctxt[vector] = (struct trap_info){.vector = (uint8_t)vector,
							  .cs = FLAT_KERNEL_CS,
							  .address = pv_trap_stub(vector)};
	}
	c->event_callback_eip = (uint64_t)pv_entry_event;
	c->failsafe_callback_eip = (uint64_t)pv_entry_failsafe;
	c->syscall_callback_eip = (uint64_t)pv_entry_syscall;
}

static inline bool smp_is_up(unsigned int id)
{
	return pv_vcpu_op(VCPUOP_is_up, id, NULL) == 1;
}

/* Counts the vCPUs and takes over traps and events; the others are not initialised yet. */
UNUSED static void smp_prepare(void)
{
	while (smp_count < SMP_MAX && pv_vcpu_op(VCPUOP_is_up, smp_count, NULL) >= 0) {
		smp_cpus[smp_count].id = smp_count;
		smp_count++;
	}
	for (unsigned int vector = 0; vector < 256; vector++) {
		pv_handlers[vector] = smp_trapped;
	}
	pv_handlers[PV_VECTOR_EVENT] = smp_upcall;
	pv_handlers[PV_VECTOR_NMI] = smp_nmi;
}

/* All of them are initialised, and down; the first error, or 0. */
UNUSED static long smp_start(void)
{
	static struct vcpu_guest_context context;
	long rc = 0;

	smp_prepare();
	for (unsigned int id = 1; id < smp_count && !rc; id++) {
		smp_context(&context, id);
		rc = pv_vcpu_op(VCPUOP_initialise, id, &context);
	}
	return rc;
}

UNUSED static void smp_wait(unsigned int id)
{
	while (smp_is_up(id)) {
		smp_pause();
	}
}

UNUSED static struct smp_cpu *smp_run(unsigned int id, smp_job *job)
{
	struct smp_cpu *cpu = &smp_cpus[id];

	smp_wait(id);
	cpu->stop = false;
	cpu->turns = 0;
	cpu->job = job;
	pv_vcpu_op(VCPUOP_up, id, NULL);
	return cpu;
}

UNUSED static void smp_stop(unsigned int id)
{
	smp_cpus[id].stop = true;
	smp_wait(id);
}

#endif
