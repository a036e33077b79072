/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libpvxstore against the daemon: each call, long lists, watches, and one handle in many threads.
 */
#include "pvxstore.h"
#include "tap.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS 4
#define ROUNDS	300

static struct xs_handle *handle;

static void test_nodes(void)
{
	unsigned int count = 0, length = 0;
	struct xs_permissions set[2] = {{.id = 0, .perms = XS_PERM_READ}, {.id = 5, .perms = 3}},
			      *got;
	char *value, **names;

	ok(xs_write(handle, XBT_NULL, "/a/b", "v\0w", 3), "a value with a NUL is written");
	value = xs_read(handle, XBT_NULL, "/a/b", &length);
	ok(value && length == 3 && memcmp(value, "v\0w", 4) == 0, "and read, with a NUL behind it");
	free(value);
	ok(!xs_read(handle, XBT_NULL, "/none", &length) && errno == ENOENT,
	   "errno names the error");
	ok(!xs_write(handle, XBT_NULL, "/a b", "", 0) && errno == EINVAL, "also for writes");
	ok(xs_mkdir(handle, XBT_NULL, "/a/c"), "mkdir");
	names = xs_directory(handle, XBT_NULL, "/a", &count);
	ok(names && count == 2 && strcmp(names[0], "b") == 0 && strcmp(names[1], "c") == 0,
	   "a directory is listed");
	free(names);
	ok(xs_set_permissions(handle, XBT_NULL, "/a/b", set, 2), "permissions are set");
	got = xs_get_permissions(handle, XBT_NULL, "/a/b", &count);
	ok(got && count == 2 && got[0].perms == XS_PERM_READ && got[1].id == 5 && got[1].perms == 3,
	   "and got");
	free(got);
	ok(xs_rm(handle, XBT_NULL, "/a") && !xs_rm(handle, XBT_NULL, "/x/y"), "rm");
	value = xs_get_domain_path(handle, 7);
	ok(value && strcmp(value, "/local/domain/7") == 0, "a domain's path");
	free(value);
	ok(!xs_is_domain_introduced(handle, 7) && xs_is_domain_introduced(handle, 0),
	   "is introduced");
	ok(!xs_introduce_domain(handle, 7, 1, 1) && errno == ENOENT, "no such domain");
	value = xs_control_command(handle, "check", NULL, 0);
	ok(value && strcmp(value, "OK") == 0, "control");
	free(value);
}

/* A list that fills several replies. */
static void test_long_list(void)
{
	unsigned int count = 0, right = 0;
	char path[64], **names;

	for (int i = 0; i < 2000; i++) {
		snprintf(path, sizeof(path), "/long/name-%05d", i);
		xs_write(handle, XBT_NULL, path, "", 0);
	}
	names = xs_directory(handle, XBT_NULL, "/long", &count);
	for (unsigned int i = 0; names && i < count; i++) {
		snprintf(path, sizeof(path), "name-%05u", i);
		right += strcmp(names[i], path) == 0;
	}
	free(names);
	ok(count == 2000 && right == 2000, "a list of 2000 names comes in parts: %u", right);
}

static void test_transactions(void)
{
	xs_transaction_t t = xs_transaction_start(handle), other;
	char *value;

	ok(t != XBT_NULL && xs_write(handle, t, "/t/a", "1", 1), "a transaction writes");
	ok(!xs_read(handle, XBT_NULL, "/t/a", NULL), "which nobody sees");
	ok(xs_transaction_end(handle, t, false), "it commits");
	value = xs_read(handle, XBT_NULL, "/t/a", NULL);
	ok(value && strcmp(value, "1") == 0, "now all do");
	free(value);
	t = xs_transaction_start(handle);
	other = xs_transaction_start(handle);
	free(xs_read(handle, t, "/t/a", NULL));
	xs_write(handle, other, "/t/a", "2", 1);
	xs_write(handle, t, "/t/b", "3", 1);
	ok(xs_transaction_end(handle, other, false) && !xs_transaction_end(handle, t, false) &&
		   errno == EAGAIN,
	   "what was read has changed: EAGAIN");
	t = xs_transaction_start(handle);
	xs_rm(handle, t, "/t");
	ok(xs_transaction_end(handle, t, true), "a transaction is given up");
	value = xs_read(handle, XBT_NULL, "/t/a", NULL);
	ok(value && strcmp(value, "2") == 0, "and changed nothing");
	free(value);
}

static bool event_is(const char *path, const char *token)
{
	char **event = xs_read_watch(handle, NULL);
	bool right = event && strcmp(event[0], path) == 0 && strcmp(event[1], token) == 0;

	free(event);
	return right;
}

static void test_watches(void)
{
	struct pollfd readable = {.fd = xs_fileno(handle), .events = POLLIN};

	errno = 0;
	ok(!xs_check_watch(handle) && errno == EAGAIN, "no event yet");
	ok(xs_watch(handle, "/w", "token") && event_is("/w", "token"),
	   "a watch begins with an event");
	ok(!xs_watch(handle, "/w", "token") && errno == EEXIST, "it is there once");
	/* The event comes before the reply, and so is in the library when xs_write() returns. */
	ok(xs_write(handle, XBT_NULL, "/w/x", "", 0) && poll(&readable, 1, 60000) == 1,
	   "xs_fileno() says that an event waits in the library");
	ok(event_is("/w/x", "token"), "it is the right one");
	xs_write(handle, XBT_NULL, "/w/y", "", 0);
	ok(xs_unwatch(handle, "/w", "token") && !xs_check_watch(handle) && errno == EAGAIN,
	   "after xs_unwatch() none is left");
	ok(poll(&readable, 1, 0) == 0, "and xs_fileno() is silent");
}

struct thread {
	pthread_t thread;
	int number;
	unsigned int wrong;
};

/* All on the one handle: each must get the reply to what it asked itself. */
static void *work(void *argument)
{
	struct thread *thread = argument;
	char path[32], text[16], *value;

	snprintf(path, sizeof(path), "/thread/%d", thread->number);
	for (int i = 0; i < ROUNDS; i++) {
		int length = snprintf(text, sizeof(text), "%d.%d", thread->number, i);

		thread->wrong += !xs_write(handle, XBT_NULL, path, text, (unsigned int)length);
		value = xs_read(handle, XBT_NULL, path, NULL);
		thread->wrong += !value || strcmp(value, text) != 0;
		free(value);
	}
	return NULL;
}

static void test_threads(void)
{
	struct thread thread[THREADS] = {0};
	unsigned int wrong = 0, events = 0;

	xs_watch(handle, "/thread", "all");
	for (int i = 0; i < THREADS; i++) {
		thread[i].number = i;
		pthread_create(&thread[i].thread, NULL, work, &thread[i]);
	}
	/* A fifth one waits for events meanwhile. */
	while (events < THREADS * ROUNDS + 1) {
		char **event = xs_read_watch(handle, NULL);

		if (!event) {
			break;
		}
		free(event);
		events++;
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(thread[i].thread, NULL);
		wrong += thread[i].wrong;
	}
	is_int(wrong, 0, "%d threads on one handle: each has its own replies", THREADS);
	is_int(events, THREADS * ROUNDS + 1, "and a fifth has all events");
}

int main(void)
{
	static char root[] = "/tmp/pvx-store-library-XXXXXX";
	const char *path =
		getenv("PVX_STORED") ? getenv("PVX_STORED") : "tests/store/pvx-stored-files";
	pid_t pid;

	if (!mkdtemp(root)) {
		return 1;
	}
	setenv("XENSTORED_RUNDIR", root, 1);
	unsetenv("XENSTORED_PATH");
	unsetenv("PVX_MACHINE");
	pid = fork();
	if (pid == 0) {
		execl(path, path, "-N", (char *)NULL);
		_exit(127);
	}
	for (int i = 0; i < 6000 && !handle; i++) {
		handle = xs_open(XS_UNWATCH_FILTER);
		usleep(handle ? 0 : 10000);
	}
	if (ok(handle != NULL, "the store opens")) {
		test_nodes();
		test_long_list();
		test_transactions();
		test_watches();
		test_threads();
	}
	xs_close(handle);
	kill(pid, SIGTERM);
	waitpid(pid, NULL, 0);
	return done_testing();
}
