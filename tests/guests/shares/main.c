/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two domains share the second processor, by weight, cap and affinity, while the first watches; and
 * domains end by watchdog and from outside. Debian's Xen takes longer than three seconds to come to
 * such shares.
 * run: mem=256 smp=2 timeout=300 xen=no
 */
#include "child.h"
#include <xen/sysctl.h>

enum role { ROLE_SPIN, ROLE_WATCHDOG, ROLE_WATCHED };

#define SECOND	  1000000000UL
#define MEASURED  (3 * SECOND)
#define TOLERANCE 300 /* hundredths of a percent: 2, and what few slices do to 3 seconds */

static struct child heavy, light;
static uint32_t scheduler;

static void watchdog(uint32_t id, uint32_t seconds)
{
	struct sched_watchdog dog = {.id = id, .timeout = seconds};

	pv_sched_op(SCHEDOP_watchdog, &dog);
}

static void child_main(struct child_letter *letter)
{
	if (letter->role == ROLE_WATCHDOG || letter->role == ROLE_WATCHED) {
		watchdog(0, 1);
	}
	for (;;) {
		letter->state++;
		if (letter->role == ROLE_WATCHED) {
			watchdog(1, 1);
		}
	}
}

/* --- Asking and setting ------------------------------------------------------------------------
 */

static uint64_t ran(domid_t domain)
{
	struct xen_domctl_getdomaininfo info;

	return pv_domain_info(domain, &info) ? 0 : info.cpu_time;
}

static long set_share(const struct child *c, uint16_t weight, uint16_t cap)
{
	struct xen_domctl op = {0};

	op.u.scheduler_op.sched_id = scheduler;
	op.u.scheduler_op.cmd = XEN_DOMCTL_SCHEDOP_putinfo;
	op.u.scheduler_op.u.credit.weight = weight;
	op.u.scheduler_op.u.credit.cap = cap;
	return pv_domctl(XEN_DOMCTL_scheduler_op, c->id, &op);
}

static long set_affinity(domid_t domain, uint64_t hard)
{
	struct xen_domctl op = {0};
	struct xen_domctl_vcpuaffinity *a = &op.u.vcpuaffinity;

	a->flags = XEN_VCPUAFFINITY_HARD;
	a->cpumap_hard.bitmap.p = (void *)&hard;
	a->cpumap_hard.nr_bits = 64;
	return pv_domctl(XEN_DOMCTL_setvcpuaffinity, domain, &op);
}

static long processor_of(const struct child *c)
{
	struct xen_domctl op = {0};
	long rc = pv_domctl(XEN_DOMCTL_getvcpuinfo, c->id, &op);

	return rc ? rc : op.u.getvcpuinfo.cpu;
}

/* --- Shares ------------------------------------------------------------------------------------
 */

/* What each gets from now on, until both together and the clock have come so far. */
static void measure(uint64_t length, uint64_t *heavy_ran, uint64_t *light_ran, uint64_t *time)
{
	uint64_t before[] = {ran(heavy.id), ran(light.id), pv_time()};

	do {
		struct sched_poll poll = {.timeout = pv_time() + 10000000};

		pv_sched_op(SCHEDOP_poll, &poll);
		*heavy_ran = ran(heavy.id) - before[0];
		*light_ran = ran(light.id) - before[1];
		*time = pv_time() - before[2];
	} while ((*heavy_ran + *light_ran < length / 2 || *time < length) && *time < 20 * length);
}

static bool near(uint64_t part, uint64_t whole, uint64_t expected)
{
	uint64_t got = whole ? part * 10000 / whole : 0;
	bool good = got + TOLERANCE >= expected && got <= expected + TOLERANCE;

	if (!good) {
		pv_printf("# %lu of 10000, expected %lu\n", got, expected);
	}
	return good;
}

/*
 * Where the host puts a processor aside, a slice may be a tenth of a second, which is too much of
 * MEASURED; but who had too much gets less later, and of a longer time it is nothing.
 */
static bool share(uint64_t heavy_part, uint64_t light_part)
{
	uint64_t first, second, time;

	for (uint64_t length = MEASURED; length <= 10 * MEASURED; length += 9 * MEASURED) {
		measure(length, &first, &second, &time);
		if (near(first, time, heavy_part) && near(second, time, light_part)) {
			return true;
		}
	}
	return false;
}

static void check_shares(void)
{
	is(set_share(&heavy, 256, 0) | set_share(&light, 256, 0), 0, "equal weights");
	ok(share(5000, 5000), "share alike");
	is(set_share(&heavy, 768, 0), 0, "three times the weight");
	ok(share(7500, 2500), "gets three quarters");
	is(set_share(&heavy, 256, 0) | set_share(&light, 60000, 25), 0, "a cap of a quarter");
	ok(share(7500, 2500), "holds, whatever the weight, and the other has the rest");
	is(set_share(&heavy, 256, 20) | set_share(&light, 256, 40), 0, "caps for both");
	ok(share(2000, 4000), "leave the processor idle");
	is(set_share(&heavy, 256, 0) | set_share(&light, 256, 0), 0, "no caps any more");
}

static void check_parameters(void)
{
	struct xen_domctl op = {0};
	uint64_t none = 0;

	is(set_share(&heavy, 300, 50), 0, "weight and cap are set");
	is(set_share(&heavy, 0, UINT16_MAX), 0, "or left as they are");
	op.u.scheduler_op.sched_id = scheduler;
	op.u.scheduler_op.cmd = XEN_DOMCTL_SCHEDOP_getinfo;
	is(pv_domctl(XEN_DOMCTL_scheduler_op, heavy.id, &op), 0, "they are told");
	is(op.u.scheduler_op.u.credit.weight, 300, "the weight");
	is(op.u.scheduler_op.u.credit.cap, 50, "and the cap");
	op.u.scheduler_op.sched_id = XEN_SCHEDULER_RTDS;
	is(pv_domctl(XEN_DOMCTL_scheduler_op, heavy.id, &op), -XEN_EINVAL, "another scheduler");
	is(set_affinity(heavy.id, none), -XEN_EINVAL, "no processor to run on");
	is(set_affinity(heavy.id, 1UL << 63), -XEN_EINVAL, "none that is there");
}

static bool wait_until_on(const struct child *c, long cpu)
{
	uint64_t before = ran(c->id);
	unsigned int rounds = 0;

	while ((processor_of(c) != cpu || ran(c->id) <= before) && child_wait(&rounds)) {
	}
	return processor_of(c) == cpu && ran(c->id) > before;
}

static void check_affinity(void)
{
	is(set_affinity(heavy.id, 1), 0, "one is to run on the first processor");
	ok(wait_until_on(&heavy, 0), "and does");
	ok(wait_until_on(&light, 1), "the other goes on where it was");
	is(set_affinity(heavy.id, 3), 0, "it may run on both");
	is(set_affinity(light.id, 3), 0, "and so may the other");
	ok(wait_until_on(&light, processor_of(&light)), "both go on");
	is(set_affinity(heavy.id, 2) | set_affinity(light.id, 2), 0, "on the second processor");
	ok(wait_until_on(&heavy, 1) && wait_until_on(&light, 1), "they are together again");
}

/* --- Pauses and ends ---------------------------------------------------------------------------
 */

static void check_pause(void)
{
	uint64_t before;
	unsigned int rounds = 0;

	is(child_pause(&heavy), 0, "one is paused");
	before = ran(heavy.id);
	while (rounds < 50) {
		child_wait(&rounds);
	}
	is(ran(heavy.id), (long)before, "and does not run");
	is(child_run(&heavy), 0, "it is not paused any more");
	ok(wait_until_on(&heavy, 1), "and runs");
}

static bool ended(const struct child *c, unsigned int reason)
{
	struct xen_domctl_getdomaininfo info;

	return child_wait_flags(c, XEN_DOMINF_shutdown) && !pv_domain_info(c->id, &info) &&
	       (info.flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask) == reason;
}

static void check_ends(void)
{
	struct sched_remote_shutdown remote = {.domain_id = heavy.id, .reason = SHUTDOWN_reboot};
	static struct child barks, quiet;

	is(pv_sched_op(SCHEDOP_remote_shutdown, &remote), 0, "one is shut down from outside");
	ok(ended(&heavy, SHUTDOWN_reboot), "and has ended, with the reason");
	is(child_build(&barks, ROLE_WATCHDOG), 0, "one has a watchdog");
	is(child_build(&quiet, ROLE_WATCHED), 0, "another one too");
	is(child_run(&quiet) | child_run(&barks), 0, "both run");
	ok(ended(&barks, SHUTDOWN_watchdog), "who does not set it again is shut down");
	ok(wait_until_on(&quiet, processor_of(&quiet)), "who does goes on");
	is(child_destroy(&barks) | child_destroy(&quiet), 0, "both are destroyed");
}

static void guest_main(void)
{
	struct xen_sysctl op = {.cmd = XEN_SYSCTL_sched_id,
				.interface_version = XEN_SYSCTL_INTERFACE_VERSION};

	is(PV_CALL1(sysctl, &op), 0, "the scheduler has a number");
	scheduler = op.u.sched_id.sched_id;
	is(set_affinity(0, 1), 0, "the watcher is on the first processor");
	is(child_build(&heavy, ROLE_SPIN), 0, "one domain");
	is(child_build(&light, ROLE_SPIN), 0, "and another");
	check_parameters();
	is(set_affinity(heavy.id, 2) | set_affinity(light.id, 2), 0, "are on the second");
	is(child_run(&heavy) | child_run(&light), 0, "they run");
	check_shares();
	check_affinity();
	check_pause();
	check_ends();
	is(child_destroy(&heavy) | child_destroy(&light), 0, "the others are destroyed");
}
