/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which descriptors a guest may have, and the windows through which the processor sees its tables.
 */
#include <arch/descriptor.h>
#include <arch/guest_copy.h>
#include <arch/instructions.h>
#include <arch/paging.h>
#include <domain/domain.h>
#include <lib/error.h>
#include <lib/string.h>
#include <memory/page_table.h>

/*
 * The frames in a window are held as frames of descriptors, so that no guest can write to them but
 * by update_descriptor. The window itself is writable: the processor marks descriptors accessed.
 */

#define DESCRIPTORS_PER_PAGE 512
#define LDT_PAGES	     16

#define DESCRIPTOR_PRESENT BIT(47)
#define DESCRIPTOR_RING	   (BIT(45) | BIT(46))
#define DESCRIPTOR_SEGMENT BIT(44) /* code or data; otherwise a gate or the system's */
#define DESCRIPTOR_TYPE	   (UINT64_C(0xf) << 40)

bool descriptor_accept(uint64_t *descriptor)
{
	uint64_t d = *descriptor;

	if (!(d & DESCRIPTOR_PRESENT)) {
		return true;
	}
	if (!(d & DESCRIPTOR_SEGMENT)) {
		return !(d & DESCRIPTOR_TYPE); /* type 0 is none: every use of it faults */
	}
	*descriptor = d | DESCRIPTOR_RING;
	return true;
}

/* --- Windows ------------------------------------------------------------------------------- */

/* Pages that show something of a guest's: a CPU's own business. */
static struct {
	unsigned gdt, ldt;
} shown[CPU_MAX];

static unsigned table_pages(unsigned entries)
{
	return (entries + DESCRIPTORS_PER_PAGE - 1) / DESCRIPTORS_PER_PAGE;
}

static void show_page(unsigned offset, mfn_t mfn)
{
	if (mfn_is_none(mfn)) {
		cpu_area_map(cpu_id(), offset, zero_page_paddr(), PAGING_RO);
	} else {
		cpu_area_map(cpu_id(), offset, mfn_to_paddr(mfn), PAGING_RW);
	}
}

void descriptors_load_gdt(const struct vcpu *v)
{
	unsigned *before = &shown[cpu_id()].gdt, pages = table_pages(v->arch.gdt_entries);

	for (unsigned page = 0; page < MAX(pages, *before); page++) {
		show_page(CPU_GDT + page * PAGE_SIZE,
			  page < pages ? v->arch.gdt_frame[page] : MFN_NONE);
	}
	*before = pages;
}

/* The limit is what the guest said; pages come when they are used. */
void descriptors_load_ldt(const struct vcpu *v)
{
	unsigned *before = &shown[cpu_id()].ldt, pages = table_pages(v->arch.ldt_entries);

	if (!pages && !*before) {
		return;
	}
	for (unsigned page = 0; page < MAX(pages, *before); page++) {
		mfn_t mfn = page < pages ? v->arch.ldt_frame[page] : MFN_NONE;

		cpu_area_map(cpu_id(), CPU_LDT + page * PAGE_SIZE,
			     mfn_is_none(mfn) ? 0 : mfn_to_paddr(mfn),
			     mfn_is_none(mfn) ? 0 : PAGING_RW);
	}
	*before = pages;
	descriptors_set_ldt_limit(v->arch.ldt_entries * 8);
}

void descriptors_unload(void)
{
	unsigned cpu = cpu_id();

	for (unsigned page = 0; page < shown[cpu].gdt; page++) {
		show_page(CPU_GDT + page * PAGE_SIZE, MFN_NONE);
	}
	if (shown[cpu].ldt) {
		descriptors_set_ldt_limit(0);
	}
	for (unsigned page = 0; page < shown[cpu].ldt; page++) {
		cpu_area_map(cpu, CPU_LDT + page * PAGE_SIZE, 0, 0);
	}
	shown[cpu].gdt = shown[cpu].ldt = 0;
}

/* --- LDT ----------------------------------------------------------------------------------- */

static void drop_ldt(struct vcpu *v)
{
	for (unsigned page = 0; page < table_pages(v->arch.ldt_entries); page++) {
		if (!mfn_is_none(v->arch.ldt_frame[page])) {
			page_descriptor_put(&v->domain->memory, v->arch.ldt_frame[page]);
			v->arch.ldt_frame[page] = MFN_NONE;
		}
	}
	v->arch.ldt_entries = 0;
}

static bool ldt_is_acceptable(guest_va_t base, uint64_t entries)
{
	return entries <= LDT_PAGES * DESCRIPTORS_PER_PAGE && !(base.a & (PAGE_SIZE - 1)) &&
	       guest_range_ok(base.a, entries * 8);
}

static void replace_ldt(struct vcpu *v, guest_va_t base, unsigned entries)
{
	drop_ldt(v);
	for (unsigned page = 0; page < LDT_PAGES; page++) {
		v->arch.ldt_frame[page] = MFN_NONE;
	}
	v->arch.ldt_base = base.a;
	v->arch.ldt_entries = entries;
}

int vcpu_set_ldt(guest_va_t base, unsigned entries)
{
	struct vcpu *v = current_vcpu();

	if (!ldt_is_acceptable(base, entries)) {
		return -EINVAL;
	}
	if (!entries && !v->arch.ldt_entries) {
		return 0;
	}
	/* Out of the window first: what is let go of may be written to at once. */
	for (unsigned page = 0; page < shown[cpu_id()].ldt; page++) {
		cpu_area_map(cpu_id(), CPU_LDT + page * PAGE_SIZE, 0, 0);
	}
	replace_ldt(v, base, entries);
	descriptors_load_ldt(v);
	return 0;
}

int vcpu_prepare_ldt(struct vcpu *v, guest_va_t base, uint64_t entries)
{
	if (entries && !ldt_is_acceptable(base, entries)) {
		return -EINVAL;
	}
	replace_ldt(v, base, (unsigned)entries);
	return 0;
}

/*
 * The processor wants a descriptor of a page that is not in the window yet. It is looked for in the
 * kernel's tables: programs use the LDT, but it need not be mapped for them.
 */
bool descriptors_fault_in_ldt(struct vcpu *v, uint64_t address)
{
	uint64_t offset = address - (cpu_area(cpu_id()) + CPU_LDT);
	unsigned page = (unsigned)(offset / PAGE_SIZE);
	struct guest_walk walk;
	mfn_t mfn;

	if (offset >= v->arch.ldt_entries * UINT64_C(8) || !mfn_is_none(v->arch.ldt_frame[page]) ||
	    !guest_translate(v->memory.kernel_root, v->arch.ldt_base + page * PAGE_SIZE, &walk)) {
		return false;
	}
	mfn = entry_mfn(walk.entry[1]);
	if (page_descriptor_get(&v->domain->memory, mfn)) {
		return false;
	}
	v->arch.ldt_frame[page] = mfn;
	cpu_area_map(cpu_id(), CPU_LDT + page * PAGE_SIZE, mfn_to_paddr(mfn), PAGING_RW);
	return true;
}

/* --- GDT ----------------------------------------------------------------------------------- */

static void put_frames(struct vcpu *v, const mfn_t *frames, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		page_descriptor_put(&v->domain->memory, frames[i]);
	}
}

int vcpu_set_gdt(struct vcpu *v, const mfn_t *frames, unsigned entries)
{
	struct vcpu_arch *a = &v->arch;
	unsigned pages = table_pages(entries), old_pages = table_pages(a->gdt_entries);
	mfn_t old[GDT_GUEST_PAGES];

	for (unsigned i = 0; i < pages; i++) {
		int rc = page_descriptor_get(&v->domain->memory, frames[i]);

		if (rc) {
			put_frames(v, frames, i);
			return rc;
		}
	}
	memcpy(old, a->gdt_frame, old_pages * sizeof(old[0]));
	memcpy(a->gdt_frame, frames, pages * sizeof(frames[0]));
	a->gdt_entries = entries;
	if (v == current_vcpu()) {
		descriptors_load_gdt(v);
	}
	put_frames(v, old, old_pages);
	return 0;
}

void descriptors_free_vcpu(struct vcpu *v)
{
	put_frames(v, v->arch.gdt_frame, table_pages(v->arch.gdt_entries));
	v->arch.gdt_entries = 0;
	drop_ldt(v);
}

/* --- I/O permissions ------------------------------------------------------------------------- */

void descriptors_load_io_bitmap(const struct vcpu *v)
{
	const struct domain_arch *d = &v->domain->arch;

	for (unsigned page = 0; page < 2; page++) {
		cpu_area_map(cpu_id(), CPU_IO_BITMAP + page * PAGE_SIZE,
			     d->io_bitmap ? mfn_to_paddr(d->io_bitmap_frame[page])
					  : ones_page_paddr(),
			     PAGING_RO);
	}
}
