/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest that drives its store, disks, network and console with the front ends of
 * guest-pv-headers, and is talked to over the latter two until its console says "end"; or one that
 * misbehaves ("wild=...", misbehave.h). tests/scenarios/guest_frontends.py has the other side.
 */
#include "../guest.h"
#include <pv/grant.h>
#include <pv/options.h>

#include "disk.h"
#include "misbehave.h"
#include "network.h"

#define GRANT_FRAMES 2

static page_t grant_pages[GRANT_FRAMES];

static void check_store(void)
{
	char text[64];
	long transaction;

	ok(pv_store_read(0, "name", text, sizeof(text)) > 0, "the store says its name");
	is(pv_store_write(0, "data/front", "here"), 0, "it writes below its home");
	is(pv_store_read(0, "data/front", text, sizeof(text)), 4, "and reads it back");
	ok(pv_same(text, "here"), "which is what it wrote");
	is(pv_store_read(0, "data/none", text, sizeof(text)), -XEN_ENOENT, "what is not there");
	is(pv_store_write(0, "/local/domain/0/name", "me"), -XEN_EACCES, "what is not its own");
	is(pv_store_watch(XS_WATCH, "data/watched", "token"), 0, "it watches");
	pv_store_wait();
	transaction = pv_store_begin();
	ok(transaction > 0, "a transaction");
	is(pv_store_write((uint32_t)transaction, "data/watched", "1"), 0, "with a write in it");
	is(pv_store_read(0, "data/watched", text, sizeof(text)), -XEN_ENOENT, "is not yet seen");
	is(pv_store_end((uint32_t)transaction, 1), 0, "until it ends");
	pv_store_wait();
	ok(pv_same(pv_store.event, "data/watched"), "the watch tells");
	ok(pv_store_list(0, "data", text, sizeof(text)) >= 14, "and both are listed");
	is(pv_store_remove(0, "data/watched"), 0, "one is removed");
	is(pv_store_watch(XS_UNWATCH, "data/watched", "token"), 0, "and no more watched");
}

/* Writes to the last sector, and reads all the others again. */
static void check_again(void)
{
	bool good = !pv_block_read(&disk, DISK_SECTORS - 1, area, 1) &&
		    !pv_block_write(&disk, DISK_SECTORS - 1, area, 1) &&
		    good_on_disk(&disk, DISK_HALF, DISK_HALF, 512, PATTERN_GUEST) == DISK_HALF;

	pv_printf("the disk is %s\n", good ? "good" : "bad");
}

/* Takes lines from the console; false: that was "end". */
static bool serve_console(void)
{
	static char line[64];
	static size_t used;

	while (pv_console_read(line + used, 1)) {
		if (line[used] != '\n' && line[used] != '\r') {
			used += used < sizeof(line) - 1;
			continue;
		}
		line[used] = 0;
		used = 0;
		if (pv_same(line, "end")) {
			return false;
		}
		if (pv_same(line, "disk")) {
			check_again();
		} else if (line[0]) {
			pv_printf("got %s\n", line);
		}
	}
	return true;
}

static void serve(void)
{
	evtchn_port_t ports[] = {pv_console.port, net.port};

	pv_printf("ready\n");
	while (serve_console()) {
		serve_network();
		if (!pv_net_ready(&net)) {
			pv_event_wait_any(ports, ARRAY_SIZE(ports), 0);
		}
	}
	pv_printf("# answered %u ARPs, %u pings, %u datagrams, %u pieces\n", seen.arps, seen.pings,
		  seen.datagrams, seen.fragments);
	ok(seen.pings && seen.datagrams && seen.fragments, "it was asked");
	is(seen.bad_sums, 0, "and no sum was wrong");
	is(net.dropped, 0, "nor a frame refused");
}

/* Addresses are 10.9.0.1 for Dom0, and "ip=" of the same net for us. */
static void begin(void)
{
	pv_console_ring(pv_pfn_to_virt(pv_mfn_to_pfn(guest.start->console.domU.mfn)),
			guest.start->console.domU.evtchn);
	is(pv_grants_start_frames(grant_pages, GRANT_FRAMES), 0, "a table for grants");
	pv_grants_pool(8, GRANT_FRAMES);
	is(pv_store_start(guest.start), 0, "a store");
	their_ip = 0x0100090a;
	our_ip = 0x0000090a | (uint32_t)pv_option_number(guest.start, "ip=", 2) << 24;
}

static void guest_main(void)
{
	begin();
	if (pv_option(guest.start, "wild=")) {
		misbehave(pv_option(guest.start, "wild="));
		return;
	}
	check_store();
	check_disks();
	check_network();
	serve();
	pv_net_stop(&net);
	pv_block_stop(&disk);
	pv_block_stop(&read_only);
}
