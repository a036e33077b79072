/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of domains. They live in the store, at /local/domain/N/name. */
#ifndef LIB_NAMES_H
#define LIB_NAMES_H

#include <lib/domain.h>

/* To be freed; NULL if it has none. Dom0 has one even when nobody gave it. */
char *name_of(domid_t domid);

/* The names of all in a list, asked for in one go. names[i] may be NULL. */
int names_of(const struct domain_list *list, char **names);

/* A domain by name or number: its number; -ESRCH with a text if there is none. */
int name_find(const char *name_or_number);

#endif
