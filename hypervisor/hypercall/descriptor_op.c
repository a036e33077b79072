/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Descriptor tables: set_gdt, update_descriptor. */
#include <arch/descriptor.h>
#include <hypercall/hypercall.h>
#include <lib/error.h>
#include <memory/page_type.h>

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

static void write_descriptor(mfn_t mfn, uint64_t offset, uint64_t descriptor)
{
	/* At once: the processor may be reading it. */
	__atomic_store_n((uint64_t *)frame_ptr(mfn) + offset / 8, descriptor, __ATOMIC_RELAXED);
}

/* One descriptor by its machine address, in a table that is in use or in one still being made. */
long hypercall_update_descriptor(uint64_t at, uint64_t descriptor, uint64_t a3, uint64_t a4,
				 uint64_t a5)
{
	struct domain_memory *dm = &current_domain()->memory;
	mfn_t mfn = paddr_to_mfn(at);
	uint64_t offset = at % PAGE_SIZE;

	if (offset % 8 || !descriptor_accept(&descriptor)) {
		return refuse(-EINVAL);
	}
	if (page_type_is(dm, mfn, PAGE_DESCRIPTOR) && !page_descriptor_get(dm, mfn)) {
		write_descriptor(mfn, offset, descriptor);
		page_descriptor_put(dm, mfn);
		return 0;
	}
	if (page_writable_get(dm, mfn, false)) {
		return refuse(-EINVAL);
	}
	write_descriptor(mfn, offset, descriptor);
	page_type_put(mfn);
	return 0;
}
