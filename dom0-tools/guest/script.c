/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Running a user's hotplug script. */
#include <errno.h>
#include <guest/script.h>
#include <lib/error.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#define FOLDER "/etc/xen/scripts"

int script_run(const char *script, const struct device *device, const char *interface,
	       const char *action)
{
	char path[256], bus_path[DEVICE_PATH + 16], type[32], vif[64];
	char word[16];
	static char search[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	static char base[] = "XENBUS_BASE_PATH=backend";
	char *environment[] = {search, base, bus_path, type, vif, NULL};
	char *arguments[] = {path, word, NULL};
	pid_t child;
	int status, error;

	snprintf(path, sizeof(path), "%s%s%s", *script == '/' ? "" : FOLDER,
		 *script == '/' ? "" : "/", script);
	snprintf(bus_path, sizeof(bus_path), "XENBUS_PATH=%s",
		 device->back + strlen("/local/domain/0/"));
	snprintf(type, sizeof(type), "XENBUS_TYPE=%s", device->type);
	snprintf(vif, sizeof(vif), "vif=%s", interface);
	snprintf(word, sizeof(word), "%s", action);
	error = posix_spawn(&child, path, NULL, NULL, arguments, environment);
	if (error) {
		return fail_errno(error, "script '%s'", path);
	}
	while (waitpid(child, &status, 0) < 0) {
		if (errno != EINTR) {
			return fail_errno(errno, "script '%s'", path);
		}
	}
	return status == 0	   ? 0
	       : WIFEXITED(status) ? fail(EIO, "script '%s %s' ended with %d", path, action,
					  WEXITSTATUS(status))
				   : fail(EIO, "script '%s %s' was ended by signal %d", path,
					  action, WTERMSIG(status));
}
