/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of microcode: which update is chosen, and each kind of damage. */
#include "tap.h"

#include <boot/microcode.h>
#include <string.h>

#define SIGNATURE 0x906eau
#define DATA	  976u
#define UPDATE	  1024u /* header and data */

static const struct microcode_cpu intel = {MICROCODE_INTEL, SIGNATURE, 2, 0x10};
static const struct microcode_cpu amd = {MICROCODE_AMD, 0x830f10, 0, 0x8301000};
static uint8_t file[8192];
static struct microcode_update update;

static void put(size_t at, uint32_t value)
{
	memcpy(file + at, &value, 4);
}

static uint32_t sum(size_t at, size_t size)
{
	uint32_t total = 0, word;

	for (size_t i = 0; i < size; i += 4) {
		memcpy(&word, file + at + i, 4);
		total += word;
	}
	return total;
}

static void put_intel(size_t at, uint32_t revision, uint32_t signature, uint32_t total)
{
	const uint32_t header[12] = {1, revision, 0x01022020, signature, 0, 1, 2, DATA, total};

	memcpy(file + at, header, sizeof(header));
	memset(file + at + sizeof(header), 0x5a, DATA);
	put(at + 16, -sum(at, UPDATE));
}

/* A table of one signature behind an update that is for another. */
static void put_table(uint32_t signature, uint32_t platforms)
{
	memset(file + UPDATE, 0, 32);
	put(UPDATE, 1);
	put(UPDATE + 20, signature);
	put(UPDATE + 24, platforms);
	put(UPDATE + 28, sum(12, 8) + sum(24, 4) - signature - platforms);
	put(UPDATE + 4, -sum(UPDATE, 32));
}

static bool finds(const struct microcode_cpu *cpu, size_t size, size_t at, uint32_t revision)
{
	uint8_t *copy = malloc(size ? size : 1); /* so that ASan sees any step beyond it */
	const char *fault;
	bool good;

	memcpy(copy, file, size);
	fault = microcode_find(copy, size, cpu, &update);
	good = !fault && update.start == copy + at && update.revision == revision;
	free(copy);
	return good;
}

static bool refuses(const struct microcode_cpu *cpu, size_t size, const char *why)
{
	uint8_t *copy = malloc(size ? size : 1);
	const char *fault;

	memcpy(copy, file, size);
	fault = microcode_find(copy, size, cpu, &update);
	free(copy);
	return fault && strstr(fault, why);
}

static void test_intel(void)
{
	put_intel(0, 0x20, SIGNATURE, UPDATE);
	ok(finds(&intel, UPDATE, 0, 0x20) && update.size == UPDATE, "the update that fits");
	put_intel(UPDATE, 0x22, SIGNATURE, UPDATE);
	put_intel(2 * UPDATE, 0x21, SIGNATURE, UPDATE);
	put_intel(3 * UPDATE, 0x30, 0x306c3, UPDATE);
	ok(finds(&intel, 4 * UPDATE, UPDATE, 0x22), "the newest of those that fit");
	put_intel(0, 0x10, SIGNATURE, UPDATE);
	ok(refuses(&intel, UPDATE, "newer"), "the revision that runs is not loaded again");
	put_intel(0, 0xf, SIGNATURE, UPDATE);
	ok(refuses(&intel, UPDATE, "newer"), "nor an older one");
	put_intel(0, 0x80000020, SIGNATURE, UPDATE);
	ok(refuses(&intel, UPDATE, "newer"), "nor one below zero");
	put_intel(0, 0x20, 0x306c3, UPDATE);
	ok(refuses(&intel, UPDATE, "this processor"), "another processor's");
	put_intel(0, 0x20, SIGNATURE, UPDATE);
	put(16, sum(16, 4) + sum(24, 4) - 4);
	put(24, 4);
	ok(refuses(&intel, UPDATE, "this processor"), "another platform's");
	ok(refuses(&intel, 0, "this processor"), "an empty file");
}

static void test_intel_damage(void)
{
	bool all = true;

	put_intel(0, 0x20, SIGNATURE, UPDATE);
	for (size_t size = 1; size < UPDATE; size++) {
		all &= refuses(&intel, size, "damaged");
	}
	ok(all, "an update cut anywhere");
	file[100] ^= 1;
	ok(refuses(&intel, UPDATE, "checksum"), "a wrong checksum");
	put_intel(0, 0x20, SIGNATURE, UPDATE - 4);
	ok(refuses(&intel, UPDATE, "sizes"), "less in all than data");
	put_intel(0, 0x20, SIGNATURE, 0xfffffffc);
	ok(refuses(&intel, UPDATE, "sizes"), "more in all than there is");
	put_intel(0, 0x20, SIGNATURE, UPDATE);
	put(28, 0xfffffffc);
	ok(refuses(&intel, UPDATE, "sizes"), "more data than there is");
	put_intel(0, 0x20, SIGNATURE, UPDATE);
	file[0] = 2;
	ok(refuses(&intel, UPDATE, "none of Intel"), "another version of header");
}

static void test_intel_table(void)
{
	put_intel(0, 0x20, 0x906eb, UPDATE + 32);
	put_table(SIGNATURE, 2);
	ok(finds(&intel, UPDATE + 32, 0, 0x20), "a signature of the table");
	put_table(SIGNATURE, 4);
	ok(refuses(&intel, UPDATE + 32, "this processor"), "another platform in the table");
	put_table(SIGNATURE, 2);
	put(UPDATE + 4, 0);
	ok(refuses(&intel, UPDATE + 32, "table of signatures is wrong"), "the table's checksum");
	put_table(SIGNATURE, 2);
	put(UPDATE + 28, 0);
	put(UPDATE + 4, 0);
	put(UPDATE + 4, -sum(UPDATE, 32));
	ok(refuses(&intel, UPDATE + 32, "a signature is wrong"), "a signature's checksum");
	put_table(SIGNATURE, 2);
	put(UPDATE, 0x15555556);
	ok(refuses(&intel, UPDATE + 32, "cut short"), "more signatures than there is room");
}

/* A container with one patch; its end. */
static size_t put_amd(size_t at, uint32_t signature, uint16_t number, uint32_t revision)
{
	memset(file + at, 0, 4 + 8 + 32 + 8 + 128);
	put(at, 0x00414d44);
	put(at + 8, 32);
	put(at + 12, signature);
	put(at + 24, number);
	at += 4 + 8 + 32;
	put(at, 1);
	put(at + 4, 128);
	put(at + 8 + 4, revision);
	put(at + 8 + 24, number);
	return at + 8 + 128;
}

static void test_amd(void)
{
	size_t first = put_amd(0, 0x800f12, 0x8012, 0x9000000);
	size_t end = put_amd(first, amd.signature, 0x8310, 0x8301055);
	bool all = true;

	ok(finds(&amd, end, first + 52, 0x8301055) && update.size == 128,
	   "the patch of the container that knows the processor");
	for (size_t size = first + 1; size < end; size++) {
		bool whole = size == first + 44; /* a table without patches */

		all &= refuses(&amd, size, whole ? "this processor" : "damaged");
	}
	ok(all, "a container cut anywhere");
	ok(refuses(&amd, first, "this processor"), "a container for others");
	put(first + 52 + 24, 0x8012);
	ok(refuses(&amd, end, "this processor"), "a patch for another number");
	put_amd(first, amd.signature, 0x8310, 0x8301000);
	ok(refuses(&amd, end, "newer"), "the revision that runs");
	put_amd(first, amd.signature, 0x8310, 0x8301055);
	put(first + 52 + 16, 0x1022);
	ok(refuses(&amd, end, "this processor"), "a patch for one chip set");
	put(first + 48, 63);
	ok(refuses(&amd, end, "cut short"), "a patch shorter than its header");
	put(first + 44, 0);
	ok(refuses(&amd, end, "not where"), "a second table");
	file[0] ^= 1;
	ok(refuses(&amd, end, "none of AMD"), "another magic number");
}

/* One member of an archive; its end. */
static size_t put_member(uint8_t *archive, size_t at, const char *name, const char *text)
{
	size_t name_at = at + 110, data_at = (name_at + strlen(name) + 4) & ~(size_t)3;

	sprintf((char *)archive + at, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x",
		1, 0x81a4, 0, 0, 1, 0, (unsigned)strlen(text), 0, 0, 0, 0,
		(unsigned)strlen(name) + 1, 0);
	memcpy(archive + name_at, name, strlen(name) + 1);
	memcpy(archive + data_at, text, strlen(text));
	return (data_at + strlen(text) + 3) & ~(size_t)3;
}

static void test_archive(void)
{
	static uint8_t archive[1024];
	size_t size = 0, end = put_member(archive, 0, "kernel", "");
	const uint8_t *found;
	bool all = true;

	end = put_member(archive, end, "kernel/x86/microcode/GenuineIntel.bin", "Fast!");
	end = put_member(archive, end, "kernel/x86/microcode/AuthenticAMD.bin", "Sound");
	found = microcode_in_archive(archive, end, MICROCODE_INTEL, &size);
	ok(found && size == 5 && !memcmp(found, "Fast!", 5), "Intel's file in an archive");
	found = microcode_in_archive(archive, end, MICROCODE_AMD, &size);
	ok(found && size == 5 && !memcmp(found, "Sound", 5), "AMD's file in an archive");
	for (size_t cut = 0; cut < end - 3; cut++) {
		uint8_t *copy = malloc(cut ? cut : 1);

		memcpy(copy, archive, cut);
		all &= !microcode_in_archive(copy, cut, MICROCODE_AMD, &size);
		free(copy);
	}
	ok(all, "an archive cut anywhere before the file's end");
	archive[0] = 'x';
	ok(!microcode_in_archive(archive, end, MICROCODE_INTEL, &size), "no archive");
}

static bool parses(const char *value, int module, bool scan)
{
	struct microcode_options options = {7, true};

	return microcode_parse_option(&options, text_of(value, SIZE_MAX)) &&
	       options.module == module && options.scan == scan;
}

static void test_option(void)
{
	struct microcode_options options = {7, true};

	ok(parses("1", 1, false) && parses("-1", -1, false) && parses("scan", 0, true) &&
		   parses("2,scan=no", 2, false),
	   "modules and scan");
	ok(!microcode_parse_option(&options, text_of("0", 1)) &&
		   !microcode_parse_option(&options, text_of("64", 2)) &&
		   !microcode_parse_option(&options, text_of("", 0)) &&
		   !microcode_parse_option(&options, text_of("nmi", 3)) && options.module == 7,
	   "what is not taken changes nothing");
}

int main(void)
{
	test_intel();
	test_intel_damage();
	test_intel_table();
	test_amd();
	test_archive();
	test_option();
	return done_testing();
}
