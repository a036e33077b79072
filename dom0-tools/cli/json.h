/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON on standard output, value after value; commas and indentation come by themselves. */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include <stdbool.h>
#include <stdint.h>

/* `key` is NULL in an array and at the top. */
void json_open(const char *key, char bracket); /* '{' or '[' */
void json_close(void);
void json_string(const char *key, const char *value); /* NULL: null */
void json_number(const char *key, int64_t value);
void json_real(const char *key, double value);
void json_bool(const char *key, bool value);

#endif
