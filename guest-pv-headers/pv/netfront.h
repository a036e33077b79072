/* SPDX-License-Identifier: MIT */
/*
 * A network interface (vif): whole Ethernet frames out and in, as they are on a wire, with their
 * checksums made and without FCS. Frames are copied by pages of the interface's own, granted once.
 *
 *	static struct pv_net net;
 *
 *	pv_net_start(&net, 0);
 *	while (!(length = pv_net_receive(&net, frame, sizeof(frame)))) {
 *		pv_net_wait(&net);
 *	}
 *
 * Before that: pv_mmu_start(), pv_events_start(), pv_grants_start() and _pool(), pv_store_start().
 */
#ifndef PV_NETFRONT_H
#define PV_NETFRONT_H

#include "xenbus.h"
#include <xen/io/netif.h>

#ifndef PV_NET_BUFFERS
#define PV_NET_BUFFERS 64 /* each way, at most 256: the slots of a ring */
#endif
_Static_assert(PV_NET_BUFFERS <= 256, "a ring has no more slots");
#define PV_NET_HEADER 14 /* the shortest frame that the back end takes */

struct pv_net {
	uint8_t tx_page[PV_PAGE_SIZE] __attribute__((aligned(PV_PAGE_SIZE)));
	uint8_t rx_page[PV_PAGE_SIZE];
	uint8_t tx_buffer[PV_NET_BUFFERS][PV_PAGE_SIZE];
	uint8_t rx_buffer[PV_NET_BUFFERS][PV_PAGE_SIZE];
	struct pv_device device;
	netif_tx_front_ring_t tx;
	netif_rx_front_ring_t rx;
	grant_ref_t tx_ring_ref, rx_ring_ref;
	grant_ref_t tx_ref[PV_NET_BUFFERS], rx_ref[PV_NET_BUFFERS];
	uint16_t tx_free[PV_NET_BUFFERS]; /* a stack of buffers */
	unsigned int tx_free_count;
	evtchn_port_t port;

	uint8_t mac[6];
	unsigned int dropped; /* frames received that were no good, or sent and refused */
};

/* rep movsb, so that a kernel without a memcpy() can use this. */
static inline void pv_net_copy(void *to, const void *from, size_t size)
{
	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
}

/* Lets the back end fill a buffer, once it is told. */
static inline void pv_net_offer(struct pv_net *net, unsigned int buffer)
{
	*RING_GET_REQUEST(&net->rx, net->rx.req_prod_pvt) =
		(struct netif_rx_request){.id = (uint16_t)buffer, .gref = net->rx_ref[buffer]};
	net->rx.req_prod_pvt++;
}

static inline void pv_net_push_rx(struct pv_net *net)
{
	int notify;

	RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&net->rx, notify);
	if (notify) {
		pv_event_send(net->port);
	}
}

/* Takes back the buffers of frames that are on their way. */
static inline void pv_net_reclaim(struct pv_net *net)
{
	struct netif_tx_response response;
	unsigned int more;

	do {
		while (RING_HAS_UNCONSUMED_RESPONSES(&net->tx)) {
			RING_COPY_RESPONSE(&net->tx, net->tx.rsp_cons, &response);
			net->tx.rsp_cons++;
			if (response.id < PV_NET_BUFFERS && net->tx_free_count < PV_NET_BUFFERS) {
				net->tx_free[net->tx_free_count++] = response.id;
			}
			net->dropped += response.status != NETIF_RSP_OKAY;
		}
		RING_FINAL_CHECK_FOR_RESPONSES(&net->tx, more);
	} while (more);
}

/* -XEN_EBUSY: no buffer is free; pv_net_wait() returns when one may be. */
static inline long pv_net_send(struct pv_net *net, const void *frame, size_t length)
{
	unsigned int buffer;
	int notify;

	if (length < PV_NET_HEADER || length > PV_PAGE_SIZE) {
		return -XEN_EINVAL;
	}
	pv_net_reclaim(net);
	if (!net->tx_free_count) {
		return -XEN_EBUSY;
	}
	buffer = net->tx_free[--net->tx_free_count];
	pv_net_copy(net->tx_buffer[buffer], frame, length);
	*RING_GET_REQUEST(&net->tx, net->tx.req_prod_pvt) = (struct netif_tx_request){
		.gref = net->tx_ref[buffer], .id = (uint16_t)buffer, .size = (uint16_t)length};
	net->tx.req_prod_pvt++;
	RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(&net->tx, notify);
	return notify ? pv_event_send(net->port) : 0;
}

/* The length of the next frame, of which as much is copied as fits; 0: there is none. */
static inline size_t pv_net_receive(struct pv_net *net, void *frame, size_t size)
{
	struct netif_rx_response response;
	size_t length = 0;

	while (!length && RING_HAS_UNCONSUMED_RESPONSES(&net->rx)) {
		RING_COPY_RESPONSE(&net->rx, net->rx.rsp_cons, &response);
		net->rx.rsp_cons++;
		if (response.id >= PV_NET_BUFFERS) {
			net->dropped++;
			continue;
		}
		if (response.status > 0 && !(response.flags & NETRXF_more_data) &&
		    response.offset + (size_t)response.status <= PV_PAGE_SIZE) {
			length = (size_t)response.status;
			pv_net_copy(frame, net->rx_buffer[response.id] + response.offset,
				    length < size ? length : size);
		} else {
			net->dropped++;
		}
		pv_net_offer(net, response.id);
		pv_net_push_rx(net);
	}
	return length;
}

/* True: there is a frame; false: its port will tell. For who sleeps in pv_event_wait_any(). */
static inline int pv_net_ready(struct pv_net *net)
{
	unsigned int ready;

	RING_FINAL_CHECK_FOR_RESPONSES(&net->rx, ready);
	return ready != 0;
}

/* Sleeps until a frame has come, or one that was sent is on its way. */
static inline void pv_net_wait(struct pv_net *net)
{
	if (!pv_net_ready(net)) {
		pv_event_wait(net->port);
	}
}

/* The store has it as "aa:bb:cc:dd:ee:ff". */
static inline void pv_net_read_mac(struct pv_net *net)
{
	char text[24] = "";

	pv_device_read(net->device.front, "mac", text, sizeof(text));
	for (unsigned int i = 0; i < 6; i++) {
		net->mac[i] = 0;
		for (const char *at = text + 3 * i; at < text + 3 * i + 2; at++) {
			int digit = *at <= '9' ? *at - '0' : (*at | 0x20) - 'a' + 10;

			net->mac[i] = (uint8_t)(net->mac[i] << 4 | (digit & 15));
		}
	}
}

/* The references of all buffers; the back end reads from the ones and writes to the others. */
static inline long pv_net_grant(struct pv_net *net)
{
	for (unsigned int i = 0; i < PV_NET_BUFFERS; i++) {
		net->tx_ref[i] = pv_grant_take();
		net->rx_ref[i] = pv_grant_take();
		if (!net->rx_ref[i]) {
			return -XEN_ENOSPC;
		}
		pv_grant_access(net->tx_ref[i], net->device.domain,
				pv_virt_to_mfn(net->tx_buffer[i]), 1);
		pv_grant_access(net->rx_ref[i], net->device.domain,
				pv_virt_to_mfn(net->rx_buffer[i]), 0);
		net->tx_free[i] = (uint16_t)i;
		pv_net_offer(net, i);
	}
	net->tx_free_count = PV_NET_BUFFERS;
	return 0;
}

static inline long pv_net_connect(struct pv_net *net)
{
	const struct pv_device *device = &net->device;
	long tx, rx, port, rc;

	XEN_FRONT_RING_INIT(&net->tx, (netif_tx_sring_t *)net->tx_page, PV_PAGE_SIZE);
	XEN_FRONT_RING_INIT(&net->rx, (netif_rx_sring_t *)net->rx_page, PV_PAGE_SIZE);
	tx = pv_device_share(device, "tx-ring-ref", net->tx_page);
	rx = tx < 0 ? tx : pv_device_share(device, "rx-ring-ref", net->rx_page);
	port = rx < 0 ? rx : pv_device_channel(device);
	if (port < 0) {
		return port;
	}
	net->tx_ring_ref = (grant_ref_t)tx;
	net->rx_ring_ref = (grant_ref_t)rx;
	net->port = (evtchn_port_t)port;
	rc = pv_net_grant(net);
	rc = rc ? rc : pv_device_write_number(device, "request-rx-copy", 1);
	rc = rc ? rc : pv_device_write_number(device, "feature-rx-notify", 1);
	rc = rc ? rc : pv_device_write_number(device, "feature-no-csum-offload", 1);
	return rc ? rc : pv_device_set_state(device, XenbusStateConnected);
}

/* Connects the interface of that number; they count from 0. */
static inline long pv_net_start(struct pv_net *net, unsigned int id)
{
	long rc = pv_device_begin(&net->device, "vif", id);

	net->dropped = 0;
	rc = rc ? rc : pv_net_connect(net);
	rc = rc ? rc : pv_device_connected(&net->device);
	if (rc) {
		return rc;
	}
	pv_net_read_mac(net);
	pv_net_push_rx(net);
	return 0;
}

/* Afterwards it can be started again. */
static inline void pv_net_stop(struct pv_net *net)
{
	pv_device_close(&net->device);
	pv_event_close(net->port);
	for (unsigned int i = 0; i < PV_NET_BUFFERS; i++) {
		pv_grant_return(net->tx_ref[i]);
		pv_grant_return(net->rx_ref[i]);
	}
	pv_grant_return(net->tx_ring_ref);
	pv_grant_return(net->rx_ring_ref);
}

#endif
