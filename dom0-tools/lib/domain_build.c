/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The toolstack's builder: memory, kernel, page tables, start_info, rings, the first vCPU. */
#include <errno.h>
#include <lib/domain_build.h>
#include <lib/domain_layout.h>
#include <lib/domain_memory.h>
#include <lib/error.h>
#include <lib/foreign.h>
#include <lib/guest_pages.h>
#include <lib/host.h>
#include <lib/kernel.h>
#include <stdlib.h>
#include <string.h>
#include <xen/grant_table.h>

#define SELECTOR_CODE  0xe033 /* flat segments, which the hypervisor provides */
#define SELECTOR_DATA  0xe02b
#define EFLAGS_IF      0x200
#define ENTRY_PRESENT  0x001
#define ENTRY_WRITE    0x002
#define ENTRY_USER     0x004
#define ENTRY_ACCESSED 0x020
#define ENTRY_DIRTY    0x040
#define ENTRY_BITS     (ENTRY_PRESENT | ENTRY_USER | ENTRY_ACCESSED | ENTRY_DIRTY)
#define MAGIC	       "xen-3.0-x86_64"
#define SLACK_KIB      1024 /* which a domain may have beyond its memory, as others give it */

/* What the kernel's file has for the domain's memory; the rest of that is zero. */
struct piece {
	uint64_t to; /* from the domain's first page on */
	const uint8_t *from;
	size_t bytes;
};

struct builder {
	domid_t domid;
	const struct domain_spec *spec;
	struct domain_rings *rings;
	struct kernel kernel;
	struct file_view initrd;
	struct domain_layout layout;
	uint64_t pages;
	uint64_t *p2m; /* the frame of each page */
	struct piece *pieces;
	size_t piece_count, piece_room;
	struct guest_pages memory;
	bool cleared;	      /* the hypervisor has cleared all of it */
	uint64_t shared_info; /* its frame */
};

int domain_create(const struct domain_spec *spec)
{
	struct xen_domctl op = {.cmd = XEN_DOMCTL_createdomain};
	struct xen_domctl_createdomain *create = &op.u.createdomain;
	int rc;

	memcpy(create->handle, spec->uuid, sizeof(create->handle));
	create->max_vcpus = spec->vcpus_max;
	create->max_evtchn_port = spec->event_channels;
	create->max_grant_frames = spec->grant_frames;
	create->max_maptrack_frames = spec->maptrack;
	create->grant_opts = XEN_DOMCTL_GRANT_version(spec->grant_version);
	create->cpupool_id = spec->cpupool;
	create->arch.misc_flags = spec->msr_relaxed ? XEN_X86_MSR_RELAXED : 0;
	rc = hypercall_domctl(&op);
	return rc < 0 ? fail_in(rc, "the hypervisor makes no new domain of %u vCPUs",
				spec->vcpus_max)
		      : op.domain;
}

/* --- Limits and memory ---------------------------------------------------------------------- */

static int set_limits(const struct builder *b)
{
	struct xen_domctl vcpus = {.cmd = XEN_DOMCTL_max_vcpus, .domain = b->domid};
	uint64_t most = b->spec->memory_max_kib + SLACK_KIB;
	int rc;

	vcpus.u.max_vcpus.max = b->spec->vcpus_max;
	rc = hypercall_domctl(&vcpus);
	rc = rc < 0 ? rc : domain_memory_limit(b->domid, most);
	rc = rc < 0 ? rc : domain_memory_map(b->domid, most);
	return rc < 0 || !b->spec->vnuma.count
		       ? rc
		       : vnuma_set(b->domid, &b->spec->vnuma, b->spec->vcpus_max);
}

static int open_files(struct builder *b)
{
	int rc = kernel_load(&b->kernel, b->spec->kernel);

	if (!rc && b->spec->ramdisk) {
		rc = file_view_open(&b->initrd, b->spec->ramdisk);
		rc = rc ? fail_in(rc, "ramdisk") : 0;
	}
	return rc;
}

static int take_memory(struct builder *b)
{
	b->pages = b->spec->memory_kib / 4;
	domain_layout(&b->layout, &b->kernel.image, b->pages, b->initrd.size);
	if (b->layout.end > b->pages) {
		return fail(
			ENOMEM,
			"%lu MiB of memory cannot hold its kernel, initrd and tables, which need %lu",
			(unsigned long)(b->pages >> 8), (unsigned long)(b->layout.end + 255) >> 8);
	}
	b->p2m = malloc(b->pages * sizeof(*b->p2m));
	return b->p2m ? domain_memory_populate(b->domid, b->p2m, b->pages)
		      : fail(ENOMEM, "no memory for a list of %lu pages", (unsigned long)b->pages);
}

/* --- Contents ------------------------------------------------------------------------------- */

static int add_piece(struct builder *b, const struct piece *piece)
{
	if (b->piece_count == b->piece_room) {
		size_t room = b->piece_room ? 2 * b->piece_room : 64;
		struct piece *more = realloc(b->pieces, room * sizeof(*more));

		if (!more) {
			return fail(ENOMEM, "no memory for the parts of a kernel");
		}
		b->pieces = more;
		b->piece_room = room;
	}
	b->pieces[b->piece_count++] = *piece;
	return 0;
}

static int find_pieces(struct builder *b)
{
	const struct kernel_image *image = &b->kernel.image;
	const struct file_view *file = &b->kernel.file;
	int rc = 0;

	for (unsigned int i = 0; i < image->segment_count; i++) {
		const struct kernel_segment *s = &image->segments[i];
		size_t at = (size_t)(b->kernel.elf - file->bytes) + s->offset, end = at;
		size_t start = at, limit = at + s->file_bytes;

		for (; !rc && file_view_data(file, limit, &at, &end); at = end) {
			struct piece piece = {.to = s->virt - image->virt_base + (at - start),
					      .from = file->bytes + at,
					      .bytes = end - at};

			rc = add_piece(b, &piece);
		}
	}
	return rc;
}

static void want_bytes(struct builder *b, uint64_t to, uint64_t bytes)
{
	uint64_t first = to / FOREIGN_PAGE, end = (to + bytes + FOREIGN_PAGE - 1) / FOREIGN_PAGE;

	guest_pages_want(&b->memory, first, end - first);
}

static void want_pages(struct builder *b)
{
	const struct kernel_image *image = &b->kernel.image;
	const struct domain_layout *l = &b->layout;

	for (size_t i = 0; i < b->piece_count; i++) {
		want_bytes(b, b->pieces[i].to, b->pieces[i].bytes);
	}
	for (unsigned int i = 0; !b->cleared && i < image->segment_count; i++) {
		want_bytes(b, image->segments[i].virt - image->virt_base,
			   image->segments[i].memory_bytes);
	}
	guest_pages_want(&b->memory, l->initrd, l->initrd_pages);
	guest_pages_want(&b->memory, l->p2m, l->p2m_pages);
	guest_pages_want(&b->memory, l->p2m_tables, l->p2m_table_pages);
	guest_pages_want(&b->memory, l->start_info, 1);
	guest_pages_want(&b->memory, l->store, 1);
	guest_pages_want(&b->memory, l->console, 1);
	guest_pages_want(&b->memory, l->tables, l->table_pages);
}

static uint8_t *page(const struct builder *b, uint64_t pfn)
{
	return guest_page(&b->memory, pfn);
}

static void load_kernel(const struct builder *b)
{
	for (size_t i = 0; i < b->piece_count; i++) {
		const struct piece *p = &b->pieces[i];

		memcpy(page(b, p->to / FOREIGN_PAGE) + p->to % FOREIGN_PAGE, p->from, p->bytes);
	}
}

static void fill_start_info(const struct builder *b)
{
	const struct domain_layout *l = &b->layout;
	const struct kernel_image *image = &b->kernel.image;
	const char *words = b->spec->command_line ? b->spec->command_line : "";
	struct start_info *si = (void *)page(b, l->start_info);

	memcpy(si->magic, MAGIC, sizeof(MAGIC));
	si->nr_pages = b->pages;
	si->shared_info = b->shared_info * FOREIGN_PAGE;
	si->store_mfn = b->rings->store_frame;
	si->store_evtchn = b->rings->store_port;
	si->console.domU.mfn = b->rings->console_frame;
	si->console.domU.evtchn = b->rings->console_port;
	si->pt_base = l->base + l->tables * FOREIGN_PAGE;
	si->nr_pt_frames = l->table_pages;
	si->mfn_list = image->init_p2m ? image->init_p2m : l->base + l->p2m * FOREIGN_PAGE;
	if (image->init_p2m) {
		si->first_p2m_pfn = l->p2m;
		si->nr_p2m_frames = l->p2m_pages + l->p2m_table_pages;
	}
	if (b->initrd.size) {
		si->mod_len = b->initrd.size;
		si->mod_start =
			image->mod_start_pfn ? l->initrd : l->base + l->initrd * FOREIGN_PAGE;
		si->flags = image->mod_start_pfn ? SIF_MOD_START_PFN : 0;
	}
	memcpy(si->cmd_line, words, strnlen(words, sizeof(si->cmd_line) - 1));
}

static void write_entry(void *context, uint64_t table, unsigned int index, uint64_t pfn,
			bool writable)
{
	struct builder *b = context;
	uint64_t *entry = (uint64_t *)(void *)page(b, table) + index;

	*entry = b->p2m[pfn] * FOREIGN_PAGE | ENTRY_BITS | (writable ? ENTRY_WRITE : 0);
}

static void fill_pages(struct builder *b)
{
	const struct domain_layout *l = &b->layout;
	struct domain_tables tables = {.write = write_entry, .context = b};

	if (!b->cleared) {
		memset(b->memory.memory, 0, b->memory.count * FOREIGN_PAGE);
	}
	load_kernel(b);
	if (b->initrd.size) {
		memcpy(page(b, l->initrd), b->initrd.bytes, b->initrd.size);
	}
	memcpy(page(b, l->p2m), b->p2m, b->pages * sizeof(*b->p2m));
	fill_start_info(b);
	domain_tables_make(l, b->kernel.image.init_p2m, &tables);
}

/* All mappings of ours are gone at the end: page tables must not be writable to anybody. */
static int load(struct builder *b)
{
	int rc = find_pieces(b);

	rc = rc ? rc : guest_pages_init(&b->memory, b->layout.end);
	if (rc) {
		return rc;
	}
	b->cleared = host_clears_memory();
	want_pages(b);
	rc = guest_pages_map(&b->memory, b->domid, b->p2m);
	if (!rc) {
		fill_pages(b);
	}
	guest_pages_free(&b->memory);
	return rc;
}

/* --- Rings ---------------------------------------------------------------------------------- */

static int alloc_port(domid_t domid, uint32_t *port)
{
	struct evtchn_alloc_unbound alloc = {.dom = domid, .remote_dom = 0};
	long rc = hypercall_struct(__HYPERVISOR_event_channel_op, EVTCHNOP_alloc_unbound, &alloc,
				   sizeof(alloc));

	*port = alloc.port;
	return rc < 0 ? fail_errno((int)-rc, "an event channel of domain %u", domid) : 0;
}

static int make_ports(struct builder *b)
{
	int rc = alloc_port(b->domid, &b->rings->store_port);

	b->rings->store_frame = b->p2m[b->layout.store];
	b->rings->console_frame = b->p2m[b->layout.console];
	return rc ? rc : alloc_port(b->domid, &b->rings->console_port);
}

/* The entries that are reserved for them: with these Dom0's daemons need no privilege to map. */
static int grant_rings(const struct builder *b)
{
	struct grant_entry_v1 *entries = foreign_map_grants(b->domid);

	if (!entries) {
		return -EFAULT;
	}
	entries[GNTTAB_RESERVED_CONSOLE].frame = (uint32_t)b->rings->console_frame;
	entries[GNTTAB_RESERVED_XENSTORE].frame = (uint32_t)b->rings->store_frame;
	entries[GNTTAB_RESERVED_CONSOLE].flags = GTF_permit_access;
	entries[GNTTAB_RESERVED_XENSTORE].flags = GTF_permit_access;
	foreign_unmap(entries, 1);
	return 0;
}

/* Events are masked until the kernel has handlers for them. */
static int prepare_shared_info(struct builder *b)
{
	domain_info_t info;
	struct shared_info *shared;
	int rc = domain_get(b->domid, &info);

	if (rc) {
		return rc;
	}
	b->shared_info = info.shared_info_frame;
	shared = foreign_map(b->domid, &b->shared_info, 1);
	if (!shared) {
		return -EFAULT;
	}
	for (unsigned int i = 0; i < XEN_LEGACY_MAX_VCPUS; i++) {
		shared->vcpu_info[i].evtchn_upcall_mask = 1;
	}
	foreign_unmap(shared, 1);
	return 0;
}

/* --- The first vCPU ------------------------------------------------------------------------- */

static int pin_tables(const struct builder *b)
{
	struct mmuext_op *op = hypercall_memory(sizeof(*op));
	long rc;

	if (!op) {
		return fail(ENOMEM, "no memory for a hypercall");
	}
	*op = (struct mmuext_op){.cmd = MMUEXT_PIN_L4_TABLE, .arg1.mfn = b->p2m[b->layout.tables]};
	rc = hypercall(__HYPERVISOR_mmuext_op, (uintptr_t)op, 1, 0, b->domid, 0);
	hypercall_memory_free(op, sizeof(*op));
	return rc < 0 ? fail_errno((int)-rc, "pinning the page tables of domain %u", b->domid) : 0;
}

static int fill_hypercall_page(const struct builder *b)
{
	const struct kernel_image *image = &b->kernel.image;
	struct xen_domctl op = {.cmd = XEN_DOMCTL_hypercall_init, .domain = b->domid};

	if (!image->hypercall_page) {
		return 0;
	}
	op.u.hypercall_init.gmfn =
		b->p2m[(image->hypercall_page - image->virt_base) / FOREIGN_PAGE];
	return hypercall_domctl(&op);
}

static int start_vcpu(const struct builder *b)
{
	const struct domain_layout *l = &b->layout;
	struct xen_domctl op = {.cmd = XEN_DOMCTL_setvcpucontext, .domain = b->domid};
	vcpu_guest_context_t *context = hypercall_memory(sizeof(*context));
	struct cpu_user_regs *regs;
	int rc;

	if (!context) {
		return fail(ENOMEM, "no memory for a hypercall");
	}
	regs = &context->user_regs;
	regs->rip = b->kernel.image.entry;
	regs->rsp = l->base + (l->stack + 1) * FOREIGN_PAGE;
	regs->rsi = l->base + l->start_info * FOREIGN_PAGE;
	regs->rflags = EFLAGS_IF;
	regs->cs = SELECTOR_CODE;
	regs->ss = regs->ds = regs->es = regs->fs = regs->gs = SELECTOR_DATA;
	context->kernel_ss = SELECTOR_DATA;
	context->kernel_sp = regs->rsp;
	context->flags = VGCF_in_kernel | VGCF_online;
	context->ctrlreg[3] = b->p2m[l->tables] * FOREIGN_PAGE;
	set_xen_guest_handle(op.u.vcpucontext.ctxt, context);
	rc = hypercall_domctl(&op);
	hypercall_memory_free(context, sizeof(*context));
	return rc;
}

static int build(struct builder *b)
{
	int rc = set_limits(b);

	rc = rc ? rc : take_memory(b);
	rc = rc ? rc : make_ports(b);
	rc = rc ? rc : prepare_shared_info(b);
	rc = rc ? rc : load(b);
	rc = rc ? rc : fill_hypercall_page(b);
	rc = rc ? rc : pin_tables(b);
	rc = rc ? rc : grant_rings(b);
	return rc ? rc : start_vcpu(b);
}

int domain_build(domid_t domid, const struct domain_spec *spec, struct domain_rings *rings)
{
	struct builder b = {.domid = domid, .spec = spec, .rings = rings, .initrd = {.fd = -1}};
	int rc = open_files(&b);

	rc = rc ? rc : build(&b);
	file_view_close(&b.initrd);
	kernel_free(&b.kernel);
	free(b.p2m);
	free(b.pieces);
	return rc;
}
