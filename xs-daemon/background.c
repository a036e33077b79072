/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A pipe tells the process in the foreground how it went. */
#include "background.h"

#include <fcntl.h>
#include <sys/types.h>
#include <unistd.h>

static int foreground = -1;

int background_begin(void)
{
	int ends[2];
	char word;
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) < 0) {
		return -1;
	}
	child = fork();
	if (child > 0) {
		close(ends[1]);
		_exit(read(ends[0], &word, 1) == 1 ? 0 : 1);
	}
	close(ends[0]);
	foreground = ends[1];
	return child < 0 || setsid() < 0 || chdir("/") < 0 ? -1 : 0;
}

void background_ready(void)
{
	int nothing;

	if (foreground < 0) {
		return;
	}
	nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (nothing >= 0) { /* who reads its output, as $(...) does, waits for its end */
		dup2(nothing, STDIN_FILENO);
		dup2(nothing, STDOUT_FILENO);
		close(nothing);
	}
	(void)!write(foreground, "", 1); /* nobody waits any more: so be it */
	close(foreground);
	foreground = -1;
}
