/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PV kernels in ELF files: a small one, its variants, and why each damaged one is refused. */
#include "boot_fake.h"
#include "tap.h"

#include <boot/elf.h>
#include <xen/elfnote.h>
#include <xen/features.h>

#define BASE 0xffffffff80000000

static struct fake_log log_;
static const struct report report = {fake_log_line, &log_};
static struct kernel_image image;
static uint8_t file[0x3000];
static size_t file_size;
static size_t notes_end;

enum { PROGRAMS = 64, NOTES = 0x600, LEGACY = 0xa00, NAMES = 0xc00, SECTIONS = 0xd00 };

static void put16(size_t at, uint16_t value)
{
	memcpy(file + at, &value, 2);
}

static void put32(size_t at, uint32_t value)
{
	memcpy(file + at, &value, 4);
}

static void put64(size_t at, uint64_t value)
{
	memcpy(file + at, &value, 8);
}

static void put_program(unsigned int index, uint32_t type, const uint64_t fields[6])
{
	size_t at = PROGRAMS + index * 56;

	put32(at, type);
	memcpy(file + at + 8, fields, 48);
}

static void add_note(uint32_t number, const void *data, uint32_t size)
{
	put32(notes_end, 4);
	put32(notes_end + 4, size);
	put32(notes_end + 8, number);
	memcpy(file + notes_end + 12, "Xen", 4);
	memset(file + notes_end + 16, 0, (size + 3) & ~3u);
	memcpy(file + notes_end + 16, data, size);
	notes_end += 16 + ((size + 3) & ~3u);
	put64(PROGRAMS + 2 * 56 + 32, notes_end - NOTES);
}

static void add_number(uint32_t number, uint64_t value)
{
	add_note(number, &value, 8);
}

static void add_text(uint32_t number, const char *text)
{
	add_note(number, text, (uint32_t)strlen(text) + 1);
}

/* Two segments, of which the second has no virtual address, and notes. */
static void set_up_plain(void)
{
	static const uint64_t text[] = {0x1000, BASE + 0x100000, 0x100000, 0x1000, 0x1800, 0x1000};
	static const uint64_t data[] = {0x2000, 0, 0x102000, 0x800, 0x1100, 0x1000};
	static const uint64_t notes[] = {NOTES, 0, 0, 0, 0, 4};

	memset(file, 0, sizeof(file));
	file_size = 0x2800;
	log_.text[0] = '\0';
	memcpy(file, "\177ELF\2\1\1", 7);
	put16(16, 2);
	put16(18, 62);
	put64(24, BASE + 0x100010);
	put64(32, PROGRAMS);
	put16(54, 56);
	put16(56, 3);
	put_program(0, 1, text);
	put_program(1, 1, data);
	put_program(2, 4, notes);
	notes_end = NOTES;
}

static void set_up(void)
{
	set_up_plain();
	add_text(XEN_ELFNOTE_XEN_VERSION, "xen-3.0");
	add_text(XEN_ELFNOTE_GUEST_OS, "test");
	add_number(XEN_ELFNOTE_VIRT_BASE, BASE);
}

static bool parse(void)
{
	uint8_t *exact = malloc(file_size);
	bool good;

	memcpy(exact, file, file_size);
	log_.text[0] = '\0';
	good = elf_parse(&image, exact, file_size, &report);
	free(exact);
	return good;
}

static bool refused(const char *why)
{
	if (parse() || !strstr(log_.text, why)) {
		printf("# got: %s", log_.text);
		return false;
	}
	return true;
}

static void test_good(void)
{
	set_up();
	if (!ok(parse() && log_.text[0] == '\0', "a small kernel is taken without a word")) {
		printf("# %s", log_.text);
	}
	ok(image.virt_base == BASE && image.virt_start == BASE + 0x100000 &&
		   image.virt_end == BASE + 0x104000,
	   "where it lies, in whole pages");
	is_int(image.entry, BASE + 0x100010, "the file's entry point, if no note has one");
	is_int(image.segment_count, 2, "two segments");
	ok(image.segments[0].virt == BASE + 0x100000 && image.segments[0].offset == 0x1000 &&
		   image.segments[0].file_bytes == 0x1000 &&
		   image.segments[0].memory_bytes == 0x1800,
	   "the first");
	is_int(image.segments[1].virt, BASE + 0x102000, "the second goes by its physical address");
	ok(image.hypercall_page == 0 && image.init_p2m == 0 && image.mod_start_pfn == 0 &&
		   !image.legacy,
	   "what is not said is not there");
}

static void test_notes(void)
{
	set_up();
	add_number(XEN_ELFNOTE_ENTRY, BASE + 0x102000);
	add_number(XEN_ELFNOTE_HYPERCALL_PAGE, BASE + 0x101000);
	add_number(XEN_ELFNOTE_INIT_P2M, 0x8000000000);
	add_number(XEN_ELFNOTE_HV_START_LOW, 0xffff800000000000);
	add_text(XEN_ELFNOTE_LOADER, "generic");
	add_text(XEN_ELFNOTE_FEATURES, "!writable_page_tables|pae_pgdir_above_4gb|new_thing");
	add_note(XEN_ELFNOTE_SUPPORTED_FEATURES, "\1\x88\0", 4);
	add_note(XEN_ELFNOTE_MOD_START_PFN, "\1\0\0", 4);
	add_text(XEN_ELFNOTE_BSD_SYMTAB, "yes");
	add_note(XEN_ELFNOTE_L1_MFN_VALID, "0123456789abcdef", 16);
	add_number(XEN_ELFNOTE_PHYS32_ENTRY, 0x1000000);
	add_number(0x1000001, 0);
	ok(parse() && log_.text[0] == '\0', "all notes are taken");
	ok(image.entry == BASE + 0x102000 && image.hypercall_page == BASE + 0x101000 &&
		   image.init_p2m == 0x8000000000 && image.phys32_entry == 0x1000000 &&
		   image.mod_start_pfn == 1 && image.bsd_symtab,
	   "numbers of 4 and of 8 bytes");
	is_int(image.features, 0x8811, "features of both notes");
	is_int(image.required, 1, "and which are required");
	set_up();
	put64(PROGRAMS + 8 + 16, 0x80100000);
	put64(PROGRAMS + 56 + 8 + 16, 0x80102000);
	add_number(XEN_ELFNOTE_PADDR_OFFSET, 0x80000000);
	ok(parse() && image.virt_start == BASE + 0x100000, "an offset of physical addresses");
	set_up();
	put32(NOTES + 8, 99);
	ok(!parse(), "a note of another number does not count");
	set_up();
	file[NOTES + 12] = 'x';
	ok(refused("not saying which version"), "a note of another name does not count");
}

static void add_section(unsigned int index, uint32_t name, uint32_t type, const uint64_t range[2])
{
	size_t at = SECTIONS + index * 64;

	put32(at, name);
	put32(at + 4, type);
	put64(at + 24, range[0]);
	put64(at + 32, range[1]);
	put64(40, SECTIONS);
	put16(58, 64);
	put16(60, (uint16_t)(index + 1));
}

static void test_sections(void)
{
	set_up();
	put32(PROGRAMS + 2 * 56, 0x6474e551);
	ok(refused("not a PV kernel"), "without its segment of notes it is not a PV kernel");
	add_section(0, 0, 7, (uint64_t[]){NOTES, notes_end - NOTES});
	ok(parse() && image.virt_base == BASE, "a section of notes will do");
	add_section(0, 0, 7, (uint64_t[]){NOTES, UINT64_MAX});
	ok(refused("notes run past the end"), "a section beyond the file will not");
	put16(60, 0xffff);
	ok(refused("not a PV kernel"), "nor will sections beyond the file");
}

static void set_up_legacy(const char *string)
{
	set_up_plain();
	put16(56, 2);
	memcpy(file + LEGACY, string, strlen(string) + 1);
	memcpy(file + NAMES, "\0__xen_guest", 13);
	add_section(0, 0, 3, (uint64_t[]){NAMES, 13});
	add_section(1, 1, 1, (uint64_t[]){LEGACY, strlen(string) + 1});
}

static void test_legacy(void)
{
	set_up_legacy("GUEST_OS=old,XEN_VER=xen-3.0,VIRT_BASE=0xffffffff80000000,"
		      "ELF_PADDR_OFFSET=0x0,HYPERCALL_PAGE=0x101,LOADER=generic,"
		      "FEATURES=pae_pgdir_above_4gb,BSD_SYMTAB=yes,WHAT=ever,PAE");
	ok(parse() && image.legacy && image.virt_base == BASE && image.bsd_symtab &&
		   image.hypercall_page == BASE + 0x101000,
	   "a string instead of notes");
	set_up_legacy("XEN_VER=xen-3.0,VIRT_BASE=0xffffffff80000000");
	put64(PROGRAMS + 24, BASE + 0x100000);
	put64(PROGRAMS + 56 + 24, BASE + 0x102000);
	ok(parse() && image.paddr_offset == BASE && image.virt_start == BASE + 0x100000,
	   "without an offset it is the base");
	set_up_legacy("XEN_VER=xen-3.0,VIRT_BASE=high");
	ok(refused("kernel's VIRT_BASE is \"high\""), "a number that is none");
	set_up_legacy("XEN_VER=xen-3.0,VIRT_BASE=0,HYPERCALL_PAGE=0x1000000000");
	ok(refused("HYPERCALL_PAGE is no page"), "a page beyond all");
}

static void test_headers(void)
{
	set_up();
	file_size = 63;
	ok(refused("not an ELF file"), "no room for a header");
	set_up();
	file[0] = 'X';
	ok(refused("not an ELF file"), "no magic number");
	set_up();
	file[4] = 1;
	ok(refused("not 64-bit"), "a 32-bit kernel");
	set_up();
	put16(18, 183);
	ok(refused("another kind of processor"), "a kernel for ARM");
	set_up();
	put16(16, 3);
	ok(refused("not an executable"), "a shared object");
	set_up();
	put16(56, 0);
	ok(refused("without program headers"), "no program headers");
	set_up();
	put64(32, UINT64_MAX - 10);
	ok(refused("before its program headers"), "program headers beyond all");
	set_up();
	put16(56, 0xffff);
	ok(refused("before its program headers"), "too many program headers for the file");
}

static void test_refused_notes(void)
{
	set_up_plain();
	add_text(XEN_ELFNOTE_XEN_VERSION, "xen-2.0");
	ok(refused("another version of the interface"), "another version");
	set_up_plain();
	add_number(XEN_ELFNOTE_PHYS32_ENTRY, 0x1000000);
	ok(refused("PVH only"), "a PVH kernel without PV");
	set_up();
	add_text(XEN_ELFNOTE_LOADER, "special");
	ok(refused("another loader"), "another loader");
	set_up();
	add_text(XEN_ELFNOTE_FEATURES, "dom0|!teleport");
	ok(refused("requires \"teleport\""), "an unknown required feature");
	set_up();
	add_text(XEN_ELFNOTE_FEATURES, "!auto_translated_physmap");
	ok(refused("translated memory"), "a kernel for translated memory");
	set_up();
	add_text(XEN_ELFNOTE_FEATURES, "!supervisor_mode_kernel");
	ok(refused("ring 0"), "a kernel for ring 0");
	set_up();
	add_number(XEN_ELFNOTE_HV_START_LOW, 0xffff880000000000);
	ok(refused("hypervisor occupies"), "a hole that begins too high");
	set_up();
	add_note(XEN_ELFNOTE_INIT_P2M, "123456789", 9);
	ok(refused("note 15 has 9 bytes"), "a number of 9 bytes");
	set_up();
	put32(NOTES, 0xfffffff0);
	ok(refused("notes end in a broken one"), "a note's name beyond the notes");
	set_up();
	put32(NOTES + 4, 0xfffffff0);
	ok(refused("notes end in a broken one"), "a note's contents beyond the notes");
	set_up();
	put64(PROGRAMS + 2 * 56 + 32, 0x10000);
	ok(refused("notes run past the end"), "notes beyond the file");
}

static void test_refused_segments(void)
{
	set_up();
	file_size = 0x27ff;
	ok(refused("cut short"), "a file that is one byte short");
	set_up();
	put64(PROGRAMS + 8, UINT64_MAX);
	ok(refused("cut short"), "an offset that wraps");
	set_up();
	put64(PROGRAMS + 40, 0xfff);
	ok(refused("larger in the file"), "less memory than file");
	set_up();
	put64(PROGRAMS + 56 + 24, 0x101000);
	ok(refused("two segments overlap"), "overlapping segments");
	set_up();
	put64(PROGRAMS + 56 + 24, 0x80000000);
	ok(refused("outside of all addresses"), "an address beyond the last");
	set_up();
	put64(PROGRAMS + 40, UINT64_MAX);
	ok(refused("outside of all addresses"), "a size beyond the last address");
	set_up();
	add_number(XEN_ELFNOTE_PADDR_OFFSET, 0x100001);
	ok(refused("outside of all addresses"), "an address below the first");
	set_up();
	put32(PROGRAMS, 0);
	put32(PROGRAMS + 56, 0);
	ok(refused("nothing to load"), "no segments");
	set_up();
	for (unsigned int i = 0; i < 18; i++) {
		put_program(i == 2 ? 18 : i, 1, (uint64_t[]){0, 0, i << 12, 1, 1, 1});
	}
	put16(56, 19);
	add_number(XEN_ELFNOTE_ENTRY, BASE);
	ok(refused("too many segments"), "too many segments");
}

static void test_refused_addresses(void)
{
	set_up();
	add_number(XEN_ELFNOTE_ENTRY, BASE + 0x104000);
	ok(refused("entry point"), "an entry point behind the kernel");
	set_up();
	add_number(XEN_ELFNOTE_ENTRY, BASE);
	ok(refused("entry point"), "an entry point before it");
	set_up();
	add_number(XEN_ELFNOTE_VIRT_BASE, 0xffff830000000000);
	ok(refused("no guest can have"), "a kernel where the hypervisor is");
	set_up();
	add_number(XEN_ELFNOTE_VIRT_BASE, 0x7fffffefe000);
	ok(refused("no guest can have"), "a kernel across the end of the lower half");
	set_up();
	add_number(XEN_ELFNOTE_VIRT_BASE, 0x100);
	ok(refused("page boundary"), "a base within a page");
	set_up();
	put64(24, 0x100010);
	add_number(XEN_ELFNOTE_VIRT_BASE, 0);
	ok(parse() && image.virt_start == 0x100000, "a base of 0 is good");
	set_up();
	add_number(XEN_ELFNOTE_HYPERCALL_PAGE, BASE + 0x101010);
	ok(refused("hypercall page"), "a hypercall page that is none");
	set_up();
	add_number(XEN_ELFNOTE_HYPERCALL_PAGE, BASE + 0x104000);
	ok(refused("hypercall page"), "a hypercall page outside");
	set_up();
	add_number(XEN_ELFNOTE_INIT_P2M, 0xffff800000000000);
	ok(refused("list of frames"), "the list of frames where the hypervisor is");
	set_up();
	add_number(XEN_ELFNOTE_INIT_P2M, BASE + 0x100000);
	ok(refused("list of frames"), "the list of frames where the kernel is");
}

int main(void)
{
	test_good();
	test_notes();
	test_sections();
	test_legacy();
	test_headers();
	test_refused_notes();
	test_refused_segments();
	test_refused_addresses();
	return done_testing();
}
