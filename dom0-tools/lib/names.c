/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From a domain's number to its name and back. */
#include <errno.h>
#include <lib/error.h>
#include <lib/names.h>
#include <lib/store.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xen/io/xs_wire.h>

#define DOM0_NAME "Domain-0"

static char *or_dom0(domid_t domid, char *name)
{
	return name || domid != 0 ? name : strdup(DOM0_NAME);
}

char *name_of(domid_t domid)
{
	return or_dom0(domid, store_read(XBT_NULL, "/local/domain/%u/name", domid));
}

/* All requests are sent before the first answer is waited for. */
int names_of(const struct domain_list *list, char **names)
{
	struct xs_call **calls = calloc(list->count ? list->count : 1, sizeof(struct xs_call *));

	if (!calls) {
		return fail(ENOMEM, "no memory for the names of %u domains", list->count);
	}
	for (unsigned int i = 0; store() && i < list->count; i++) {
		char path[64];
		int length =
			snprintf(path, sizeof(path), "/local/domain/%u/name", list->info[i].domain);

		calls[i] = xs_send(store(), XBT_NULL, XS_READ, path, (unsigned int)length + 1);
	}
	for (unsigned int i = 0; i < list->count; i++) {
		unsigned int length;

		names[i] = calls[i] ? xs_finish(store(), calls[i], &length) : NULL;
		names[i] = or_dom0(list->info[i].domain, names[i]);
	}
	free(calls);
	return 0;
}

static int by_number(const char *text, unsigned long number)
{
	domain_info_t info;
	int rc = number < DOMID_FIRST_RESERVED ? domain_get((domid_t)number, &info) : -ESRCH;

	return rc == -ESRCH ? fail(ESRCH, "there is no domain %s", text) : rc ? rc : (int)number;
}

int name_find(const char *text)
{
	struct domain_list list;
	char **names, *end;
	unsigned long number = strtoul(text, &end, 10);
	int rc;

	if (*text >= '0' && *text <= '9' && !*end) {
		return by_number(text, number);
	}
	rc = domain_list_all(&list);
	if (rc) {
		return rc;
	}
	names = calloc(list.count, sizeof(*names));
	rc = names ? names_of(&list, names) : fail(ENOMEM, "no memory for names");
	if (!rc) {
		rc = fail(ESRCH, "there is no domain named '%s'", text);
	}
	for (unsigned int i = 0; names && i < list.count; i++) {
		if (names[i] && strcmp(names[i], text) == 0) {
			rc = list.info[i].domain;
		}
		free(names[i]);
	}
	free(names);
	domain_list_free(&list);
	return rc;
}
