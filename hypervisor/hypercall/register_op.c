/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Registers that a guest kernel sets by hypercall: segment bases, CR0.TS, debug registers. */
#include <arch/control_regs.h>
#include <arch/debug_regs.h>
#include <arch/segment_base.h>
#include <hypercall/hypercall.h>
#include <lib/error.h>

/* In guest kernel mode the programs' GS base is the one that SWAPGS would bring. */
long hypercall_set_segment_base(uint64_t which, uint64_t base, uint64_t a3, uint64_t a4,
				uint64_t a5)
{
	if (unlikely(which == SEGBASE_GS_USER_SEL)) {
		segment_load_gs_other((uint16_t)base);
		return 0;
	}
	if (unlikely(!address_is_canonical(base))) {
		return refuse(-EINVAL);
	}
	switch (which) {
	case SEGBASE_FS:
		segment_write_fs_base(base);
		return 0;
	case SEGBASE_GS_KERNEL:
		segment_write_gs_base(base);
		return 0;
	case SEGBASE_GS_USER:
		segment_write_gs_base_other(base);
		return 0;
	default:
		return refuse(-EINVAL);
	}
}

long hypercall_fpu_taskswitch(uint64_t set, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
	guest_set_ts(current_vcpu(), set);
	return 0;
}

long hypercall_set_debugreg(uint64_t number, uint64_t value, uint64_t a3, uint64_t a4, uint64_t a5)
{
	int rc = debug_reg_set(current_vcpu(), (unsigned)MIN(number, 8U), value);

	return rc ? refuse(rc) : 0;
}

long hypercall_get_debugreg(uint64_t number, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
	uint64_t value;
	int rc = debug_reg_get(current_vcpu(), (unsigned)MIN(number, 8U), &value);

	return rc ? refuse(rc) : (long)value;
}
