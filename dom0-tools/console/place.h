/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where consoles are in the store. The first one's nodes are Dom0's, in /local/domain/N/console.
 * Channels are devices: their front end's nodes are the guest's, and what it says is believed of
 * its own ring alone; all else is read from the back end.
 */
#ifndef CONSOLE_PLACE_H
#define CONSOLE_PLACE_H

#include <console/console.h>

#define PLACE_PATH 80

struct place {
	unsigned long ring; /* a frame; of a channel a grant reference */
	unsigned long port;
	unsigned long limit;
	char *socket; /* its path; NULL: a pty */
};

/* The numbers of a domain's channels, which the caller frees. */
unsigned int *place_channels(unsigned int domid, unsigned int *count);

/* The folder whose changes are to be watched. */
void place_folder(const struct console *console, char path[PLACE_PATH]);

/* False while not all is there, or if it is not ours. The caller frees `socket`. */
bool place_read(const struct console *console, struct place *place);

/* Whether the guest has given the channel up. */
bool place_closed(const struct console *console);

/* Says that it is served, and by which pty. */
int place_tell(const struct console *console);

#endif
