/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The benchmark: one guest for Parvus and Debian's Xen, one line a row (targets.txt has the goals).
 * Rows run in this order; some leave behind what the next one needs.
 */
#include "bench.h"
#include "rows_event.h"
#include "rows_mmu.h"
#include "rows_trap.h"

static long null_call(unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		pv_xen_version(XENVER_version, NULL);
	}
	return 0;
}

static long multicalls(unsigned int n, unsigned int entries)
{
	static struct multicall_entry calls[32];

	for (unsigned int i = 0; i < entries; i++) {
		calls[i] = (struct multicall_entry){.op = __HYPERVISOR_xen_version,
						    .args = {XENVER_version}};
	}
	REPEAT(n, pv_multicall(calls, entries));
	return 0;
}

static long multicall_2(unsigned int n)
{
	return multicalls(n, 2);
}

static long multicall_32(unsigned int n)
{
	return multicalls(n, 32);
}

static const struct row rows[] = {
	{"null_hypercall", null_call, 10000, 1},
	{"multicall_2", multicall_2, 1000, 2},
	{"multicall_32", multicall_32, 1000, 32},
	{"uva_software_bit", uva_software_bit, 1000, 1},
	{"uva_rw_invlpg", uva_rw_invlpg, 1000, 1},
	{"uva_map_unmap", uva_map_unmap, 1000, 1},
	{"mmu_update_1", mmu_update_1, 1000, 1},
	{"mmu_update_128", mmu_update_128, 100, 128},
	{"mmu_update_128_map", mmu_update_128_map, 100, 128},
	{"machphys_update", machphys_update, 1000, 1},
	{"tlb_flush_local", flush_local, 1000, 1},
	{"tlb_flush_all", flush_all, 1000, 1},
	{"invlpg_local", invlpg_local, 1000, 1},
	{"pin_empty_l1", pin_empty, 20, 1},
	{"unpin_empty_l1", unpin_empty, 20, 1},
	{"pin_full_l1", pin_full, 20, 1},
	{"unpin_full_l1", unpin_full, 20, 1},
	{"pin_tree_2048", pin_tree, 20, 1},
	{"unpin_tree_2048", unpin_tree, 20, 1},
	{"new_baseptr_other", baseptr_other, 1000, 1},
	{"new_baseptr_same", baseptr_same, 1000, 1},
	{"direct_pt_write", direct_write, 1000, 1},
	{"page_fault", fault_pf, 1000, 1},
	{"undefined_instruction", fault_ud, 1000, 1},
	{"general_protection", fault_gp, 1000, 1},
	{"breakpoint", fault_bp, 1000, 1},
	{"cpuid_forced", cpuid_forced, 1000, 1},
	{"rdmsr_fs_base", rdmsr_fs, 1000, 1},
	{"wrmsr_fs_base", wrmsr_fs, 1000, 1},
	{"read_cr0", read_cr0, 1000, 1},
	{"clts", clts, 1000, 1},
	{"outb", out_byte, 1000, 1},
	{"set_segment_base", segment_base, 1000, 1},
	{"stack_switch", stack_switch, 1000, 1},
	{"fpu_taskswitch", fpu_taskswitch, 1000, 1},
	{"set_gdt", set_gdt, 1000, 1},
	{"update_descriptor", update_descriptor, 1000, 1},
	{"user_syscall", user_syscall, 5000, 1},
	{"user_page_fault", user_fault, 5000, 1},
	{"event_send_pending", send_pending, 1000, 1},
	{"event_send_masked", send_masked, 1000, 1},
	{"event_send_upcall", send_upcall, 1000, 1},
	{"event_unmask_idle", unmask_idle, 1000, 1},
	{"event_unmask_upcall", unmask_upcall, 1000, 1},
	{"event_alloc_close", alloc_close, 1000, 1},
	{"block_pending", block_pending, 1000, 1},
	{"sched_yield", yield, 1000, 1},
	{"set_timer_far", set_timer_far, 1000, 1},
	{"set_timer_stop", set_timer_stop, 1000, 1},
	{"singleshot_far", singleshot_far, 1000, 1},
	{"singleshot_stop", singleshot_stop, 1000, 1},
	{"timer_late_blocked_ns", timer_blocked, 50, 1},
	{"timer_late_spinning_ns", timer_spinning, 50, 1},
	{"grant_map", grant_map, 500, 1},
	{"grant_unmap", grant_unmap, 500, 1},
	{"grant_copy_1", grant_copy_1, 500, 1},
	{"grant_copy_16", grant_copy_16, 50, 16},
	{"balloon_decrease", balloon_out, 200, 1},
	{"balloon_populate", balloon_in, 200, 1},
};

static void guest_main(void)
{
	struct physdev_set_iopl iopl = {.iopl = 1};
	bool dear = memcmp(guest.start->cmd_line, "dear", 4) == 0;

	pv_vcpu_op(VCPUOP_stop_periodic_timer, 0, NULL);
	pv_physdev_op(PHYSDEVOP_set_iopl, &iopl);
	mmu_rows_start();
	user_start();
	event_rows_start();
	for (unsigned int i = 0; i < ARRAY_SIZE(rows); i++) {
		if (dear) {
			bench_dear(&rows[i]);
		} else {
			bench_row(&rows[i]);
		}
	}
	pv_printf("bench end\n");
}
