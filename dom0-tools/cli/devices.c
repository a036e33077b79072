/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Listing, attaching and detaching devices of running guests. */
#include <cli/devices.h>
#include <cli/several.h>
#include <errno.h>
#include <guest/hotplug.h>
#include <lib/error.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DETACH_SECONDS 60
#define TEXT_SIZE      4096

long devices_number(const struct device *device, const char *key)
{
	char *text = device_read_front(device, key), *end = text;
	long number = text ? strtol(text, &end, 10) : -1;

	if (text && (end == text || *end)) {
		number = -1;
	}
	free(text);
	return number;
}

static int list_domain(struct cli *cli, const domain_info_t *info, const char *name, void *context)
{
	const struct device_kind *kind = context;
	unsigned int count, *ids = device_list(info->domain, kind->type, &count);

	for (unsigned int i = 0; ids && i < count; i++) {
		struct device device;

		device_init(&device, info->domain, kind->type, ids[i]);
		kind->print(cli, &device);
	}
	free(ids);
	return 0;
}

int devices_list(struct cli *cli, int argc, char **argv, const struct device_kind *kind)
{
	struct device_kind context = *kind;

	if (!cli->json) {
		printf("%s\n", kind->header);
	}
	return several_domains(cli, argc, argv, list_domain, &context);
}

/* The words with commas between them; false if that is too long. */
static bool join(int argc, char **argv, char text[TEXT_SIZE])
{
	size_t used = 0;

	*text = '\0';
	for (int i = 0; i < argc && used < TEXT_SIZE; i++) {
		used += (size_t)snprintf(text + used, TEXT_SIZE - used, "%s%s", i ? "," : "",
					 argv[i]);
	}
	return used < TEXT_SIZE;
}

int devices_attach(struct cli *cli, int argc, char **argv, const struct device_kind *kind)
{
	struct messages messages = {.text = NULL};
	char text[TEXT_SIZE];
	int code;

	if (!join(argc - 1, argv + 1, text)) {
		return cli_usage(cli, "the specification has more than %d letters", TEXT_SIZE - 1);
	}
	code = kind->attach(cli, text, &messages);
	if (messages.text) {
		fputs(messages.text, stderr);
	}
	messages_free(&messages);
	return code;
}

int devices_detach(struct cli *cli, char **argv, const struct device_kind *kind)
{
	unsigned int id = 0;
	int rc = kind->find(cli->domid, argv[1], &id);

	if (rc == -EINVAL) {
		return cli_usage(cli, "%s", fail_text());
	}
	if (!rc && !cli->dry) {
		rc = hotplug_remove(cli->domid, kind->type, id, cli_option(cli, "force"),
				    DETACH_SECONDS);
	}
	return rc ? cli_failed(cli, rc) : EXIT_DONE;
}

const struct cli_option devices_detach_options[] = {
	{.name = "force", .help = "do not wait for the guest to let go of it"},
	{.name = NULL},
};
