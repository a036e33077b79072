/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the test guests share: checks printed as TAP, catching of traps, the end of the run.
 *
 * A guest has guest_main(); it is entered with the trap table loaded, shared_info mapped and events
 * masked. It makes its checks with ok() and is(), and ends with done().
 */
#ifndef TESTS_GUEST_H
#define TESTS_GUEST_H

#include <pv/console.h>
#include <pv/event.h>
#include <pv/hypercall.h>
#include <pv/mmu.h>
#include <pv/start.h>
#include <pv/time.h>
#include <pv/trap.h>
#include <stdbool.h>
#include <xen/errno.h>

#define PAGE_SIZE     4096
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define UNUSED	      __attribute__((unused))

typedef uint8_t page_t[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));

static struct {
	unsigned int run;
	unsigned int failed;
	struct start_info *start;
} guest;

static page_t guest_shared_info;

/* One TAP line; the value is whether the condition held. */
#define ok(condition, ...) guest_ok((condition), #condition, __LINE__, __VA_ARGS__)
/* Two numbers that have to be the same; prints both when they are not. */
#define is(got, want, ...) guest_is((long)(got), (long)(want), __LINE__, __VA_ARGS__)

UNUSED static void guest_vcheck(bool good, const char *what, va_list args)
{
	struct pv_line line = {.used = 0};

	guest.run++;
	guest.failed += !good;
	/* One write of all: other guests print, too. */
	pv_line_add(&line, "%s %u - ", good ? "ok" : "not ok", guest.run);
	pv_line_format(&line, what, args);
	pv_line_put(&line, '\n');
	pv_line_flush(&line);
}

UNUSED __attribute__((format(printf, 4, 5))) static bool guest_ok(bool good, const char *condition,
								  int line, const char *what, ...)
{
	va_list args;

	va_start(args, what);
	guest_vcheck(good, what, args);
	va_end(args);
	if (!good) {
		pv_printf("# line %d: %s\n", line, condition);
	}
	return good;
}

UNUSED __attribute__((format(printf, 4, 5))) static bool guest_is(long got, long want, int line,
								  const char *what, ...)
{
	va_list args;

	va_start(args, what);
	guest_vcheck(got == want, what, args);
	va_end(args);
	if (got != want) {
		pv_printf("# line %d: got %ld (0x%lx), want %ld (0x%lx)\n", line, got,
			  (unsigned long)got, want, (unsigned long)want);
	}
	return got == want;
}

UNUSED static void skip(const char *what, const char *why)
{
	guest.run++;
	pv_printf("ok %u - %s # SKIP %s\n", guest.run, what, why);
}

/* The plan, and off. */
UNUSED __attribute__((noreturn)) static void done(void)
{
	pv_printf("1..%u\n", guest.run);
	pv_shutdown(SHUTDOWN_poweroff);
	__builtin_unreachable();
}

/*
 * TRY("instruction %0", : outputs : inputs : clobbers) runs what may trap. Afterwards caught() says
 * whether it did, guest_trap how; execution goes on behind the text in any case.
 */
#define TRY(text, ...)                                                         \
	do {                                                                   \
		guest_trap.vector = NO_TRAP;                                   \
		__asm__ volatile("movq $99f, guest_fixup\n\t" text             \
				 "\n99:\tmovq $0, guest_fixup\n" __VA_ARGS__); \
	} while (0)

#define NO_TRAP 0xffff

__attribute__((used)) static uint64_t guest_fixup;
static struct pv_regs guest_trap;
static uint64_t guest_trap_cr2;
static uint64_t guest_trap_behind; /* the address behind the text that trapped */
static unsigned int guest_trap_count;

static inline bool caught(unsigned int vector)
{
	return guest_trap.vector == vector;
}

UNUSED static void guest_print_regs(const struct pv_regs *regs)
{
	pv_printf("# trap %lu error %lx rip %lx cs %lx flags %lx rsp %lx ss %lx cr2 %lx\n",
		  regs->vector, regs->error, regs->rip, regs->cs, regs->rflags, regs->rsp, regs->ss,
		  pv_vcpu->arch.cr2);
}

static void guest_trapped(struct pv_regs *regs)
{
	static bool dying;

	if (!guest_fixup) {
		if (dying) {
			pv_shutdown(SHUTDOWN_crash);
		}
		dying = true;
		guest_print_regs(regs);
		pv_printf("Bail out! unexpected trap\n");
		pv_shutdown(SHUTDOWN_crash);
	}
	guest_trap = *regs;
	guest_trap_cr2 = pv_vcpu->arch.cr2;
	guest_trap_count++;
	guest_trap_behind = guest_fixup;
	regs->rip = guest_fixup;
	regs->rflags &= ~0x100UL; /* no further single steps */
}

/* A hypercall by number that must only not break anything; its result is of no interest. */
UNUSED static void guest_call(unsigned int nr, unsigned long a, unsigned long b, unsigned long c,
			      unsigned long d)
{
	pv_hypercall(nr, a, b, c, d, 0);
}

/* XENVER_extraversion names Parvus. For what differs by intent, or what would end Xen. */
UNUSED static bool on_parvus(void)
{
	xen_extraversion_t extra = "";

	pv_xen_version(XENVER_extraversion, extra);
	for (unsigned int i = 0; i + 6 <= sizeof(extra); i++) {
		if (extra[i + 1] == 'a' && extra[i + 2] == 'r' && extra[i + 3] == 'v' &&
		    extra[i + 4] == 'u') {
			return true;
		}
	}
	return false;
}

UNUSED static bool key_came(char key)
{
	char c;

	return pv_console_io(CONSOLEIO_read, 1, &c) == 1 && c == key;
}

/* Where the run has keys=…: they are pressed now, and their pages are on the console afterwards. */
UNUSED static void press_keys(void)
{
	pv_printf("# ready for keys\n");
	while (!key_came('.')) {
		pv_sched_op(SCHEDOP_yield, NULL);
	}
}

static void guest_main(void);

__attribute__((used)) static void guest_begin(struct start_info *start)
{
	guest.start = start;
	pv_mmu_start(start);
	pv_events_start(start, guest_shared_info);
	for (unsigned int vector = 0; vector < PV_VECTORS; vector++) {
		pv_handlers[vector] = guest_trapped;
	}
	pv_handlers[PV_VECTOR_EVENT] = pv_event_upcall;
	pv_traps_start();
	guest_main();
	done();
}

PV_START(guest_begin);

/* The compiler turns plain loops and structure copies into calls of these. */
void *memcpy(void *to, const void *from, size_t size);
void *memset(void *to, int byte, size_t size);
int memcmp(const void *a, const void *b, size_t size);

void *memcpy(void *to, const void *from, size_t size)
{
	void *result = to;

	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
	return result;
}

void *memset(void *to, int byte, size_t size)
{
	void *result = to;

	__asm__ volatile("rep stosb" : "+D"(to), "+c"(size) : "a"(byte) : "memory");
	return result;
}

int memcmp(const void *a, const void *b, size_t size)
{
	const uint8_t *x = a, *y = b;

	for (size_t i = 0; i < size; i++) {
		if (x[i] != y[i]) {
			return x[i] < y[i] ? -1 : 1;
		}
	}
	return 0;
}

#endif
