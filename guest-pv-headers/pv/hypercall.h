/* SPDX-License-Identifier: MIT */
/* Hypercalls of a guest kernel: the five-argument call and a thin, typed wrapper for each number.
 */
#ifndef PV_HYPERCALL_H
#define PV_HYPERCALL_H

#include <xen/callback.h>
#include <xen/event_channel.h>
#include <xen/grant_table.h>
#include <xen/memory.h>
#include <xen/physdev.h>
#include <xen/platform.h>
#include <xen/sched.h>
#include <xen/vcpu.h>
#include <xen/version.h>
#include <xen/xen.h>

/*
 * By SYSCALL, which every hypervisor of this ABI takes; or, with PV_HYPERCALL_PAGE defined, through
 * the page that the loader fills at the place the ELF note names (pv/start.h), 32 bytes a number.
 * Either way RCX and R11 are lost.
 */
#ifdef PV_HYPERCALL_PAGE
extern const uint8_t pv_hypercall_page[4096];
#define PV_HYPERCALL_INSN      "call *%[entry]"
#define PV_HYPERCALL_ENTRY(nr) [entry] "r"(pv_hypercall_page + 32 * (nr))
#else
#define PV_HYPERCALL_INSN "syscall"
#define PV_HYPERCALL_ENTRY(nr)
#endif

static inline long pv_hypercall(unsigned long nr, unsigned long a1, unsigned long a2,
				unsigned long a3, unsigned long a4, unsigned long a5)
{
	register unsigned long r10 __asm__("r10") = a4;
	register unsigned long r8 __asm__("r8") = a5;
	unsigned long result = nr;

	__asm__ volatile(PV_HYPERCALL_INSN
			 : "+a"(result), "+D"(a1), "+S"(a2), "+d"(a3), "+r"(r10), "+r"(r8)
			 : PV_HYPERCALL_ENTRY(nr)
			 : "rcx", "r11", "memory");
	return (long)result;
}

#define PV_CALL1(nr, a) pv_hypercall(__HYPERVISOR_##nr, (unsigned long)(a), 0, 0, 0, 0)
#define PV_CALL2(nr, a, b) \
	pv_hypercall(__HYPERVISOR_##nr, (unsigned long)(a), (unsigned long)(b), 0, 0, 0)
#define PV_CALL3(nr, a, b, c)                                                   \
	pv_hypercall(__HYPERVISOR_##nr, (unsigned long)(a), (unsigned long)(b), \
		     (unsigned long)(c), 0, 0)
#define PV_CALL4(nr, a, b, c, d)                                                \
	pv_hypercall(__HYPERVISOR_##nr, (unsigned long)(a), (unsigned long)(b), \
		     (unsigned long)(c), (unsigned long)(d), 0)

static inline long pv_set_trap_table(const struct trap_info *table)
{
	return PV_CALL1(set_trap_table, table);
}

static inline long pv_mmu_update(const struct mmu_update *updates, unsigned int count,
				 unsigned int *done, domid_t domain)
{
	return PV_CALL4(mmu_update, updates, count, done, domain);
}

static inline long pv_mmuext_op(const struct mmuext_op *ops, unsigned int count, unsigned int *done,
				domid_t domain)
{
	return PV_CALL4(mmuext_op, ops, count, done, domain);
}

static inline long pv_update_va_mapping(unsigned long va, uint64_t entry, unsigned long flags)
{
	return PV_CALL3(update_va_mapping, va, entry, flags);
}

static inline long pv_update_va_mapping_otherdomain(unsigned long va, uint64_t entry,
						    unsigned long flags, domid_t domain)
{
	return PV_CALL4(update_va_mapping_otherdomain, va, entry, flags, domain);
}

static inline long pv_set_gdt(const unsigned long *frames, unsigned int entries)
{
	return PV_CALL2(set_gdt, frames, entries);
}

static inline long pv_update_descriptor(uint64_t machine_address, uint64_t descriptor)
{
	return PV_CALL2(update_descriptor, machine_address, descriptor);
}

static inline long pv_stack_switch(unsigned long ss, unsigned long sp)
{
	return PV_CALL2(stack_switch, ss, sp);
}

static inline long pv_fpu_taskswitch(int set)
{
	return PV_CALL1(fpu_taskswitch, set);
}

static inline long pv_set_segment_base(unsigned int which, unsigned long base)
{
	return PV_CALL2(set_segment_base, which, base);
}

static inline long pv_set_debugreg(unsigned int reg, unsigned long value)
{
	return PV_CALL2(set_debugreg, reg, value);
}

static inline unsigned long pv_get_debugreg(unsigned int reg)
{
	return (unsigned long)PV_CALL1(get_debugreg, reg);
}

static inline long pv_platform_op(struct xen_platform_op *op)
{
	op->interface_version = XENPF_INTERFACE_VERSION;
	return PV_CALL1(platform_op, op);
}

static inline long pv_memory_op(unsigned int cmd, void *argument)
{
	return PV_CALL2(memory_op, cmd, argument);
}

static inline long pv_multicall(struct multicall_entry *calls, unsigned int count)
{
	return PV_CALL2(multicall, calls, count);
}

static inline long pv_set_timer_op(uint64_t deadline)
{
	return PV_CALL1(set_timer_op, deadline);
}

static inline long pv_xen_version(unsigned int cmd, void *buffer)
{
	return PV_CALL2(xen_version, cmd, buffer);
}

static inline long pv_console_io(unsigned int cmd, size_t length, const void *buffer)
{
	return PV_CALL3(console_io, cmd, length, buffer);
}

static inline long pv_physdev_op(unsigned int cmd, void *argument)
{
	return PV_CALL2(physdev_op, cmd, argument);
}

static inline long pv_grant_table_op(unsigned int cmd, void *ops, unsigned int count)
{
	return PV_CALL3(grant_table_op, cmd, ops, count);
}

static inline long pv_vm_assist(unsigned int cmd, unsigned int type)
{
	return PV_CALL2(vm_assist, cmd, type);
}

static inline long pv_vcpu_op(unsigned int cmd, unsigned int vcpu, void *argument)
{
	return PV_CALL3(vcpu_op, cmd, vcpu, argument);
}

static inline long pv_sched_op(unsigned int cmd, void *argument)
{
	return PV_CALL2(sched_op, cmd, argument);
}

static inline long pv_event_channel_op(unsigned int cmd, void *argument)
{
	return PV_CALL2(event_channel_op, cmd, argument);
}

static inline long pv_callback_op(unsigned int cmd, void *argument)
{
	return PV_CALL2(callback_op, cmd, argument);
}

static inline long pv_callback_register(unsigned int type, void (*entry)(void), unsigned int flags)
{
	struct callback_register callback = {
		.type = (uint16_t)type, .flags = (uint16_t)flags, .address = (unsigned long)entry};

	return pv_callback_op(CALLBACKOP_register, &callback);
}

static inline void pv_shutdown(unsigned int reason)
{
	struct sched_shutdown shutdown = {.reason = reason};

	for (;;) {
		pv_sched_op(SCHEDOP_shutdown, &shutdown);
	}
}

#endif
