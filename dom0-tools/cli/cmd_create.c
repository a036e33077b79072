/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pvx create, config-update: guests and their configurations. */
#include <cli/commands.h>
#include <cli/config_json.h>
#include <cli/json.h>
#include <cli/xml.h>
#include <console/attach.h>
#include <errno.h>
#include <guest/guest.h>
#include <guest/supervisor.h>
#include <lib/error.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The first word is a file unless it is a key=value; without one it is `otherwise`. */
static bool load(const struct cli *cli, struct domain_config *config, int argc, char **argv,
		 const char *otherwise)
{
	const char *file = cli_option(cli, "defconfig");
	struct messages messages = {.text = NULL};
	bool good;

	if (!file && argc && !strchr(argv[0], '=')) {
		file = *argv++;
		argc--;
	}
	file = file ? file : otherwise;
	good = xml_is(file) ? xml_load(config, file, argv, argc, &messages)
			    : config_load(config, file, (const char *const *)argv, (size_t)argc,
					  &messages);
	if (messages.text && (!good || !cli_option(cli, "quiet"))) {
		fputs(messages.text, stderr);
	}
	messages_free(&messages);
	return good;
}

static int dry_run(const struct cli *cli, struct domain_config *config)
{
	int rc = guest_check(config);

	if (rc) {
		return cli_failed(cli, rc);
	}
	if (cli->json) {
		config_json(NULL, config);
	} else {
		config_write(config, stdout);
	}
	return EXIT_DONE;
}

static int create(const struct cli *cli, struct domain_config *config)
{
	bool alone = cli_option(cli, "exit");
	int domid, rc;

	/* First: if we are killed, it clears away what we have made by then. */
	if (supervisor_start()) {
		fprintf(stderr, "pvx create: warning: %s\n", fail_text());
	}
	domid = rc = guest_create(config, alone);
	if (domid >= 0 && !cli_option(cli, "paused")) {
		rc = domain_unpause((domid_t)domid);
	}
	if (rc < 0) {
		return cli_failed(cli, rc);
	}
	if (cli->json) {
		json_open(NULL, '{');
		json_number("domid", domid);
		json_string("name", config->name);
		json_close();
	}
	if (cli_option(cli, "console")) {
		rc = console_attach((unsigned int)domid, 0, CONSOLE_ESCAPE);
	}
	return rc < 0 ? cli_failed(cli, rc) : EXIT_DONE;
}

static int create_run(struct cli *cli, int argc, char **argv)
{
	struct domain_config config;
	int code = EXIT_USAGE;

	if (!argc && !cli_option(cli, "defconfig")) {
		return cli_usage(cli, "it needs a configuration");
	}
	if (load(cli, &config, argc, argv, NULL)) {
		code = cli->dry || cli_option(cli, "dryrun") ? dry_run(cli, &config)
							     : create(cli, &config);
	}
	config_free(&config);
	return code;
}

/* Without a file, the words change what it was made of. */
static int update(struct cli *cli, const char *uuid, int argc, char **argv)
{
	char path[sizeof(RECORD_FOLDER) + UUID_TEXT];
	struct domain_config config;
	int code = EXIT_USAGE, rc;

	snprintf(path, sizeof(path), "%s/%s", RECORD_FOLDER, uuid);
	if (load(cli, &config, argc, argv, path)) {
		rc = cli->dry ? 0 : guest_reconfigure(cli->domid, &config);
		code = rc ? cli_failed(cli, rc) : EXIT_DONE;
	}
	config_free(&config);
	return code;
}

static int update_run(struct cli *cli, int argc, char **argv)
{
	struct record record;
	domain_info_t info;
	char uuid[UUID_TEXT];
	int rc;

	if (argc == 1 && !cli_option(cli, "defconfig")) {
		return cli_usage(cli, "it needs a configuration, or a KEY=VALUE");
	}
	rc = domain_get(cli->domid, &info);
	if (!rc) {
		uuid_print(info.handle, uuid);
		rc = record_peek(&record, uuid) == -ENOENT
			     ? fail(ENOENT, "nothing is known of what domain %u was made of",
				    cli->domid)
			     : 0;
	}
	return rc ? cli_failed(cli, rc) : update(cli, uuid, argc - 1, argv + 1);
}

static const struct cli_option options[] = {
	{.letter = 'c', .name = "console", .help = "be at its console at once"},
	{.letter = 'p', .name = "paused", .help = "leave it paused"},
	{.letter = 'n',
	 .name = "dryrun",
	 .help = "check, and print the configuration as understood"},
	{.letter = 'q', .name = "quiet", .help = "no warnings"},
	{.letter = 'F', .name = "foreground", .help = "accepted for scripts' sake"},
	{.letter = 'd', .name = "debug", .help = "accepted for scripts' sake"},
	{.letter = 'e',
	 .name = "exit",
	 .help = "nobody looks after it: it is not started again, nor cleared away"},
	{.letter = 'f', .name = "defconfig", .value = "FILE", .help = "the configuration"},
	{.name = NULL},
};

const struct command cmd_create = {
	.name = "create",
	.arguments = "[FILE] [KEY=VALUE...]",
	.summary = "Make a guest from a configuration and let it run",
	.details =
		"FILE is as pvx.cfg(5) has it, or libvirt's domain XML. KEY=VALUE says more, or something else than the file.",
	.options = options,
	.arguments_max = -1,
	.json = true,
	.run = create_run,
};

static const struct cli_option update_options[] = {
	{.letter = 'f', .name = "defconfig", .value = "FILE", .help = "the configuration"},
	{.letter = 'q', .name = "quiet", .help = "no warnings"},
	{.letter = 'd', .name = "debug", .help = "accepted for scripts' sake"},
	{.name = NULL},
};

const struct command cmd_config_update = {
	.name = "config-update",
	.arguments = "DOMAIN [FILE] [KEY=VALUE...]",
	.summary = "Change what a guest is made of the next time that it starts anew",
	.details =
		"Without FILE, KEY=VALUE changes what it was made of. Its name and UUID stay, and nothing changes now.",
	.options = update_options,
	.arguments_min = 1,
	.arguments_max = -1,
	.domain = true,
	.run = update_run,
};
