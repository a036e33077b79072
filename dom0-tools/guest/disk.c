/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a disk's configuration to a block device and its nodes. */
#include <errno.h>
#include <fcntl.h>
#include <guest/disk.h>
#include <guest/loop.h>
#include <guest/script.h>
#include <lib/error.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static int refuse(const struct disk_config *config, const char *why)
{
	return fail(EOPNOTSUPP, "disk '%s': %s", config->vdev, why);
}

static int check_served(const struct disk_config *config)
{
	if (!config->target) {
		return refuse(config, "an empty drive cannot be served to a PV guest");
	}
	if (config->format != DISK_RAW) {
		return refuse(
			config,
			"only raw images are served; convert it with 'qemu-img convert -O raw'");
	}
	if (config->backend_type == DISK_BACKEND_QDISK) {
		return refuse(config, "no QEMU serves disks here; leave backendtype out");
	}
	if (config->backend) {
		return refuse(config, "disks of driver domains are not served");
	}
	return 0;
}

/* What names the thing on the disk, whatever its path: a device's number, or a file's. */
static uint64_t identity(const struct stat *status)
{
	return S_ISBLK(status->st_mode)
		       ? status->st_rdev
		       : (uint64_t)status->st_dev << 32 ^ status->st_ino ^ (UINT64_C(1) << 63);
}

/* Whether a back end of another guest has the same open, and one of both writes. */
static int check_backend(const struct device *device, const struct disk_config *config,
			 uint64_t wanted)
{
	char *params = device_read_back(device, "params"), *mode = device_read_back(device, "mode");
	struct stat status;
	int rc = 0;

	if (params && mode && stat(params, &status) == 0 && identity(&status) == wanted &&
	    (config->writable || strchr(mode, 'w'))) {
		rc = fail(
			EBUSY,
			"disk '%s' is in use by domain %u (as vdev %u); add '!' to its mode if both are to have it",
			config->target, device->domid, device->id);
	}
	free(params);
	free(mode);
	return rc;
}

static int check_others(const struct disk_config *config, uint64_t wanted)
{
	unsigned int count = 0;
	char **domains =
		store() ? xs_directory(store(), XBT_NULL, "/local/domain/0/backend/vbd", &count)
			: NULL;
	int rc = 0;

	for (unsigned int i = 0; domains && !rc && i < count; i++) {
		domid_t domid = (domid_t)strtoul(domains[i], NULL, 10);
		unsigned int disks, *ids = device_list(domid, "vbd", &disks);

		for (unsigned int j = 0; !rc && j < disks; j++) {
			struct device device;

			device_init(&device, domid, "vbd", ids[j]);
			rc = check_backend(&device, config, wanted);
		}
		free(ids);
	}
	free(domains);
	return rc;
}

/* A mounted device cannot be opened exclusively. */
static int check_mounted(const struct disk_config *config)
{
	int fd = open(config->target, O_RDONLY | O_EXCL | O_CLOEXEC);

	if (fd < 0) {
		return errno == EBUSY
			       ? fail(EBUSY,
				      "disk '%s' is in use in Dom0 (mounted, or part of a volume?)",
				      config->target)
			       : fail_errno(errno, "disk '%s'", config->target);
	}
	close(fd);
	return 0;
}

int disk_check(const struct disk_config *config)
{
	struct stat status;
	int rc = check_served(config);

	if (rc || config->script) { /* what the target means only the script knows */
		return rc ? rc : script_check(config->script);
	}
	if (stat(config->target, &status) < 0) {
		return fail_errno(errno, "disk '%s'", config->target);
	}
	if (!S_ISBLK(status.st_mode) && !S_ISREG(status.st_mode)) {
		return fail(EINVAL, "disk '%s' is neither a file nor a block device",
			    config->target);
	}
	if (config->shared) {
		return 0;
	}
	rc = S_ISBLK(status.st_mode) && config->writable ? check_mounted(config) : 0;
	return rc ? rc : check_others(config, identity(&status));
}

int disk_open(struct disk *disk, const struct disk_config *config, const char *uuid)
{
	struct stat status;
	int number;

	*disk = (struct disk){.config = config};
	if (config->script) {
		return 0;
	}
	if (stat(config->target, &status) < 0) {
		return fail_errno(errno, "disk '%s'", config->target);
	}
	if (S_ISBLK(status.st_mode)) {
		disk->major = major(status.st_rdev);
		disk->minor = minor(status.st_rdev);
		return 0;
	}
	number = loop_attach(config->target, config->writable, uuid, config->number);
	if (number < 0) {
		return number;
	}
	disk->loop = true;
	disk->major = 7;
	disk->minor = (unsigned int)number;
	return 0;
}

void disk_nodes(struct nodes *nodes, domid_t domid, const struct disk *disk)
{
	const struct disk_config *config = disk->config;
	const char *kind = config->cdrom ? "cdrom" : "disk";
	struct device device;

	device_init(&device, domid, "vbd", config->number);
	device_begin(nodes, &device);
	device_front(nodes, &device, "virtual-device", "%u", config->number);
	device_front(nodes, &device, "device-type", "%s", kind);
	device_front(nodes, &device, "trusted", "%d", config->trusted);
	device_back(nodes, &device, "removable", "%d", config->cdrom);
	device_back(nodes, &device, "bootable", "1");
	device_back(nodes, &device, "dev", "%s", config->vdev);
	device_back(nodes, &device, "type", "phy");
	device_back(nodes, &device, "mode", "%s", config->writable ? "w" : "r");
	device_back(nodes, &device, "device-type", "%s", kind);
	device_back(nodes, &device, "discard-enable", "%d", config->discard);
	device_back(nodes, &device, "params", "%s", config->target);
	if (disk->loop) {
		device_back(nodes, &device, "physical-device-path", "/dev/loop%u", disk->minor);
	}
	if (config->script) {
		device_back(nodes, &device, "script", "%s", config->script);
		return;
	}
	device_back(nodes, &device, "physical-device", "%x:%x", disk->major, disk->minor);
	device_back(nodes, &device, "hotplug-status", "connected");
}

int disk_plug(domid_t domid, const struct disk_config *config)
{
	struct device device;
	char *number;
	int rc;

	if (!config->script) {
		return 0;
	}
	device_init(&device, domid, "vbd", config->number);
	rc = script_begin(config->script, &device, NULL);
	number = device_read_back(&device, "physical-device");
	if (!rc && !number) {
		rc = fail(EIO, "disk '%s': its script '%s' has named no device in the store",
			  config->vdev, config->script);
	}
	free(number);
	return rc;
}
