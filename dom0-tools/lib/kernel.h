/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernels in files: ELF, or ELF packed into a Linux boot image. The parsers and decoders are those
 * of the hypervisor's start (hypervisor/boot), which are pure. What took long to unpack is kept in
 * a cache of files; who changes a kernel changes its file's time, and that is what the cache goes
 * by.
 */
#ifndef LIB_KERNEL_H
#define LIB_KERNEL_H

#include <boot/elf.h>
#include <stddef.h>
#include <stdint.h>

#define KERNEL_CACHE "/var/cache/pvx/kernels"

struct file_view {
	const uint8_t *bytes; /* mapped, for reading; NULL if the file is empty */
	size_t size;
	int fd; /* -1: it is memory */
};

int file_view_open(struct file_view *view, const char *path);
void file_view_close(struct file_view *view);

/*
 * The next stretch from *begin on, up to `limit`, that the file system has data for: what lies
 * between stretches is zero. False: none.
 */
bool file_view_data(const struct file_view *view, size_t limit, size_t *begin, size_t *end);

struct kernel {
	struct file_view file; /* or memory that it was unpacked into */
	const uint8_t *elf;    /* within it */
	size_t elf_bytes;
	struct kernel_image image;
};

/* 0, or -errno with a text that names the file and what is wrong with it. */
int kernel_load(struct kernel *kernel, const char *path);
void kernel_free(struct kernel *kernel);

#endif
