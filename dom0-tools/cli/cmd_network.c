/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pvx network-attach, network-list, network-detach: interfaces of running guests. */
#include <cli/commands.h>
#include <cli/json.h>
#include <cli/several.h>
#include <errno.h>
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

static void print_nic(const struct cli *cli, const struct device *d)
{
	char *state = device_read_front(d, "state"), *port = device_read_front(d, "event-channel");
	char *tx = device_read_front(d, "tx-ring-ref"), *rx = device_read_front(d, "rx-ring-ref");
	char *mac = device_read_back(d, "mac"), *bridge = device_read_back(d, "bridge");

	if (cli->json) {
		json_open(NULL, '{');
		json_number("devid", d->id);
		json_string("mac", mac);
		json_string("bridge", bridge);
		json_number("state", atoi(or_minus(state)));
		json_string("backend", d->back);
		json_close();
	} else {
		printf("%-3u %-2u %-17s%6u %5s %6s %5s/%-11s %-30s\n", d->id, 0, mac ? mac : "",
		       d->id, or_minus(state), or_minus(port), or_minus(tx), or_minus(rx), d->back);
	}
	free(bridge);
	free(mac);
	free(rx);
	free(tx);
	free(port);
	free(state);
}

static int list_domain(struct cli *cli, const domain_info_t *info, const char *name, void *context)
{
	unsigned int count, *ids = device_list(info->domain, "vif", &count);

	for (unsigned int i = 0; ids && i < count; i++) {
		struct device device;

		device_init(&device, info->domain, "vif", ids[i]);
		print_nic(cli, &device);
	}
	free(ids);
	return 0;
}

static int list_run(struct cli *cli, int argc, char **argv)
{
	if (!cli->json) {
		printf("%-3s %-2s %-17s %-6s %-5s %-6s %5s/%-11s %-30s\n", "Idx", "BE", "Mac Addr.",
		       "handle", "state", "evt-ch", "tx-", "rx-ring-ref", "BE-path");
	}
	return several_domains(cli, argc, argv, list_domain, NULL);
}

static int attach_run(struct cli *cli, int argc, char **argv)
{
	struct arena arena = {.blocks = NULL};
	struct messages messages = {.text = NULL};
	struct vif_config config;
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
	if (vif_parse(&arena, text, (struct place){.file = "vif"}, &config, &messages)) {
		rc = cli->dry ? nic_check(&config) : hotplug_nic((domid_t)domid, &config);
		code = rc ? cli_failed(cli, rc) : EXIT_DONE;
	} else {
		fputs(messages.text, stderr);
	}
	messages_free(&messages);
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
	return found ? 0 : fail(ENODEV, "domain %u has no interface %s", domid, word);
}

static int detach_run(struct cli *cli, int argc, char **argv)
{
	int domid = cli_domain(cli, argv[0]);
	unsigned int id = 0;
	int rc;

	if (domid < 0) {
		return -domid;
	}
	rc = find_nic((domid_t)domid, argv[1], &id);
	rc = rc ? rc
		: hotplug_remove((domid_t)domid, "vif", id, cli_option(cli, "force"),
				 DETACH_SECONDS);
	return rc ? cli_failed(cli, rc) : EXIT_DONE;
}

static const struct cli_option detach_options[] = {
	{.name = "force", .help = "do not wait for the guest to let go of it"},
	{.name = NULL},
};

const struct command cmd_network_attach = {
	.name = "network-attach",
	.arguments = "DOMAIN [KEY=VALUE...]",
	.summary = "Give a guest a network interface",
	.details = "KEY=VALUE is as in vif=[...] of a configuration: mac=, bridge=, rate=, ...",
	.arguments_min = 1,
	.arguments_max = -1,
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
	.options = detach_options,
	.arguments_min = 2,
	.arguments_max = 2,
	.run = detach_run,
};
