/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One connection to the store for the whole process. */
#include <errno.h>
#include <lib/error.h>
#include <lib/store.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PATH_SIZE  3072
#define VALUE_SIZE 4096

/* Dom0's kernel has a door to the store too, behind which requests wait until a daemon has started.
 */
static void tell_if_none_has_started(void)
{
	if (access(xs_daemon_socket(), F_OK) < 0 && access("/dev/xen/xenbus_backend", F_OK) == 0) {
		fprintf(stderr,
			"waiting for pvx-stored, which has not been started: there is no %s ('pvx doctor --repair' starts it)\n",
			xs_daemon_socket());
	}
}

struct xs_handle *store(void)
{
	static struct xs_handle *handle;

	if (!handle) {
		tell_if_none_has_started();
		handle = xs_open(0);
	}
	if (!handle) {
		fail_errno(errno, "no store daemon answers at %s (is pvx-stored running?)",
			   xs_daemon_socket());
	}
	return handle;
}

char *store_read(xs_transaction_t t, const char *format, ...)
{
	char path[PATH_SIZE];
	va_list args;
	unsigned int length;

	if (!store()) {
		return NULL;
	}
	va_start(args, format);
	vsnprintf(path, sizeof(path), format, args);
	va_end(args);
	return xs_read(store(), t, path, &length);
}

int store_write(xs_transaction_t t, const char *path, const char *format, ...)
{
	char value[VALUE_SIZE];
	va_list args;
	int length;

	if (!store()) {
		return -ENOTCONN;
	}
	va_start(args, format);
	length = vsnprintf(value, sizeof(value), format, args);
	va_end(args);
	if (length < 0 || length >= VALUE_SIZE) {
		return fail(E2BIG, "the value for %s is too long for the store", path);
	}
	return xs_write(store(), t, path, value, (unsigned int)length)
		       ? 0
		       : fail_errno(errno, "writing %s in the store", path);
}

int store_remove(xs_transaction_t t, const char *path)
{
	if (!store()) {
		return -ENOTCONN;
	}
	return xs_rm(store(), t, path) || errno == ENOENT
		       ? 0
		       : fail_errno(errno, "removing %s from the store", path);
}
