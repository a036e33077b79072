/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random operations of many clients against a naive model: a sorted array of paths, copied whole
 * for each transaction. Each reply and each event is compared, and now and then the journal of all
 * that happened is replayed and must give the same store.
 */
#include "control.h"
#include "snapshot.h"
#include "store_driver.h"
#include "tap.h"
#include "transaction.h"

#define CLIENTS	     4
#define TRANSACTIONS 2
#define ENTRIES	     128
#define LOGGED	     24

struct entry {
	char path[32], value[8];
};

struct model {
	struct entry entry[ENTRIES];
	int count;
};

struct step {
	uint32_t type;
	char path[32], value[8];
	char reply[512];
	uint32_t reply_type;
	size_t reply_length;
};

struct model_transaction {
	bool open, doomed;
	uint32_t id;
	struct model view;
	struct step step[LOGGED];
	int steps;
};

static struct {
	struct store store;
	struct journal journal;
	struct client *client[CLIENTS];
	struct model model;
	struct model_transaction transaction[CLIENTS][TRANSACTIONS];
	char watch[CLIENTS][32]; /* "" is none */
	uint64_t random;
	unsigned int wrong, commits, conflicts, events, merged;
} world;

static uint32_t choose(uint32_t below)
{
	return (uint32_t)(tap_random(&world.random) >> 33) % below;
}

static int find(const struct model *model, const char *path)
{
	for (int i = 0; i < model->count; i++) {
		if (strcmp(model->entry[i].path, path) == 0) {
			return i;
		}
	}
	return -1;
}

static void insert(struct model *model, const char *path, const char *value)
{
	int at = find(model, path);

	if (at < 0) {
		for (at = model->count++; at > 0 && strcmp(model->entry[at - 1].path, path) > 0;
		     at--) {
			model->entry[at] = model->entry[at - 1];
		}
		strcpy(model->entry[at].path, path);
		model->entry[at].value[0] = '\0';
	}
	if (value) {
		strcpy(model->entry[at].value, value);
	}
}

/* With all its parents. */
static void create(struct model *model, const char *path, const char *value)
{
	char parent[32];

	for (const char *slash = path + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
		snprintf(parent, sizeof(parent), "%.*s", (int)(slash - path), path);
		insert(model, parent, NULL);
	}
	insert(model, path, value);
}

static bool below(const char *path, const char *above)
{
	size_t length = strlen(above);

	return strcmp(above, "/") == 0 ||
	       (strncmp(path, above, length) == 0 && (path[length] == '/' || !path[length]));
}

static void discard(struct model *model, const char *path)
{
	int kept = 0;

	for (int i = 0; i < model->count; i++) {
		if (!below(model->entry[i].path, path)) {
			model->entry[kept++] = model->entry[i];
		}
	}
	model->count = kept;
}

static bool has_parent(const struct model *model, const char *path)
{
	char parent[32];
	char *slash;

	strcpy(parent, path);
	slash = strrchr(parent, '/');
	*slash = '\0';
	return slash == parent || find(model, parent) >= 0;
}

static void list(const struct model *model, struct step *step)
{
	size_t length = strlen(step->path);

	for (int i = 0; i < model->count; i++) {
		const char *path = model->entry[i].path;

		if (below(path, step->path) && path[length] && !strchr(path + length + 1, '/')) {
			strcpy(step->reply + step->reply_length, path + length + 1);
			step->reply_length += strlen(path + length + 1) + 1;
		}
	}
}

static void say(struct step *step, uint32_t type, const char *text, size_t length)
{
	step->reply_type = type;
	step->reply_length = length;
	memcpy(step->reply, text, length);
}

/* What the model answers; it changes as the store should. */
static void expect(struct model *model, struct step *step)
{
	int at = find(model, step->path);

	step->reply_length = 0;
	step->reply_type = step->type;
	if (step->type == XS_WRITE || step->type == XS_MKDIR) {
		create(model, step->path, step->type == XS_WRITE ? step->value : NULL);
		say(step, step->type, "OK", 3);
	} else if (step->type == XS_RM) {
		bool good = at >= 0 || has_parent(model, step->path);

		discard(model, step->path);
		say(step, good ? XS_RM : XS_ERROR, good ? "OK" : "ENOENT", good ? 3 : 7);
	} else if (at < 0) {
		say(step, XS_ERROR, "ENOENT", 7);
	} else if (step->type == XS_READ) {
		say(step, XS_READ, model->entry[at].value, strlen(model->entry[at].value));
	} else {
		list(model, step);
	}
}

static void random_path(char path[32])
{
	int depth = 1 + (int)choose(3);

	path[0] = '\0';
	for (int i = 0; i < depth; i++) {
		sprintf(path + strlen(path), "/%c", 'a' + (char)choose(3));
	}
}

static void mistake(const char *what, const struct step *step)
{
	if (world.wrong++ < 5) {
		printf("# %s: operation %u on %s expected type %u, %zu bytes '%s'\n", what,
		       step->type, step->path, step->reply_type, step->reply_length, step->reply);
	}
}

static void send_step(int who, uint32_t tx, const struct step *step)
{
	char payload[64];
	size_t length = strlen(step->path) + 1;

	strcpy(payload, step->path);
	if (step->type == XS_WRITE) {
		memcpy(payload + length, step->value, strlen(step->value));
		length += strlen(step->value);
	}
	driver_request(&world.store, &world.journal, world.client[who], step->type, tx, payload,
		       length);
}

static void check_reply(int who, const struct step *step)
{
	struct driver_message message;

	if (!driver_reply(world.client[who], &message) || message.type != step->reply_type ||
	    message.length != step->reply_length ||
	    memcmp(message.payload, step->reply, step->reply_length) != 0) {
		mistake("reply", step);
	}
}

/* The events that a change outside of transactions causes for one watch, in the store's order. */
static void check_events(const struct model *before, const struct step *step)
{
	bool existed = find(before, step->path) >= 0;
	bool changes = step->reply_type != XS_ERROR &&
		       (step->type == XS_WRITE || (step->type == XS_MKDIR && !existed) ||
			(step->type == XS_RM && existed));

	for (int who = 0; who < CLIENTS; who++) {
		const char *watch = world.watch[who], *path = NULL;
		struct driver_message message;

		if (changes && watch[0] && below(step->path, watch)) {
			path = step->path;
		} else if (changes && watch[0] && step->type == XS_RM && below(watch, step->path) &&
			   find(before, watch) >= 0) {
			path = watch;
		}
		if (path) {
			world.events++;
			if (!driver_take(world.client[who], &message) ||
			    message.type != XS_WATCH_EVENT || strcmp(message.payload, path) != 0) {
				mistake("event", step);
			}
		}
	}
}

static void drain(void)
{
	struct driver_message message;

	for (int who = 0; who < CLIENTS; who++) {
		while (driver_take(world.client[who], &message)) {
		}
	}
}

static void random_step(struct step *step)
{
	static const uint32_t types[] = {XS_WRITE, XS_READ, XS_MKDIR, XS_RM, XS_DIRECTORY, XS_READ};

	memset(step, 0, sizeof(*step));
	step->type = types[choose(6)];
	random_path(step->path);
	sprintf(step->value, "%u", choose(4));
}

static void plain_operation(int who)
{
	struct model before = world.model;
	struct step step;

	random_step(&step);
	expect(&world.model, &step);
	send_step(who, 0, &step);
	check_events(&before, &step);
	check_reply(who, &step);
}

static void begin(int who, struct model_transaction *transaction)
{
	struct driver_message message;

	driver_request(&world.store, &world.journal, world.client[who], XS_TRANSACTION_START, 0, "",
		       1);
	driver_reply(world.client[who], &message);
	transaction->open = true;
	transaction->doomed = false;
	transaction->id = (uint32_t)atoi(message.payload);
	transaction->view = world.model;
	transaction->steps = 0;
}

/* Commits in the model: performs the steps again on what the store is now. */
static bool commit(struct model_transaction *transaction)
{
	struct model again = world.model;

	for (int i = 0; i < transaction->steps; i++) {
		struct step step = transaction->step[i];

		expect(&again, &step);
		if (step.reply_type != transaction->step[i].reply_type ||
		    step.reply_length != transaction->step[i].reply_length ||
		    memcmp(step.reply, transaction->step[i].reply, step.reply_length) != 0) {
			return false;
		}
	}
	if (!transaction->doomed) {
		world.model = again;
	}
	return !transaction->doomed;
}

static void finish(int who, struct model_transaction *transaction)
{
	bool keep = choose(4) != 0, good = !keep || commit(transaction);
	struct step step = {.type = XS_TRANSACTION_END};
	struct driver_message message;

	say(&step, good ? XS_TRANSACTION_END : XS_ERROR, good ? "OK" : "EAGAIN", good ? 3 : 7);
	driver_request(&world.store, &world.journal, world.client[who], XS_TRANSACTION_END,
		       transaction->id, keep ? "T" : "F", 2);
	driver_reply(world.client[who], &message);
	if (message.type != step.reply_type || strcmp(message.payload, step.reply) != 0) {
		mistake("commit", &step);
	}
	transaction->open = false;
	world.commits += keep && good;
	world.conflicts += keep && !good;
	drain();
}

static void transaction_operation(int who, struct model_transaction *transaction)
{
	if (!transaction->open) {
		begin(who, transaction);
	} else if (transaction->steps == LOGGED || choose(6) == 0) {
		finish(who, transaction);
	} else {
		struct step *step = &transaction->step[transaction->steps++];

		random_step(step);
		expect(&transaction->view, step);
		send_step(who, transaction->id, step);
		check_reply(who, step);
	}
}

static void change_watch(int who)
{
	char *watch = world.watch[who], payload[48];
	bool add = watch[0] == '\0';
	struct driver_message message;
	int length;

	if (add && choose(4) == 0) {
		strcpy(watch, "/");
	} else if (add) {
		random_path(watch);
	}
	length = sprintf(payload, "%s%ctoken", watch, 0) + 1;
	driver_request(&world.store, &world.journal, world.client[who], add ? XS_WATCH : XS_UNWATCH,
		       0, payload, (size_t)length);
	driver_reply(world.client[who], &message);
	drain();
	if (!add) {
		watch[0] = '\0';
	}
}

static void doom_model(void)
{
	for (int who = 0; who < CLIENTS; who++) {
		for (int i = 0; i < TRANSACTIONS; i++) {
			world.transaction[who][i].doomed = true;
			world.transaction[who][i].view = world.model;
		}
	}
}

/* A replay of the journal gives the same store; sometimes a snapshot then begins a new one. */
static bool replay_is_same(bool compact)
{
	struct store other;
	struct buffer ours, theirs;
	bool same;

	if (compact) {
		snapshot_doom(&world.store);
		doom_model();
		world.journal.used = 0;
		memset(world.journal.bytes, 0, world.journal.size);
		journal_snapshot(&world.journal, &world.store);
	}
	store_init(&other);
	same = journal_replay(&other, world.journal.bytes, world.journal.size) ==
	       (ssize_t)world.journal.used;
	ours = driver_dump(&world.store);
	theirs = driver_dump(&other);
	same = same && buffer_length(&ours) == buffer_length(&theirs) &&
	       memcmp(buffer_bytes(&ours), buffer_bytes(&theirs), buffer_length(&ours)) == 0 &&
	       control_check(&other);
	if (!same) {
		printf("# ours:\n%.*s# theirs:\n%.*s", (int)buffer_length(&ours),
		       buffer_bytes(&ours), (int)buffer_length(&theirs), buffer_bytes(&theirs));
	}
	buffer_release(&ours);
	buffer_release(&theirs);
	store_release(&other);
	return same;
}

static void prepare(void)
{
	store_init(&world.store);
	for (int who = 0; who < CLIENTS; who++) {
		world.client[who] =
			store_connect(&world.store, (uint32_t)who + 1, CLIENT_SESSION, 0);
	}
	journal_snapshot(&world.journal, &world.store);
}

int main(int argc, char **argv)
{
	unsigned int different = 0, replays = 0;

	world.random = tap_seed(argc, argv);
	prepare();
	for (int round = 0; round < 40000; round++) {
		int who = (int)choose(CLIENTS);
		uint32_t what = choose(100);

		if (what < 40) {
			plain_operation(who);
		} else if (what < 96) {
			transaction_operation(who, &world.transaction[who][choose(TRANSACTIONS)]);
		} else {
			change_watch(who);
		}
		if (round % 1000 == 999) {
			replays++;
			different += !replay_is_same(round % 4000 == 3999);
		}
	}
	is_int(world.wrong, 0, "each reply and event is the model's");
	ok(world.commits > 300, "many transactions commit: %u", world.commits);
	ok(world.conflicts > 100, "and many conflict: %u", world.conflicts);
	ok(world.events > 1000, "many events were compared: %u", world.events);
	is_int(different, 0, "%u replays of the journal give the same store", replays);
	ok(control_check(&world.store), "the accounts are right at the end");
	store_release(&world.store);
	free(world.journal.bytes);
	return done_testing();
}
