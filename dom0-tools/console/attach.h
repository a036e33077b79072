/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A terminal on a guest's console: what `pvx console` does. */
#ifndef CONSOLE_ATTACH_H
#define CONSOLE_ATTACH_H

#define CONSOLE_ESCAPE 0x1d /* ^] */

/*
 * Until the escape is typed or the domain is gone, through restarts of the daemon. `number` is that
 * of the console, 0 the first. 0, or -errno with a text.
 */
int console_attach(unsigned int domid, unsigned int number, char escape);

#endif
