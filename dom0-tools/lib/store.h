/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The store, as the tools use it: one connection, paths put together like printf. */
#ifndef LIB_STORE_H
#define LIB_STORE_H

#include <pvxstore.h>

/* Opened on first use; NULL with a text when no daemon answers. */
struct xs_handle *store(void);

/* What is at a path, to be freed; NULL if nothing is there, or on failure. */
char *store_read(xs_transaction_t t, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* -errno with a text. The value is printed like printf. */
int store_write(xs_transaction_t t, const char *path, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
int store_remove(xs_transaction_t t, const char *path);

#endif
