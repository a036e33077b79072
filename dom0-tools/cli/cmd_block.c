/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pvx block-attach, block-list, block-detach: disks of running guests. */
#include <cli/commands.h>
#include <cli/devices.h>
#include <cli/json.h>
#include <errno.h>
#include <guest/hotplug.h>
#include <lib/error.h>
#include <stdio.h>
#include <stdlib.h>

static void print_disk(const struct cli *cli, const struct device *d)
{
	char *path = device_read_back(d, "params");
	char *vdev = device_read_back(d, "dev"), *mode = device_read_back(d, "mode");

	if (cli->json) {
		json_open(NULL, '{');
		json_number("vdev", d->id);
		json_string("name", vdev);
		json_string("target", path);
		json_string("mode", mode);
		json_number("state", devices_number(d, "state"));
		json_string("backend", d->back);
		json_close();
	} else {
		printf("%-5u %-3u %-6u %-5ld %-6ld %-8ld %-30s\n", d->id, 0, d->domid,
		       devices_number(d, "state"), devices_number(d, "event-channel"),
		       devices_number(d, "ring-ref"), d->back);
	}
	free(mode);
	free(vdev);
	free(path);
}

static int attach_disk(const struct cli *cli, const char *text, struct messages *messages)
{
	struct arena arena = {.blocks = NULL};
	struct disk_config config;
	int code = EXIT_USAGE, rc;

	if (disk_parse(&arena, text, (struct place){.file = "disk"}, &config, messages)) {
		rc = cli->dry ? disk_check(&config) : hotplug_disk(cli->domid, &config);
		code = rc ? cli_failed(cli, rc) : EXIT_DONE;
	}
	arena_free(&arena);
	return code;
}

static int find_disk(domid_t domid, const char *word, unsigned int *vdev)
{
	char *end;

	*vdev = (unsigned int)strtoul(word, &end, 10);
	return (*word && !*end) || vdev_parse(word, vdev)
		       ? 0
		       : fail(EINVAL, "'%s' is no virtual device, like xvdb or 51728", word);
}

static const struct device_kind disks = {
	.type = "vbd",
	.header = "Vdev  BE  handle state evt-ch ring-ref BE-path                       ",
	.print = print_disk,
	.attach = attach_disk,
	.find = find_disk,
};

static int list_run(struct cli *cli, int argc, char **argv)
{
	return devices_list(cli, argc, argv, &disks);
}

static int attach_run(struct cli *cli, int argc, char **argv)
{
	return devices_attach(cli, argc, argv, &disks);
}

static int detach_run(struct cli *cli, int argc, char **argv)
{
	return devices_detach(cli, argv, &disks);
}

const struct command cmd_block_attach = {
	.name = "block-attach",
	.arguments = "DOMAIN DISK...",
	.summary = "Give a guest a disk",
	.details = "DISK is as in disk=[...] of a configuration: TARGET,raw,VDEV,w or key=value.",
	.arguments_min = 2,
	.arguments_max = -1,
	.domain = true,
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
	.options = devices_detach_options,
	.arguments_min = 2,
	.arguments_max = 2,
	.domain = true,
	.run = detach_run,
};
