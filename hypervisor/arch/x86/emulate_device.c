/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Dom0's writes to device memory that it can only read, done for it or dropped. */
#include <arch/emulate.h>
#include <arch/io.h>
#include <arch/trap.h>
#include <domain/domain.h>
#include <memory/page_entry.h>
#include <memory/page_table.h>

bool emulate_device_write(struct vcpu *v, struct guest_frame *frame, uint64_t address)
{
	struct guest_walk walk;
	struct instruction ins;
	uint64_t value;
	mfn_t mfn;

	if (v->domain != domain_hardware ||
	    !guest_translate(v->memory.kernel_root, address, &walk)) {
		return false;
	}
	mfn = entry_mfn(walk.entry[1]);
	if (frame_is_ram(mfn) || !emulate_fetch(v, frame, &ins) || !ins.is_memory ||
	    ins.operation != OP_MOV) {
		return false;
	}
	value = ins.has_immediate ? ins.immediate : emulate_read_register(frame, &ins, ins.reg);
	if (!io_write_read_only(mfn_to_paddr(mfn) | (address & ~PAGE_MASK), ins.operand_bytes,
				value)) {
		return false;
	}
	emulate_advance(v, frame, ins.length);
	return true;
}
