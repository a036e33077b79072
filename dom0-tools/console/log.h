/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A log file: lines with the time before them, and a new file when it has become large. */
#ifndef CONSOLE_LOG_H
#define CONSOLE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

struct log_policy {
	const char *folder;
	size_t size_max;	/* of a file; 0: any */
	unsigned int keep;	/* old files: FILE.1 is the youngest */
	bool replace_escape;	/* ESC is written as '.', so that a pager is safe */
	bool guest, hypervisor; /* which are written */
	bool guest_time, hypervisor_time;
};

struct log {
	const struct log_policy *policy;
	char *path;
	int fd; /* -1: none */
	size_t size;
	bool timed;
	bool inside_line;
};

/* FOLDER/NAME.log; bytes of a name that do not belong into a path are replaced. -errno. */
int log_open(struct log *log, const struct log_policy *policy, const char *name, bool timed);
void log_write(struct log *log, const char *bytes, size_t size, time_t now);
/* After somebody has moved the file away. */
int log_reopen(struct log *log);
void log_close(struct log *log);

#endif
