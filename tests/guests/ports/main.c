/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * I/O ports: for the kernel by its privilege level, for programs by theirs and by a bitmap.
 * run: mem=512
 */
#include "user.h"

#define PORT_FREE 0x80	/* the POST code port: harmless */
#define PORT_PIC  0x21	/* the hypervisor's own */
#define PORT_COM1 0x3fd /* the hypervisor's console */

static page_t bitmap_pages[2];

static void set_iopl(unsigned int level)
{
	struct physdev_set_iopl iopl = {.iopl = level};

	is(pv_physdev_op(PHYSDEVOP_set_iopl, &iopl), 0, "I/O privilege level %u", level);
}

static uint8_t in(uint16_t port)
{
	uint8_t value = 0x55;

	TRY("inb %%dx, %%al", : "+a"(value) : "d"(port) : "memory");
	return value;
}

static void out(uint16_t port, uint8_t value)
{
	TRY("outb %%al, %%dx", : : "a"(value), "d"(port) : "memory");
}

static void check_kernel(void)
{
	struct physdev_set_iopl iopl = {.iopl = 4};
	uint8_t before;

	set_iopl(0);
	out(PORT_FREE, 1);
	ok(caught(PV_VECTOR_GP), "at level 0 the kernel's outb is #GP");
	set_iopl(1);
	out(PORT_FREE, 1);
	ok(caught(NO_TRAP), "at level 1 it is done");
	in(PORT_FREE);
	ok(caught(NO_TRAP), "as is inb");
	is(pv_physdev_op(PHYSDEVOP_set_iopl, &iopl), -XEN_EINVAL, "there is no level 4");

	before = in(PORT_PIC);
	ok(caught(NO_TRAP) || caught(PV_VECTOR_GP),
	   "a port of the hypervisor reads as nothing or is #GP");
	is(before == 0xff || before == 0x55, 1, "not as what is there");
	out(PORT_PIC, 0xff);
	ok(caught(NO_TRAP) || caught(PV_VECTOR_GP), "a write goes nowhere");
	in(PORT_COM1);
	ok(caught(NO_TRAP) || caught(PV_VECTOR_GP), "nor is its console's line to be had");
	TRY("outl %%eax, %%dx", : : "a"(0x80000000), "d"(0xcf8) : "memory");
	ok(caught(NO_TRAP), "the PCI configuration address is written");
	{
		uint32_t id = 0;

		TRY("inl %%dx, %%eax", : "=a"(id) : "d"(0xcfc) : "memory");
		ok(caught(NO_TRAP) && id != 0xffffffff, "and the first device is there: %x", id);
	}
	TRY("outb %%al, %%dx\n\tinb $0x71, %%al", : : "a"(0), "d"(0x70) : "memory");
	ok(caught(NO_TRAP), "the clock of the machine is read");
}

USER_CODE(do_out, "mov $0x80, %edx\n\txor %eax, %eax\n\toutb %al, %dx\n\tud2");
USER_CODE(do_in_pic, "mov $0x21, %edx\n\tmov $0x55, %eax\n\tinb %dx, %al\n\tud2");

static void set_bitmap(void *bitmap, uint32_t ports)
{
	struct physdev_set_iobitmap set = {.bitmap = {(uint8_t *)bitmap}, .nr_ports = ports};

	is(pv_physdev_op(PHYSDEVOP_set_iobitmap, &set), 0, "a bitmap of %u ports", ports);
}

static void check_user(void)
{
	struct pv_regs regs = user_registers();

	set_iopl(1);
	user_run(do_out, &regs);
	ok(caught(PV_VECTOR_GP), "at level 1 a program's outb is #GP");
	is(guest_trap.rip, USER_CODE_VA + 7, "at the instruction");
	set_iopl(3);
	user_run(do_out, &regs);
	ok(caught(PV_VECTOR_UD), "at level 3 it is done");
	user_run(do_in_pic, &regs);
	ok(caught(PV_VECTOR_GP) || (guest_trap.rax & 0xff) == 0xff ||
		   (guest_trap.rax & 0xff) == 0x55,
	   "the hypervisor's ports are closed to it even so");
	set_iopl(0);
	memset(bitmap_pages, 0xff, sizeof(bitmap_pages));
	set_bitmap(bitmap_pages, 65536);
	user_run(do_out, &regs);
	ok(caught(PV_VECTOR_GP), "at level 0, closed in the bitmap, it is #GP");
	bitmap_pages[0][PORT_FREE / 8] &= (uint8_t) ~(1 << (PORT_FREE % 8));
	user_run(do_out, &regs);
	ok(caught(PV_VECTOR_UD), "open in the bitmap it is done");
	user_run(do_in_pic, &regs);
	ok(caught(PV_VECTOR_GP), "others stay closed");
	set_bitmap(bitmap_pages, PORT_FREE);
	user_run(do_out, &regs);
	ok(caught(PV_VECTOR_GP), "a port beyond the bitmap's end is closed");
	set_bitmap((void *)0x7f00000000, 65536);
	user_run(do_out, &regs);
	ok(caught(PV_VECTOR_GP), "all are when it is not there");
	set_bitmap(NULL, 0);
	user_run(do_out, &regs);
	ok(caught(PV_VECTOR_GP), "and without any");
}

static void guest_main(void)
{
	if (is(user_start(), 0, "page tables for user mode")) {
		check_user();
	}
	check_kernel();
}
