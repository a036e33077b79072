/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest's direct write to one of its page tables, done for it. */
#include <arch/emulate.h>
#include <arch/port.h>
#include <arch/regs.h>
#include <arch/trap.h>
#include <domain/domain.h>
#include <memory/mmu_update.h>

/* How often an entry may be found changed meanwhile before the guest has to begin anew. */
#define TRIES 8

/* Registers besides the flags that an instruction changes when it has found `old` in memory. */
static void return_old(struct guest_frame *frame, const struct instruction *ins, uint64_t old)
{
	if (ins->operation == OP_XCHG || ins->operation == OP_XADD) {
		emulate_write_register(frame, ins, ins->reg, old);
	} else if (ins->operation == OP_CMPXCHG && !(frame->rflags & RFLAGS_ZF)) {
		emulate_write_register(frame, ins, 0, old);
	}
}

/* Reads, computes, and writes if what was read is still there. */
static int read_and_write(struct vcpu *v, struct guest_frame *frame, const struct instruction *ins,
			  uint64_t source, struct emulated_write *write)
{
	uint64_t old = 0, rflags = 0;
	int rc;

	if (guest_read(&old, GUEST_VA(write->va), write->bytes)) {
		return -EINVAL;
	}
	write->expected = &old;
	for (unsigned i = 0; i < TRIES; i++) {
		rflags = frame->rflags;
		write->value = instruction_compute(ins, old, source,
						   emulate_read_register(frame, ins, 0), &rflags);
		rc = page_table_emulated_write(&v->domain->memory, v->memory.kernel_root, write);
		if (rc != -EAGAIN) {
			break;
		}
	}
	if (rc == 0) {
		frame->rflags = rflags;
		return_old(frame, ins, old);
	}
	return rc;
}

bool emulate_table_write(struct vcpu *v, struct guest_frame *frame, uint64_t address)
{
	struct emulated_write write = {.va = address};
	struct instruction ins;
	uint64_t source;
	int rc;

	if (!emulate_fetch(v, frame, &ins) || !ins.is_memory || ins.operation < OP_MOV) {
		return false;
	}
	source = ins.has_immediate ? ins.immediate : emulate_read_register(frame, &ins, ins.reg);
	write.bytes = ins.operand_bytes;
	if (likely(ins.operation == OP_MOV)) {
		write.value = source;
		rc = page_table_emulated_write(&v->domain->memory, v->memory.kernel_root, &write);
	} else {
		rc = read_and_write(v, frame, &ins, source, &write);
	}
	if (rc == -ERESTART || rc == -EAGAIN) {
		return true; /* the guest executes it once more */
	}
	if (rc) {
		return false;
	}
	emulate_advance(v, frame, ins.length);
	return true;
}
