/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The serial line's input: for Dom0's console, or keys that show what the hypervisor is about. */
#ifndef DEBUG_KEYS_H
#define DEBUG_KEYS_H

#include <stdbool.h>
#include <stddef.h>

/* What the line has received goes to Dom0, until Ctrl-A three times gives it to the keys here. */
void keys_handle_input(void);

/* Input for Dom0 (CONSOLEIO_read): how many of at most `bytes` were copied. */
size_t keys_read_input(char *to, size_t bytes);

bool keys_press(char key); /* false: no such key */

#endif
