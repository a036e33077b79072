/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pages of code that guests get from the hypervisor. */
#include <arch/guest_page.h>
#include <lib/base.h>
#include <lib/string.h>
#include <xen/xen.h>

#define STUB_BYTES 32

/* Keeps RCX and R11, which SYSCALL overwrites. */
static const uint8_t stub[] = {
	0x51,			      /* push %rcx */
	0x41, 0x53,		      /* push %r11 */
	0xb8, 0x00, 0x00, 0x00, 0x00, /* mov $number, %eax */
	0x0f, 0x05,		      /* syscall */
	0x41, 0x5b,		      /* pop %r11 */
	0x59,			      /* pop %rcx */
	0xc3,			      /* ret */
};
#define STUB_NUMBER_AT 4

/* The iret hypercall does not come back: it makes the head of struct iret_context. */
static const uint8_t iret_stub[] = {
	0x51,	    /* push %rcx */
	0x41, 0x53, /* push %r11 */
	0x50,	    /* push %rax */
	0xb8, __HYPERVISOR_iret,
	0x00, 0x00,
	0x00,	    /* mov $number, %eax */
	0x0f, 0x05, /* syscall */
};

void guest_page_fill_hypercalls(void *page)
{
	uint8_t *at = page;

	memset(page, 0xcc, PAGE_SIZE);
	for (unsigned number = 0; number < PAGE_SIZE / STUB_BYTES; number++, at += STUB_BYTES) {
		if (number == __HYPERVISOR_iret) {
			memcpy(at, iret_stub, sizeof(iret_stub));
		} else {
			memcpy(at, stub, sizeof(stub));
			at[STUB_NUMBER_AT] = (uint8_t)number;
		}
	}
}
