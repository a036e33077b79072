/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pvx dmesg, debug-keys, trigger, sysrq: looking into the hypervisor, and poking domains. */
#include <cli/commands.h>
#include <errno.h>
#include <lib/error.h>
#include <lib/hypercall.h>
#include <lib/store.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONSOLE_STEP (16u << 10)

/* The ring is read in steps: index says where the next one begins. */
static int print_console(bool clear)
{
	struct xen_sysctl op = {.cmd = XEN_SYSCTL_readconsole};
	struct xen_sysctl_readconsole *c = &op.u.readconsole;
	char *buffer = hypercall_memory(CONSOLE_STEP);
	int rc;

	if (!buffer) {
		return fail(ENOMEM, "no memory for a hypercall");
	}
	do {
		c->clear = clear;
		c->incremental = 1;
		c->count = CONSOLE_STEP;
		set_xen_guest_handle(c->buffer, buffer);
		rc = hypercall_sysctl(&op);
		if (rc >= 0) {
			fwrite(buffer, 1, c->count, stdout);
		}
	} while (rc >= 0 && c->count == CONSOLE_STEP);
	hypercall_memory_free(buffer, CONSOLE_STEP);
	return rc < 0 ? rc : 0;
}

static int dmesg_run(struct cli *cli, int argc, char **argv)
{
	int rc = print_console(cli_option(cli, "clear") && !cli->dry);

	return rc ? cli_failed(cli, rc) : EXIT_DONE;
}

static int debug_keys_run(struct cli *cli, int argc, char **argv)
{
	struct xen_sysctl op = {.cmd = XEN_SYSCTL_debug_keys};
	size_t length = strlen(argv[0]);
	char *keys = hypercall_memory(length + 1);
	int rc;

	if (!keys) {
		return cli_failed(cli, fail(ENOMEM, "no memory for a hypercall"));
	}
	memcpy(keys, argv[0], length);
	set_xen_guest_handle(op.u.debug_keys.keys, keys);
	op.u.debug_keys.nr_keys = (uint32_t)length;
	rc = cli->dry ? 0 : hypercall_sysctl(&op);
	hypercall_memory_free(keys, length + 1);
	return rc < 0 ? cli_failed(cli, rc) : EXIT_DONE;
}

static int trigger_run(struct cli *cli, int argc, char **argv)
{
	static const char *const names[] = {[XEN_DOMCTL_SENDTRIGGER_NMI] = "nmi",
					    [XEN_DOMCTL_SENDTRIGGER_RESET] = "reset",
					    [XEN_DOMCTL_SENDTRIGGER_INIT] = "init",
					    [XEN_DOMCTL_SENDTRIGGER_POWER] = "power",
					    [XEN_DOMCTL_SENDTRIGGER_SLEEP] = "sleep"};
	struct xen_domctl op = {.cmd = XEN_DOMCTL_sendtrigger};
	char *end = argv[1] + strlen(argv[1]);
	unsigned long vcpu = argc > 2 ? strtoul(argv[2], &end, 10) : 0;
	uint32_t i = 0;
	int rc;

	while (i < sizeof(names) / sizeof(names[0]) && strcmp(names[i], argv[1]) != 0) {
		i++;
	}
	if (i == sizeof(names) / sizeof(names[0])) {
		return cli_usage(cli, "'%s' is none of nmi, reset, init, power, sleep", argv[1]);
	}
	if (*end || vcpu > INT_MAX) {
		return cli_usage(cli, "'%s' is no number of a vCPU", argv[2]);
	}
	op.domain = cli->domid;
	op.u.sendtrigger.trigger = i;
	op.u.sendtrigger.vcpu = (uint32_t)vcpu;
	rc = cli->dry ? 0 : hypercall_domctl(&op);
	return rc < 0 ? cli_failed(cli, rc) : EXIT_DONE;
}

static int sysrq_run(struct cli *cli, int argc, char **argv)
{
	char path[64];
	int rc;

	if (strlen(argv[1]) != 1) {
		return cli_usage(cli, "'%s' is not one letter", argv[1]);
	}
	snprintf(path, sizeof(path), "/local/domain/%u/control/sysrq", cli->domid);
	rc = cli->dry ? 0 : store_write(XBT_NULL, path, "%s", argv[1]);
	return rc ? cli_failed(cli, rc) : EXIT_DONE;
}

static const struct cli_option dmesg_options[] = {
	{.letter = 'c', .name = "clear", .help = "empty it afterwards"},
	{.name = NULL},
};

const struct command cmd_dmesg = {
	.name = "dmesg",
	.arguments = "",
	.summary = "Print what the hypervisor has logged",
	.options = dmesg_options,
	.run = dmesg_run,
};

const struct command cmd_debug_keys = {
	.name = "debug-keys",
	.arguments = "KEYS",
	.summary = "Press keys on the hypervisor's console; 'h' lists them in its log",
	.arguments_min = 1,
	.arguments_max = 1,
	.run = debug_keys_run,
};

const struct command cmd_trigger = {
	.name = "trigger",
	.arguments = "DOMAIN nmi|reset|init|power|sleep [VCPU]",
	.summary = "Send a domain what a machine's buttons would",
	.arguments_min = 2,
	.arguments_max = 3,
	.domain = true,
	.run = trigger_run,
};

const struct command cmd_sysrq = {
	.name = "sysrq",
	.arguments = "DOMAIN LETTER",
	.summary = "Send a guest's kernel a magic SysRq",
	.arguments_min = 2,
	.arguments_max = 2,
	.domain = true,
	.run = sysrq_run,
};
