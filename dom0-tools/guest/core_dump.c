/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An ELF file of sections alone:
 *
 *	header | section headers | names | .note.Xen | .xen_prstatus | .xen_shared_info | .xen_p2m
 *	| (to a page's boundary) .xen_pages
 *
 * Its size is known before the first byte is written, and the parts follow each other.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <guest/core_dump.h>
#include <lib/domain.h>
#include <lib/error.h>
#include <lib/foreign.h>
#include <lib/frames.h>
#include <lib/host.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xen/elfnote.h>

#define MAGIC	      0xf00febedu /* of a paravirtual domain */
#define FORMAT	      1		  /* version 0.1 */
#define PAGES_AT_ONCE 256u

enum section { NONE, NAMES, NOTE, STATUS, SHARED_INFO, P2M, PAGES, SECTIONS };

static const char *const section_names[SECTIONS] = {
	"",	    ".shstrtab", ".note.Xen", ".xen_prstatus", ".xen_shared_info",
	".xen_p2m", ".xen_pages"};

/* The notes as they lie in the file. */
struct note_head {
	uint32_t name_size, size, type;
	char name[4];
};

struct notes {
	struct note_head none;
	struct note_head header;
	struct {
		uint64_t magic, vcpus, pages, page_size;
	} header_data;
	struct note_head version;
	struct {
		uint64_t major, minor;
		xen_extraversion_t extra;
		xen_compile_info_t compile;
		xen_capabilities_info_t capabilities;
		xen_changeset_info_t changeset;
		xen_platform_parameters_t parameters;
		uint64_t page_size;
	} version_data;
	struct note_head format;
	uint64_t format_data;
};

struct core {
	FILE *file;
	domid_t domid;
	bool progress;
	domain_info_t info;
	struct domain_frames frames;
	Elf64_Shdr sections[SECTIONS];
};

static unsigned int vcpu_count(const struct core *core)
{
	return core->info.max_vcpu_id + 1; /* none: the number is -1 */
}

static void write_bytes(const struct core *core, const void *data, size_t size)
{
	fwrite(data, 1, size, core->file); /* whether all was written is asked at the end */
}

/* --- What is where --------------------------------------------------------------------------- */

static void lay_out(struct core *core)
{
	const size_t page = FOREIGN_PAGE;
	const Elf64_Xword sizes[SECTIONS] = {
		[NOTE] = sizeof(struct notes),
		[STATUS] = vcpu_count(core) * sizeof(vcpu_guest_context_t),
		[SHARED_INFO] = page,
		[P2M] = core->frames.count * sizeof(struct domain_frame),
		[PAGES] = core->frames.count * page};
	Elf64_Xword names = 0, at = sizeof(Elf64_Ehdr) + sizeof(core->sections);

	for (int i = 0; i < SECTIONS; i++) {
		core->sections[i] = (Elf64_Shdr){.sh_name = (Elf64_Word)names,
						 .sh_type = SHT_PROGBITS,
						 .sh_size = sizes[i],
						 .sh_addralign = 1};
		names += strlen(section_names[i]) + 1;
	}
	core->sections[NONE] = (Elf64_Shdr){.sh_type = SHT_NULL};
	core->sections[NAMES].sh_type = SHT_STRTAB;
	core->sections[NAMES].sh_size = names;
	core->sections[NOTE].sh_type = SHT_NOTE;
	core->sections[STATUS].sh_entsize = sizeof(vcpu_guest_context_t);
	core->sections[P2M].sh_entsize = sizeof(struct domain_frame);
	core->sections[PAGES].sh_entsize = core->sections[PAGES].sh_addralign = page;
	for (int i = NAMES; i < SECTIONS; i++) {
		at = i == PAGES ? (at + page - 1) & ~(page - 1) : (at + 7) & ~(Elf64_Xword)7;
		core->sections[i].sh_offset = at;
		at += core->sections[i].sh_size;
	}
}

static void write_head(const struct core *core)
{
	const Elf64_Ehdr head = {.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
					     ELFDATA2LSB, EV_CURRENT, ELFOSABI_SYSV},
				 .e_type = ET_CORE,
				 .e_machine = EM_X86_64,
				 .e_version = EV_CURRENT,
				 .e_shoff = sizeof(head),
				 .e_ehsize = sizeof(head),
				 .e_shentsize = sizeof(Elf64_Shdr),
				 .e_shnum = SECTIONS,
				 .e_shstrndx = NAMES};

	write_bytes(core, &head, sizeof(head));
	write_bytes(core, core->sections, sizeof(core->sections));
}

/* Zeros up to where a section begins. */
static void begin(const struct core *core, enum section section)
{
	fseek(core->file, (long)core->sections[section].sh_offset, SEEK_SET);
}

/* --- Its parts ------------------------------------------------------------------------------- */

static struct note_head note(uint32_t type, size_t size)
{
	return (struct note_head){
		.name_size = 4, .size = (uint32_t)size, .type = type, .name = "Xen"};
}

static int write_notes(const struct core *core)
{
	struct host_version host;
	struct notes notes = {.format_data = FORMAT};
	int rc = host_version(&host);

	if (rc) {
		return rc;
	}
	notes.none = note(XEN_ELFNOTE_DUMPCORE_NONE, 0);
	notes.header = note(XEN_ELFNOTE_DUMPCORE_HEADER, sizeof(notes.header_data));
	notes.header_data.magic = MAGIC;
	notes.header_data.vcpus = vcpu_count(core);
	notes.header_data.pages = core->frames.count;
	notes.header_data.page_size = FOREIGN_PAGE;
	notes.version = note(XEN_ELFNOTE_DUMPCORE_XEN_VERSION, sizeof(notes.version_data));
	notes.version_data.major = host.major;
	notes.version_data.minor = host.minor;
	memcpy(notes.version_data.extra, host.extra, sizeof(host.extra));
	notes.version_data.compile = host.compile;
	memcpy(notes.version_data.capabilities, host.capabilities, sizeof(host.capabilities));
	memcpy(notes.version_data.changeset, host.changeset, sizeof(host.changeset));
	notes.version_data.parameters.virt_start = host.virt_start;
	notes.version_data.page_size = host.page_size;
	notes.format = note(XEN_ELFNOTE_DUMPCORE_FORMAT_VERSION, sizeof(notes.format_data));
	begin(core, NOTE);
	write_bytes(core, &notes, sizeof(notes));
	return 0;
}

static int write_status(const struct core *core)
{
	struct xen_domctl op = {.cmd = XEN_DOMCTL_getvcpucontext, .domain = core->domid};
	vcpu_guest_context_t *context = hypercall_memory(sizeof(*context));
	int rc = 0;

	if (!context) {
		return fail(ENOMEM, "no memory for a hypercall");
	}
	begin(core, STATUS);
	for (unsigned int i = 0; rc >= 0 && i < vcpu_count(core); i++) {
		memset(context, 0, sizeof(*context));
		op.u.vcpucontext.vcpu = i;
		set_xen_guest_handle(op.u.vcpucontext.ctxt, context);
		rc = hypercall_domctl(&op);
		rc = rc == -ENODATA ? 0 : rc; /* never up: zeros */
		write_bytes(core, context, sizeof(*context));
	}
	hypercall_memory_free(context, sizeof(*context));
	return rc < 0 ? rc : 0;
}

static int write_shared_info(const struct core *core)
{
	uint64_t frame = core->info.shared_info_frame;
	const void *page = foreign_map_readonly(core->domid, &frame, 1);

	if (!page) {
		return -EIO;
	}
	begin(core, SHARED_INFO);
	write_bytes(core, page, FOREIGN_PAGE);
	foreign_unmap(page, 1);
	return 0;
}

/* What the guest has given back since its frames were listed is zeros: pages one by one, then. */
static void write_singly(const struct core *core, const uint64_t *frames, size_t count)
{
	static const char zeros[FOREIGN_PAGE];

	for (size_t i = 0; i < count; i++) {
		const void *page = foreign_map_readonly(core->domid, &frames[i], 1);

		write_bytes(core, page ? page : zeros, FOREIGN_PAGE);
		if (page) {
			foreign_unmap(page, 1);
		}
	}
}

static int write_pages(const struct core *core)
{
	size_t total = core->frames.count;
	uint64_t frames[PAGES_AT_ONCE];

	begin(core, PAGES);
	for (size_t done = 0, count; done < total && !ferror(core->file); done += count) {
		const void *pages;

		count = total - done < PAGES_AT_ONCE ? total - done : PAGES_AT_ONCE;
		for (size_t i = 0; i < count; i++) {
			frames[i] = core->frames.frames[done + i].mfn;
		}
		pages = foreign_map_readonly(core->domid, frames, count);
		if (pages) {
			write_bytes(core, pages, count * FOREIGN_PAGE);
			foreign_unmap(pages, count);
		} else {
			write_singly(core, frames, count);
		}
		if (core->progress) {
			fprintf(stderr, "\r%zu of %zu MiB%s", (done + count) >> 8, total >> 8,
				done + count == total ? "\n" : "");
		}
	}
	return 0;
}

static int write_core(struct core *core)
{
	int rc;

	lay_out(core);
	write_head(core);
	begin(core, NAMES);
	for (int i = 0; i < SECTIONS; i++) {
		write_bytes(core, section_names[i], strlen(section_names[i]) + 1);
	}
	rc = write_notes(core);
	rc = rc ? rc : write_status(core);
	rc = rc ? rc : write_shared_info(core);
	if (!rc) {
		begin(core, P2M);
		write_bytes(core, core->frames.frames, core->sections[P2M].sh_size);
		rc = write_pages(core);
	}
	return rc;
}

/* A new file, for nobody else's eyes: all that the domain knows is in it. */
static FILE *make_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	return fd < 0 ? NULL : fdopen(fd, "w");
}

int core_dump(domid_t domid, const char *path, bool progress)
{
	struct core core = {.domid = domid, .progress = progress};
	int rc = domain_get(domid, &core.info);

	rc = rc ? rc : frames_find(domid, &core.frames);
	if (!rc) {
		core.file = make_file(path);
		rc = core.file ? write_core(&core) : fail_errno(errno, "making %s", path);
	}
	if (core.file) {
		bool bad = ferror(core.file);

		if ((fclose(core.file) || bad) && !rc) {
			rc = fail_errno(errno, "writing %s", path);
		}
		if (rc) {
			unlink(path);
		}
	}
	frames_free(&core.frames);
	return rc;
}

int core_dump_named(domid_t domid, const char *name, bool progress)
{
	char path[PATH_MAX];

	mkdir("/var/lib/xen", 0755);
	mkdir(CORE_FOLDER, 0700);
	snprintf(path, sizeof(path), "%s/%s", CORE_FOLDER, name);
	unlink(path); /* of one who had the name before, or of the last time */
	return core_dump(domid, path, progress);
}
