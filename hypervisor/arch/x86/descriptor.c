/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The processor's tables: GDT, LDT, TSS, IDT, and which descriptors a guest may have. */
#include <arch/cpu.h>
#include <arch/descriptor.h>
#include <arch/instructions.h>
#include <arch/paging.h>
#include <arch/regs.h>
#include <arch/speculation.h>
#include <arch/vcpu.h>
#include <domain/domain.h>

struct gate {
	uint16_t offset_0;
	uint16_t selector;
	uint8_t stack; /* IST number */
	uint8_t type;
	uint16_t offset_16;
	uint32_t offset_32;
	uint32_t reserved;
} __attribute__((packed));

struct table_pointer {
	uint16_t limit;
	uint64_t base;
} __attribute__((packed));

#define GATE_INTERRUPT 0x8e
#define GATE_USER      0x60 /* ring 3 may use INT n for it */

#define TSS_LIMIT (IO_BITMAP_ALLOWED + 0x2000)
#define GDT_LIMIT ((GDT_GUEST_PAGES + 1) * 4096 - 1)

static struct gate idt[256] __attribute__((aligned(4096)));

/* The flat segments; TSS and LDT differ with the CPU and take two entries each. */
static const uint64_t gdt_template[] = {
	[(SELECTOR_CODE - SELECTOR_BASE) / 8] = 0x00af9b000000ffff,
	[(SELECTOR_DATA - SELECTOR_BASE) / 8] = 0x00cf93000000ffff,
	[(SELECTOR_USER32 - SELECTOR_BASE) / 8] = 0x00cffb000000ffff,
	[(SELECTOR_USERDATA - SELECTOR_BASE) / 8] = 0x00cff3000000ffff,
	[(SELECTOR_USER64 - SELECTOR_BASE) / 8] = 0x00affb000000ffff,
};

#define DESCRIPTOR_TSS 0x89
#define DESCRIPTOR_LDT 0x82

static uint64_t *gdt_page(unsigned cpu)
{
	return (uint64_t *)(cpu_area(cpu) + CPU_GDT) + SELECTOR_BASE / 8;
}

static void set_system_descriptor(unsigned cpu, unsigned selector, uint64_t base, uint64_t limit,
				  uint64_t type)
{
	uint64_t *entry = gdt_page(cpu) + (selector - SELECTOR_BASE) / 8;

	entry[0] = (limit & 0xffff) | (base & 0xffffff) << 16 | type << 40 |
		   (limit & 0xf0000) << 32 | (base & 0xff000000) << 32;
	entry[1] = base >> 32;
}

static void set_gate(unsigned vector, uint64_t address, uint8_t stack, uint8_t type)
{
	idt[vector] = (struct gate){
		.offset_0 = (uint16_t)address,
		.selector = SELECTOR_CODE,
		.stack = stack,
		.type = type,
		.offset_16 = (uint16_t)(address >> 16),
		.offset_32 = (uint32_t)(address >> 32),
	};
}

extern const char exception_gates[32][32], interrupt_gates[224][16], guard_gates[256][16];
extern const uint64_t own_stack_gates[4], guard_own_stack_gates[4];

static uint64_t gate_address(unsigned vector)
{
	if (speculation_guards_entry()) {
		return (uint64_t)guard_gates[vector];
	}
	return vector < 32 ? (uint64_t)exception_gates[vector]
			   : (uint64_t)interrupt_gates[vector - 32];
}

static void build_idt(void)
{
	const uint64_t *own = speculation_guards_entry() ? guard_own_stack_gates : own_stack_gates;
	static const uint8_t own_stack_vectors[] = {VECTOR_DF, VECTOR_NMI, VECTOR_MC, VECTOR_DB};

	for (unsigned vector = 0; vector < 256; vector++) {
		set_gate(vector, gate_address(vector), 0, GATE_INTERRUPT);
	}
	for (uint8_t i = 0; i < ARRAY_COUNT(own_stack_vectors); i++) {
		set_gate(own_stack_vectors[i], own[i], (uint8_t)(i + 1), GATE_INTERRUPT);
	}
	idt[VECTOR_BP].type |= GATE_USER;
	idt[VECTOR_OF].type |= GATE_USER;
}

const void *descriptors_idt(void)
{
	return idt;
}

/* Where the processor's pushes go: to the stacks that handlers run on, or, guarded, before them. */
static void set_stacks(struct tss *tss, unsigned cpu)
{
	uint64_t area = cpu_area(cpu), gate = area + CPU_GATE;

	if (speculation_guards_entry()) {
		tss->rsp0 = gate + GATE_ENTRY_TOP;
		tss->ist[0] = gate + GATE_STACK_DF;
		tss->ist[1] = gate + GATE_STACK_NMI;
		tss->ist[2] = gate + GATE_STACK_MC;
		tss->ist[3] = gate + GATE_STACK_DB;
	} else {
		tss->rsp0 = area + CPU_STACK_TOP;
		tss->ist[0] = area + CPU_STACK_DF;
		tss->ist[1] = area + CPU_STACK_NMI;
		tss->ist[2] = area + CPU_STACK_MC;
		tss->ist[3] = area + CPU_STACK_DB;
	}
}

void descriptors_load_idt(void)
{
	struct table_pointer pointer = {sizeof(idt) - 1, (uint64_t)idt};

	__asm__ volatile("lidt %0" : : "m"(pointer));
}

static void load_gdt(unsigned cpu)
{
	struct table_pointer pointer = {GDT_LIMIT, cpu_area(cpu) + CPU_GDT};

	__asm__ volatile("lgdt %0\n\t"
			 "pushq %1\n\t"
			 "leaq 1f(%%rip), %%rax\n\t"
			 "pushq %%rax\n\t"
			 "lretq\n"
			 "1:\tmovl %2, %%ss\n\t"
			 "movl %3, %%ds\n\t"
			 "movl %3, %%es\n\t"
			 "movl %3, %%fs\n\t"
			 "movl %3, %%gs\n\t"
			 "lldt %w3\n\t"
			 "ltr %w4"
			 :
			 : "m"(pointer), "i"(SELECTOR_CODE), "r"(SELECTOR_DATA), "r"(0),
			   "r"(SELECTOR_TSS)
			 : "rax", "memory");
}

void descriptors_init_cpu(unsigned cpu)
{
	struct tss *tss = (struct tss *)(cpu_area(cpu) + CPU_TSS);
	uint64_t *gdt = gdt_page(cpu);

	cpu_area_map(cpu, CPU_GDT + SELECTOR_BASE, cpu_area_new_page(), PAGING_RW);
	for (unsigned page = 0; page < GDT_GUEST_PAGES; page++) {
		cpu_area_map(cpu, CPU_GDT + page * PAGE_SIZE, zero_page_paddr(), PAGING_RO);
	}
	cpu_area_map(cpu, CPU_TSS & PAGE_MASK, cpu_area_new_page(), PAGING_RW);
	cpu_area_map(cpu, CPU_IO_BITMAP, ones_page_paddr(), PAGING_RO);
	cpu_area_map(cpu, CPU_IO_BITMAP + PAGE_SIZE, ones_page_paddr(), PAGING_RO);
	cpu_area_map(cpu, CPU_IO_BITMAP + 2 * PAGE_SIZE, ones_page_paddr(), PAGING_RO);

	for (unsigned i = 0; i < ARRAY_COUNT(gdt_template); i++) {
		gdt[i] = gdt_template[i];
	}
	*tss = (struct tss){.io_bitmap_at = IO_BITMAP_DENIED};
	set_stacks(tss, cpu);
	set_system_descriptor(cpu, SELECTOR_TSS, (uint64_t)tss, TSS_LIMIT, DESCRIPTOR_TSS);
	set_system_descriptor(cpu, SELECTOR_LDT, cpu_area(cpu) + CPU_LDT, 0, DESCRIPTOR_LDT);
	if (cpu == 0) {
		build_idt();
	}
	load_gdt(cpu);
	descriptors_load_idt();
}

void descriptors_set_ldt_limit(unsigned bytes)
{
	unsigned cpu = cpu_id();
	uint32_t selector = bytes ? SELECTOR_LDT : 0;

	if (bytes) {
		set_system_descriptor(cpu, SELECTOR_LDT, cpu_area(cpu) + CPU_LDT, bytes - 1,
				      DESCRIPTOR_LDT);
	}
	__asm__ volatile("lldt %w0" : : "r"(selector));
}
