/* SPDX-License-Identifier: MIT */
/* What the command line of a guest kernel says: words and name=number. */
#ifndef PV_OPTIONS_H
#define PV_OPTIONS_H

#include "format.h"
#include "hypercall.h"

/* What is behind `name` where that begins a word; null: it does not occur. */
static inline const char *pv_option(const struct start_info *start, const char *name)
{
	const char *line = (const char *)start->cmd_line;

	for (const char *at = line; *at; at++) {
		unsigned long length = 0;

		if (at != line && at[-1] != ' ') {
			continue;
		}
		while (name[length] && at[length] == name[length]) {
			length++;
		}
		if (!name[length]) {
			return at + length;
		}
	}
	return NULL;
}

/* pv_option_number(start, "peer=", 0): the decimal number behind it, or what is said here. */
static inline unsigned long pv_option_number(const struct start_info *start, const char *name,
					     unsigned long otherwise)
{
	const char *at = pv_option(start, name);

	if (!at || *at < '0' || *at > '9') {
		return otherwise;
	}
	return pv_number(at);
}

#endif
