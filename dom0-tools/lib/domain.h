/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Domains as the hypervisor knows them: their state, their life, their share of the machine. */
#ifndef LIB_DOMAIN_H
#define LIB_DOMAIN_H

#include <lib/hypercall.h>
#include <stdbool.h>

typedef xen_domctl_getdomaininfo_t domain_info_t;

struct domain_list {
	domain_info_t *info;
	unsigned int count;
};

/* -ESRCH, with a text, if there is no such domain. */
int domain_get(domid_t domid, domain_info_t *info);
int domain_list_all(struct domain_list *list);
void domain_list_free(struct domain_list *list);

/* The reason of a shutdown: SHUTDOWN_*; -1 while the domain has not shut down. */
int domain_shutdown_reason(const domain_info_t *info);

int domain_pause(domid_t domid);
int domain_unpause(domid_t domid);

#endif
