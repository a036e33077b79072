/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Credit scheduling: who runs next on a CPU, and for how long. */
#include <debug/log.h>
#include <sched/credit.h>

#define BUDGET_GRAIN UINT64_C(500000) /* an empty budget is filled this far before it is used */

#define BALANCE_PERIOD (3 * CREDIT_SLICE)

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

/* Whether the cap lets the domain run; if not, *again is when it will. */
static bool may_run(struct credit_domain *d, uint64_t now, uint64_t *again)
{
	uint32_t cap = atomic_load_explicit(&d->cap, memory_order_relaxed);
	int64_t budget, wanted;

	if (!cap) {
		return true;
	}
	fill_budget(d, cap, now);
	budget = atomic_load(&d->budget);
	wanted = (int64_t)MIN(BUDGET_GRAIN, budget_limit(cap));
	if (budget >= wanted) {
		return true;
	}
	*again = MIN(*again, now + (uint64_t)(wanted - budget) * 100 / cap + 1);
	return false;
}

/* The current vCPU pays for the time since it paid last. */
static void charge(struct credit_queue *q, uint64_t now)
{
	struct credit_vcpu *v = q->current;
	uint64_t ran = now > q->charged ? now - q->charged : 0;
	uint32_t sharers, weight;

	q->charged = now;
	if (!v) {
		return;
	}
	sharers = MAX(atomic_load_explicit(&v->domain->runnable, memory_order_relaxed), 1U);
	weight = MAX(atomic_load_explicit(&v->domain->weight, memory_order_relaxed), 1U);
	v->spent += ran * CREDIT_WEIGHT * sharers / weight;
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

/* The first who may run; *again is when one that is passed over may. */
static struct credit_vcpu *find_first(struct credit_queue *q, unsigned cpu, uint64_t now,
				      uint64_t *again)
{
	struct credit_vcpu *v = q->first;

	while (v && (!(v->hard & BIT(cpu)) || !may_run(v->domain, now, again))) {
		v = v->next;
	}
	return v;
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

void credit_vcpu_init(struct credit_vcpu *v, struct credit_domain *d, unsigned cpu)
{
	*v = (struct credit_vcpu){.domain = d, .cpu = cpu, .hard = UINT64_MAX, .soft = UINT64_MAX};
}

void credit_queue_init(struct credit_queue *q, unsigned cpu)
{
	*q = (struct credit_queue){
		.lock = LOCK_INIT(LOCK_RUN_QUEUE), .cpu = cpu, .least = UINT64_MAX};
}

/* --- Waking -------------------------------------------------------------------------------- */

/* The queue that guards a vCPU, locked. */
static struct credit_queue *lock_queue_of(struct credit_queue *queues, struct credit_vcpu *v)
{
	for (;;) {
		unsigned cpu = atomic_load(&v->cpu);

		lock_acquire(&queues[cpu].lock);
		if (atomic_load(&v->cpu) == cpu) {
			return &queues[cpu];
		}
		lock_release(&queues[cpu].lock);
	}
}

/* Where it was if that is as good as any, else the first CPU that has nothing to do. */
static unsigned place(struct credit_queue *queues, cpu_mask_t online, struct credit_vcpu *v)
{
	cpu_mask_t may = v->hard & online ? v->hard & online : online;
	cpu_mask_t best = may & v->soft ? may & v->soft : may;
	unsigned cpu = v->cpu;

	if (best & BIT(cpu) && !queues[cpu].current) {
		return cpu;
	}
	for (cpu_mask_t rest = best; rest; rest &= rest - 1) {
		unsigned other = (unsigned)__builtin_ctzll(rest);

		/* A glance: who is wrong about it is put right by balancing. */
		if (!__atomic_load_n(&queues[other].current, __ATOMIC_RELAXED)) {
			return other;
		}
	}
	return best & BIT(cpu) ? cpu : (unsigned)__builtin_ctzll(best);
}

unsigned credit_wake(struct credit_queue *queues, cpu_mask_t online, struct credit_vcpu *v,
		     uint64_t now)
{
	struct credit_queue *q = lock_queue_of(queues, v);
	unsigned cpu;
	bool choose;

	if (v->state != CREDIT_ASLEEP) {
		lock_release(&q->lock);
		return CPU_MAX;
	}
	cpu = place(queues, online, v);
	if (cpu != q->cpu) {
		atomic_store(&v->cpu, cpu);
		v->state = CREDIT_WAKING; /* another who wakes it meanwhile has nothing to do */
		lock_release(&q->lock);
		q = &queues[cpu];
		lock_acquire(&q->lock);
	}
	atomic_fetch_add(&v->domain->runnable, 1);
	if (v->spent + CREDIT_SAVED < q->floor) {
		v->spent = q->floor - CREDIT_SAVED;
	}
	charge(q, now);
	/* If nobody waited until now, the one that runs has no end of its turn yet. */
	choose = !q->first || !q->current || v->spent < q->current->spent;
	enqueue(q, v);
	lock_release(&q->lock);
	return choose ? cpu : CPU_MAX;
}

/* --- Choosing ------------------------------------------------------------------------------ */

/* The current vCPU steps down. Who lags far behind those it shares the CPU with loses the excess.
 */
static void step_down(struct credit_queue *q, bool goes_on)
{
	struct credit_vcpu *v = q->current;

	if (!v) {
		return;
	}
	if (!goes_on) {
		v->state = CREDIT_ASLEEP;
		atomic_fetch_sub(&v->domain->runnable, 1);
		return;
	}
	if (q->first && v->spent + 2 * CREDIT_SLICE < q->first->spent) {
		v->spent = q->first->spent - 2 * CREDIT_SLICE;
	}
	enqueue(q, v);
}

/* Takes from the other queue who waits there and has spent less than `limit`; both are locked. */
static bool pull(struct credit_queue *q, struct credit_queue *other, uint64_t limit, uint64_t now)
{
	uint64_t again = UINT64_MAX;
	struct credit_vcpu *v = find_first(other, q->cpu, now, &again);

	if (!v || v->spent >= limit) {
		return false;
	}
	dequeue(other, v);
	atomic_store(&v->cpu, q->cpu);
	enqueue(q, v);
	return true;
}

/* Looks for somebody in the other queues who should run here rather than `mine`. q is locked. */
static void balance(struct credit_queue *queues, cpu_mask_t online, struct credit_queue *q,
		    const struct credit_vcpu *mine, uint64_t now)
{
	/* What a move costs is worth a difference of a slice. */
	uint64_t limit =
		!mine ? UINT64_MAX : (mine->spent > CREDIT_SLICE ? mine->spent - CREDIT_SLICE : 0);

	for (cpu_mask_t rest = online & ~BIT(q->cpu); rest; rest &= rest - 1) {
		struct credit_queue *other = &queues[__builtin_ctzll(rest)];
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
		lock_release(&other->lock);
		if (pulled) {
			return;
		}
	}
}

/* Where nobody waits a turn still ends, if there are other CPUs: to see whether somebody does
 * there. */
static uint64_t end_of_turn(const struct credit_queue *q, const struct credit_vcpu *v,
			    cpu_mask_t online, uint64_t now, uint64_t again)
{
	uint64_t slice = q->first		 ? CREDIT_SLICE
			 : online & ~BIT(q->cpu) ? BALANCE_PERIOD
						 : UINT64_MAX - now;
	uint64_t until = MIN(again, now + slice);
	uint32_t cap = atomic_load(&v->domain->cap);
	int64_t budget;

	if (cap) {
		budget = MAX(atomic_load(&v->domain->budget), (int64_t)BUDGET_GRAIN / 4);
		until = MIN(until, now + (uint64_t)budget / MAX(v->domain->runnable, 1U) + 1);
	}
	return until;
}

/* If somebody waits here who may run: a CPU that has nothing to do. */
static unsigned find_idle(struct credit_queue *queues, cpu_mask_t online, struct credit_queue *q,
			  uint64_t now)
{
	uint64_t again = UINT64_MAX;

	for (cpu_mask_t rest = q->first ? online & ~BIT(q->cpu) : 0; rest; rest &= rest - 1) {
		unsigned cpu = (unsigned)__builtin_ctzll(rest);

		if (!__atomic_load_n(&queues[cpu].current, __ATOMIC_RELAXED) &&
		    find_first(q, cpu, now, &again)) {
			return cpu;
		}
	}
	return CPU_MAX;
}

struct credit_turn credit_choose(struct credit_queue *queues, cpu_mask_t online, unsigned cpu,
				 bool goes_on, uint64_t ratelimit, uint64_t now)
{
	struct credit_queue *q = &queues[cpu];
	struct credit_turn turn = {.kick = CPU_MAX};
	uint64_t again = UINT64_MAX;
	struct credit_vcpu *v;

	lock_acquire(&q->lock);
	charge(q, now);
	v = q->current;
	if (v && goes_on && now < q->started + ratelimit && v->hard & BIT(cpu) &&
	    may_run(v->domain, now, &again)) {
		turn.vcpu = v;
		turn.until = MIN(q->started + ratelimit, end_of_turn(q, v, online, now, again));
		lock_release(&q->lock);
		return turn;
	}
	step_down(q, goes_on);
	balance(queues, online, q, find_first(q, cpu, now, &again), now);
	v = find_first(q, cpu, now, &again);
	turn.vcpu = v;
	turn.until = again;
	if (v) {
		dequeue(q, v);
		v->state = CREDIT_RUNNING;
		q->started = now;
		q->floor = MAX(q->floor, v->spent);
		turn.until = end_of_turn(q, v, online, now, again);
		turn.kick = find_idle(queues, online, q, now);
	}
	__atomic_store_n(&q->current, v, __ATOMIC_RELAXED);
	lock_release(&q->lock);
	return turn;
}

void credit_remove(struct credit_queue *queues, struct credit_vcpu *v)
{
	struct credit_queue *q = lock_queue_of(queues, v);

	while (v->state == CREDIT_WAKING) { /* on its way from one queue to another */
		lock_release(&q->lock);
		cpu_relax();
		q = lock_queue_of(queues, v);
	}
	if (v->state == CREDIT_WAITING) {
		dequeue(q, v);
		v->state = CREDIT_ASLEEP;
		atomic_fetch_sub(&v->domain->runnable, 1);
	}
	lock_release(&q->lock);
}
