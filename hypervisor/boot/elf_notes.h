/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of elf.c that reads what a kernel says of itself, as notes or as one old string. */
#ifndef BOOT_ELF_NOTES_H
#define BOOT_ELF_NOTES_H

#include <boot/elf.h>

/* What was said; one bit for each XEN_ELFNOTE_ number. */
struct elf_notes {
	struct kernel_image *image;
	const struct report *report;
	uint32_t seen;
	bool bad; /* said in a way that cannot be used; reported */
};

#define ELF_NOTE_SEEN(notes, number) ((notes)->seen >> (number)&1)

/* Takes the notes that are Xen's from a segment or section. */
void elf_notes_take(struct elf_notes *notes, const uint8_t *bytes, size_t size, size_t align);

/* Takes the string of a __xen_guest section. */
void elf_notes_take_legacy(struct elf_notes *notes, struct text string);

#endif
