/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pvx domid, domname, rename, vm-list: domains' names. */
#include <cli/commands.h>
#include <cli/json.h>
#include <cli/several.h>
#include <errno.h>
#include <guest/guest.h>
#include <lib/error.h>
#include <lib/names.h>
#include <stdio.h>
#include <stdlib.h>

static int domid_run(struct cli *cli, int argc, char **argv)
{
	if (cli->json) {
		json_open(NULL, '{');
		json_number("domid", cli->domid);
		json_close();
	} else {
		printf("%u\n", cli->domid);
	}
	return EXIT_DONE;
}

static int domname_run(struct cli *cli, int argc, char **argv)
{
	char *name = name_of(cli->domid);

	if (!name) {
		return cli_failed(cli, fail(ENOENT, "domain %u has no name", cli->domid));
	}
	if (cli->json) {
		json_open(NULL, '{');
		json_string("name", name);
		json_close();
	} else {
		printf("%s\n", name);
	}
	free(name);
	return EXIT_DONE;
}

static int rename_run(struct cli *cli, int argc, char **argv)
{
	int rc = cli->dry ? 0 : guest_rename(cli->domid, argv[1]);

	return rc ? cli_failed(cli, rc) : EXIT_DONE;
}

static int print_vm(struct cli *cli, const domain_info_t *info, const char *name, void *context)
{
	char uuid[UUID_TEXT];

	uuid_print(info->handle, uuid);
	if (cli->json) {
		json_open(NULL, '{');
		json_string("uuid", uuid);
		json_number("domid", info->domain);
		json_string("name", name);
		json_close();
	} else {
		printf("%s  %d    %-30s\n", uuid, info->domain, name);
	}
	return 0;
}

static int vm_list_run(struct cli *cli, int argc, char **argv)
{
	if (!cli->json) {
		printf("UUID                                  ID    name\n");
	}
	return several_domains(cli, 0, NULL, print_vm, NULL);
}

const struct command cmd_rename = {
	.name = "rename",
	.arguments = "DOMAIN NAME",
	.summary = "Give a domain another name",
	.arguments_min = 2,
	.arguments_max = 2,
	.domain = true,
	.run = rename_run,
};

const struct command cmd_vm_list = {
	.name = "vm-list",
	.arguments = "",
	.summary = "List the UUIDs of domains",
	.json = true,
	.run = vm_list_run,
};

const struct command cmd_domid = {
	.name = "domid",
	.arguments = "DOMAIN",
	.summary = "Print the number of a domain",
	.json = true,
	.arguments_min = 1,
	.arguments_max = 1,
	.domain = true,
	.run = domid_run,
};

const struct command cmd_domname = {
	.name = "domname",
	.arguments = "DOMID",
	.summary = "Print the name of a domain",
	.json = true,
	.arguments_min = 1,
	.arguments_max = 1,
	.domain = true,
	.run = domname_run,
};
