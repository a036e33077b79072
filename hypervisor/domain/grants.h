/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Grants of whole domains: their limits, and what they have mapped of others, given back. */
#ifndef DOMAIN_GRANTS_H
#define DOMAIN_GRANTS_H

#include <domain/domain.h>

/* What the machine's owner admits, from the command line: the first domain's limits, and the upper
 * bounds of all others'. */
extern struct grant_limits grants_machine_limits;

/*
 * The limits of a new domain that has no grants yet, as XEN_DOMCTL_createdomain gives them: numbers
 * below zero ask for the machine's, `options` has the version. -EINVAL: they exceed the machine's.
 */
int grants_set_limits(struct domain *d, int32_t frames, int32_t handle_pages, uint32_t options);

/* What a taken handle stands for is over, and the pin with it. */
void grants_end_mapping(const struct grant_handle *handle);

/* What a mapping with these GNTMAP_* flags held of a frame for devices. */
void grants_release_device(mfn_t mfn, unsigned flags);

/*
 * For a domain that dies, once its page tables are gone: all its handles. A bounded number at a
 * time: -ERESTART until all is done.
 */
int grants_release_all(struct domain *d);

#endif
