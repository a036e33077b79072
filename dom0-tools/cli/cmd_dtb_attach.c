/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pvx dtb attach: boot domains that the store does not know yet are introduced to it. */
#include <cli/cmd_dtb.h>
#include <guest/attach.h>
#include <lib/error.h>
#include <stdlib.h>
#include <string.h>

/* As the tree calls it: by its name, else by its node. */
static void name_from_tree(const struct boot_domains *domains, domid_t domid, char *name,
			   size_t size)
{
	snprintf(name, size, "boot-%u", domid);
	for (unsigned int i = 0; i < domains->count; i++) {
		const struct boot_domain *d = &domains->domain[i];
		const char *slash = strrchr(d->path, '/');

		if (d->usable && d->id == domid) {
			snprintf(name, size, "%s", d->name ? d->name : slash ? slash + 1 : d->path);
		}
	}
}

static int read_tree(const struct cli *cli, struct boot_domains *domains, uint8_t **bytes)
{
	const char *path = cli_option(cli, "tree");
	size_t size;

	if (!path) {
		return EXIT_DONE;
	}
	*bytes = dtb_read_file(path, &size);
	if (!*bytes) {
		return cli_failed(cli, -1);
	}
	dtb_check(domains, path, *bytes, size, NULL, 0); /* of what is wrong it has told */
	return EXIT_DONE;
}

int dtb_attach_run(struct cli *cli, char **argv)
{
	static struct boot_domains domains;
	struct domain_list list;
	uint8_t *tree = NULL;
	int code = argv[0] ? cli_usage(cli, "attach takes no '%s'", argv[0])
			   : read_tree(cli, &domains, &tree);
	int rc = code ? 0 : domain_list_all(&list);

	for (unsigned int i = 0; !code && rc >= 0 && i < list.count; i++) {
		char name[TREE_PATH_MAX];

		name_from_tree(&domains, list.info[i].domain, name, sizeof(name));
		rc = cli->dry ? 0 : guest_attach(&list.info[i], name);
		if (rc > 0) {
			printf("domain %u is attached as '%s'\n", list.info[i].domain, name);
		} else if (rc < 0) {
			fail_in(rc, "attaching domain %u", list.info[i].domain);
		}
	}
	if (!code && rc >= 0) {
		domain_list_free(&list);
	}
	free(tree);
	return rc < 0 ? cli_failed(cli, rc) : code;
}
