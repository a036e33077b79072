/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The debug keys: one table; each prints a page about one part of the machine to the console. */
#include <arch/pirq.h>
#include <arch/smp.h>
#include <arch/uart.h>
#include <debug/counters.h>
#include <debug/keys.h>
#include <debug/log.h>
#include <debug/trace.h>
#include <domain/audit.h>
#include <domain/notify.h>
#include <domain/schedule.h>
#include <hypercall/hypercall.h>
#include <memory/frame_alloc.h>

#define CTRL_A	     '\x01'
#define CTRL_A_COUNT 3
#define INPUT_SIZE   4096 /* of a busy Dom0: as much as Linux' terminals take for one line */

/* Input on its way to Dom0, guarded by `lock`; the rest is for the CPU that has the line's
 * interrupt. */
static struct {
	struct lock lock;
	char ring[INPUT_SIZE];
	unsigned head, tail;
	unsigned ctrl_a;
	bool for_keys;
} input = {.lock = LOCK_INIT(LOCK_CONSOLE)};

#define show(...) log_print(LOG_HYPERVISOR, LOG_ERROR, __VA_ARGS__)

/* --- What the keys show ------------------------------------------------------------------------
 */

static void each_domain(void (*print)(struct domain *d))
{
	for (struct domain *d = domain_next(NULL); d; d = domain_next(d)) {
		print(d);
	}
}

static void print_domain(struct domain *d)
{
	show("d%u: %s%s%s, %u vCPUs, %lu KiB of at most %lu, %u references, paused %u times\n",
	     d->id, d->privileged ? "privileged, " : "", d->dying ? "dying" : "alive",
	     d->shut_down ? ", shut down" : "", d->vcpu_count, d->memory.frame_count * 4,
	     d->memory.frame_limit * 4, d->references, d->pause_count);
}

static void print_vcpus(struct domain *d)
{
	for (unsigned i = 0; i < d->vcpu_count; i++) {
		const struct vcpu *v = d->vcpu[i];

		if (v) {
			show("d%uv%u: flags %#x, state %d since %lu ns, upcall %s%s, polls for %u\n",
			     d->id, i, v->flags, v->runstate.state, v->runstate.state_entry_time,
			     v->events.info->evtchn_upcall_pending ? "pending" : "idle",
			     v->events.info->evtchn_upcall_mask ? " (masked)" : "",
			     v->events.polls_for);
		}
	}
}

static void print_events(struct domain *d)
{
	static const char *const names[] = {"closed", "unbound", "interdomain",
					    "pirq",   "virq",	 "ipi"};
	struct evtchn_status s;

	show("d%u: %s, %u of %u ports\n", d->id, d->events.fifo ? "FIFO" : "2-level",
	     d->events.open_count, d->events.port_limit);
	for (uint32_t port = 1; !event_status(&d->events, port, &s); port++) {
		if (s.status != EVTCHNSTAT_closed) {
			show("  %4u: %s, vCPU %u, %u:%u%s\n", port, names[s.status], s.vcpu,
			     s.u.interdomain.dom, s.u.interdomain.port,
			     event_is_pending(&d->events, port) > 0 ? ", pending" : "");
		}
	}
}

static void key_domains(void)
{
	each_domain(print_domain);
}

static void key_vcpus(void)
{
	each_domain(print_vcpus);
}

static void key_events(void)
{
	each_domain(print_events);
}

static void key_counters(void)
{
	for (unsigned i = 0; i < COUNTERS; i++) {
		const char *name = i < HYPERCALL_COUNT ? hypercall_table[i].name : counter_name(i);
		uint64_t sum = counter_sum(i);

		if (sum) {
			show("%20lu %s\n", sum, name ? name : "?");
		}
	}
}

static void key_trace(void)
{
	for (unsigned cpu = 0; cpu < CPU_MAX; cpu++) {
		uint64_t position = 0;
		struct trace_record r;

		while (trace_read(cpu, &position, &r)) {
			show("%lu cpu%u d%uv%u %s %#lx %#lx\n", r.time, r.cpu, r.who >> 16,
			     r.who & 0xffff, trace_name(r.category), r.a, r.b);
		}
	}
}

static void key_timers(void)
{
	show("now %lu ns\n", now());
}

static void key_frames(void)
{
	struct frame_pool_figures f = frame_pool_figures();

	unsigned faults;
	int rc;

	show("%lu frames, %lu free (%lu to be cleared), %lu claimed, %lu of them below 4 GiB\n",
	     f.total, f.free, f.dirty, f.claimed, f.low_free);
	rc = domain_audit(&faults);
	if (rc) {
		show("audit of all frames: not made (%d)\n", rc);
	} else {
		show("audit of all frames: %u faults\n", faults);
	}
}

static void key_run_queues(void)
{
	for (cpu_mask_t rest = cpus_online(); rest; rest &= rest - 1) {
		schedule_print_queue((unsigned)__builtin_ctzll(rest));
	}
}

static void key_reboot(void)
{
	arch_stop(MACHINE_REBOOT);
}

static void key_help(void);
static void key_all(void);

static const struct {
	char key;
	bool in_all; /* part of '*' */
	void (*handle)(void);
	const char *help;
} keys[] = {
	{'*', false, key_all, "all of these that change nothing"},
	{'c', true, key_counters, "counters"},
	{'d', true, key_domains, "domains"},
	{'e', true, key_events, "event channels"},
	{'h', false, key_help, "this help"},
	{'i', true, pirq_dump, "interrupt lines"},
	{'m', true, key_frames, "memory, with an audit of all frames"},
	{'r', true, key_run_queues, "run queues"},
	{'R', false, key_reboot, "reboot at once"},
	{'t', true, key_timers, "time and timers"},
	{'T', true, key_trace, "the event trace"},
	{'v', true, key_vcpus, "vCPUs"},
};

static void key_help(void)
{
	for (size_t i = 0; i < ARRAY_COUNT(keys); i++) {
		show("%c  %s\n", keys[i].key, keys[i].help);
	}
}

static void key_all(void)
{
	for (size_t i = 0; i < ARRAY_COUNT(keys); i++) {
		if (keys[i].in_all) {
			show("--- %s\n", keys[i].help);
			keys[i].handle();
		}
	}
}

bool keys_press(char key)
{
	for (size_t i = 0; i < ARRAY_COUNT(keys); i++) {
		if (keys[i].key == key) {
			show("--- %s\n", keys[i].help);
			keys[i].handle();
			return true;
		}
	}
	return false;
}

/* --- Input -------------------------------------------------------------------------------------
 */

/* Ctrl-A three times in a row changes sides; true: the character was part of that. */
static bool is_switch(char c)
{
	input.ctrl_a = c == CTRL_A ? input.ctrl_a + 1 : 0;
	if (input.ctrl_a == CTRL_A_COUNT) {
		input.ctrl_a = 0;
		input.for_keys = !input.for_keys;
		show("input goes to %s now (Ctrl-A three times changes that)\n",
		     input.for_keys ? "the debug keys: h for help" : "Dom0");
	}
	return c == CTRL_A;
}

static void give_to_domain(char c)
{
	lock_acquire(&input.lock);
	if (input.head - input.tail < INPUT_SIZE) {
		input.ring[input.head++ % INPUT_SIZE] = c;
	}
	lock_release(&input.lock);
	notify_global_virq(VIRQ_CONSOLE);
}

void keys_handle_input(void)
{
	int c;

	while ((c = uart_get()) >= 0) {
		if (is_switch((char)c)) {
			continue;
		}
		if (input.for_keys) {
			keys_press((char)c);
		} else {
			give_to_domain((char)c);
		}
	}
}

size_t keys_read_input(char *to, size_t bytes)
{
	size_t length = 0;

	lock_acquire(&input.lock);
	while (length < bytes && input.tail != input.head) {
		to[length++] = input.ring[input.tail++ % INPUT_SIZE];
	}
	lock_release(&input.lock);
	return length;
}
