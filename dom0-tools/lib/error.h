/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What went wrong, as a chain from the whole to the cause: "creating 'web': kernel '/boot/x': No
 * such file or directory". Who fails first calls fail(); who was doing something larger puts that
 * in front. A function that returns a negative errno has said why.
 */
#ifndef LIB_ERROR_H
#define LIB_ERROR_H

/* Starts a chain; returns -error. fail_errno() adds what the error is called. */
int fail(int error, const char *format, ...) __attribute__((format(printf, 2, 3)));
int fail_errno(int error, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts what was being done in front; returns rc. */
int fail_in(int rc, const char *format, ...) __attribute__((format(printf, 2, 3)));

const char *fail_text(void);

/* Keeps the text of a failure while what was begun is undone, which may fail too. */
#define FAIL_TEXT 1024
struct failure {
	char text[FAIL_TEXT];
};
void fail_keep(struct failure *kept);
void fail_back(const struct failure *kept);

#endif
