/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Measures a store daemon from its socket: wall time and the daemon's CPU time per operation.
 *
 * Usage: bench_store fill SOCKET NODES
 *        bench_store run SOCKET PID CLIENTS SCALE	one line: operation wall-us cpu-us ...
 *        bench_store echo SCALE			the bare socket round trip
 */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <xen/io/xs_wire.h>

#define HEADER	    sizeof(struct xsd_sockmsg)
#define CLIENTS_MAX 256
#define PER_FOLDER  100

struct client {
	int fd;
	size_t have;
	char in[65536];
	uint32_t transaction;
};

static struct client client[CLIENTS_MAX];
static int clients;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int connect_to(const char *path)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(name.sun_path, sizeof(name.sun_path), "%s", path);
	if (fd < 0 || connect(fd, (struct sockaddr *)&name, sizeof(name)) < 0) {
		die(path);
	}
	return fd;
}

static void ask(struct client *from, uint32_t type, const char *payload, size_t length)
{
	char message[HEADER + 4096];
	struct xsd_sockmsg header = {
		.type = type, .tx_id = from->transaction, .len = (uint32_t)length};

	memcpy(message, &header, HEADER);
	memcpy(message + HEADER, payload, length);
	if (write(from->fd, message, HEADER + length) != (ssize_t)(HEADER + length)) {
		die("write");
	}
}

/* Waits for one message of that type; others before it are dropped. */
static void await(struct client *from, uint32_t type, char *payload)
{
	struct xsd_sockmsg header;

	for (;;) {
		while (from->have >= HEADER) {
			memcpy(&header, from->in, HEADER);
			if (from->have < HEADER + header.len) {
				break;
			}
			if (payload && header.type == type) {
				memcpy(payload, from->in + HEADER, header.len);
			}
			from->have -= HEADER + header.len;
			memmove(from->in, from->in + HEADER + header.len, from->have);
			if (header.type == XS_ERROR) {
				fprintf(stderr, "the daemon answers with an error\n");
				exit(1);
			}
			if (header.type == type) {
				return;
			}
		}
		ssize_t got = read(from->fd, from->in + from->have, sizeof(from->in) - from->have);

		if (got <= 0) {
			die("read");
		}
		from->have += (size_t)got;
	}
}

static double seconds(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* One round: each client asks, then each takes its answer. */
static void round_of(uint32_t type, const char *payload, size_t length)
{
	for (int i = 0; i < clients; i++) {
		ask(&client[i], type, payload, length);
	}
	for (int i = 0; i < clients; i++) {
		await(&client[i], type, NULL);
	}
}

/* Each client by itself: transactions of several at once would measure conflicts. */
static void transaction_of_ten(int who)
{
	struct client *one = &client[who];
	char text[4096] = {0}, payload[64];

	ask(one, XS_TRANSACTION_START, "", 1);
	await(one, XS_TRANSACTION_START, text);
	one->transaction = (uint32_t)strtoul(text, NULL, 10);
	for (int i = 0; i < 10; i++) {
		int length = snprintf(payload, sizeof(payload), "/bench/t%d/k%d%cvalue", who, i, 0);

		ask(one, XS_WRITE, payload, (size_t)length);
		await(one, XS_WRITE, NULL);
	}
	ask(one, XS_TRANSACTION_END, "T", 2);
	await(one, XS_TRANSACTION_END, NULL);
	one->transaction = 0;
}

enum what { READ, WRITE, DIRECTORY, TRANSACTION, WATCH, WHAT_COUNT };
static const char *const names[] = {"read", "write", "directory", "transaction", "watch"};

static void do_round(enum what what)
{
	static const char write_payload[] = "/bench/f0/n0\0value";
	static const char watched[] = "/bench/watched\0value";

	switch (what) {
	case READ:
		round_of(XS_READ, "/bench/f0/n0", 13);
		break;
	case WRITE:
		round_of(XS_WRITE, write_payload, sizeof(write_payload) - 1);
		break;
	case DIRECTORY:
		round_of(XS_DIRECTORY, "/bench/fifty", 13);
		break;
	case TRANSACTION:
		for (int i = 0; i < clients; i++) {
			transaction_of_ten(i);
		}
		break;
	default:
		/* The client's own event; the order of reply and event is the daemon's. */
		ask(&client[0], XS_WRITE, watched, sizeof(watched) - 1);
		await(&client[0], XS_WATCH_EVENT, NULL);
	}
}

static void measure(enum what what, clockid_t cpu, int scale)
{
	int rounds = scale / (what == WATCH ? 1 : clients) / (what == TRANSACTION ? 12 : 1) + 1;
	double count = (double)rounds * (what == WATCH ? 1 : clients), wall, used;

	for (int i = 0; i < rounds / 10 + 1; i++) {
		do_round(what);
	}
	wall = seconds(CLOCK_MONOTONIC);
	used = seconds(cpu);
	for (int i = 0; i < rounds; i++) {
		do_round(what);
	}
	printf("%s %.2f %.2f ", names[what], (seconds(CLOCK_MONOTONIC) - wall) / count * 1e6,
	       (seconds(cpu) - used) / count * 1e6);
}

static void run(const char *path, pid_t pid, int count, int scale)
{
	char payload[64];
	clockid_t cpu;

	if (clock_getcpuclockid(pid, &cpu)) {
		die("the daemon's clock");
	}
	clients = count;
	for (int i = 0; i < clients; i++) {
		client[i].fd = connect_to(path);
	}
	for (int i = 0; i < 50; i++) {
		int length = snprintf(payload, sizeof(payload), "/bench/fifty/n%d", i) + 1;

		ask(&client[0], XS_WRITE, payload, (size_t)length);
		await(&client[0], XS_WRITE, NULL);
	}
	for (int what = READ; what < WATCH; what++) {
		measure(what, cpu, scale);
	}
	ask(&client[0], XS_WATCH, "/bench/watched\0t", 17);
	await(&client[0], XS_WATCH, NULL);
	await(&client[0], XS_WATCH_EVENT, NULL);
	measure(WATCH, cpu, scale / 2);
	putchar('\n');
}

static void fill(const char *path, int nodes)
{
	char payload[64];
	int pending = 0;

	client[0].fd = connect_to(path);
	for (int i = 0; i < nodes; i++) {
		int length = snprintf(payload, sizeof(payload), "/bench/f%d/n%d%cvalue",
				      i / PER_FOLDER, i % PER_FOLDER, 0);

		ask(&client[0], XS_WRITE, payload, (size_t)length);
		if (++pending == 16) {
			for (; pending; pending--) {
				await(&client[0], XS_WRITE, NULL);
			}
		}
	}
	for (; pending; pending--) {
		await(&client[0], XS_WRITE, NULL);
	}
}

/* Two processes on one CPU that do nothing but pass 32 bytes: what no daemon can be faster than. */
static void echo(int scale)
{
	char bytes[32] = {0};
	int pair[2];
	double wall;
	pid_t child;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0 || (child = fork()) < 0) {
		die("echo");
	}
	if (child == 0) {
		struct pollfd input = {.fd = pair[1], .events = POLLIN};

		close(pair[0]);
		while (poll(&input, 1, -1) == 1 && read(pair[1], bytes, sizeof(bytes)) > 0 &&
		       write(pair[1], bytes, sizeof(bytes)) > 0) {
		}
		_exit(0);
	}
	wall = seconds(CLOCK_MONOTONIC);
	for (int i = 0; i < scale; i++) {
		if (write(pair[0], bytes, sizeof(bytes)) < 0 ||
		    read(pair[0], bytes, sizeof(bytes)) < 0) {
			die("echo");
		}
	}
	printf("%.2f\n", (seconds(CLOCK_MONOTONIC) - wall) / scale * 1e6);
	close(pair[0]);
	waitpid(child, NULL, 0);
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "fill") == 0) {
		fill(argv[2], atoi(argv[3]));
	} else if (argc == 6 && strcmp(argv[1], "run") == 0 && atoi(argv[4]) <= CLIENTS_MAX) {
		run(argv[2], atoi(argv[3]), atoi(argv[4]), atoi(argv[5]));
	} else if (argc == 3 && strcmp(argv[1], "echo") == 0) {
		echo(atoi(argv[2]));
	} else {
		fprintf(stderr, "usage: bench_store fill|run|echo ...\n");
		return 2;
	}
	return 0;
}
