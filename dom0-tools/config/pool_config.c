/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration of a pool of processors: four keys in the syntax of domains' configurations. */
#include <config/parse.h>
#include <config/pool_config.h>
#include <config/syntax.h>

#include <string.h>

static const char *const schedulers[] = {"credit", "credit2", "rtds", "null", NULL};

/* The single value of a key; NULL with an error if it is a list or empty. */
static const char *single(const struct setting *setting, struct messages *messages)
{
	if (setting->value->kind == VALUE_LIST || !*setting->value->text) {
		fault_at(messages, setting->place, "%s is one value, as in %s = \"...\"",
			 setting->key, setting->key);
		return NULL;
	}
	return setting->value->text;
}

static bool read_name(struct pool_config *c, const struct setting *setting, struct messages *m)
{
	c->name = single(setting, m);
	return c->name;
}

static bool read_scheduler(struct pool_config *c, const struct setting *setting, struct messages *m)
{
	c->scheduler = single(setting, m);
	return c->scheduler && (word_index(schedulers, c->scheduler) >= 0 ||
				fault_at(m, setting->place, "sched = %s; accepted: %s",
					 c->scheduler, word_list(&c->arena, schedulers)));
}

/* "0-3,^2", 3 or ["1", "3-5"]: one list, with `prefix` in front of each item. */
static bool read_list(struct pool_config *c, const struct setting *setting, const char *prefix,
		      struct cpu_list *list, struct messages *m)
{
	bool several = setting->value->kind == VALUE_LIST;
	const struct value *item = several ? setting->value->items : setting->value;
	const char *text = "";

	for (; item; item = several ? item->next : NULL) {
		if (item->kind == VALUE_LIST) {
			return fault_at(m, item->place, "%s has a list in its list", setting->key);
		}
		text = arena_print(&c->arena, "%s%s%s%s", text, *text ? "," : "", prefix,
				   item->text);
	}
	return (*text && cpu_list_parse(&c->arena, text, list)) ||
	       fault_at(m, setting->place, "%s = %s is no list; accepted: \"0-3,^2\" or [0, 2, 3]",
			setting->key, text);
}

static bool read_cpus(struct pool_config *c, const struct setting *setting, struct messages *m)
{
	return read_list(c, setting, "", &c->cpus, m);
}

static bool read_nodes(struct pool_config *c, const struct setting *setting, struct messages *m)
{
	return read_list(c, setting, "nodes:", &c->nodes, m);
}

static const struct {
	const char *key;
	bool (*read)(struct pool_config *config, const struct setting *setting,
		     struct messages *messages);
} readers[] = {
	{"name", read_name},
	{"sched", read_scheduler},
	{"cpus", read_cpus},
	{"nodes", read_nodes},
};
#define READERS (sizeof(readers) / sizeof(*readers))

static void read_setting(struct pool_config *config, const struct setting *setting,
			 struct messages *messages)
{
	const char *nearest;

	for (size_t i = 0; i < READERS; i++) {
		if (strcmp(readers[i].key, setting->key) == 0) {
			readers[i].read(config, setting, messages);
			return;
		}
	}
	nearest = nearest_name(setting->key, &readers[0].key, READERS, sizeof(*readers));
	messages_add(messages, MESSAGE_WARNING, setting->place, "unknown key \"%s\" ignored%s%s%s",
		     setting->key, nearest ? "; did you mean \"" : "", nearest ? nearest : "",
		     nearest ? "\"?" : "");
}

bool pool_config_load(struct pool_config *config, const char *path, const char *const *arguments,
		      size_t count, struct messages *messages)
{
	struct config_source sources[2];
	struct place place = {path ? path : "arguments", 0};
	unsigned int errors = messages->errors, used = 0;

	*config = (struct pool_config){.name = NULL};
	if (path && !source_read_file(&config->arena, path, &sources[used++], messages)) {
		return false;
	}
	sources[used++] = source_of_arguments(&config->arena, arguments, count);
	for (unsigned int i = 0; i < used; i++) {
		const struct setting *setting = syntax_parse(&sources[i], &config->arena, messages);

		for (; setting; setting = setting->next) {
			read_setting(config, setting, messages);
		}
	}
	if (messages->errors == errors && !config->name) {
		return fault_at(messages, place, "the pool has no name; say name = \"...\"");
	}
	return messages->errors == errors;
}

void pool_config_free(struct pool_config *config)
{
	arena_free(&config->arena);
}
