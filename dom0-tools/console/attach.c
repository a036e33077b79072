/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pty's name is a node in the store. When the pty hangs up, because the daemon was restarted,
 * the next event of that node has the new one; when the node is gone, so is the domain.
 */
#include <console/attach.h>
#include <errno.h>
#include <fcntl.h>
#include <lib/error.h>
#include <lib/store.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <termios.h>
#include <unistd.h>

#define PATIENCE 5000 /* ms, until we say what we wait for */

struct attached {
	char path[96]; /* of the node */
	char name[64]; /* of the pty that was opened last */
	int tty;       /* -1: hung up, or not yet there */
	bool input;    /* ours has not ended */
	char escape;
};

static int write_all(int fd, const char *bytes, size_t size)
{
	while (size) {
		ssize_t written = write(fd, bytes, size);

		if (written < 0 && errno == EAGAIN) {
			poll(&(struct pollfd){fd, POLLOUT, 0}, 1, -1);
		} else if (written < 0 && errno != EINTR) {
			return -errno;
		}
		if (written > 0) {
			bytes += written;
			size -= (size_t)written;
		}
	}
	return 0;
}

/* A pty gives each byte to one of those who read it. */
static void warn_of_others(int tty)
{
	if (tty >= 0 && flock(tty, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK) {
		fputs("somebody else is at this console: each sees a part of what it says\r\n",
		      stderr);
	}
}

/*
 * What the node says now: 1 if the domain is gone; while its pty is there it may have more to say.
 * A pty is opened if we have none; the name that has just hung up is not opened again, for as long
 * as no event says that it is a new one.
 */
static int look(struct attached *attached, bool event)
{
	char *name = store_read(XBT_NULL, "%s", attached->path);

	if (!name && errno == ENOENT) {
		return attached->tty < 0 ? 1 : 0;
	}
	if (!name) {
		return fail_errno(errno, "%s", attached->path);
	}
	if (attached->tty < 0 && *name && (event || strcmp(name, attached->name) != 0)) {
		attached->tty = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
		snprintf(attached->name, sizeof(attached->name), "%s", name);
		warn_of_others(attached->tty);
	}
	free(name);
	return 0;
}

/* After an event of the node. */
static int on_store(struct attached *attached)
{
	char **event;
	bool any = false;

	while ((event = xs_check_watch(store()))) {
		any = true;
		free(event);
	}
	return any ? look(attached, true) : 0;
}

static void hang_up(struct attached *attached)
{
	close(attached->tty);
	attached->tty = -1;
}

static int on_tty(struct attached *attached)
{
	char bytes[4096];
	ssize_t size = read(attached->tty, bytes, sizeof(bytes));

	if (size > 0) {
		return write_all(STDOUT_FILENO, bytes, (size_t)size);
	}
	if (size < 0 && errno == EAGAIN) {
		return 0;
	}
	hang_up(attached);
	return look(attached, false);
}

/* 1 when the escape was typed; what is before it goes to the guest. */
static int on_input(struct attached *attached)
{
	char bytes[512];
	ssize_t size = read(STDIN_FILENO, bytes, sizeof(bytes));
	const char *escape;

	if (size <= 0) {
		attached->input = false;
		return isatty(STDIN_FILENO) ? 1 : 0;
	}
	escape = isatty(STDIN_FILENO) ? memchr(bytes, attached->escape, (size_t)size) : NULL;
	if (attached->tty >= 0 &&
	    write_all(attached->tty, bytes, escape ? (size_t)(escape - bytes) : (size_t)size)) {
		hang_up(attached);
		return escape ? 1 : look(attached, false);
	}
	return escape ? 1 : 0;
}

/* What is typed while there is no pty is lost; what a program writes waits. */
static bool takes_input(const struct attached *attached)
{
	return attached->input && (attached->tty >= 0 || isatty(STDIN_FILENO));
}

static int step(struct attached *attached, bool *told)
{
	struct pollfd polls[3] = {{xs_fileno(store()), POLLIN, 0},
				  {attached->tty, POLLIN, 0},
				  {takes_input(attached) ? STDIN_FILENO : -1, POLLIN, 0}};
	bool waits = attached->tty < 0 && !*told;
	int count = poll(polls, 3, waits ? PATIENCE : -1);
	int rc = 0;

	if (count == 0) {
		*told = true;
		fprintf(stderr, "waiting for pvx-consoled to serve %s (is it running?)\r\n",
			attached->path);
	}
	if (count > 0 && polls[0].revents) {
		rc = on_store(attached);
	}
	if (count > 0 && !rc && polls[1].revents) {
		rc = on_tty(attached);
	}
	if (count > 0 && !rc && polls[2].revents && takes_input(attached)) {
		rc = on_input(attached);
	}
	return rc;
}

static int run(struct attached *attached)
{
	bool told = false;
	int rc = 0;

	if (!store()) {
		return -ENOTCONN;
	}
	if (!xs_watch(store(), attached->path, "tty")) {
		return fail_errno(errno, "watching %s", attached->path);
	}
	rc = look(attached, true);
	if (rc == 1) {
		rc = fail(ENOENT, "there is no such console: %s is not in the store",
			  attached->path);
	}
	while (rc == 0) {
		rc = step(attached, &told);
	}
	xs_unwatch(store(), attached->path, "tty");
	return rc < 0 ? rc : 0;
}

int console_attach(unsigned int domid, unsigned int number, char escape)
{
	struct attached attached = {.tty = -1, .input = true, .escape = escape};
	struct termios before;
	struct termios raw;
	bool terminal = tcgetattr(STDIN_FILENO, &before) == 0;
	int rc;

	if (number) {
		snprintf(attached.path, sizeof(attached.path), "/libxl/%u/device/console/%u/tty",
			 domid, number);
	} else {
		snprintf(attached.path, sizeof(attached.path), "/local/domain/%u/console/tty",
			 domid);
	}
	if (terminal) {
		raw = before;
		cfmakeraw(&raw);
		tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	}
	rc = run(&attached);
	if (terminal) {
		tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
		putchar('\n');
	}
	if (attached.tty >= 0) {
		close(attached.tty);
	}
	return rc;
}
