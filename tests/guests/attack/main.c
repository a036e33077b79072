/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an unprivileged domain may not do: every privileged hypercall, and everything that names
 * another domain or its frames. A second one is the victim, and lives on.
 * run: mem=256 timeout=300 keys=m
 * run: shows="audit of all frames: 0 faults"
 */
#include "child.h"
#include <pv/grant.h>
#include <xen/sysctl.h>

enum role { ROLE_ATTACKER, ROLE_VICTIM };

static struct child attacker, victim;
static page_t window, grant_page;

/* In a child: what is wrong is told by its line. The victim's number and one of its frames come in
 * the letter. */
static struct child_letter *mine;
static domid_t other;
static unsigned long other_mfn;

#define refused(call)                            \
	do {                                     \
		if ((call) >= 0) {               \
			mine->failed = __LINE__; \
		}                                \
		mine->state++;                   \
	} while (0)

static long read_what_is_there(void)
{
	TRY("mov (%0), %%rax", : : "r"(window) : "rax", "memory");
	return caught(PV_VECTOR_PF) ? -1 : 0;
}

/* --- Privileged calls ------------------------------------------------------------------------ */

static void try_domctls(domid_t domain)
{
	static struct xen_domctl op;

	for (uint32_t cmd = 1; cmd < 100; cmd++) {
		memset(&op, 0, sizeof(op));
		refused(pv_domctl(cmd, domain, &op));
	}
	refused(pv_domain_create(1, 1023));
}

static void try_sysctls(void)
{
	static struct xen_sysctl op;

	for (uint32_t cmd = 1; cmd < 40; cmd++) {
		memset(&op, 0, sizeof(op));
		op.cmd = cmd;
		op.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
		refused(PV_CALL1(sysctl, &op));
	}
}

static void try_platform(void)
{
	static struct xen_platform_op op;

	for (uint32_t cmd = 1; cmd < 70; cmd++) {
		memset(&op, 0, sizeof(op));
		op.cmd = cmd;
		refused(pv_platform_op(&op));
	}
	refused(pv_console_io(CONSOLEIO_read, 16, window));
}

/* Those that act on devices; others are for any guest. */
static void try_physdev(void)
{
	static const unsigned int ops[] = {
		PHYSDEVOP_apic_read,	      PHYSDEVOP_apic_write,
		PHYSDEVOP_alloc_irq_vector,   PHYSDEVOP_map_pirq,
		PHYSDEVOP_manage_pci_add,     PHYSDEVOP_manage_pci_remove,
		PHYSDEVOP_restore_msi,	      PHYSDEVOP_setup_gsi,
		PHYSDEVOP_pci_mmcfg_reserved, PHYSDEVOP_pci_device_add,
		PHYSDEVOP_pci_device_remove,  PHYSDEVOP_prepare_msix,
		PHYSDEVOP_release_msix,	      PHYSDEVOP_dbgp_op};
	static uint64_t argument[32];

	for (unsigned int i = 0; i < ARRAY_SIZE(ops); i++) {
		memset(argument, 0, sizeof(argument));
		refused(pv_physdev_op(ops[i], argument));
	}
}

static void try_scheduling(void)
{
	struct sched_remote_shutdown remote = {.domain_id = other};
	struct sched_pin_override pin = {.pcpu = 0};

	refused(pv_sched_op(SCHEDOP_remote_shutdown, &remote));
	remote.domain_id = 0;
	refused(pv_sched_op(SCHEDOP_remote_shutdown, &remote));
	refused(pv_sched_op(SCHEDOP_pin_override, &pin));
}

/* --- Other domains' frames ------------------------------------------------------------------- */

static long update(uint64_t place, uint64_t value, uint64_t foreigndom)
{
	struct mmu_update request = {.ptr = place, .val = value};

	return PV_CALL4(mmu_update, &request, 1, 0, foreigndom);
}

static void try_mapping(domid_t domain, unsigned long mfn)
{
	uint64_t slot = pv_virt_to_machine(pv_entry((unsigned long)window, 1));

	refused(pv_map_foreign(window, domain, mfn, PTE_KERNEL_RO));
	refused(pv_map_foreign(window, DOMID_SELF, mfn, PTE_KERNEL_RO));
	refused(pv_map_foreign(window, DOMID_IO, mfn, PTE_KERNEL_RO));
	refused(pv_map_foreign(window, DOMID_XEN, mfn, PTE_KERNEL_RO));
	refused(update(slot, PTE(mfn, PTE_KERNEL_RO), domain));
	refused(update(slot, PTE(mfn, PTE_KERNEL_RO), DOMID_SELF));
	refused(update(slot, PTE(mfn, PTE_KERNEL_RW), DOMID_IO));
	refused(update(slot, PTE(mfn, PTE_KERNEL_RW), DOMID_SELF | (domain + 1UL) << 16));
	refused(update(mfn << PV_PAGE_SHIFT, 0, DOMID_SELF));
	refused(update(mfn << PV_PAGE_SHIFT, 0, domain));
	refused(update(mfn << PV_PAGE_SHIFT | MMU_MACHPHYS_UPDATE, 1, DOMID_SELF));
	refused(update(mfn << PV_PAGE_SHIFT | MMU_MACHPHYS_UPDATE, 1, domain));
	refused(pv_update_descriptor(mfn << PV_PAGE_SHIFT, 0));
	refused(pv_set_gdt(&mfn, 512));
}

static void try_extended_ops(domid_t domain, unsigned long mfn)
{
	static const unsigned int ops[] = {
		MMUEXT_PIN_L1_TABLE, MMUEXT_PIN_L2_TABLE, MMUEXT_PIN_L3_TABLE, MMUEXT_PIN_L4_TABLE,
		MMUEXT_UNPIN_TABLE,  MMUEXT_NEW_BASEPTR,  MMUEXT_CLEAR_PAGE,   MMUEXT_COPY_PAGE};

	for (unsigned int i = 0; i < ARRAY_SIZE(ops); i++) {
		refused(pv_mmuext(ops[i], mfn));
		refused(pv_domain_mmuext(domain, ops[i], mfn));
	}
	refused(pv_mmuext(MMUEXT_NEW_USER_BASEPTR, mfn));
}

static void try_memory(domid_t domain, unsigned long mfn)
{
	struct xen_memory_reservation r = {
		.extent_start = {&mfn}, .nr_extents = 1, .domid = domain};
	struct xen_memory_domain which = {.domid = domain};
	struct xen_foreign_memory_map map = {.domid = domain};

	/* These say how many they did. */
	refused(pv_memory_op(XENMEM_populate_physmap, &r) - 1);
	refused(pv_memory_op(XENMEM_decrease_reservation, &r) - 1);
	r.domid = DOMID_SELF;
	refused(pv_memory_op(XENMEM_decrease_reservation, &r) - 1);
	refused(pv_memory_op(XENMEM_current_reservation, &which));
	refused(pv_memory_op(XENMEM_maximum_reservation, &which));
	refused(pv_memory_op(XENMEM_maximum_gpfn, &which));
	refused(pv_memory_op(XENMEM_set_memory_map, &map));
	refused(pv_memory_op(XENMEM_machine_memory_map, &map));
	refused(pv_memory_op(XENMEM_claim_pages, &r));
}

/* --- Other domains' events and grants -------------------------------------------------------- */

static long map_grant(domid_t domain, grant_ref_t ref)
{
	struct gnttab_map_grant_ref map = {.host_addr = (unsigned long)window,
					   .flags = GNTMAP_host_map,
					   .ref = ref,
					   .dom = domain};
	long rc = pv_grant_table_op(GNTTABOP_map_grant_ref, &map, 1);

	return rc ? rc : map.status;
}

static void try_events_and_grants(domid_t domain)
{
	struct evtchn_status status = {.dom = domain, .port = 1};
	struct evtchn_reset reset = {.dom = domain};
	xen_pfn_t frame;
	struct gnttab_setup_table setup = {
		.dom = domain, .nr_frames = 1, .frame_list = {&frame}, .status = 0};
	struct gnttab_query_size size = {.dom = domain};

	refused(pv_event_alloc_unbound(domain, DOMID_SELF));
	for (evtchn_port_t port = 0; port < 64; port++) {
		refused(pv_event_bind_interdomain(domain, port));
	}
	refused(pv_event_channel_op(EVTCHNOP_status, &status));
	refused(pv_event_channel_op(EVTCHNOP_reset, &reset));
	refused(pv_grant_table_op(GNTTABOP_setup_table, &setup, 1) ? -1 : setup.status);
	refused(pv_grant_table_op(GNTTABOP_query_size, &size, 1) ? -1 : size.status);
	for (grant_ref_t ref = 0; ref < 64; ref++) {
		refused(map_grant(domain, ref));
	}
	refused(map_grant(domain, 0xffffffff));
}

static void attack(domid_t domain, unsigned long mfn)
{
	try_domctls(domain);
	try_mapping(domain, mfn);
	try_extended_ops(domain, mfn);
	try_memory(domain, mfn);
	try_events_and_grants(domain);
}

static void child_main(struct child_letter *letter)
{
	mine = letter;
	if (letter->role == ROLE_VICTIM) {
		letter->state = 1;
		for (;;) {
			letter->argument++;
			pv_sched_op(SCHEDOP_yield, NULL);
		}
	}
	for (unsigned int vector = 0; vector < PV_VECTORS; vector++) {
		pv_handlers[vector] = guest_trapped;
	}
	other_mfn = letter->argument >> 16;
	other = (domid_t)letter->argument;
	pv_remap(window, 0);
	letter->state = 1;
	try_sysctls();
	try_platform();
	try_physdev();
	try_scheduling();
	attack(other, other_mfn);
	attack(0, other_mfn);
	attack(0x1234, other_mfn);
	attack(DOMID_INVALID, 0xffffffffff);
	refused(read_what_is_there());
	letter->argument = 1;
}

static void check_attack(void)
{
	struct child_letter *letter;
	unsigned int rounds = 0;

	is(child_build(&victim, ROLE_VICTIM), 0, "a victim is built");
	is(child_run(&victim), 0, "and runs");
	is(child_build(&attacker, ROLE_ATTACKER), 0, "an attacker is built");
	letter = child_read_letter(&attacker);
	letter->argument = victim.mfn[pv_virt_to_pfn(window)] << 16 | victim.id;
	is(child_run(&attacker), 0, "and runs");
	while (letter->argument != 1 && child_wait(&rounds)) {
	}
	is(letter->argument, 1, "it has come to its end");
	is(letter->failed, 0, "all it tried was refused");
	ok(letter->state > 700, "%lu attempts", letter->state);
	child_forget_letter();
	is(child_destroy(&attacker), 0, "it is destroyed");
}

static void check_victim(void)
{
	struct child_letter *letter = child_read_letter(&victim);
	unsigned long before = letter->argument;
	unsigned int rounds = 0;

	while (letter->argument == before && child_wait(&rounds)) {
	}
	ok(letter->argument != before, "the victim still runs");
	child_forget_letter();
	is(child_destroy(&victim), 0, "and is destroyed");
}

static void guest_main(void)
{
	pv_grants_start(grant_page);
	check_attack();
	press_keys();
	check_victim();
}
