/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pvx-stored: options, start and end. */
#include "access.h"
#include "background.h"
#include "daemon.h"
#include "log.h"

#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#define DIRECTORY "/run/xenstored"
#define JOURNAL	  "/run/pvx-stored/journal"

struct options {
	const char *pid_file, *socket, *journal;
	bool foreground, print_pid, no_dom0, no_journal;
};

enum { OPTION_SOCKET = 256, OPTION_JOURNAL, OPTION_NO_JOURNAL };

/* Those of the stock daemon, by the same letters, and ours without letters. */
static const struct option option_table[] = {
	{"no-domain-init", no_argument, NULL, 'D'},
	{"entry-nb", required_argument, NULL, 'E'},
	{"pid-file", required_argument, NULL, 'F'},
	{"help", no_argument, NULL, 'H'},
	{"no-fork", no_argument, NULL, 'N'},
	{"output-pid", no_argument, NULL, 'P'},
	{"entry-size", required_argument, NULL, 'S'},
	{"transaction", required_argument, NULL, 't'},
	{"perm-nb", required_argument, NULL, 'A'},
	{"path-max", required_argument, NULL, 'M'},
	{"quota", required_argument, NULL, 'Q'},
	{"quota-soft", required_argument, NULL, 'q'},
	{"timeout", required_argument, NULL, 'w'},
	{"trace-file", required_argument, NULL, 'T'},
	{"no-recovery", no_argument, NULL, 'R'},
	{"internal-db", optional_argument, NULL, 'I'},
	{"keep-orphans", no_argument, NULL, 'K'},
	{"verbose", no_argument, NULL, 'V'},
	{"watch-nb", required_argument, NULL, 'W'},
	{"socket", required_argument, NULL, OPTION_SOCKET},
	{"journal", required_argument, NULL, OPTION_JOURNAL},
	{"no-journal", no_argument, NULL, OPTION_NO_JOURNAL},
	{NULL, 0, NULL, 0},
};

static void usage(void)
{
	puts("usage: pvx-stored [options]\n"
	     "  -D, --no-domain-init     do not serve Dom0's kernel\n"
	     "  -F, --pid-file FILE      write the process id there\n"
	     "  -N, --no-fork            stay in the foreground\n"
	     "  -P, --output-pid         print the process id\n"
	     "  -T, --trace-file FILE    log to it, requests included\n"
	     "  -V, --verbose            log each request\n"
	     "  -E, --entry-nb N         nodes per domain\n"
	     "  -S, --entry-size N       size of a node\n"
	     "  -W, --watch-nb N         watches per domain\n"
	     "  -t, --transaction N      transactions per domain\n"
	     "  -A, --perm-nb N          permissions per node\n"
	     "  -M, --path-max N         length of a path\n"
	     "  -Q, --quota NAME=N       any quota (see pvx-stored(8)); 0 switches it off\n"
	     "  -q, --quota-soft memory=N  warning level of memory\n"
	     "      --socket PATH        default " DIRECTORY "/socket\n"
	     "      --journal PATH       default " JOURNAL "\n"
	     "      --no-journal         forget everything when it ends\n"
	     "  -w, -R, -I are taken for compatibility and change nothing; -K is refused.");
}

static bool set_quota(struct store *store, const char *text)
{
	const char *equals = strchr(text, '=');

	for (int i = 0; equals && i < QUOTA_COUNT; i++) {
		if (strlen(quota_kinds[i].name) == (size_t)(equals - text) &&
		    strncmp(text, quota_kinds[i].name, (size_t)(equals - text)) == 0) {
			store->quota[i] = wire_number(equals + 1);
			return true;
		}
	}
	return false;
}

static bool set_by_letter(struct store *store, int letter, const char *value)
{
	static const struct {
		int letter;
		enum quota quota;
	} letters[] = {
		{'E', QUOTA_NODES},	   {'S', QUOTA_NODE_SIZE},   {'W', QUOTA_WATCHES},
		{'t', QUOTA_TRANSACTIONS}, {'A', QUOTA_PERMISSIONS}, {'M', QUOTA_PATH_MAX},
	};

	for (size_t i = 0; i < sizeof(letters) / sizeof(*letters); i++) {
		if (letters[i].letter == letter) {
			store->quota[letters[i].quota] = wire_number(value);
			return true;
		}
	}
	return false;
}

static bool take_option(struct options *options, struct store *store, int letter)
{
	switch (letter) {
	case 'D':
		options->no_dom0 = true;
		return true;
	case 'F':
		options->pid_file = optarg;
		return true;
	case 'N':
		options->foreground = true;
		return true;
	case 'P':
		options->print_pid = true;
		return true;
	case 'T':
		log_to(optarg);
		/* fall through */
	case 'V':
		store->orders.trace = true;
		return true;
	case 'Q':
		return set_quota(store, optarg);
	case 'q':
		store->soft_memory = wire_number(optarg + strcspn(optarg, "=") + 1);
		return strncmp(optarg, "memory=", 7) == 0;
	case 'R':
	case 'I':
	case 'w':
		return true;
	case OPTION_SOCKET:
		options->socket = optarg;
		return true;
	case OPTION_JOURNAL:
		options->journal = optarg;
		return true;
	case OPTION_NO_JOURNAL:
		options->no_journal = true;
		return true;
	default:
		return set_by_letter(store, letter, optarg);
	}
}

static void parse(struct options *options, struct store *store, int argc, char **argv)
{
	int letter;

	while ((letter = getopt_long(argc, argv, "DE:F:HNPS:t:A:M:Q:q:T:RVW:w:I::K", option_table,
				     NULL)) != -1) {
		if (letter == 'H') {
			usage();
			exit(0);
		}
		if (letter == '?' || !take_option(options, store, letter)) {
			fprintf(stderr, "pvx-stored: bad option; --help lists them\n");
			exit(2);
		}
	}
	if (optind != argc) {
		fprintf(stderr, "pvx-stored: no arguments desired\n");
		exit(2);
	}
}

static void choose_paths(struct daemon *daemon, const struct options *options)
{
	static char socket_path[256], journal_path[256];
	const char *directory = getenv("XENSTORED_RUNDIR"), *path = getenv("XENSTORED_PATH");

	snprintf(socket_path, sizeof(socket_path), "%s/socket", directory ? directory : DIRECTORY);
	snprintf(journal_path, sizeof(journal_path), "%s%s", directory ? directory : "",
		 directory ? "/journal" : JOURNAL);
	daemon->socket_path = options->socket ? options->socket : path ? path : socket_path;
	daemon->journal_path = options->no_journal ? NULL
			       : options->journal  ? options->journal
						   : journal_path;
	if (!directory && !options->socket && !path) {
		mkdir(DIRECTORY, 0755);
	}
	if (!directory && daemon->journal_path == journal_path) {
		mkdir("/run/pvx-stored", 0700);
	}
}

/* What every store has from the start. */
static void plant(struct store *store)
{
	struct edit edit = {.store = store};

	edit_create(&edit, "/tool/xenstored", "", 0);
}

static void drop_sockets(struct store *store, struct link *link, void *context)
{
	struct client *client = container_of(link, struct client, link);
	bool *sessions = context;

	if (client->kind == CLIENT_SOCKET && !client->connection) {
		store_disconnect(store, client);
		return;
	}
	*sessions |= client->kind == CLIENT_SESSION && !client->connection;
}

static void recover(struct daemon *daemon)
{
	struct store *store = &daemon->store;
	uint32_t quota[QUOTA_COUNT];
	bool trace = store->orders.trace;
	int rc = 0;

	memcpy(quota, store->quota, sizeof(quota));
	if (daemon->journal_path) {
		rc = journal_file_recover(daemon->journal_path, store);
	}
	if (rc < 0) {
		log_line("journal %s: %s; starting with an empty store", daemon->journal_path,
			 strerror(-rc));
		store_release(store);
		store_init(store);
		memcpy(store->quota, quota, sizeof(quota));
		store->orders.trace = trace;
	}
	if (rc <= 0) {
		plant(store);
	}
}

static void watch_fd(struct daemon *daemon, int fd, void *name)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = name};

	if (fd < 0 || epoll_ctl(daemon->epoll, EPOLL_CTL_ADD, fd, &event) < 0) {
		log_line("cannot wait for events: %m");
		exit(1);
	}
}

static void watch_signals(struct daemon *daemon)
{
	sigset_t end;

	sigemptyset(&end);
	sigaddset(&end, SIGTERM);
	sigaddset(&end, SIGINT);
	sigprocmask(SIG_BLOCK, &end, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	watch_fd(daemon, signalfd(-1, &end, SFD_NONBLOCK | SFD_CLOEXEC), &daemon->stop);
}

static void start_machine(struct daemon *daemon, const struct options *options)
{
	int rc = machine_open();

	daemon->domain_port = -1;
	daemon->has_machine = rc == 0;
	if (rc) {
		log_line("no Xen devices (%s): only the socket is served", strerror(-rc));
		return;
	}
	watch_fd(daemon, machine_fd(), &daemon->has_machine);
	daemon->domain_port = machine_domain_port();
	ring_recover(daemon);
	if (!options->no_dom0) {
		ring_start_dom0(daemon);
	}
}

static void start_socket(struct daemon *daemon)
{
	bool inherited = orders_inherited(daemon);
	int rc = 0;

	if (!inherited) {
		daemon->listener = service_listener();
		rc = daemon->listener < 0 ? socket_listen(daemon) : 0;
	}
	if (rc) {
		log_line("socket %s: %s", daemon->socket_path, strerror(-rc));
		exit(1);
	}
	watch_fd(daemon, daemon->listener, &daemon->listener);
	store_each(&daemon->store, &daemon->store.clients, drop_sockets,
		   &daemon->recovering_sessions);
}

static void tell_pid(const struct options *options)
{
	FILE *file = options->pid_file ? fopen(options->pid_file, "w") : NULL;

	if (file) {
		fprintf(file, "%d\n", getpid());
		fclose(file);
	}
	if (options->print_pid) {
		printf("%d\n", getpid());
		fflush(stdout);
	}
}

static void start(struct daemon *daemon, const struct options *options)
{
	const char *watchdog = getenv("WATCHDOG_USEC");
	struct rlimit files = {.rlim_cur = 65536, .rlim_max = 65536};
	uint64_t seed;

	if (getrandom(&seed, sizeof(seed), 0) == sizeof(seed)) {
		tree_seed(seed);
	}
	setrlimit(RLIMIT_NOFILE, &files);
	choose_paths(daemon, options);
	daemon->journal.fd = -1;
	daemon->ready_end = &daemon->ready;
	daemon->epoll = epoll_create1(EPOLL_CLOEXEC);
	daemon->watchdog = watchdog ? strtoull(watchdog, NULL, 10) / 1000 : 0;
	loop_clock(daemon);
	recover(daemon);
	watch_signals(daemon);
	start_socket(daemon);
	start_machine(daemon, options);
	connection_compact(daemon, true);
	daemon->started = true;
	connection_flush_all(daemon);
}

int main(int argc, char **argv)
{
	static struct daemon self;
	struct options options = {0};

	self.argument_count = argc;
	self.arguments = argv;
	store_init(&self.store);
	parse(&options, &self.store, argc, argv);
	if (!options.foreground && !getenv("PVX_STORED_SOCKETS") && background_begin() < 0) {
		perror("pvx-stored");
		return 1;
	}
	start(&self, &options);
	tell_pid(&options);
	background_ready();
	service_notify("READY=1");
	loop_run(&self);
	return 0;
}
