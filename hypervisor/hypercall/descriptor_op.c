/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Descriptor tables: set_gdt, update_descriptor. */
#include <arch/descriptor.h>
#include <hypercall/hypercall.h>
#include <lib/error.h>
#include <memory/mmu_update.h>

#define GDT_ENTRIES_PER_FRAME 512

long hypercall_set_gdt(uint64_t list, uint64_t entries, uint64_t a3, uint64_t a4, uint64_t a5)
{
	mfn_t frames[GDT_GUEST_PAGES];
	uint64_t count = (entries + GDT_ENTRIES_PER_FRAME - 1) / GDT_ENTRIES_PER_FRAME;
	int rc;

	if (entries > FIRST_RESERVED_GDT_ENTRY) {
		return refuse(-EINVAL);
	}
	if (guest_read(frames, GUEST_VA(list), count * sizeof(frames[0]))) {
		return refuse(-EFAULT);
	}
	rc = vcpu_set_gdt(current_vcpu(), frames, (unsigned)entries);
	return rc ? refuse(rc) : 0;
}

/* One descriptor by its machine address, in a table that is in use or in one still being made. */
long hypercall_update_descriptor(uint64_t at, uint64_t descriptor, uint64_t a3, uint64_t a4,
				 uint64_t a5)
{
	int rc = mmu_update_descriptor(&current_domain()->memory, at, descriptor);

	return rc == -ERESTART ? hypercall_again(at, descriptor, a3, a4) : rc;
}
