/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pvx-consoled's loop: ptys, logs, restarts, hostile rings. */
#include "console_world.h"

#include <termios.h>

/* The tty that the store names, opened as a user does. */
static int user(unsigned int domid)
{
	char path[64];

	snprintf(path, sizeof(path), "/local/domain/%u/console/tty", domid);
	return open(node(path), O_RDWR | O_NOCTTY | O_NONBLOCK);
}

static bool file_is(const char *name, const char *expected)
{
	char path[128];
	char text[4096] = "";
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "r");
	if (file) {
		text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
		fclose(file);
	}
	if (!file || strcmp(text, expected) != 0) {
		printf("# %s is \"%s\"\n", path, text);
	}
	return file && strcmp(text, expected) == 0;
}

static void test_console(void)
{
	int fd;

	guest_starts(1, "web");
	guest_writes(1, "early\r\n");
	strcpy(hypervisor_log, "(XEN) one\n");
	open_daemon();
	fd = user(1);
	ok(reads(fd, "early\r\n"), "what was written before anybody came is read");
	ok(guests[1].ring.out_cons == 7 && guests[1].notified > 0,
	   "the guest is told that there is room");
	guest_writes(1, "login: ");
	steps();
	ok(reads(fd, "login: "), "output");
	ok(write(fd, "root\r", 5) == 5, "typing");
	steps();
	ok(guests[1].ring.in_prod == 5 && memcmp(guests[1].ring.in, "root\r", 5) == 0,
	   "input, unchanged");
	ok(reads(fd, ""), "nothing is echoed by the pty");
	ok(file_is("guest-web.log", "early\r\nlogin: "), "the log has the output");
	ok(file_is("hypervisor.log", "(XEN) one\n"), "the hypervisor's log is followed");
	strcat(hypervisor_log, "(XEN) two\n");
	fire_port(99);
	steps();
	ok(file_is("hypervisor.log", "(XEN) one\n(XEN) two\n"), "by its event, from where it was");
	close(fd);
}

static void test_input_full(void)
{
	char many[1500];
	int fd = user(1);

	memset(many, 'x', sizeof(many));
	ok(write(fd, many, sizeof(many)) == sizeof(many), "more input than the ring has room for");
	steps();
	is_int(guests[1].ring.in_prod - guests[1].ring.in_cons, 1024,
	       "the ring is full, not over-full");
	guests[1].ring.in_cons = guests[1].ring.in_prod;
	steps();
	is_int(guests[1].ring.in_prod - guests[1].ring.in_cons, 1500 + 5 - 1024,
	       "the rest comes later");
	guests[1].ring.in_cons = guests[1].ring.in_prod + 5000;
	steps();
	ok(true, "a guest's wrong input index is borne");
	guests[1].ring.in_cons = guests[1].ring.in_prod;
	close(fd);
}

static void test_hostile(void)
{
	int fd = user(1);

	guests[1].ring.out_prod = guests[1].ring.out_cons + 2049;
	fire_port(101);
	steps();
	ok(reads(fd, ""), "more than a ring holds is no output");
	guest_writes(1, "again");
	steps();
	ok(reads(fd, "again"), "and the console goes on");
	guests[1].ring.out_cons = guests[1].ring.out_prod = UINT32_MAX - 2;
	guest_writes(1, "wraps around");
	steps();
	ok(reads(fd, "wraps around"), "indexes wrap");
	close(fd);
}

static void test_come_and_go(void)
{
	int fd;

	guests[2].there = true;
	fire("@introduceDomain", "domains");
	steps();
	is_int(guests[2].mapped, 0, "a domain without nodes has no console yet");
	guest_starts(2, "../a/b");
	fire("/local/domain/2/console", "2");
	steps();
	is_int(guests[2].mapped, 1, "it has when they are written");
	guest_writes(2, "bye\n");
	steps();
	ok(file_is("guest-.._a_b.log", "bye\n"), "a name cannot leave the folder");
	fd = user(2);
	guests[2].dying = true;
	fire("@releaseDomain", "domains");
	steps();
	is_int(guests[2].mapped, 0, "a dying domain's ring is given back");
	close(fd);
	guest_starts(2, "c");
	steps();
	guests[2].handle++;
	fire("@introduceDomain", "domains");
	steps();
	is_int(guests[2].mapped, 1, "a number that is used again is another domain");
	strcpy(node("/local/domain/3/console/port"), "8");
	guest_starts(3, "d");
	strcpy(node("/local/domain/3/console/port"), "8");
	steps();
	is_int(guests[3].mapped, 0, "a port that cannot be bound leaves nothing behind");
	strcpy(node("/local/domain/3/console/port"), "7");
	strcpy(node("/local/domain/3/console/type"), "ioemu");
	fire("/local/domain/3/console", "3");
	steps();
	is_int(guests[3].mapped, 0, "a console that is another's is left alone");
}

/* The daemon is killed: its descriptors close, nothing else happens. */
static void test_restart(void)
{
	char tty[64];
	int fd = user(1);

	strcpy(tty, node("/local/domain/1/console/tty"));
	for (size_t i = 0; i < daemon_.count; i++) {
		console_close(daemon_.consoles[i]);
		log_close(&daemon_.consoles[i]->log);
		free(daemon_.consoles[i]);
	}
	free(daemon_.consoles);
	free(daemon_.polls);
	log_close(&daemon_.hypervisor);
	close(daemon_.events);
	ok(read(fd, tty, 1) <= 0, "users see that their pty hangs up");
	close(fd);
	guest_writes(1, "meanwhile\n");
	open_daemon();
	fd = user(1);
	ok(reads(fd, "meanwhile\n"), "what the guest wrote meanwhile is there");
	close(fd);
}

/* Lines of 100 bytes, until the guest would have to wait; how many. */
static int guest_writes_lines(int count)
{
	char line[128];
	int i;

	for (i = 0; i < count && guests[1].ring.out_prod - guests[1].ring.out_cons < 1900; i++) {
		snprintf(line, sizeof(line), "%04d %094d\n", i, 0);
		guest_writes(1, line);
		steps();
	}
	return i;
}

/* All there is to read. */
static size_t read_all(char *text, size_t room)
{
	int fd = user(1);
	size_t got = 0;
	ssize_t size;

	for (int i = 0; i < 100; i++) {
		while ((size = read(fd, text + got, room - got)) > 0) {
			got += (size_t)size;
		}
		steps();
	}
	close(fd);
	return got;
}

#define LINES 2000 /* more than a pty takes */

static void test_overflow(void)
{
	char *text = calloc(LINES, 100);
	size_t got;
	int lines;

	daemon_close(&daemon_);
	strcpy(node("/local/domain/1/console/limit"), "1000");
	daemon_.keep_all = false;
	open_daemon();
	is_int(guest_writes_lines(LINES), LINES, "the guest never waits for readers");
	got = read_all(text, LINES * 100);
	ok(got >= 1000 && got < LINES * 100 && strncmp(text, "0000 ", 5) == 0 &&
		   strncmp(text + got - 1000, "1990 ", 5) == 0,
	   "the backlog has the youngest, %zu bytes", got);
	daemon_close(&daemon_);
	daemon_.keep_all = true;
	open_daemon();
	lines = guest_writes_lines(LINES);
	ok(lines < LINES, "or the guest waits, after %d lines", lines);
	got = read_all(text, LINES * 100);
	is_int(got, lines * 100, "and nothing is lost");
	free(text);
	daemon_close(&daemon_);
}

static void test_log(void)
{
	struct log_policy policy = {
		.folder = folder, .size_max = 40, .keep = 2, .replace_escape = true};
	struct log log;

	setenv("TZ", "UTC", 1);
	ok(log_open(&log, &policy, "timed", true) == 0, "a log");
	log_write(&log, "a\nb", 3, 0);
	log_write(&log, "c\x1b[m\n", 5, 60);
	ok(file_is("timed.log", "[1970-01-01 00:00:00] a\n[1970-01-01 00:00:00] bc.[m\n"),
	   "a time for each line, none inside; no escapes");
	log_write(&log, "d\n", 2, 120);
	log_write(&log, "e\n", 2, 120);
	log_write(&log, "f\n", 2, 120);
	log_write(&log, "g\n", 2, 120);
	ok(file_is("timed.log", "[1970-01-01 00:02:00] f\n[1970-01-01 00:02:00] g\n") &&
		   file_is("timed.log.1", "[1970-01-01 00:02:00] d\n[1970-01-01 00:02:00] e\n") &&
		   file_is("timed.log.2", "[1970-01-01 00:00:00] a\n[1970-01-01 00:00:00] bc.[m\n"),
	   "a new file when it is large");
	log_write(&log, "h\n", 2, 120);
	ok(file_is("timed.log.2", "[1970-01-01 00:02:00] d\n[1970-01-01 00:02:00] e\n"),
	   "the oldest goes");
	log_close(&log);
}

static void tests(void)
{
	test_console();
	test_input_full();
	test_hostile();
	test_come_and_go();
	test_restart();
	test_overflow();
	test_log();
}

int main(void)
{
	return world_run(tests);
}
