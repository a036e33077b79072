/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A domain's memory: taking it from the machine, and how much of it is meant to be there. */
#ifndef LIB_DOMAIN_MEMORY_H
#define LIB_DOMAIN_MEMORY_H

#include <lib/hypercall.h>

/* The frames of pages 0 to `pages` - 1 of a new domain; in large runs where there are any. */
int domain_memory_populate(domid_t domid, uint64_t *frames, uint64_t pages);

/* How far it may grow. */
int domain_memory_limit(domid_t domid, uint64_t kib);

/* The map that its kernel reads: memory from 0 to there. It prepares for as much as it may grow to.
 */
int domain_memory_map(domid_t domid, uint64_t kib);

#endif
