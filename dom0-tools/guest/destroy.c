/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ending guests, and clearing away what they had. */
#include <errno.h>
#include <guest/backends.h>
#include <guest/guest.h>
#include <guest/loop.h>
#include <guest/nodes.h>
#include <guest/script.h>
#include <lib/error.h>
#include <lib/names.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BACKEND_SECONDS 60 /* for them to let go of the devices */

static int destroy_domain(domid_t domid)
{
	struct xen_domctl op = {.cmd = XEN_DOMCTL_destroydomain, .domain = domid};
	int rc = hypercall_domctl(&op);

	return rc == -ESRCH ? 0 : rc;
}

/* Paths with the domain's number in them. */
static int remove_paths(const char *const *formats, size_t count, domid_t domid, const char *uuid)
{
	struct nodes nodes;
	char path[128];
	int rc;

	do {
		rc = nodes_begin(&nodes);
		if (rc) {
			return rc;
		}
		for (size_t i = 0; i < count; i++) {
			size_t before = strcspn(formats[i], "%");

			snprintf(path, sizeof(path), "%.*s%u%s", (int)before, formats[i], domid,
				 formats[i] + before + (formats[i][before] == '%'));
			nodes_remove(&nodes, path);
		}
		if (uuid) {
			snprintf(path, sizeof(path), "/vm/%s", uuid);
			nodes_remove(&nodes, path);
		}
		rc = nodes_end(&nodes);
	} while (rc == -EAGAIN);
	return rc;
}

/* % stands for the domain's number. */
static int remove_nodes(domid_t domid, const char *uuid)
{
	static const char *const paths[] = {
		"/local/domain/%", "/libxl/%", "/local/domain/0/backend/vbd/%",
		"/local/domain/0/backend/vif/%", "/local/domain/0/backend/console/%"};

	return remove_paths(paths, sizeof(paths) / sizeof(paths[0]), domid, uuid);
}

/*
 * What back ends wrote to the last: complaints of its front ends, and nodes of a device that they
 * had only just begun with when its nodes were removed.
 */
static int remove_last_words(domid_t domid)
{
	static const char *const paths[] = {
		"/local/domain/0/error/backend/vbd/%", "/local/domain/0/error/backend/vif/%",
		"/local/domain/0/backend/vbd/%", "/local/domain/0/backend/vif/%"};

	return remove_paths(paths, sizeof(paths) / sizeof(paths[0]), domid, NULL);
}

int guest_take_devices(domid_t domid, const char *uuid)
{
	static const char *const paths[] = {
		"/local/domain/%/device/vbd",	 "/local/domain/%/device/vif",
		"/libxl/%/device/vbd",		 "/libxl/%/device/vif",
		"/local/domain/0/backend/vbd/%", "/local/domain/0/backend/vif/%"};
	int listener = backends_listen();
	int rc = listener < 0 ? listener
			      : remove_paths(paths, sizeof(paths) / sizeof(paths[0]), domid, NULL);

	loop_detach(uuid, NULL);
	if (listener >= 0) {
		int wait = backends_wait(listener, domid, BACKEND_SECONDS);

		rc = rc ? rc : wait;
	}
	return rc;
}

/* --- Devices with scripts, which want to be told with the nodes of the back end still there --- */

/* The sum of what the calls for each device return. */
static int each_device(domid_t domid, int (*call)(const struct device *device))
{
	static const char *const types[] = {"vbd", "vif"};
	int sum = 0;

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		unsigned int count, *ids = device_list(domid, types[i], &count);

		for (unsigned int j = 0; ids && j < count; j++) {
			struct device device;

			device_init(&device, domid, types[i], ids[j]);
			sum += call(&device);
		}
		free(ids);
	}
	return sum;
}

static int has_script(const struct device *device)
{
	char *script = store_read(XBT_NULL, "%s/script", device->tools);
	int has = script && *script;

	free(script);
	return has;
}

/* A back end whose front end has gone closes; what it says of itself stays until we remove that. */
static int withdraw(const struct device *device)
{
	char online[DEVICE_PATH + 16];

	snprintf(online, sizeof(online), "%s/online", device->back);
	return store_write(XBT_NULL, online, "0") || store_remove(XBT_NULL, device->front);
}

static int end_script(const struct device *device)
{
	int rc = script_end(device);

	if (rc) { /* its own affair: the guest ends all the same */
		fprintf(stderr, "pvx: warning: %s\n", fail_text());
	}
	return rc;
}

static int end_scripts(domid_t domid)
{
	int listener, rc;

	if (!each_device(domid, has_script)) {
		return 0;
	}
	listener = backends_listen();
	if (listener < 0) {
		return listener;
	}
	each_device(domid, withdraw);
	rc = backends_wait(listener, domid, BACKEND_SECONDS);
	each_device(domid, end_script);
	return rc;
}

/*
 * Back ends go first: they hold pages mapped, and a domain whose pages are mapped stays as a
 * zombie. It is paused meanwhile, so it does not see its devices go.
 */
static int clear(domid_t domid, const char *uuid)
{
	int listener = backends_listen();
	int rc = listener < 0 ? listener : domain_pause(domid);

	rc = rc ? rc : end_scripts(domid);
	if (rc && listener >= 0) {
		close(listener);
	}
	if (!rc) {
		rc = store() ? remove_nodes(domid, uuid) : -ENOTCONN;
		loop_detach(uuid, NULL);
		rc = rc ? rc : backends_wait(listener, domid, BACKEND_SECONDS);
		rc = rc ? rc : remove_last_words(domid);
	}
	if (destroy_domain(domid) < 0 || rc) { /* the domain is ended in any case */
		return fail_in(rc ? rc : -EIO, "destroying domain %u", domid);
	}
	return 0;
}

/* A number may be another's meanwhile: the UUID tells. */
static bool is_of(domid_t domid, const char *uuid)
{
	domain_info_t info;
	char text[UUID_TEXT];

	if (domain_get(domid, &info)) {
		return false;
	}
	uuid_print(info.handle, text);
	return strcmp(text, uuid) == 0;
}

/* Who was killed between making a domain and noting its number left one that only its UUID tells.
 */
static int find_by_uuid(const char *uuid)
{
	struct domain_list list;
	int found = -1;

	if (domain_list_all(&list)) {
		return -1;
	}
	for (unsigned int i = 0; i < list.count; i++) {
		char text[UUID_TEXT];

		uuid_print(list.info[i].handle, text);
		if (strcmp(text, uuid) == 0) {
			found = list.info[i].domain;
		}
	}
	domain_list_free(&list);
	return found;
}

int guest_clear(struct record *record)
{
	domain_info_t info;
	int rc, domid = record->domid >= 0 && is_of((domid_t)record->domid, record->uuid)
				? record->domid
				: find_by_uuid(record->uuid);

	if (domid >= 0) {
		if (record->state != RECORD_RESTARTING) {
			record_update(record, RECORD_ENDING, domid);
		}
		return clear((domid_t)domid, record->uuid);
	}
	loop_detach(record->uuid, NULL);
	if (record->domid < 0 || domain_get((domid_t)record->domid, &info) == 0) {
		return 0; /* it never had nodes, or others have its number and them now */
	}
	rc = store() ? remove_nodes((domid_t)record->domid, record->uuid) : -ENOTCONN;
	return rc ? rc : remove_last_words((domid_t)record->domid);
}

int guest_finish(struct record *record)
{
	int rc = guest_clear(record);

	if (rc) {
		record_close(record);
	} else {
		record_remove(record);
	}
	return rc;
}

void guest_undo(struct record *record)
{
	struct failure why;

	fail_keep(&why);
	(void)guest_finish(record);
	fail_back(&why);
}

int guest_destroy(domid_t domid)
{
	struct record record;
	int rc = domid == 0 ? fail(EPERM, "domain 0 is the one that we run in: it is not destroyed")
			    : record_of(&record, domid);

	return rc == -ENOENT ? clear(domid, record.uuid) /* others made it */
	       : rc	     ? rc
			     : guest_finish(&record);
}

int guest_ask(domid_t domid, const char *request)
{
	char path[64];
	char *feature = NULL;
	bool can;

	if (domid == 0) {
		return fail(EPERM,
			    "domain 0 is the one that we run in: shut it down by its own means");
	}
	feature = store_read(XBT_NULL, "/local/domain/%u/control/feature-%s", domid, request);
	can = feature && strcmp(feature, "1") == 0;
	free(feature);
	if (!can) {
		return fail(
			EOPNOTSUPP,
			"domain %u does not listen to '%s' (its kernel has not said that it would; 'pvx destroy' ends it)",
			domid, request);
	}
	snprintf(path, sizeof(path), "/local/domain/%u/control/shutdown", domid);
	return store_write(XBT_NULL, path, "%s", request);
}

static int write_name(domid_t domid, const char *uuid, const char *name)
{
	char path[128];
	int rc;

	snprintf(path, sizeof(path), "/local/domain/%u/name", domid);
	rc = store_write(XBT_NULL, path, "%s", name);
	snprintf(path, sizeof(path), "/vm/%s/name", uuid);
	return rc ? rc : store_write(XBT_NULL, path, "%s", name);
}

int guest_rename(domid_t domid, const char *name)
{
	struct record record;
	domain_info_t info;
	int rc;

	if (name_find(name) >= 0) {
		return fail(EEXIST, "the name '%s' is taken", name);
	}
	rc = record_of(&record, domid);
	if (!rc) {
		char *old = name_of(domid);

		rc = old ? record_rename(&record, old, name)
			 : fail(ESRCH, "domain %u is gone", domid);
		free(old);
	} else if (rc == -ENOENT) { /* others made it, or it was destroyed while we waited */
		rc = domain_get(domid, &info);
	}
	rc = rc ? rc : write_name(domid, record.uuid, name);
	record_close(&record); /* not before: nobody destroys it meanwhile */
	return rc;
}

int guest_reconfigure(domid_t domid, struct domain_config *config)
{
	struct record record;
	char *name;
	int rc = record_of(&record, domid);

	if (rc) {
		return rc;
	}
	name = name_of(domid);
	config->name = name ? name : config->name;
	config->uuid = record.uuid;
	rc = record_reconfigure(&record, config);
	config->name = config->uuid = NULL; /* they end here */
	free(name);
	record_close(&record);
	return rc;
}
