/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The first program of a Linux: does kernel-heavy work and prints what each unit of it cost.
 *
 * It counts with the TSC, which under -icount is the number of instructions executed, of the kernel
 * and of what is below it too. Each row is the least of three runs: what else the kernel had to do
 * just then is not meant.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <x86intrin.h>

#define PAGE	  4096
#define FILE_SIZE (4 << 20)

static _Noreturn void die(const char *what)
{
	perror(what);
	printf("rows failed\n");
	fflush(stdout);
	reboot(RB_POWER_OFF);
	exit(1);
}

static void system_calls(unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		syscall(SYS_getppid);
	}
}

static void page_faults(unsigned count)
{
	char *memory = mmap(NULL, (size_t)count * PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED || madvise(memory, (size_t)count * PAGE, MADV_NOHUGEPAGE) < 0) {
		die("mmap");
	}
	for (unsigned i = 0; i < count; i++) {
		memory[(size_t)i * PAGE] = 1;
	}
	munmap(memory, (size_t)count * PAGE);
}

static void map_and_unmap(unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		char *memory = mmap(NULL, 64 * PAGE, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

		if (memory == MAP_FAILED || munmap(memory, 64 * PAGE) < 0) {
			die("mmap");
		}
	}
}

static void fork_and_wait(unsigned count, const char *program)
{
	for (unsigned i = 0; i < count; i++) {
		pid_t child = fork();
		int status;

		if (child == 0) {
			if (program) {
				execl(program, program, "nothing", (char *)NULL);
			}
			_exit(program != NULL);
		}
		if (child < 0 || waitpid(child, &status, 0) < 0 || status != 0) {
			die("fork");
		}
	}
}

static void forks(unsigned count)
{
	fork_and_wait(count, NULL);
}

static void fork_execs(unsigned count)
{
	fork_and_wait(count, "/init");
}

/* Two processes hand each other a byte: two switches of address space a round. */
static void ping_pong(unsigned count)
{
	int there[2], back[2];
	char byte = 0;
	pid_t child;

	if (pipe(there) < 0 || pipe(back) < 0 || (child = fork()) < 0) {
		die("pipe");
	}
	if (child == 0) {
		for (unsigned i = 0; i < count; i++) {
			if (read(there[0], &byte, 1) != 1 || write(back[1], &byte, 1) != 1) {
				_exit(1);
			}
		}
		_exit(0);
	}
	for (unsigned i = 0; i < count; i++) {
		if (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1) {
			die("pipe");
		}
	}
	waitpid(child, NULL, 0);
	for (int i = 0; i < 2; i++) {
		close(there[i]);
		close(back[i]);
	}
}

static void yields(unsigned count)
{
	pid_t child = fork();

	if (child == 0) {
		for (;;) {
			sched_yield();
		}
	}
	for (unsigned i = 0; i < count; i++) {
		sched_yield();
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

static void on_signal(int number)
{
	(void)number;
}

static void signals(unsigned count)
{
	pid_t self = getpid();

	signal(SIGUSR1, on_signal);
	for (unsigned i = 0; i < count; i++) {
		kill(self, SIGUSR1);
	}
}

/* A file in memory is read and written to another, 64 KiB at a time. */
static void file_copies(unsigned count)
{
	static char buffer[65536];

	for (unsigned i = 0; i < count; i++) {
		int from = open("/tmp/from", O_RDONLY),
		    to = open("/tmp/to", O_WRONLY | O_CREAT | O_TRUNC, 0600);
		ssize_t got;

		while ((got = read(from, buffer, sizeof(buffer))) > 0) {
			if (write(to, buffer, (size_t)got) != got) {
				die("/tmp/to");
			}
		}
		close(from);
		close(to);
	}
}

static void write_file(void)
{
	static char block[65536];
	int fd = open("/tmp/from", O_WRONLY | O_CREAT, 0600);

	memset(block, 'x', sizeof(block));
	for (int i = 0; i < FILE_SIZE / (int)sizeof(block); i++) {
		if (write(fd, block, sizeof(block)) != sizeof(block)) {
			die("/tmp/from");
		}
	}
	close(fd);
}

static const struct {
	const char *name;
	void (*run)(unsigned count);
	unsigned count;
} rows[] = {
	{"system call", system_calls, 20000},
	{"page fault, new page", page_faults, 4096},
	{"mmap, populate 64 pages, munmap", map_and_unmap, 100},
	{"fork, exit, wait", forks, 50},
	{"fork, exec, exit, wait", fork_execs, 50},
	{"pipe there and back, two processes", ping_pong, 1000},
	{"sched_yield between two processes", yields, 2000},
	{"signal to self, handler, return", signals, 2000},
	{"copy of a 4 MiB file in memory", file_copies, 4},
};

int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1) {
		return 0; /* what the exec row starts */
	}
	mkdir("/tmp", 0700);
	if (mount("none", "/tmp", "tmpfs", 0, NULL) < 0) {
		die("/tmp");
	}
	write_file();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t least = UINT64_MAX;

		for (int turn = 0; turn < 3; turn++) {
			uint64_t start = __rdtsc(), took;

			rows[i].run(rows[i].count);
			took = __rdtsc() - start;
			least = took < least ? took : least;
		}
		printf("row %zu %llu %s\n", i, (unsigned long long)(least / rows[i].count),
		       rows[i].name);
		fflush(stdout);
	}
	printf("rows ended\n");
	fflush(stdout);
	reboot(RB_POWER_OFF);
	return 1;
}
