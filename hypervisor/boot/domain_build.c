/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The one builder of domains: memory, kernel, initial page tables, start_info, first vCPU. */
#include <arch/guest_page.h>
#include <arch/regs.h>
#include <arch/switch.h>
#include <boot/dom0_screen.h>
#include <boot/domain_build.h>
#include <debug/log.h>
#include <lib/error.h>
#include <lib/string.h>
#include <memory/frame_alloc.h>
#include <memory/mmu_update.h>

#include <xen/elfnote.h>

/*
 * What a PV kernel finds, from its virtual base upwards, each part on a page boundary:
 *
 *	kernel image | initrd | P2M list | start_info | store | console | page tables | boot stack |
 *	  padding
 *
 * The rings to store and console are there if somebody serves them. A kernel that can do without
 *has the initrd behind all this, unmapped (MOD_START_PFN), and the P2M list at an address of its
 *own (INIT_P2M), its frames behind all this too. The mapped part ends on a 4 MiB boundary with at
 *least 512 KiB of padding.
 */
struct layout {
	uint64_t base;	    /* the virtual address of PFN 0 */
	uint64_t mapped_to; /* PFNs below are mapped from there on */
	uint64_t initrd, initrd_pages;
	uint64_t p2m, p2m_pages;
	uint64_t start_info;
	uint64_t store, console; /* 0: none */
	uint64_t tables, table_pages;
	uint64_t stack;
	uint64_t p2m_tables, p2m_table_pages; /* those of a P2M list of its own place */
	uint64_t end;			      /* PFNs that have a use */
};

struct builder {
	const struct domain_spec *spec;
	struct domain *d;
	struct layout layout;
	uint64_t *p2m; /* in the hypervisor's memory while we build */
	unsigned p2m_order;
	uint64_t next_table; /* PFNs of page tables not used yet */
};

#define PADDING	   UINT64_C(0x80000)
#define MAP_ALIGN  UINT64_C(0x400000)
#define ENTRY_BITS (ENTRY_PRESENT | ENTRY_WRITE | ENTRY_AD)

static uint64_t pages_of(uint64_t bytes)
{
	return (bytes + PAGE_SIZE - 1) >> PAGE_SHIFT;
}

/* --- Layout -------------------------------------------------------------------------------- */

/* Tables that a range of virtual addresses needs, its L4 not counted. */
static uint64_t tables_for(uint64_t from, uint64_t to)
{
	uint64_t count = 0;

	for (unsigned shift = 21; shift <= 39; shift += 9) {
		count += ((to - 1) >> shift) - (from >> shift) + 1;
	}
	return count;
}

static bool p2m_has_place(const struct domain_spec *spec)
{
	return spec->image.init_p2m != 0;
}

static void lay_out(const struct domain_spec *spec, struct layout *l)
{
	const struct kernel_image *image = &spec->image;
	uint64_t pfn = pages_of(image->virt_end - image->virt_base);

	*l = (struct layout){.base = image->virt_base};
	l->initrd_pages = pages_of(spec->initrd_bytes);
	l->p2m_pages = pages_of(spec->pages * sizeof(uint64_t));
	if (!image->mod_start_pfn) {
		l->initrd = pfn;
		pfn += l->initrd_pages;
	}
	if (!p2m_has_place(spec)) {
		l->p2m = pfn;
		pfn += l->p2m_pages;
	}
	l->start_info = pfn++;
	if (spec->store_server != DOMID_INVALID) {
		l->store = pfn++;
	}
	if (spec->console_server != DOMID_INVALID) {
		l->console = pfn++;
	}
	l->tables = pfn;
	do { /* the tables map themselves, so their number depends on itself */
		l->table_pages++;
		l->stack = l->tables + l->table_pages;
		l->mapped_to =
			ROUND_UP(((l->stack + 1) << PAGE_SHIFT) + PADDING + l->base, MAP_ALIGN);
		l->mapped_to = (l->mapped_to - l->base) >> PAGE_SHIFT;
	} while (l->table_pages < 1 + tables_for(l->base, l->base + (l->mapped_to << PAGE_SHIFT)));
	l->end = l->mapped_to;
	if (image->mod_start_pfn) {
		l->initrd = l->end;
		l->end += l->initrd_pages;
	}
	if (p2m_has_place(spec)) {
		l->p2m = l->end;
		l->p2m_tables = l->p2m + l->p2m_pages;
		l->p2m_table_pages =
			tables_for(image->init_p2m, image->init_p2m + (l->p2m_pages << PAGE_SHIFT));
		l->end = l->p2m_tables + l->p2m_table_pages;
	}
}

/* --- Memory -------------------------------------------------------------------------------- */

static void *page(const struct builder *b, uint64_t pfn)
{
	return frame_ptr(MFN(b->p2m[pfn]));
}

/* Page by page: what is neighbours for the guest need not be for the machine. */
static void copy_in(const struct builder *b, uint64_t guest_paddr, const void *from, uint64_t bytes)
{
	const char *source = from;

	while (bytes) {
		uint64_t offset = guest_paddr % PAGE_SIZE, part = MIN(bytes, PAGE_SIZE - offset);

		memcpy((char *)page(b, guest_paddr >> PAGE_SHIFT) + offset, source, part);
		guest_paddr += part;
		source += part;
		bytes -= part;
	}
}

static void zero_in(const struct builder *b, uint64_t guest_paddr, uint64_t bytes)
{
	while (bytes) {
		uint64_t offset = guest_paddr % PAGE_SIZE, part = MIN(bytes, PAGE_SIZE - offset);

		memset((char *)page(b, guest_paddr >> PAGE_SHIFT) + offset, 0, part);
		guest_paddr += part;
		bytes -= part;
	}
}

static void note_place(uint64_t *p2m, uint64_t pfn, mfn_t mfn, unsigned order)
{
	for (uint64_t n = mfn.n; n < mfn.n + (UINT64_C(1) << order); n++, pfn++) {
		p2m[pfn] = n;
		M2P[n] = pfn;
	}
}

static bool allocate(struct builder *b)
{
	uint64_t pages = b->spec->pages, pfn = 0;
	unsigned order = FRAME_ORDER_MAX;

	while (pfn < pages) {
		mfn_t mfn;

		while ((UINT64_C(1) << order) > pages - pfn) {
			order--;
		}
		mfn = frame_alloc_for(&b->d->memory, order, FRAME_UNCLEARED);
		if (mfn_is_none(mfn)) {
			if (order-- == 0) {
				log_error(
					"no memory for domain %u: it wants %lu MiB, and %lu MiB are there\n",
					b->spec->id, pages >> 8, pfn >> 8);
				return false;
			}
			continue;
		}
		note_place(b->p2m, pfn, mfn, order);
		pfn += UINT64_C(1) << order;
	}
	return true;
}

/* --- Page tables --------------------------------------------------------------------------- */

static uint64_t *descend(struct builder *b, uint64_t *table, uint64_t va, unsigned level)
{
	uint64_t *entry = &table[va >> (12 + 9 * (level - 1)) & 511];

	if (!*entry) {
		uint64_t pfn = b->next_table++;

		memset(page(b, pfn), 0, PAGE_SIZE);
		*entry = b->p2m[pfn] << PAGE_SHIFT | ENTRY_BITS;
	}
	return frame_ptr(entry_mfn(*entry));
}

static bool is_table(const struct layout *l, uint64_t pfn)
{
	return (pfn >= l->tables && pfn < l->tables + l->table_pages) ||
	       (pfn >= l->p2m_tables && pfn < l->p2m_tables + l->p2m_table_pages);
}

static void map(struct builder *b, uint64_t *root, uint64_t va, uint64_t pfn, uint64_t pages)
{
	uint64_t *l1 = NULL;

	for (; pages; pages--, pfn++, va += PAGE_SIZE) {
		if (!l1 || !(va & 0x1fffff)) {
			uint64_t *l3 = descend(b, root, va, 4);

			l1 = descend(b, descend(b, l3, va, 3), va, 2);
		}
		l1[va >> PAGE_SHIFT & 511] =
			b->p2m[pfn] << PAGE_SHIFT |
			(ENTRY_BITS & ~(is_table(&b->layout, pfn) ? ENTRY_WRITE : 0));
	}
}

static mfn_t build_tables(struct builder *b)
{
	const struct layout *l = &b->layout;
	uint64_t *root = page(b, l->tables);

	memset(root, 0, PAGE_SIZE);
	b->next_table = l->tables + 1;
	map(b, root, l->base, 0, l->mapped_to);
	if (p2m_has_place(b->spec)) {
		b->next_table = l->p2m_tables;
		map(b, root, b->spec->image.init_p2m, l->p2m, l->p2m_pages);
	}
	return MFN(b->p2m[l->tables]);
}

/* --- Contents ------------------------------------------------------------------------------ */

static void load_kernel(const struct builder *b)
{
	const struct kernel_image *image = &b->spec->image;

	for (unsigned i = 0; i < image->segment_count; i++) {
		const struct kernel_segment *s = &image->segments[i];
		uint64_t at = s->virt - image->virt_base;

		copy_in(b, at, (const char *)b->spec->kernel + s->offset, s->file_bytes);
		zero_in(b, at + s->file_bytes, s->memory_bytes - s->file_bytes);
	}
	if (image->hypercall_page) {
		guest_page_fill_hypercalls(
			page(b, (image->hypercall_page - image->virt_base) >> PAGE_SHIFT));
	}
}

static void fill_start_info(const struct builder *b)
{
	const struct domain_spec *spec = b->spec;
	const struct layout *l = &b->layout;
	struct start_info *si = page(b, l->start_info);

	memset(si, 0, PAGE_SIZE);
	memcpy(si->magic, "xen-3.0-x86_64", sizeof("xen-3.0-x86_64"));
	si->nr_pages = spec->pages;
	si->shared_info = mfn_to_paddr(frame_of_ptr(b->d->shared_info));
	si->flags = (spec->privileged ? SIF_PRIVILEGED : 0) | (spec->hardware ? SIF_INITDOMAIN : 0);
	si->pt_base = l->base + (l->tables << PAGE_SHIFT);
	si->nr_pt_frames = l->table_pages;
	if (p2m_has_place(spec)) {
		si->mfn_list = spec->image.init_p2m;
		si->first_p2m_pfn = l->p2m;
		si->nr_p2m_frames = l->p2m_pages + l->p2m_table_pages;
	} else {
		si->mfn_list = l->base + (l->p2m << PAGE_SHIFT);
	}
	if (spec->initrd_bytes) {
		si->mod_len = spec->initrd_bytes;
		si->mod_start = l->base + (l->initrd << PAGE_SHIFT);
		if (spec->image.mod_start_pfn) {
			si->mod_start = l->initrd;
			si->flags |= SIF_MOD_START_PFN;
		}
	}
	if (spec->screen) {
		dom0_screen_describe(si, spec->screen);
	}
	for (size_t i = 0; spec->command_line[i] && i < sizeof(si->cmd_line) - 1; i++) {
		si->cmd_line[i] = (int8_t)spec->command_line[i];
	}
}

/* --- Store and console --------------------------------------------------------------------- */

/* The ring's page, empty, granted to who serves it. */
static uint64_t grant_ring(const struct builder *b, uint64_t pfn, uint32_t ref, domid_t server)
{
	struct grant_entry_v1 *table =
		frame_ptr(grant_frame(&b->d->grants, GRANT_SHARED_FRAMES, 0));

	memset(page(b, pfn), 0, PAGE_SIZE);
	table[ref] = (struct grant_entry_v1){
		.flags = GTF_permit_access, .domid = server, .frame = (uint32_t)b->p2m[pfn]};
	return b->p2m[pfn];
}

/*
 * The convention that daemons find boot domains by: reference 1 and port 1 are the store's,
 * reference 0 and port 2 the console's. Both ports are there if one of them is.
 */
static bool connect_rings(const struct builder *b)
{
	const struct domain_spec *spec = b->spec;
	const struct layout *l = &b->layout;
	struct start_info *si = page(b, l->start_info);
	uint32_t store_port, console_port;
	int rc;

	if (!l->store && !l->console) {
		return true;
	}
	do {
		rc = grant_grow(&b->d->grants, 1);
	} while (rc == -ERESTART);
	if (rc || event_alloc_unbound(&b->d->events, spec->store_server, &store_port) ||
	    event_alloc_unbound(&b->d->events, spec->console_server, &console_port)) {
		log_error("domain %u: no memory for its connections to store and console\n",
			  spec->id);
		return false;
	}
	if (l->store) {
		si->store_mfn =
			grant_ring(b, l->store, GNTTAB_RESERVED_XENSTORE, spec->store_server);
		si->store_evtchn = store_port;
	}
	if (l->console) {
		si->console.domU.mfn =
			grant_ring(b, l->console, GNTTAB_RESERVED_CONSOLE, spec->console_server);
		si->console.domU.evtchn = console_port;
	}
	return true;
}

static bool start_vcpu(const struct builder *b, mfn_t root)
{
	const struct layout *l = &b->layout;
	struct vcpu *v = b->d->vcpu[0];
	int rc;

	do { /* the tables are checked as those are that a guest makes */
		rc = mmu_new_kernel_root(&b->d->memory, &v->memory, root);
	} while (rc == -ERESTART);
	rc = rc ? rc : mmu_pin(&b->d->memory, root, 4); /* which kernels expect, and undo */

	if (rc) {
		log_error("domain %u: its first page tables are not valid (%d)\n", b->spec->id, rc);
		return false;
	}
	vcpu_set_entry(v, b->spec->image.entry, l->base + ((l->stack + 1) << PAGE_SHIFT),
		       l->base + (l->start_info << PAGE_SHIFT));
	vcpu_clear_flag(v, VCPU_DOWN);
	return true;
}

/* --- All of it ----------------------------------------------------------------------------- */

static bool build(struct builder *b)
{
	const struct domain_spec *spec = b->spec;

	if (!allocate(b)) {
		return false;
	}
	load_kernel(b);
	copy_in(b, b->layout.initrd << PAGE_SHIFT, spec->initrd, spec->initrd_bytes);
	copy_in(b, b->layout.p2m << PAGE_SHIFT, b->p2m, spec->pages * sizeof(uint64_t));
	fill_start_info(b);
	return connect_rings(b) && start_vcpu(b, build_tables(b));
}

static unsigned order_for(uint64_t bytes)
{
	unsigned order = 0;

	while ((PAGE_SIZE << order) < bytes) {
		order++;
	}
	return order;
}

/* Before there is a domain: what it wants is to be had, and is enough for its kernel. */
static bool check(struct builder *b)
{
	const struct domain_spec *spec = b->spec;
	uint64_t available = domain_build_available() >> PAGE_SHIFT;

	lay_out(spec, &b->layout);
	if (b->layout.end > spec->pages) {
		log_error(
			"domain %u: %lu KiB of memory cannot hold its kernel, initrd and tables: %lu KiB\n",
			spec->id, spec->pages << 2, b->layout.end << 2);
		return false;
	}
	if (spec->pages > available) {
		log_error("domain %u: it wants %lu KiB of memory, %lu KiB are to be had\n",
			  spec->id, spec->pages << 2, available << 2);
		return false;
	}
	return true;
}

uint64_t domain_build_available(void)
{
	uint64_t free = frame_pool_figures().free << PAGE_SHIFT;
	uint64_t kept = MIN(free / 16, UINT64_C(128) << 20) + free / 256 + (UINT64_C(1) << 20);

	return free - MIN(free, kept);
}

/* No guest runs yet, so nothing keeps it from going. */
static void give_up(struct domain *d)
{
	while (d && domain_destroy(d)) {
	}
}

static bool create(struct builder *b)
{
	const struct domain_spec *spec = b->spec;
	const struct domain_config config = {
		.id = spec->id,
		.privileged = spec->privileged,
		.hardware = spec->hardware,
		.vcpu_max = spec->vcpus,
		.highest_port = spec->highest_port,
	};

	if (domain_create(&config, &b->d)) {
		log_error("domain %u: no memory for what the hypervisor keeps of it\n", spec->id);
		return false;
	}
	memcpy(b->d->handle, spec->uuid, sizeof(b->d->handle));
	if (spec->grants) {
		grant_domain_init(&b->d->grants, spec->id, spec->grants);
	}
	domain_memory_limit(&b->d->memory, MAX(spec->page_limit, spec->pages));
	for (unsigned i = 0; i < spec->vcpus; i++) {
		if (!vcpu_create(b->d, i)) {
			return false;
		}
	}
	return true;
}

struct domain *domain_build(const struct domain_spec *spec)
{
	struct builder b = {.spec = spec, .p2m_order = order_for(spec->pages * sizeof(uint64_t))};
	mfn_t p2m;
	bool ok;

	if (!check(&b)) {
		return NULL;
	}
	p2m = b.p2m_order <= FRAME_ORDER_MAX ? frame_alloc(b.p2m_order, FRAME_UNCLEARED) : MFN_NONE;
	if (mfn_is_none(p2m)) {
		log_error("domain %u: no memory for a list of %lu pages\n", spec->id, spec->pages);
		return NULL;
	}
	b.p2m = frame_ptr(p2m);
	ok = create(&b) && build(&b);
	frame_free(p2m, b.p2m_order);
	if (!ok) {
		give_up(b.d);
		return NULL;
	}
	return b.d;
}
