/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The scheduler in simulated time: shares, caps, wake-up latency, work conservation, pools, nobody
 * lost.
 */
#include "tap.h"

#include <sched/credit.h>
#include <string.h>

#define MS	 UINT64_C(1000000)
#define SECOND	 (1000 * MS)
#define CPUS	 16
#define FEW	 4 /* CPUs, most of the time */
#define VCPUS	 64
#define CHURNING 24
#define RATE	 MS
#define DOMAINS	 8
#define POOLS	 4
#define HOG	 UINT64_MAX

/* A vCPU that computes for `burst` ns, sleeps for `pause` ns, and so on. */
struct sim_vcpu {
	struct credit_vcpu credit;
	unsigned pool; /* by the model: as it was set last */
	uint64_t burst, pause;
	uint64_t left;	/* of this burst */
	uint64_t wakes; /* when, if it sleeps */
	uint64_t woke;	/* when it began to wait for its turn; 0: it has had it */
	uint64_t ran, latency;
	bool asleep;
	bool yields; /* after a burst, instead of sleeping */
};

struct sim_cpu {
	struct sim_vcpu *runs;
	uint64_t since, until;
};

static struct credit_queue queues[CPUS];
static struct credit_pool pools[POOLS];
static struct credit_domain domains[DOMAINS];
static struct sim_vcpu vcpus[VCPUS];
static struct sim_cpu cpus[CPUS];
static unsigned cpu_count, vcpu_count;
static uint64_t slice = 30 * MS, time_now, idle_while_waiting, switches, astray;

/* The model of pools: by number, or NO_POOL. */
#define NO_POOL POOLS
static unsigned pool_of_cpu[CPUS], pool_of_domain[DOMAINS];

static void start(unsigned count)
{
	cpu_count = count;
	vcpu_count = 0;
	time_now = SECOND;
	idle_while_waiting = switches = astray = 0;
	for (unsigned i = 0; i < CPUS; i++) {
		credit_queue_init(&queues[i], i);
		cpus[i] = (struct sim_cpu){.until = UINT64_MAX};
		pool_of_cpu[i] = i < count ? 0 : NO_POOL;
	}
	for (unsigned i = 0; i < POOLS; i++) {
		pools[i] =
			(struct credit_pool){.queues = queues, .slice = slice, .ratelimit = RATE};
	}
	for (unsigned i = 0; i < count; i++) {
		credit_pool_add(&pools[0], i);
	}
	for (unsigned i = 0; i < DOMAINS; i++) {
		credit_domain_init(&domains[i]);
		pool_of_domain[i] = 0;
	}
}

static struct sim_vcpu *add(unsigned domain, uint64_t burst, uint64_t pause)
{
	struct sim_vcpu *v = &vcpus[vcpu_count];

	*v = (struct sim_vcpu){.burst = burst, .pause = pause, .left = burst, .asleep = true};
	credit_vcpu_init(&v->credit, &domains[domain], &pools[0]);
	v->credit.cpu = vcpu_count++ % cpu_count;
	v->wakes = time_now;
	return v;
}

/* What the current vCPU has run until now is booked. */
static void book(unsigned cpu)
{
	struct sim_vcpu *v = cpus[cpu].runs;

	if (v) {
		uint64_t ran = time_now - cpus[cpu].since;

		v->ran += ran;
		v->left -= v->left == HOG ? 0 : ran;
		cpus[cpu].since = time_now;
	}
}

static void choose(unsigned cpu);

static void wake(struct sim_vcpu *v)
{
	unsigned cpu = credit_wake(&v->credit, time_now);

	if (cpu != CPU_MAX) {
		choose(cpu);
	}
}

/* By the model: on a CPU of its pool, and of its affinity if that names any of these. */
static bool may_run_on(const struct sim_vcpu *v, unsigned cpu)
{
	cpu_mask_t may = 0;

	for (unsigned i = 0; i < CPUS; i++) {
		may |= pool_of_cpu[i] == v->pool ? BIT(i) : 0;
	}
	may = may & v->credit.hard ? may & v->credit.hard : may;
	return may & BIT(cpu);
}

static void choose(unsigned cpu)
{
	struct sim_vcpu *v = cpus[cpu].runs, *next;
	struct credit_turn turn;
	enum credit_wish wish = CREDIT_GOES_ON;

	book(cpu);
	if (v && !v->left) {
		wish = v->yields ? CREDIT_YIELDS : CREDIT_SLEEPS;
		v->asleep = !v->yields;
		v->left = v->burst;
		v->wakes = time_now + v->pause;
	}
	turn = credit_choose(&queues[cpu], wish, time_now);
	next = turn.vcpu
		       ? (struct sim_vcpu *)((char *)turn.vcpu - offsetof(struct sim_vcpu, credit))
		       : NULL;
	switches += next != v;
	astray += next && !may_run_on(next, cpu);
	cpus[cpu] = (struct sim_cpu){.runs = next, .since = time_now, .until = turn.until};
	if (next && next->woke) {
		uint64_t waited = time_now - next->woke;

		next->latency = MAX(next->latency, waited);
		next->woke = 0;
	}
	if (turn.kick != CPU_MAX) {
		choose(turn.kick);
	}
	if (v && v != next && !v->asleep && credit_sleeps(&v->credit)) {
		wake(v); /* it may not run here any more */
	}
}

static uint64_t next_event(void)
{
	uint64_t next = UINT64_MAX;

	for (unsigned i = 0; i < cpu_count; i++) {
		struct sim_vcpu *v = cpus[i].runs;

		next = MIN(next, cpus[i].until);
		if (v && v->left != HOG) {
			next = MIN(next, cpus[i].since + v->left);
		}
	}
	for (unsigned i = 0; i < vcpu_count; i++) {
		if (vcpus[i].asleep) {
			next = MIN(next, vcpus[i].wakes);
		}
	}
	return next;
}

static bool somebody_could_run_on(unsigned cpu)
{
	for (unsigned i = 0; i < vcpu_count; i++) {
		struct sim_vcpu *v = &vcpus[i];

		if (!v->asleep && v->credit.state == CREDIT_WAITING && may_run_on(v, cpu) &&
		    !v->credit.domain->cap) {
			return true;
		}
	}
	return false;
}

static void run(uint64_t duration)
{
	uint64_t end = time_now + duration;

	while (time_now < end) {
		uint64_t next = MIN(next_event(), end);

		for (unsigned i = 0; i < cpu_count; i++) {
			if (!cpus[i].runs && somebody_could_run_on(i)) {
				idle_while_waiting += next - time_now;
			}
		}
		time_now = next;
		for (unsigned i = 0; i < vcpu_count; i++) {
			struct sim_vcpu *v = &vcpus[i];

			if (v->asleep && v->wakes <= time_now) {
				v->asleep = false;
				v->woke = time_now;
				wake(v);
			}
		}
		for (unsigned i = 0; i < cpu_count; i++) {
			struct sim_vcpu *v = cpus[i].runs;

			if (cpus[i].until <= time_now ||
			    (v && v->left != HOG && cpus[i].since + v->left <= time_now)) {
				choose(i);
			}
		}
	}
	for (unsigned i = 0; i < cpu_count; i++) {
		book(i);
	}
}

/* What a domain's vCPUs got, in percent of one CPU times 100. */
static long got(unsigned domain, uint64_t duration)
{
	uint64_t ran = 0;

	for (unsigned i = 0; i < vcpu_count; i++) {
		ran += vcpus[i].credit.domain == &domains[domain] ? vcpus[i].ran : 0;
	}
	return (long)(ran * 10000 / duration);
}

#define near(value, expected, within, ...)                                                    \
	do {                                                                                  \
		long got_ = (value), want_ = (expected);                                      \
		if (!ok(got_ >= want_ - (within) && got_ <= want_ + (within), __VA_ARGS__)) { \
			printf("# got %ld.%02ld%%, expected %ld.%02ld%%\n", got_ / 100,       \
			       got_ % 100, want_ / 100, want_ % 100);                         \
		}                                                                             \
	} while (0)

static void shares(void)
{
	start(1);
	credit_domain_set(&domains[1], 512, 0, time_now);
	add(0, HOG, 0);
	add(1, HOG, 0);
	run(10 * SECOND);
	near(got(0, 10 * SECOND), 3333, 66, "one CPU, weights 256 and 512: a third");
	near(got(1, 10 * SECOND), 6667, 133, "and two thirds");

	start(2);
	for (unsigned i = 0; i < 4; i++) {
		add(0, HOG, 0);
		add(1, HOG, 0);
	}
	add(1, HOG, 0);
	add(1, HOG, 0);
	credit_domain_set(&domains[0], 768, 0, time_now);
	run(10 * SECOND);
	near(got(0, 10 * SECOND), 15000, 300, "two CPUs, 4 and 6 vCPUs, weights 3 to 1");
	near(got(1, 10 * SECOND), 5000, 100, "the vCPUs of a domain share its weight");
	is_int(idle_while_waiting, 0, "no CPU is idle while somebody waits");

	start(4);
	for (unsigned i = 0; i < 8; i++) {
		add(i, HOG, 0);
		credit_domain_set(&domains[i], i < 4 ? 100 : 300, 0, time_now);
	}
	run(10 * SECOND);
	for (unsigned i = 0; i < 8; i += 3) {
		near(got(i, 10 * SECOND), i < 4 ? 2500 : 7500, i < 4 ? 50 : 150,
		     "four CPUs, eight domains: number %u", i);
	}
	is_int(idle_while_waiting, 0, "no CPU is idle while somebody waits");

	start(2);
	credit_domain_set(&domains[0], 10000, 0, time_now);
	add(0, HOG, 0);
	add(1, HOG, 0);
	add(2, HOG, 0);
	run(10 * SECOND);
	near(got(0, 10 * SECOND), 10000, 200, "a weight that is more than a CPU gets one CPU");
	near(got(1, 10 * SECOND), 5000, 100, "the others share the other");
}

static void caps(void)
{
	start(1);
	credit_domain_set(&domains[0], 256, 25, time_now);
	add(0, HOG, 0);
	run(10 * SECOND);
	near(got(0, 10 * SECOND), 2500, 50, "a cap of 25 %% on an idle CPU");

	start(2);
	credit_domain_set(&domains[0], 256, 50, time_now);
	add(0, HOG, 0);
	add(0, HOG, 0);
	run(10 * SECOND);
	near(got(0, 10 * SECOND), 5000, 100, "50 %% over two vCPUs on two CPUs");

	start(2);
	credit_domain_set(&domains[0], 60000, 10, time_now);
	add(0, HOG, 0);
	add(1, HOG, 0);
	add(1, HOG, 0);
	run(10 * SECOND);
	near(got(0, 10 * SECOND), 1000, 20, "10 %%, whatever the weight");
	near(got(1, 10 * SECOND), 19000, 200, "the others have the rest");

	start(4);
	credit_domain_set(&domains[0], 256, 150, time_now);
	for (unsigned i = 0; i < 4; i++) {
		add(0, HOG, 0);
	}
	run(10 * SECOND);
	near(got(0, 10 * SECOND), 15000, 300, "150 %% over four");
}

static void waking(void)
{
	struct sim_vcpu *sleeper;

	start(1);
	for (unsigned i = 0; i < 6; i++) {
		add(i, HOG, 0);
	}
	sleeper = add(7, MS / 10, 10 * MS);
	run(SECOND); /* all begin at once, so that the first turn is a long wait */
	sleeper->latency = sleeper->ran = 0;
	run(10 * SECOND);
	ok(sleeper->latency <= 2 * RATE, "who sleeps mostly waits at most %llu us when it wakes",
	   (unsigned long long)sleeper->latency / 1000);
	near(got(7, 10 * SECOND), 99, 10, "and gets all it asks for");
	ok(switches < 10 * 1000 * 3, "%llu switches in ten seconds", (unsigned long long)switches);

	start(1);
	add(0, HOG, 0);
	add(1, HOG, 0);
	sleeper = add(2, 50 * MS, 5 * SECOND);
	run(10 * SECOND);
	ok(sleeper->ran >= 90 * MS, "a long sleeper gets its share");
	near(got(0, 10 * SECOND), 4950, 150, "and has not saved up for more");
}

/* Dom0 lets a guest go that computes without end, and has a little left to do itself. */
static void resuming(void)
{
	struct sim_vcpu *dom0, *guest;
	unsigned cpu;

	start(1);
	dom0 = add(0, 12 * MS, MS);
	guest = add(1, HOG, 0);
	guest->wakes = UINT64_MAX;
	run(11 * MS);
	guest->asleep = false;
	guest->woke = time_now;
	cpu = credit_resume(&guest->credit, time_now);
	ok(cpu == 0, "where nobody waited, the turn of who runs gets an end");
	choose(0);
	ok(cpus[0].runs == dom0, "a guest that is let go does not go before who runs");
	run(MS);
	ok(cpus[0].runs == guest, "it runs as soon as he sleeps");
	run(2 * MS);
	ok(cpus[0].runs == dom0, "and does not keep him from waking");
	run(10 * SECOND);
	ok(guest->ran > 4 * SECOND, "it loses nothing by it later");

	start(1);
	add(0, HOG, 0);
	guest = add(1, HOG, 0);
	guest->wakes = UINT64_MAX;
	run(SECOND);
	guest->asleep = false;
	guest->woke = time_now;
	(void)credit_resume(&guest->credit, time_now);
	choose(0);
	run(slice);
	ok(cpus[0].runs == guest, "one that does not sleep makes it wait for a slice, not longer");
}

static void affinity(void)
{
	struct sim_vcpu *pinned;

	start(2);
	pinned = add(0, HOG, 0);
	pinned->credit.hard = BIT(1);
	add(1, HOG, 0);
	add(2, HOG, 0);
	add(3, HOG, 0);
	run(10 * SECOND);
	near(got(0, 10 * SECOND), 5000, 100, "a pinned vCPU gets its share");
	is_int(pinned->credit.cpu, 1, "where it is pinned");

	start(2);
	for (unsigned i = 0; i < 3; i++) {
		add(i, HOG, 0)->credit.hard = BIT(0);
	}
	run(10 * SECOND);
	near(got(0, 10 * SECOND), 3333, 66, "three pinned to one CPU share it");
	ok(!cpus[1].runs, "and the other stays idle");
}

static void set_affinity(struct sim_vcpu *v, cpu_mask_t hard, cpu_mask_t soft)
{
	unsigned cpu;

	v->pool = pool_of_domain[v->credit.domain - domains];
	cpu = credit_set_affinity(&v->credit, &pools[v->pool], hard, soft, time_now);
	if (cpu != CPU_MAX) {
		choose(cpu);
	}
}

static void moving(void)
{
	struct sim_vcpu *alone;

	start(2);
	alone = add(0, HOG, 0);
	alone->credit.hard = BIT(0);
	for (unsigned i = 1; i < 4; i++) {
		add(i, HOG, 0)->credit.hard = BIT(1);
	}
	run(60 * SECOND);
	ok(alone->ran == 60 * SECOND, "one has a CPU alone for a minute");
	set_affinity(alone, BIT(1), UINT64_MAX);
	alone->ran = 0;
	run(3 * SECOND);
	near(got(0, 3 * SECOND), 2500, 300,
	     "and then its part of another one, without paying back");
}

static void yielding(void)
{
	struct sim_vcpu *polite;

	start(1);
	polite = add(0, MS / 10, 0);
	polite->yields = true;
	add(1, HOG, 0);
	run(10 * SECOND);
	near(got(1, 10 * SECOND), 9950, 50, "who yields again and again leaves the CPU to others");
	ok(polite->ran, "but has it at times");
	start(1);
	add(0, MS / 10, 0)->yields = true;
	run(SECOND);
	near(got(0, SECOND), 10000, 1, "alone it has all of it");
}

/* Each may run on a few CPUs of many, and which these are changes all the time. */
static void wandering(uint64_t *seed)
{
	bool all = true;

	start(CPUS);
	for (unsigned i = 0; i < VCPUS; i++) {
		add(i % DOMAINS, i % 3 ? 1 + tap_random(seed) % (20 * MS) : HOG,
		    1 + tap_random(seed) % (30 * MS));
	}
	for (unsigned round = 0; round < 40; round++) {
		uint64_t before[VCPUS];

		for (unsigned i = 0; i < VCPUS; i++) {
			cpu_mask_t hard =
				(1 | tap_random(seed)) << tap_random(seed) % CPUS & pools[0].cpus;

			before[i] = vcpus[i].ran;
			set_affinity(&vcpus[i], hard, tap_random(seed));
		}
		run(400 * slice);
		for (unsigned i = 0; i < VCPUS; i++) {
			all = all && vcpus[i].ran > before[i];
		}
	}
	ok(all, "sixteen CPUs, affinities that change: each vCPU runs in every 400 slices");
	is_int(astray, 0, "none ran where it may not");
	is_int(idle_while_waiting, 0, "no CPU was idle while one waited that it may run");
}

/* As whoever changes pools does it: then all affinities are set anew, and the CPU chooses. */
static void move_cpu(unsigned cpu, unsigned to)
{
	unsigned from = pool_of_cpu[cpu];

	pool_of_cpu[cpu] = to;
	if (to == NO_POOL) {
		credit_pool_remove(&pools[from], cpu);
	} else {
		credit_pool_add(&pools[to], cpu);
	}
	for (unsigned i = 0; i < vcpu_count; i++) {
		set_affinity(&vcpus[i], vcpus[i].credit.hard, vcpus[i].credit.soft);
	}
	choose(cpu);
}

static void move_domain(unsigned domain, unsigned to)
{
	pool_of_domain[domain] = to;
	for (unsigned i = 0; i < vcpu_count; i++) {
		if (vcpus[i].credit.domain == &domains[domain]) {
			set_affinity(&vcpus[i], vcpus[i].credit.hard, vcpus[i].credit.soft);
		}
	}
}

/* A pool that domains are of keeps one CPU. */
static bool can_do_without(unsigned cpu)
{
	unsigned its_pool = pool_of_cpu[cpu];
	bool others = false, needed = false;

	for (unsigned i = 0; i < CPUS; i++) {
		others |= i != cpu && pool_of_cpu[i] == its_pool;
	}
	for (unsigned i = 0; i < DOMAINS; i++) {
		needed |= pool_of_domain[i] == its_pool;
	}
	return others || !needed;
}

static void change_pools(uint64_t *seed)
{
	unsigned cpu = (unsigned)(tap_random(seed) % CPUS);
	unsigned domain = (unsigned)(tap_random(seed) % DOMAINS);
	unsigned to = (unsigned)(tap_random(seed) % (POOLS + 1));
	struct sim_vcpu *v = &vcpus[tap_random(seed) % VCPUS];

	switch (tap_random(seed) % 4) {
	case 0:
		set_affinity(v, 1 + tap_random(seed), tap_random(seed));
		break;
	case 1:
		if (to != NO_POOL && pools[to].cpus) {
			move_domain(domain, to);
		}
		break;
	default:
		if (to != pool_of_cpu[cpu] && can_do_without(cpu)) {
			move_cpu(cpu, to);
		}
	}
}

/* CPUs join and leave pools, and domains move between them, all the time. */
static void pooled(uint64_t *seed)
{
	bool all = true;

	start(CPUS);
	for (unsigned i = 0; i < VCPUS; i++) {
		add(i % DOMAINS, i % 3 ? 1 + tap_random(seed) % (20 * MS) : HOG,
		    1 + tap_random(seed) % (30 * MS));
	}
	for (unsigned round = 0; round < 15; round++) {
		uint64_t before[VCPUS];

		for (unsigned change = 0; change < 50; change++) {
			change_pools(seed);
			run(tap_random(seed) % (2 * slice));
		}
		for (unsigned i = 0; i < VCPUS; i++) {
			before[i] = vcpus[i].ran;
		}
		run(400 * slice);
		for (unsigned i = 0; i < VCPUS; i++) {
			all = all && vcpus[i].ran > before[i];
		}
	}
	ok(all, "pools that change: each vCPU runs in 400 slices without a change");
	is_int(astray, 0, "none ran outside its pool, or where it may not");
	is_int(idle_while_waiting, 0, "no CPU was idle while one waited that it may run");
}

/* Affinity to a CPU that is gone rests until it is back. */
static void going_and_coming(void)
{
	struct sim_vcpu *pinned;

	start(2);
	pinned = add(0, HOG, 0);
	pinned->credit.hard = BIT(1);
	add(1, HOG, 0);
	run(SECOND);
	is_int(pinned->credit.cpu, 1, "one runs where it is pinned");
	move_cpu(1, NO_POOL);
	ok(!cpus[1].runs, "a CPU of no pool runs nobody");
	pinned->ran = 0;
	run(10 * SECOND);
	near(got(0, 10 * SECOND), 5000, 100, "without it, it has its share of the other");
	move_cpu(1, 0);
	ok(cpus[1].runs == pinned, "when the CPU is back it is there again");
	run(SECOND);
	is_int(astray, 0, "nobody ever ran where it may not");
}

/* Bursts and pauses at random: nobody starves, nobody is lost, no CPU idles while one waits. */
static void churn(uint64_t *seed)
{
	uint64_t worst = 0;
	bool all = true;

	for (unsigned round = 0; round < 20; round++) {
		start(1 + round % FEW);
		for (unsigned i = 0; i < CHURNING; i++) {
			add((unsigned)(tap_random(seed) % DOMAINS),
			    i % 5 ? 1 + tap_random(seed) % (20 * MS) : HOG,
			    1 + tap_random(seed) % (30 * MS));
		}
		for (unsigned i = 0; i < DOMAINS; i++) {
			credit_domain_set(&domains[i], 64 << tap_random(seed) % 4, 0, time_now);
		}
		for (unsigned second = 0; second < 10; second++) {
			uint64_t before[CHURNING];

			for (unsigned i = 0; i < CHURNING; i++) {
				before[i] = vcpus[i].ran;
			}
			run(400 * slice);
			for (unsigned i = 0; i < CHURNING; i++) {
				all = all && vcpus[i].ran > before[i];
			}
		}
		worst = MAX(worst, idle_while_waiting);
	}
	ok(all, "in random loads each vCPU runs in every 400 slices");
	ok(worst == 0, "and no CPU was idle while one waited (%llu ns)", (unsigned long long)worst);
}

int main(int argc, char **argv)
{
	uint64_t seed = tap_seed(argc, argv);

	for (slice = 10 * MS; slice <= 30 * MS; slice += 20 * MS) {
		printf("# slices of %llu ms\n", (unsigned long long)(slice / MS));
		shares();
		caps();
		waking();
		resuming();
		affinity();
		moving();
		yielding();
		wandering(&seed);
		going_and_coming();
		pooled(&seed);
		churn(&seed);
	}
	return done_testing();
}
