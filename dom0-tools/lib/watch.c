/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Waiting for events of the store, with a deadline. */
#include <errno.h>
#include <lib/error.h>
#include <lib/store.h>
#include <lib/watch.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>

#define TOKEN "pvx-wait"

int64_t watch_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int wait_event(int64_t deadline)
{
	struct pollfd ready = {.fd = xs_fileno(store()), .events = POLLIN};
	char **event;

	for (;;) {
		int64_t left = deadline ? deadline - watch_clock() : -1;

		event = xs_check_watch(store());
		if (event) {
			free(event);
			return 0;
		}
		if (errno != EAGAIN) {
			return fail_errno(errno, "waiting for the store");
		}
		if (deadline && left <= 0) {
			return -ETIMEDOUT;
		}
		poll(&ready, 1, (int)left);
	}
}

int watch_until(const char *path, int (*done)(void *), void *context, unsigned int seconds)
{
	int64_t deadline = seconds ? watch_clock() + (int64_t)seconds * 1000 : 0;
	int rc = done(context);

	if (rc) {
		return rc < 0 ? rc : 0;
	}
	if (!store() || !xs_watch(store(), path, TOKEN)) {
		return fail_errno(errno, "watching %s in the store", path);
	}
	do {
		rc = wait_event(deadline);
		rc = rc ? rc : done(context);
	} while (!rc);
	xs_unwatch(store(), path, TOKEN);
	return rc < 0 ? rc : 0;
}
