/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A kernel's file as a loader brings it: an ELF file, or one packed into a Linux boot image. */
#ifndef BOOT_BZIMAGE_H
#define BOOT_BZIMAGE_H

#include <boot/report.h>
#include <lib/base.h>

struct bzimage {
	const uint8_t *payload; /* within the file */
	size_t payload_size;
	const char *format; /* what it is packed in, or NULL: it is the kernel as it is */
	size_t unpacked_size;
};

/* False if there is no kernel in the file, and the report says why. */
bool bzimage_parse(struct bzimage *image, const uint8_t *file, size_t size,
		   const struct report *report);

/*
 * Unpacks a payload that has a format: unpacked_size bytes of kernel. The scratch memory is
 * UNPACK_SCRATCH_SIZE bytes, aligned to 8.
 */
bool bzimage_unpack(const struct bzimage *image, uint8_t *kernel, void *scratch,
		    const struct report *report);

#endif
