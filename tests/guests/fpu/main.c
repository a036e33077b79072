/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Floating point state: kept over traps, blocking and hypercalls, switched off and on, and
 * faulting.
 * run: mem=512
 */
#include "guest.h"

static uint8_t area[4096] __attribute__((aligned(64)));
static volatile unsigned int nm_traps;

/* Patterns for XMM0 to XMM15 and the x87 control word. */
static uint64_t patterns[16][2] __attribute__((aligned(16)));
static uint64_t seen[16][2] __attribute__((aligned(16)));

#define XMM_ALL(F) \
	F(0) F(1) F(2) F(3) F(4) F(5) F(6) F(7) F(8) F(9) F(10) F(11) F(12) F(13) F(14) F(15)
#define LOAD_XMM(n)  "movaps " #n "*16(%0), %%xmm" #n "\n\t"
#define STORE_XMM(n) "movaps %%xmm" #n ", " #n "*16(%0)\n\t"

static void load_all(uint64_t salt)
{
	uint16_t control = 0x27f;

	for (unsigned int i = 0; i < 16; i++) {
		patterns[i][0] = salt * (i + 1);
		patterns[i][1] = ~salt * (i + 3);
	}
	__asm__ volatile(XMM_ALL(LOAD_XMM) : : "r"(patterns) : "memory");
	__asm__ volatile("fninit\n\tfldcw %0\n\tfldpi" : : "m"(control));
}

static bool same_all(void)
{
	uint16_t control = 0;
	uint16_t status = 0;

	__asm__ volatile(XMM_ALL(STORE_XMM) : : "r"(seen) : "memory");
	__asm__ volatile("fnstcw %0\n\tfnstsw %1" : "=m"(control), "=m"(status));
	return memcmp(seen, patterns, sizeof(seen)) == 0 && control == 0x27f &&
	       (status >> 11 & 7) == 7;
}

static void check_kept(void)
{
	struct sched_poll poll = {.nr_ports = 0};

	load_all(0x1234567890abcdef);
	ok(same_all(), "what is loaded is there");
	TRY("ud2", : : : "memory");
	ok(same_all(), "after a trap");
	pv_xen_version(XENVER_version, NULL);
	ok(same_all(), "after a hypercall");
	pv_sched_op(SCHEDOP_yield, NULL);
	ok(same_all(), "after a yield");
	poll.timeout = pv_time() + 3000000;
	pv_sched_op(SCHEDOP_poll, &poll);
	ok(same_all(), "after waiting");
	pv_timer_set(0, pv_time() + 3000000, 0);
	pv_sched_op(SCHEDOP_block, NULL);
	pv_events_off();
	ok(same_all(), "after blocking");
}

static void on_nm(struct pv_regs *regs)
{
	(void)regs;
	nm_traps++;
	pv_fpu_taskswitch(0);
}

static void check_taskswitch(void)
{
	pv_handlers[PV_VECTOR_NM] = on_nm;
	load_all(0x5555);
	is(pv_fpu_taskswitch(1), 0, "the unit is switched off");
	nm_traps = 0;
	ok(same_all(), "its use works after all");
	is(nm_traps, 1, "after one #NM to the guest");
	ok(same_all(), "and then without");
	is(nm_traps, 1, "any more");
	is(pv_fpu_taskswitch(0), 0, "switched on it is");
	ok(same_all(), "used at once");
	pv_handlers[PV_VECTOR_NM] = guest_trapped;
	pv_fpu_taskswitch(1);
	TRY("fnop", : : : "memory");
	ok(caught(PV_VECTOR_NM), "x87 counts as use");
	TRY("clts", : : : "memory");
	TRY("fnop", : : : "memory");
	ok(caught(NO_TRAP), "clts switches it on, too");
}

static void check_faults(void)
{
	uint32_t mxcsr = 0x1f80 & ~(1U << 9), normal = 0x1f80;
	uint16_t control = 0x37f & ~4;
	double one = 1;

	__asm__ volatile("ldmxcsr %0" : : "m"(mxcsr));
	TRY("movsd %0, %%xmm0\n\txorps %%xmm1, %%xmm1\n\tdivsd %%xmm1, %%xmm0",
	    :
	    : "m"(one)
	    : "memory");
	if (caught(NO_TRAP)) {
		skip("a vector division by zero is #XM", "QEMU's TCG does not raise it");
	} else {
		ok(caught(PV_VECTOR_XM), "a vector division by zero is #XM when unmasked");
	}
	__asm__ volatile("ldmxcsr %0" : : "m"(normal));
	__asm__ volatile("fninit\n\tfldcw %0" : : "m"(control));
	TRY("fld1\n\tfldz\n\tfdivrp\n\tfwait", : : : "memory");
	ok(caught(PV_VECTOR_MF), "an x87 division by zero is #MF");
	__asm__ volatile("fnclex\n\tfninit");
}

static uint32_t xcr0(void)
{
	uint32_t low, high;

	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return low;
}

#define CR4_OSXSAVE (1UL << 18)

/* A kernel says that it knows of XSAVE before it says what of. */
static void set_osxsave(void)
{
	uint64_t cr4 = 0;

	TRY("xsetbv", : : "c"(0), "a"(3), "d"(0) : "memory");
	ok(!caught(NO_TRAP), "XCR0 is not set before CR4 admits it");
	TRY("mov %%cr4, %0", : "=r"(cr4) : : "memory");
	ok(caught(NO_TRAP), "CR4 is read");
	TRY("mov %0, %%cr4", : : "r"(cr4 | CR4_OSXSAVE) : "memory");
	ok(caught(NO_TRAP), "and written");
}

static void check_xsave(void)
{
	uint32_t low = 0;
	struct sched_poll poll = {.nr_ports = 0};

	TRY("xgetbv", : "+a"(low) : "c"(0) : "rdx", "memory");
	if (!caught(NO_TRAP)) {
		skip("AVX state", "no XSAVE");
		return;
	}
	set_osxsave();
	TRY("xsetbv", : : "c"(0), "a"(7), "d"(0) : "memory");
	if (!caught(NO_TRAP)) {
		skip("AVX state", "no AVX");
		return;
	}
	is(xcr0(), 7, "x87, SSE and AVX are on");
	memset(area, 0xa5, 64);
	TRY("vmovups (%0), %%ymm3", : : "r"(area) : "memory");
	ok(caught(NO_TRAP), "a wide register is loaded");
	poll.timeout = pv_time() + 3000000;
	pv_sched_op(SCHEDOP_poll, &poll);
	memset(area + 64, 0, 64);
	TRY("vmovups %%ymm3, 64(%0)", : : "r"(area) : "memory");
	is(memcmp(area, area + 64, 32), 0, "and is whole after waiting");
	TRY("xsetbv", : : "c"(0), "a"(3), "d"(0) : "memory");
	TRY("vmovups (%0), %%ymm3", : : "r"(area) : "memory");
	ok(caught(PV_VECTOR_UD), "without AVX in XCR0 it is #UD");
	poll.timeout = pv_time() + 3000000;
	pv_sched_op(SCHEDOP_poll, &poll);
	is(xcr0(), 3, "XCR0 is kept");
	TRY("xsetbv", : : "c"(0), "a"(7), "d"(0) : "memory");
	memset(area, 0, sizeof(area));
	TRY("xsave (%0)", : : "r"(area), "a"(~0U), "d"(~0U) : "memory");
	ok(caught(NO_TRAP), "xsave");
	is(area[512] & 3, 3, "stores what is in use");
	TRY("xrstor (%0)", : : "r"(area), "a"(~0U), "d"(~0U) : "memory");
	ok(caught(NO_TRAP), "xrstor");
	area[512 + 8] = 0xff;
	TRY("xrstor (%0)", : : "r"(area), "a"(~0U), "d"(~0U) : "memory");
	ok(caught(PV_VECTOR_GP), "a bad header is #GP");
}

static void guest_main(void)
{
	long port = pv_event_bind_virq(VIRQ_TIMER, 0);

	pv_event_unmask((evtchn_port_t)port);
	pv_vcpu_op(VCPUOP_stop_periodic_timer, 0, NULL);
	check_kept();
	check_taskswitch();
	check_faults();
	check_xsave();
	check_kept();
}
