/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A kernel file of any kind we can start, unpacked and understood. */
#ifndef BOOT_KERNEL_H
#define BOOT_KERNEL_H

#include <boot/elf.h>

struct kernel_file {
	const uint8_t *elf; /* the ELF image: in the file itself, or in memory of its own */
	size_t elf_bytes;
	struct kernel_image image;
	const char *format;   /* what it was packed in, for messages */
	uint64_t first, last; /* the frames of that memory; none if equal */
};

/* False: it is none; the reason has been logged. What it holds is given back by kernel_close(). */
bool kernel_open(struct kernel_file *kernel, const uint8_t *file, size_t bytes,
		 const struct report *report);
void kernel_close(struct kernel_file *kernel);

#endif
