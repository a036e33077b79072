/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pvx network-attach, network-list, network-detach: interfaces of running guests. */
#include <cli/commands.h>
#include <cli/devices.h>
#include <cli/json.h>
#include <errno.h>
#include <guest/hotplug.h>
#include <lib/error.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void print_nic(const struct cli *cli, const struct device *d)
{
	char *mac = device_read_back(d, "mac"), *bridge = device_read_back(d, "bridge");

	if (cli->json) {
		json_open(NULL, '{');
		json_number("devid", d->id);
		json_string("mac", mac);
		json_string("bridge", bridge);
		json_number("state", devices_number(d, "state"));
		json_string("backend", d->back);
		json_close();
	} else {
		printf("%-3u %-2u %-17s%6u %5ld %6ld %5ld/%-11ld %-30s\n", d->id, 0, mac ? mac : "",
		       d->id, devices_number(d, "state"), devices_number(d, "event-channel"),
		       devices_number(d, "tx-ring-ref"), devices_number(d, "rx-ring-ref"), d->back);
	}
	free(bridge);
	free(mac);
}

static int attach_nic(const struct cli *cli, const char *text, struct messages *messages)
{
	struct arena arena = {.blocks = NULL};
	struct vif_config config;
	int code = EXIT_USAGE, rc;

	if (vif_parse(&arena, text, (struct place){.file = "vif"}, &config, messages)) {
		rc = cli->dry ? nic_check(&config) : hotplug_nic(cli->domid, &config);
		code = rc ? cli_failed(cli, rc) : EXIT_DONE;
	}
	arena_free(&arena);
	return code;
}

/* By number, or by MAC address. */
static int find_nic(domid_t domid, const char *word, unsigned int *id)
{
	unsigned int count, *ids = device_list(domid, "vif", &count);
	uint8_t mac[6];
	char *end;
	bool by_mac = mac_parse(word, mac), found = false;
	unsigned long number = strtoul(word, &end, 10);

	for (unsigned int i = 0; ids && !found && i < count; i++) {
		struct device device;
		char *text;

		device_init(&device, domid, "vif", ids[i]);
		text = by_mac ? device_read_back(&device, "mac") : NULL;
		found = by_mac ? text && strcasecmp(text, word) == 0 : !*end && number == ids[i];
		*id = ids[i];
		free(text);
	}
	free(ids);
	return found ? 0 : fail(ENOENT, "domain %u has no interface %s", domid, word);
}

static const struct device_kind nics = {
	.type = "vif",
	.header =
		"Idx BE Mac Addr.         handle state evt-ch   tx-/rx-ring-ref BE-path                       ",
	.print = print_nic,
	.attach = attach_nic,
	.find = find_nic,
};

static int list_run(struct cli *cli, int argc, char **argv)
{
	return devices_list(cli, argc, argv, &nics);
}

static int attach_run(struct cli *cli, int argc, char **argv)
{
	return devices_attach(cli, argc, argv, &nics);
}

static int detach_run(struct cli *cli, int argc, char **argv)
{
	return devices_detach(cli, argv, &nics);
}

const struct command cmd_network_attach = {
	.name = "network-attach",
	.arguments = "DOMAIN [KEY=VALUE...]",
	.summary = "Give a guest a network interface",
	.details = "KEY=VALUE is as in vif=[...] of a configuration: mac=, bridge=, rate=, ...",
	.arguments_min = 1,
	.arguments_max = -1,
	.domain = true,
	.run = attach_run,
};

const struct command cmd_network_list = {
	.name = "network-list",
	.arguments = "DOMAIN...",
	.summary = "List the network interfaces of guests",
	.arguments_min = 1,
	.arguments_max = -1,
	.json = true,
	.run = list_run,
};

const struct command cmd_network_detach = {
	.name = "network-detach",
	.arguments = "DOMAIN DEVID|MAC",
	.summary = "Take a network interface from a guest",
	.options = devices_detach_options,
	.arguments_min = 2,
	.arguments_max = 2,
	.domain = true,
	.run = detach_run,
};
