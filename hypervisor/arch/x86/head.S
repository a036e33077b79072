/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The doors: from 32 bits to start() in long mode, on CPU 0's own stack. */
#include <arch/layout.h>
#include <arch/regs.h>
#include <asm-offsets.h>
#include <boot/loader.h>

#define PHYS(symbol) ((symbol) - IMAGE_BASE)

/*
 * Multiboot 1: QEMU's -kernel and old loaders. The link without it has another word for the magic
 * (multiboot1_magic is the linker's), because QEMU tries Multiboot first and PVH last.
 */
#define MULTIBOOT1_HEADER_MAGIC 0x1badb002
#define MULTIBOOT1_FLAGS	0x00010003 /* pages aligned, memory map, addresses below */

	.section .head, "ax", @progbits
	.code32
	.balign 8
multiboot1_header:
	.long	multiboot1_magic
	.long	MULTIBOOT1_FLAGS
	.long	-(MULTIBOOT1_HEADER_MAGIC + MULTIBOOT1_FLAGS)
	.long	PHYS(multiboot1_header)
	.long	PHYS(image_start)
	.long	PHYS(image_file_end)
	.long	PHYS(image_end)
	.long	PHYS(start32)

/*
 * Multiboot 2: GRUB on BIOS and UEFI. Without the tag that asks for boot services GRUB leaves them,
 * hands over the memory map and the system table, and enters with paging off on both.
 */
#define MULTIBOOT2_HEADER_MAGIC 0xe85250d6
#define TAG_END			0
#define TAG_REQUEST		1
#define TAG_ADDRESS		2
#define TAG_ENTRY		3
#define TAG_CONSOLE		4
#define TAG_SCREEN		5
#define TAG_MODULE_ALIGN	6
#define TAG_OPTIONAL		1
#define INFO_MEMORY_MAP		6
#define CONSOLE_TEXT_TOO	2

	.macro	tag type, flags, size
	.balign	8
	.word	\type, \flags
	.long	\size
	.endm

	.balign	8
multiboot2_header:
	.long	MULTIBOOT2_HEADER_MAGIC
	.long	0 /* i386 */
	.long	multiboot2_header_end - multiboot2_header
	.long	-(MULTIBOOT2_HEADER_MAGIC + multiboot2_header_end - multiboot2_header)
	tag	TAG_REQUEST, 0, 12
	.long	INFO_MEMORY_MAP
	tag	TAG_ADDRESS, 0, 24
	.long	PHYS(multiboot2_header)
	.long	PHYS(image_start)
	.long	PHYS(image_file_end)
	.long	PHYS(image_end)
	tag	TAG_ENTRY, 0, 12
	.long	PHYS(start32)
	tag	TAG_CONSOLE, TAG_OPTIONAL, 12
	.long	CONSOLE_TEXT_TOO
	tag	TAG_SCREEN, TAG_OPTIONAL, 20
	.long	0, 0, 0 /* as it is */
	tag	TAG_MODULE_ALIGN, 0, 8
	tag	TAG_END, 0, 8
multiboot2_header_end:

/* PVH: this note says where to start. */
	.pushsection .note.xen, "a", @note
	.balign	4
	.long	4, 8, 18 /* sizes of name and value; PHYS32_ENTRY */
	.asciz	"Xen"
	.quad	PHYS(start_pvh)
	.popsection

start_pvh:
	movl	$PVH_LOADER_MAGIC, %eax

/*
 * EAX: the loader's magic, EBX: physical address of its information; paging off, flat segments.
 * EBP and EDI keep them; the time stamp is kept so that the cost of booting can be told.
 */
	.globl	start32
start32:
	cli
	cld
	movl	%eax, %ebp
	movl	%ebx, %edi
	rdtsc
	movl	%eax, PHYS(boot_tsc)
	movl	%edx, PHYS(boot_tsc) + 4

	movl	$0x80000000, %eax
	cpuid
	cmpl	$0x80000001, %eax
	jb	no_long_mode
	movl	$0x80000001, %eax
	cpuid
	btl	$29, %edx
	jnc	no_long_mode

	/* Low 4 GiB by 2 MiB pages, once at address 0 and once where the map of all RAM will be. */
	movl	$PHYS(boot_l2), %esi
	movl	$(PTE_PRESENT | PTE_WRITE | PTE_LARGE), %eax
	xorl	%edx, %edx
	movl	$2048, %ecx
1:	movl	%eax, (%esi)
	addl	$8, %esi
	addl	$0x200000, %eax
	loop	1b

	.macro	link table, index, target, offset=0
	movl	$(PHYS(\target) + \offset + PTE_PRESENT + PTE_WRITE), PHYS(\table) + 8 * (\index)
	.endm
	link	boot_l3, 0, boot_l2, 0x0000
	link	boot_l3, 1, boot_l2, 0x1000
	link	boot_l3, 2, boot_l2, 0x2000
	link	boot_l3, 3, boot_l2, 0x3000
	link	boot_l4, 0, boot_l3
	link	boot_l4, 262, boot_l3
	link	boot_l4, 261, boot_l3_image
	link	boot_l3_image, ((IMAGE_BASE>>30)&511), boot_l2 /* at IMAGE_BASE is address 0 */

	/* CPU 0's area; these tables stay in use. */
	link	boot_l3_image, ((CPU_AREA_BASE>>30)&511), cpu_area_l2
	link	cpu_area_l2, 0, cpu_area_l1
	.set	page, 0
	.macro	cpu_page at, offset=0
	link	cpu_area_l1, ((\at+\offset)>>12), boot_cpu_pages, (page<<12)
	.set	page, page + 1
	.endm
	cpu_page CPU_DATA
	cpu_page CPU_DATA, 0x1000
	cpu_page CPU_STACK_DF, -0x1000
	cpu_page CPU_STACK_NMI, -0x1000
	cpu_page CPU_STACK_MC, -0x1000
	cpu_page CPU_STACK_DB, -0x1000
	cpu_page CPU_STACK_BOTTOM
	cpu_page CPU_STACK_BOTTOM, 0x1000
	cpu_page CPU_STACK_BOTTOM, 0x2000
	cpu_page CPU_STACK_BOTTOM, 0x3000
	cpu_page CPU_STACK_BOTTOM, 0x4000

	movl	$(CR4_PAE | CR4_PGE), %eax
	movl	%eax, %cr4
	movl	$PHYS(boot_l4), %eax
	movl	%eax, %cr3
	movl	$MSR_EFER, %ecx
	rdmsr
	orl	$(EFER_LME | EFER_SCE), %eax
	wrmsr
	movl	$(CR0_PG | CR0_WP | CR0_NE | CR0_ET | CR0_MP | CR0_PE), %eax
	movl	%eax, %cr0
	lgdtl	PHYS(boot_gdt_pointer)
	ljmpl	$8, $PHYS(start64)

no_long_mode:
	movl	$PHYS(no_long_mode_text), %esi
	movw	$0x3f8, %dx
1:	lodsb
	testb	%al, %al
	jz	2f
	outb	%al, %dx
	jmp	1b
2:	hlt
	jmp	2b
no_long_mode_text:
	.asciz	"parvus: this processor has no 64-bit mode\r\n"

	.balign	8
boot_gdt:
	.quad	0
	.quad	0x00af9b000000ffff /* 64-bit code */
	.quad	0x00cf93000000ffff /* data */
boot_gdt_pointer:
	.word	. - boot_gdt - 1
	.long	PHYS(boot_gdt)

	.code64
start64:
	movl	$16, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	xorl	%eax, %eax
	movl	%eax, %fs
	movl	%eax, %gs
	movabsq	$(CPU_AREA_BASE + CPU_STACK_TOP - FRAME_SIZE), %rsp
	movl	%edi, %edi
	movl	%ebp, %esi
	movabsq	$start, %rax
	pushq	$0 /* the end of the chain of frames */
	xorl	%ebp, %ebp
	jmpq	*%rax

	.section .init.bss, "aw", @nobits
	.balign	4096
	.globl	boot_l4 /* the other processors begin with it */
boot_l4:	.skip	4096
boot_l3:	.skip	4096
boot_l3_image:	.skip	4096
boot_l2:	.skip	4 * 4096

	.bss
	.balign	4096
	.globl	cpu_area_l2, cpu_area_l1
cpu_area_l2:	.skip	4096
cpu_area_l1:	.skip	4096
boot_cpu_pages: .skip	11 * 4096

	.data
	.balign	8
	.globl	boot_tsc
boot_tsc:	.quad	0

	.section .note.GNU-stack, "", @progbits
