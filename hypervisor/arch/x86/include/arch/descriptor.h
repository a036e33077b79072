/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The processor's tables: GDT, LDT, TSS, IDT, and which descriptors a guest may have. */
#ifndef ARCH_DESCRIPTOR_H
#define ARCH_DESCRIPTOR_H

#include <arch/vcpu.h>

struct tss {
	uint32_t reserved0;
	uint64_t rsp0, rsp1, rsp2;
	uint64_t reserved1;
	uint64_t ist[7];
	uint64_t reserved2;
	uint16_t reserved3;
	uint16_t io_bitmap_at;
} __attribute__((packed));

void descriptors_init_cpu(unsigned cpu); /* maps the area's tables and loads them: on that CPU */
void descriptors_load_idt(void);
const void *descriptors_idt(void); /* a page */

/* The CPU's windows show the guest's tables: after a vCPU switch, set_gdt or a new LDT. */
void descriptors_set_ldt_limit(unsigned bytes);
void descriptors_load_gdt(const struct vcpu *v);
void descriptors_load_ldt(const struct vcpu *v);
void descriptors_load_io_bitmap(const struct vcpu *v);
void descriptors_unload(void); /* the windows are empty: the CPU has no vCPU any more */

/* Ports are open to what the guest's virtual IOPL admits: its kernel, and its programs at 3. */
static inline void descriptors_select_io(const struct vcpu_arch *a)
{
	struct tss *tss = (struct tss *)((char *)this_cpu() - CPU_DATA + CPU_TSS);

	tss->io_bitmap_at = a->io_bitmap_at[a->in_kernel];
}

static inline bool vcpu_may_use_ports(const struct vcpu_arch *a)
{
	return a->io_bitmap_at[a->in_kernel] == IO_BITMAP_ALLOWED;
}

/*
 * A vCPU's GDT: frames of descriptors, checked. -EINVAL changes nothing. The vCPU is the current
 * one, or does not run.
 */
int vcpu_set_gdt(struct vcpu *v, const mfn_t *frames, unsigned entries);
int vcpu_prepare_ldt(struct vcpu *v, guest_va_t base, uint64_t entries); /* for one on no CPU */
void descriptors_free_vcpu(struct vcpu *v);

/* The processor wants a page of the LDT that is not in the window yet. False: it is a fault. */
bool descriptors_fault_in_ldt(struct vcpu *v, uint64_t address);

#endif
