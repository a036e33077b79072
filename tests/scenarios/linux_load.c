/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What programs do to a kernel: fork, map, copy on write, swap, signals, timers, pipes, AVX state.
 */
#include "../unit/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <immintrin.h>
#include <linux/loop.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/swap.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PAGES = 512, PAGE = 4096, CHILDREN = 8, SWITCHES = 2000 };

/* Runs `work` in a child; whether it ended with exit code 0. */
static bool in_child(int (*work)(int), int argument)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		_exit(work(argument));
	}
	return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static int exits_with(int code)
{
	return code;
}

static void forks(void)
{
	int good = 0;

	for (int i = 0; i < 100; i++) {
		good += in_child(exits_with, 0);
	}
	is_int(good, 100, "100 forks in a row");
}

static volatile unsigned char *shared_pages;

static int writes_copies(int seed)
{
	for (size_t i = 0; i < PAGES; i++) {
		shared_pages[i * PAGE] = (unsigned char)seed;
	}
	for (size_t i = 0; i < PAGES; i++) {
		if (shared_pages[i * PAGE] != (unsigned char)seed ||
		    shared_pages[i * PAGE + 1] != 0x5a) {
			return 1;
		}
	}
	return 0;
}

static void maps(void)
{
	void *area = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);
	int good = 0;
	int intact = 0;

	if (!ok(area != MAP_FAILED, "anonymous memory is mapped")) {
		return;
	}
	shared_pages = area;
	memset(area, 0x5a, PAGES * PAGE);
	for (int i = 1; i <= CHILDREN; i++) {
		good += in_child(writes_copies, i);
	}
	is_int(good, CHILDREN, "children write to their own copies");
	for (size_t i = 0; i < PAGES; i++) {
		intact += shared_pages[i * PAGE] == 0x5a;
	}
	is_int(intact, PAGES, "the parent's pages are untouched");
	is_int(mprotect(area, PAGES * PAGE, PROT_READ), 0, "they become read-only");
	is_int(munmap(area, PAGES * PAGE), 0, "they are unmapped");
}

static volatile sig_atomic_t faults;
static volatile sig_atomic_t alarms;

static void on_fault(int signal_number, siginfo_t *info, void *context)
{
	faults++;
	mprotect(info->si_addr, PAGE, PROT_READ | PROT_WRITE);
}

static void on_alarm(int signal_number)
{
	alarms++;
}

static void catches_faults(void)
{
	struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
	volatile unsigned char *page =
		mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	sigaction(SIGSEGV, &action, NULL);
	page[0] = 7;
	is_int(faults, 1, "a fault reaches its handler and the write is repeated");
	is_int(page[0], 7, "and then succeeds");
	signal(SIGSEGV, SIG_DFL);
}

static void timers(void)
{
	struct itimerval every = {{0, 5000}, {0, 5000}};
	struct timespec start;
	struct timespec now;

	signal(SIGALRM, on_alarm);
	clock_gettime(CLOCK_MONOTONIC, &start);
	setitimer(ITIMER_REAL, &every, NULL);
	while (alarms < 20) {
		pause();
	}
	every = (struct itimerval){0};
	setitimer(ITIMER_REAL, &every, NULL);
	clock_gettime(CLOCK_MONOTONIC, &now);
	ok(now.tv_sec > start.tv_sec || now.tv_nsec - start.tv_nsec > 90 * 1000 * 1000,
	   "20 ticks of 5 ms take at least 90 ms");
}

/* Two processes pass a byte to and fro: each step is a context switch. */
static void pipes(void)
{
	int there[2];
	int back[2];
	char byte = 0;
	int status = 0;

	if (!ok(pipe(there) == 0 && pipe(back) == 0, "pipes are made")) {
		return;
	}
	if (fork() == 0) {
		for (int i = 0; i < SWITCHES; i++) {
			if (read(there[0], &byte, 1) != 1 || write(back[1], &byte, 1) != 1) {
				_exit(1);
			}
		}
		_exit(0);
	}
	for (int i = 0; i < SWITCHES; i++) {
		byte = (char)i;
		status += write(there[1], &byte, 1) == 1 && read(back[0], &byte, 1) == 1 &&
			  byte == (char)i;
	}
	wait(NULL);
	is_int(status, SWITCHES, "%d round trips through pipes", SWITCHES);
}

/* Keeps values in SSE registers while others run, and looks whether they stay. */
static int sums_doubles(int seed)
{
	double sum = seed;

	for (int i = 1; i < 20000; i++) {
		sum += 1.0 / i - 1.0 / (i + 1);
		if (i % 1000 == 0) {
			usleep(0);
		}
	}
	return sum - seed > 0.9999 && sum - seed < 1.0 ? 0 : 1;
}

__attribute__((target("avx"))) static int keeps_vectors(int seed)
{
	__m256d kept = _mm256_set1_pd(seed);
	__m256d one = _mm256_set1_pd(1);
	double out[4];

	for (int i = 0; i < 2000; i++) {
		kept = _mm256_add_pd(kept, one);
		__asm__ volatile("" : "+x"(kept));
		if (i % 100 == 0) {
			/* A bare system call, so that the compiler cannot spill the vector around
			 * it. */
			long number = 24;

			__asm__ volatile("syscall"
					 : "+a"(number), "+x"(kept)
					 :
					 : "rcx", "r11", "memory");
		}
	}
	_mm256_storeu_pd(out, kept);
	for (int i = 0; i < 4; i++) {
		if (out[i] != seed + 2000) {
			return 1;
		}
	}
	return 0;
}

/* `work` in several processes at once. */
static int side_by_side(int (*work)(int))
{
	int good = 0;
	int status;

	for (int i = 1; i <= CHILDREN; i++) {
		if (fork() == 0) {
			_exit(work(i));
		}
	}
	while (wait(&status) > 0) {
		good += WIFEXITED(status) && WEXITSTATUS(status) == 0;
	}
	return good;
}

/* A shell, a pipe of programs and a file, as scripts use them. */
/* --- Swap ---------------------------------------------------------------------------------- */

#define SWAP_BYTES   (16u << 20)
#define PAGED_BYTES  (4u << 20)
#define SWAP_VERSION 256  /* words of 32 bits into the first page: version, last page */
#define SWAP_MAGIC   4086 /* and the last ten bytes of it */

/* A loop device over a file that has the head of a swap area. */
static bool make_swap(char *device, size_t size)
{
	uint32_t head[1024] = {[SWAP_VERSION] = 1, [SWAP_VERSION + 1] = SWAP_BYTES / 4096 - 1};
	int file = open("/swap", O_RDWR | O_CREAT, 0600), loop, control, number;

	memcpy((char *)head + SWAP_MAGIC, "SWAPSPACE2", 10);
	if (ftruncate(file, SWAP_BYTES) || pwrite(file, head, sizeof(head), 0) != sizeof(head)) {
		return false;
	}
	control = open("/dev/loop-control", O_RDWR);
	number = ioctl(control, LOOP_CTL_GET_FREE);
	if (number < 0) {
		return false;
	}
	snprintf(device, size, "/dev/loop%d", number);
	loop = open(device, O_RDWR);
	return ioctl(loop, LOOP_SET_FD, file) == 0;
}

static unsigned long swapped_kib(void)
{
	char line[128];
	unsigned long kib = 0;
	FILE *status = fopen("/proc/self/status", "r");

	while (status && fgets(line, sizeof(line), status)) {
		sscanf(line, "VmSwap: %lu", &kib);
	}
	if (status) {
		fclose(status);
	}
	return kib;
}

static void swaps(void)
{
	char device[32];
	uint64_t *memory;
	size_t wrong = 0;

	if (!make_swap(device, sizeof(device)) || swapon(device, 0)) {
		ok(false, "a swap device is there: %s", strerror(errno));
		return;
	}
	memory =
		mmap(NULL, PAGED_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (size_t i = 0; i < PAGED_BYTES / 8; i++) {
		memory[i] = i * 0x9e3779b97f4a7c15u;
	}
	ok(madvise(memory, PAGED_BYTES, MADV_PAGEOUT) == 0 && swapped_kib() > PAGED_BYTES / 2048,
	   "memory is paged out to a swap device");
	for (size_t i = 0; i < PAGED_BYTES / 8; i++) {
		wrong += memory[i] != i * 0x9e3779b97f4a7c15u;
	}
	is_int(wrong, 0, "and comes back as it was");
	munmap(memory, PAGED_BYTES);
	is_int(swapoff(device), 0, "the swap device goes");
}

static void shells(void)
{
	is_int(system("dd if=/dev/zero of=/tmp/zeros bs=1M count=16 2>/dev/null && "
		      "test $(tr -d '\\1' </tmp/zeros | wc -c) = 16777216"),
	       0, "a shell sends 16 MiB through a file and a pipe");
	unlink("/tmp/zeros");
}

int main(void)
{
	forks();
	maps();
	catches_faults();
	timers();
	pipes();
	shells();
	swaps();
	is_int(side_by_side(sums_doubles), CHILDREN, "floating point in %d processes at once",
	       CHILDREN);
	if (__builtin_cpu_supports("avx")) {
		is_int(side_by_side(keeps_vectors), CHILDREN,
		       "AVX registers of %d processes at once", CHILDREN);
	} else {
		skip("AVX registers", "the processor has no AVX");
	}
	return done_testing();
}
