/* SPDX-License-Identifier: MIT */
/*
 * Start of day: the ELF notes that make a program a PV kernel, and its first instructions.
 *
 * Say PV_START(main_function) in one file of the kernel; it is called as
 *	void main_function(struct start_info *start)
 * on a stack of its own, with events masked and no trap table yet. Include pv/hypercall.h (which
 * pv/start.h does) after defining PV_HYPERCALL_PAGE to have a hypercall page as well.
 *
 * The kernel is linked at its physical address plus PV_VIRT_BASE (default 0); it has to keep the
 * section .note.Xen in a PT_NOTE segment and .text.start wherever it likes.
 */
#ifndef PV_START_H
#define PV_START_H

#include "hypercall.h"
#include <xen/elfnote.h>

#ifndef PV_VIRT_BASE
#define PV_VIRT_BASE 0
#endif
#ifndef PV_STACK_SIZE
#define PV_STACK_SIZE 16384
#endif
#ifndef PV_GUEST_NAME
#define PV_GUEST_NAME "parvus-guest"
#endif

#define PV_STRING_(x) #x
#define PV_STRING(x)  PV_STRING_(x)

/* clang-format off */

/* One note: sizes of name and descriptor, type, "Xen", descriptor. All are multiples of four. */
#define PV_NOTE(type, descriptor)                                       \
	"\t.balign 4\n"                                                 \
	"\t.long 4, 2f - 1f, " PV_STRING(type) "\n"                     \
	"\t.asciz \"Xen\"\n"                                            \
	"1:\t" descriptor "\n"                                          \
	"2:\n"
#define PV_NOTE_TEXT(type, text)  PV_NOTE(type, ".asciz \"" text "\"")
#define PV_NOTE_QUAD(type, value) PV_NOTE(type, ".quad " value)

#ifdef PV_HYPERCALL_PAGE
#define PV_PAGE_ASM                                                     \
	"\t.pushsection .text, \"ax\", @progbits\n"                     \
	"\t.balign 4096\n"                                              \
	"\t.globl pv_hypercall_page\n"                                  \
	"pv_hypercall_page:\n"                                          \
	"\t.skip 4096\n"                                                \
	"\t.popsection\n"                                               \
	"\t.pushsection .note.Xen, \"a\", @note\n"                      \
	PV_NOTE_QUAD(XEN_ELFNOTE_HYPERCALL_PAGE, "pv_hypercall_page")   \
	"\t.popsection\n"
#else
#define PV_PAGE_ASM
#endif

#define PV_NOTES_ASM                                                    \
	"\t.pushsection .note.Xen, \"a\", @note\n"                      \
	PV_NOTE_TEXT(XEN_ELFNOTE_GUEST_OS, PV_GUEST_NAME)               \
	PV_NOTE_TEXT(XEN_ELFNOTE_XEN_VERSION, "xen-3.0")                \
	PV_NOTE_TEXT(XEN_ELFNOTE_LOADER, "generic")                     \
	PV_NOTE_QUAD(XEN_ELFNOTE_VIRT_BASE, PV_STRING(PV_VIRT_BASE))    \
	PV_NOTE_QUAD(XEN_ELFNOTE_PADDR_OFFSET, PV_STRING(PV_VIRT_BASE)) \
	PV_NOTE_QUAD(XEN_ELFNOTE_ENTRY, "_start")                       \
	"\t.popsection\n"

#define PV_ENTRY_ASM(main_function)                                     \
	"\t.pushsection .bss, \"aw\", @nobits\n"                        \
	"\t.balign 16\n"                                                \
	"\t.skip " PV_STRING(PV_STACK_SIZE) "\n"                        \
	"\t.globl pv_stack_top\n"                                       \
	"pv_stack_top:\n"                                               \
	"\t.popsection\n"                                               \
	"\t.pushsection .text.start, \"ax\", @progbits\n"               \
	"\t.globl _start\n"                                             \
	"_start:\n"                                                     \
	"\tcld\n"                                                       \
	"\tlea pv_stack_top(%rip), %rsp\n"                              \
	"\txor %ebp, %ebp\n"                                            \
	"\tmov %rsi, %rdi\n"                                            \
	"\tcall " #main_function "\n"                                   \
	"\tud2\n"                                                       \
	"\t.popsection\n"

#define PV_START(main_function) \
	__asm__(PV_NOTES_ASM PV_PAGE_ASM PV_ENTRY_ASM(main_function))

/* clang-format on */

extern uint8_t pv_stack_top[];

#endif
