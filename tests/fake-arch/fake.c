/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fake machine behind arch/port.h, and the log of the hypervisor on a host. */
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <arch/vcpu.h>
#include <debug/log.h>
#include <fake.h>
#include <memory/frame.h>

_Thread_local unsigned fake_cpu;
uint64_t fake_counters[CPU_MAX][128];
_Thread_local struct vcpu *fake_current;
uint8_t *fake_ram;
struct frame *fake_frame_table;
struct frame_links *fake_frame_links;
uint64_t *fake_m2p;

struct fake_counts fake_counts;
uint64_t fake_now;
bool fake_work;
unsigned fake_work_each;
bool fake_cache_fails;
bool fake_absent_entries_leak;
int fake_table_budget;
bool fake_checks_free;
void (*fake_on_flush)(unsigned cpu);
void (*fake_on_clear)(mfn_t mfn);
_Atomic uint32_t fake_flushed_at[FAKE_CPUS];
static bool fake_threads;
uint8_t *fake_guest_window;
size_t fake_guest_bytes;
unsigned fake_fault_at;
jmp_buf fake_panic_return;
bool fake_panic_expected, fake_panicked;

_Atomic uint32_t fake_clock = 1;

/* Address space without memory behind it until it is touched; zero again after each reset. */
static void *reserve(void *have, size_t bytes)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | (have ? MAP_FIXED : 0);
	void *at = mmap(have, bytes, PROT_READ | PROT_WRITE, flags, -1, 0);

	if (at == MAP_FAILED) {
		perror("mmap");
		exit(99);
	}
	return at;
}

void fake_reset(void)
{
	fake_ram = reserve(fake_ram, FAKE_FRAMES << PAGE_SHIFT);
	fake_frame_table = reserve(fake_frame_table, FAKE_FRAMES * sizeof(struct frame));
	fake_frame_links = reserve(fake_frame_links, FAKE_FRAMES * sizeof(struct frame_links));
	fake_m2p = reserve(fake_m2p, FAKE_FRAMES * sizeof(uint64_t));
	fake_counts = (struct fake_counts){0};
	fake_now = 0;
	fake_work = false;
	fake_work_each = 0;
	fake_cache_fails = false;
	fake_absent_entries_leak = false;
	fake_table_budget = 1024;
	fake_checks_free = false;
	fake_threads = false;
	fake_on_clear = NULL;
	fake_fault_at = 0;
	fake_cpu = 0;
	fake_clock = 1;
	for (unsigned cpu = 0; cpu < FAKE_CPUS; cpu++) {
		fake_flushed_at[cpu] = 0;
	}
}

/* --- The processor ----------------------------------------------------------------------- */

void fake_relax(void)
{
	static _Thread_local unsigned spins;

	if (!fake_threads) {
		panic("waits for another CPU, where there is but one");
	}
	if (++spins % 16 == 0) {
		sched_yield(); /* there may be more CPUs played than there are */
	}
}

/* However busy the host is: this is for tests that would never end. */
#define HANGS_AFTER_SECONDS 1800

void fake_threads_begin(void)
{
	fake_threads = true;
	alarm(HANGS_AFTER_SECONDS);
}

bool work_pending(void)
{
	fake_counts.work_asked++;
	return fake_work || (fake_work_each && fake_counts.work_asked % fake_work_each == 0);
}

void cpu_kick(unsigned cpu)
{
	fake_counts.kicked |= BIT(cpu);
}

uint64_t now(void)
{
	return fake_now;
}

/* --- Memory ------------------------------------------------------------------------------ */

void *fake_frame_ptr(mfn_t mfn)
{
	if (mfn.n >= FAKE_FRAMES) {
		panic("frame %#llx is beyond the machine", (unsigned long long)mfn.n);
	}
	if (fake_checks_free && (uint32_t)atomic_load(&fake_frame_table[mfn.n].ref) == 0) {
		panic("free frame %#llx touched", (unsigned long long)mfn.n);
	}
	return fake_ram + (mfn.n << PAGE_SHIFT);
}

static bool guest_faults(uint64_t at, size_t bytes)
{
	uint64_t window = (uint64_t)fake_guest_window;

	if (fake_fault_at && --fake_fault_at == 0) {
		return true;
	}
	return bytes > fake_guest_bytes || at < window || at - window > fake_guest_bytes - bytes;
}

int guest_read(void *to, guest_va_t from, size_t bytes)
{
	if (guest_faults(from.a, bytes)) {
		return -14;
	}
	memcpy(to, fake_guest_window + (from.a - (uint64_t)fake_guest_window), bytes);
	return 0;
}

int guest_write(guest_va_t to, const void *from, size_t bytes)
{
	if (guest_faults(to.a, bytes)) {
		return -14;
	}
	memcpy(fake_guest_window + (to.a - (uint64_t)fake_guest_window), from, bytes);
	return 0;
}

/* --- Translations ------------------------------------------------------------------------ */

uint32_t tlb_clock(void)
{
	return fake_clock;
}

static void flush_cpu(unsigned cpu)
{
	fake_flushed_at[cpu] = fake_clock;
	if (fake_threads) {
		return;
	}
	fake_counts.flushes++;
	fake_counts.flushed |= BIT(cpu);
	if (fake_on_flush) {
		fake_on_flush(cpu);
	}
}

void tlb_flush(cpu_mask_t cpus)
{
	fake_clock++;
	for (unsigned cpu = 0; cpu < FAKE_CPUS; cpu++) {
		if (cpus & BIT(cpu)) {
			flush_cpu(cpu);
		}
	}
}

void tlb_flush_stale(cpu_mask_t cpus, uint32_t stamp)
{
	cpu_mask_t stale = 0;

	for (unsigned cpu = 0; cpu < FAKE_CPUS; cpu++) {
		if (cpus & BIT(cpu) && (int32_t)(fake_flushed_at[cpu] - stamp) <= 0) {
			stale |= BIT(cpu);
		}
	}
	if (stale) {
		tlb_flush(stale);
	}
}

void tlb_flush_va(cpu_mask_t cpus, uint64_t va)
{
	fake_counts.flushes_va += (unsigned)__builtin_popcountll(cpus & (BIT(FAKE_CPUS) - 1));
	fake_counts.flushed |= cpus;
	fake_counts.last_va = va;
}

/* --- Guests' tables ---------------------------------------------------------------------- */

void paging_fill_guest_root(mfn_t root, bool m2p_visible)
{
	uint64_t *table = frame_ptr(root);

	/* Something that no guest entry looks like, so that a test notices where it ends up. */
	for (unsigned slot = HYPERVISOR_FIRST_SLOT; slot <= HYPERVISOR_LAST_SLOT; slot++) {
		table[slot] = 0xfeed000000000005 + ((uint64_t)slot << 12);
	}
	if (!m2p_visible) {
		table[HYPERVISOR_FIRST_SLOT] &= ~UINT64_C(4);
	}
}

void vcpu_kernel_root_changed(struct vcpu_memory *vm)
{
	(void)vm;
	fake_counts.roots_changed++;
	tlb_flush(BIT(fake_cpu));
}

void vcpu_user_root_changed(struct vcpu_memory *vm)
{
	(void)vm;
	fake_counts.roots_changed++;
}

bool absent_entries_leak(unsigned domain)
{
	return domain != 0 && fake_absent_entries_leak;
}

void root_entry_changed(const struct domain_memory *dm)
{
	(void)dm;
}

int vcpu_set_ldt(guest_va_t base, unsigned entries)
{
	(void)base;
	fake_counts.ldt_entries = entries;
	return 0;
}

/* On the fake machine a descriptor is refused if its lowest bit is set, mended if the next is. */
bool descriptor_accept(uint64_t *descriptor)
{
	*descriptor &= ~UINT64_C(2);
	return !(*descriptor & 1);
}

int ram_map_set_cache(mfn_t mfn, unsigned pat_index)
{
	(void)mfn;
	fake_counts.cache_changes++;
	return fake_cache_fails && pat_index ? -12 : 0;
}

mfn_t m2p_piece(uint64_t index)
{
	return index < 3 ? MFN(0x1000 + index) : MFN_NONE;
}

void cache_flush(cpu_mask_t cpus)
{
	(void)cpus;
	fake_counts.cache_flushes++;
}

/* --- Messages and the end ---------------------------------------------------------------- */

bool fake_silent;

void log_print(enum log_source source, enum log_level level, const char *format, ...)
{
	va_list args;

	(void)source;
	if ((level >= LOG_DEBUG || fake_silent) && !getenv("FAKE_VERBOSE")) {
		return;
	}
	va_start(args, format);
	fputs("# ", stdout);
	vprintf(format, args);
	va_end(args);
}

void panic(const char *format, ...)
{
	va_list args;

	if (fake_panic_expected) {
		fake_panic_expected = false;
		fake_panicked = true;
		longjmp(fake_panic_return, 1);
	}
	va_start(args, format);
	fputs("# panic: ", stdout);
	vprintf(format, args);
	putchar('\n');
	va_end(args);
	fflush(stdout);
	abort();
}

void arch_stop(enum machine_end how)
{
	panic("arch_stop(%d)", how);
}
