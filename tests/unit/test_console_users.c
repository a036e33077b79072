/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who comes to consoles and channels: at terminals, by a pty, by a socket. */
#include "console_world.h"

#include <console/attach.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>

/* --- Who is at a console -------------------------------------------------------------------- */

/* `pvx console` on a terminal of ours; what it says on its error output goes there, too. */
static pid_t come_to(unsigned int domid, int terminal)
{
	pid_t child = fork();

	if (child == 0) {
		char name[64];
		int fd;

		store_fd = eventfd(0, EFD_NONBLOCK); /* events of ours are not another's */
		ptsname_r(terminal, name, sizeof(name));
		fd = open(name, O_RDWR | O_NOCTTY);
		dup2(fd, STDIN_FILENO);
		dup2(fd, STDOUT_FILENO);
		dup2(fd, STDERR_FILENO);
		_exit(console_attach(domid, 0, CONSOLE_ESCAPE) == 0 ? 0 : 1);
	}
	return child;
}

/* Both ends: with nobody at the other, reading fails. */
static int open_terminal(int *other)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY);

	grantpt(fd);
	unlockpt(fd);
	*other = open(ptsname(fd), O_RDWR | O_NOCTTY);
	return fd;
}

/* Reads a terminal until it has said that. */
static bool says(int terminal, const char *expected)
{
	char text[1024] = "";
	size_t used = 0;
	struct pollfd ready = {.fd = terminal, .events = POLLIN};

	while (!strstr(text, expected) && used < sizeof(text) - 1 && poll(&ready, 1, 30000) > 0) {
		ssize_t size = read(terminal, text + used, sizeof(text) - 1 - used);

		used += size > 0 ? (size_t)size : sizeof(text);
		text[used < sizeof(text) ? used : sizeof(text) - 1] = '\0';
	}
	return strstr(text, expected) != NULL;
}

static void type_until_heard(int terminal, const char *keys, size_t heard)
{
	struct xencons_interface *ring = &guests[1].ring;
	uint32_t before = ring->in_prod;

	ok(write(terminal, keys, strlen(keys)) == (ssize_t)strlen(keys), "typing");
	while (ring->in_prod - before < heard && daemon_step(&daemon_, 30000) == 0) {
	}
	ok(ring->in_prod - before == heard && memcmp(ring->in + before % 1024, keys, heard) == 0,
	   "%zu bytes of it come to the guest", heard);
}

static void test_terminals(void)
{
	int others[2], status;
	int one = open_terminal(&others[0]), two = open_terminal(&others[1]);
	struct termios before, after;
	pid_t first, second;

	memset(&guests[1].ring, 0, sizeof(guests[1].ring));
	guest_starts(1, "web");
	open_daemon();
	guest_writes(1, "login: ");
	steps();
	tcgetattr(one, &before);
	first = come_to(1, one);
	ok(says(one, "login: "), "who comes to a console sees what it says");
	second = come_to(1, two);
	ok(says(two, "somebody else"), "who comes second is told so");
	type_until_heard(two, "second", 6);
	type_until_heard(one, "root\r\x1dnot for it", 5);
	ok(waitpid(first, &status, 0) == first && status == 0, "the escape leaves it");
	tcgetattr(one, &after);
	ok(before.c_lflag == after.c_lflag && before.c_oflag == after.c_oflag,
	   "with the terminal as it was");
	guest_writes(1, "still here");
	steps();
	ok(says(two, "still here"), "the other stays");
	ok(write(two, "\x1d", 1) == 1 && waitpid(second, &status, 0) == second && status == 0,
	   "until he leaves");
	close(one);
	close(two);
	close(others[0]);
	close(others[1]);
	daemon_close(&daemon_);
}

/* --- Channels ------------------------------------------------------------------------------- */

#define FRONT "/local/domain/3/device/console/1"
#define BACK  "/local/domain/0/backend/console/3/1"

static void channel_starts(const char *connection, const char *path)
{
	strcpy(node("/libxl/3/device/console/channels"), "1");
	strcpy(node(BACK "/connection"), connection);
	strcpy(node(BACK "/path"), path);
	strcpy(node(FRONT "/ring-ref"), "11");
	strcpy(node(FRONT "/port"), "9");
	strcpy(node(FRONT "/state"), "3");
}

static void channel_writes(const char *text)
{
	struct xencons_interface *ring = &channel_rings[3];

	for (; *text; text++) {
		ring->out[ring->out_prod++ % sizeof(ring->out)] = *text;
	}
	fire_port(203);
	steps();
}

static int connect_to(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (connect(fd, (void *)&address, sizeof(address)) < 0) {
		close(fd);
		return -1;
	}
	steps();
	return fd;
}

static void test_socket(void)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "%s/agent", folder);
	daemon_.keep_all = false;
	open_daemon();
	channel_starts("socket", path);
	guest_starts(3, "agent");
	steps();
	ok(strcmp(node(BACK "/state"), "4") == 0, "a channel's back end connects");
	channel_writes("early ");
	fd = connect_to(path);
	ok(fd >= 0 && reads(fd, "early "), "who connects reads what was said before");
	ok(write(fd, "ask", 3) == 3, "he asks");
	steps();
	ok(channel_rings[3].in_prod == 3 && memcmp(channel_rings[3].in, "ask", 3) == 0,
	   "the guest hears it");
	ok(connect_to(path) >= 0, "another waits");
	close(fd);
	steps();
	channel_writes("next");
	fd = connect_to(path);
	ok(access(path, F_OK) == 0, "and the socket stays");
	close(fd);
	strcpy(node(FRONT "/state"), "6");
	fire(FRONT, "3");
	steps();
	ok(connect_to(path) < 0 && access(path, F_OK) < 0,
	   "a guest that closes it closes the socket");
}

static void test_channel_pty(void)
{
	int fd;

	strcpy(node(BACK "/connection"), "pty");
	strcpy(node(FRONT "/state"), "3");
	fire(FRONT, "3");
	steps();
	fd = open(node("/libxl/3/device/console/1/tty"), O_RDWR | O_NOCTTY | O_NONBLOCK);
	channel_writes("by pty");
	ok(fd >= 0 && reads(fd, "by pty"), "a channel as a pty, named where no guest can write");
	close(fd);
	guests[3].there = false;
	fire("@releaseDomain", "domains");
	steps();
	ok(open(node("/libxl/3/device/console/1/tty"), O_RDWR | O_NOCTTY) < 0,
	   "it goes with its guest");
	daemon_close(&daemon_);
}

static void tests(void)
{
	test_terminals();
	test_socket();
	test_channel_pty();
}

int main(void)
{
	return world_run(tests);
}
