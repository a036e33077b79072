/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a toolstack does with a domain: its frames, its tables and its registers, from outside.
 * run: mem=256 timeout=300
 */
#include "child.h"
#include <pv/grant.h>
#include <xen/sysctl.h>

enum role { ROLE_STAY, ROLE_SHUT_DOWN, ROLE_LOOK };

static struct child child;
static page_t view, spare, grant_table;

/* --- In the child ---------------------------------------------------------------------------- */

/* Each is refused one that has no privilege, whether there is such an operation or not. */
static bool may_control(void)
{
	bool allowed = false;

	for (unsigned int command = 0; command < 128; command++) {
		struct xen_domctl op = {0};
		struct xen_sysctl machine = {.cmd = command,
					     .interface_version = XEN_SYSCTL_INTERFACE_VERSION};

		allowed |= pv_domctl(command, DOMID_SELF, &op) >= 0;
		allowed |= PV_CALL1(sysctl, &machine) >= 0;
	}
	return allowed;
}

/* Looks at what it is told of itself; the parent compares. */
static void look(struct child_letter *letter)
{
	uint32_t nsec;
	xen_domain_handle_t handle = {0};

	letter->argument = pv_wall_clock(&nsec);
	pv_xen_version(XENVER_guest_handle, handle);
	letter->failed = handle[0] == 0xab ? 0 : __LINE__;
	if (may_control()) {
		letter->failed = __LINE__;
	}
	letter->state = 2;
}

static void child_main(struct child_letter *letter)
{
	letter->state = 1;
	switch (letter->role) {
	case ROLE_SHUT_DOWN:
		for (;;) {
			struct sched_shutdown shutdown = {.reason = SHUTDOWN_suspend};

			pv_sched_op(SCHEDOP_shutdown, &shutdown);
			letter->state++;
		}
	case ROLE_LOOK:
		look(letter);
		break;
	default:
		break;
	}
	for (;;) {
		pv_sched_op(SCHEDOP_block, NULL);
	}
}

/* --- Frames ---------------------------------------------------------------------------------- */

static void check_frame_types(void)
{
	unsigned long list[8], tables = child_table_pfn();
	struct xen_domctl op = {.u.getpageframeinfo3 = {.num = ARRAY_SIZE(list), .array = {list}}};

	for (unsigned int i = 0; i < CHILD_TABLES; i++) {
		list[i] = child.mfn[tables + i];
	}
	list[5] = child.mfn[0];
	list[6] = pv_virt_to_mfn(view);
	list[7] = 0xffffffffff;
	is(pv_domctl(XEN_DOMCTL_getpageframeinfo3, child.id, &op), 0, "frames are told of");
	is(list[0], XEN_DOMCTL_PFINFO_L4TAB | XEN_DOMCTL_PFINFO_LPINTAB, "the root, pinned");
	is(list[1], XEN_DOMCTL_PFINFO_L3TAB, "the L3 table");
	is(list[2], XEN_DOMCTL_PFINFO_L2TAB, "the L2 table");
	is(list[3], XEN_DOMCTL_PFINFO_L1TAB, "an L1 table");
	is(list[5], XEN_DOMCTL_PFINFO_NOTAB, "a page that is none");
	is(list[6], XEN_DOMCTL_PFINFO_XTAB, "one of another domain");
	is(list[7], XEN_DOMCTL_PFINFO_XTAB, "one that is not there");
	op.u.getpageframeinfo3.num = 1025;
	is(pv_domctl(XEN_DOMCTL_getpageframeinfo3, child.id, &op), -XEN_E2BIG, "not too many");
	op.u.getpageframeinfo3.num = 1;
	op.u.getpageframeinfo3.array.p = (void *)0x7f00000000;
	is(pv_domctl(XEN_DOMCTL_getpageframeinfo3, child.id, &op), -XEN_EFAULT,
	   "nor where nothing is");
}

static long map_by_update(const volatile void *at, uint64_t entry, domid_t owner)
{
	struct mmu_update update = {.ptr = pv_virt_to_machine(pv_entry((unsigned long)at, 1)) |
					   MMU_PT_UPDATE_NO_TRANSLATE,
				    .val = entry};
	long rc = pv_mmu_update(&update, 1, NULL, owner);

	pv_mmuext(MMUEXT_INVLPG_LOCAL, (unsigned long)at);
	return rc;
}

static void check_mapping(void)
{
	unsigned long page = child.mfn[pv_virt_to_pfn(spare)],
		      l1 = child.mfn[child_table_pfn() + 3];
	struct xen_domctl_getdomaininfo info;

	is(map_by_update(view, PTE(page, PTE_KERNEL_RW), child.id), 0, "a page of it is mapped");
	*(volatile uint64_t *)view = 0x1234;
	is(map_by_update(view, PTE(l1, PTE_KERNEL_RO), child.id), 0, "a table, read-only");
	ok(((volatile uint64_t *)view)[256] & PTE_P, "shows");
	ok(map_by_update(view, PTE(l1, PTE_KERNEL_RW), child.id) < 0, "but not writable");
	ok(map_by_update(view, PTE(page, PTE_KERNEL_RW), DOMID_SELF) < 0, "nor as if it were ours");
	ok(map_by_update(view, PTE(pv_virt_to_mfn(spare), PTE_KERNEL_RW), child.id) < 0,
	   "nor ours as if it were its");
	is(map_by_update(view, PTE(page, PTE_KERNEL_RW), 0x1234), -XEN_ESRCH,
	   "nor of a domain that is not there");
	pv_domain_info(child.id, &info);
	is(map_by_update(view, PTE(info.shared_info_frame, PTE_KERNEL_RW), child.id), 0,
	   "its shared_info is mapped");
	ok(((volatile struct shared_info *)view)->vcpu_info[0].time.tsc_to_system_mul != 0 ||
		   ((volatile struct shared_info *)view)->wc_version,
	   "and has its clock");
	is(pv_unmap_foreign(view), 0, "and unmapped");
	is(pv_map_foreign(view, 0x1234, page, PTE_KERNEL_RW), -XEN_ESRCH, "by address, of nobody");
	is(pv_map_foreign(view, child.id, page, PTE_KERNEL_RW), 0, "and of the child");
	is(*(volatile uint64_t *)view, 0x1234, "it is as it was");
	pv_unmap_foreign(view);
}

static void check_m2p(void)
{
	unsigned long pfn = pv_virt_to_pfn(spare), mfn = child.mfn[pfn];
	struct mmu_update update = {.ptr = mfn << PV_PAGE_SHIFT | MMU_MACHPHYS_UPDATE, .val = 77};

	is(machine_to_phys_mapping[mfn], (long)pfn, "a frame has the number it was asked for with");
	is(pv_mmu_update(&update, 1, NULL, child.id), 0, "another number for it");
	is(machine_to_phys_mapping[mfn], 77, "is there");
	ok(pv_mmu_update(&update, 1, NULL, DOMID_SELF) < 0, "but not as if it were ours");
	update.val = pfn;
	pv_mmu_update(&update, 1, NULL, child.id);
}

static void check_extended_ops(void)
{
	unsigned long l4 = child.mfn[child_table_pfn()], page = child.mfn[pv_virt_to_pfn(spare)];

	is(pv_domain_mmuext(child.id, MMUEXT_UNPIN_TABLE, l4), 0, "its root is unpinned");
	ok(pv_domain_mmuext(child.id, MMUEXT_UNPIN_TABLE, l4) < 0, "once");
	is(pv_domain_mmuext(child.id, MMUEXT_PIN_L4_TABLE, l4), 0, "and pinned");
	ok(pv_domain_mmuext(child.id, MMUEXT_PIN_L4_TABLE, l4) < 0, "once");
	ok(pv_domain_mmuext(child.id, MMUEXT_PIN_L1_TABLE, page) < 0,
	   "what it maps writable is no table");
	ok(pv_domain_mmuext(child.id, MMUEXT_PIN_L1_TABLE, pv_virt_to_mfn(spare)) < 0,
	   "ours is no table of its");
	ok(pv_domain_mmuext(child.id, MMUEXT_NEW_BASEPTR, l4) < 0, "its root is not for us to use");
	ok(pv_domain_mmuext(child.id, MMUEXT_CLEAR_PAGE, l4) < 0, "a table is not cleared");
	is(pv_domain_mmuext(child.id, MMUEXT_CLEAR_PAGE, page), 0, "a page is");
	pv_map_foreign(view, child.id, page, PTE_KERNEL_RO);
	is(*(volatile uint64_t *)view, 0, "and empty then");
	pv_unmap_foreign(view);
}

/* --- Memory ---------------------------------------------------------------------------------- */

static long change(unsigned int command, unsigned long *list, unsigned long count)
{
	struct xen_memory_reservation r = {
		.extent_start = {list}, .nr_extents = count, .domid = child.id};

	return pv_memory_op(command, &r);
}

static long figure(unsigned int command)
{
	struct xen_memory_domain which = {.domid = child.id};

	return pv_memory_op(command, &which);
}

static void check_memory(void)
{
	struct xen_domctl_getdomaininfo info;
	unsigned long list[2] = {CHILD_PAGES - 1, 5}, last = child.mfn[CHILD_PAGES - 1];
	struct xen_memory_reservation claim = {.nr_extents = CHILD_PAGES + 100, .domid = child.id};

	is(figure(XENMEM_current_reservation), CHILD_PAGES, "what it has");
	is(figure(XENMEM_maximum_reservation), CHILD_PAGES, "and may have");
	is(change(XENMEM_populate_physmap, list, 1), 0, "there is no more");
	is(pv_domain_set_memory(child.id, (CHILD_PAGES + 2) * 4), 0, "unless it may have it");
	list[0] = CHILD_PAGES;
	is(change(XENMEM_populate_physmap, list, 1), 1, "then there is");
	is(machine_to_phys_mapping[list[0]], CHILD_PAGES, "with its number");
	is(change(XENMEM_decrease_reservation, list, 1), 1, "it is taken away");
	is(change(XENMEM_decrease_reservation, list, 1), 0, "once");
	list[0] = pv_virt_to_mfn(spare);
	is(change(XENMEM_decrease_reservation, list, 1), 0, "ours are not its");
	list[0] = last;
	is(figure(XENMEM_current_reservation), CHILD_PAGES, "all is as before");
	ok(pv_memory_op(XENMEM_claim_pages, &claim) < 0, "more than that is not set aside for it");
	is(pv_domain_set_memory(child.id, (CHILD_PAGES + 200) * 4), 0, "it may have yet more");
	is(pv_memory_op(XENMEM_claim_pages, &claim), 0, "then it is");
	pv_domain_info(child.id, &info);
	is(info.outstanding_pages, 100, "as much as it has not yet");
	claim.nr_extents = 0;
	is(pv_memory_op(XENMEM_claim_pages, &claim), 0, "and no more");
	pv_domain_info(child.id, &info);
	is(info.outstanding_pages, 0, "none is");
	is(pv_domain_set_memory(child.id, CHILD_PAGES * 4), 0, "its limit comes back");
}

static void check_map(void)
{
	struct __attribute__((packed)) {
		uint64_t start, size;
		uint32_t type;
	} entry = {0, CHILD_PAGES << PV_PAGE_SHIFT, 1};
	struct xen_foreign_memory_map map = {.domid = child.id,
					     .map = {.nr_entries = 1, .buffer = {&entry}}};

	is(pv_memory_op(XENMEM_set_memory_map, &map), 0, "it gets a memory map");
	map.map.nr_entries = 100000;
	is(pv_memory_op(XENMEM_set_memory_map, &map), -XEN_EINVAL, "not too long a one");
	map.domid = 0x1234;
	map.map.nr_entries = 1;
	is(pv_memory_op(XENMEM_set_memory_map, &map), -XEN_ESRCH, "nor one for nobody");
}

/* --- Events and grants for it ---------------------------------------------------------------- */

static void check_event_channels(void)
{
	long port = pv_event_alloc_unbound(child.id, DOMID_SELF), ours;
	struct evtchn_status status = {.dom = child.id};

	ok(port > 0, "it gets a port for us");
	status.port = (evtchn_port_t)port;
	is(pv_event_channel_op(EVTCHNOP_status, &status), 0, "which is told of");
	is(status.status, EVTCHNSTAT_unbound, "as unbound");
	ours = pv_event_bind_interdomain(child.id, (evtchn_port_t)port);
	ok(ours > 0, "we bind it");
	is(pv_event_channel_op(EVTCHNOP_status, &status), 0, "it is told of");
	is(status.status, EVTCHNSTAT_interdomain, "as bound");
	is(pv_event_send((evtchn_port_t)ours), 0, "an event is sent");
	is(pv_event_close((evtchn_port_t)ours), 0, "and the port closed");
	is(pv_event_alloc_unbound(0x1234, DOMID_SELF), -XEN_ESRCH, "nobody's port");
}

static void check_grant_table(void)
{
	xen_pfn_t frame = 0;
	struct gnttab_setup_table setup = {.dom = child.id, .nr_frames = 1, .frame_list = {&frame}};

	is(pv_grant_table_op(GNTTABOP_setup_table, &setup, 1), 0, "its grant table");
	is(setup.status, GNTST_okay, "is set up");
	is(pv_map_foreign(grant_table, child.id, frame, PTE_KERNEL_RW), 0, "and mapped");
	((volatile struct grant_entry_v1 *)grant_table)[1].domid = 0;
	is(pv_unmap_foreign(grant_table), 0, "and unmapped");
	setup.dom = 0x1234;
	is(pv_grant_table_op(GNTTABOP_setup_table, &setup, 1), 0, "nobody's");
	ok(setup.status < 0, "is not");
}

/* --- Registers ------------------------------------------------------------------------------- */

static struct vcpu_guest_context context, copy;

static long try_context(void)
{
	return pv_set_context(child.id, 0, &copy);
}

static void check_context(void)
{
	is(pv_get_context(child.id, 0, &context), 0, "its state is told");
	is(context.user_regs.rip, (long)child_begin, "where it begins");
	is(context.ctrlreg[3] >> PV_PAGE_SHIFT, (long)child.mfn[child_table_pfn()],
	   "by which root");
	ok(context.flags & VGCF_online && context.flags & VGCF_in_kernel, "in its kernel, up");
	copy = context;
	is(try_context(), 0, "the same is taken back");
	copy.ctrlreg[3] = pv_virt_to_mfn(pv_root) << PV_PAGE_SHIFT;
	ok(try_context() < 0, "no root of another's");
	copy.ctrlreg[3] = child.mfn[child_table_pfn() + 1] << PV_PAGE_SHIFT;
	ok(try_context() < 0, "nor one that is an L3");
	copy = context;
	copy.gdt_ents = 512;
	copy.gdt_frames[0] = child.mfn[child_table_pfn()];
	ok(try_context() < 0, "no table as a GDT");
	copy.gdt_frames[0] = pv_virt_to_mfn(spare);
	ok(try_context() < 0, "nor another's page");
	copy.gdt_ents = 8192;
	ok(try_context() < 0, "nor too long a one");
	copy = context;
	copy.user_regs.rflags |= 0x23000; /* IOPL 3, VM */
	copy.user_regs.cs = 0xe008;
	is(try_context(), 0, "privileges are taken away");
	is(pv_get_context(child.id, 0, &copy), 0, "so that its state");
	is(copy.user_regs.cs & 3, 3, "is that of a guest");
	ok(!on_parvus() || !(copy.user_regs.rflags & 0x20000), "in every respect");
	is(pv_set_context(child.id, 0, &context), 0, "and what it was");
	is(pv_set_context(child.id, 9, &context), -XEN_EINVAL, "no such vCPU");
	is(pv_set_context(0, 0, &context), -XEN_EINVAL, "nor our own");
	is(pv_set_context(DOMID_SELF, 0, &context), -XEN_ESRCH, "by whatever name");
}

static void check_more_state(void)
{
	static uint64_t area[1024];
	struct xen_domctl op = {.u.vcpuextstate = {.vcpu = 0}}, more = {0};
	uint64_t size;

	is(pv_domctl(XEN_DOMCTL_getvcpuextstate, child.id, &op), 0, "its FPU's state has a size");
	size = op.u.vcpuextstate.size;
	if (size == 0) {
		skip("the FPU's state is told and taken back", "the processor has no XSAVE");
	} else if (ok(size >= 592 && size <= sizeof(area), "%lu bytes", size)) {
		op.u.vcpuextstate.buffer.p = area;
		is(pv_domctl(XEN_DOMCTL_getvcpuextstate, child.id, &op), 0, "it is told");
		op.u.vcpuextstate.size = size;
		ok(!on_parvus() || pv_domctl(XEN_DOMCTL_setvcpuextstate, child.id, &op) == 0,
		   "and taken back");
		area[0] = 0;
		ok(pv_domctl(XEN_DOMCTL_setvcpuextstate, child.id, &op) < 0, "without x87 not");
	}
	is(pv_domctl(XEN_DOMCTL_get_ext_vcpucontext, child.id, &more), 0, "its other callbacks");
	is(pv_domctl(XEN_DOMCTL_set_ext_vcpucontext, child.id, &more), 0, "are taken back");
	more.u.ext_vcpucontext.sysenter_callback_eip = 0x800000000000;
	ok(pv_domctl(XEN_DOMCTL_set_ext_vcpucontext, child.id, &more) < 0,
	   "but no address that is none");
	op = (struct xen_domctl){.u.vcpu_msrs = {.vcpu = 0}};
	is(pv_domctl(XEN_DOMCTL_get_vcpu_msrs, child.id, &op), 0, "its MSRs are counted");
	ok(op.u.vcpu_msrs.msr_count >= 1, "there is one at least");
}

static void check_settings(void)
{
	struct xen_domctl op = {.u.address_size.size = 64};

	is(pv_domctl(XEN_DOMCTL_get_address_size, child.id, &op), 0, "its addresses");
	is(op.u.address_size.size, 64, "have 64 bits");
	op = (struct xen_domctl){.u.tsc_info = {.tsc_mode = 2}};
	is(pv_domctl(XEN_DOMCTL_settscinfo, child.id, &op), 0, "its TSC is the machine's");
	is(pv_domctl(XEN_DOMCTL_gettscinfo, child.id, &op), 0, "which is told");
	is(op.u.tsc_info.tsc_mode, 2, "again");
	op = (struct xen_domctl){.u.settimeoffset = {.time_offset_seconds = 86400}};
	is(pv_domctl(XEN_DOMCTL_settimeoffset, child.id, &op), 0, "its clock is a day ahead");
	op = (struct xen_domctl){.u.setdomainhandle = {.handle = {0xab, 0xcd}}};
	is(pv_domctl(XEN_DOMCTL_setdomainhandle, child.id, &op), 0, "it gets a handle");
	op = (struct xen_domctl){
		.u.ioport_permission = {.first_port = 0x300, .nr_ports = 8, .allow_access = 1}};
	is(pv_domctl(XEN_DOMCTL_ioport_permission, child.id, &op), 0, "ports");
	op.u.ioport_permission.allow_access = 0;
	is(pv_domctl(XEN_DOMCTL_ioport_permission, child.id, &op), 0, "and not");
	op.u.ioport_permission.first_port = 0xfffc;
	is(pv_domctl(XEN_DOMCTL_ioport_permission, child.id, &op), -XEN_EINVAL,
	   "not beyond the last");
	op = (struct xen_domctl){
		.u.iomem_permission = {.first_mfn = 0xfd000, .nr_mfns = 16, .allow_access = 1}};
	is(pv_domctl(XEN_DOMCTL_iomem_permission, child.id, &op), 0, "device memory");
	op.u.iomem_permission.allow_access = 0;
	is(pv_domctl(XEN_DOMCTL_iomem_permission, child.id, &op), 0, "and not");
	op.u.iomem_permission.nr_mfns = ~0UL;
	is(pv_domctl(XEN_DOMCTL_iomem_permission, child.id, &op), -XEN_EINVAL, "not all and more");
	op = (struct xen_domctl){.u.hypercall_init.gmfn = child.mfn[pv_virt_to_pfn(spare)]};
	is(pv_domctl(XEN_DOMCTL_hypercall_init, child.id, &op), 0, "a hypercall page");
	pv_map_foreign(view, child.id, op.u.hypercall_init.gmfn, PTE_KERNEL_RO);
	ok(view[0] != 0 && view[32] != 0, "is filled");
	pv_unmap_foreign(view);
	op.u.hypercall_init.gmfn = child.mfn[child_table_pfn()];
	is(pv_domctl(XEN_DOMCTL_hypercall_init, child.id, &op), -XEN_EPERM, "not a table");
}

static long log_dirty(uint32_t what)
{
	struct xen_domctl op = {.u.shadow_op = {.op = what}};

	return pv_domctl(XEN_DOMCTL_shadow_op, child.id, &op);
}

static void check_what_is_not_there(void)
{
	struct xen_domctl op = {0};

	is(log_dirty(XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY), -XEN_EOPNOTSUPP,
	   "what it writes is not logged");
	is(log_dirty(XEN_DOMCTL_SHADOW_OP_OFF), -XEN_EINVAL, "which therefore cannot end");
	ok(!on_parvus() || log_dirty(XEN_DOMCTL_SHADOW_OP_CLEAN) == -XEN_EINVAL,
	   "nor be looked at");
	is(log_dirty(XEN_DOMCTL_SHADOW_OP_GET_ALLOCATION), -XEN_EINVAL, "there are no shadows");
	is(pv_domctl(XEN_DOMCTL_get_paging_mempool_size, child.id, &op), -XEN_EOPNOTSUPP,
	   "and no memory for them");
	is(pv_domctl(XEN_DOMCTL_soft_reset, child.id, &op), -XEN_EINVAL, "it is not reset softly");
}

/* --- Watching -------------------------------------------------------------------------------- */

static evtchn_port_t virq_port;

static bool virq_came(void)
{
	struct sched_poll poll = {.ports = {&virq_port}, .nr_ports = 1};
	bool came;

	poll.timeout = pv_time() + 10000000000;
	pv_sched_op(SCHEDOP_poll, &poll);
	came = pv_event_pending(virq_port);
	pv_event_clear(virq_port);
	return came;
}

static uint32_t reason_of(const struct child *c)
{
	struct xen_domctl_getdomaininfo info;

	pv_domain_info(c->id, &info);
	return info.flags & XEN_DOMINF_shutdown
		       ? info.flags >> XEN_DOMINF_shutdownshift & XEN_DOMINF_shutdownmask
		       : 99;
}

static void check_watching(void)
{
	struct sched_remote_shutdown remote = {.reason = SHUTDOWN_reboot};
	struct xen_domctl op = {.u.set_virq_handler.virq = VIRQ_TIMER};
	struct child_letter *letter;
	long port = pv_event_bind_virq(VIRQ_DOM_EXC, 0);

	ok(port > 0, "VIRQ_DOM_EXC is ours");
	virq_port = (evtchn_port_t)port;
	is(child_build(&child, ROLE_SHUT_DOWN), 0, "a child");
	letter = child_read_letter(&child);
	is(child_run(&child), 0, "runs");
	ok(virq_came(), "and we are told");
	is(reason_of(&child), SHUTDOWN_suspend, "that it has suspended");
	is(letter->state, 1, "it does nothing");
	is(pv_domctl_plain(XEN_DOMCTL_resumedomain, child.id), 0, "it is resumed");
	ok(child_wait_state(letter, 2), "and goes on");
	ok(virq_came(), "until it suspends again");
	child_forget_letter();
	is(child_destroy(&child), 0, "it is destroyed");
	ok(virq_came(), "and we are told");
	is(child_build(&child, ROLE_STAY), 0, "another one");
	is(child_run(&child), 0, "runs");
	remote.domain_id = child.id;
	is(pv_sched_op(SCHEDOP_remote_shutdown, &remote), 0, "it is shut down from here");
	ok(child_wait_flags(&child, XEN_DOMINF_shutdown), "and has shut down");
	is(reason_of(&child), SHUTDOWN_reboot, "for the reason we gave");
	is(pv_domctl(XEN_DOMCTL_set_virq_handler, child.id, &op), -XEN_EINVAL,
	   "a vCPU's own VIRQ is nobody else's");
	op.u.set_virq_handler.virq = VIRQ_CON_RING;
	is(pv_domctl(XEN_DOMCTL_set_virq_handler, child.id, &op), 0, "a global one may be");
	is(child_destroy(&child), 0, "it is destroyed");
}

static void check_its_view(void)
{
	struct child_letter *letter;
	uint32_t nsec;

	is(child_destroy(&child), 0, "it has had enough");
	is(child_build(&child, ROLE_LOOK), 0, "another one");
	check_settings();
	check_what_is_not_there();
	letter = child_read_letter(&child);
	is(child_run(&child), 0, "it runs");
	ok(child_wait_state(letter, 2), "and looks");
	is(letter->failed, 0, "it has the handle, and no rights");
	ok(letter->argument - pv_wall_clock(&nsec) - 86400 + 5 < 10, "its clock is a day ahead");
	child_forget_letter();
	is(child_destroy(&child), 0, "it is destroyed");
}

static void guest_main(void)
{
	is(child_build(&child, ROLE_LOOK), 0, "a child is built");
	check_frame_types();
	check_mapping();
	check_m2p();
	check_extended_ops();
	check_memory();
	check_map();
	check_event_channels();
	check_grant_table();
	check_context();
	check_more_state();
	check_its_view();
	check_watching();
}
