/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one loop: waits, lets each ready connection do a little, sends what came of it. */
#include "daemon.h"

#include <sys/epoll.h>
#include <time.h>

#define EVENTS_ONCE 64
#define THROTTLED   5 /* milliseconds until those without credit are tried again */

void loop_clock(struct daemon *daemon)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &time);
	daemon->now = (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
	daemon->store.now = (uint64_t)time.tv_sec;
}

/* Each connection that was ready when the round began has one turn; true if one got on. */
static bool work(struct daemon *daemon)
{
	uint64_t before = daemon->store.operations;
	struct connection *last =
		daemon->ready ? container_of(daemon->ready_end, struct connection, next_ready)
			      : NULL;
	struct connection *connection = NULL;

	while (daemon->ready && connection != last) {
		connection = daemon->ready;
		daemon->ready = connection->next_ready;
		if (!daemon->ready) {
			daemon->ready_end = &daemon->ready;
		}
		connection->ready = false;
		if (connection->fd >= 0) {
			socket_work(daemon, connection);
		} else {
			ring_work(daemon, connection);
		}
	}
	return daemon->store.operations != before;
}

static int timeout_of(const struct daemon *daemon, bool got_on)
{
	if (daemon->ready) {
		return got_on ? 0 : THROTTLED;
	}
	if (daemon->recovering_sessions) {
		return 1000;
	}
	return daemon->watchdog ? (int)daemon->watchdog / 2 : -1;
}

static void dispatch(struct daemon *daemon, const struct epoll_event *event)
{
	if (event->data.ptr == &daemon->listener) {
		socket_accept(daemon);
	} else if (event->data.ptr == &daemon->has_machine) {
		ring_events(daemon);
	} else if (event->data.ptr != &daemon->stop) {
		socket_event(daemon, event->data.ptr, event->events);
	} else {
		daemon->stop = true;
	}
}

void loop_run(struct daemon *daemon)
{
	struct epoll_event event[EVENTS_ONCE];
	bool got_on = true;

	while (!daemon->stop) {
		int count =
			epoll_wait(daemon->epoll, event, EVENTS_ONCE, timeout_of(daemon, got_on));

		loop_clock(daemon);
		for (int i = 0; i < count; i++) {
			dispatch(daemon, &event[i]);
		}
		connection_flush_all(daemon);
		got_on = work(daemon);
		connection_flush_all(daemon);
		orders_perform(daemon);
		connection_compact(daemon, false);
		if (daemon->recovering_sessions) {
			session_expire(daemon);
		}
		if (daemon->watchdog && daemon->now - daemon->last_sign >= daemon->watchdog / 2) {
			daemon->last_sign = daemon->now;
			service_notify("WATCHDOG=1");
		}
	}
}
