/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Plays Dom0 for a boot domain: finds its connections by the convention (reference 0 and port 2 are
 * the console's, 1 and 1 the store's) and reads its console. Started from a device tree with
 * "tenant=ID"; without a tenant it is alone.
 */
#include "guest.h"
#include <pv/grant.h>
#include <pv/options.h>
#include <xen/domctl.h>

#define STORE_PORT   1
#define CONSOLE_PORT 2

static page_t console_page, store_page;

static long status_of(domid_t domain, evtchn_port_t port, struct evtchn_status *status)
{
	*status = (struct evtchn_status){.dom = domain, .port = port};
	return pv_event_channel_op(EVTCHNOP_status, status);
}

static void check_port(domid_t tenant, evtchn_port_t port, const char *whose)
{
	struct evtchn_status status;

	is(status_of(tenant, port, &status), 0, "port %u of domain %u is there", port, tenant);
	is(status.status, EVTCHNSTAT_unbound, "nobody has the other side of the %s's port", whose);
	is(status.u.unbound.dom, 0, "which is for us");
}

static void check_page(domid_t tenant, grant_ref_t ref, void *page, const char *whose)
{
	grant_handle_t handle;

	is(pv_grant_map(page, tenant, ref, &handle), GNTST_okay, "the page of its %s is granted",
	   whose);
}

/* Prints what is there; true: its last line has come. */
static bool print_console(struct xencons_interface *ring)
{
	static const char end[] = "a store\n";
	static unsigned int matched;
	XENCONS_RING_IDX consumed = ring->out_cons;

	while (consumed != __atomic_load_n(&ring->out_prod, __ATOMIC_ACQUIRE)) {
		char c = ring->out[MASK_XENCONS_IDX(consumed++, ring->out)];

		pv_printf("%c", c);
		matched = c == end[matched] ? matched + 1 : 0;
	}
	__atomic_store_n(&ring->out_cons, consumed, __ATOMIC_RELEASE);
	return matched == sizeof(end) - 1;
}

static void check_info(domid_t tenant)
{
	static struct xen_domctl domctl;

	domctl.cmd = XEN_DOMCTL_getdomaininfo;
	domctl.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	domctl.domain = tenant;
	is(PV_CALL1(domctl, &domctl), 0, "toolstacks see it");
	is(domctl.domain, tenant, "by its number");
	is(domctl.u.getdomaininfo.tot_pages, pv_option_number(guest.start, "pages=", 0),
	   "with its pages");
	is(domctl.u.getdomaininfo.handle[0], 0x0b, "and its UUID");
}

static void read_console(domid_t tenant)
{
	struct xencons_interface *ring = (struct xencons_interface *)console_page;
	long port = pv_event_bind_interdomain(tenant, CONSOLE_PORT);

	ok(port > 0, "its console is connected");
	ok(pv_event_bind_interdomain(tenant, STORE_PORT) > 0, "and its store");
	pv_printf("# its console: ");
	while (!print_console(ring)) {
		evtchn_port_t wanted = (evtchn_port_t)port;
		struct sched_poll poll = {.ports = {&wanted}, .nr_ports = 1};

		pv_event_clear(wanted);
		if (ring->out_cons == __atomic_load_n(&ring->out_prod, __ATOMIC_ACQUIRE)) {
			pv_sched_op(SCHEDOP_poll, &poll);
		}
	}
}

static void guest_main(void)
{
	domid_t tenant = (domid_t)pv_option_number(guest.start, "tenant=", 0);

	ok(guest.start->flags & SIF_PRIVILEGED, "it has rights over others");
	ok(guest.start->flags & SIF_INITDOMAIN, "and the hardware");
	is(guest.start->store_mfn, 0, "its own store it has to make");
	if (tenant) {
		check_info(tenant);
		check_port(tenant, STORE_PORT, "store");
		check_port(tenant, CONSOLE_PORT, "console");
		check_page(tenant, GNTTAB_RESERVED_XENSTORE, store_page, "store");
		check_page(tenant, GNTTAB_RESERVED_CONSOLE, console_page, "console");
		read_console(tenant);
	}
}
