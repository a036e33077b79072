/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guests' actions on shutdown, and clearing up after those who were killed. */
#include <errno.h>
#include <fcntl.h>
#include <guest/core_dump.h>
#include <guest/guest.h>
#include <guest/supervisor.h>
#include <lib/error.h>
#include <lib/names.h>
#include <lib/store.h>
#include <limits.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <xen/sched.h>

#define LOCK	   "/run/pvx/supervisor.lock"
#define LOG_FOLDER "/var/log/pvx"
#define LOG	   LOG_FOLDER "/supervisor.log"

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
	time_t now = time(NULL);
	char stamp[32];
	struct tm local;
	va_list args;

	strftime(stamp, sizeof(stamp), "%Y-%m-%d %H:%M:%S", localtime_r(&now, &local));
	fprintf(stderr, "%s ", stamp);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

/* --- Actions -------------------------------------------------------------------------------- */

static enum domain_action action_for(const struct domain_config *config, int reason)
{
	switch (reason) {
	case SHUTDOWN_poweroff:
		return config->on_poweroff;
	case SHUTDOWN_reboot:
		return config->on_reboot;
	case SHUTDOWN_suspend:
		return ACTION_PRESERVE; /* who asked for it does what comes next */
	case SHUTDOWN_watchdog:
		return config->on_watchdog;
	case SHUTDOWN_soft_reset:
		return config->on_soft_reset;
	default:
		return config->on_crash;
	}
}

static int restart(struct record *record)
{
	int rc = guest_restart(record);

	if (rc) { /* once; what was wrong is not better the next time */
		say("%s: %s", record->uuid, fail_text());
		return guest_finish(record);
	}
	record_close(record);
	return 0;
}

/* The old one stays to be looked at, under another name; a new one takes its place. */
static int rename_restart(struct record *record, struct domain_config *config)
{
	char name[256];
	int domid = record->domid, rc;

	snprintf(name, sizeof(name), "%s-%d", config->name, domid);
	rc = record_update(record, RECORD_ALONE, domid);
	record_close(record);
	rc = rc ? rc : guest_rename((domid_t)domid, name);
	rc = rc ? rc : guest_take_devices((domid_t)domid, record->uuid);
	if (!rc) {
		config->uuid = NULL;
		rc = guest_create(config, false);
	}
	return rc < 0 ? rc : domain_unpause((domid_t)rc);
}

/* Takes over the record, whatever comes of it. */
static int act(struct record *record, struct domain_config *config, int reason)
{
	enum domain_action action = action_for(config, reason);
	int rc;

	say("'%s' (domain %d) has shut down, reason %d: %s", config->name, record->domid, reason,
	    domain_action_names[action]);
	if ((action == ACTION_COREDUMP_DESTROY || action == ACTION_COREDUMP_RESTART) &&
	    core_dump_named((domid_t)record->domid, config->name, false)) {
		say("%s: no core: %s", record->uuid, fail_text()); /* all else goes on */
	}
	switch (action) {
	case ACTION_RESTART:
	case ACTION_COREDUMP_RESTART:
	case ACTION_SOFT_RESET:
		return restart(record);
	case ACTION_RENAME_RESTART:
		return rename_restart(record, config);
	case ACTION_PRESERVE:
		rc = record_update(record, RECORD_ALONE, record->domid);
		record_close(record);
		return rc;
	default:
		return guest_finish(record);
	}
}

/* --- Looking -------------------------------------------------------------------------------- */

/* -1: gone; 0: there; 1: shut down, for *reason. */
static int state_of(const struct record *record, int *reason)
{
	domain_info_t info;
	char uuid[UUID_TEXT];

	if (record->domid < 0 || domain_get((domid_t)record->domid, &info)) {
		return -1;
	}
	uuid_print(info.handle, uuid);
	*reason = domain_shutdown_reason(&info);
	if (strcmp(uuid, record->uuid) != 0 || info.flags & XEN_DOMINF_dying) {
		return -1;
	}
	return *reason >= 0;
}

static bool has_work(const struct record *record)
{
	int reason, state = state_of(record, &reason);

	return record->state == RECORD_LIVE    ? state != 0
	       : record->state == RECORD_ALONE ? state < 0
					       : true; /* somebody was killed at it */
}

static int do_work(struct record *record)
{
	struct domain_config config;
	int reason = 0, state = state_of(record, &reason);
	int rc;

	if (record->state == RECORD_RESTARTING) {
		return restart(record);
	}
	if (record->state != RECORD_LIVE || state < 0) {
		say("%s: clearing away what is left of it", record->uuid);
		return guest_finish(record);
	}
	rc = record_config(record, &config);
	if (rc) {
		record_close(record);
	} else {
		rc = act(record, &config, reason);
	}
	config_free(&config);
	return rc;
}

struct look {
	int done, failed;
	bool busy; /* somebody had a record: he is at work, or just dying */
};

static void look_at(void *context, const char *uuid)
{
	struct record record;
	struct look *look = context;
	int rc = record_peek(&record, uuid);

	look->busy |= rc == -EBUSY;
	if (rc || !has_work(&record) || record_open(&record, uuid, false)) {
		return;
	}
	if (!has_work(&record)) { /* it was done between the two looks */
		record_close(&record);
		return;
	}
	if (do_work(&record)) {
		say("%s: %s", uuid, fail_text());
		look->failed++;
	} else {
		look->done++;
	}
}

int supervisor_look(int *failed)
{
	struct look look = {.done = 0};

	record_each(look_at, &look);
	*failed = look.failed;
	return look.done;
}

/* --- The process ---------------------------------------------------------------------------- */

static int take_lock(bool wait)
{
	int fd;

	mkdir("/run/pvx", 0700);
	mkdir(RECORD_FOLDER, 0700);
	fd = open(LOCK, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0) {
		return fail_errno(errno, "%s", LOCK);
	}
	if (flock(fd, wait ? LOCK_EX : LOCK_EX | LOCK_NB) < 0) {
		close(fd);
		return fail(EBUSY, "a supervisor runs already");
	}
	return fd;
}

bool supervisor_runs(void)
{
	int lock = take_lock(false);

	if (lock >= 0) {
		close(lock);
	}
	return lock == -EBUSY;
}

int supervisor_start(void)
{
	static char word[] = "supervise", program[] = "pvx";
	char *arguments[] = {program, word, NULL};
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	pid_t child;
	int error;

	if (supervisor_runs()) {
		return 0;
	}
	mkdir(LOG_FOLDER, 0755);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDWR, 0);
	posix_spawn_file_actions_adddup2(&files, 0, 1);
	posix_spawn_file_actions_addopen(&files, 2, LOG, O_WRONLY | O_CREAT | O_APPEND, 0644);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
	error = posix_spawn(&child, "/proc/self/exe", &files, &attributes, arguments, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&files);
	return error ? fail_errno(error, "starting the supervisor") : 0;
}

/* Looks at the records that were closed. 1: a domain has ended, or so much happened that the kernel
 * does not say what, so all are to be looked at. */
static int look_at_news(int notify, struct look *look)
{
	_Alignas(struct inotify_event) char news[4096];
	bool all = false;
	ssize_t length;
	char **event;

	while ((length = read(notify, news, sizeof(news))) > 0) {
		const struct inotify_event *one;

		for (ssize_t at = 0; at < length; at += (ssize_t)(sizeof(*one) + one->len)) {
			one = (const void *)(news + at);
			all |= one->mask & IN_Q_OVERFLOW;
			if (one->len && strlen(one->name) == UUID_TEXT - 1) {
				look_at(look, one->name);
			}
		}
	}
	while ((event = xs_check_watch(store())) != NULL) {
		free(event);
		all = true;
	}
	return errno == EAGAIN ? all : fail_errno(errno, "the store is gone");
}

/*
 * The kernel tells that a record is closed a moment before it lets go of the lock, so a record that
 * is busy is looked at again, a few times; of one at which somebody is at work for longer we hear
 * when he has done.
 */
static const int retry_after[] = {20, 200, 1000}; /* milliseconds */
#define RETRIES (sizeof(retry_after) / sizeof(retry_after[0]))

int supervisor_run(bool wait)
{
	int lock = take_lock(wait);
	int notify = lock < 0 ? -1 : inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	struct pollfd ready[2] = {{.fd = notify, .events = POLLIN}, {.events = POLLIN}};
	bool all = true;

	if (lock < 0) {
		return lock == -EBUSY ? 0 : lock;
	}
	if (notify < 0 || inotify_add_watch(notify, RECORD_FOLDER, IN_CLOSE_WRITE) < 0) {
		return fail_errno(errno, "watching %s", RECORD_FOLDER);
	}
	if (!store() || !xs_watch(store(), "@releaseDomain", "supervisor")) {
		return store() ? fail_errno(errno, "watching the store") : -ENOTCONN;
	}
	ready[1].fd = xs_fileno(store());
	prctl(PR_SET_NAME, "pvx-supervisor"); /* /proc/self/exe has no name of its own */
	say("the supervisor begins");
	for (size_t again = 0;;) {
		struct look look = {.done = 0};
		int rc = look_at_news(notify, &look);

		if (rc < 0) {
			return rc;
		}
		if (rc || all) {
			record_each(look_at, &look);
		}
		rc = poll(ready, 2, look.busy && again < RETRIES ? retry_after[again] : -1);
		if (rc < 0 && errno != EINTR) {
			return fail_errno(errno, "waiting for events");
		}
		all = rc == 0; /* whoever was busy is among them */
		again = rc ? 0 : again + 1;
	}
}
