/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The guest's debug registers: checked when set, in the processor while its vCPU runs. */
#include <arch/debug_regs.h>
#include <arch/guest_copy.h>
#include <arch/instructions.h>
#include <arch/regs.h>
#include <domain/domain.h>
#include <lib/error.h>

#define DR6_ONES 0xffff0ff0
#define DR6_BITS 0x0000e00f

#define DR7_ONE		 0x0400
#define DR7_BITS	 0xffff03ff /* local and global enables, exactness, conditions */
#define DR7_ENABLES	 0x00ff
#define DR7_DETECT	 0x2000
#define DR7_CONDITION(n) (16 + 4 * (n))
#define CONDITION_IO	 2

#define DR_BYTES_MAX 8 /* the longest thing one breakpoint watches */

/* A breakpoint on an address of ours would trap in the hypervisor instead of the guest. */
static int set_address(struct vcpu *v, unsigned number, uint64_t address)
{
	if (!guest_range_ok(address, DR_BYTES_MAX)) {
		return -EPERM;
	}
	v->arch.dr[number] = address;
	if (v == current_vcpu()) {
		debug_regs_load(v);
	}
	return 0;
}

/* Breakpoints on ports need CR4.DE, which stays off; DR7.GD would trap our own accesses. */
static int set_control(struct vcpu *v, uint64_t value)
{
	if (value >> 32 || value & DR7_DETECT) {
		return -EPERM;
	}
	for (unsigned n = 0; n < 4; n++) {
		if ((value >> DR7_CONDITION(n) & 3) == CONDITION_IO) {
			return -EPERM;
		}
	}
	v->arch.dr[7] = (value & DR7_BITS) | DR7_ONE;
	if (v == current_vcpu() && v->arch.uses_debug && !(value & DR7_ENABLES)) {
		write_dr7(DR7_ONE);
	}
	/* In the processor only while one is armed: who uses none pays nothing. */
	v->arch.uses_debug = value & DR7_ENABLES;
	if (v == current_vcpu()) {
		debug_regs_load(v);
	}
	return 0;
}

int debug_reg_set(struct vcpu *v, unsigned number, uint64_t value)
{
	switch (number) {
	case 0 ... 3:
		return set_address(v, number, value);
	case 4:
	case 6:
		if (value >> 32) {
			return -EINVAL;
		}
		v->arch.dr[6] = (value & DR6_BITS) | DR6_ONES;
		return 0;
	case 5:
	case 7:
		return set_control(v, value);
	default:
		return -ENODEV;
	}
}

int debug_reg_get(const struct vcpu *v, unsigned number, uint64_t *value)
{
	if (number > 7) {
		return -ENODEV;
	}
	*value = v->arch.dr[number == 4 || number == 5 ? number + 2 : number];
	return 0;
}

/* What the guest has set we hold already, and DR6 is taken over at each #DB. */
void debug_regs_save(struct vcpu *v)
{
	if (v->arch.uses_debug) {
		write_dr7(DR7_ONE);
	}
}

void debug_regs_load(struct vcpu *v)
{
	if (!v->arch.uses_debug) {
		return;
	}
	write_dr0(v->arch.dr[0]);
	write_dr1(v->arch.dr[1]);
	write_dr2(v->arch.dr[2]);
	write_dr3(v->arch.dr[3]);
	write_dr7(v->arch.dr[7]);
}
