/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Front ends that misbehave, one way a guest. Each makes its checks, says "ready", and goes on
 * misbehaving when Dom0 has written data/go, until it is destroyed.
 */
#ifndef TESTS_GUESTS_FRONTEND_MISBEHAVE_H
#define TESTS_GUESTS_FRONTEND_MISBEHAVE_H

#include "../guest.h"
#include "disk.h"
#include "network.h"
#include <pv/options.h>

static uint32_t wild_seed;

static uint32_t wild_random(uint32_t below)
{
	wild_seed = wild_seed * 1664525 + 1013904223;
	return (wild_seed >> 8) % below;
}

/* A request as it is, and the status of its answer. */
static int raw_request(const struct blkif_request *request)
{
	struct blkif_response response;
	unsigned int more;
	int notify;

	*RING_GET_REQUEST(&disk.ring, disk.ring.req_prod_pvt) = *request;
	disk.ring.req_prod_pvt++;
	RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&disk.ring, notify);
	if (notify) {
		pv_event_send(disk.port);
	}
	for (;;) {
		RING_FINAL_CHECK_FOR_RESPONSES(&disk.ring, more);
		if (more) {
			break;
		}
		pv_event_wait(disk.port);
	}
	RING_COPY_RESPONSE(&disk.ring, disk.ring.rsp_cons, &response);
	disk.ring.rsp_cons++;
	return response.status;
}

static int one_segment(uint8_t operation, grant_ref_t ref, uint8_t first, uint8_t last)
{
	return raw_request(&(struct blkif_request){
		.operation = operation,
		.nr_segments = 1,
		.handle = disk.id,
		.seg = {{.gref = ref, .first_sect = first, .last_sect = last}}});
}

static int segments(uint8_t operation, uint8_t count, grant_ref_t ref)
{
	struct blkif_request request = {
		.operation = operation, .nr_segments = count, .handle = disk.id};

	for (unsigned int i = 0; i < ARRAY_SIZE(request.seg); i++) {
		request.seg[i] = (struct blkif_request_segment){ref, 0, 7};
	}
	return raw_request(&request);
}

static int indirect(uint8_t operation, uint16_t count, grant_ref_t list)
{
	union {
		struct blkif_request plain;
		struct blkif_request_indirect indirect;
	} request = {.indirect = {.operation = BLKIF_OP_INDIRECT,
				  .indirect_op = operation,
				  .nr_segments = count,
				  .handle = disk.id,
				  .indirect_grefs = {list, 1, 2, 3, 4, 5, 6, 0xffffffff}}};

	return raw_request(&request.plain);
}

static grant_ref_t grant_area(unsigned int page, domid_t to, int read_only_grant)
{
	grant_ref_t ref = pv_grant_take();

	pv_grant_access(ref, to, pv_virt_to_mfn(area[page]), read_only_grant);
	return ref;
}

static void wild_disk(void)
{
	static const uint64_t far[] = {DISK_SECTORS, DISK_SECTORS - 7, 1UL << 40, 1UL << 63, ~0UL};
	grant_ref_t good = grant_area(0, 0, 0), sealed = grant_area(1, 0, 1);
	grant_ref_t foreign = grant_area(2, 77, 0), free = pv_grant_take();
	unsigned int refused = 0;

	is(one_segment(BLKIF_OP_READ, good, 0, 7), 0, "a good request is answered");
	ok(one_segment(BLKIF_OP_READ, 0xffffffff, 0, 7), "a reference out of the table is refused");
	ok(one_segment(BLKIF_OP_READ, free, 0, 7), "so is one that grants nothing");
	ok(one_segment(BLKIF_OP_WRITE, foreign, 0, 7), "one for another domain");
	ok(one_segment(BLKIF_OP_READ, sealed, 0, 7), "reading into a page that is read-only");
	ok(one_segment(BLKIF_OP_READ, good, 7, 3), "a segment that ends before it begins");
	ok(one_segment(BLKIF_OP_READ, good, 0, 255), "one longer than a page");
	ok(segments(BLKIF_OP_READ, 0, good), "none at all");
	ok(segments(BLKIF_OP_READ, 12, good), "one too many");
	ok(segments(BLKIF_OP_WRITE, 255, good), "many too many");
	ok(segments(77, 1, good), "an operation there is not");
	for (unsigned int i = 0; i < ARRAY_SIZE(far); i++) {
		refused += raw_request(&(struct blkif_request){.operation = BLKIF_OP_WRITE,
							       .nr_segments = 1,
							       .handle = disk.id,
							       .sector_number = far[i],
							       .seg = {{good, 0, 7}}}) != 0;
	}
	is(refused, ARRAY_SIZE(far), "sectors that the disk does not have");
	ok(indirect(BLKIF_OP_READ, 0xffff, good), "a list of too many segments");
	ok(indirect(BLKIF_OP_READ, 8, free), "a list that is not granted");
	ok(indirect(BLKIF_OP_INDIRECT, 8, good), "a list of lists");
	memset(area[0], 0xff, PAGE_SIZE);
	ok(indirect(BLKIF_OP_WRITE, 256, good), "a list of nonsense");
	is(one_segment(BLKIF_OP_READ, good, 0, 7), 0, "the disk is still served");
}

static void raw_frame(grant_ref_t ref, uint16_t offset, uint16_t size, uint16_t flags)
{
	int notify;

	*RING_GET_REQUEST(&net.tx, net.tx.req_prod_pvt) = (struct netif_tx_request){
		.gref = ref, .offset = offset, .size = size, .flags = flags, .id = 1};
	net.tx.req_prod_pvt++;
	RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&net.tx, notify);
	if (notify) {
		pv_event_send(net.port);
	}
}

/* The back end answers what is wrong with a reference; for the rest it may end the interface. */
static void wild_frames(void)
{
	unsigned int more = 0;

	raw_frame(0xfffffff0, 0, 100, 0);
	while (!more) {
		RING_FINAL_CHECK_FOR_RESPONSES(&net.tx, more);
		if (!more) {
			pv_event_wait(net.port);
		}
	}
	is(RING_GET_RESPONSE(&net.tx, 0)->status, NETIF_RSP_ERROR,
	   "a frame not granted is refused");
	raw_frame(net.tx_ref[0], 0, 3, 0);
	for (unsigned int slot = 0; slot < 30; slot++) {
		raw_frame(net.tx_ref[0], 0, 4000, NETTXF_more_data);
	}
	raw_frame(net.tx_ref[0], 4000, 1000, 0);
	raw_frame(net.tx_ref[0], 0, 0xffff, NETTXF_extra_info | NETTXF_more_data);
}

static void wild_requests(void)
{
	wild_disk();
	wild_frames();
}

/* Of the rings of devices first, then of those that it talks by. */
static void wild_indexes(void)
{
	static const RING_IDX step[] = {33, 0x80000000, 0x7fffffff, 1 << 20, 0xffffffff};
	struct xenstore_domain_interface *store = pv_store.ring;

	for (unsigned int i = 0;; i++) {
		disk.ring.sring->req_prod += step[i % 5];
		disk.ring.sring->rsp_prod -= step[i % 3];
		net.tx.sring->req_prod += step[i % 5];
		net.rx.sring->req_prod -= step[i % 4];
		pv_event_send(disk.port);
		pv_event_send(net.port);
		if (i > 100) {
			pv_console.page->out_prod += step[i % 5] + 2048;
			pv_console.page->in_cons -= step[i % 4];
			store->req_prod += step[i % 5] + XENSTORE_RING_SIZE;
			store->rsp_cons -= step[i % 4];
			pv_event_send(pv_console.port);
			pv_event_send(pv_store.port);
		}
		pv_sched_op(SCHEDOP_yield, NULL);
	}
}

/* Any node of its devices gets any value, or goes. */
static void wild_node(void)
{
	static const char *const device[] = {"vbd/51712", "vbd/51728", "vif/0", "vif/7", "vbd/x"};
	static const char *const key[] = {"state",
					  "state",
					  "state",
					  "state",
					  "ring-ref",
					  "event-channel",
					  "tx-ring-ref",
					  "rx-ring-ref",
					  "backend",
					  "backend-id",
					  "protocol",
					  "ring-page-order",
					  "queue-0/tx-ring-ref",
					  "multi-queue-num-queues",
					  "feature-persistent",
					  "mac"};
	static const char *const value[] = {"0",
					    "1",
					    "2",
					    "3",
					    "4",
					    "5",
					    "6",
					    "7",
					    "8",
					    "9",
					    "-1",
					    "4294967295",
					    "18446744073709551616",
					    "",
					    "x",
					    "4",
					    "1",
					    "/local/domain/0",
					    "..",
					    "x86_32-abi",
					    "/local/domain/0/backend/vbd/1/51712",
					    "/local/domain/1/device/vif/0"};
	char path[64];

	pv_format(path, sizeof(path), "device/%s/%s", device[wild_random(ARRAY_SIZE(device))],
		  key[wild_random(ARRAY_SIZE(key))]);
	if (wild_random(10)) {
		pv_store_write(0, path, value[wild_random(ARRAY_SIZE(value))]);
	} else {
		pv_store_remove(0, path);
	}
}

static void wild_states(void)
{
	static const char *const sealed[] = {"name",
					     "domid",
					     "vm",
					     "console/tty",
					     "console/type",
					     "device",
					     "memory/target",
					     "store/port",
					     "device/console/1/tty",
					     "device/vif/9/mac",
					     "mine",
					     "console/limit",
					     "backend/vbd/1"};
	unsigned int refused = 0;
	char path[160];

	pv_format(path, sizeof(path), "%s/state", disk.device.back);
	is(pv_store_write(0, path, "6"), -XEN_EACCES, "the back half's state is not its own");
	is(pv_store_remove(0, disk.device.back), -XEN_EACCES, "nor are its nodes");
	is(pv_store_write(0, "/local/domain/1/device/vbd/51712/state", "6"), -XEN_EACCES,
	   "nor another guest's");
	for (unsigned int i = 0; i < ARRAY_SIZE(sealed); i++) {
		refused += pv_store_write(0, sealed[i], "front") == -XEN_EACCES;
	}
	is(refused, ARRAY_SIZE(sealed), "nor what tools go by: its name, its terminal, its memory");
	pv_store_write(0, "device/vbd/51712/ring-ref", "\033[31mred");
	for (unsigned int i = 0; i < 150; i++) {
		wild_node();
	}
	pv_store_remove(0, "device/vbd/51728");
	ok(pv_store_read(0, "name", path, sizeof(path)) > 0, "the store still answers");
}

static void wild_states_on(void)
{
	for (;;) {
		wild_node();
	}
}

static void wild_store(void)
{
	char path[64];
	long rc = 0;

	for (unsigned int i = 0; i < 3000 && rc >= 0; i++) {
		pv_format(path, sizeof(path), "data/%u", i);
		rc = pv_store_write(0, path, "x");
	}
	ok(rc < 0, "the store does not take any number of nodes");
	rc = 0;
	for (unsigned int i = 0; i < 1000 && rc >= 0; i++) {
		pv_format(path, sizeof(path), "data/w%u", i);
		rc = pv_store_watch(XS_WATCH, path, path);
	}
	ok(rc < 0, "nor of watches");
	rc = 0;
	for (unsigned int i = 0; i < 1000 && rc >= 0; i++) {
		rc = pv_store_begin();
	}
	ok(rc < 0, "nor of transactions");
	ok(pv_store_read(0, "name", path, sizeof(path)) > 0, "but it still answers");
}

/* As much of everything as it can, in flight whenever it ends. */
static void flood_round(unsigned int round)
{
	static struct pv_block_request request[PV_BLOCK_REQUESTS];

	pv_block_complete(&disk);
	for (unsigned int i = 0; i < PV_BLOCK_REQUESTS; i++) {
		if (request[i].status != PV_BLOCK_PENDING) {
			request[i] = (struct pv_block_request){
				.operation = i % 2 ? BLKIF_OP_READ : BLKIF_OP_WRITE,
				.sector = 8 * wild_random(DISK_SECTORS / 8),
				.count = 8,
				.buffer = area[i]};
			pv_block_submit(&disk, &request[i]);
		}
	}
	memset(&frame, 0xff, 6);
	frame.ether.type = TO_WIRE(0x88b5);
	while (!pv_net_send(&net, &frame, 1514)) {
	}
	for (evtchn_port_t port = 0; port < 16; port++) {
		pv_event_send(port);
	}
	pv_printf("# round %u of a flood\n", round);
}

static void wild_flood(void)
{
	for (unsigned int round = 0;; round++) {
		flood_round(round);
	}
}

static void wild_crash(void)
{
	flood_round(0);
	pv_shutdown(SHUTDOWN_crash);
}

static void wild_idle(void)
{
	for (;;) {
		pv_sched_op(SCHEDOP_block, NULL);
		pv_events_off();
	}
}

static void wild_nothing(void)
{
}

static const struct {
	const char *name;
	void (*before)(void), (*on)(void);
} wild_ways[] = {
	{"requests", wild_requests, wild_idle},	 {"indexes", wild_nothing, wild_indexes},
	{"states", wild_states, wild_states_on}, {"flood", wild_store, wild_flood},
	{"crash", wild_nothing, wild_crash},
};

static void misbehave(const char *how)
{
	char go[8];

	wild_seed = (uint32_t)pv_option_number(guest.start, "seed=", 20261121);
	is(pv_block_start(&disk, XVDA), 0, "a disk");
	is(pv_net_start(&net, 0), 0, "an interface");
	is(pv_store_watch(XS_WATCH, "data/go", "go"), 0, "it will hear when to go on");
	for (unsigned int i = 0; i < ARRAY_SIZE(wild_ways); i++) {
		if (pv_same(how, wild_ways[i].name)) {
			wild_ways[i].before();
			pv_printf("ready\n");
			while (pv_store_read(0, "data/go", go, sizeof(go)) < 0) {
				pv_store_wait();
			}
			wild_ways[i].on();
		}
	}
}

#endif
