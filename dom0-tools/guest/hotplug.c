/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Attaching and detaching devices of running guests. */
#include <errno.h>
#include <guest/hotplug.h>
#include <guest/loop.h>
#include <guest/record.h>
#include <lib/domain.h>
#include <lib/error.h>
#include <lib/watch.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xen/io/xenbus.h>

#define READY_SECONDS 60

/* Locks a guest's record for us; a guest that others made has none. */
static int lock_guest(struct record *record, domid_t domid)
{
	int rc = record_of(record, domid);

	return rc == -ENOENT ? 0 : rc;
}

static bool device_exists(const struct device *device)
{
	char *path = store_read(XBT_NULL, "%s/backend", device->tools);
	bool exists = path != NULL;

	free(path);
	return exists;
}

/* The back end waits for the guest, or has it already. */
static int is_ready(void *context)
{
	char *state = device_read_back(context, "state");
	int number = state ? atoi(state) : 0;

	free(state);
	if (number == XenbusStateClosing || number == XenbusStateClosed) {
		return fail(EIO, "the back end has closed");
	}
	return number == XenbusStateInitWait || number == XenbusStateConnected;
}

static int wait_ready(struct device *device)
{
	char path[DEVICE_PATH + 16];
	int rc;

	snprintf(path, sizeof(path), "%s/state", device->back);
	rc = watch_until(path, is_ready, device, READY_SECONDS);
	return rc == -ETIMEDOUT
		       ? fail(ETIMEDOUT,
			      "no back end takes care of the new %s (is its module loaded?)",
			      device->type)
		       : rc;
}

static int add_disk(const struct record *record, const struct disk_config *config,
		    struct device *device)
{
	struct nodes nodes;
	struct disk disk;
	struct failure why;
	int rc = disk_open(&disk, config, record->uuid);

	if (rc) {
		return rc;
	}
	do {
		rc = nodes_begin(&nodes);
		if (!rc) {
			disk_nodes(&nodes, device->domid, &disk);
			rc = nodes_end(&nodes);
		}
	} while (rc == -EAGAIN);
	rc = rc ? rc : disk_plug(device->domid, config);
	rc = rc ? rc : wait_ready(device);
	if (rc) {
		fail_keep(&why);
		device_detach(device, true, 0);
		loop_detach(record->uuid, &config->number);
		fail_back(&why);
	}
	return rc;
}

int hotplug_disk(domid_t domid, const struct disk_config *config)
{
	struct record record;
	struct device device;
	int rc = lock_guest(&record, domid);

	if (rc) {
		return rc;
	}
	device_init(&device, domid, "vbd", config->number);
	if (device_exists(&device)) {
		rc = fail(EEXIST, "domain %u has a disk %s already", domid, config->vdev);
	}
	rc = rc ? rc : disk_check(config);
	rc = rc ? rc : add_disk(&record, config, &device);
	record_close(&record);
	return rc;
}

static void choose_number(domid_t domid, struct vif_config *config)
{
	unsigned int count, *ids = device_list(domid, "vif", &count);

	for (unsigned int i = 0; ids && !config->has_devid && i < count; i++) {
		config->devid = config->devid > ids[i] ? config->devid : ids[i] + 1;
	}
	free(ids);
}

static int add_nic(domid_t domid, const struct vif_config *config, const struct device *device)
{
	int listener = nic_listen();
	struct nodes nodes;
	struct failure why;
	int rc;

	if (listener < 0) {
		return listener;
	}
	do {
		rc = nodes_begin(&nodes);
		if (!rc) {
			nic_nodes(&nodes, domid, config);
			rc = nodes_end(&nodes);
		}
	} while (rc == -EAGAIN);
	rc = rc ? rc : nic_plug(listener, domid, config, READY_SECONDS);
	close(listener);
	if (rc) {
		fail_keep(&why);
		device_detach(device, true, 0);
		fail_back(&why);
	}
	return rc;
}

int hotplug_nic(domid_t domid, struct vif_config *config)
{
	struct record record;
	struct device device;
	int rc = lock_guest(&record, domid);

	if (rc) {
		return rc;
	}
	choose_number(domid, config);
	device_init(&device, domid, "vif", config->devid);
	if (device_exists(&device)) {
		rc = fail(EEXIST, "domain %u has an interface %u already", domid, config->devid);
	}
	rc = rc ? rc : nic_check(config);
	rc = rc ? rc : add_nic(domid, config, &device);
	record_close(&record);
	return rc;
}

int hotplug_remove(domid_t domid, const char *type, unsigned int id, bool force,
		   unsigned int seconds)
{
	struct record record;
	struct device device;
	int rc = lock_guest(&record, domid);

	if (rc) {
		return rc;
	}
	device_init(&device, domid, type, id);
	if (!device_exists(&device)) {
		rc = fail(ENOENT, "domain %u has no %s %u", domid, type, id);
	}
	rc = rc ? rc : device_detach(&device, force, seconds);
	if (!rc && strcmp(type, "vbd") == 0) {
		loop_detach(record.uuid, &id);
	}
	record_close(&record);
	return rc;
}
