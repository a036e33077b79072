/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a kernel says of itself: ELF notes named "Xen", or the string that came before them. */
#include <boot/bytes.h>
#include <boot/elf_notes.h>
#include <lib/string.h>
#include <xen/elfnote.h>
#include <xen/features.h>

enum note_kind { NOTE_IGNORED, NOTE_NUMBER, NOTE_TEXT, NOTE_FEATURES, NOTE_YES };

#define AT(field) offsetof(struct kernel_image, field)

static const struct {
	const char *legacy; /* the name of the same thing in the string */
	enum note_kind kind;
	size_t offset;
} known[XEN_ELFNOTE_MAX + 1] = {
	[XEN_ELFNOTE_ENTRY] = {"VIRT_ENTRY", NOTE_NUMBER, AT(entry)},
	[XEN_ELFNOTE_HYPERCALL_PAGE] = {"HYPERCALL_PAGE", NOTE_NUMBER, AT(hypercall_page)},
	[XEN_ELFNOTE_VIRT_BASE] = {"VIRT_BASE", NOTE_NUMBER, AT(virt_base)},
	[XEN_ELFNOTE_PADDR_OFFSET] = {"ELF_PADDR_OFFSET", NOTE_NUMBER, AT(paddr_offset)},
	[XEN_ELFNOTE_XEN_VERSION] = {"XEN_VER", NOTE_TEXT, AT(xen_version)},
	[XEN_ELFNOTE_GUEST_OS] = {"GUEST_OS", NOTE_TEXT, AT(guest_os)},
	[XEN_ELFNOTE_GUEST_VERSION] = {"GUEST_VER", NOTE_TEXT, AT(guest_version)},
	[XEN_ELFNOTE_LOADER] = {"LOADER", NOTE_TEXT, AT(loader)},
	[XEN_ELFNOTE_FEATURES] = {"FEATURES", NOTE_FEATURES, 0},
	[XEN_ELFNOTE_BSD_SYMTAB] = {"BSD_SYMTAB", NOTE_YES, AT(bsd_symtab)},
	[XEN_ELFNOTE_HV_START_LOW] = {NULL, NOTE_NUMBER, AT(hv_start_low)},
	[XEN_ELFNOTE_SUSPEND_CANCEL] = {NULL, NOTE_NUMBER, AT(suspend_cancel)},
	[XEN_ELFNOTE_INIT_P2M] = {NULL, NOTE_NUMBER, AT(init_p2m)},
	[XEN_ELFNOTE_MOD_START_PFN] = {NULL, NOTE_NUMBER, AT(mod_start_pfn)},
	[XEN_ELFNOTE_SUPPORTED_FEATURES] = {NULL, NOTE_NUMBER, AT(features)},
	[XEN_ELFNOTE_PHYS32_ENTRY] = {NULL, NOTE_NUMBER, AT(phys32_entry)},
};

static const char *const feature_names[] = {
	[XENFEAT_writable_page_tables] = "writable_page_tables",
	[XENFEAT_writable_descriptor_tables] = "writable_descriptor_tables",
	[XENFEAT_auto_translated_physmap] = "auto_translated_physmap",
	[XENFEAT_supervisor_mode_kernel] = "supervisor_mode_kernel",
	[XENFEAT_pae_pgdir_above_4gb] = "pae_pgdir_above_4gb",
	[XENFEAT_mmu_pt_update_preserve_ad] = "mmu_pt_update_preserve_ad",
	[XENFEAT_highmem_assist] = "highmem_assist",
	[XENFEAT_gnttab_map_avail_bits] = "gnttab_map_avail_bits",
	[XENFEAT_hvm_callback_vector] = "hvm_callback_vector",
	[XENFEAT_hvm_safe_pvclock] = "hvm_safe_pvclock",
	[XENFEAT_hvm_pirqs] = "hvm_pirqs",
	[XENFEAT_dom0] = "dom0",
	[XENFEAT_memory_op_vnode_supported] = "memory_op_vnode_supported",
	[XENFEAT_linux_rsdp_unrestricted] = "linux_rsdp_unrestricted",
	[XENFEAT_not_direct_mapped] = "not_direct_mapped",
};

/* Names between '|', a '!' before those required. Only a required one has to be known. */
static void take_features(struct elf_notes *notes, struct text list)
{
	while (list.size) {
		struct text name = text_cut(&list, '|');
		bool required = text_skip(&name, "!"), found = false;

		for (size_t i = 0; i < ARRAY_COUNT(feature_names); i++) {
			if (feature_names[i] && text_is(name, feature_names[i])) {
				notes->image->features |= BIT(i);
				notes->image->required |= required ? BIT(i) : 0;
				found = true;
			}
		}
		if (required && !found) {
			report_line(notes->report,
				    "kernel requires \"%.*s\", which is unknown here",
				    TEXT_ARGS(name));
			notes->bad = true;
		}
	}
}

/* Text is taken up to its zero, which it should have. */
static void take_text(struct elf_notes *notes, uint32_t number, struct text text)
{
	void *field = (char *)notes->image + known[number].offset;

	text = text_of(text.start, text.size);
	switch (known[number].kind) {
	case NOTE_TEXT:
		*(struct text *)field = text;
		break;
	case NOTE_YES:
		*(bool *)field = text_is(text, "yes");
		break;
	case NOTE_FEATURES:
		take_features(notes, text);
		break;
	default:
		break;
	}
}

static void take_number(struct elf_notes *notes, uint32_t number, const uint8_t *bytes, size_t size)
{
	uint64_t *field = (uint64_t *)(void *)((char *)notes->image + known[number].offset);
	uint64_t value = 0;

	if (size == 0 || size > 8) {
		report_line(notes->report, "kernel's note %u has %lu bytes and should be a number",
			    number, (unsigned long)size);
		notes->bad = true;
		return;
	}
	memcpy(&value, bytes, size);
	/* Features come from two notes, and add up. */
	*field = number == XEN_ELFNOTE_SUPPORTED_FEATURES ? *field | value : value;
}

static void take_note(struct elf_notes *notes, uint32_t number, const uint8_t *bytes, size_t size)
{
	if (number > XEN_ELFNOTE_MAX || known[number].kind == NOTE_IGNORED) {
		return;
	}
	notes->seen |= 1u << number;
	if (known[number].kind == NOTE_NUMBER) {
		take_number(notes, number, bytes, size);
	} else {
		take_text(notes, number, (struct text){(const char *)bytes, size});
	}
}

void elf_notes_take(struct elf_notes *notes, const uint8_t *bytes, size_t size, size_t align)
{
	uint64_t at = 0;

	/* Name size, contents size, type; then the name and the contents, each padded. */
	while (range_within(at, 12, size)) {
		uint64_t name_size = load_le32(bytes + at), data_size = load_le32(bytes + at + 4);
		uint64_t name = at + 12, data = name + ROUND_UP(name_size, align);

		if (!range_within(name, name_size, size) || !range_within(data, data_size, size)) {
			report_line(notes->report, "kernel's notes end in a broken one");
			return;
		}
		if (name_size == 4 && memcmp(bytes + name, "Xen", 4) == 0) {
			take_note(notes, load_le32(bytes + at + 8), bytes + data, data_size);
		}
		at = data + ROUND_UP(data_size, align);
	}
}

static void take_legacy(struct elf_notes *notes, uint32_t number, struct text value)
{
	uint64_t parsed;

	if (known[number].kind != NOTE_NUMBER) {
		notes->seen |= 1u << number;
		take_text(notes, number, value);
		return;
	}
	if (!text_number(value, &parsed)) {
		report_line(notes->report, "kernel's %s is \"%.*s\" and should be a number",
			    known[number].legacy, TEXT_ARGS(value));
		notes->bad = true;
		return;
	}
	notes->seen |= 1u << number;
	*(uint64_t *)(void *)((char *)notes->image + known[number].offset) = parsed;
}

/* NAME=VALUE between commas; the hypercall page is given by its number, an absence as a default. */
void elf_notes_take_legacy(struct elf_notes *notes, struct text string)
{
	struct kernel_image *image = notes->image;

	string = text_of(string.start, string.size);
	while (string.size) {
		struct text value = text_cut(&string, ','), name = text_cut(&value, '=');

		for (uint32_t i = 0; i <= XEN_ELFNOTE_MAX; i++) {
			if (known[i].legacy && text_is(name, known[i].legacy)) {
				take_legacy(notes, i, value);
			}
		}
	}
	if (!ELF_NOTE_SEEN(notes, XEN_ELFNOTE_PADDR_OFFSET)) {
		image->paddr_offset = image->virt_base;
	}
	if (ELF_NOTE_SEEN(notes, XEN_ELFNOTE_HYPERCALL_PAGE)) {
		if (image->hypercall_page >> 36) {
			report_line(notes->report, "kernel's HYPERCALL_PAGE is no page number");
			notes->bad = true;
		}
		image->hypercall_page = image->virt_base + (image->hypercall_page << PAGE_SHIFT);
	}
	image->legacy = notes->seen != 0;
}
