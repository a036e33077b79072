/* SPDX-License-Identifier: MIT */
/*
 * The smallest PV kernel: says hello and powers off.
 *
 *	gcc -ffreestanding -fno-pie -no-pie -mno-red-zone -mgeneral-regs-only -nostdlib -static
 *	    -I guest-pv-headers -Wl,-Ttext=0x100000 -Wl,--build-id=none -o hello.elf hello.c
 */
#include <pv/console.h>
#include <pv/start.h>

__attribute__((used)) static void main(struct start_info *start)
{
	pv_printf("Hello from a paravirtual guest with %lu pages.\n", start->nr_pages);
	pv_shutdown(SHUTDOWN_poweroff);
}

PV_START(main);
