/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pvx block-attach, block-list, block-detach: disks of running guests. */
#include <cli/commands.h>
#include <cli/json.h>
#include <cli/several.h>
#include <guest/guest.h>
#include <guest/hotplug.h>
#include <lib/error.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DETACH_SECONDS 20

static const char *or_minus(const char *text)
{
	return text ? text : "-1";
}

static void print_disk(const struct cli *cli, const struct device *d)
{
	char *state = device_read_front(d, "state"), *port = device_read_front(d, "event-channel");
	char *ring = device_read_front(d, "ring-ref"), *path = device_read_back(d, "params");
	char *vdev = device_read_back(d, "dev"), *mode = device_read_back(d, "mode");

	if (cli->json) {
		json_open(NULL, '{');
		json_number("vdev", d->id);
		json_string("name", vdev);
		json_string("target", path);
		json_string("mode", mode);
		json_number("state", atoi(or_minus(state)));
		json_string("backend", d->back);
		json_close();
	} else {
		printf("%-5u %-3u %-6u %-5s %-6s %-8s %-30s\n", d->id, 0, d->domid, or_minus(state),
		       or_minus(port), or_minus(ring), d->back);
	}
	free(mode);
	free(vdev);
	free(path);
	free(ring);
	free(port);
	free(state);
}

static int list_domain(struct cli *cli, const domain_info_t *info, const char *name, void *context)
{
	unsigned int count, *ids = device_list(info->domain, "vbd", &count);

	for (unsigned int i = 0; ids && i < count; i++) {
		struct device device;

		device_init(&device, info->domain, "vbd", ids[i]);
		print_disk(cli, &device);
	}
	free(ids);
	return 0;
}

static int list_run(struct cli *cli, int argc, char **argv)
{
	if (!cli->json) {
		printf("%-5s %-3s %-6s %-5s %-6s %-8s %-30s\n", "Vdev", "BE", "handle", "state",
		       "evt-ch", "ring-ref", "BE-path");
	}
	return several_domains(cli, argc, argv, list_domain, NULL);
}

/* What follows the domain is one specification in pieces, as it would stand in disk=[...]. */
static int attach_run(struct cli *cli, int argc, char **argv)
{
	struct arena arena = {.blocks = NULL};
	struct messages messages = {.text = NULL};
	struct disk_config config;
	char text[1024] = "";
	int domid = cli_domain(cli, argv[0]);
	int code = EXIT_USAGE, rc;

	if (domid < 0) {
		return -domid;
	}
	for (int i = 1; i < argc; i++) {
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", i > 1 ? "," : "",
			 argv[i]);
	}
	if (disk_parse(&arena, text, (struct place){.file = "disk"}, &config, &messages)) {
		rc = cli->dry ? disk_check(&config) : hotplug_disk((domid_t)domid, &config);
		code = rc ? cli_failed(cli, rc) : EXIT_DONE;
	} else {
		fputs(messages.text, stderr);
	}
	messages_free(&messages);
	arena_free(&arena);
	return code;
}

static int detach_run(struct cli *cli, int argc, char **argv)
{
	int domid = cli_domain(cli, argv[0]);
	unsigned int vdev;
	char *end;
	int rc;

	if (domid < 0) {
		return -domid;
	}
	vdev = (unsigned int)strtoul(argv[1], &end, 10);
	if (*end && !vdev_parse(argv[1], &vdev)) {
		return cli_usage(cli, "'%s' is no virtual device, like xvdb or 51728", argv[1]);
	}
	rc = hotplug_remove((domid_t)domid, "vbd", vdev, cli_option(cli, "force"), DETACH_SECONDS);
	return rc ? cli_failed(cli, rc) : EXIT_DONE;
}

static const struct cli_option detach_options[] = {
	{.name = "force", .help = "do not wait for the guest to let go of it"},
	{.name = NULL},
};

const struct command cmd_block_attach = {
	.name = "block-attach",
	.arguments = "DOMAIN DISK...",
	.summary = "Give a guest a disk",
	.details = "DISK is as in disk=[...] of a configuration: TARGET,raw,VDEV,w or key=value.",
	.arguments_min = 2,
	.arguments_max = -1,
	.run = attach_run,
};

const struct command cmd_block_list = {
	.name = "block-list",
	.arguments = "DOMAIN...",
	.summary = "List the disks of guests",
	.arguments_min = 1,
	.arguments_max = -1,
	.json = true,
	.run = list_run,
};

const struct command cmd_block_detach = {
	.name = "block-detach",
	.arguments = "DOMAIN VDEV",
	.summary = "Take a disk from a guest",
	.options = detach_options,
	.arguments_min = 2,
	.arguments_max = 2,
	.run = detach_run,
};
