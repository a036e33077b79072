/* SPDX-License-Identifier: MIT */
/*
 * A disk (vbd). pv_block_read() and its like sleep until it is done. Who wants several requests
 * under way fills in some struct pv_block_request, gives them to pv_block_submit(), and sleeps in
 * pv_block_wait(), or in pv_event_wait_any() and then calls pv_block_complete().
 *
 *	static struct pv_block disk;
 *
 *	pv_block_start(&disk, 51712);		xvda
 *	pv_block_read(&disk, 0, buffer, 8);	sectors of 512 bytes, whatever the disk's own are
 *
 * Before that: pv_mmu_start(), pv_events_start(), pv_grants_start() and _pool(), pv_store_start().
 */
#ifndef PV_BLKFRONT_H
#define PV_BLKFRONT_H

#include "xenbus.h"
#include <xen/io/blkif.h>
#include <xen/io/protocols.h>

#define PV_SECTOR	  512U
#define PV_BLOCK_REQUESTS 32 /* slots of a ring of one page */
#define PV_BLOCK_LIST	  (PV_PAGE_SIZE / sizeof(struct blkif_request_segment)) /* of one page */
#define PV_BLOCK_PENDING  1 /* no BLKIF_RSP_* is */

/* In the caller's memory, and the front end's from submission until `status` is not pending. */
struct pv_block_request {
	uint8_t operation; /* BLKIF_OP_READ, _WRITE, _FLUSH_DISKCACHE */
	uint64_t sector;
	unsigned int count; /* of sectors; 0 for a flush */
	void *buffer;	    /* aligned to sectors; its pages are granted meanwhile */
	/*
	 * Null, or a page for the list of an indirect request, which may then span as many pages as
	 * block->indirect says, not just BLKIF_MAX_SEGMENTS_PER_REQUEST.
	 */
	struct blkif_request_segment *list;

	volatile int status; /* PV_BLOCK_PENDING, then BLKIF_RSP_* */
	unsigned int segments;
	grant_ref_t list_ref;
	struct blkif_request_segment direct[BLKIF_MAX_SEGMENTS_PER_REQUEST];
};

struct pv_block {
	uint8_t page[PV_PAGE_SIZE] __attribute__((aligned(PV_PAGE_SIZE)));
	struct pv_device device;
	blkif_front_ring_t ring;
	grant_ref_t ring_ref;
	evtchn_port_t port;
	blkif_vdev_t id;
	struct pv_block_request *slot[PV_BLOCK_REQUESTS];

	uint64_t sectors;
	unsigned int sector_size;
	unsigned int indirect; /* most segments of an indirect request, 0: it knows none */
	int read_only, can_flush;
};

/* Ends the grants of a request's pages; those the back end still has are lost to the pool. */
static inline void pv_block_revoke(struct pv_block_request *request)
{
	struct blkif_request_segment *list = request->list ? request->list : request->direct;

	for (unsigned int i = 0; i < request->segments; i++) {
		pv_grant_return(list[i].gref);
	}
	if (request->list_ref) {
		pv_grant_return(request->list_ref);
	}
	request->segments = 0;
	request->list_ref = 0;
}

/* Grants the pages of its buffer, and the list's. 0, or an error, and nothing is granted. */
static inline long pv_block_grant(const struct pv_block *block, struct pv_block_request *request)
{
	struct blkif_request_segment *list = request->list ? request->list : request->direct;
	unsigned int most = request->list ? block->indirect : BLKIF_MAX_SEGMENTS_PER_REQUEST;
	uint8_t *at = request->buffer, *end = at + (size_t)request->count * PV_SECTOR;
	int read_only = request->operation != BLKIF_OP_READ;

	request->segments = 0;
	request->list_ref = request->list ? pv_grant_take() : 0;
	if (request->list && !request->list_ref) {
		return -XEN_ENOSPC;
	}
	while (at < end) {
		unsigned int first = (unsigned int)((uintptr_t)at % PV_PAGE_SIZE / PV_SECTOR);
		size_t left = (size_t)(end - at) / PV_SECTOR;
		unsigned int last = first + left > 8 ? 7 : first + (unsigned int)left - 1;
		grant_ref_t ref = request->segments < most ? pv_grant_take() : 0;

		if (!ref) {
			pv_block_revoke(request);
			return -XEN_ENOSPC;
		}
		pv_grant_access(ref, block->device.domain, pv_virt_to_mfn(at), read_only);
		list[request->segments++] = (struct blkif_request_segment){
			.gref = ref, .first_sect = (uint8_t)first, .last_sect = (uint8_t)last};
		at += (last - first + 1) * PV_SECTOR;
	}
	if (request->list_ref) {
		pv_grant_access(request->list_ref, block->device.domain, pv_virt_to_mfn(list), 1);
	}
	return 0;
}

static inline void pv_block_fill(struct pv_block *block, const struct pv_block_request *request,
				 uint64_t id)
{
	struct blkif_request *slot = RING_GET_REQUEST(&block->ring, block->ring.req_prod_pvt);

	slot->operation = request->operation;
	slot->nr_segments = (uint8_t)request->segments;
	slot->handle = block->id;
	slot->id = id;
	slot->sector_number = request->sector;
	for (unsigned int i = 0; i < request->segments; i++) {
		slot->seg[i] = request->direct[i];
	}
}

/* Lies where a struct blkif_request does. */
typedef struct {
	struct blkif_request_indirect slot;
} __attribute__((may_alias)) pv_block_indirect;

static inline void pv_block_fill_indirect(struct pv_block *block,
					  const struct pv_block_request *request, uint64_t id)
{
	pv_block_indirect *at = (void *)RING_GET_REQUEST(&block->ring, block->ring.req_prod_pvt);

	at->slot.operation = BLKIF_OP_INDIRECT;
	at->slot.indirect_op = request->operation;
	at->slot.nr_segments = (uint16_t)request->segments;
	at->slot.id = id;
	at->slot.sector_number = request->sector;
	at->slot.handle = block->id;
	at->slot.indirect_grefs[0] = request->list_ref;
}

/* -XEN_EBUSY: all slots are taken; -XEN_ENOSPC: too many pages, or no references for them. */
static inline long pv_block_submit(struct pv_block *block, struct pv_block_request *request)
{
	unsigned int id = 0;
	int notify;
	long rc;

	while (id < PV_BLOCK_REQUESTS && block->slot[id]) {
		id++;
	}
	if (id == PV_BLOCK_REQUESTS) {
		return -XEN_EBUSY;
	}
	rc = pv_block_grant(block, request);
	if (rc) {
		return rc;
	}
	request->status = PV_BLOCK_PENDING;
	block->slot[id] = request;
	if (request->list) {
		pv_block_fill_indirect(block, request, id);
	} else {
		pv_block_fill(block, request, id);
	}
	block->ring.req_prod_pvt++;
	RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&block->ring, notify);
	return notify ? pv_event_send(block->port) : 0;
}

/* Ends the requests that the back end has answered. */
static inline void pv_block_complete(struct pv_block *block)
{
	struct blkif_response response;
	unsigned int more;

	do {
		while (RING_HAS_UNCONSUMED_RESPONSES(&block->ring)) {
			RING_COPY_RESPONSE(&block->ring, block->ring.rsp_cons, &response);
			block->ring.rsp_cons++;
			if (response.id < PV_BLOCK_REQUESTS && block->slot[response.id]) {
				struct pv_block_request *request = block->slot[response.id];

				block->slot[response.id] = NULL;
				pv_block_revoke(request);
				request->status = response.status;
			}
		}
		RING_FINAL_CHECK_FOR_RESPONSES(&block->ring, more);
	} while (more);
}

static inline long pv_block_wait(struct pv_block *block, struct pv_block_request *request)
{
	for (;;) {
		pv_block_complete(block);
		if (request->status != PV_BLOCK_PENDING) {
			break;
		}
		pv_event_wait(block->port);
	}
	return request->status == BLKIF_RSP_OKAY	 ? 0
	       : request->status == BLKIF_RSP_EOPNOTSUPP ? -XEN_EOPNOTSUPP
							 : -XEN_EIO;
}

/* One operation to its end, in as many requests as it takes. */
static inline long pv_block_do(struct pv_block *block, uint8_t operation, uint64_t sector,
			       void *buffer, unsigned int count)
{
	struct pv_block_request request;
	uint8_t *at = buffer;
	long rc;

	request.list = NULL;
	request.operation = operation;
	do {
		size_t room = BLKIF_MAX_SEGMENTS_PER_REQUEST * PV_PAGE_SIZE -
			      (uintptr_t)at % PV_PAGE_SIZE;

		request.sector = sector;
		request.buffer = at;
		request.count = count * (size_t)PV_SECTOR <= room
					? count
					: (unsigned int)(room / PV_SECTOR);
		rc = pv_block_submit(block, &request);
		rc = rc ? rc : pv_block_wait(block, &request);
		at += request.count * PV_SECTOR;
		sector += request.count;
		count -= request.count;
	} while (!rc && count);
	return rc;
}

static inline long pv_block_read(struct pv_block *block, uint64_t sector, void *buffer,
				 unsigned int count)
{
	return pv_block_do(block, BLKIF_OP_READ, sector, buffer, count);
}

static inline long pv_block_write(struct pv_block *block, uint64_t sector, const void *buffer,
				  unsigned int count)
{
	return pv_block_do(block, BLKIF_OP_WRITE, sector, (void *)(uintptr_t)buffer, count);
}

/* What was written before is on the disk; -XEN_EOPNOTSUPP: nobody promises that. */
static inline long pv_block_flush(struct pv_block *block)
{
	return pv_block_do(block, BLKIF_OP_FLUSH_DISKCACHE, 0, NULL, 0);
}

static inline long pv_block_connect(struct pv_block *block)
{
	long ref, port, rc;

	XEN_FRONT_RING_INIT(&block->ring, (blkif_sring_t *)block->page, PV_PAGE_SIZE);
	ref = pv_device_share(&block->device, "ring-ref", block->page);
	port = ref < 0 ? ref : pv_device_channel(&block->device);
	if (port < 0) {
		return port;
	}
	block->ring_ref = (grant_ref_t)ref;
	block->port = (evtchn_port_t)port;
	rc = pv_device_write(&block->device, "protocol", XEN_IO_PROTO_ABI_NATIVE);
	return rc ? rc : pv_device_set_state(&block->device, XenbusStateInitialised);
}

/* Connects the disk of that number, which is what its name in a configuration stands for. */
static inline long pv_block_start(struct pv_block *block, unsigned int id)
{
	const char *back = block->device.back;
	long rc = pv_device_begin(&block->device, "vbd", id);
	unsigned long indirect;

	block->id = (blkif_vdev_t)id;
	rc = rc ? rc : pv_block_connect(block);
	rc = rc ? rc : pv_device_connected(&block->device);
	if (rc) {
		return rc;
	}
	block->sectors = pv_device_number(back, "sectors", 0);
	block->sector_size = (unsigned int)pv_device_number(back, "sector-size", PV_SECTOR);
	indirect = pv_device_number(back, "feature-max-indirect-segments", 0);
	block->indirect = indirect < PV_BLOCK_LIST ? (unsigned int)indirect : PV_BLOCK_LIST;
	block->read_only = (pv_device_number(back, "info", 0) & VDISK_READONLY) != 0;
	block->can_flush = pv_device_number(back, "feature-flush-cache", 0) != 0;
	return pv_device_set_state(&block->device, XenbusStateConnected);
}

/* No request may be under way. Afterwards it can be started again. */
static inline void pv_block_stop(struct pv_block *block)
{
	pv_device_close(&block->device);
	pv_event_close(block->port);
	pv_grant_return(block->ring_ref);
}

#endif
