/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any file as a PV kernel: what is accepted can be loaded without leaving file or addresses. */
#include "boot_fake.h"

#include <boot/elf.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
	if (!good) {
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fake_log log_;
	static const struct report report = {fake_log_line, &log_};
	struct kernel_image image;

	log_.text[0] = '\0';
	if (!elf_parse(&image, data, size, &report)) {
		check(log_.text[0] != '\0');
		return 0;
	}
	check(image.segment_count > 0 && image.segment_count <= KERNEL_SEGMENTS_MAX);
	check(image.virt_start < image.virt_end && image.virt_base <= image.virt_start);
	check(image.entry >= image.virt_start && image.entry < image.virt_end);
	for (unsigned int i = 0; i < image.segment_count; i++) {
		const struct kernel_segment *segment = &image.segments[i];

		check(segment->offset <= size && segment->file_bytes <= size - segment->offset);
		check(segment->file_bytes <= segment->memory_bytes);
		check(segment->virt >= image.virt_start && segment->virt < image.virt_end &&
		      segment->memory_bytes <= image.virt_end - segment->virt);
	}
	return 0;
}
