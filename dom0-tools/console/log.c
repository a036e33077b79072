/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What cannot be written is lost: a full disk must not stop a console. */
#include <console/log.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ESCAPE 0x1b

int log_reopen(struct log *log)
{
	struct stat stat;

	if (log->fd >= 0) {
		close(log->fd);
	}
	log->fd = open(log->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (log->fd < 0) {
		return -errno;
	}
	log->size = fstat(log->fd, &stat) == 0 ? (size_t)stat.st_size : 0;
	return 0;
}

int log_open(struct log *log, const struct log_policy *policy, const char *name, bool timed)
{
	*log = (struct log){.policy = policy, .fd = -1, .timed = timed};
	if (asprintf(&log->path, "%s/%s.log", policy->folder, name) < 0) {
		log->path = NULL;
		return -ENOMEM;
	}
	for (char *at = log->path + strlen(policy->folder) + 1; *at; at++) {
		*at = *at == '/' || (unsigned char)*at < ' ' ? '_' : *at;
	}
	return log_reopen(log);
}

void log_close(struct log *log)
{
	if (log->fd >= 0) {
		close(log->fd);
	}
	free(log->path);
	*log = (struct log){.fd = -1};
}

/* FILE.2 becomes FILE.3, FILE.1 FILE.2, FILE FILE.1; the last falls off. */
static void rotate(struct log *log)
{
	for (unsigned int i = log->policy->keep; i > 0; i--) {
		char *from = NULL;
		char *to = NULL;

		if (asprintf(&to, "%s.%u", log->path, i) >= 0 &&
		    (i == 1 || asprintf(&from, "%s.%u", log->path, i - 1) >= 0)) {
			rename(i == 1 ? log->path : from, to);
		}
		free(from);
		free(to);
	}
	if (log->policy->keep == 0) {
		unlink(log->path);
	}
	log_reopen(log);
}

static void append(struct log *log, const char *bytes, size_t size)
{
	while (log->fd >= 0 && size) {
		ssize_t written = write(log->fd, bytes, size);

		if (written < 0) {
			return;
		}
		log->size += (size_t)written;
		bytes += written;
		size -= (size_t)written;
	}
}

static void begin_line(struct log *log, time_t now)
{
	char text[32];
	struct tm tm;

	if (log->policy->size_max && log->size >= log->policy->size_max) {
		rotate(log);
	}
	if (log->timed && localtime_r(&now, &tm)) {
		append(log, text, strftime(text, sizeof(text), "[%Y-%m-%d %H:%M:%S] ", &tm));
	}
}

void log_write(struct log *log, const char *bytes, size_t size, time_t now)
{
	while (log->fd >= 0 && size) {
		const char *newline = memchr(bytes, '\n', size);
		size_t line = newline ? (size_t)(newline - bytes) + 1 : size;
		const char *escape =
			log->policy->replace_escape ? memchr(bytes, ESCAPE, line) : NULL;

		if (!log->inside_line) {
			begin_line(log, now);
		}
		if (escape) {
			line = (size_t)(escape - bytes) + 1;
			append(log, bytes, line - 1);
			append(log, ".", 1);
		} else {
			append(log, bytes, line);
		}
		log->inside_line = escape || !newline;
		bytes += line;
		size -= line;
	}
}
