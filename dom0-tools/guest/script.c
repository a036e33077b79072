/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Running a user's hotplug script. */
#include <errno.h>
#include <guest/script.h>
#include <lib/error.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define FOLDER	   "/etc/xen/scripts"
#define SECONDS	   60 /* for a script to end */
#define PATH_SIZE  256
#define VALUE_SIZE (PATH_SIZE + 32)

static void path_of(const char *script, char path[PATH_SIZE])
{
	bool is_path = strchr(script, '/') != NULL;

	snprintf(path, PATH_SIZE, "%s%s%s", is_path ? "" : FOLDER, is_path ? "" : "/", script);
}

int script_check(const char *script)
{
	char path[PATH_SIZE];

	path_of(script, path);
	return access(path, X_OK) == 0 ? 0 : fail_errno(errno, "script '%s'", path);
}

static bool is_vif(const struct device *device)
{
	return strcmp(device->type, "vif") == 0;
}

static int run(char **arguments, char **environment)
{
	const char *path = arguments[0];
	struct pollfd ended = {.events = POLLIN};
	pid_t child;
	int status;
	bool late;
	int error = posix_spawn(&child, path, NULL, NULL, arguments, environment);

	if (error) {
		return fail_errno(error, "script '%s'", path);
	}
	ended.fd = pidfd_open(child, 0);
	late = ended.fd >= 0 && poll(&ended, 1, SECONDS * 1000) == 0;
	if (late) {
		kill(child, SIGKILL);
	}
	if (ended.fd >= 0) {
		close(ended.fd);
	}
	while (waitpid(child, &status, 0) < 0) {
		if (errno != EINTR) {
			return fail_errno(errno, "script '%s'", path);
		}
	}
	return late ? fail(ETIMEDOUT, "script '%s %s' has not ended after %d seconds", path,
			   arguments[1], SECONDS)
	       : status == 0	   ? 0
	       : WIFEXITED(status) ? fail(EIO, "script '%s %s' ended with %d", path, arguments[1],
					  WEXITSTATUS(status))
				   : fail(EIO, "script '%s %s' was ended by signal %d", path,
					  arguments[1], WTERMSIG(status));
}

static int run_for(const char *script, const struct device *device, const char *netdev,
		   const char *action)
{
	static char search[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	static char base[] = "XENBUS_BASE_PATH=backend", interface_kind[] = "type_if=vif";
	char path[PATH_SIZE], word[16], bus_path[VALUE_SIZE], type[32], name[VALUE_SIZE];
	char vif[64], net[64];
	char *environment[] = {search, base, bus_path, type, name, NULL, NULL, NULL};
	char *arguments[] = {path, word, is_vif(device) ? interface_kind : NULL, NULL};

	path_of(script, path);
	snprintf(word, sizeof(word), "%s", action);
	snprintf(bus_path, sizeof(bus_path), "XENBUS_PATH=%s",
		 device->back + strlen("/local/domain/0/"));
	snprintf(type, sizeof(type), "XENBUS_TYPE=%s", device->type);
	snprintf(name, sizeof(name), "script=%s", path);
	if (is_vif(device)) {
		snprintf(vif, sizeof(vif), "vif=vif%u.%u", device->domid, device->id);
		snprintf(net, sizeof(net), "netdev=%s", netdev ? netdev : "");
		environment[5] = vif;
		environment[6] = net;
	}
	return run(arguments, environment);
}

int script_begin(const char *script, const struct device *device, const char *netdev)
{
	int rc = run_for(script, device, netdev, is_vif(device) ? "online" : "add");
	char *error = device_read_back(device, "hotplug-error");

	if (error) {
		rc = fail(EIO, "script '%s' says: %s", script, error);
	}
	free(error);
	return rc;
}

int script_end(const struct device *device)
{
	char *script = store_read(XBT_NULL, "%s/script", device->tools);
	char *netdev = device_read_back(device, "gatewaydev");
	int rc = 0;

	if (script && *script) {
		rc = run_for(script, device, netdev, is_vif(device) ? "offline" : "remove");
	}
	free(script);
	free(netdev);
	return rc;
}
