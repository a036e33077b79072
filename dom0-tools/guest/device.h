/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A split device: its front end's nodes, its back end's in Dom0, and those by which tools know it.
 */
#ifndef GUEST_DEVICE_H
#define GUEST_DEVICE_H

#include <guest/nodes.h>

#define DEVICE_PATH 128

struct device {
	domid_t domid;
	const char *type; /* "vbd", "vif" */
	unsigned int id;
	char front[DEVICE_PATH], back[DEVICE_PATH], tools[DEVICE_PATH];
};

void device_init(struct device *device, domid_t domid, const char *type, unsigned int id);

/* What every device has; the caller adds its own with device_front() and device_back(). */
void device_begin(struct nodes *nodes, const struct device *device);
void device_front(struct nodes *nodes, const struct device *device, const char *key,
		  const char *format, ...) __attribute__((format(printf, 4, 5)));
void device_back(struct nodes *nodes, const struct device *device, const char *key,
		 const char *format, ...) __attribute__((format(printf, 4, 5)));

void device_remove(struct nodes *nodes, const struct device *device);

/* The numbers of a domain's devices of a type; to be freed. */
unsigned int *device_list(domid_t domid, const char *type, unsigned int *count);

/* To be freed; NULL if it is not there. */
char *device_read_back(const struct device *device, const char *key);
char *device_read_front(const struct device *device, const char *key);

/*
 * Asks the back end to close, waits until it has, and removes the nodes. `force`: does not ask.
 * -ETIMEDOUT with a text if it has not closed within so many seconds.
 */
int device_detach(const struct device *device, bool force, unsigned int seconds);

#endif
