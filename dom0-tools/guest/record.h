/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is known here of a guest outlives every process of ours, in /run/pvx:
 *
 *	guests/UUID	a first line with its state, then its configuration as `pvx create` reads
 *it; UUID.new is one that is to take its place names/NAME	a symbolic link to the UUID; who
 *makes it has the name
 *
 * Whoever changes a guest holds the lock (flock) of its record, which the kernel lets go when he
 * dies. A record that says "building" and is not locked is of a guest that was never finished, and
 * whoever finds it destroys that.
 */
#ifndef GUEST_RECORD_H
#define GUEST_RECORD_H

#include <config/config.h>
#include <stdbool.h>
#include <stdint.h>
#include <xen/xen.h>

#define RECORD_FOLDER "/run/pvx/guests"
#define UUID_TEXT     37

enum record_state {
	RECORD_BUILDING,   /* not finished */
	RECORD_LIVE,	   /* its actions on shutdown are to be taken */
	RECORD_ALONE,	   /* nobody looks after it, and it stays when it has shut down */
	RECORD_RESTARTING, /* the domain is to be destroyed, and made anew */
	RECORD_ENDING,	   /* destroyed, but not all of it is gone */
};

struct record {
	int fd; /* locked while it is open */
	char uuid[UUID_TEXT];
	enum record_state state;
	int domid; /* -1: none yet */
};

/* Takes the name and writes the configuration. -EEXIST with a text if the name or UUID is taken. */
int record_create(struct record *record, const char *uuid, const struct domain_config *config);

/* Locks one. `wait`: until others are done with it; else -EBUSY. -ENOENT, without a text: there is
 * none. */
int record_open(struct record *record, const char *uuid, bool wait);

/* That of a domain, waited for; it has the UUID also if there is none. */
int record_of(struct record *record, domid_t domid);

/* What it says just now, without taking the lock for long; -EBUSY, without a text: somebody has it.
 */
int record_peek(struct record *record, const char *uuid);

/*
 * The number of a guest of that name, or -ESRCH without a text: it has no record that says so, and
 * is to be looked for among all domains (lib/names.h).
 */
int record_find(const char *name);

/* Calls for the UUID of each record. */
void record_each(void (*call)(void *context, const char *uuid), void *context);

/* Its configuration, which the caller frees. */
int record_config(const struct record *record, struct domain_config *config);

int record_update(struct record *record, enum record_state state, int domid);
/* Another configuration for the next time; its name and UUID have to be those of this one. */
int record_reconfigure(struct record *record, const struct domain_config *config);
int record_rename(struct record *record, const char *old_name, const char *new_name);

/* Unlocks. */
void record_close(struct record *record);

/* Deletes the record and frees the name, then closes. */
void record_remove(struct record *record);

void uuid_print(const uint8_t uuid[16], char text[UUID_TEXT]);
int uuid_random(uint8_t uuid[16]); /* as version 4 has it */

#endif
