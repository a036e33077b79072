/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files that emulate instructions share; trap.h has what they are called by. */
#ifndef ARCH_EMULATE_H
#define ARCH_EMULATE_H

#include <arch/decode.h>
#include <arch/vcpu.h>

/* The instruction that has faulted, read and taken apart. */
bool emulate_fetch(const struct vcpu *v, const struct guest_frame *frame, struct instruction *ins);

/* On behind it; who steps through the code gets the #DB that the fault has swallowed. */
void emulate_advance(struct vcpu *v, struct guest_frame *frame, unsigned bytes);

/* A general register, as many bytes of it as the instruction's operand has. */
uint64_t emulate_read_register(struct guest_frame *frame, const struct instruction *ins,
			       unsigned number);
void emulate_write_register(struct guest_frame *frame, const struct instruction *ins,
			    unsigned number, uint64_t value);

#endif
