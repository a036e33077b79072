/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs a command some times and says how many ticks of the TSC one took, from fork to the end, and
 * when the first began. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <x86intrin.h>

static int run_once(char **command)
{
	pid_t child = vfork();
	int status;

	if (child == 0) {
		execvp(command[0], command);
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0) {
		return -1;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* time_command ROW COUNT COMMAND...: output of the command goes to /dev/null. */
int main(int argc, char **argv)
{
	int count = argc > 3 ? atoi(argv[2]) : 0;
	int out = dup(STDOUT_FILENO), null = open("/dev/null", O_WRONLY);
	unsigned long long start;
	FILE *report;

	if (count <= 0 || out < 0 || null < 0 || dup2(null, STDOUT_FILENO) < 0) {
		return 2;
	}
	fcntl(out, F_SETFD, FD_CLOEXEC);
	report = fdopen(out, "w");
	start = __rdtsc();
	for (int i = 0; i < count; i++) {
		int code = run_once(argv + 3);

		if (code) {
			fprintf(report, "row %s failed: %s %s ended with %d\n", argv[1], argv[3],
				argc > 4 ? argv[4] : "", code);
			return 1;
		}
	}
	fprintf(report, "row %s %llu from %llu\n", argv[1],
		(__rdtsc() - start) / (unsigned int)count, start);
	return fclose(report) ? 1 : 0;
}
