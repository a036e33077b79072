/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest's console ring. The guest writes to it at any time: indexes are read once and checked. */
#ifndef CONSOLE_RING_H
#define CONSOLE_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <xen/io/console.h>

/*
 * Copies up to `size` bytes of the guest's output, which stay in the ring until ring_taken() says
 * that they are safe; *broken, and all is skipped, if its indexes cannot be right.
 */
size_t ring_look(struct xencons_interface *ring, char *bytes, size_t size, bool *broken);
void ring_taken(struct xencons_interface *ring, size_t size);
/* How many bytes of input it has room for, and input put into it, all of which must fit. */
size_t ring_room(const struct xencons_interface *ring);
void ring_put(struct xencons_interface *ring, const char *bytes, size_t size);

#endif
