/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a domain has mapped of others by grants, given back. */
#ifndef DOMAIN_GRANTS_H
#define DOMAIN_GRANTS_H

#include <domain/domain.h>

/* What a taken handle stands for is over: its pin, and what it held for devices. */
void grants_end_mapping(const struct grant_handle *handle);

/*
 * For a domain that dies, once its page tables are gone: all its handles. A bounded number at a
 * time: -ERESTART until all is done.
 */
int grants_release_all(struct domain *d);

#endif
