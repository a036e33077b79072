/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Putting a vCPU on this CPU and taking it off; its state's life. */
#include <arch/control_regs.h>
#include <arch/debug_regs.h>
#include <arch/descriptor.h>
#include <arch/features.h>
#include <arch/fixup.h>
#include <arch/fpu.h>
#include <arch/instructions.h>
#include <arch/isolation.h>
#include <arch/msr.h>
#include <arch/paging.h>
#include <arch/port.h>
#include <arch/regs.h>
#include <arch/speculation.h>
#include <arch/switch.h>
#include <arch/tlb.h>
#include <arch/trap.h>
#include <debug/counters.h>
#include <domain/domain.h>
#include <lib/error.h>
#include <lib/heap.h>

#define TRAP_BYTES (256 * sizeof(struct trap_entry))

int vcpu_arch_init(struct vcpu *v)
{
	v->arch.trap = heap_alloc(TRAP_BYTES);
	if (!v->arch.trap || fpu_init_vcpu(v)) {
		vcpu_arch_free(v);
		return -ENOMEM;
	}
	v->arch.dr[6] = 0xffff0ff0;
	v->arch.dr[7] = 0x400;
	v->arch.cr4 = guest_cr4_fixed();
	vcpu_set_iopl(&v->arch, v->domain->vm_assist & BIT(VMASST_TYPE_architectural_iopl) ? 0 : 1,
		      0);
	v->arch.in_kernel = true;
	return 0;
}

void vcpu_arch_free(struct vcpu *v)
{
	heap_free(v->arch.trap, TRAP_BYTES);
	v->arch.trap = NULL;
	fpu_free_vcpu(v);
}

/* --- Segments ------------------------------------------------------------------------------ */

#define DEFINE_SELECTOR(name)                                                                    \
	static uint16_t read_##name(void)                                                        \
	{                                                                                        \
		uint16_t selector;                                                               \
		__asm__ volatile("movw %%" #name ", %0" : "=r"(selector));                       \
		return selector;                                                                 \
	}                                                                                        \
	/* False, and the null selector, where the guest's tables no longer have such a segment. \
	 */                                                                                      \
	static bool load_##name(uint16_t selector)                                               \
	{                                                                                        \
		bool ok = true;                                                                  \
		__asm__ volatile("1: movw %w1, %%" #name "\n"                                    \
				 "2:\n"                                                          \
				 ".pushsection .text.fixup, \"ax\", @progbits\n"                 \
				 "3: movl $0, %k1\n"                                             \
				 "movb $0, %0\n"                                                 \
				 "jmp 1b\n"                                                      \
				 ".popsection\n" FIXUP(1b, 3b)                                   \
				 : "+r"(ok), "+r"(selector));                                    \
		return ok;                                                                       \
	}

DEFINE_SELECTOR(ds)
DEFINE_SELECTOR(es)
DEFINE_SELECTOR(fs)
DEFINE_SELECTOR(gs)

static void save_segments(struct vcpu_arch *a)
{
	uint64_t gs_base = read_msr(MSR_GS_BASE), gs_other = read_msr(MSR_KERNEL_GS_BASE);

	a->ds = read_ds();
	a->es = read_es();
	a->fs = read_fs();
	a->gs = read_gs();
	a->fs_base = read_msr(MSR_FS_BASE);
	a->gs_base_kernel = a->in_kernel ? gs_base : gs_other;
	a->gs_base_user = a->in_kernel ? gs_other : gs_base;
}

/* Selectors first: loading FS or GS overwrites its base. */
static bool load_segments(const struct vcpu_arch *a)
{
	bool ok = load_ds(a->ds) & load_es(a->es) & load_fs(a->fs) & load_gs(a->gs);

	write_msr(MSR_FS_BASE, a->fs_base);
	write_msr(MSR_GS_BASE, a->in_kernel ? a->gs_base_kernel : a->gs_base_user);
	write_msr(MSR_KERNEL_GS_BASE, a->in_kernel ? a->gs_base_user : a->gs_base_kernel);
	return ok;
}

/* --- Page-table roots ---------------------------------------------------------------------- */

static void note_root(const struct vcpu *v, unsigned which)
{
	mfn_t root = which ? v->memory.kernel_root : v->memory.user_root;

	this_cpu()->root_of_guest[which] = mfn_is_none(root) ? 0 : mfn_to_paddr(root);
	isolation_root_changed(v, which);
}

void vcpu_kernel_root_changed(struct vcpu_memory *vm)
{
	struct vcpu *v = container_of(vm, struct vcpu, memory);

	if (v == current_vcpu()) {
		note_root(v, 1);
		tlb_switch_root(this_cpu()->root_of_guest[1]);
	}
}

void vcpu_user_root_changed(struct vcpu_memory *vm)
{
	struct vcpu *v = container_of(vm, struct vcpu, memory);

	if (v == current_vcpu()) {
		note_root(v, 0);
	}
}

static void switch_address_space(struct vcpu *from, struct vcpu *to)
{
	cpu_mask_t me = BIT(cpu_id());

	atomic_fetch_or_explicit(&to->domain->memory.cached_on, me, memory_order_acq_rel);
	note_root(to, 0);
	note_root(to, 1);
	/* Even if it is the same: what one has left here the other may believe flushed. */
	tlb_switch_root(this_cpu()->root_of_guest[to->arch.in_kernel]);
	if (!from || from->domain != to->domain) {
		speculation_switch_domain();
	}
	if (from && from->domain != to->domain) {
		atomic_fetch_and_explicit(&from->domain->memory.cached_on, ~me,
					  memory_order_acq_rel);
	}
}

/* The CPU may hold no translation of a domain whose tables may go. */
static void leave_address_space(const struct vcpu *from)
{
	tlb_switch_root(paging_idle_root());
	atomic_fetch_and_explicit(&from->domain->memory.cached_on, ~BIT(cpu_id()),
				  memory_order_acq_rel);
}

/* --- The switch ---------------------------------------------------------------------------- */

/*
 * A vCPU belongs to the CPU that has its registers, `held_by`. That CPU alone takes it and gives it
 * back; the scheduler sees to it that no two want to run it. One that has stopped stays where it is
 * until another runs there, or the CPU is asked to let go of it, which it looks for whenever it
 * has nothing to run, and while it waits here itself.
 */

static void save(struct vcpu *v)
{
	v->arch.frame = *guest_frame();
	save_segments(&v->arch);
	debug_regs_save(v);
	fpu_switch_from(v);
}

static void give_back(struct vcpu *v)
{
	atomic_store_explicit(&v->held_by, 0, memory_order_release);
}

static void empty_cpu(void)
{
	struct vcpu *v = current_vcpu();

	save(v);
	this_cpu()->vcpu = NULL;
	leave_address_space(v);
	descriptors_unload();
	give_back(v);
}

static bool has_idle_vcpu(void)
{
	const struct vcpu *v = current_vcpu();

	return v && v->runstate.state != RUNSTATE_running;
}

void vcpu_let_go(void)
{
	if (has_idle_vcpu()) {
		empty_cpu();
	}
}

/* The request stays while the vCPU has not stopped: who made it makes it but once. */
void vcpu_serve_meanwhile(void)
{
	struct cpu *cpu = this_cpu();

	cpu_relax();
	if (atomic_load_explicit(&cpu->work, memory_order_relaxed) & CPU_WORK_LET_GO &&
	    has_idle_vcpu()) {
		atomic_fetch_and_explicit(&cpu->work, ~(uint32_t)CPU_WORK_LET_GO,
					  memory_order_acquire);
		empty_cpu();
	}
}

/* Until no CPU has it. */
static void wait_for(const struct vcpu *v)
{
	unsigned holder;

	while ((holder = atomic_load_explicit(&v->held_by, memory_order_acquire))) {
		COUNT(let_go_kicks);
		atomic_fetch_or_explicit(&cpu_of(holder - 1)->work, CPU_WORK_LET_GO,
					 memory_order_release);
		cpu_kick(holder - 1);
		while (atomic_load_explicit(&v->held_by, memory_order_acquire) == holder) {
			vcpu_serve_meanwhile();
		}
	}
}

/*
 * Whoever waits here runs a vCPU of another domain and is the only one: domctls are performed one
 * at a time. So no two wait for each other, and the wait ends when the other CPU, which holds no
 * lock of ours, comes to its deferred work.
 */
void vcpu_take_off(const struct vcpu *v)
{
	/* Who has chosen it and not yet looked at its flags will, or takes it and lets go again. */
	while (credit_runs(&v->credit)) {
		unsigned holder = atomic_load_explicit(&v->held_by, memory_order_acquire);

		if (holder) {
			wait_for(v);
		}
		vcpu_serve_meanwhile();
	}
	wait_for(v);
}

void vcpu_switch(struct vcpu *next)
{
	struct cpu *cpu = this_cpu();
	struct vcpu *previous;

	if (cpu->vcpu == next) {
		return;
	}
	if (!next) {
		empty_cpu();
		return;
	}
	wait_for(next); /* and somebody may have got ours meanwhile */
	previous = cpu->vcpu;
	if (previous) {
		save(previous);
	}
	cpu->vcpu = next;
	atomic_store_explicit(&next->held_by, cpu->id + 1, memory_order_relaxed);
	switch_address_space(previous, next);
	if (previous) {
		give_back(previous);
	}
	descriptors_load_gdt(next);
	descriptors_load_ldt(next);
	descriptors_load_io_bitmap(next);
	descriptors_select_io(&next->arch);
	debug_regs_load(next);
	control_regs_load(next);
	msrs_load(next);
	fpu_switch_to(next);
	*guest_frame() = next->arch.frame;
	if (!load_segments(&next->arch)) {
		guest_enter_failsafe(next);
	}
}

void cpu_idle(void)
{
	/* STI takes effect after the next instruction, so no interrupt slips in between. */
	__asm__ volatile("sti\n\thlt\n\tcli" : : : "memory");
}
