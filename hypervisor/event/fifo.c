/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The FIFO ABI: pending events in linked lists, one for each vCPU and priority. */
#include <debug/log.h>
#include <event/fifo.h>
#include <lib/error.h>
#include <lib/heap.h>

/*
 * A port's word has the bits PENDING, MASKED and LINKED, and the number of the next port in its
 * queue. We add ports at the tail; the guest takes them from the head: it clears LINKED and the
 * next number in one operation, then handles the port if it is pending and not masked. A tail that
 * is not LINKED any more was taken, and its queue is empty.
 *
 * Only we set LINKED, with the lock held of the queue that port.queue names: so the lock of a
 * port's last queue is what guards its being linked at all. A port whose vCPU or priority changed
 * moves on: with the old queue's lock held it is found not linked, stops being the old queue's
 * tail, and is given to the new queue.
 *
 * The guest can write its words at any time. Each is changed by compare-and-swap with a bounded
 * number of tries, and nothing but the guest's own events depends on what is in them. A guest that
 * plays by the rules changes a word a few times at most before LINKED or PENDING has gone, so it
 * never uses up our tries.
 */
#define TRIES 64

#define WORD_PENDING (UINT32_C(1) << EVTCHN_FIFO_PENDING)
#define WORD_MASKED  (UINT32_C(1) << EVTCHN_FIFO_MASKED)
#define WORD_LINKED  (UINT32_C(1) << EVTCHN_FIFO_LINKED)
#define WORD_LINK    ((UINT32_C(1) << EVTCHN_FIFO_LINK_BITS) - 1)

_Static_assert(sizeof(struct evtchn_fifo_control_block) == 72, "the ABI's size");

/* --- Words --------------------------------------------------------------------------------- */

/* Null: the guest has not given the page yet. */
static event_word_t *find_word(struct fifo_domain *f, uint32_t port)
{
	event_word_t *page =
		atomic_load_explicit(&f->page[port / FIFO_PAGE_WORDS], memory_order_acquire);

	return page ? page + port % FIFO_PAGE_WORDS : NULL;
}

static uint32_t word_read(const event_word_t *word)
{
	return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}

/*
 * Replaces the link and sets LINKED, provided that of PENDING, MASKED and LINKED exactly those of
 * `state` are set.
 */
static bool word_link(event_word_t *word, uint32_t care, uint32_t state, uint32_t next)
{
	uint32_t was = word_read(word);

	for (unsigned i = 0; i < TRIES && (was & care) == state; i++) {
		uint32_t is = (was & ~WORD_LINK) | WORD_LINKED | next;

		if (__atomic_compare_exchange_n(word, &was, is, false, __ATOMIC_SEQ_CST,
						__ATOMIC_SEQ_CST)) {
			return true;
		}
	}
	return false;
}

bool fifo_set(struct fifo_domain *f, uint32_t port, struct event_port *p)
{
	event_word_t *word = find_word(f, port);

	if (unlikely(!word)) {
		atomic_fetch_or(&p->queue, FIFO_EARLY);
		word = find_word(f, port); /* whoever gave it meanwhile may not have seen EARLY */
		if (!word) {
			return false;
		}
	}
	if (word_read(word) & WORD_PENDING) {
		return false;
	}
	return !(__atomic_fetch_or(word, WORD_PENDING, __ATOMIC_SEQ_CST) & WORD_PENDING);
}

void fifo_clear(struct fifo_domain *f, uint32_t port, struct event_port *p)
{
	event_word_t *word = find_word(f, port);

	atomic_fetch_and(&p->queue, ~FIFO_EARLY);
	if (word) {
		__atomic_fetch_and(word, ~WORD_PENDING, __ATOMIC_SEQ_CST);
	}
}

bool fifo_is_pending(struct fifo_domain *f, uint32_t port, struct event_port *p)
{
	event_word_t *word = find_word(f, port);

	return word ? word_read(word) & WORD_PENDING : atomic_load(&p->queue) & FIFO_EARLY;
}

/* --- Queues -------------------------------------------------------------------------------- */

static uint32_t queue_name(const struct vcpu_events *v, unsigned priority)
{
	return (v->id << 4 | priority) + 1;
}

static struct fifo_vcpu *queue_vcpu(struct fifo_domain *f, uint32_t name)
{
	return atomic_load_explicit(&f->vcpu[(name - 1) >> 4], memory_order_acquire);
}

static unsigned queue_priority(uint32_t name)
{
	return (name - 1) & 15;
}

/* EARLY may come and go meanwhile. */
static bool queue_rename(struct event_port *p, uint32_t from, uint32_t to)
{
	uint32_t was = atomic_load(&p->queue);

	while ((was & ~FIFO_EARLY) == from) {
		if (atomic_compare_exchange_weak(&p->queue, &was, (was & FIFO_EARLY) | to)) {
			return true;
		}
	}
	return false;
}

/*
 * Locks the queue the port shall be linked in, after it has left the one it was in last; its name,
 * or 0: it is linked already, or its vCPU has no control block. If its vCPU and priority change all
 * the time it is linked where it happens to be.
 */
static uint32_t lock_queue(struct fifo_domain *f, uint32_t port, struct event_port *p,
			   uint32_t wanted)
{
	for (unsigned i = 0; i < TRIES; i++) {
		uint32_t name = atomic_load(&p->queue) & ~FIFO_EARLY;
		struct fifo_queue *queue;

		/* A name may be left from before a reset, of a vCPU that has no control block now.
		 */
		if (!name || !queue_vcpu(f, name)) {
			queue_rename(p, name, wanted);
			continue;
		}
		queue = &queue_vcpu(f, name)->queue[queue_priority(name)];
		lock_acquire(&queue->lock);
		if ((atomic_load(&p->queue) & ~FIFO_EARLY) == name) {
			if (name == wanted || i == TRIES - 1) {
				return name;
			}
			if (word_read(find_word(f, port)) & WORD_LINKED) {
				lock_release(&queue->lock);
				return 0;
			}
			if (queue->tail == port) {
				queue->tail = 0;
			}
			queue_rename(p, name, wanted);
		}
		lock_release(&queue->lock);
	}
	return 0;
}

struct vcpu_events *fifo_deliver(struct fifo_domain *f, uint32_t port, struct event_port *p,
				 struct vcpu_events *v)
{
	event_word_t *word = find_word(f, port);
	struct fifo_queue *queue;
	struct fifo_vcpu *to;
	bool is_head = false;
	uint32_t name, ready;
	unsigned priority;

	if ((word_read(word) & (WORD_PENDING | WORD_MASKED | WORD_LINKED)) != WORD_PENDING || !v) {
		return NULL;
	}
	name = queue_name(v, atomic_load_explicit(&p->priority, memory_order_relaxed));
	name = queue_vcpu(f, name) ? lock_queue(f, port, p, name) : 0;
	if (!name) {
		return NULL;
	}
	to = queue_vcpu(f, name);
	priority = queue_priority(name);
	queue = &to->queue[priority];
	if (word_link(word, WORD_PENDING | WORD_MASKED | WORD_LINKED, WORD_PENDING, 0)) {
		is_head = !queue->tail || queue->tail == port ||
			  !word_link(find_word(f, queue->tail), WORD_LINKED, WORD_LINKED, port);
		if (is_head) {
			__atomic_store_n(&to->control->head[priority], port, __ATOMIC_RELEASE);
		}
		queue->tail = port;
	}
	lock_release(&queue->lock);
	ready = UINT32_C(1) << priority;
	if (!is_head || (__atomic_fetch_or(&to->control->ready, ready, __ATOMIC_SEQ_CST) & ready)) {
		return NULL; /* the guest comes to it on its way through the queue */
	}
	return vcpu_mark_pending(to->vcpu) ? to->vcpu : NULL;
}

struct vcpu_events *fifo_unmask(struct fifo_domain *f, uint32_t port, struct event_port *p,
				struct vcpu_events *v)
{
	event_word_t *word = find_word(f, port);

	if (!word || !(__atomic_fetch_and(word, ~WORD_MASKED, __ATOMIC_SEQ_CST) & WORD_PENDING)) {
		return NULL;
	}
	return fifo_deliver(f, port, p, v);
}

/* --- Setting up and taking down ----------------------------------------------------------------
 */

/* The first control block switches the domain to FIFO: what is pending as a bit is raised early. */
static struct fifo_domain *switch_to_fifo(struct domain_events *d)
{
	struct fifo_domain *f = heap_alloc(sizeof(*f));

	if (!f) {
		return NULL;
	}
	for (uint32_t port = 1; port < d->fresh; port++) {
		if (__atomic_load_n(&d->shared->evtchn_pending[port / 64], __ATOMIC_RELAXED) &
		    BIT(port % 64)) {
			atomic_fetch_or(&port_find(d, port)->queue, FIFO_EARLY);
		}
	}
	return f;
}

int event_fifo_add_vcpu(struct vcpu_events *v, struct evtchn_fifo_control_block *control)
{
	struct domain_events *d = v->domain;
	struct fifo_vcpu *fv = heap_alloc(sizeof(*fv));
	struct fifo_domain *f;
	int rc = 0;

	if (!fv) {
		return refuse(-ENOMEM);
	}
	*fv = (struct fifo_vcpu){.vcpu = v, .control = control};
	for (unsigned i = 0; i < EVTCHN_FIFO_MAX_QUEUES; i++) {
		lock_init(&fv->queue[i].lock, LOCK_FIFO_QUEUE);
	}
	lock_acquire(&d->lock);
	f = d->fifo ? d->fifo : switch_to_fifo(d);
	if (!f) {
		rc = refuse(-ENOMEM);
	} else if (d->dying || f->vcpu[v->id]) {
		rc = refuse(-EINVAL);
	} else {
		atomic_store_explicit(&f->vcpu[v->id], fv, memory_order_release);
		fv = NULL;
	}
	if (f && f != d->fifo) {
		if (rc) {
			heap_free(f, sizeof(*f));
		} else {
			atomic_store_explicit(&d->fifo, f, memory_order_release);
		}
	}
	lock_release(&d->lock);
	heap_free(fv, sizeof(*fv));
	return rc;
}

int event_fifo_add_page(struct domain_events *d, event_word_t *page, uint32_t *first_port)
{
	struct fifo_domain *f;
	int rc = 0;

	lock_acquire(&d->lock);
	f = d->fifo;
	if (!f) {
		rc = refuse(-EOPNOTSUPP);
	} else if (d->dying) {
		rc = refuse(-EINVAL);
	} else if (f->pages == FIFO_PAGES) {
		rc = refuse(-ENOSPC);
	} else {
		*first_port = f->pages * (uint32_t)FIFO_PAGE_WORDS;
		atomic_store(&f->page[f->pages++], page);
	}
	lock_release(&d->lock);
	return rc;
}

int event_fifo_raise_early(struct domain_events *d, uint32_t port, struct event_kick *kick)
{
	struct event_port *p = port_find(d, port);

	if (!p || !(atomic_load(&p->queue) & FIFO_EARLY)) {
		return 0;
	}
	lock_acquire(&p->lock);
	if (!(atomic_fetch_and(&p->queue, ~FIFO_EARLY) & FIFO_EARLY) ||
	    port_state(p) == EVENT_CLOSED) {
		lock_release(&p->lock);
		return 0;
	}
	return port_raise(d, port, &p->lock, kick);
}

int event_fifo_detach(struct domain_events *d, struct fifo_domain **f)
{
	int rc = 0;

	lock_acquire(&d->lock);
	if (d->open_count) {
		rc = -EBUSY;
	} else {
		*f = d->fifo;
		atomic_store(&d->fifo, NULL);
	}
	lock_release(&d->lock);
	return rc;
}

void *event_fifo_take_page(struct fifo_domain *f)
{
	while (f->taken < FIFO_VCPUS + FIFO_PAGES) {
		unsigned i = f->taken++;
		struct fifo_vcpu *fv = i < FIFO_VCPUS ? f->vcpu[i] : NULL;
		void *page = i < FIFO_VCPUS ? NULL : f->page[i - FIFO_VCPUS];

		if (fv) {
			page = fv->control;
			heap_free(fv, sizeof(*fv));
		}
		if (page) {
			return page;
		}
	}
	heap_free(f, sizeof(*f));
	return NULL;
}

unsigned event_fifo_page_limit(void)
{
	return FIFO_VCPUS + FIFO_PAGES;
}

const void *event_fifo_page(const struct domain_events *d, unsigned index)
{
	const struct fifo_domain *f = d->fifo;
	const struct fifo_vcpu *v;

	if (!f) {
		return NULL;
	}
	if (index >= FIFO_VCPUS) {
		return f->page[index - FIFO_VCPUS];
	}
	v = f->vcpu[index];
	return v ? v->control : NULL;
}
