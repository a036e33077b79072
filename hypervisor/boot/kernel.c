/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A kernel file of any kind we can start, unpacked and understood. */
#include <arch/port.h>
#include <boot/bzimage.h>
#include <boot/kernel.h>
#include <boot/unpack/unpack.h>
#include <memory/frame_alloc.h>

static unsigned order_of(uint64_t bytes)
{
	unsigned order = 0;

	while (PAGE_SIZE << order < bytes) {
		order++;
	}
	return order;
}

/* Frees a run of frames by the largest blocks that it is made of. */
static void free_run(uint64_t first, uint64_t last)
{
	while (first < last) {
		unsigned order = (unsigned)__builtin_ctzll(first | BIT(FRAME_ORDER_MAX));

		while (first + BIT(order) > last) {
			order--;
		}
		frame_free(MFN(first), order);
		first += BIT(order);
	}
}

/* So many bytes in one run; what its last block has beyond them goes back at once. */
static bool take_memory(struct kernel_file *kernel, uint64_t bytes)
{
	unsigned order = order_of(bytes);
	mfn_t mfn = order <= FRAME_ORDER_MAX ? frame_alloc(order, FRAME_UNCLEARED) : MFN_NONE;

	if (mfn_is_none(mfn)) {
		return false;
	}
	kernel->first = mfn.n;
	kernel->last = mfn.n + (ROUND_UP(bytes, PAGE_SIZE) >> PAGE_SHIFT);
	free_run(kernel->last, mfn.n + BIT(order));
	return true;
}

static bool unpack_kernel(struct kernel_file *kernel, const struct bzimage *packed,
			  const struct report *report)
{
	unsigned order = order_of(UNPACK_SCRATCH_SIZE);
	mfn_t scratch = frame_alloc(order, FRAME_UNCLEARED);
	bool good = false;

	if (mfn_is_none(scratch) || !take_memory(kernel, packed->unpacked_size)) {
		report_line(report, "no run of %lu KiB of memory is free to unpack the kernel into",
			    (unsigned long)(packed->unpacked_size >> 10));
	} else {
		uint8_t *elf = frame_ptr(MFN(kernel->first));

		good = bzimage_unpack(packed, elf, frame_ptr(scratch), report);
		kernel->elf = elf;
		kernel->elf_bytes = packed->unpacked_size;
		kernel->format = packed->format;
	}
	if (!mfn_is_none(scratch)) {
		frame_free(scratch, order);
	}
	return good;
}

bool kernel_open(struct kernel_file *kernel, const uint8_t *file, size_t bytes,
		 const struct report *report)
{
	struct bzimage packed;
	bool good;

	*kernel = (struct kernel_file){.format = "ELF"};
	if (!bzimage_parse(&packed, file, bytes, report)) {
		return false;
	}
	kernel->elf = packed.payload;
	kernel->elf_bytes = packed.payload_size;
	good = !packed.format || unpack_kernel(kernel, &packed, report);
	if (!good || !elf_parse(&kernel->image, kernel->elf, kernel->elf_bytes, report)) {
		kernel_close(kernel);
		return false;
	}
	return true;
}

void kernel_close(struct kernel_file *kernel)
{
	free_run(kernel->first, kernel->last);
	kernel->first = kernel->last;
}
