/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A kernel file of any kind we can start, unpacked and understood. */
#include <arch/port.h>
#include <boot/kernel.h>
#include <memory/frame_alloc.h>

bool kernel_open(struct kernel_file *kernel, const uint8_t *file, size_t bytes,
		 const struct report *report)
{
	kernel->elf = file;
	kernel->elf_bytes = bytes;
	kernel->format = "ELF";
	return elf_parse(&kernel->image, kernel->elf, kernel->elf_bytes, report);
}

void kernel_close(struct kernel_file *kernel)
{
	if (kernel->owns_memory) {
		frame_free(frame_of_ptr(kernel->elf), kernel->order);
		kernel->owns_memory = false;
	}
}
