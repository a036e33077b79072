/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The supervisor does what configurations say of guests that power off, reboot or crash, and clears
 * away what those left who were killed. One process serves all guests. It keeps nothing in its
 * memory: all it knows is read from the records, the hypervisor and the store whenever something
 * has happened, so it can be killed and started at any time, and no harm is done while it does not
 * run.
 *
 * What makes it look: the store's word that a domain has shut down or is gone, and the kernel's
 * that somebody has closed a record (inotify) - which is also how it hears of one whose maker was
 * killed.
 */
#ifndef GUEST_SUPERVISOR_H
#define GUEST_SUPERVISOR_H

#include <stdbool.h>

/* Starts one unless it runs; the lock that it holds tells. */
int supervisor_start(void);

bool supervisor_runs(void);

/* Is one. If there is another already: waits until it is gone, or returns. */
int supervisor_run(bool wait);

/* One look at everything, as it does after each event: for how many records something was to do and
 * was done; of those with which that failed it has said why. */
int supervisor_look(int *failed);

#endif
