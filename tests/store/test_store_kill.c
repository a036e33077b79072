/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kills the daemon with SIGKILL again and again while clients of the library work, each against a
 * model of its own part of the store: nothing that was acknowledged may be lost, nothing may be
 * done twice, no call may fail, each change's event must come.
 *
 * Usage: test_store_kill [SEED [KILLS]]
 */
#include "pvxstore.h"
#include "tap.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define CLIENTS 3
#define KEYS	16

static char root[] = "/tmp/pvx-store-kill-XXXXXX";
static const char *daemon_path;
static atomic_uint operations, wrong, commits, conflicts;
static atomic_bool enough;
static pid_t daemon_pid;

static void start_daemon(void)
{
	daemon_pid = fork();
	if (daemon_pid == 0) {
		char log[256];

		snprintf(log, sizeof(log), "%s/log", root);
		if (!freopen(log, "a", stderr)) {
			_exit(1);
		}
		execl(daemon_path, daemon_path, "-N", (char *)NULL);
		_exit(127);
	}
}

static struct xs_handle *open_store(void)
{
	struct xs_handle *handle;

	for (int i = 0; i < 3000; i++) {
		handle = xs_open(0);
		if (handle) {
			return handle;
		}
		usleep(10000);
	}
	return NULL;
}

struct worker {
	pthread_t thread;
	struct xs_handle *handle;
	uint64_t random;
	int number;
	bool there[KEYS];
	unsigned int value[KEYS], counter;
};

static void mistake(const struct worker *worker, const char *what)
{
	if (wrong++ < 10) {
		printf("# client %d: %s: %s\n", worker->number, what, strerror(errno));
		fflush(stdout);
	}
}

static unsigned int choose(struct worker *worker, unsigned int below)
{
	return (unsigned int)(tap_random(&worker->random) >> 33) % below;
}

static void key_path(const struct worker *worker, unsigned int key, char path[64])
{
	snprintf(path, 64, "/client/%d/key%u", worker->number, key);
}

/* The event of a change must come; the one of the watch itself may be before it. */
static void expect_event(struct worker *worker, const char *path)
{
	bool found = false;

	while (!found) {
		char **event = xs_read_watch(worker->handle, NULL);

		if (!event) {
			mistake(worker, "no event");
			return;
		}
		found = strcmp(event[0], path) == 0;
		free(event);
	}
}

static bool put(struct worker *worker, xs_transaction_t t, const char *path, unsigned int value)
{
	char text[16];
	int length = snprintf(text, sizeof(text), "%u", value);

	return xs_write(worker->handle, t, path, text, (unsigned int)length);
}

static void check_key(struct worker *worker, xs_transaction_t t, unsigned int key)
{
	char path[64], *text;

	key_path(worker, key, path);
	text = xs_read(worker->handle, t, path, NULL);
	if (worker->there[key] ? !text || strtoul(text, NULL, 10) != worker->value[key]
			       : text || errno != ENOENT) {
		mistake(worker, "a read is not the model's");
	}
	free(text);
}

static void write_key(struct worker *worker, unsigned int key)
{
	char path[64];

	key_path(worker, key, path);
	worker->there[key] = true;
	worker->value[key] = choose(worker, 1000000);
	if (!put(worker, XBT_NULL, path, worker->value[key])) {
		mistake(worker, "a write failed");
	}
	expect_event(worker, path);
}

static void remove_key(struct worker *worker, unsigned int key)
{
	char path[64];

	key_path(worker, key, path);
	if (!xs_rm(worker->handle, XBT_NULL, path)) {
		mistake(worker, "a removal failed");
	}
	if (worker->there[key]) {
		expect_event(worker, path);
	}
	worker->there[key] = false;
}

/* Counts in a transaction: done twice, or half, the counter and the keys would not agree. */
static void count_up(struct worker *worker)
{
	char path[64], *text;
	unsigned int seen;
	xs_transaction_t t = xs_transaction_start(worker->handle);

	snprintf(path, sizeof(path), "/client/%d/counter", worker->number);
	text = xs_read(worker->handle, t, path, NULL);
	seen = text ? (unsigned int)strtoul(text, NULL, 10) : 0;
	free(text);
	if (!t || seen != worker->counter) {
		mistake(worker, "the counter is not the model's");
	}
	if (!put(worker, t, path, seen + 1)) {
		mistake(worker, "a write in a transaction failed");
	}
	check_key(worker, t, choose(worker, KEYS));
	if (xs_transaction_end(worker->handle, t, false)) {
		worker->counter++;
		commits++;
		expect_event(worker, path);
	} else if (errno == EAGAIN) {
		conflicts++;
	} else {
		mistake(worker, "a commit failed");
	}
}

/* Several calls under way at once, finished in another order. */
static void pipeline(struct worker *worker)
{
	struct xs_call *call[8];
	char path[64];

	for (unsigned int i = 0; i < 8; i++) {
		key_path(worker, i, path);
		call[i] = xs_send(worker->handle, XBT_NULL, 2 /* READ */, path,
				  (unsigned int)strlen(path) + 1);
	}
	for (unsigned int i = 8; i-- > 0;) {
		char *text = call[i] ? xs_finish(worker->handle, call[i], NULL) : NULL;

		if (worker->there[i] != (text != NULL) ||
		    (text && strtoul(text, NULL, 10) != worker->value[i])) {
			mistake(worker, "an asynchronous read is not the model's");
		}
		free(text);
	}
}

static void *work(void *argument)
{
	struct worker *worker = argument;

	while (!enough && wrong < 20) {
		unsigned int key = choose(worker, KEYS);

		switch (choose(worker, 5)) {
		case 0:
			write_key(worker, key);
			break;
		case 1:
			remove_key(worker, key);
			break;
		case 2:
			count_up(worker);
			break;
		case 3:
			pipeline(worker);
			break;
		default:
			check_key(worker, XBT_NULL, key);
		}
		operations++;
	}
	for (unsigned int key = 0; key < KEYS; key++) {
		check_key(worker, XBT_NULL, key);
	}
	return NULL;
}

static bool start_worker(struct worker *worker, int number, uint64_t seed)
{
	char path[64];

	worker->number = number;
	worker->random = seed * 977 + (uint64_t)number + 1;
	worker->handle = open_store();
	snprintf(path, sizeof(path), "/client/%d", number);
	return worker->handle && xs_mkdir(worker->handle, XBT_NULL, path) &&
	       xs_watch(worker->handle, path, "mine") &&
	       pthread_create(&worker->thread, NULL, work, worker) == 0;
}

/* Kills at random moments of real work: after a random number of operations, not of seconds. */
static void kill_often(unsigned int kills, uint64_t seed)
{
	for (unsigned int i = 0; i < kills && wrong < 20; i++) {
		unsigned int target = operations + 1 + (unsigned int)(tap_random(&seed) >> 33) % 40;

		while (operations < target && wrong < 20) {
			usleep(200);
		}
		usleep((useconds_t)(tap_random(&seed) >> 33) % 300);
		kill(daemon_pid, SIGKILL);
		waitpid(daemon_pid, NULL, 0);
		start_daemon();
	}
}

int main(int argc, char **argv)
{
	static struct worker worker[CLIENTS];
	uint64_t seed = tap_seed(argc, argv);
	unsigned int kills = argc > 2 ? (unsigned int)atoi(argv[2]) : 60;
	bool started = true;

	daemon_path = getenv("PVX_STORED") ? getenv("PVX_STORED") : "tests/store/pvx-stored-files";
	if (!mkdtemp(root)) {
		return 1;
	}
	setenv("XENSTORED_RUNDIR", root, 1);
	unsetenv("XENSTORED_PATH");
	unsetenv("PVX_MACHINE");
	start_daemon();
	for (int i = 0; i < CLIENTS; i++) {
		started = started && start_worker(&worker[i], i, seed);
	}
	if (!ok(started, "the daemon and its clients start")) {
		return done_testing();
	}
	kill_often(kills, seed + 1);
	enough = true;
	for (int i = 0; i < CLIENTS; i++) {
		pthread_join(worker[i].thread, NULL);
		xs_close(worker[i].handle);
	}
	is_int(wrong, 0, "%u kills, %u operations: nothing lost, nothing done twice", kills,
	       operations);
	ok(commits > kills / 4, "transactions committed between: %u, and %u had to be tried again",
	   commits, conflicts);
	kill(daemon_pid, SIGTERM);
	waitpid(daemon_pid, NULL, 0);
	printf("# files are in %s\n", root);
	return done_testing();
}
