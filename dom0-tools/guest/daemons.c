/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looking for Dom0's daemons and starting them. */
#include <errno.h>
#include <fcntl.h>
#include <guest/daemons.h>
#include <lib/error.h>
#include <pvxstore.h>
#include <spawn.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* Runs a program to its end: a daemon's comes when it serves. */
static int run(char **arguments)
{
	pid_t child;
	int status;
	int error = posix_spawnp(&child, arguments[0], NULL, NULL, arguments, environ);

	if (error) {
		return fail_errno(error, "starting %s", arguments[0]);
	}
	while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
	}
	return status == 0 ? 0 : fail(EIO, "%s did not start", arguments[0]);
}

static int start(char **arguments)
{
	char systemctl[] = "systemctl", verb[] = "start";
	char *unit[] = {systemctl, verb, arguments[0], NULL};

	return run(access("/run/systemd/system", F_OK) == 0 ? unit : arguments);
}

/* The store's library would go on by the kernel's door, which in Dom0 leads to the same daemon, and
 * wait there. */
bool daemons_store_runs(void)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	const char *path = xs_daemon_socket();
	struct stat status;
	bool runs;
	int fd;

	if (stat(path, &status) < 0 || strlen(path) >= sizeof(name.sun_path)) {
		return false;
	}
	if (!S_ISSOCK(status.st_mode)) {
		return true; /* the kernel's door, because the environment says so */
	}
	strcpy(name.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	runs = fd >= 0 && connect(fd, (const struct sockaddr *)&name, sizeof(name)) == 0;
	if (fd >= 0) {
		close(fd);
	}
	return runs;
}

int daemons_start_store(void)
{
	char name[] = "pvx-stored";
	char *arguments[] = {name, NULL};

	return start(arguments);
}

/* As its unit does. */
int daemons_start_console(void)
{
	char name[] = "pvx-consoled", log[] = "--log=all", time[] = "--timestamp=hv";
	char *arguments[] = {name, log, time, NULL};

	return start(arguments);
}

/* They hold a lock on their pid file as long as they live. */
static bool is_held(const char *pid_file)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int fd = open(pid_file, O_RDONLY | O_CLOEXEC);
	bool held = fd >= 0 && fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;

	if (fd >= 0) {
		close(fd);
	}
	return held;
}

bool daemons_console_runs(void)
{
	return is_held("/run/pvx-consoled.pid") || is_held("/run/xenconsoled.pid") ||
	       is_held("/run/xen/xenconsoled.pid");
}
