/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Credit scheduling: who runs next on a CPU, and for how long. */
#include <debug/log.h>
#include <sched/credit.h>

#define BUDGET_GRAIN UINT64_C(500000)	 /* an empty budget is filled this far before it is used */
#define LONGEST_TURN (UINT64_C(1) << 40) /* ns that one pays for at once */

/* --- Accounts ------------------------------------------------------------------------------ */

static uint64_t budget_limit(uint32_t cap)
{
	return CREDIT_CAP_PERIOD * cap / 100;
}

/* Whoever moves `filled` on fills for that time, so that two CPUs do not fill twice. */
static void fill_budget(struct credit_domain *d, uint32_t cap, uint64_t now)
{
	uint64_t filled = atomic_load(&d->filled);
	int64_t budget, more;

	if (now <= filled || !atomic_compare_exchange_strong(&d->filled, &filled, now)) {
		return;
	}
	more = (int64_t)((now - filled) * cap / 100);
	budget = atomic_load(&d->budget);
	while (!atomic_compare_exchange_weak(&d->budget, &budget,
					     MIN(budget + more, (int64_t)budget_limit(cap)))) {
	}
}

static bool has_budget(struct credit_domain *d, uint32_t cap, uint64_t now, uint64_t *again)
{
	int64_t budget, wanted;

	fill_budget(d, cap, now);
	budget = atomic_load(&d->budget);
	wanted = (int64_t)MIN(BUDGET_GRAIN, budget_limit(cap));
	if (budget >= wanted) {
		return true;
	}
	*again = MIN(*again, now + (uint64_t)(wanted - budget) * 100 / cap + 1);
	return false;
}

/* Whether the cap lets the domain run; if not, *again is when it will. */
static inline bool may_run(struct credit_domain *d, uint64_t now, uint64_t *again)
{
	uint32_t cap = atomic_load_explicit(&d->cap, memory_order_relaxed);

	return likely(!cap) || has_budget(d, cap, now, again);
}

/* What running for `ns` costs each of the domain's vCPUs. */
static uint64_t price(const struct credit_domain *d, uint64_t ns)
{
	uint32_t sharers = MAX(atomic_load_explicit(&d->runnable, memory_order_relaxed), 1U);
	uint32_t weight = MAX(atomic_load_explicit(&d->weight, memory_order_relaxed), 1U);

	return ns * CREDIT_WEIGHT * sharers / weight;
}

/* The current vCPU pays for the time since it paid last. */
static void charge(struct credit_queue *q, uint64_t now)
{
	struct credit_vcpu *v = q->current;
	uint64_t ran = now > q->charged ? now - q->charged : 0;

	q->charged = now;
	if (!v) {
		q->idle += ran;
		return;
	}
	ran = MIN(ran, LONGEST_TURN);
	v->spent += price(v->domain, ran);
	if (atomic_load_explicit(&v->domain->cap, memory_order_relaxed)) {
		atomic_fetch_sub(&v->domain->budget, (int64_t)ran);
	}
}

/* --- The list of those who wait ----------------------------------------------------------------
 */

static void publish_least(struct credit_queue *q)
{
	atomic_store_explicit(&q->least, q->first ? q->first->spent : UINT64_MAX,
			      memory_order_relaxed);
}

static void enqueue(struct credit_queue *q, struct credit_vcpu *v)
{
	struct credit_vcpu **at = &q->first;

	while (*at && (*at)->spent <= v->spent) {
		at = &(*at)->next;
	}
	v->next = *at;
	*at = v;
	v->state = CREDIT_WAITING;
	publish_least(q);
}

static void dequeue(struct credit_queue *q, struct credit_vcpu *v)
{
	struct credit_vcpu **at = &q->first;

	while (*at != v) {
		at = &(*at)->next;
	}
	*at = v->next;
	v->next = NULL;
	publish_least(q);
}

/*
 * From v on, the first who may run on the CPU and has last run not later than `stopped`; *again is
 * when one that is passed over may.
 */
static __attribute__((noinline)) struct credit_vcpu *
find_from(struct credit_vcpu *v, unsigned cpu, uint64_t stopped, uint64_t now, uint64_t *again)
{
	while (v && (!credit_may_run_on(v, cpu) || v->stopped > stopped ||
		     !may_run(v->domain, now, again))) {
		v = v->next;
	}
	return v;
}

/* Whom the CPU runs next of those who wait in its own queue; behind all others comes who yields. */
static inline struct credit_vcpu *find_next(const struct credit_queue *q,
					    const struct credit_vcpu *yields, uint64_t now,
					    uint64_t *again)
{
	struct credit_vcpu *v = q->first, *other;

	if (!v || likely(v != yields && credit_may_run_on(v, q->cpu) &&
			 !atomic_load_explicit(&v->domain->cap, memory_order_relaxed))) {
		return v;
	}
	v = find_from(v, q->cpu, UINT64_MAX, now, again);
	other = v && v == yields ? find_from(v->next, q->cpu, UINT64_MAX, now, again) : NULL;
	return other ? other : v;
}

/* Whom of those who wait in the queue another CPU may take. */
static struct credit_vcpu *find_to_move(const struct credit_pool *pool,
					const struct credit_queue *from, unsigned to, uint64_t now)
{
	uint64_t delay = atomic_load_explicit(&pool->migration_delay, memory_order_relaxed);
	uint64_t stopped = delay ? now - MIN(now, delay) : UINT64_MAX;
	uint64_t again = UINT64_MAX;

	return find_from(from->first, to, stopped, now, &again);
}

/* --- Making -------------------------------------------------------------------------------- */

void credit_domain_init(struct credit_domain *d)
{
	*d = (struct credit_domain){.weight = CREDIT_WEIGHT};
}

void credit_domain_set(struct credit_domain *d, uint32_t weight, uint32_t cap, uint64_t now)
{
	atomic_store(&d->weight, weight);
	atomic_store(&d->filled, now);
	atomic_store(&d->budget, 0);
	atomic_store(&d->cap, cap);
}

/* Any CPU's queue guards one that sleeps; where it runs is seen when it wakes. */
void credit_vcpu_init(struct credit_vcpu *v, struct credit_domain *d, struct credit_pool *pool)
{
	*v = (struct credit_vcpu){
		.domain = d, .pool = pool, .hard = UINT64_MAX, .soft = UINT64_MAX};
}

void credit_queue_init(struct credit_queue *q, unsigned cpu)
{
	*q = (struct credit_queue){
		.lock = LOCK_INIT(LOCK_RUN_QUEUE), .cpu = cpu, .least = UINT64_MAX};
}

/* --- Pools --------------------------------------------------------------------------------- */

static void set_pool(struct credit_queue *q, struct credit_pool *pool)
{
	lock_acquire(&q->lock);
	if (q->pool) {
		atomic_fetch_and(&q->pool->cpus, ~BIT(q->cpu));
	}
	__atomic_store_n(&q->pool, pool, __ATOMIC_RELAXED);
	if (pool) {
		atomic_fetch_or(&pool->cpus, BIT(q->cpu));
	}
	lock_release(&q->lock);
}

void credit_pool_add(struct credit_pool *pool, unsigned cpu)
{
	set_pool(&pool->queues[cpu], pool);
}

void credit_pool_remove(struct credit_pool *pool, unsigned cpu)
{
	set_pool(&pool->queues[cpu], NULL);
}

/* --- Waking -------------------------------------------------------------------------------- */

/* The queue that guards a vCPU, locked. */
static inline struct credit_queue *lock_queue_of(struct credit_vcpu *v)
{
	const struct credit_pool *pool = atomic_load_explicit(&v->pool, memory_order_relaxed);

	for (;;) {
		unsigned cpu = atomic_load(&v->cpu);

		lock_acquire(&pool->queues[cpu].lock);
		if (likely(atomic_load(&v->cpu) == cpu)) {
			return &pool->queues[cpu];
		}
		lock_release(&pool->queues[cpu].lock);
	}
}

/* The same, when it is not on its way from one queue to another. */
static struct credit_queue *lock_settled(struct credit_vcpu *v)
{
	struct credit_queue *q = lock_queue_of(v);

	while (v->state == CREDIT_WAKING) {
		lock_release(&q->lock);
		cpu_relax();
		q = lock_queue_of(v);
	}
	return q;
}

/* A glance: who is wrong about it is put right by balancing. */
static bool has_nothing_to_do(const struct credit_queue *q)
{
	return !__atomic_load_n(&q->current, __ATOMIC_RELAXED) && !credit_has_waiting(q);
}

/* One of the CPUs that has nothing to do, or CPU_MAX. */
static unsigned find_free(const struct credit_pool *pool, cpu_mask_t cpus)
{
	for (; cpus; cpus &= cpus - 1) {
		unsigned cpu = (unsigned)__builtin_ctzll(cpus);

		if (has_nothing_to_do(&pool->queues[cpu])) {
			return cpu;
		}
	}
	return CPU_MAX;
}

/*
 * Where it was if that is as good as any, else a CPU that has nothing to do: better one where it
 * should not run than to wait where it should.
 */
static unsigned place(const struct credit_vcpu *v)
{
	const struct credit_pool *pool = atomic_load_explicit(&v->pool, memory_order_relaxed);
	cpu_mask_t may = credit_cpus_of(v);
	cpu_mask_t best = may & v->soft ? may & v->soft : may;
	unsigned cpu = v->cpu, other;

	ASSERT(may);
	if (best & BIT(cpu) && has_nothing_to_do(&pool->queues[cpu])) {
		return cpu;
	}
	other = find_free(pool, best);
	other = other == CPU_MAX ? find_free(pool, may & ~best) : other;
	if (other != CPU_MAX) {
		return other;
	}
	return best & BIT(cpu) ? cpu : (unsigned)__builtin_ctzll(best);
}

/*
 * Accounts are compared within a queue, and differ between CPUs by how crowded these were: who
 * comes can neither have saved more than sleep may, nor be in debt for having had a CPU alone.
 */
static void adjust(const struct credit_queue *q, struct credit_vcpu *v)
{
	uint64_t slice = atomic_load_explicit(&q->pool->slice, memory_order_relaxed);
	uint64_t least = q->floor - MIN(q->floor, CREDIT_SAVED);

	v->spent = MAX(v->spent, least);
	if (unlikely(v->spent > q->floor + slice)) {
		v->spent = MIN(v->spent, q->floor + MAX(2 * price(v->domain, slice), slice));
	}
}

/* Nobody waited for it: it lines up behind the one that runs, rather than go before it. */
static void line_up(const struct credit_queue *q, struct credit_vcpu *v)
{
	if (q->current) {
		v->spent = MAX(v->spent, q->current->spent + CREDIT_SAVED);
	}
}

/* It begins to wait in the queue, which is locked. The value: the CPU should choose anew. */
static bool begin_waiting(struct credit_queue *q, struct credit_vcpu *v, bool slept, uint64_t now)
{
	bool choose;

	atomic_fetch_add(&v->domain->runnable, 1);
	v->woke = now;
	adjust(q, v);
	charge(q, now);
	if (!slept) {
		line_up(q, v);
	}
	/* If nobody waited until now, the one that runs has no end of its turn yet. */
	choose = !q->first || !q->current || v->spent < q->current->spent;
	enqueue(q, v);
	return choose;
}

/*
 * Brings it from its queue, which is locked, to that of another CPU and locks this one instead. The
 * CPU may leave the pool meanwhile, then there is another. Who wakes it meanwhile has nothing to
 * do.
 */
static struct credit_queue *bring(struct credit_queue *q, struct credit_vcpu *v, unsigned cpu)
{
	struct credit_queue *queues = q - q->cpu;

	v->state = CREDIT_WAKING;
	for (;;) {
		atomic_store(&v->cpu, cpu);
		lock_release(&q->lock);
		q = &queues[cpu];
		lock_acquire(&q->lock);
		if (likely(credit_may_run_on(v, cpu))) {
			return q;
		}
		cpu = place(v);
	}
}

static inline unsigned wake(struct credit_vcpu *v, bool slept, uint64_t now)
{
	struct credit_queue *q = lock_queue_of(v);
	unsigned cpu;
	bool choose;

	if (v->state != CREDIT_ASLEEP) {
		lock_release(&q->lock);
		return CPU_MAX;
	}
	cpu = place(v);
	if (cpu != q->cpu) {
		q = bring(q, v, cpu);
	}
	cpu = q->cpu;
	choose = begin_waiting(q, v, slept, now);
	lock_release(&q->lock);
	return choose ? cpu : CPU_MAX;
}

unsigned credit_wake(struct credit_vcpu *v, uint64_t now)
{
	return wake(v, true, now);
}

unsigned credit_resume(struct credit_vcpu *v, uint64_t now)
{
	return wake(v, false, now);
}

/* --- Choosing ------------------------------------------------------------------------------ */

static void fall_asleep(struct credit_vcpu *v)
{
	v->state = CREDIT_ASLEEP;
	atomic_fetch_sub(&v->domain->runnable, 1);
}

/*
 * The current vCPU steps down. The first of those who wait is ahead of it by a turn at most, or two
 * as they come and go; who lags further behind has come from elsewhere and loses the excess.
 */
static void step_down(struct credit_queue *q, enum credit_wish wish, uint64_t now)
{
	struct credit_vcpu *v = q->current;
	uint64_t lag;

	if (!v) {
		return;
	}
	v->stopped = now;
	if (wish == CREDIT_SLEEPS || !credit_may_run_on(v, q->cpu)) {
		fall_asleep(v);
		return;
	}
	if (q->first) {
		lag = 2 * price(q->first->domain,
				atomic_load_explicit(&q->pool->slice, memory_order_relaxed));
		v->spent = MAX(v->spent, q->first->spent - MIN(q->first->spent, lag));
	}
	enqueue(q, v);
}

/*
 * Who comes from a CPU where all had less goes before those here until he has spent as much: for a
 * few turns that is fair, for longer it would starve them. So they come down to him.
 */
static void converge(struct credit_queue *q, const struct credit_vcpu *comes)
{
	uint64_t slice = atomic_load_explicit(&q->pool->slice, memory_order_relaxed);
	uint64_t highest = comes->spent + MAX(8 * slice, 4 * price(comes->domain, slice)), excess;

	if (!q->first || q->first->spent <= highest) {
		return;
	}
	excess = q->first->spent - highest;
	for (struct credit_vcpu *v = q->first; v; v = v->next) {
		v->spent -= excess;
	}
	q->floor -= MIN(q->floor, excess);
}

/* Takes from the other queue who waits there and has spent less than `limit`; both are locked. */
static bool pull(struct credit_queue *q, struct credit_queue *other, uint64_t limit, uint64_t now)
{
	struct credit_vcpu *v = find_to_move(q->pool, other, q->cpu, now);

	if (!v || v->spent >= limit) {
		return false;
	}
	dequeue(other, v);
	atomic_store(&v->cpu, q->cpu);
	converge(q, v);
	enqueue(q, v);
	return true;
}

static cpu_mask_t others_of_pool(const struct credit_queue *q)
{
	return atomic_load_explicit(&q->pool->cpus, memory_order_relaxed) & ~BIT(q->cpu);
}

/* For one of those who wait in the queue: another of `cpus`, which are of a pool, that is idle. */
static __attribute__((noinline)) unsigned find_idle(const struct credit_pool *pool, cpu_mask_t cpus,
						    const struct credit_queue *from, uint64_t now)
{
	for (cpu_mask_t rest = cpus & ~BIT(from->cpu); rest; rest &= rest - 1) {
		unsigned cpu = (unsigned)__builtin_ctzll(rest);

		if (!__atomic_load_n(&pool->queues[cpu].current, __ATOMIC_RELAXED) &&
		    find_to_move(pool, from, cpu, now)) {
			return cpu;
		}
	}
	return CPU_MAX;
}

/*
 * Looks for somebody in the other queues who should run here rather than `mine`, and moves him to
 * this queue, which is locked. If he leaves others behind, *kick is a CPU for one of them.
 */
static __attribute__((noinline)) bool
balance(struct credit_queue *q, const struct credit_vcpu *mine, uint64_t now, unsigned *kick)
{
	const struct credit_pool *pool = q->pool;
	/* What a move costs is worth a difference of a slice. */
	uint64_t slice = atomic_load_explicit(&pool->slice, memory_order_relaxed);
	uint64_t limit = mine ? mine->spent - MIN(mine->spent, slice) : UINT64_MAX;

	for (cpu_mask_t rest = others_of_pool(q); rest; rest &= rest - 1) {
		struct credit_queue *other = &pool->queues[__builtin_ctzll(rest)];
		bool pulled;

		if (atomic_load_explicit(&other->least, memory_order_relaxed) >= limit) {
			continue;
		}
		/* Against the order of CPU numbers it only tries; the next turn tries again. */
		if (other > q) {
			lock_acquire(&other->lock);
		} else if (!lock_try(&other->lock)) {
			continue;
		}
		pulled = pull(q, other, limit, now);
		if (pulled && other->first) {
			*kick = find_idle(pool, others_of_pool(q), other, now);
		}
		lock_release(&other->lock);
		if (pulled) {
			return true;
		}
	}
	return false;
}

/*
 * Where nobody waits a turn still ends, if there are other CPUs: to see whether somebody does
 * there.
 */
static uint64_t end_of_turn(const struct credit_queue *q, const struct credit_vcpu *v, uint64_t now,
			    uint64_t again)
{
	uint64_t slice = atomic_load_explicit(&q->pool->slice, memory_order_relaxed);
	uint32_t cap = atomic_load_explicit(&v->domain->cap, memory_order_relaxed);
	uint64_t until = again;
	int64_t budget;

	if (q->first) {
		until = MIN(until, now + slice);
	} else if (others_of_pool(q)) {
		until = MIN(until, now + 3 * slice);
	}
	if (unlikely(cap)) {
		budget = MAX(atomic_load(&v->domain->budget), (int64_t)BUDGET_GRAIN / 4);
		until = MIN(until, now + (uint64_t)budget / MAX(v->domain->runnable, 1U) + 1);
	}
	return until;
}

/* The current one has run for so short that it runs on; the turn says until when. */
static bool too_early(const struct credit_queue *q, uint64_t now, struct credit_turn *turn)
{
	uint64_t end = q->started + atomic_load_explicit(&q->pool->ratelimit, memory_order_relaxed);
	uint64_t again = UINT64_MAX;

	if (now >= end || !credit_may_run_on(q->current, q->cpu) ||
	    !may_run(q->current->domain, now, &again)) {
		return false;
	}
	turn->vcpu = q->current;
	turn->until = MIN(end, end_of_turn(q, q->current, now, again));
	return true;
}

/* The next one, with the queue locked. */
static struct credit_turn choose_next(struct credit_queue *q, const struct credit_vcpu *yields,
				      uint64_t now)
{
	uint64_t again = UINT64_MAX;
	struct credit_vcpu *v = find_next(q, yields, now, &again);
	struct credit_turn turn = {.kick = CPU_MAX};

	if (others_of_pool(q) && balance(q, v, now, &turn.kick)) {
		v = find_next(q, yields, now, &again);
	}
	turn.vcpu = v;
	turn.until = again;
	if (v) {
		dequeue(q, v);
		v->state = CREDIT_RUNNING;
		q->started = now;
		q->floor = MAX(q->floor, v->spent);
		turn.until = end_of_turn(q, v, now, again);
		if (q->first && turn.kick == CPU_MAX) {
			turn.kick = find_idle(q->pool, others_of_pool(q), q, now);
		}
	}
	/* A barrier: the caller looks whether it may run, whoever forbids that whether it runs. */
	__atomic_store_n(&q->current, v, __ATOMIC_SEQ_CST);
	return turn;
}

/* Of no pool: the current vCPU has to leave, those who wait are being told to. */
static __attribute__((noinline)) struct credit_turn choose_nobody(struct credit_queue *q,
								  uint64_t now)
{
	step_down(q, CREDIT_SLEEPS, now);
	__atomic_store_n(&q->current, NULL, __ATOMIC_SEQ_CST);
	return (struct credit_turn){.until = UINT64_MAX, .kick = CPU_MAX};
}

struct credit_turn credit_choose(struct credit_queue *q, enum credit_wish wish, uint64_t now)
{
	struct credit_turn turn = {.kick = CPU_MAX};

	lock_acquire(&q->lock);
	charge(q, now);
	if (unlikely(!q->pool)) {
		turn = choose_nobody(q, now);
	} else if (!q->current || wish != CREDIT_GOES_ON || !too_early(q, now, &turn)) {
		const struct credit_vcpu *yields = wish == CREDIT_YIELDS ? q->current : NULL;

		step_down(q, wish, now);
		turn = choose_next(q, yields, now);
	}
	lock_release(&q->lock);
	return turn;
}

/* --- From outside -------------------------------------------------------------------------- */

unsigned credit_set_affinity(struct credit_vcpu *v, struct credit_pool *pool, cpu_mask_t hard,
			     cpu_mask_t soft, uint64_t now)
{
	struct credit_queue *q = lock_settled(v);
	unsigned cpu = q->cpu;
	bool wakes = false, runs;

	atomic_store_explicit(&v->pool, pool, memory_order_relaxed);
	v->hard = hard;
	v->soft = soft;
	runs = v->state == CREDIT_RUNNING && !credit_may_run_on(v, cpu);
	if (v->state == CREDIT_WAITING) { /* there may be a better place now */
		dequeue(q, v);
		fall_asleep(v);
		wakes = true;
	}
	lock_release(&q->lock);
	if (wakes) {
		return credit_wake(v, now);
	}
	return runs ? cpu : CPU_MAX;
}

uint64_t credit_idle_time(struct credit_queue *q, uint64_t now)
{
	uint64_t idle;

	lock_acquire(&q->lock);
	idle = q->idle + (!q->current && now > q->charged ? now - q->charged : 0);
	lock_release(&q->lock);
	return idle;
}

void credit_remove(struct credit_vcpu *v)
{
	struct credit_queue *q = lock_settled(v);

	if (v->state == CREDIT_WAITING) {
		dequeue(q, v);
		fall_asleep(v);
	}
	lock_release(&q->lock);
}
