/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pvx mem-set, mem-max, claims: memory of domains. */
#include <cli/commands.h>
#include <cli/several.h>
#include <config/config.h>
#include <errno.h>
#include <lib/domain_memory.h>
#include <lib/error.h>
#include <lib/store.h>
#include <stdio.h>
#include <stdlib.h>

#define SLACK_KIB 1024

static int amount(const char *text, uint64_t *kib)
{
	return memory_parse(text, 'm', kib)
		       ? 0
		       : fail(EINVAL, "'%s' is no amount of memory, like 512 (MiB) or 2g", text);
}

static int write_memory(domid_t domid, const char *key, uint64_t kib)
{
	char path[96];

	snprintf(path, sizeof(path), "/local/domain/%u/memory/%s", domid, key);
	return store_write(XBT_NULL, path, "%lu", (unsigned long)kib);
}

/* The guest's balloon driver does it; the hypervisor lets it have no more than that. */
static int set_target(domid_t domid, uint64_t kib)
{
	char *most = store_read(XBT_NULL, "/local/domain/%u/memory/static-max", domid);
	uint64_t limit = most ? strtoull(most, NULL, 10) : UINT64_MAX;
	int rc;

	free(most);
	if (kib > limit) {
		return fail(
			EINVAL,
			"%lu MiB are more than the %lu that domain %u can have ('maxmem' when it is made)",
			(unsigned long)(kib >> 10), (unsigned long)(limit >> 10), domid);
	}
	rc = domain_memory_limit(domid, kib + SLACK_KIB);
	return rc < 0 ? rc : write_memory(domid, "target", kib);
}

static int set_max(domid_t domid, uint64_t kib)
{
	int rc = domain_memory_limit(domid, kib + SLACK_KIB);

	return rc < 0 ? rc : write_memory(domid, "static-max", kib);
}

static int change(struct cli *cli, char **argv, int (*set)(domid_t domid, uint64_t kib))
{
	uint64_t kib;
	int rc = amount(argv[1], &kib);

	rc = rc || cli->dry ? rc : set(cli->domid, kib);
	return rc < 0 ? cli_failed(cli, rc) : EXIT_DONE;
}

static int mem_set_run(struct cli *cli, int argc, char **argv)
{
	return change(cli, argv, set_target);
}

static int mem_max_run(struct cli *cli, int argc, char **argv)
{
	return change(cli, argv, set_max);
}

const struct command cmd_mem_set = {
	.name = "mem-set",
	.arguments = "DOMAIN MEMORY",
	.summary = "Ask a guest to shrink or grow to so much memory",
	.details = "MEMORY is in MiB, or has a unit: k, m, g, t.",
	.arguments_min = 2,
	.arguments_max = 2,
	.domain = true,
	.run = mem_set_run,
};

const struct command cmd_mem_max = {
	.name = "mem-max",
	.arguments = "DOMAIN MEMORY",
	.summary = "Set how far a guest may grow",
	.details = "MEMORY is in MiB, or has a unit: k, m, g, t.",
	.arguments_min = 2,
	.arguments_max = 2,
	.domain = true,
	.run = mem_max_run,
};
