/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A writable disk and a read-only one: patterns, places, limits, many requests at once. */
#ifndef TESTS_GUESTS_FRONTEND_DISK_H
#define TESTS_GUESTS_FRONTEND_DISK_H

#include "../guest.h"
#include "pattern.h"
#include <pv/blkfront.h>

#define XVDA 51712
#define XVDB 51728

#define BUFFER_PAGES   64
#define BUFFER_SECTORS (BUFFER_PAGES * 8)

static struct pv_block disk, read_only;
static page_t area[BUFFER_PAGES], request_list;

static uint64_t *in_buffer(unsigned int sector)
{
	return (uint64_t *)((uint8_t *)area + (size_t)sector * PV_SECTOR);
}

static void fill_buffer(unsigned int sectors, uint64_t first, uint64_t seed)
{
	for (unsigned int i = 0; i < sectors; i++) {
		pattern_fill(in_buffer(i), first + i, seed);
	}
}

/* How many sectors of the area are what they should be. */
static unsigned int good_in_buffer(unsigned int sectors, uint64_t first, uint64_t seed)
{
	unsigned int good = 0;

	for (unsigned int i = 0; i < sectors; i++) {
		good += (unsigned int)pattern_holds(in_buffer(i), first + i, seed);
	}
	return good;
}

/* Sectors of a disk that are as `seed` says, read in pieces of `step`. */
static unsigned int good_on_disk(struct pv_block *from, uint64_t first, unsigned int count,
				 unsigned int step, uint64_t seed)
{
	unsigned int good = 0;

	for (unsigned int i = 0; i < count; i += step) {
		unsigned int part = count - i < step ? count - i : step;

		memset(area, 0xaa, (size_t)part * PV_SECTOR);
		if (pv_block_read(from, first + i, area, part)) {
			break;
		}
		good += good_in_buffer(part, first + i, seed);
	}
	return good;
}

static void check_patterns(void)
{
	unsigned int wrong = 0;

	is(good_on_disk(&disk, 0, DISK_SECTORS, 511, PATTERN_DOM0), DISK_SECTORS,
	   "all sectors are what Dom0 wrote, read in pieces of 511");
	for (unsigned int at = DISK_HALF; at < DISK_SECTORS; at += 100) {
		unsigned int part = DISK_SECTORS - at < 100 ? DISK_SECTORS - at : 100;

		fill_buffer(part, at, PATTERN_GUEST);
		wrong += pv_block_write(&disk, at, area, part) != 0;
	}
	is(wrong, 0, "half of the disk is written");
	is(pv_block_flush(&disk), 0, "and flushed");
	is(good_on_disk(&disk, DISK_HALF, DISK_HALF, 88, PATTERN_GUEST), DISK_HALF,
	   "it reads as it was written");
	is(good_on_disk(&disk, 0, DISK_HALF, 512, PATTERN_DOM0), DISK_HALF,
	   "the other half is as it was");
}

/* One sector, from and to each place of a page. */
static void check_places(void)
{
	unsigned int good = 0;

	for (unsigned int place = 0; place < 8; place++) {
		uint64_t sector = DISK_HALF + 17 * place;

		memset(area, 0x55, PAGE_SIZE);
		good += !pv_block_read(&disk, sector, in_buffer(place), 1) &&
			pattern_holds(in_buffer(place), sector, PATTERN_GUEST) &&
			in_buffer((place + 1) % 8)[0] == 0x5555555555555555 &&
			in_buffer((place + 7) % 8)[63] == 0x5555555555555555 &&
			!pv_block_write(&disk, sector, in_buffer(place), 1);
	}
	is(good, 8, "single sectors lie anywhere in a page, and nothing besides is touched");
}

static void check_limits(void)
{
	const uint64_t last = DISK_SECTORS - 1;

	is(pv_block_read(&disk, last, area, 1), 0, "the last sector is read");
	ok(pattern_holds(in_buffer(0), last, PATTERN_GUEST), "and is what it should be");
	is(pv_block_write(&disk, last, area, 1), 0, "and written");
	is(pv_block_read(&disk, last + 1, area, 1), -XEN_EIO, "there is none behind it");
	is(pv_block_read(&disk, last, area, 2), -XEN_EIO, "nor can one read across the end");
	is(pv_block_write(&disk, last, area, 2), -XEN_EIO, "or write");
	is(pv_block_write(&disk, 1UL << 54, area, 1), -XEN_EIO, "or write far away");
	is(pv_block_read(&disk, ~0UL, area, 8), -XEN_EIO, "or where numbers wrap");
}

static void check_read_only(void)
{
	is(pv_block_start(&read_only, XVDB), 0, "a second disk");
	ok(read_only.read_only, "which says that it is read-only");
	is(good_on_disk(&read_only, 0, 64, 64, PATTERN_DOM0), 64, "it can be read");
	fill_buffer(8, 0, PATTERN_GUEST);
	is(pv_block_write(&read_only, 0, area, 8), -XEN_EIO, "a write to it is refused");
	is(good_on_disk(&read_only, 0, 64, 64, PATTERN_DOM0), 64, "and has changed nothing");
}

/* As many requests as there are slots, each for its own page, and one more. */
static void check_many(void)
{
	static struct pv_block_request request[PV_BLOCK_REQUESTS + 1];
	unsigned int good = 0;
	long rc = 0;

	for (unsigned int i = 0; i <= PV_BLOCK_REQUESTS; i++) {
		request[i].operation = BLKIF_OP_READ;
		request[i].sector = DISK_HALF + 8 * (i * 11 % 32);
		request[i].buffer = area[i];
		request[i].count = 8;
		rc = pv_block_submit(&disk, &request[i]);
	}
	is(rc, -XEN_EBUSY, "a ring takes 32 requests and not one more");
	for (unsigned int i = PV_BLOCK_REQUESTS; i-- > 0;) {
		rc = pv_block_wait(&disk, &request[i]);
		good += !rc &&
			pattern_holds(in_buffer(8 * i + 7), request[i].sector + 7, PATTERN_GUEST);
	}
	is(good, PV_BLOCK_REQUESTS, "each is answered with its own sectors");
}

static long one_indirect(uint8_t operation)
{
	static struct pv_block_request request;

	request = (struct pv_block_request){.operation = operation,
					    .sector = DISK_HALF,
					    .count = BUFFER_SECTORS,
					    .buffer = area,
					    .list = (void *)request_list};
	return pv_block_submit(&disk, &request) ?: pv_block_wait(&disk, &request);
}

static void check_indirect(void)
{
	if (disk.indirect < BUFFER_PAGES) {
		skip("an indirect request", "the back end takes none");
		return;
	}
	fill_buffer(BUFFER_SECTORS, DISK_HALF, PATTERN_GUEST);
	is(one_indirect(BLKIF_OP_WRITE), 0, "one request writes 64 pages");
	memset(area, 0, sizeof(area));
	is(one_indirect(BLKIF_OP_READ), 0, "and one reads them");
	is(good_in_buffer(BUFFER_SECTORS, DISK_HALF, PATTERN_GUEST), BUFFER_SECTORS, "rightly");
}

static void check_disks(void)
{
	is(pv_block_start(&disk, XVDA), 0, "a disk");
	is(disk.sectors, DISK_SECTORS, "of the size Dom0 made it");
	is(disk.sector_size, 512, "with sectors of 512 bytes");
	ok(!disk.read_only && disk.can_flush, "writable, and it can be flushed");
	check_patterns();
	check_places();
	check_limits();
	check_many();
	check_indirect();
	check_read_only();
	pv_block_stop(&disk);
	is(pv_block_start(&disk, XVDA), 0, "a disk that was closed is opened again");
	is(good_on_disk(&disk, DISK_HALF, DISK_HALF, 512, PATTERN_GUEST), DISK_HALF,
	   "and has kept what was written");
}

#endif
