/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which interrupt vector means what. */
#ifndef ARCH_VECTORS_H
#define ARCH_VECTORS_H

/*
 *	0x00-0x1f	exceptions
 *	0x20-0x2f	where the masked 8259 PICs would put their spurious interrupts
 *	0x30-0xef	devices; a higher sixteen is served before a lower one
 *	0xf0-0xff	the hypervisor's own
 */
#define VECTOR_PIC	    0x20
#define VECTOR_DEVICE_FIRST 0x30
#define VECTOR_DEVICE_LAST  0xef
#define VECTOR_SYSTEM_FIRST 0xf0
#define VECTOR_KICK	    0xf0 /* look at cpu.work, which is what the interrupt does by itself */
#define VECTOR_FLUSH	    0xf1 /* another CPU waits for this one's TLB */
#define VECTOR_TIMER	    0xf2
#define VECTOR_APIC_ERROR   0xfe
#define VECTOR_SPURIOUS	    0xff

#endif
