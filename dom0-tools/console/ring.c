/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Indexes run freely and wrap at 2^32; the difference of two is what lies between them. */
#include <console/ring.h>

#include <stdint.h>

size_t ring_take(struct xencons_interface *ring, char *bytes, size_t size, bool *broken)
{
	uint32_t produced = __atomic_load_n(&ring->out_prod, __ATOMIC_ACQUIRE);
	uint32_t consumed = ring->out_cons;
	uint32_t there = produced - consumed;
	size_t taken;

	*broken = there > sizeof(ring->out);
	if (*broken) {
		__atomic_store_n(&ring->out_cons, produced, __ATOMIC_RELEASE);
		return 0;
	}
	for (taken = 0; taken < there && taken < size; taken++) {
		bytes[taken] = ring->out[(consumed + taken) % sizeof(ring->out)];
	}
	__atomic_store_n(&ring->out_cons, consumed + (uint32_t)taken, __ATOMIC_SEQ_CST);
	return taken;
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
