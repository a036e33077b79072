/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Grants between threads, each a CPU: what is in use stays one thing, TSan is quiet. */
#include "tap.h"

#include <fake.h>
#include <grant/grant.h>
#include <lib/error.h>
#include <memory/frame_alloc.h>
#include <pthread.h>

static struct domain_grants g;
static const struct grant_limits limits = {4, 8, 2, true};
#define USES 1000 /* users go on until they had so many, however often they come in vain */

static _Atomic bool stop;
static _Atomic unsigned long good_uses, faults;

static void set_up(unsigned version)
{
	fake_reset();
	fake_threads_begin();
	lock_in_turn = false; /* more threads than processors: whose turn it is may not run */
	frame_init(4096);
	frame_add_ram(16, 4095);
	grant_domain_init(&g, 7, &limits);
	if (grant_grow(&g, 1) || grant_set_version(&g, version)) {
		abort();
	}
	atomic_store(&stop, false);
	atomic_store(&good_uses, 0);
	atomic_store(&faults, 0);
}

static void *first_frame(void)
{
	return frame_ptr(grant_frame(&g, GRANT_SHARED_FRAMES, 0));
}

/* --- A granting domain that writes its entries while they are used ---------------------------- */

/* The frame always says which domain may have it, so that a mixture of two states shows. */
static void *scribble(void *arg)
{
	unsigned version = *(unsigned *)arg, words = version == 1 ? 2 : 4;
	uint32_t *entry = (uint32_t *)first_frame() + 20 * words;
	uint64_t random = 77;

	while (!atomic_load(&stop)) {
		uint64_t r = tap_random(&random);

		__atomic_store_n(entry, (uint32_t)(r & 0x1f), __ATOMIC_RELAXED);
		for (unsigned i = 1; i < words; i++) {
			uint32_t value = i == 3 ? 0 : (uint32_t)(r >> 40) % 100;

			__atomic_store_n(entry + i, value, __ATOMIC_RELAXED);
		}
		__atomic_store_n(entry, (uint32_t)(r & 0x0003011fU), __ATOMIC_RELAXED);
	}
	return NULL;
}

static void *use_entry(void *arg)
{
	domid_t grantee = (domid_t)(uintptr_t)arg;

	fake_cpu = grantee;
	while (atomic_load(&good_uses) < USES) {
		struct grant_use first, second;

		if (grant_pin(&g, 20, grantee, 0, &first) != GNTST_okay) {
			cpu_relax();
			continue;
		}
		good_uses++;
		faults += first.kind != GRANT_PAGE || first.mfn.n >= 100;
		if (grant_pin(&g, 20, grantee, GRANT_WRITE, &second) == GNTST_okay) {
			faults += first.mfn.n != second.mfn.n;
			grant_unpin(&g, 20, true);
		}
		grant_unpin(&g, 20, false);
	}
	return NULL;
}

static void hostile_owner(unsigned version)
{
	pthread_t owner, users[3];

	set_up(version);
	pthread_create(&owner, NULL, scribble, &version);
	for (uintptr_t i = 0; i < 3; i++) {
		pthread_create(&users[i], NULL, use_entry, (void *)(i + 1));
	}
	for (unsigned i = 0; i < 3; i++) {
		pthread_join(users[i], NULL);
	}
	atomic_store(&stop, true);
	pthread_join(owner, NULL);
	ok(!faults && good_uses >= USES,
	   "version %u: while its owner scribbles on it, a grant in use is one frame (%lu times)",
	   version, good_uses);
	is_int(g.in_use, 0, "and in the end it is not in use");
	grant_domain_free(&g);
}

/* --- An owner that takes an entry back, as the ABI tells guests to ---------------------------- */

static _Atomic bool in_hand[2]; /* set while its thread has the entry pinned */

static bool take_back_v1(struct grant_entry_v1 *entry)
{
	uint16_t flags = __atomic_load_n(&entry->flags, __ATOMIC_SEQ_CST);

	return !(flags & (GTF_reading | GTF_writing)) &&
	       __atomic_compare_exchange_n(&entry->flags, &flags, 0, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_SEQ_CST);
}

/* Flags first, then whether somebody was quicker: in that case it has to be given once more. */
static bool take_back_v2(union grant_entry_v2 *entry, grant_status_t *status)
{
	__atomic_store_n(&entry->hdr.flags, 0, __ATOMIC_SEQ_CST);
	return !(__atomic_load_n(status, __ATOMIC_SEQ_CST) & (GTF_reading | GTF_writing));
}

static void *give_and_take(void *arg)
{
	unsigned version = *(unsigned *)arg;
	struct grant_entry_v1 *v1 = first_frame();
	union grant_entry_v2 *v2 = first_frame();
	grant_status_t *status =
		version == 2 ? frame_ptr(grant_frame(&g, GRANT_STATUS_FRAMES_V2, 0)) : NULL;

	while (!atomic_load(&stop)) {
		__atomic_store_n(version == 1 ? &v1[20].flags : &v2[20].hdr.flags,
				 GTF_permit_access, __ATOMIC_SEQ_CST);
		cpu_relax();
		while (!(version == 1 ? take_back_v1(&v1[20])
				      : take_back_v2(&v2[20], &status[20])) &&
		       !atomic_load(&stop)) {
			cpu_relax();
		}
		faults += !atomic_load(&stop) && (in_hand[0] || in_hand[1]);
	}
	return NULL;
}

static void *hold_entry(void *arg)
{
	unsigned me = (unsigned)(uintptr_t)arg;

	fake_cpu = me + 1;
	while (atomic_load(&good_uses) < USES) {
		struct grant_use use;

		if (grant_pin(&g, 20, 0, me ? GRANT_WRITE : 0, &use) != GNTST_okay) {
			cpu_relax();
			continue;
		}
		atomic_store(&in_hand[me], true);
		good_uses++;
		atomic_store(&in_hand[me], false);
		grant_unpin(&g, 20, me);
	}
	return NULL;
}

static void revoking(unsigned version)
{
	pthread_t owner, users[2];

	set_up(version);
	pthread_create(&owner, NULL, give_and_take, &version);
	for (uintptr_t i = 0; i < 2; i++) {
		pthread_create(&users[i], NULL, hold_entry, (void *)i);
	}
	for (unsigned i = 0; i < 2; i++) {
		pthread_join(users[i], NULL);
	}
	atomic_store(&stop, true);
	pthread_join(owner, NULL);
	ok(!faults && good_uses >= USES,
	   "version %u: what was taken back is in nobody's hands (%lu uses)", version, good_uses);
	is_int(g.in_use, 0, "and none is left over");
	grant_domain_free(&g);
}

/* --- Handles, frames and versions from all sides ---------------------------------------------- */

/* As soon as nobody else has it in hand. */
static void remove_handle(uint32_t number)
{
	struct grant_handle *handle;

	while (!(handle = grant_handle_take(&g, number))) {
		cpu_relax();
	}
	grant_handle_remove(&g, handle, number);
}

static void *hammer(void *arg)
{
	uint64_t random = 4711 + (uintptr_t)arg;
	uint32_t mine[16], count = 0;

	fake_cpu = (unsigned)(uintptr_t)arg;
	for (int i = 0; i < 4000; i++) {
		uint64_t r = tap_random(&random);
		struct grant_handle *handle;
		struct grant_use use;

		switch (r >> 60) {
		case 0:
			grant_set_version(&g, 1 + (r >> 8 & 1));
			break;
		case 1:
			grant_grow(&g, 1 + r % 4);
			break;
		case 2:
			grant_swap(&g, r >> 8 & 31, r >> 16 & 31);
			break;
		case 3:
		case 4:
		case 5:
			if (grant_pin(&g, r >> 8 & 31, 1, GRANT_COPY, &use) == GNTST_okay) {
				grant_unpin(&g, r >> 8 & 31, false);
			}
			break;
		case 6: /* somebody else's handle, or nobody's */
			handle = grant_handle_take(&g, r >> 8 & 255);
			if (handle) {
				grant_handle_return(handle, 0);
			}
			break;
		default:
			if (count < 16 && r >> 59 & 1) {
				handle = grant_handle_reserve(&g, &mine[count++]);
				handle->mfn = (uint32_t)r;
				grant_handle_publish(handle, GNTMAP_host_map);
			} else if (count) {
				remove_handle(mine[--count]);
			}
			break;
		}
	}
	while (count) {
		remove_handle(mine[--count]);
	}
	return NULL;
}

static void from_all_sides(void)
{
	pthread_t threads[3];
	uint32_t number = 0;
	uint64_t before;

	set_up(1);
	grant_domain_free(&g);
	before = frame_pool_figures().free;
	set_up(1);
	for (uintptr_t i = 0; i < 3; i++) {
		pthread_create(&threads[i], NULL, hammer, (void *)i);
	}
	for (unsigned i = 0; i < 3; i++) {
		pthread_join(threads[i], NULL);
	}
	ok(!grant_handle_take_next(&g, &number), "three CPUs at one table: no handle is left");
	is_int(g.in_use, 0, "nothing is in use");
	grant_domain_free(&g);
	is_int(frame_pool_figures().free, before, "and all memory came back");
}

int main(void)
{
	hostile_owner(1);
	hostile_owner(2);
	revoking(1);
	revoking(2);
	from_all_sides();
	return done_testing();
}
