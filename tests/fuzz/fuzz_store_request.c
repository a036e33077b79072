/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzz the store with requests of four clients, two of them guests, transactions interleaved. After
 * each input the accounts must be right, and a replay of the journal must give the same store.
 *
 * Input: records of client, operation, transaction, length, payload; the first four are one byte.
 */
#include "../unit/store_driver.h"
#include "control.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void introduce(struct store *store, uint32_t id, uint32_t domid)
{
	struct client *client = store_connect(store, id, CLIENT_RING, domid);
	struct edit edit = {.store = store};
	struct permission owner = {.domid = domid};
	char home[32];

	client->domain->client = client;
	snprintf(home, sizeof(home), "/local/domain/%u", domid);
	edit_create(&edit, home, "", 0);
	edit_permissions(&edit, home, &owner, 1);
}

static void run(struct store *store, struct journal *journal, const uint8_t *data, size_t size)
{
	while (size >= 4) {
		struct client *client = store_client(store, 1 + data[0] % 4u);
		size_t length = data[3];
		uint32_t type = data[1] % 26u;

		data += 4;
		size -= 4;
		length = length > size ? size : length;
		if (client) {
			driver_request(store, journal, client, type, data[-2] % 8u, data, length);
			store_sent(client, buffer_length(&client->out));
		}
		data += length;
		size -= length;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct store store, other;
	struct journal journal = {0};
	struct buffer ours, theirs;

	store_init(&store);
	store_connect(&store, 1, CLIENT_SESSION, 0);
	store_connect(&store, 2, CLIENT_SESSION, 0);
	introduce(&store, 3, 5);
	introduce(&store, 4, 7);
	journal_snapshot(&journal, &store);
	run(&store, &journal, data, size);
	assert(control_check(&store));
	store_init(&other);
	assert(journal_replay(&other, journal.bytes, journal.size) == (ssize_t)journal.used);
	ours = driver_dump(&store);
	theirs = driver_dump(&other);
	assert(buffer_length(&ours) == buffer_length(&theirs));
	assert(memcmp(buffer_bytes(&ours), buffer_bytes(&theirs), buffer_length(&ours)) == 0);
	buffer_release(&ours);
	buffer_release(&theirs);
	store_release(&store);
	store_release(&other);
	free(journal.bytes);
	return 0;
}
