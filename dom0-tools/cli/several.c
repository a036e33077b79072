/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Going over domains. */
#include <cli/json.h>
#include <cli/several.h>
#include <errno.h>
#include <lib/error.h>
#include <lib/names.h>
#include <stdlib.h>

/* The domains named; those that are not there have been complained of in *code. */
static int named(const struct cli *cli, int argc, char **argv, struct domain_list *list, int *code)
{
	int rc = 0;

	*list = (struct domain_list){.info = calloc((size_t)argc, sizeof(*list->info))};
	if (!list->info) {
		return fail(ENOMEM, "no memory for %d domains", argc);
	}
	for (int i = 0; !rc && i < argc; i++) {
		int domid = cli_domain(cli, argv[i]);

		if (domid < 0) {
			*code = -domid;
		} else {
			rc = domain_get((domid_t)domid, &list->info[list->count++]);
		}
	}
	return rc;
}

int several_domains(struct cli *cli, int argc, char **argv, several_call *call, void *context)
{
	struct domain_list list = {.info = NULL};
	int code = EXIT_DONE;
	int rc = argc ? named(cli, argc, argv, &list, &code) : domain_list_all(&list);
	char **names = calloc(list.count + 1, sizeof(*names));

	rc = rc || names ? rc : fail(ENOMEM, "no memory for names");
	rc = rc ? rc : names_of(&list, names);
	if (cli->json && !rc) {
		json_open(NULL, '[');
	}
	for (unsigned int i = 0; !rc && i < list.count; i++) {
		int one = call(cli, &list.info[i], names[i] ? names[i] : "(null)", context);

		code = one < 0 ? cli_failed(cli, one) : code;
	}
	if (cli->json && !rc) {
		json_close();
	}
	for (unsigned int i = 0; names && i < list.count; i++) {
		free(names[i]);
	}
	free(names);
	domain_list_free(&list);
	return rc ? cli_failed(cli, rc) : code;
}

int several_act(struct cli *cli, int argc, char **argv, int (*act)(domid_t domid))
{
	int code = EXIT_DONE;

	for (int i = 0; i < argc; i++) {
		int domid = cli_domain(cli, argv[i]);
		int rc = domid < 0 || cli->dry ? 0 : act((domid_t)domid);

		code = domid < 0 ? -domid : rc < 0 ? cli_failed(cli, rc) : code;
	}
	return code;
}
