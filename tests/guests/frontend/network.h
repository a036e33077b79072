/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Just enough of ARP, IPv4, ICMP and UDP to ask Dom0 and to answer it. All words are as on the
 * wire. */
#ifndef TESTS_GUESTS_FRONTEND_NETWORK_H
#define TESTS_GUESTS_FRONTEND_NETWORK_H

#include "../guest.h"
#include <pv/netfront.h>

#define PACKED	   __attribute__((packed))
#define TO_WIRE(x) __builtin_bswap16(x)

#define ETHER_IP	 TO_WIRE(0x0800)
#define ETHER_ARP	 TO_WIRE(0x0806)
#define IP_ICMP		 1
#define IP_UDP		 17
#define IP_DONT_FRAGMENT TO_WIRE(0x4000)
#define SECOND		 1000000000UL
#define UDP_ECHO	 TO_WIRE(7)

struct ether {
	uint8_t to[6], from[6];
	uint16_t type;
} PACKED;
struct arp {
	uint16_t hardware, protocol;
	uint8_t hardware_size, protocol_size;
	uint16_t operation; /* 1 asks, 2 answers */
	uint8_t from_mac[6];
	uint32_t from;
	uint8_t to_mac[6];
	uint32_t to;
} PACKED;
struct ip {
	uint8_t version, service;
	uint16_t length, id, fragment;
	uint8_t ttl, protocol;
	uint16_t sum;
	uint32_t from, to;
} PACKED;
struct icmp {
	uint8_t type, code; /* 8 asks, 0 answers */
	uint16_t sum, id, sequence;
} PACKED;
struct udp {
	uint16_t from, to, length, sum;
} PACKED;

static union {
	uint8_t bytes[2048];
	struct {
		struct ether ether;
		union {
			struct arp arp;
			struct {
				struct ip
					ip; /* without options: with some a packet is not for us */
				union {
					struct icmp icmp;
					struct udp udp;
				} PACKED;
			} PACKED;
		} PACKED;
	} PACKED;
} frame;

static struct pv_net net;
static uint32_t our_ip, their_ip;
static struct {
	unsigned int arps, pings, datagrams, fragments, bad_sums, pongs;
} seen;

/* The sum of the Internet's protocols, in one's complement, going on from `sum`. */
static uint32_t add_words(const void *data, size_t length, uint32_t sum)
{
	const uint8_t *at = data;

	for (size_t i = 0; i + 1 < length; i += 2) {
		sum += (uint32_t)(at[i] | at[i + 1] << 8);
	}
	return length % 2 ? sum + at[length - 1] : sum;
}

static uint16_t folded(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* Of what is behind the IP header; for UDP with the pseudo header. 0: what is there is right. */
static uint16_t payload_sum(size_t size)
{
	uint32_t sum = 0;

	if (frame.ip.protocol == IP_UDP) {
		sum = add_words(&frame.ip.from, 8, TO_WIRE(IP_UDP) + TO_WIRE((uint16_t)size));
	}
	return folded(add_words(&frame.icmp, size, sum));
}

static void send_frame(size_t length)
{
	while (pv_net_send(&net, &frame, length) == -XEN_EBUSY) {
		pv_net_wait(&net);
	}
}

static void turn_ether(void)
{
	memcpy(frame.ether.to, frame.ether.from, 6);
	memcpy(frame.ether.from, net.mac, 6);
}

/* Sends the packet back where it came from, with new sums. */
static void turn_ip(size_t payload)
{
	turn_ether();
	frame.ip.to = frame.ip.from;
	frame.ip.from = our_ip;
	frame.ip.ttl = 64;
	frame.ip.sum = 0;
	frame.ip.sum = folded(add_words(&frame.ip, sizeof(frame.ip), 0));
	send_frame(sizeof(frame.ether) + sizeof(frame.ip) + payload);
}

static void on_arp(void)
{
	if (frame.arp.operation == TO_WIRE(1) && frame.arp.to == our_ip) {
		seen.arps++;
		turn_ether();
		frame.arp.operation = TO_WIRE(2);
		memcpy(frame.arp.to_mac, frame.arp.from_mac, 6);
		frame.arp.to = frame.arp.from;
		memcpy(frame.arp.from_mac, net.mac, 6);
		frame.arp.from = our_ip;
		send_frame(sizeof(frame.ether) + sizeof(frame.arp));
	}
}

static void on_icmp(size_t payload)
{
	if (payload_sum(payload)) {
		seen.bad_sums++;
	} else if (frame.icmp.type == 0) {
		seen.pongs++;
	} else if (frame.icmp.type == 8) {
		seen.pings++;
		frame.icmp.type = 0;
		frame.icmp.sum = 0;
		frame.icmp.sum = payload_sum(payload);
		turn_ip(payload);
	}
}

/* The echo service. Pieces go back as pieces; only the first has ports, and the sum does not change
 * by a swap. */
static void on_udp(size_t payload)
{
	uint16_t port = frame.udp.from;

	if (frame.ip.fragment & ~IP_DONT_FRAGMENT) {
		seen.fragments++;
		if (frame.ip.fragment & TO_WIRE(0x1fff)) {
			turn_ip(payload);
			return;
		}
	} else if (!frame.udp.sum || payload_sum(payload)) {
		seen.bad_sums++;
		return;
	}
	if (frame.udp.to != UDP_ECHO) {
		return;
	}
	frame.udp.from = UDP_ECHO;
	frame.udp.to = port;
	if (!(frame.ip.fragment & ~IP_DONT_FRAGMENT)) {
		seen.datagrams++;
		frame.udp.sum = 0;
		frame.udp.sum = payload_sum(payload) ?: 0xffff;
	}
	turn_ip(payload);
}

static void on_ip(size_t length)
{
	size_t total = TO_WIRE(frame.ip.length);
	bool later_piece = frame.ip.fragment & TO_WIRE(0x1fff);

	if (frame.ip.version != 0x45 || frame.ip.to != our_ip ||
	    total < sizeof(frame.ip) + (later_piece ? 1 : sizeof(frame.udp)) ||
	    total > length - sizeof(frame.ether)) {
		return;
	}
	if (folded(add_words(&frame.ip, sizeof(frame.ip), 0))) {
		seen.bad_sums++;
	} else if (frame.ip.protocol == IP_ICMP) {
		on_icmp(total - sizeof(frame.ip));
	} else if (frame.ip.protocol == IP_UDP) {
		on_udp(total - sizeof(frame.ip));
	}
}

static void on_frame(size_t length)
{
	if (frame.ether.type == ETHER_ARP) {
		on_arp();
	} else if (frame.ether.type == ETHER_IP) {
		on_ip(length);
	}
}

/* Whatever has come is answered. */
static void serve_network(void)
{
	size_t length;

	while ((length = pv_net_receive(&net, &frame, sizeof(frame)))) {
		on_frame(length);
	}
}

/* The next frame's length, or 0: none has come until then. */
static size_t next_frame(uint64_t until)
{
	size_t length;

	while (!(length = pv_net_receive(&net, &frame, sizeof(frame)))) {
		if (!pv_net_ready(&net) && pv_event_wait_any(&net.port, 1, until) < 0) {
			return 0;
		}
	}
	return length;
}

/* Asks who has Dom0's address, again and again, for its bridge may not be ready yet. */
static bool resolve(uint8_t *mac)
{
	for (unsigned int tries = 0; tries < 60; tries++) {
		uint64_t until = pv_time() + SECOND;

		memset(&frame, 0, sizeof(frame));
		memset(frame.ether.to, 0xff, 6);
		memcpy(frame.ether.from, net.mac, 6);
		frame.ether.type = ETHER_ARP;
		frame.arp = (struct arp){TO_WIRE(1), ETHER_IP, 6,   4,	     TO_WIRE(1),
					 {0},	     our_ip,   {0}, their_ip};
		memcpy(frame.arp.from_mac, net.mac, 6);
		send_frame(sizeof(frame.ether) + sizeof(frame.arp));
		while (next_frame(until)) {
			if (frame.ether.type == ETHER_ARP && frame.arp.operation == TO_WIRE(2)) {
				memcpy(mac, frame.arp.from_mac, 6);
				return frame.arp.from == their_ip;
			}
		}
	}
	return false;
}

static void ping(const uint8_t *mac, uint16_t sequence, size_t data)
{
	size_t payload = sizeof(frame.icmp) + data;

	memset(&frame, 0, sizeof(frame));
	memcpy(frame.ether.from, mac, 6); /* turn_ip() turns it */
	frame.ether.type = ETHER_IP;
	frame.ip = (struct ip){.version = 0x45,
			       .length = TO_WIRE((uint16_t)(sizeof(frame.ip) + payload)),
			       .protocol = IP_ICMP,
			       .from = their_ip};
	frame.icmp = (struct icmp){.type = 8, .id = 0x7670, .sequence = TO_WIRE(sequence)};
	for (size_t i = 0; i < data; i++) {
		((uint8_t *)(&frame.icmp + 1))[i] = (uint8_t)(i * 7 + sequence);
	}
	frame.icmp.sum = payload_sum(payload);
	turn_ip(payload);
}

static void check_network(void)
{
	static const uint16_t sizes[] = {0, 1, 2, 31, 56, 64, 511, 1000, 1471, 1472};
	uint8_t mac[6];

	is(pv_net_start(&net, 0), 0, "an interface");
	ok(net.mac[0] == 0 && net.mac[1] == 0x16 && net.mac[2] == 0x3e, "with an address of Xen's");
	ok(resolve(mac), "Dom0 says who it is");
	for (uint16_t i = 0; i < ARRAY_SIZE(sizes) && seen.pongs == i; i++) {
		uint64_t until = pv_time() + 60 * SECOND;
		size_t length;

		ping(mac, i, sizes[i]);
		while (seen.pongs == i && (length = next_frame(until))) {
			on_frame(length);
		}
	}
	is(seen.pongs, ARRAY_SIZE(sizes), "and answers pings of all sizes");
	is(seen.bad_sums, 0, "all sums were right");
}

#endif
