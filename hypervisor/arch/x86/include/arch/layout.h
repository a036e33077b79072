/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The address space: the hypervisor's sixteen L4 slots and what is in a CPU's area. */
#ifndef ARCH_LAYOUT_H
#define ARCH_LAYOUT_H

/*
 *   slot  address                what                                           guests
 *   256   0xffff800000000000     machine-to-physical table                      read
 *   257   0xffff808000000000     the same, for the hypervisor to write          -
 *   261   0xffff82c000000000     device registers (uncached)                    -
 *         0xffff82d040000000     text, constants, data                          -
 *         0xffff82d080000000     CPU areas: the text is within reach of a jump  -
 *         0xffff82e000000000     frame table: 16 bytes a frame                  -
 *         0xffff82f000000000     list links of frames: 8 bytes a frame          -
 *   262   0xffff830000000000     all RAM, to slot 271: 5 TiB                    -
 *
 * Slots 258 to 260 are empty. All sixteen slots have an L3 table from the start, so that a guest's
 * L4 gets the same sixteen entries for ever.
 */
#define HYPERVISOR_FIRST_SLOT 256
#define HYPERVISOR_LAST_SLOT  271

#define HYPERVISOR_START 0xffff800000000000
#define HYPERVISOR_END	 0xffff880000000000 /* first address behind it */
#define M2P_GUEST_BASE	 0xffff800000000000
#define M2P_BASE	 0xffff808000000000
#define MMIO_BASE	 0xffff82c000000000
#define IMAGE_BASE	 0xffff82d040000000 /* where physical address 0 would be */
#define IMAGE_LOAD	 0x200000	    /* physical address of the image */
#define CPU_AREA_BASE	 0xffff82d080000000
#define FRAME_TABLE_BASE 0xffff82e000000000
#define FRAME_LINKS_BASE 0xffff82f000000000
#define RAM_MAP_BASE	 0xffff830000000000
#define RAM_MAP_LIMIT	 0x50000000000 /* 5 TiB */

/*
 * A CPU's area. Everything is at the same place in each, so code finds its own CPU's data by
 * arithmetic: this_cpu() from the stack pointer, the SYSCALL stub from its instruction pointer.
 *
 *   0x00000  GDT window: 14 pages of the guest's, then the hypervisor's page
 *   0x10000  LDT window: 16 pages
 *   0x20000  TSS at the page's end, so that the I/O bitmap begins on the next page
 *   0x21000  I/O bitmap of the running domain: 2 pages, then a page that ends it
 *   0x24000  SYSCALL stubs of this CPU
 *   0x26000  the gate page of guarded entries and exits (entry_guard.S)
 *   0x30000  struct cpu: 2 pages
 *   0x33000  stacks of #DF, NMI, #MC, #DB: a page each, with an unmapped page before and behind
 *   0x3b000  the main stack: 5 pages, the page below is unmapped
 *   0x40000  end
 */
#define CPU_AREA_SIZE	 0x40000
#define CPU_BLOCK_SIZE	 0x10000 /* the part that holds struct cpu and all stacks, aligned */
#define CPU_GDT		 0x00000
#define CPU_LDT		 0x10000
#define CPU_TSS		 0x20f98
#define CPU_IO_BITMAP	 0x21000
#define CPU_STUBS	 0x24000
#define CPU_GATE	 0x26000
#define CPU_DATA	 0x30000
#define CPU_DATA_PAGES	 2
#define CPU_STACK_DF	 0x34000
#define CPU_STACK_NMI	 0x36000
#define CPU_STACK_MC	 0x38000
#define CPU_STACK_DB	 0x3a000
#define CPU_STACK_BOTTOM 0x3b000
#define CPU_STACK_TOP	 0x40000

/* The gate page: words, then small stacks, each given by its top. */
#define GATE_ROOT	 0x000 /* CR3 of ring 0 */
#define GATE_EXIT_ROOT	 0x008 /* CR3 of ring 3 */
#define GATE_SELECTOR	 0x010 /* for VERW */
#define GATE_SYSCALL_RSP 0x100
#define GATE_ENTRY_TOP	 0x200
#define GATE_STACK_DF	 0x300
#define GATE_STACK_NMI	 0x400
#define GATE_STACK_MC	 0x500
#define GATE_STACK_DB	 0x600
#define GATE_EXIT_TOP	 0x800

/* Offsets from the start of the block, for code that has only the masked stack pointer. */
#define CPU_BLOCK_STACK_TOP (CPU_STACK_TOP - CPU_DATA)

/* Selectors in the hypervisor's GDT page; those of ring 3 are the ABI's. */
#define GDT_GUEST_PAGES	  14
#define SELECTOR_BASE	  0xe000
#define SELECTOR_CODE	  0xe008
#define SELECTOR_DATA	  0xe010
#define SELECTOR_USER32	  0xe023
#define SELECTOR_USERDATA 0xe02b
#define SELECTOR_USER64	  0xe033
#define SELECTOR_TSS	  0xe040
#define SELECTOR_LDT	  0xe050

#ifndef __ASSEMBLER__
#define FRAME_TABLE ((struct frame *)FRAME_TABLE_BASE)
#define FRAME_LINKS ((struct frame_links *)FRAME_LINKS_BASE)
#define M2P	    ((uint64_t *)M2P_BASE)
#endif

#endif
