/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of microcode updates: which update in them, if any, a processor should have. */
#ifndef BOOT_MICROCODE_H
#define BOOT_MICROCODE_H

#include <boot/text.h>

/* ucode=: neither is given, or a module's number, or a search of the modules. */
struct microcode_options {
	int module; /* 0: none; negative: counted from the end */
	bool scan;
};

enum microcode_maker { MICROCODE_INTEL, MICROCODE_AMD };

/* What decides which update fits. */
struct microcode_cpu {
	enum microcode_maker maker;
	uint32_t signature; /* CPUID leaf 1, EAX */
	uint32_t platform;  /* Intel: one bit, of the platform's number */
	uint32_t revision;  /* what runs now */
};

struct microcode_update {
	const uint8_t *start; /* with its header */
	size_t size;
	uint32_t revision;
};

/* The value of ucode=; false, and nothing changed, if it is not one. */
bool microcode_parse_option(struct microcode_options *options, struct text value);

/*
 * The newest update that fits and is newer than what runs. NULL and update filled, or else why
 * there is none; a file with any damage up to its end has none.
 */
const char *microcode_find(const uint8_t *file, size_t size, const struct microcode_cpu *cpu,
			   struct microcode_update *update);

/* The maker's file in a cpio archive ("newc"); NULL if there is none, or no archive. */
const uint8_t *microcode_in_archive(const uint8_t *archive, size_t size, enum microcode_maker maker,
				    size_t *file_size);

#endif
