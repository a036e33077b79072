/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames of another domain, or of its grant table, in our memory. */
#ifndef LIB_FOREIGN_H
#define LIB_FOREIGN_H

#include <stddef.h>
#include <stdint.h>
#include <xen/xen.h>

#define FOREIGN_PAGE 4096u

/* So many frames next to each other, or NULL with a text. */
void *foreign_map(domid_t domid, const uint64_t *frames, size_t count);

/* The same to be looked at alone: page tables too, and the hypervisor's own (DOMID_XEN). */
const void *foreign_map_readonly(domid_t domid, const uint64_t *frames, size_t count);

/* The first frame of a domain's grant table, or NULL with a text. */
void *foreign_map_grants(domid_t domid);

void foreign_unmap(const void *memory, size_t count);

#endif
