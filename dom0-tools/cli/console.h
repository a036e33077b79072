/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The terminal on a guest's console, for the commands that end in one. */
#ifndef CLI_CONSOLE_H
#define CLI_CONSOLE_H

/* Until Ctrl-] or the end of the console; -errno with a text if there is none. */
int console_attach(unsigned int domid, unsigned int number);

#endif
