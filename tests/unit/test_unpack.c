/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Decoders on one text packed in each format: whole, cut at each byte, with each byte changed. */
#include "boot_fake.h"
#include "tap.h"

#include <boot/bzimage.h>
#include <boot/unpack/unpack.h>

/* The files are in the corpus of the fuzz target, made by the usual tools from make_text(). */
static const struct {
	const char *name, *format;
	bool checked; /* has a checksum, so that changed contents are found */
} files[] = {
	{"xz-crc32", "xz", true},    {"xz-crc64-x86", "xz", true},   {"xz-blocks", "xz", true},
	{"xz-unpacked", "xz", true}, {"lzma-marker", "lzma", false}, {"lz4-legacy", "lz4", false},
	{"gzip", "gzip", true},	     {"gzip-fixed", "gzip", true},   {"gzip-stored", "gzip", true},
	{"zstd", "zstd", true},	     {"zstd-ultra", "zstd", true},
};

static uint8_t text[4096];
static size_t text_size;
static uint64_t scratch[UNPACK_SCRATCH_SIZE / 8];
static struct fake_log log_;
static const struct report report = {fake_log_line, &log_};

/* Words, branches for the x86 filter, and a run of zeroes. */
static void make_text(void)
{
	for (unsigned int i = 0; i < 60; i++) {
		text_size +=
			(size_t)sprintf((char *)text + text_size, "%u little kernels, ", i * i);
	}
	for (unsigned int i = 0; i < 80; i++) {
		text[text_size++] = i % 3 ? 0xe8 : 0xe9;
		for (unsigned int byte = 0; byte < i % 6; byte++) {
			text[text_size++] = (uint8_t)(byte < 2 ? i * 5 : i % 4 ? 0 : 0xff);
		}
	}
	memset(text + text_size, 0, 1000);
	text_size += 1000;
}

static uint8_t *load_file(const char *name, size_t *size)
{
	const char *srcdir = getenv("srcdir");
	uint8_t *bytes = malloc(8192);
	char path[1024];
	FILE *file;

	snprintf(path, sizeof(path), "%s/tests/fuzz/corpus/unpack/%s", srcdir ? srcdir : ".", name);
	file = fopen(path, "rb");
	*size = file ? fread(bytes, 1, 8192, file) : 0;
	if (file) {
		fclose(file);
	}
	return bytes;
}

/* Input and output in blocks of exactly their sizes; sets *same if the output is the text. */
static const char *unpack_exactly(const uint8_t *in, size_t in_size, size_t room, bool *same)
{
	uint8_t *in_copy = malloc(in_size ? in_size : 1), *out = malloc(room ? room : 1);
	struct unpack job = {in_copy, in_copy + in_size, out, out + room, scratch};
	const char *fault;

	memcpy(in_copy, in, in_size);
	memset(scratch, 0xa5, sizeof(scratch));
	fault = unpack(&job);
	*same = (size_t)(job.out - out) == text_size && memcmp(out, text, text_size) == 0;
	if (!fault && (size_t)(job.out - out) != text_size) {
		fault = "another size"; /* what a boot image's caller finds by its size */
	}
	free(in_copy);
	free(out);
	return fault;
}

static void test_file(const char *name, const char *format, bool checked)
{
	unsigned int cut_taken = 0, changed_taken = 0;
	size_t size;
	uint8_t *bytes = load_file(name, &size);
	const char *fault, *found = unpack_format(bytes, size);
	bool same;

	ok(found && strcmp(found, format) == 0, "%s: the format is %s", name, format);
	fault = unpack_exactly(bytes, size, text_size, &same);
	ok(!fault && same, "%s: unpacks to the text (%s)", name, fault ? fault : "good");
	fault = unpack_exactly(bytes, size, text_size + 100, &same);
	ok(!fault && same, "%s: with room to spare", name);
	fault = unpack_exactly(bytes, size, text_size - 1, &same);
	ok(fault || !checked, "%s: is refused if it does not fit", name);
	for (size_t cut = 0; cut < size; cut++) {
		fault = unpack_exactly(bytes, cut, text_size, &same);
		cut_taken += !fault && !same;
	}
	is_int(cut_taken, 0, "%s: cut at each byte", name);
	for (size_t at = 0; at < size; at++) {
		bytes[at] ^= (uint8_t)(1 + at % 255);
		fault = unpack_exactly(bytes, size, text_size, &same);
		changed_taken += !fault && !same && checked;
		bytes[at] ^= (uint8_t)(1 + at % 255);
	}
	is_int(changed_taken, 0, "%s: each byte changed", name);
	free(bytes);
}

static uint8_t image_file[8192];
static size_t image_size;

/* A boot image of two setup sectors with the gzip file, 0x40 bytes into the rest, as payload. */
static void make_image(void)
{
	static const uint8_t flag[] = {0x55, 0xaa}, version[] = {0x0f, 0x02};
	uint32_t payload[2] = {0x40, 0};
	size_t size;
	uint8_t *bytes = load_file("gzip", &size);

	memset(image_file, 0, sizeof(image_file));
	image_file[0x1f1] = 2;
	memcpy(image_file + 0x1fe, flag, 2);
	memcpy(image_file + 0x202, "HdrS", 4);
	memcpy(image_file + 0x206, version, 2);
	payload[1] = (uint32_t)size;
	memcpy(image_file + 0x248, payload, 8);
	memcpy(image_file + 3 * 512 + 0x40, bytes, size);
	image_size = 3 * 512 + 0x40 + size;
	free(bytes);
}

static bool refused(const char *why)
{
	struct bzimage image;

	log_.text[0] = '\0';
	return !bzimage_parse(&image, image_file, image_size, &report) && strstr(log_.text, why);
}

static void test_bzimage(void)
{
	static uint8_t kernel[4096];
	struct bzimage image;

	make_image();
	ok(bzimage_parse(&image, image_file, image_size, &report) && image.format &&
		   strcmp(image.format, "gzip") == 0 && image.unpacked_size == text_size,
	   "a boot image says what it is packed in, and how much that is");
	ok(bzimage_unpack(&image, kernel, scratch, &report) && !memcmp(kernel, text, text_size),
	   "and unpacks");
	image.unpacked_size++;
	ok(!bzimage_unpack(&image, kernel, scratch, &report) &&
		   strstr(log_.text, "kernel's gzip payload is smaller unpacked than it says"),
	   "but not to more than it is");
	image.unpacked_size -= 2;
	ok(!bzimage_unpack(&image, kernel, scratch, &report), "or less");
	image_size--;
	ok(refused("cut short"), "cut short");
	make_image();
	memset(image_file + image_size - 4, 0xff, 4);
	ok(refused("no kernel has the size"), "with an absurd size");
	make_image();
	memcpy(image_file + 3 * 512 + 0x40, "\x1f\x8c", 2);
	ok(refused("packed in a format that is not known"), "of an unknown format");
	make_image();
	image_file[0x207] = 1;
	ok(refused("before PV kernels"), "of an old version");
	make_image();
	image_file[0x202] = 'h';
	ok(refused("neither an ELF file nor a Linux boot image"), "without its magic number");
	memset(image_file + 0x24c, 0xff, 4);
	image_size = 0x24f;
	ok(refused("neither an ELF file nor"), "shorter than its header");
	memcpy(image_file, "\177ELF", 4);
	ok(bzimage_parse(&image, image_file, image_size, &report) && !image.format &&
		   image.payload == image_file && image.payload_size == image_size,
	   "an ELF file is taken as it is");
}

int main(void)
{
	make_text();
	for (size_t i = 0; i < ARRAY_COUNT(files); i++) {
		test_file(files[i].name, files[i].format, files[i].checked);
	}
	ok(unpack_format((const uint8_t *)"BZh91AY", 7) == NULL, "another format is not known");
	ok(unpack_format((const uint8_t *)"\x1f", 1) == NULL, "one byte is no format");
	test_bzimage();
	return done_testing();
}
