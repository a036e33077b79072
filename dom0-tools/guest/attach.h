/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Boot domains, which ran before any tool did, become guests like others. */
#ifndef GUEST_ATTACH_H
#define GUEST_ATTACH_H

#include <lib/domain.h>

/*
 * Gives a boot domain its nodes and introduces it to the store. 1: done; 0: it is none, or somebody
 * has done it; -errno with a text. It is found by what the hypervisor gave it: ports 1 and 2 wait
 * for Dom0, entries 0 and 1 of its grants are Dom0's (docs/boot-domains.md).
 */
int guest_attach(const domain_info_t *info, const char *name);

#endif
