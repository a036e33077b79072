/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Boot domains, built one after the other and set going. */
#include <arch/clock.h>
#include <arch/port.h>
#include <boot/domain_build.h>
#include <boot/kernel.h>
#include <boot/launch_domains.h>
#include <debug/log.h>
#include <domain/affinity.h>
#include <domain/console_line.h>
#include <domain/grants.h>
#include <domain/launch.h>
#include <domain/notify.h>
#include <lib/error.h>
#include <lib/string.h>

#define PORT_DEFAULT_MAX 1023 /* as toolstacks have it for guests */

static struct {
	const struct boot_domains *domains;
	const struct boot_info *info;
	struct domain *built[BOOT_DOMAINS_MAX]; /* null: it could not be */
	unsigned built_count, failed_count;
} launch;

/* --- Who serves whom ----------------------------------------------------------------------- */

static const struct boot_domain *with_permission(uint32_t permission)
{
	for (unsigned i = 0; i < launch.domains->count; i++) {
		const struct boot_domain *d = &launch.domains->domain[i];

		if (d->usable && d->permissions & permission) {
			return d;
		}
	}
	return NULL;
}

/*
 * Who has a function: the domain that says so, else one with the rights to do it. A boot domain
 * does not stay, so it is nobody's server.
 */
static const struct boot_domain *server_of(uint32_t function)
{
	const struct boot_domain *d = boot_domains_with(launch.domains, function);

	d = d ? d : with_permission(PERMISSION_CONTROL);
	d = d ? d : with_permission(PERMISSION_HARDWARE);
	return d && !(d->functions & FUNCTION_BOOT) ? d : NULL;
}

static domid_t server_id(uint32_t function, const struct boot_domain *client)
{
	const struct boot_domain *server = server_of(function);

	return server && server != client ? (domid_t)server->id : DOMID_INVALID;
}

/* --- Building ------------------------------------------------------------------------------ */

static struct grant_limits grant_limits_of(const struct boot_domain *d)
{
	struct grant_limits limits = grants_machine_limits;

	limits.frames = d->max_grant_frames ? d->max_grant_frames : limits.frames;
	limits.handle_pages = d->max_maptrack_frames ? d->max_maptrack_frames : limits.handle_pages;
	limits.version = d->max_grant_version ? d->max_grant_version : limits.version;
	return limits;
}

static void fill_spec(struct domain_spec *spec, const struct boot_domain *d)
{
	*spec = (struct domain_spec){
		.id = (domid_t)d->id,
		.hardware = d->permissions & PERMISSION_HARDWARE,
		/* No IOMMU is driven: who has the devices can reach everything in any case. */
		.privileged = d->permissions != 0,
		.pages = d->memory_kib >> (PAGE_SHIFT - 10),
		.vcpus = d->vcpus,
		.store_server = d->has_store ? server_id(FUNCTION_STORE, d) : DOMID_INVALID,
		.console_server = server_id(FUNCTION_CONSOLE, d),
		.highest_port = EVTCHN_FIFO_NR_CHANNELS - 1,
		.command_line = d->command_line,
	};
	memcpy(spec->uuid, d->uuid, sizeof(spec->uuid));
	if (d->max_event_channels) {
		spec->highest_port = d->max_event_channels;
	} else if (!spec->hardware) {
		spec->highest_port = PORT_DEFAULT_MAX;
	}
	if (!d->command_line) {
		spec->command_line = launch.info->modules[d->kernel.index].command_line;
	}
	if (d->ramdisk.by != BY_NOTHING) {
		const struct boot_module *m = &launch.info->modules[d->ramdisk.index];

		spec->initrd = paddr_ptr(m->start);
		spec->initrd_bytes = m->size;
	}
	if (spec->hardware) {
		spec->screen = launch.info;
	}
}

static enum domain_launch first_state(const struct boot_domain *d)
{
	if (d->functions & FUNCTION_BOOT) {
		return LAUNCH_FIRST;
	}
	/* The design's classic Dom0 has this bit too, and is to run all the same. */
	return d->functions & FUNCTION_CRASH && !(d->functions & FUNCTION_LEGACY_DOM0)
		       ? LAUNCH_SPARE
		       : LAUNCH_WAITS;
}

static void set_scheduling(struct domain *d, const struct boot_domain *from)
{
	if (from->weight || from->cap) {
		credit_domain_set(&d->credit, from->weight ? from->weight : CREDIT_WEIGHT,
				  from->cap, now());
	}
	for (unsigned i = 0; i < from->pin_count; i++) {
		if (affinity_set(d->vcpu[i], &from->pin[i].hard, &from->pin[i].soft, false)) {
			log_warn(
				"domain %u: vCPU %u may run on processors %#lx only, of which none is there: it may on all\n",
				d->id, i, from->pin[i].hard);
		}
	}
}

static struct domain *build_domain(const struct boot_domain *from, const struct report *report)
{
	const struct boot_module *module = &launch.info->modules[from->kernel.index];
	struct grant_limits limits = grant_limits_of(from);
	struct kernel_file kernel;
	struct domain_spec spec;
	struct domain *d;

	if (!kernel_open(&kernel, paddr_ptr(module->start), module->size, report)) {
		return NULL;
	}
	fill_spec(&spec, from);
	spec.grants = &limits;
	spec.kernel = kernel.elf;
	spec.kernel_bytes = kernel.elf_bytes;
	spec.image = kernel.image;
	d = domain_build(&spec);
	kernel_close(&kernel);
	if (d) {
		d->launch = first_state(from);
		set_scheduling(d, from);
		log_info("domain %u is %s: %lu KiB, %u vCPU, kernel %s\n", d->id, from->path,
			 from->memory_kib, spec.vcpus, kernel.format);
	}
	return d;
}

/* --- Static event channels ----------------------------------------------------------------- */

#define FILLER DOMID_IDLE /* the peer of ports that are there to get to a number */

static bool is_filler(const struct evtchn_status *status)
{
	return status->status == EVTCHNSTAT_unbound && status->u.unbound.dom == FILLER;
}

/* Makes a port the next that is opened: ports up to it are opened, and it is closed again. */
static bool make_next(struct domain_events *d, uint32_t wanted)
{
	struct evtchn_status status;
	uint32_t port, pirq;

	while (d->fresh <= wanted) {
		if (event_alloc_unbound(d, FILLER, &port)) {
			return false;
		}
	}
	return event_status(d, wanted, &status) == 0 && is_filler(&status) &&
	       event_close(d, wanted, &pirq) == 0;
}

static void close_fillers(struct domain_events *d)
{
	struct evtchn_status status;
	uint32_t pirq;

	for (uint32_t port = 1; port < d->fresh; port++) {
		if (event_status(d, port, &status) == 0 && is_filler(&status)) {
			(void)event_close(d, port, &pirq);
		}
	}
}

static bool join(struct domain *a, uint32_t port_a, struct domain *b, uint32_t port_b)
{
	struct event_kick kick;
	uint32_t port;
	int rc;

	if (!make_next(&a->events, port_a) || event_alloc_unbound(&a->events, b->id, &port) ||
	    !make_next(&b->events, port_b)) {
		return false;
	}
	rc = event_bind_interdomain(&b->events, &a->events, port_a, &port, &kick);
	if (rc == EVENT_KICK) {
		notify_act(&kick);
	}
	return rc >= 0;
}

static void join_links(void)
{
	for (unsigned i = 0; i < launch.domains->link_count; i++) {
		const struct boot_domain_link *link = &launch.domains->link[i];
		const struct boot_domain_link *peer = &launch.domains->link[link->peer];
		struct domain *a, *b;

		if (!link->usable || link->peer < i) {
			continue;
		}
		a = launch.built[link->domain];
		b = launch.built[peer->domain];
		if (a && b && !join(a, link->port, b, peer->port)) {
			log_error("event channel %s: ports %u and %u cannot be had\n", link->path,
				  link->port, peer->port);
		}
	}
	for (unsigned i = 0; i < launch.domains->count; i++) {
		if (launch.built[i]) {
			close_fillers(&launch.built[i]->events);
		}
	}
}

/* What concerns the one who serves a function, wherever that is not domain 0. */
static void take_virq(uint32_t function, uint32_t virq)
{
	const struct boot_domain *server = server_of(function);

	for (unsigned i = 0; server && i < launch.domains->count; i++) {
		if (launch.built[i] && server == &launch.domains->domain[i]) {
			(void)notify_set_handler(launch.built[i], virq);
		}
	}
}

/* --- All of them --------------------------------------------------------------------------- */

/*
 * The console is a domain's, to which its text goes as it is and what is typed; others' text goes
 * to rings that it serves. The boot domain, which runs when nobody serves any, and all domains of
 * a machine without a server write to it line by line; there, what is typed goes to the first.
 */
static void assign_console(void)
{
	const struct boot_domain *owner = server_of(FUNCTION_CONSOLE);

	for (unsigned i = 0; i < launch.domains->count; i++) {
		struct domain *d = launch.built[i];

		if (!d) {
			continue;
		}
		if (owner == &launch.domains->domain[i] ||
		    (!owner && domain_console == DOMID_INVALID)) {
			domain_console = d->id;
		}
		if ((!owner || d->launch == LAUNCH_FIRST) && console_line_open(d)) {
			log_error("domain %u: no memory for its console\n", d->id);
		}
	}
}

bool launch_domains_build(const struct boot_domains *domains, const struct boot_info *info,
			  const struct report *report)
{
	launch.domains = domains;
	launch.info = info;
	launch.built_count = launch.failed_count = 0;
	for (unsigned i = 0; i < domains->count; i++) {
		const struct boot_domain *d = &domains->domain[i];

		launch.built[i] = d->usable ? build_domain(d, report) : NULL;
		if (launch.built[i]) {
			launch.built_count++;
		} else {
			launch.failed_count++;
			log_error("%s: this domain is not built\n", d->path);
		}
	}
	join_links();
	assign_console();
	take_virq(FUNCTION_CONSOLE, VIRQ_CONSOLE);
	take_virq(FUNCTION_STORE, VIRQ_DOM_EXC);
	log_info("boot domains: %u of %u are built\n", launch.built_count, domains->count);
	return launch.built_count > 0;
}

void launch_domains_begin(void)
{
	launch_begin(launch.failed_count > 0);
}
