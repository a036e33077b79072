/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pvx sched-credit, sched-credit2, sched-rtds: shares of the processors. */
#include <cli/commands.h>
#include <cli/json.h>
#include <errno.h>
#include <lib/domain.h>
#include <lib/error.h>
#include <lib/host.h>
#include <lib/names.h>
#include <lib/pool.h>
#include <lib/schedule.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int schedule_op(const struct pool *pool, uint32_t cmd, struct xen_sysctl_scheduler_op *s)
{
	struct xen_sysctl op = {.cmd = XEN_SYSCTL_scheduler_op};
	int rc;

	s->cpupool_id = pool->id;
	s->sched_id = pool->scheduler;
	s->cmd = cmd;
	op.u.scheduler_op = *s;
	rc = hypercall_sysctl(&op);
	*s = op.u.scheduler_op;
	return rc < 0 ? rc : 0;
}

static int print_pool(const struct cli *cli, const struct pool *pool)
{
	struct xen_sysctl_scheduler_op s = {0};
	const struct xen_sysctl_credit_schedule *c = &s.u.sched_credit;
	bool credit = pool->scheduler == XEN_SCHEDULER_CREDIT;
	int rc = schedule_op(pool, XEN_SYSCTL_SCHEDOP_getinfo, &s);
	uint32_t limit = credit ? c->ratelimit_us : s.u.sched_credit2.ratelimit_us;

	if (rc) {
		return rc;
	}
	if (cli->json) {
		json_string("cpupool", pool->name);
		json_number("ratelimit_us", limit);
		if (credit) {
			json_number("timeslice_ms", c->tslice_ms);
			json_number("migration_delay_us", c->vcpu_migr_delay_us);
		}
	} else if (credit) {
		printf("Cpupool %s: tslice=%ums ratelimit=%uus migration-delay=%uus\n", pool->name,
		       c->tslice_ms, limit, c->vcpu_migr_delay_us);
	} else {
		printf("Cpupool %s: ratelimit=%uus\n", pool->name, limit);
	}
	return 0;
}

/* A domain's share, if it is this scheduler that gives it one. */
static int get_share(domid_t domid, uint32_t scheduler, struct schedule_share *share)
{
	int rc = schedule_get_share(domid, share);

	return !rc && share->scheduler != scheduler
		       ? fail(EINVAL, "the scheduler of domain %u is %s, not %s", domid,
			      host_scheduler_name(share->scheduler), host_scheduler_name(scheduler))
		       : rc;
}

static int print_domain(const struct cli *cli, domid_t domid, uint32_t scheduler)
{
	struct schedule_share share;
	char *name;
	int rc = get_share(domid, scheduler, &share);

	if (rc) {
		return rc;
	}
	name = name_of(domid);
	if (cli->json) {
		json_open(NULL, '{');
		json_number("domid", domid);
		json_string("name", name);
		json_number("weight", share.weight);
		json_number("cap", share.cap);
		json_close();
	} else {
		printf("%-33s %4u %6u %4u\n", name ? name : "(null)", domid, share.weight,
		       share.cap);
	}
	free(name);
	return 0;
}

static void print_header(const struct cli *cli, uint32_t scheduler)
{
	if (cli->json) {
		return;
	}
	printf("%-33s %4s ", "Name", "ID");
	if (scheduler == XEN_SCHEDULER_RTDS) {
		printf("%9s %9s %10s\n", "Period", "Budget", "Extratime");
	} else {
		printf("%6s %4s\n", "Weight", "Cap");
	}
}

static int print_members(const struct cli *cli, const struct pool *pool)
{
	struct domain_list list;
	int rc = domain_list_all(&list);

	print_header(cli, pool->scheduler);
	for (unsigned int i = 0; !rc && i < list.count; i++) {
		if (list.info[i].cpupool == pool->id) {
			rc = print_domain(cli, list.info[i].domain, pool->scheduler);
		}
	}
	domain_list_free(&list);
	return rc;
}

static int print_one(const struct cli *cli, const struct pool *pool)
{
	int rc;

	if (cli->json) {
		json_open(NULL, '{');
	}
	rc = print_pool(cli, pool);
	if (cli->json) {
		json_open("domains", '[');
	}
	if (!rc && !cli_option(cli, "schedparam")) {
		rc = print_members(cli, pool);
	}
	if (cli->json) {
		json_close();
		json_close();
	}
	return rc;
}

/* One that was named, or the first for its parameters alone: it may have another scheduler. */
static int print_wanted(const struct cli *cli, const char *wanted, uint32_t scheduler)
{
	struct pool pool;
	uint32_t id = 0;
	int rc = wanted ? pool_find(wanted, &id) : 0;

	rc = rc ? rc : pool_next(id, &pool);
	if (rc || pool.scheduler == scheduler) {
		return rc ? rc : print_one(cli, &pool);
	}
	if (!cli->json) {
		printf("Cpupool %s: [sched params unavailable]\n", pool.name);
	}
	fprintf(stderr, "pvx %s: the scheduler of pool '%s' is %s\n", cli->command->name, pool.name,
		host_scheduler_name(pool.scheduler));
	return 0;
}

/* All pools of this scheduler, or the one that was named. */
static int print_pools(const struct cli *cli, uint32_t scheduler)
{
	const char *wanted = cli_option(cli, "cpupool");
	struct pool pool;
	int rc = 0;

	if (wanted || cli_option(cli, "schedparam")) {
		return print_wanted(cli, wanted, scheduler);
	}
	for (uint32_t id = 0; !rc; id = pool.id + 1) {
		rc = pool_next(id, &pool);
		if (rc == -ENOENT) {
			return 0;
		}
		if (!rc && pool.scheduler == scheduler) {
			rc = print_one(cli, &pool);
		}
	}
	return rc;
}

/* An exit code. */
static int set_pool(const struct cli *cli, uint32_t scheduler)
{
	const char *name = cli_option(cli, "cpupool");
	struct xen_sysctl_scheduler_op s = {0};
	long slice = -1, limit = -1, delay = -1;
	struct pool pool;
	uint32_t id = 0;
	int rc;

	if (!cli_number(cli, "tslice_ms", &slice) || !cli_number(cli, "ratelimit_us", &limit) ||
	    !cli_number(cli, "migration_delay_us", &delay)) {
		return EXIT_USAGE;
	}
	rc = name ? pool_find(name, &id) : 0;
	rc = rc ? rc : pool_next(id, &pool);
	if (!rc && pool.scheduler != scheduler) {
		rc = fail(EINVAL, "the scheduler of pool '%s' is %s, not %s", pool.name,
			  host_scheduler_name(pool.scheduler), host_scheduler_name(scheduler));
	}
	rc = rc ? rc : schedule_op(&pool, XEN_SYSCTL_SCHEDOP_getinfo, &s);
	if (scheduler == XEN_SCHEDULER_CREDIT2) {
		s.u.sched_credit2.ratelimit_us =
			limit >= 0 ? (uint32_t)limit : s.u.sched_credit2.ratelimit_us;
	} else {
		struct xen_sysctl_credit_schedule *c = &s.u.sched_credit;

		c->tslice_ms = slice >= 0 ? (uint32_t)slice : c->tslice_ms;
		c->ratelimit_us = limit >= 0 ? (uint32_t)limit : c->ratelimit_us;
		c->vcpu_migr_delay_us = delay >= 0 ? (uint32_t)delay : c->vcpu_migr_delay_us;
	}
	rc = rc || cli->dry ? rc : schedule_op(&pool, XEN_SYSCTL_SCHEDOP_putinfo, &s);
	return rc ? cli_failed(cli, rc) : EXIT_DONE;
}

/* An exit code. */
static int set_domain(const struct cli *cli, domid_t domid, uint32_t scheduler)
{
	struct schedule_share share;
	long weight, cap;
	int rc = get_share(domid, scheduler, &share);

	if (rc) {
		return cli_failed(cli, rc);
	}
	weight = share.weight;
	cap = share.cap;
	if (!cli_number(cli, "weight", &weight) || !cli_number(cli, "cap", &cap)) {
		return EXIT_USAGE;
	}
	share.weight = (unsigned int)weight;
	share.cap = (unsigned int)cap;
	rc = !weight ? fail(EINVAL, "a weight is 1 to 65535, a cap 0 (none) or percent of one CPU")
	     : cli->dry ? 0
			: schedule_set_share(domid, &share);
	return rc ? cli_failed(cli, rc) : EXIT_DONE;
}

static int run_domain(struct cli *cli, const char *domain, uint32_t scheduler, bool change)
{
	int domid = cli_domain(cli, domain);
	int rc;

	if (domid < 0) {
		return -domid;
	}
	if (change) {
		return set_domain(cli, (domid_t)domid, scheduler);
	}
	print_header(cli, scheduler);
	rc = print_domain(cli, (domid_t)domid, scheduler);
	return rc < 0 ? cli_failed(cli, rc) : EXIT_DONE;
}

static int run(struct cli *cli, uint32_t scheduler)
{
	const char *domain = cli_option(cli, "domain");
	bool change = cli_option(cli, "weight") || cli_option(cli, "cap");
	bool change_pool = cli_option(cli, "tslice_ms") || cli_option(cli, "ratelimit_us") ||
			   cli_option(cli, "migration_delay_us");
	int rc;

	if (change && !domain) {
		return cli_usage(cli, "a weight or a cap is for one domain: -d DOMAIN");
	}
	if (change_pool && !cli_option(cli, "schedparam")) {
		return cli_usage(cli, "parameters of the scheduler itself go with -s");
	}
	if (domain && (cli_option(cli, "cpupool") || cli_option(cli, "schedparam"))) {
		return cli_usage(cli, "-d is for one domain, -p and -s are for pools");
	}
	if (domain) {
		return run_domain(cli, domain, scheduler, change);
	}
	if (change_pool) {
		return set_pool(cli, scheduler);
	}
	rc = print_pools(cli, scheduler);
	return rc < 0 ? cli_failed(cli, rc) : EXIT_DONE;
}

static int credit_run(struct cli *cli, int argc, char **argv)
{
	return run(cli, XEN_SCHEDULER_CREDIT);
}

static int credit2_run(struct cli *cli, int argc, char **argv)
{
	return run(cli, XEN_SCHEDULER_CREDIT2);
}

/* Neither Parvus has this one, nor can it be set here: what there is of it is to say so. */
static int rtds_run(struct cli *cli, int argc, char **argv)
{
	bool change = cli_option(cli, "period") || cli_option(cli, "budget") ||
		      cli_option(cli, "extratime");
	const char *domain = cli_option(cli, "domain");

	if (change && !(domain && cli_option(cli, "vcpuid"))) {
		return cli_usage(
			cli, "a period, a budget and extra time are for vCPUs: -d DOMAIN -v VCPU");
	}
	return domain ? run_domain(cli, domain, XEN_SCHEDULER_RTDS, change)
		      : run(cli, XEN_SCHEDULER_RTDS);
}

#define COMMON_OPTIONS                                                                       \
	{.letter = 'd', .name = "domain", .value = "DOMAIN", .help = "of this domain"},      \
		{.letter = 'w',                                                              \
		 .name = "weight",                                                           \
		 .value = "WEIGHT",                                                          \
		 .help = "its share, 256 as made"},                                          \
		{.letter = 'c',                                                              \
		 .name = "cap",                                                              \
		 .value = "CAP",                                                             \
		 .help = "the most it gets, in percent of one CPU"},                         \
		{.letter = 'p', .name = "cpupool", .value = "POOL", .help = "of this pool"}, \
		{.letter = 's', .name = "schedparam", .help = "of the scheduler itself"},    \
	{                                                                                    \
		.letter = 'r', .name = "ratelimit_us", .value = "US",                        \
		.help = "the least a vCPU runs before another"                               \
	}

static const struct cli_option credit_options[] = {
	COMMON_OPTIONS,
	{.letter = 't', .name = "tslice_ms", .value = "MS", .help = "how long a vCPU runs at most"},
	{.letter = 'm',
	 .name = "migration_delay_us",
	 .value = "US",
	 .help = "how long a vCPU counts as warm on its CPU"},
	{.name = NULL},
};
static const struct cli_option credit2_options[] = {
	COMMON_OPTIONS,
	{.name = NULL},
};

static const struct cli_option rtds_options[] = {
	{.letter = 'd', .name = "domain", .value = "DOMAIN", .help = "of this domain"},
	{.letter = 'v', .name = "vcpuid", .value = "VCPU", .help = "of this vCPU, or 'all'"},
	{.letter = 'p', .name = "period", .value = "US", .help = "how often it gets its budget"},
	{.letter = 'b', .name = "budget", .value = "US", .help = "how long it may run in a period"},
	{.letter = 'e',
	 .name = "extratime",
	 .value = "0|1",
	 .help = "whether it may run for longer"},
	{.letter = 'c', .name = "cpupool", .value = "POOL", .help = "of this pool"},
	{.name = NULL},
};

const struct command cmd_sched_credit = {
	.name = "sched-credit",
	.arguments = "",
	.summary = "Show or set domains' shares of the processors",
	.options = credit_options,
	.json = true,
	.run = credit_run,
};

const struct command cmd_sched_credit2 = {
	.name = "sched-credit2",
	.arguments = "",
	.summary = "The same where the pool's scheduler is credit2",
	.options = credit2_options,
	.json = true,
	.run = credit2_run,
};

const struct command cmd_sched_rtds = {
	.name = "sched-rtds",
	.arguments = "",
	.summary = "The same where the pool's scheduler is rtds, which no pool of Parvus has",
	.options = rtds_options,
	.json = true,
	.run = rtds_run,
};
