/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kill_at_call N SIGNAL COMMAND...: runs the command, and sends it the signal when it is about to
 * make its Nth system call. Exits with 0 if it did, with 1 if the command had ended by itself
 * before.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#define STOPPED_BY_CALL (SIGTRAP | 0x80) /* PTRACE_O_TRACESYSGOOD */

static void run(char **command)
{
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	raise(SIGSTOP);
	execvp(command[0], command);
	perror(command[0]);
	_exit(127);
}

/* To the next stop at a system call, coming or going; other signals go to the child. False: it has
 * ended. */
static int next_stop(pid_t child)
{
	int status, deliver = 0;

	do {
		if (ptrace(PTRACE_SYSCALL, child, NULL, deliver) < 0 ||
		    waitpid(child, &status, 0) < 0 || !WIFSTOPPED(status)) {
			return 0;
		}
		deliver = WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status); /* it is of exec */
	} while (WSTOPSIG(status) != STOPPED_BY_CALL);
	return 1;
}

int main(int argc, char **argv)
{
	long calls = argc > 3 ? atol(argv[1]) : 0;
	int number = argc > 3 ? atoi(argv[2]) : 0;
	int status;
	pid_t child;

	if (calls <= 0 || number <= 0) {
		fputs("usage: kill_at_call N SIGNAL COMMAND...\n", stderr);
		return 2;
	}
	child = fork();
	if (child == 0) {
		run(argv + 3);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0) {
		return 2;
	}
	ptrace(PTRACE_SETOPTIONS, child, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
	for (long stop = 0; stop < 2 * calls - 1; stop++) { /* two for each call that was made */
		if (!next_stop(child)) {
			return 1;
		}
	}
	kill(child, number);
	ptrace(PTRACE_DETACH, child, NULL, number);
	waitpid(child, &status, 0);
	return WIFSIGNALED(status) ? 0 : 1;
}
