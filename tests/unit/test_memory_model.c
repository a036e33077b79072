/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Random deeds of hostile domains; after each, all counts are right and no CPU remembers too much.
 */
#include "memory_actors.h"
#include <tap.h>

/*
 * 100,000 steps, audited each; PARVUS_FULL in the environment: 10,000,000, audited every hundredth.
 * Processors' memories are checked after every step in either case.
 */
static uint64_t state;

static uint64_t by_chance(uint64_t below)
{
	return fake_random(&state) % below;
}

static const char *const deed_name[DEEDS] = {
	[DID_PIN1] = "L1 tables pinned",
	[DID_PIN2] = "L2 tables pinned",
	[DID_PIN3] = "L3 tables pinned",
	[DID_PIN4] = "L4 tables pinned",
	[DID_UNPIN] = "tables unpinned",
	[DID_UPDATE] = "entries updated",
	[DID_VA] = "entries updated by address",
	[DID_ROOT] = "roots changed",
	[DID_FOREIGN] = "batches in another's name",
	[DID_EMULATE] = "writes emulated",
	[DID_DESCRIPTORS] = "frames of descriptors",
	[DID_RELEASE_MAPPED] = "frames given back while in use",
	[DID_STALE_WRITE] = "writes through stale translations",
	[DID_RESTART] = "pins that had to go on",
	[DID_DROP] = "domains ended",
};

int main(int argc, char **argv)
{
	bool full = getenv("PARVUS_FULL") != NULL;
	unsigned long steps = full ? 10000000 : 100000, step = 0;

	state = tap_seed(argc, argv) | 1;
	actor_choose = by_chance;
	actors_start();
	while (step < steps && actors_step(!full || step % 100 == 0)) {
		step++;
	}
	if (!ok(step == steps, "%lu random deeds keep every invariant", steps)) {
		printf("# step %lu, %s: %s (frame %llu)\n", step, actors.op,
		       actors.fault ? actors.fault : "the audit differs",
		       (unsigned long long)actors.fault_frame);
		return done_testing();
	}
	for (enum deed deed = 0; deed < DEEDS; deed++) {
		ok(did[deed] > 0, "%s: %lu", deed_name[deed], did[deed]);
	}
	ok(actors_end(), "in the end all memory is free");
	return done_testing();
}
