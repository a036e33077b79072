/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text of domains that share the console: it comes out by whole lines, each with its domain. */
#ifndef DOMAIN_CONSOLE_LINE_H
#define DOMAIN_CONSOLE_LINE_H

#include <domain/domain.h>

int console_line_open(struct domain *d); /* from now on it shares the console; -ENOMEM */
void console_line_add(struct domain *d, const char *text, size_t bytes);
void console_line_end(struct domain *d);   /* what it began is a line; nothing if it has none */
void console_line_close(struct domain *d); /* when its own memory goes */

#endif
