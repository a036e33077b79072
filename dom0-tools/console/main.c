/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pvx-consoled: the options, the pid file, and a loop without an end. */
#include <background.h>
#include <console/daemon.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <lib/error.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#define EXIT_USAGE 2

static const char usage[] =
	"Usage: pvx-consoled [OPTIONS]\n"
	"Serves the consoles of all guests, as ptys named in the store.\n\n"
	"  -i, --interactive         stay in the foreground\n"
	"  -v, --verbose             accepted for scripts' sake\n"
	"      --log=WHAT            write logs: none (the default), guest, hv, all\n"
	"      --log-dir=FOLDER      where [/var/log/xen/console]\n"
	"      --log-size=MIB        begin a new file after so much; 0: never [16]\n"
	"      --log-keep=COUNT      keep so many old files [4]\n"
	"      --timestamp=WHAT      put the time before lines: none, guest, hv, all\n"
	"      --replace-escape      write ESC as '.' in logs\n"
	"      --overflow-data=WHAT  when nobody reads a console and its backlog is full:\n"
	"                            discard the oldest (the default), or keep all and let the guest wait\n"
	"      --pid-file=FILE       [/run/pvx-consoled.pid]\n"
	"  -V, --version\n";

enum {
	OPTION_LOG = 256,
	OPTION_DIR,
	OPTION_SIZE,
	OPTION_KEEP,
	OPTION_TIME,
	OPTION_ESCAPE,
	OPTION_OVERFLOW,
	OPTION_PID
};

static const struct option options[] = {{"interactive", no_argument, NULL, 'i'},
					{"verbose", no_argument, NULL, 'v'},
					{"log", required_argument, NULL, OPTION_LOG},
					{"log-dir", required_argument, NULL, OPTION_DIR},
					{"log-size", required_argument, NULL, OPTION_SIZE},
					{"log-keep", required_argument, NULL, OPTION_KEEP},
					{"timestamp", required_argument, NULL, OPTION_TIME},
					{"replace-escape", no_argument, NULL, OPTION_ESCAPE},
					{"overflow-data", required_argument, NULL, OPTION_OVERFLOW},
					{"pid-file", required_argument, NULL, OPTION_PID},
					{"version", no_argument, NULL, 'V'},
					{"help", no_argument, NULL, 'h'},
					{0}};

struct settings {
	struct daemon daemon;
	const char *pid_file;
	bool foreground;
};

/* none, guest, hv, all */
static bool which(const char *text, bool *guest, bool *hypervisor)
{
	*guest = strcmp(text, "guest") == 0 || strcmp(text, "all") == 0;
	*hypervisor = strcmp(text, "hv") == 0 || strcmp(text, "all") == 0;
	return *guest || *hypervisor || strcmp(text, "none") == 0;
}

static bool number(const char *text, unsigned long max, unsigned long *value)
{
	char *end;

	*value = strtoul(text, &end, 10);
	return end != text && *end == '\0' && *value <= max;
}

static bool set_option(struct settings *settings, int option)
{
	struct log_policy *policy = &settings->daemon.policy;
	unsigned long value = 0;
	bool good = true;

	switch (option) {
	case 'i':
		settings->foreground = true;
		break;
	case 'v':
		break;
	case OPTION_LOG:
		return which(optarg, &policy->guest, &policy->hypervisor);
	case OPTION_TIME:
		return which(optarg, &policy->guest_time, &policy->hypervisor_time);
	case OPTION_DIR:
		policy->folder = optarg;
		break;
	case OPTION_SIZE:
		good = number(optarg, 1 << 20, &value);
		policy->size_max = value << 20;
		break;
	case OPTION_KEEP:
		good = number(optarg, 1000, &value);
		policy->keep = (unsigned int)value;
		break;
	case OPTION_ESCAPE:
		policy->replace_escape = true;
		break;
	case OPTION_OVERFLOW:
		settings->daemon.keep_all = strcmp(optarg, "keep") == 0;
		return settings->daemon.keep_all || strcmp(optarg, "discard") == 0;
	case OPTION_PID:
		settings->pid_file = optarg;
		break;
	default:
		return false;
	}
	return good;
}

/* An exit code, or -1 to go on. */
static int read_options(struct settings *settings, int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "ivVh", options, NULL)) != -1) {
		if (option == 'h' || option == 'V') {
			fputs(option == 'h' ? usage : "pvx-consoled " PACKAGE_VERSION "\n", stdout);
			return EXIT_SUCCESS;
		}
		if (!set_option(settings, option)) {
			if (option != '?') {
				fprintf(stderr,
					"pvx-consoled: '%s' is not what that option takes\n",
					optarg);
			}
			fputs("'pvx-consoled --help' tells what it takes\n", stderr);
			return EXIT_USAGE;
		}
	}
	return -1;
}

/* Locked as long as we live, so that there is one of us. */
static int claim_pid_file(const char *path)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);

	if (fd < 0) {
		return fail_errno(errno, "%s", path);
	}
	if (fcntl(fd, F_SETLK, &lock)) {
		return fail(EBUSY, "another pvx-consoled has %s", path);
	}
	return ftruncate(fd, 0) || dprintf(fd, "%d\n", getpid()) < 0 ? fail_errno(errno, "%s", path)
								     : 0;
}

static int open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int main(int argc, char **argv)
{
	struct settings settings = {.daemon.policy = {.folder = "/var/log/xen/console",
						      .size_max = 16 << 20,
						      .keep = 4},
				    .pid_file = "/run/pvx-consoled.pid"};
	struct daemon *daemon_ = &settings.daemon;
	int rc = read_options(&settings, argc, argv);

	if (rc >= 0) {
		return rc;
	}
	if (daemon_->policy.guest || daemon_->policy.hypervisor) {
		mkdir("/var/log/xen", 0755);
		mkdir(daemon_->policy.folder, 0755);
	}
	if (!settings.foreground && background_begin() < 0) {
		perror("pvx-consoled");
		return EXIT_FAILURE;
	}
	daemon_->signals = open_signals();
	rc = claim_pid_file(settings.pid_file);
	rc = rc ? rc : daemon_open(daemon_);
	if (!rc) {
		background_ready();
	}
	while (!rc) {
		rc = daemon_step(daemon_, -1);
	}
	if (rc != -ECANCELED) {
		fprintf(stderr, "pvx-consoled: %s\n", fail_text());
		return EXIT_FAILURE;
	}
	daemon_close(daemon_);
	unlink(settings.pid_file);
	return EXIT_SUCCESS;
}
