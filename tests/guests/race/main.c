/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All vCPUs at once at the same page tables, the same grant, ports and frames, at random from a
 * printed seed. What each call answers depends on who was first; nothing may break, and when all
 * is taken back nothing may be left.
 * run: mem=512 smp=4 timeout=300 hv="dom0_max_vcpus=4 guest_loglvl=none"
 */
#include "smp.h"
#include <pv/grant.h>

#define STEPS 200
#define POOL  16
#define REF   20
#define PORTS 24 /* the highest that is closed and sent to at random */
#define ORDER 9	 /* of blocks of frames that come and go */
#define BLOCK (1UL << ORDER)

static page_t grant_page, granted, windows[SMP_MAX];
static page_t pool[POOL]; /* pages that are mapped, and pinned as tables of page tables */
static page_t table;	  /* the table of page tables that all write to; it maps at `base` */
static unsigned long base;
static uint64_t *upper; /* the entry that names it */
static evtchn_port_t lowest_port;
static volatile unsigned long block[SMP_MAX]; /* that a vCPU was given last */

static uint64_t random(struct smp_cpu *self)
{
	uint64_t seed = self->value;

	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	self->value = seed;
	return seed;
}

static uint64_t random_entry(struct smp_cpu *self)
{
	static const uint64_t flags[] = {0, PTE_KERNEL_RO, PTE_KERNEL_RW, PTE_P | PTE_RW | PTE_US};
	uint64_t r = random(self);

	return flags[r % 4] ? PTE(pv_virt_to_mfn(pool[r / 4 % POOL]), flags[r % 4]) : 0;
}

/* --- Page tables --------------------------------------------------------------------------- */

static void race_tables(struct smp_cpu *self)
{
	uint64_t r = random(self);
	unsigned int slot = r / 16 % 64;
	page_t *page = &pool[r / 1024 % POOL];
	struct mmu_update batch[8];

	switch (r % 16) {
	case 0 ... 4:
		pv_write_entry((uint64_t *)table + slot, random_entry(self));
		break;
	case 5 ... 7:
		pv_update_va_mapping(base + slot * PAGE_SIZE, random_entry(self),
				     UVMF_INVLPG | (r & 4096 ? UVMF_ALL : UVMF_LOCAL));
		break;
	case 8:
		for (unsigned int i = 0; i < 8; i++) {
			batch[i].ptr = pv_virt_to_machine((uint64_t *)table + (slot + i) % 64);
			batch[i].val = random_entry(self);
		}
		pv_mmu_update(batch, 8, NULL, DOMID_SELF);
		break;
	case 9:
		pv_write_entry(upper, r & 4096 ? PTE(pv_virt_to_mfn(table), PTE_TABLE) : 0);
		break;
	case 10:
		pv_pin(page, 1);
		break;
	case 11:
		pv_unpin(page);
		break;
	case 12:
		pv_mmuext(r & 4096 ? MMUEXT_TLB_FLUSH_ALL : MMUEXT_TLB_FLUSH_LOCAL, 0);
		break;
	case 13:
		pv_mmuext(r & 4096 ? MMUEXT_PIN_L1_TABLE : MMUEXT_UNPIN_TABLE,
			  pv_virt_to_mfn(table));
		break;
	default: /* what it means depends on what is mapped: it may well fault */
		if (smp_write((void *)(base + slot * PAGE_SIZE), 0)) {
			self->turns++;
		}
	}
}

/* --- Grants and ports ---------------------------------------------------------------------- */

static void race_grant(struct smp_cpu *self)
{
	uint64_t at = (uint64_t)windows[self->id];
	struct gnttab_map_grant_ref map = {
		.host_addr = at, .flags = GNTMAP_host_map, .ref = REF, .dom = 0};
	struct gnttab_unmap_grant_ref unmap = {.host_addr = at};

	if (random(self) & 1) {
		map.flags |= GNTMAP_readonly;
	}
	if (pv_grant_table_op(GNTTABOP_map_grant_ref, &map, 1) || map.status) {
		return;
	}
	if (!(map.flags & GNTMAP_readonly)) {
		smp_write(windows[self->id], self->id);
	}
	unmap.handle = map.handle;
	pv_grant_table_op(GNTTABOP_unmap_grant_ref, &unmap, 1);
	self->turns++;
}

static void race_port(struct smp_cpu *self)
{
	uint64_t r = random(self);
	evtchn_port_t port = lowest_port + (evtchn_port_t)(r / 16 % PORTS);
	struct evtchn_bind_vcpu bind = {.port = port, .vcpu = (uint32_t)(r / 4096 % smp_count)};

	switch (r % 8) {
	case 0:
		pv_event_alloc_unbound(DOMID_SELF, DOMID_SELF);
		break;
	case 1:
		pv_event_bind_interdomain(DOMID_SELF, port);
		break;
	case 2:
		pv_event_bind_ipi(bind.vcpu);
		break;
	case 3:
		if (!pv_event_close(port)) {
			self->turns++;
		}
		break;
	case 4:
		pv_event_channel_op(EVTCHNOP_bind_vcpu, &bind);
		break;
	case 5:
		pv_event_unmask(port);
		break;
	default:
		pv_event_send(port);
	}
}

static long reserve(unsigned int command, unsigned long *list, unsigned int order)
{
	struct xen_memory_reservation r = {.extent_start = {list},
					   .nr_extents = 1,
					   .extent_order = order,
					   .domid = DOMID_SELF};

	return pv_memory_op(command, &r);
}

static bool give_back(struct smp_cpu *self, unsigned long mfn)
{
	bool given = reserve(XENMEM_decrease_reservation, &mfn, 0) == 1;

	self->turns += given;
	return given;
}

/* Some get blocks and give them back; others guess what is on its way to them, and are faster. */
static void race_frames(struct smp_cpu *self)
{
	unsigned long first;

	if (self->id % 2) {
		first = block[random(self) % smp_count & ~1UL];
		for (unsigned int i = 0; first && i < BLOCK; i++) {
			give_back(self, first + random(self) % BLOCK);
		}
	} else if (reserve(XENMEM_increase_reservation, &first, ORDER) == 1) {
		block[self->id] = first;
		for (unsigned long i = 0; i < BLOCK; i++) {
			give_back(self, first + i);
		}
	}
}

/* --- All of it ----------------------------------------------------------------------------- */

static void (*race)(struct smp_cpu *self);

static void run_race(struct smp_cpu *self)
{
	smp_info(self->id)->evtchn_upcall_mask = 0;
	for (unsigned int step = 0; step < STEPS; step++) {
		race(self);
	}
	smp_info(self->id)->evtchn_upcall_mask = 1;
}

static uint64_t race_all(void (*what)(struct smp_cpu *self))
{
	uint64_t turns = 0;

	race = what;
	for (unsigned int id = 1; id < smp_count; id++) {
		smp_run(id, run_race);
	}
	smp_cpus[0].turns = 0;
	run_race(&smp_cpus[0]);
	for (unsigned int id = 1; id < smp_count; id++) {
		smp_wait(id);
	}
	for (unsigned int id = 0; id < smp_count; id++) {
		turns += smp_cpus[id].turns;
	}
	return turns;
}

/* A table of page tables, empty, in the next 2 MiB that have none. */
static void make_table(void)
{
	base = (pv_virt_to_pfn(guest.start) << PV_PAGE_SHIFT) & -(1UL << 21);
	do {
		base += 1UL << 21;
		upper = pv_entry(base, 2);
	} while (*upper & PTE_P);
	pv_remap(table, PTE_KERNEL_RO);
	for (unsigned int i = 0; i < POOL; i++) {
		pv_remap(pool[i], PTE_KERNEL_RO);
	}
	is(pv_write_entry(upper, PTE(pv_virt_to_mfn(table), PTE_TABLE)), 0, "a table for all");
}

static void check_tables(void)
{
	unsigned int wrong = 0;

	make_table();
	pv_printf("# %lu writes went through\n", race_all(race_tables));
	pv_unpin(table);
	pv_write_entry(upper, 0);
	for (unsigned int i = 0; i < POOL; i++) {
		pv_unpin(pool[i]);
	}
	is(pv_remap(table, PTE_KERNEL_RW), 0, "the table is an ordinary page again");
	for (unsigned int i = 0; i < POOL; i++) {
		wrong += pv_remap(pool[i], PTE_KERNEL_RW) != 0;
		*(volatile uint64_t *)pool[i] = 1;
		wrong += pv_remap(pool[i], PTE_KERNEL_RO) != 0;
		*(volatile uint64_t *)windows[0] = 1;
	}
	is(wrong, 0, "and so is each page that it mapped");
}

static void check_grant(void)
{
	uint64_t maps;

	is(pv_grants_start(grant_page), 0, "a grant table");
	for (unsigned int id = 0; id < smp_count; id++) {
		pv_remap(windows[id], 0);
	}
	pv_grant_access(REF, 0, pv_virt_to_mfn(granted), 0);
	maps = race_all(race_grant);
	is(maps, smp_count * STEPS, "every vCPU maps and unmaps the grant %u times", STEPS);
	is(pv_grant_end(REF), 1, "after which it can be ended");
	memset(granted, 0, sizeof(granted));
	is(pv_remap(granted, PTE_KERNEL_RO), 0, "its page");
	is(pv_pin(granted, 1), 0, "can become a page table: nobody has it mapped");
	pv_unpin(granted);
}

static void check_ports(void)
{
	unsigned int all = 0;

	lowest_port = (evtchn_port_t)pv_event_alloc_unbound(DOMID_SELF, DOMID_SELF);
	ok(race_all(race_port) > 0, "ports are opened and closed");
	for (evtchn_port_t port = 1; port < EVTCHN_2L_NR_CHANNELS; port++) {
		pv_event_close(port);
	}
	while (pv_event_alloc_unbound(DOMID_SELF, DOMID_SELF) > 0) {
		all++;
	}
	is(all, EVTCHN_2L_NR_CHANNELS - 1, "at last all ports are free");
}

/* Frames that nothing maps, in whole blocks, make room for those that come and go. */
static void check_frames(void)
{
	unsigned long pages = guest.start->nr_pages & -BLOCK, mine;
	struct smp_cpu *self = &smp_cpus[0];
	domid_t domid = DOMID_SELF;

	for (unsigned long pfn = pages - 4 * BLOCK; pfn < pages; pfn++) {
		if (!give_back(self, pv_p2m[pfn])) {
			break;
		}
		pv_p2m[pfn] = ~0UL;
	}
	mine = (unsigned long)pv_memory_op(XENMEM_current_reservation, &domid);
	ok(race_all(race_frames) >= BLOCK, "frames come and go");
	is(pv_memory_op(XENMEM_current_reservation, &domid), mine,
	   "each was given back once, by whoever was first");
}

static void guest_main(void)
{
	uint64_t seed = pv_time() | 1;

	pv_printf("# seed %lu\n", seed);
	if (!is(smp_start(), 0, "other vCPUs") || !ok(smp_count > 1, "there are some")) {
		return;
	}
	for (unsigned int id = 0; id < smp_count; id++) {
		smp_cpus[id].value = seed * (2 * id + 1);
	}
	check_tables();
	check_grant();
	check_ports();
	check_frames();
}
