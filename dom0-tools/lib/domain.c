/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The simple operations on a domain. */
#include <errno.h>
#include <lib/domain.h>
#include <lib/error.h>
#include <stdlib.h>
#include <string.h>

#define LIST_STEP 64 /* domains that are asked for at once */

/* Domains from `first` on, up to `max`; how many came. */
static int list_from(domid_t first, domain_info_t *to, unsigned int max)
{
	size_t bytes = max * sizeof(*to);
	struct xen_sysctl op = {.cmd = XEN_SYSCTL_getdomaininfolist};
	struct xen_sysctl_getdomaininfolist *list = &op.u.getdomaininfolist;
	domain_info_t *buffer = hypercall_memory(bytes);
	int rc;

	if (!buffer) {
		return fail(ENOMEM, "no memory for a list of %u domains", max);
	}
	list->first_domain = first;
	list->max_domains = max;
	set_xen_guest_handle(list->buffer, buffer);
	rc = hypercall_sysctl(&op);
	if (rc >= 0) {
		rc = (int)list->num_domains;
		memcpy(to, buffer, (size_t)rc * sizeof(*to));
	}
	hypercall_memory_free(buffer, bytes);
	return rc;
}

int domain_get(domid_t domid, domain_info_t *info)
{
	int rc = list_from(domid, info, 1);

	if (rc < 0) {
		return rc;
	}
	return rc == 1 && info->domain == domid ? 0 : fail(ESRCH, "there is no domain %u", domid);
}

int domain_list_all(struct domain_list *list)
{
	domid_t first = 0;
	int rc;

	*list = (struct domain_list){.info = NULL};
	do {
		size_t bytes = (list->count + LIST_STEP) * sizeof(*list->info);
		domain_info_t *info = realloc(list->info, bytes);

		if (!info) {
			domain_list_free(list);
			return fail(ENOMEM, "no memory for the list of domains");
		}
		list->info = info;
		rc = list_from(first, info + list->count, LIST_STEP);
		if (rc < 0) {
			domain_list_free(list);
			return rc;
		}
		list->count += (unsigned int)rc;
		first = list->count ? (domid_t)(info[list->count - 1].domain + 1) : 0;
	} while (rc == LIST_STEP);
	return 0;
}

void domain_list_free(struct domain_list *list)
{
	free(list->info);
	*list = (struct domain_list){.info = NULL};
}

int domain_shutdown_reason(const domain_info_t *info)
{
	return info->flags & XEN_DOMINF_shutdown
		       ? (int)(info->flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask)
		       : -1;
}

static int simple(uint32_t cmd, domid_t domid)
{
	struct xen_domctl op = {.cmd = cmd, .domain = domid};

	return hypercall_domctl(&op);
}

int domain_pause(domid_t domid)
{
	return simple(XEN_DOMCTL_pausedomain, domid);
}

int domain_unpause(domid_t domid)
{
	return simple(XEN_DOMCTL_unpausedomain, domid);
}
