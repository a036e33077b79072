/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest's life in Dom0: from a configuration to a domain with its nodes and devices, and back to
 * nothing. Used by the commands and by the supervisor, which starts guests again.
 */
#ifndef GUEST_GUEST_H
#define GUEST_GUEST_H

#include <config/config.h>
#include <guest/record.h>
#include <lib/domain.h>

/*
 * Makes a guest; it stays paused. Its number, or -errno with a text and nothing left behind. If we
 * are killed meanwhile, its record tells others what to clear away. `alone`: the supervisor is to
 * leave it.
 */
int guest_create(struct domain_config *config, bool alone);

/* Destroys a guest and makes it anew of its record, which the caller has locked; it is then
 * running. */
int guest_restart(struct record *record);

/* Only looks whether it could be made. */
int guest_check(struct domain_config *config);

/* Ends a domain at once and clears away what it had; waits until it is gone. */
int guest_destroy(domid_t domid);

/* The same for a guest whose record the caller has locked; the record stays. */
int guest_clear(struct record *record);

/* And of the record, which is closed in any case: it stays if not all could be cleared away. */
int guest_finish(struct record *record);

/* The end of one that could not be made: clears it away and keeps the text of the failure. */
void guest_undo(struct record *record);

/* Takes disks and interfaces from a domain that has ended but is kept, so that others can have
 * them. */
int guest_take_devices(domid_t domid, const char *uuid);

/* Asks its kernel to shut down: "poweroff", "reboot", "suspend", "halt". */
int guest_ask(domid_t domid, const char *request);

int guest_rename(domid_t domid, const char *name);

/* What it is made of the next time that it starts anew; it keeps its name and UUID. -ENOENT,
 * without a text: it was not made by us. */
int guest_reconfigure(domid_t domid, struct domain_config *config);

#endif
