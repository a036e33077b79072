/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Files of microcode updates. Intel's are updates one after the other (SDM volume 3, chapter
 * "Microcode update facilities"); AMD's are containers, each with a table that names processors by
 * a short number, and patches for those numbers.
 */
#include <boot/bytes.h>
#include <boot/microcode.h>
#include <lib/string.h>

/* --- The option ----------------------------------------------------------------------------- */

bool microcode_parse_option(struct microcode_options *options, struct text value)
{
	struct microcode_options parsed = {0};

	do {
		struct text part = text_cut(&value, ',');
		bool negative;
		uint64_t number;

		if (text_switch(part, "scan", &parsed.scan)) {
			continue;
		}
		negative = text_skip(&part, "-");
		if (!text_number(part, &number) || number < 1 || number > 63) {
			return false;
		}
		parsed.module = negative ? -(int)number : (int)number;
	} while (value.size);
	*options = parsed;
	return true;
}

/* --- Intel ---------------------------------------------------------------------------------- */

enum {
	INTEL_VERSION = 0,
	INTEL_REVISION = 4,
	INTEL_SIGNATURE = 12,
	INTEL_CHECKSUM = 16,
	INTEL_LOADER = 20,
	INTEL_PLATFORMS = 24,
	INTEL_DATA_SIZE = 28,
	INTEL_TOTAL_SIZE = 32,
	INTEL_HEADER = 48,
	INTEL_TABLE_HEADER = 20, /* count, checksum, 12 bytes reserved */
	INTEL_TABLE_ENTRY = 12,	 /* signature, platforms, checksum */
};

#define INTEL_OLD_DATA_SIZE 2000u /* what a size of zero stands for */

static uint32_t sum_words(const uint8_t *bytes, size_t size)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < size; i += 4) {
		sum += load_le32(bytes + i);
	}
	return sum;
}

static bool intel_fits(const struct microcode_cpu *cpu, uint32_t signature, uint32_t platforms)
{
	return signature == cpu->signature && platforms & cpu->platform;
}

/* Other processors that the update is for too. An entry's sum is to be that of the header's words.
 */
static const char *intel_read_table(const uint8_t *update, const uint8_t *table, size_t size,
				    const struct microcode_cpu *cpu, bool *fits)
{
	uint32_t count, expected = load_le32(update + INTEL_SIGNATURE) +
				   load_le32(update + INTEL_PLATFORMS) +
				   load_le32(update + INTEL_CHECKSUM);

	if (size < INTEL_TABLE_HEADER) {
		return "damaged: a table of signatures is cut short";
	}
	count = load_le32(table);
	if (count > (size - INTEL_TABLE_HEADER) / INTEL_TABLE_ENTRY) {
		return "damaged: a table of signatures is cut short";
	}
	if (sum_words(table, INTEL_TABLE_HEADER + (size_t)count * INTEL_TABLE_ENTRY)) {
		return "damaged: the checksum of a table of signatures is wrong";
	}
	for (uint32_t i = 0; i < count; i++) {
		const uint8_t *entry = table + INTEL_TABLE_HEADER + (size_t)i * INTEL_TABLE_ENTRY;

		if (sum_words(entry, INTEL_TABLE_ENTRY) != expected) {
			return "damaged: the checksum of a signature is wrong";
		}
		*fits |= intel_fits(cpu, load_le32(entry), load_le32(entry + 4));
	}
	return NULL;
}

/* One update, of which left bytes are there: how long it is, and whether it is for this CPU. */
static const char *intel_read(const uint8_t *update, size_t left, const struct microcode_cpu *cpu,
			      size_t *size, bool *fits)
{
	uint64_t data, total;

	if (left < INTEL_HEADER || load_le32(update + INTEL_VERSION) != 1 ||
	    load_le32(update + INTEL_LOADER) != 1) {
		return "none of Intel's updates, or damaged";
	}
	data = load_le32(update + INTEL_DATA_SIZE);
	total = load_le32(update + INTEL_TOTAL_SIZE);
	if (data == 0) {
		data = INTEL_OLD_DATA_SIZE;
		total = INTEL_HEADER + INTEL_OLD_DATA_SIZE;
	}
	if (data % 4 || total % 4 || total < INTEL_HEADER + data || total > left) {
		return "damaged: an update is cut short, or its sizes are no good";
	}
	if (sum_words(update, INTEL_HEADER + data)) {
		return "damaged: the checksum of an update is wrong";
	}
	*size = total;
	*fits = intel_fits(cpu, load_le32(update + INTEL_SIGNATURE),
			   load_le32(update + INTEL_PLATFORMS));
	if (total == INTEL_HEADER + data) {
		return NULL;
	}
	return intel_read_table(update, update + INTEL_HEADER + data, total - INTEL_HEADER - data,
				cpu, fits);
}

static const char *intel_find(const uint8_t *file, size_t size, const struct microcode_cpu *cpu,
			      struct microcode_update *best, bool *known)
{
	size_t length;

	for (size_t at = 0; at < size; at += length) {
		bool fits;
		const char *fault = intel_read(file + at, size - at, cpu, &length, &fits);
		uint32_t revision;

		if (fault) {
			return fault;
		}
		*known |= fits;
		revision = load_le32(file + at + INTEL_REVISION);
		/* Revisions are signed: those below zero are for the maker's own trials. */
		if (fits && (int32_t)revision > (int32_t)best->revision) {
			*best = (struct microcode_update){file + at, length, revision};
		}
	}
	return NULL;
}

/* --- AMD ------------------------------------------------------------------------------------ */

#define AMD_MAGIC 0x00414d44u

enum {
	AMD_SECTION_TABLE = 0,
	AMD_SECTION_PATCH = 1,
	AMD_SECTION_HEADER = 8, /* type, size */
	AMD_TABLE_ENTRY = 16,
	AMD_TABLE_SHORT = 12, /* in an entry: the short number */
	AMD_PATCH_REVISION = 4,
	AMD_PATCH_NORTH = 16, /* if not 0, the patch is for one chip set only */
	AMD_PATCH_SOUTH = 20,
	AMD_PATCH_CPU = 24,
	AMD_PATCH_HEADER = 64,
};

/* 0: the table does not know the processor. */
static uint16_t amd_short_number(const uint8_t *table, size_t size, uint32_t signature)
{
	for (size_t at = 0; at + AMD_TABLE_ENTRY <= size && load_le32(table + at);
	     at += AMD_TABLE_ENTRY) {
		if (load_le32(table + at) == signature) {
			return load_le16(table + at + AMD_TABLE_SHORT);
		}
	}
	return 0;
}

static bool amd_fits(const uint8_t *patch, uint16_t number)
{
	return number && load_le16(patch + AMD_PATCH_CPU) == number &&
	       !load_le32(patch + AMD_PATCH_NORTH) && !load_le32(patch + AMD_PATCH_SOUTH);
}

/* Containers may follow each other: the magic number begins one, with its table. */
static const char *amd_find(const uint8_t *file, size_t size, const struct microcode_cpu *cpu,
			    struct microcode_update *best, bool *known)
{
	uint16_t number = 0;
	size_t at = 0;

	while (at < size) {
		bool begins = size - at >= 4 && load_le32(file + at) == AMD_MAGIC;
		uint32_t type, length;
		const uint8_t *body;

		if (!begins && at == 0) {
			return "none of AMD's updates";
		}
		at += begins ? 4 : 0;
		if (size - at < AMD_SECTION_HEADER) {
			return "damaged: it is cut short";
		}
		type = load_le32(file + at);
		length = load_le32(file + at + 4);
		at += AMD_SECTION_HEADER;
		if (type != (begins ? AMD_SECTION_TABLE : AMD_SECTION_PATCH)) {
			return "damaged: table and patches are not where they should be";
		}
		if (length > size - at || (!begins && length < AMD_PATCH_HEADER)) {
			return "damaged: a table or patch is cut short";
		}
		body = file + at;
		at += length;
		if (begins) {
			number = amd_short_number(body, length, cpu->signature);
		} else if (amd_fits(body, number)) {
			uint32_t revision = load_le32(body + AMD_PATCH_REVISION);

			*known = true;
			if (revision > best->revision) {
				*best = (struct microcode_update){body, length, revision};
			}
		}
	}
	return NULL;
}

const char *microcode_find(const uint8_t *file, size_t size, const struct microcode_cpu *cpu,
			   struct microcode_update *update)
{
	struct microcode_update best = {.revision = cpu->revision};
	bool known = false;
	const char *fault;

	if (cpu->maker == MICROCODE_INTEL) {
		fault = intel_find(file, size, cpu, &best, &known);
	} else {
		fault = amd_find(file, size, cpu, &best, &known);
	}
	if (!fault && !best.start) {
		fault = known ? "without an update newer than what runs"
			      : "without an update for this processor";
	}
	if (!fault) {
		*update = best;
	}
	return fault;
}

/* --- The archive ---------------------------------------------------------------------------- */

/* A header is the magic number and 13 numbers of eight hexadecimal digits. */
enum {
	CPIO_MAGIC = 6,
	CPIO_FIELD = 8,
	CPIO_FILE_SIZE = 6,
	CPIO_NAME_SIZE = 11,
	CPIO_HEADER = CPIO_MAGIC + 13 * CPIO_FIELD,
};

static bool cpio_number(const uint8_t *header, unsigned field, uint32_t *value)
{
	const uint8_t *digits = header + CPIO_MAGIC + field * CPIO_FIELD;

	*value = 0;
	for (unsigned i = 0; i < CPIO_FIELD; i++) {
		uint8_t c = digits[i], letter = c | 0x20;

		if (c >= '0' && c <= '9') {
			*value = *value << 4 | (uint32_t)(c - '0');
		} else if (letter >= 'a' && letter <= 'f') {
			*value = *value << 4 | (uint32_t)(letter - 'a' + 10);
		} else {
			return false;
		}
	}
	return true;
}

const uint8_t *microcode_in_archive(const uint8_t *archive, size_t size, enum microcode_maker maker,
				    size_t *file_size)
{
	static const char intel[] = "kernel/x86/microcode/GenuineIntel.bin";
	static const char amd[] = "kernel/x86/microcode/AuthenticAMD.bin";
	const char *wanted = maker == MICROCODE_INTEL ? intel : amd;
	uint64_t at = 0;

	_Static_assert(sizeof(intel) == sizeof(amd), "one length for both");
	while (range_within(at, CPIO_HEADER, size)) {
		const uint8_t *header = archive + at;
		uint32_t name_bytes, bytes;
		uint64_t start;

		if (memcmp(header, "070701", CPIO_MAGIC) != 0 ||
		    !cpio_number(header, CPIO_FILE_SIZE, &bytes) ||
		    !cpio_number(header, CPIO_NAME_SIZE, &name_bytes)) {
			return NULL;
		}
		start = ROUND_UP(at + CPIO_HEADER + name_bytes, UINT64_C(4));
		if (!range_within(start, bytes, size)) {
			return NULL;
		}
		if (name_bytes == sizeof(intel) &&
		    memcmp(header + CPIO_HEADER, wanted, sizeof(intel)) == 0) {
			*file_size = bytes;
			return archive + start;
		}
		at = ROUND_UP(start + bytes, UINT64_C(4));
	}
	return NULL;
}
