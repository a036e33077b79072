/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A PV kernel in an ELF file: headers, segments, and whether it can be started here. */
#include <boot/bytes.h>
#include <boot/elf.h>
#include <boot/elf_notes.h>
#include <lib/string.h>
#include <xen/elfnote.h>
#include <xen/features.h>

/* Where the fields of the file's header, program headers and section headers are. */
enum elf_offset {
	E_CLASS = 4,
	E_DATA = 5,
	E_TYPE = 16,
	E_MACHINE = 18,
	E_ENTRY = 24,
	E_PHOFF = 32,
	E_SHOFF = 40,
	E_PHENTSIZE = 54,
	E_PHNUM = 56,
	E_SHENTSIZE = 58,
	E_SHNUM = 60,
	E_SHSTRNDX = 62,
	E_SIZE = 64,

	P_TYPE = 0,
	P_OFFSET = 8,
	P_PADDR = 24,
	P_FILESZ = 32,
	P_MEMSZ = 40,
	P_ALIGN = 48,
	P_SIZE = 56,

	S_NAME = 0,
	S_TYPE = 4,
	S_OFFSET = 24,
	S_SIZE = 32,
	S_ALIGN = 48,
	S_HEADER_SIZE = 64,
};

enum { PT_LOAD = 1, PT_NOTE = 4, SHT_NOTE = 7, ET_EXEC = 2, EM_X86_64 = 62 };

/* What the hypervisor keeps of each address space. */
#define HOLE_START UINT64_C(0xffff800000000000)
#define HOLE_END   UINT64_C(0xffff880000000000)
#define LOWER_END  UINT64_C(0x0000800000000000)

struct file {
	const uint8_t *bytes;
	size_t size;
	const uint8_t *programs; /* headers, all of them within the file */
	const uint8_t *sections;
	unsigned int program_count, section_count;
};

static const char *header_fault(const uint8_t *bytes, size_t size)
{
	if (size < E_SIZE || memcmp(bytes, "\177ELF", 4) != 0) {
		return "not an ELF file";
	}
	if (bytes[E_CLASS] != 2) {
		return "not 64-bit: 32-bit kernels are not supported";
	}
	if (bytes[E_DATA] != 1 || load_le16(bytes + E_MACHINE) != EM_X86_64) {
		return "for another kind of processor";
	}
	if (load_le16(bytes + E_TYPE) != ET_EXEC) {
		return "not an executable file";
	}
	if (load_le16(bytes + E_PHENTSIZE) != P_SIZE || load_le16(bytes + E_PHNUM) == 0) {
		return "without program headers";
	}
	if (!range_within(load_le64(bytes + E_PHOFF), load_le16(bytes + E_PHNUM) * P_SIZE, size)) {
		return "cut short before its program headers";
	}
	return NULL;
}

/* Sections are needed for notes only, and only if no segment has any, so bad ones are none. */
static void open_file(struct file *file, const uint8_t *bytes, size_t size)
{
	uint64_t sections = load_le64(bytes + E_SHOFF);
	unsigned int count = load_le16(bytes + E_SHNUM);

	*file = (struct file){.bytes = bytes, .size = size};
	file->programs = bytes + load_le64(bytes + E_PHOFF);
	file->program_count = load_le16(bytes + E_PHNUM);
	if (load_le16(bytes + E_SHENTSIZE) == S_HEADER_SIZE &&
	    range_within(sections, count * S_HEADER_SIZE, size)) {
		file->sections = bytes + sections;
		file->section_count = count;
	}
}

/* ---- Notes ---- */

static void take_range(struct elf_notes *notes, const struct file *file, const uint8_t *where,
		       uint64_t align)
{
	uint64_t offset = load_le64(where), size = load_le64(where + 8);

	if (!range_within(offset, size, file->size)) {
		report_line(notes->report, "kernel's notes run past the end of the file");
		return;
	}
	elf_notes_take(notes, file->bytes + offset, size, align == 8 ? 8 : 4);
}

static void take_program_notes(struct elf_notes *notes, const struct file *file)
{
	for (unsigned int i = 0; i < file->program_count; i++) {
		const uint8_t *program = file->programs + i * P_SIZE;
		uint8_t where[16];

		if (load_le32(program + P_TYPE) == PT_NOTE) {
			memcpy(where, program + P_OFFSET, 8);
			memcpy(where + 8, program + P_FILESZ, 8);
			take_range(notes, file, where, load_le64(program + P_ALIGN));
		}
	}
}

static void take_section_notes(struct elf_notes *notes, const struct file *file)
{
	for (unsigned int i = 0; i < file->section_count; i++) {
		const uint8_t *section = file->sections + i * S_HEADER_SIZE;

		if (load_le32(section + S_TYPE) == SHT_NOTE) {
			take_range(notes, file, section + S_OFFSET, load_le64(section + S_ALIGN));
		}
	}
}

/* The bytes of a section as text, empty if they are not in the file. */
static struct text section_text(const struct file *file, unsigned int index)
{
	const uint8_t *section = file->sections + index * S_HEADER_SIZE;
	uint64_t offset, size;

	if (index >= file->section_count) {
		return (struct text){"", 0};
	}
	offset = load_le64(section + S_OFFSET);
	size = load_le64(section + S_SIZE);
	if (!range_within(offset, size, file->size)) {
		return (struct text){"", 0};
	}
	return (struct text){(const char *)file->bytes + offset, size};
}

static void take_legacy_section(struct elf_notes *notes, const struct file *file)
{
	struct text names = section_text(file, load_le16(file->bytes + E_SHSTRNDX));

	for (unsigned int i = 0; i < file->section_count; i++) {
		uint32_t at = load_le32(file->sections + i * S_HEADER_SIZE + S_NAME);

		if (at < names.size &&
		    text_is(text_of(names.start + at, names.size - at), "__xen_guest")) {
			elf_notes_take_legacy(notes, section_text(file, i));
			return;
		}
	}
}

/* Notes by segments, else by sections, else the string. */
static void take_notes(struct elf_notes *notes, const struct file *file)
{
	take_program_notes(notes, file);
	if (!notes->seen) {
		take_section_notes(notes, file);
	}
	if (!notes->seen) {
		take_legacy_section(notes, file);
	}
	if (!ELF_NOTE_SEEN(notes, XEN_ELFNOTE_ENTRY)) {
		notes->image->entry = load_le64(file->bytes + E_ENTRY);
	}
}

static const char *notes_fault(const struct elf_notes *notes)
{
	const struct kernel_image *image = notes->image;

	if (!notes->seen) {
		return "not a PV kernel: it has no notes for Xen";
	}
	if (!ELF_NOTE_SEEN(notes, XEN_ELFNOTE_XEN_VERSION)) {
		return image->phys32_entry ? "built for PVH only, without PV"
					   : "not saying which version of the interface it is for";
	}
	if (!text_is(image->xen_version, "xen-3.0")) {
		return "for another version of the interface than xen-3.0";
	}
	if (ELF_NOTE_SEEN(notes, XEN_ELFNOTE_LOADER) && !text_is(image->loader, "generic")) {
		return "asking for another loader than the generic one";
	}
	if (image->required & BIT(XENFEAT_auto_translated_physmap)) {
		return "requiring translated memory, which PV guests do not have";
	}
	if (image->required & BIT(XENFEAT_supervisor_mode_kernel)) {
		return "requiring to run in ring 0";
	}
	if (image->hv_start_low > HOLE_START) {
		return "in need of addresses that the hypervisor occupies";
	}
	return notes->bad ? "describing itself wrongly" : NULL;
}

/* ---- Segments ---- */

static const char *add_segment(struct kernel_image *image, const uint8_t *program, uint64_t size)
{
	struct kernel_segment *segment = &image->segments[image->segment_count];
	uint64_t paddr = load_le64(program + P_PADDR), end;

	if (image->segment_count == KERNEL_SEGMENTS_MAX) {
		return "in too many segments";
	}
	segment->offset = load_le64(program + P_OFFSET);
	segment->file_bytes = load_le64(program + P_FILESZ);
	segment->memory_bytes = load_le64(program + P_MEMSZ);
	if (segment->memory_bytes == 0) {
		return NULL;
	}
	if (!range_within(segment->offset, segment->file_bytes, size)) {
		return "cut short: a segment runs past the end of the file";
	}
	if (segment->file_bytes > segment->memory_bytes) {
		return "damaged: a segment is larger in the file than in memory";
	}
	if (paddr < image->paddr_offset ||
	    __builtin_add_overflow(paddr - image->paddr_offset, image->virt_base, &segment->virt) ||
	    __builtin_add_overflow(segment->virt, segment->memory_bytes, &end) ||
	    end > UINT64_MAX - PAGE_SIZE) {
		return "damaged: a segment lies outside of all addresses";
	}
	for (unsigned int i = 0; i < image->segment_count; i++) {
		const struct kernel_segment *other = &image->segments[i];

		if (segment->virt < other->virt + other->memory_bytes && other->virt < end) {
			return "damaged: two segments overlap";
		}
	}
	image->virt_start = MIN(image->virt_start, ROUND_DOWN(segment->virt, PAGE_SIZE));
	image->virt_end = MAX(image->virt_end, ROUND_UP(end, PAGE_SIZE));
	image->segment_count++;
	return NULL;
}

static const char *load_segments(struct kernel_image *image, const struct file *file)
{
	const char *fault = NULL;

	image->virt_start = UINT64_MAX;
	for (unsigned int i = 0; i < file->program_count && !fault; i++) {
		const uint8_t *program = file->programs + i * P_SIZE;

		if (load_le32(program + P_TYPE) == PT_LOAD) {
			fault = add_segment(image, program, file->size);
		}
	}
	if (!fault && image->segment_count == 0) {
		fault = "empty: it has nothing to load";
	}
	return fault;
}

/* ---- Addresses ---- */

/* A guest has the lower half, and the upper half without what the hypervisor keeps. */
static bool guest_may_have(uint64_t start, uint64_t end)
{
	return start < end && (end <= LOWER_END || start >= HOLE_END);
}

static const char *address_fault(const struct kernel_image *image)
{
	if (!guest_may_have(image->virt_base, image->virt_end) ||
	    !guest_may_have(image->virt_start, image->virt_end)) {
		return "in need of addresses that no guest can have";
	}
	if (image->virt_base & ~PAGE_MASK) {
		return "damaged: its base is not on a page boundary";
	}
	if (image->entry < image->virt_start || image->entry >= image->virt_end) {
		return "damaged: its entry point is outside of what is loaded";
	}
	if (image->hypercall_page &&
	    (image->hypercall_page & ~PAGE_MASK || image->hypercall_page < image->virt_start ||
	     image->hypercall_page >= image->virt_end)) {
		return "damaged: its hypercall page is not a page of it";
	}
	/* The list grows with memory, so that it fits is checked where memory is known. */
	if (image->init_p2m &&
	    (image->init_p2m & ~PAGE_MASK ||
	     !guest_may_have(image->init_p2m, image->init_p2m + PAGE_SIZE) ||
	     (image->init_p2m >= image->virt_base && image->init_p2m < image->virt_end))) {
		return "damaged: its place for the list of frames cannot be used";
	}
	return NULL;
}

bool elf_parse(struct kernel_image *image, const uint8_t *bytes, size_t size,
	       const struct report *report)
{
	struct elf_notes notes = {.image = image, .report = report};
	const char *fault = header_fault(bytes, size);
	struct file file;

	memset(image, 0, sizeof(*image));
	if (!fault) {
		open_file(&file, bytes, size);
		take_notes(&notes, &file);
		fault = notes_fault(&notes);
	}
	if (!fault) {
		fault = load_segments(image, &file);
	}
	if (!fault) {
		fault = address_fault(image);
	}
	if (fault) {
		report_line(report, "kernel is %s", fault);
	}
	return !fault;
}
