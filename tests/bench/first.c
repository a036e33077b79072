/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest that says what the TSC is at its first instruction and what memory nobody else has. */
#include <pv/console.h>
#include <pv/hypercall.h>
#include <pv/start.h>
#include <pv/time.h>
#include <xen/sysctl.h>

/* In kB: neither free nor its own. */
static uint64_t kept(const struct start_info *start)
{
	struct xen_sysctl op = {.cmd = XEN_SYSCTL_physinfo,
				.interface_version = XEN_SYSCTL_INTERFACE_VERSION};

	if (PV_CALL1(sysctl, &op)) {
		return 0;
	}
	return (op.u.physinfo.total_pages - op.u.physinfo.free_pages - start->nr_pages) * 4;
}

__attribute__((used)) static void first_main(struct start_info *start)
{
	uint64_t first = pv_tsc();

	pv_printf("boot first %lu\n", first);
	pv_printf("boot kept %lu\n", kept(start));
	pv_shutdown(SHUTDOWN_poweroff);
}

PV_START(first_main);
