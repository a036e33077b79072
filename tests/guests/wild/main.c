/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every hypercall with wild arguments: nothing may break the machine, and nothing this guest still
 * needs may change. What is not tried: calls that would rightly end this guest or its view of the
 * world (a new stack for traps and callbacks at random places, shutting down, new page tables).
 * run: mem=512 timeout=300
 */
#include "guest.h"

/* Arrays that go on too long end at the second page, which is read-only. */
static page_t arena[2];
#define spare	  arena[0]
#define read_only arena[1]

static uint64_t seed = 0x9e3779b97f4a7c15;

static uint64_t random(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

/* Of these the hypervisor would rightly write to the kernel, or unmap it. */
#define KERNEL_START 0x100000UL
#define KERNEL_END   0x400000UL

/* Arguments of the kinds that have gone wrong somewhere before. */
static unsigned long wild_value(void)
{
	switch (random() % 16) {
	case 0:
		return 0;
	case 1:
		return random() % 40;
	case 2:
		return ~0UL - random() % 16;
	case 3:
		return 0x7f00000000 + random() % 8192;
	case 4:
		return 1UL << 62;
	case 5:
		return MACH2PHYS_VIRT_START + random() % 65536;
	case 6:
		return HYPERVISOR_VIRT_END - random() % 65536;
	case 7:
		return 0xffff82d040000000 + random() % (1UL << 22);
	case 8:
		return 0xffff830000000000 + random() % (1UL << 29);
	case 9:
		return (unsigned long)spare + PAGE_SIZE - random() % 64;
	case 10:
		return (unsigned long)read_only + random() % PAGE_SIZE;
	case 11:
		return 0x7fffffffff000 + random() % PAGE_SIZE;
	case 12:
		return random();
	case 13:
		return 1UL << (random() % 64);
	default:
		return (unsigned long)spare + (random() & 0xff8);
	}
}

static unsigned long wild(void)
{
	unsigned long value;

	do {
		value = wild_value();
	} while (value >= KERNEL_START && value < KERNEL_END &&
		 value - (unsigned long)arena >= sizeof(arena));
	return value;
}

static void fill_spare(void)
{
	uint64_t *words = (uint64_t *)spare;

	for (unsigned int i = 0; i < PAGE_SIZE / 8; i++) {
		words[i] = wild();
	}
}

/* The hypervisor lives, and so does this guest's view of it. */
static void check_alive(const char *after)
{
	uint64_t *entry = pv_entry((unsigned long)spare, 1);

	ok(pv_xen_version(XENVER_version, NULL) == (4 << 16 | 17) && entry &&
		   PTE_MFN(*entry) == pv_virt_to_mfn(spare),
	   "alive after %s", after);
	pv_traps_start();
	pv_vcpu->evtchn_upcall_mask = 1;
}

struct victim {
	const char *name;
	unsigned int nr;
	uint64_t sub_ops; /* bitmap of first arguments to try; 0: any wild value */
};

#define OPS(...) (0 __VA_ARGS__)
#define B(n)	 | (1UL << (n))

/* mmu_update, memory_op and others get structures of garbage and harmless ones alike. */
static const struct victim victims[] = {
	{"mmu_update", __HYPERVISOR_mmu_update, 0},
	{"set_gdt", __HYPERVISOR_set_gdt, 0},
	{"get_debugreg", __HYPERVISOR_get_debugreg, 0},
	{"update_descriptor", __HYPERVISOR_update_descriptor, 0},
	{"update_va_mapping", __HYPERVISOR_update_va_mapping, 0},
	{"set_timer_op", __HYPERVISOR_set_timer_op, 0},
	{"xen_version", __HYPERVISOR_xen_version,
	 OPS(B(0) B(1) B(2) B(3) B(4) B(5) B(6) B(7) B(8) B(9) B(10) B(11) B(63))},
	{"update_va_mapping_otherdomain", __HYPERVISOR_update_va_mapping_otherdomain, 0},
	{"vm_assist", __HYPERVISOR_vm_assist, 0},
	{"set_segment_base", __HYPERVISOR_set_segment_base, 0},
	{"mmuext_op", __HYPERVISOR_mmuext_op, 0},
	{"event_channel_op", __HYPERVISOR_event_channel_op,
	 OPS(B(0) B(1) B(2) B(3) B(4) B(5) B(6) B(7) B(8) B(9) B(13) B(14) B(63))},
	{"event_channel_op_compat", __HYPERVISOR_event_channel_op_compat, 0},
	{"memory_op", __HYPERVISOR_memory_op,
	 OPS(B(2) B(3) B(4) B(5) B(7) B(8) B(9) B(10) B(12) B(13) B(14) B(15) B(16) B(17) B(23)
		     B(25) B(26) B(27) B(28) B(63))},
	{"vcpu_op", __HYPERVISOR_vcpu_op,
	 OPS(B(0) B(1) B(3) B(4) B(6) B(7) B(8) B(9) B(12) B(14) B(63))},
	{"sched_op", __HYPERVISOR_sched_op, OPS(B(0) B(7) B(8) B(63))},
	{"callback_op", __HYPERVISOR_callback_op, OPS(B(2) B(63))},
	{"physdev_op", __HYPERVISOR_physdev_op,
	 OPS(B(5) B(8) B(12) B(14) B(15) B(16) B(17) B(18) B(21) B(23) B(24) B(25) B(26) B(30) B(31)
		     B(63))},
	{"physdev_op_compat", __HYPERVISOR_physdev_op_compat, 0},
	{"grant_table_op", __HYPERVISOR_grant_table_op,
	 OPS(B(0) B(1) B(2) B(4) B(5) B(6) B(7) B(9) B(10) B(11) B(12) B(63))},
	{"nmi_op", __HYPERVISOR_nmi_op, OPS(B(1) B(2) B(63))},
	{"platform_op", __HYPERVISOR_platform_op, 0},
	{"sysctl", __HYPERVISOR_sysctl, 0},
	{"domctl", __HYPERVISOR_domctl, 0},
	{"hvm_op", __HYPERVISOR_hvm_op, 0},
	{"kexec_op", __HYPERVISOR_kexec_op, OPS(B(0) B(2) B(3) B(63))},
	{"xsm_op", __HYPERVISOR_xsm_op, 0},
	{"xenoprof_op", __HYPERVISOR_xenoprof_op, 0},
	{"tmem_op", __HYPERVISOR_tmem_op, 0},
	{"argo_op", __HYPERVISOR_argo_op, 0},
	{"dm_op", __HYPERVISOR_dm_op, 0},
	{"hypfs_op", __HYPERVISOR_hypfs_op, 0},
	{"arch_0", __HYPERVISOR_arch_0, 0},
	{"multicall", __HYPERVISOR_multicall, 0},
};

/* Debian's Xen dies of these two: a device without MSI-X is a null pointer there. */
#define KILLS_XEN ((1UL << PHYSDEVOP_prepare_msix) | (1UL << PHYSDEVOP_release_msix))

static unsigned long first_argument(const struct victim *victim)
{
	static int parvus = -1;
	unsigned int op;

	if (parvus < 0) {
		parvus = on_parvus();
	}
	if (!victim->sub_ops) {
		return wild();
	}
	do {
		op = random() % 64;
	} while (!(victim->sub_ops >> op & 1) ||
		 (victim->nr == __HYPERVISOR_physdev_op && !parvus && (KILLS_XEN >> op & 1)));
	return op == 63 ? wild() | 1UL << 31 : op;
}

/*
 * Structures of garbage would be taken for orders at some addresses: a multicall could name any
 * hypercall and a batch change any entry. So for those only the pointers are wild.
 */
static void attack(const struct victim *victim)
{
	for (unsigned int i = 0; i < 400; i++) {
		unsigned long a = first_argument(victim);

		fill_spare();
		if (victim->nr == __HYPERVISOR_multicall) {
			((struct multicall_entry *)spare)->op = 63;
			a = a - (unsigned long)spare < PAGE_SIZE ? (unsigned long)spare : a;
			pv_hypercall(victim->nr, a, random() % 2, wild(), wild(), wild());
			continue;
		}
		if ((victim->nr == __HYPERVISOR_update_va_mapping ||
		     victim->nr == __HYPERVISOR_update_va_mapping_otherdomain) &&
		    a < KERNEL_END) {
			continue; /* it may well unmap this kernel */
		}
		pv_hypercall(victim->nr, a, wild(), wild(), wild(), wild());
		pv_vcpu->evtchn_upcall_mask = 1;
	}
	check_alive(victim->name);
}

/* Remote shutdown, for domains that are not there. */
static void attack_shutdown(void)
{
	struct sched_remote_shutdown shutdown = {.reason = SHUTDOWN_poweroff};

	for (unsigned int i = 0; i < 400; i++) {
		shutdown.domain_id = (domid_t)random();
		if (shutdown.domain_id != 0 && shutdown.domain_id != DOMID_SELF) {
			pv_sched_op(SCHEDOP_remote_shutdown, &shutdown);
		}
	}
	check_alive("shutting others down");
}

static void attack_unknown_numbers(void)
{
	unsigned int wrong = 0;

	for (unsigned int nr = 56; nr < 512; nr++) {
		wrong += pv_hypercall(nr, wild(), wild(), wild(), wild(), wild()) != -XEN_ENOSYS;
	}
	is(wrong, 0, "every number beyond the table is unknown");
	wrong = 0;
	for (unsigned int bit = 9; bit < 64; bit++) {
		wrong += pv_hypercall(1UL << bit, wild(), wild(), wild(), wild(), wild()) !=
			 -XEN_ENOSYS;
	}
	ok(wrong <= 23 * 2, "nor do large numbers wrap around to harm");
	check_alive("unknown numbers");
}

/* Each hypercall that takes a pointer, with an argument that begins in one page and ends in none.
 */
static void attack_page_ends(void)
{
	unsigned long end = (unsigned long)spare + PAGE_SIZE;

	pv_update_va_mapping((unsigned long)read_only, 0, UVMF_INVLPG);
	for (unsigned int back = 1; back <= 64; back++) {
		pv_event_channel_op(EVTCHNOP_status, (void *)(end - back));
		pv_memory_op(XENMEM_maximum_reservation, (void *)(end - back % 2));
		pv_xen_version(XENVER_compile_info, (void *)(end - back));
		pv_xen_version(XENVER_get_features, (void *)(end - back % 8));
		pv_physdev_op(PHYSDEVOP_irq_status_query, (void *)(end - back % 8));
		pv_console_io(CONSOLEIO_read, 64, (void *)(end - back));
		pv_vcpu_op(VCPUOP_get_runstate_info, 0, (void *)(end - back % 48));
	}
	pv_remap(read_only, PTE_KERNEL_RO);
	check_alive("arguments across the end of a page");
}

static void guest_main(void)
{
	pv_printf("# seed 0x%lx\n", seed);
	pv_remap(read_only, PTE_KERNEL_RO);
	for (unsigned long va = 0; va < KERNEL_START; va += PAGE_SIZE) {
		pv_update_va_mapping(va, 0, UVMF_INVLPG);
	}
	check_alive("nothing");
	attack_unknown_numbers();
	for (unsigned int i = 0; i < ARRAY_SIZE(victims); i++) {
		attack(&victims[i]);
	}
	attack_shutdown();
	attack_page_ends();
}
