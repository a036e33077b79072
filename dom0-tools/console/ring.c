/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Indexes run freely and wrap at 2^32; the difference of two is what lies between them. */
#include <console/ring.h>

#include <stdint.h>

size_t ring_look(struct xencons_interface *ring, char *bytes, size_t size, bool *broken)
{
	uint32_t produced = __atomic_load_n(&ring->out_prod, __ATOMIC_ACQUIRE);
	uint32_t consumed = ring->out_cons;
	uint32_t there = produced - consumed;
	size_t seen;

	*broken = there > sizeof(ring->out);
	if (*broken) {
		__atomic_store_n(&ring->out_cons, produced, __ATOMIC_RELEASE);
		return 0;
	}
	for (seen = 0; seen < there && seen < size; seen++) {
		bytes[seen] = ring->out[(consumed + seen) % sizeof(ring->out)];
	}
	return seen;
}

void ring_taken(struct xencons_interface *ring, size_t size)
{
	__atomic_store_n(&ring->out_cons, ring->out_cons + (uint32_t)size, __ATOMIC_SEQ_CST);
}

size_t ring_room(const struct xencons_interface *ring)
{
	uint32_t consumed = __atomic_load_n(&ring->in_cons, __ATOMIC_ACQUIRE);
	uint32_t unread = ring->in_prod - consumed;

	return unread > sizeof(ring->in) ? 0 : sizeof(ring->in) - unread;
}

void ring_put(struct xencons_interface *ring, const char *bytes, size_t size)
{
	uint32_t produced = ring->in_prod;

	for (size_t i = 0; i < size; i++) {
		ring->in[(produced + i) % sizeof(ring->in)] = bytes[i];
	}
	__atomic_store_n(&ring->in_prod, produced + (uint32_t)size, __ATOMIC_SEQ_CST);
}
