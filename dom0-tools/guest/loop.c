/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loop devices, by the kernel's ioctls. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <guest/loop.h>
#include <guest/record.h>
#include <lib/error.h>
#include <linux/loop.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define TAG "pvx/"

static int open_loop(int number, int flags)
{
	char path[32];

	snprintf(path, sizeof(path), "/dev/loop%d", number);
	return open(path, flags | O_CLOEXEC);
}

/* Somebody else may take the number that was free: then the next. */
static int configure(int control, const struct loop_config *config, bool writable)
{
	for (;;) {
		int number = ioctl(control, LOOP_CTL_GET_FREE);
		int loop = number < 0 ? -1 : open_loop(number, writable ? O_RDWR : O_RDONLY);
		int error;

		if (loop < 0) {
			return fail_errno(errno, "a loop device");
		}
		if (ioctl(loop, LOOP_CONFIGURE, config) == 0) {
			close(loop);
			return number;
		}
		error = errno;
		close(loop);
		if (error != EBUSY) {
			return fail_errno(error, "configuring /dev/loop%d", number);
		}
	}
}

int loop_attach(const char *path, bool writable, const char *uuid, unsigned int vdev)
{
	struct loop_config config = {.info.lo_flags = LO_FLAGS_DIRECT_IO};
	int file = open(path, (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC);
	int control, rc;

	if (file < 0) {
		return fail_errno(errno, "disk '%s'", path);
	}
	config.fd = (uint32_t)file;
	config.info.lo_flags |= writable ? 0 : LO_FLAGS_READ_ONLY;
	snprintf((char *)config.info.lo_file_name, LO_NAME_SIZE, TAG "%s/%u", uuid, vdev);
	control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	rc = control < 0 ? fail_errno(errno, "/dev/loop-control")
			 : configure(control, &config, writable);
	if (control >= 0) {
		close(control);
	}
	close(file);
	return rc < 0 ? fail_in(rc, "disk '%s'", path) : rc;
}

/* The owner in the status of one device: its UUID and vdev; false if it is not ours. */
static bool owner_of(int loop, char uuid[UUID_TEXT], unsigned int *vdev)
{
	struct loop_info64 info;

	return ioctl(loop, LOOP_GET_STATUS64, &info) == 0 &&
	       sscanf((char *)info.lo_file_name, TAG "%36[-0-9a-f]/%u", uuid, vdev) == 2;
}

static int each(int (*call)(void *context, int number, int fd, const char *uuid, unsigned int vdev),
		void *context)
{
	DIR *folder = opendir("/sys/block");
	struct dirent *entry;
	int rc = 0;

	while (!rc && folder && (entry = readdir(folder)) != NULL) {
		char uuid[UUID_TEXT];
		unsigned int vdev;
		int number, fd;

		if (sscanf(entry->d_name, "loop%d", &number) != 1) {
			continue;
		}
		fd = open_loop(number, O_RDONLY);
		if (fd >= 0 && owner_of(fd, uuid, &vdev)) {
			rc = call(context, number, fd, uuid, vdev);
		}
		if (fd >= 0) {
			close(fd);
		}
	}
	if (folder) {
		closedir(folder);
	}
	return rc;
}

struct detach {
	const char *uuid;
	const unsigned int *vdev;
	int count;
};

static int detach_one(void *context, int number, int fd, const char *uuid, unsigned int vdev)
{
	struct detach *detach = context;

	if (strcmp(uuid, detach->uuid) == 0 && (!detach->vdev || *detach->vdev == vdev)) {
		detach->count += ioctl(fd, LOOP_CLR_FD) == 0;
	}
	return 0;
}

int loop_detach(const char *uuid, const unsigned int *vdev)
{
	struct detach detach = {.uuid = uuid, .vdev = vdev};

	each(detach_one, &detach);
	return detach.count;
}

struct visit {
	int (*call)(void *context, int number, const char *uuid);
	void *context;
};

static int visit_one(void *context, int number, int fd, const char *uuid, unsigned int vdev)
{
	const struct visit *visit = context;

	return visit->call(visit->context, number, uuid);
}

int loop_each(int (*call)(void *context, int number, const char *uuid), void *context)
{
	struct visit visit = {.call = call, .context = context};

	return each(visit_one, &visit);
}
