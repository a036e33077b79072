/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A kernel's file as a loader brings it: an ELF file, or one packed into a Linux boot image. */
#include <boot/bytes.h>
#include <boot/bzimage.h>
#include <boot/unpack/unpack.h>
#include <lib/string.h>

/* The setup header; the payload is where this says, from the end of the setup sectors on. */
enum {
	SETUP_SECTORS = 0x1f1,
	SETUP_BOOT_FLAG = 0x1fe,
	SETUP_MAGIC = 0x202,
	SETUP_VERSION = 0x206,
	SETUP_PAYLOAD_OFFSET = 0x248,
	SETUP_PAYLOAD_SIZE = 0x24c,
	SETUP_END = 0x250,
};

#define SETUP_VERSION_WITH_PAYLOAD 0x208
#define SECTOR			   512u
#define UNPACKED_SIZE_MAX	   (1u << 30)

static bool is_elf(const uint8_t *bytes, size_t size)
{
	return size >= 4 && memcmp(bytes, "\177ELF", 4) == 0;
}

static const char *find_payload(struct bzimage *image, const uint8_t *file, size_t size)
{
	uint64_t sectors, offset;

	if (size < SETUP_END || load_le16(file + SETUP_BOOT_FLAG) != 0xaa55 ||
	    memcmp(file + SETUP_MAGIC, "HdrS", 4) != 0) {
		return "neither an ELF file nor a Linux boot image";
	}
	if (load_le16(file + SETUP_VERSION) < SETUP_VERSION_WITH_PAYLOAD) {
		return "a Linux boot image of a time before PV kernels";
	}
	sectors = file[SETUP_SECTORS] ? file[SETUP_SECTORS] : 4;
	offset = (sectors + 1) * SECTOR + load_le32(file + SETUP_PAYLOAD_OFFSET);
	image->payload_size = load_le32(file + SETUP_PAYLOAD_SIZE);
	if (!range_within(offset, image->payload_size, size)) {
		return "cut short: its payload runs past the end of the file";
	}
	image->payload = file + offset;
	return NULL;
}

/* Whatever packed it, a payload ends in its size unpacked; for gzip that is part of the format. */
static const char *look_inside(struct bzimage *image)
{
	if (is_elf(image->payload, image->payload_size)) {
		return NULL;
	}
	image->format = unpack_format(image->payload, image->payload_size);
	if (!image->format || image->payload_size < 8) {
		return "packed in a format that is not known here";
	}
	image->unpacked_size = load_le32(image->payload + image->payload_size - 4);
	if (image->unpacked_size == 0 || image->unpacked_size > UNPACKED_SIZE_MAX) {
		return "damaged: no kernel has the size that it gives";
	}
	return NULL;
}

bool bzimage_parse(struct bzimage *image, const uint8_t *file, size_t size,
		   const struct report *report)
{
	const char *fault = NULL;

	*image = (struct bzimage){.payload = file, .payload_size = size};
	if (!is_elf(file, size)) {
		fault = find_payload(image, file, size);
	}
	if (!fault) {
		fault = look_inside(image);
	}
	if (fault) {
		report_line(report, "kernel is %s", fault);
	}
	return !fault;
}

bool bzimage_unpack(const struct bzimage *image, uint8_t *kernel, void *scratch,
		    const struct report *report)
{
	struct unpack job = {
		.in = image->payload,
		.in_end = image->payload + image->payload_size,
		.out = kernel,
		.out_end = kernel + image->unpacked_size,
		.scratch = scratch,
	};
	const char *fault = unpack(&job);

	if (!fault && job.out != job.out_end) {
		fault = "smaller unpacked than it says";
	}
	if (fault) {
		report_line(report, "kernel's %s payload is %s", image->format, fault);
	}
	return !fault;
}
