/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pvx console: a terminal on a guest's console, through the pty of the console daemon. */
#include <cli/commands.h>
#include <cli/console.h>
#include <errno.h>
#include <fcntl.h>
#include <lib/error.h>
#include <lib/store.h>
#include <lib/watch.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define ESCAPE	    0x1d /* Ctrl-] */
#define TTY_SECONDS 10

struct search {
	unsigned int domid, number;
	char *tty;
};

/* The console daemon writes the pty's name once it has the domain. */
static int has_tty(void *context)
{
	struct search *s = context;

	free(s->tty);
	s->tty = s->number ? store_read(XBT_NULL, "/local/domain/%u/device/console/%u/tty",
					s->domid, s->number)
			   : store_read(XBT_NULL, "/local/domain/%u/console/tty", s->domid);
	return s->tty && *s->tty;
}

static int open_tty(struct search *s)
{
	char path[96];
	int rc, fd;

	snprintf(path, sizeof(path),
		 s->number ? "/local/domain/%u/device/console/%u/tty"
			   : "/local/domain/%u/console/tty",
		 s->domid, s->number);
	rc = watch_until(path, has_tty, s, TTY_SECONDS);
	if (rc) {
		return rc == -ETIMEDOUT
			       ? fail(ETIMEDOUT,
				      "domain %u has no console (does the console daemon run?)",
				      s->domid)
			       : rc;
	}
	fd = open(s->tty, O_RDWR | O_NOCTTY | O_CLOEXEC);
	return fd < 0 ? fail_errno(errno, "the console %s", s->tty) : fd;
}

/* What came on one descriptor goes to the other; false at its end, or at the escape. */
static bool relay(int from, int to, bool escape)
{
	char bytes[512];
	ssize_t count = read(from, bytes, sizeof(bytes));
	char *stop;

	if (count <= 0) {
		return count < 0 && (errno == EINTR || errno == EAGAIN);
	}
	stop = escape ? memchr(bytes, ESCAPE, (size_t)count) : NULL;
	if (stop) {
		count = stop - bytes;
	}
	for (ssize_t done = 0; done < count;) {
		ssize_t written = write(to, bytes + done, (size_t)(count - done));

		if (written < 0 && errno != EINTR) {
			return false;
		}
		done += written > 0 ? written : 0;
	}
	return !stop;
}

static void talk(int tty)
{
	struct pollfd both[2] = {{.fd = STDIN_FILENO, .events = POLLIN},
				 {.fd = tty, .events = POLLIN}};
	bool going = true;

	while (going) {
		if (poll(both, 2, -1) < 0 && errno != EINTR) {
			return;
		}
		if (both[1].revents) {
			going = relay(tty, STDOUT_FILENO, false);
		}
		if (going && both[0].revents && !relay(STDIN_FILENO, tty, true)) {
			if (isatty(STDIN_FILENO)) {
				return;
			}
			both[0].fd = -1; /* the input of a script has ended: listen on */
		}
	}
}

int console_attach(unsigned int domid, unsigned int number)
{
	struct search search = {.domid = domid, .number = number};
	struct termios before, raw;
	bool terminal = tcgetattr(STDIN_FILENO, &before) == 0;
	int tty = open_tty(&search);

	free(search.tty);
	if (tty < 0) {
		return tty;
	}
	if (tcgetattr(tty, &raw) == 0) { /* the guest's own terminal does echo and lines */
		cfmakeraw(&raw);
		tcsetattr(tty, TCSANOW, &raw);
	}
	if (terminal) {
		raw = before;
		cfmakeraw(&raw);
		tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	}
	talk(tty);
	if (terminal) {
		tcsetattr(STDIN_FILENO, TCSANOW, &before);
	}
	close(tty);
	return 0;
}

static int console_run(struct cli *cli, int argc, char **argv)
{
	int domid = cli_domain(cli, argv[0]);
	const char *type = cli_option(cli, "type");
	long number = 0;
	int rc;

	if (domid < 0) {
		return -domid;
	}
	if (type && strcmp(type, "pv") != 0) {
		return cli_usage(cli, "guests have consoles of type pv only");
	}
	if (!cli_number(cli, "num", &number)) {
		return EXIT_USAGE;
	}
	rc = console_attach((unsigned int)domid, (unsigned int)number);
	return rc ? cli_failed(cli, rc) : EXIT_DONE;
}

static const struct cli_option options[] = {
	{.letter = 't', .name = "type", .value = "pv", .help = "the kind of console"},
	{.letter = 'n', .name = "num", .value = "NUMBER", .help = "which of its consoles"},
	{.letter = 'e',
	 .name = "escape",
	 .value = "KEY",
	 .help = "accepted for scripts' sake; the key is Ctrl-]"},
	{.name = NULL},
};

const struct command cmd_console = {
	.name = "console",
	.arguments = "DOMAIN",
	.summary = "Talk to a guest on its console; Ctrl-] ends it",
	.options = options,
	.arguments_min = 1,
	.arguments_max = 1,
	.run = console_run,
};
