/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pvx-consoled's loop with guests, a store and event channels of our own: ptys, logs, restarts,
 * hostile rings. */
#include "tap.h"

#include <console/daemon.h>
#include <errno.h>
#include <fcntl.h>
#include <lib/domain.h>
#include <lib/error.h>
#include <lib/event.h>
#include <lib/foreign.h>
#include <lib/grant.h>
#include <lib/store.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

/* The machine: guests by number, each with a ring; what the hypervisor has logged. */
#define GUESTS 4
static struct {
	bool there;
	bool dying;
	unsigned char handle;
	unsigned int mapped;
	unsigned int notified;
	struct xencons_interface ring;
} guests[GUESTS];
static char hypervisor_log[100];
static int events[2]; /* a pipe: ports that have an event */
static char folder[] = "/tmp/test_console.XXXXXX";

int event_open(void)
{
	int fd = dup(events[0]);

	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

int event_next(int fd)
{
	int port;

	return read(fd, &port, sizeof(port)) == sizeof(port) ? port : -1;
}

static void fire_port(int port)
{
	if (write(events[1], &port, sizeof(port)) != sizeof(port)) {
		ok(false, "an event");
	}
}

int event_bind(int fd, domid_t domid, unsigned int remote_port)
{
	return remote_port == 7	  ? 100 + domid
	       : remote_port == 8 ? 200 + domid
				  : fail(EINVAL, "no such port");
}

int event_bind_virq(int fd, unsigned int virq)
{
	return virq == VIRQ_CON_RING ? 99 : -EINVAL;
}

void event_unbind(int fd, int port)
{
}

void event_notify(int fd, int port)
{
	guests[port % 100].notified++;
}

void *foreign_map(domid_t domid, const uint64_t *frames, size_t count)
{
	guests[domid].mapped++;
	return frames[0] == 1000u + domid ? &guests[domid].ring : NULL;
}

/* Channels' rings are granted; of guest N's channel by reference 8 + N. */
static struct xencons_interface channel_rings[GUESTS];

void *grant_map(domid_t domid, uint32_t ref)
{
	return ref == 8u + domid ? &channel_rings[domid] : NULL;
}

void foreign_unmap(const void *memory, size_t count)
{
	for (int i = 0; i < GUESTS; i++) {
		guests[i].mapped -= memory == &guests[i].ring;
	}
}

int domain_list_all(struct domain_list *list)
{
	*list = (struct domain_list){.info = calloc(GUESTS, sizeof(domain_info_t))};
	for (domid_t i = 0; i < GUESTS; i++) {
		if (guests[i].there) {
			domain_info_t *info = &list->info[list->count++];

			info->domain = i;
			info->flags = guests[i].dying ? XEN_DOMINF_dying : 0;
			info->handle[0] = guests[i].handle;
		}
	}
	return 0;
}

void domain_list_free(struct domain_list *list)
{
	free(list->info);
}

void *hypercall_memory(size_t bytes)
{
	return calloc(1, bytes);
}

void hypercall_memory_free(void *memory, size_t bytes)
{
	free(memory);
}

int hypercall_sysctl(struct xen_sysctl *op)
{
	uint32_t index = op->u.readconsole.index;
	uint32_t count = (uint32_t)strlen(hypervisor_log) - index;

	memcpy(op->u.readconsole.buffer.p, hypervisor_log + index, count);
	op->u.readconsole.count = count;
	op->u.readconsole.index = index + count;
	return 0;
}

int fail(int error, const char *format, ...)
{
	return -error;
}

int fail_errno(int error, const char *format, ...)
{
	return -error;
}

const char *fail_text(void)
{
	return "it failed";
}

/* The store: nodes, and events that nobody has asked for yet. A watch fires once when it is set. */
static struct {
	char path[64];
	char value[64];
} nodes[64];
static struct {
	char path[64];
	char token[16];
} fired[64];
static unsigned int fired_count;
static int store_fd;

static void fire(const char *path, const char *token)
{
	snprintf(fired[fired_count].path, sizeof(fired[0].path), "%s", path);
	snprintf(fired[fired_count++].token, sizeof(fired[0].token), "%s", token);
	eventfd_write(store_fd, 1);
}

static char *node(const char *path)
{
	unsigned int i;

	for (i = 0; i < 63 && nodes[i].path[0] && strcmp(nodes[i].path, path) != 0; i++) {
	}
	snprintf(nodes[i].path, sizeof(nodes[i].path), "%s", path);
	return nodes[i].value;
}

struct xs_handle *store(void)
{
	static long handle;

	return (struct xs_handle *)&handle;
}

char *store_read(xs_transaction_t t, const char *format, ...)
{
	char path[64];
	va_list args;

	va_start(args, format);
	vsnprintf(path, sizeof(path), format, args);
	va_end(args);
	return node(path)[0] ? strdup(node(path)) : NULL;
}

int store_write(xs_transaction_t t, const char *path, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(node(path), sizeof(nodes[0].value), format, args);
	va_end(args);
	return 0;
}

/* The only folders that are listed are those of channels: a node "channels" has one's number. */
char **xs_directory(struct xs_handle *handle, xs_transaction_t t, const char *path,
		    unsigned int *count)
{
	char **names = calloc(1, sizeof(*names));
	char name[64];

	snprintf(name, sizeof(name), "%s/channels", path);
	names[0] = node(name);
	*count = *names[0] != '\0';
	return names;
}

bool xs_watch(struct xs_handle *handle, const char *path, const char *token)
{
	fire(path, token);
	return true;
}

bool xs_unwatch(struct xs_handle *handle, const char *path, const char *token)
{
	return true;
}

int xs_fileno(struct xs_handle *handle)
{
	return store_fd;
}

char **xs_check_watch(struct xs_handle *handle)
{
	static unsigned int next;
	char **event = malloc(2 * sizeof(*event));
	eventfd_t value;

	if (next == fired_count) {
		next = fired_count = 0;
		eventfd_read(store_fd, &value);
		free(event);
		errno = EAGAIN;
		return NULL;
	}
	event[0] = fired[next].path;
	event[1] = fired[next++].token;
	return event;
}

/* The tests' side of guests and of users. */
static struct daemon daemon_;

static void steps(void)
{
	for (int i = 0; i < 20; i++) {
		if (daemon_step(&daemon_, 0) != 0) {
			ok(false, "a step");
		}
	}
}

static void guest_writes(unsigned int domid, const char *text)
{
	struct xencons_interface *ring = &guests[domid].ring;

	for (; *text; text++) {
		ring->out[ring->out_prod++ % sizeof(ring->out)] = *text;
	}
	fire_port(100 + (int)domid);
}

static void guest_starts(unsigned int domid, const char *name)
{
	static const char *const keys[] = {"name", "console/ring-ref", "console/port",
					   "console/type"};
	char values[4][16];

	snprintf(values[0], 16, "%s", name);
	snprintf(values[1], 16, "%u", 1000 + domid);
	snprintf(values[2], 16, "7");
	snprintf(values[3], 16, "xenconsoled");
	guests[domid].there = true;
	guests[domid].dying = false;
	guests[domid].handle++;
	for (int i = 0; i < 4; i++) {
		char path[64];

		snprintf(path, sizeof(path), "/local/domain/%u/%s", domid, keys[i]);
		strcpy(node(path), values[i]);
	}
	fire("@introduceDomain", "domains");
}

/* The tty that the store names, opened as a user does. */
static int user(unsigned int domid)
{
	char path[64];

	snprintf(path, sizeof(path), "/local/domain/%u/console/tty", domid);
	return open(node(path), O_RDWR | O_NOCTTY | O_NONBLOCK);
}

static bool reads(int fd, const char *expected)
{
	char text[8192] = "";
	ssize_t size = read(fd, text, sizeof(text) - 1);

	text[size > 0 ? size : 0] = '\0';
	if (strcmp(text, expected) != 0) {
		printf("# got \"%s\"\n", text);
	}
	return strcmp(text, expected) == 0;
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

static void open_daemon(void)
{
	daemon_ = (struct daemon){
		.signals = -1,
		.keep_all = daemon_.keep_all,
		.policy = {.folder = folder, .guest = true, .hypervisor = true, .keep = 2}};
	ok(daemon_open(&daemon_) == 0, "the daemon starts");
	steps();
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

/* --- Channels ------------------------------------------------------------------------------- */

#define FRONT "/local/domain/3/device/console/1"
#define BACK  "/local/domain/0/backend/console/3/1"

static void channel_starts(const char *connection, const char *path)
{
	strcpy(node("/libxl/3/device/console/channels"), "1");
	strcpy(node(BACK "/connection"), connection);
	strcpy(node(BACK "/path"), path);
	strcpy(node(FRONT "/ring-ref"), "11");
	strcpy(node(FRONT "/port"), "8");
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

int main(void)
{
	char command[64];

	if (!mkdtemp(folder) || pipe(events)) {
		return EXIT_FAILURE;
	}
	store_fd = eventfd(0, EFD_NONBLOCK);
	test_console();
	test_input_full();
	test_hostile();
	test_come_and_go();
	test_restart();
	test_overflow();
	test_log();
	test_socket();
	test_channel_pty();
	snprintf(command, sizeof(command), "rm -r %s", folder);
	ok(system(command) == 0, "cleared away");
	return done_testing();
}
