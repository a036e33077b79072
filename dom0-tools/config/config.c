/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From sources to a configuration: all settings in one list, each key once; then each key is read
 * by its row of the table; then what concerns several keys is checked and completed.
 */
#include <config/keys.h>
#include <config/parse.h>

#include <string.h>

void config_defaults(struct domain_config *config)
{
	*config = (struct domain_config){
		.on_poweroff = ACTION_DESTROY,
		.on_reboot = ACTION_RESTART,
		.on_crash = ACTION_DESTROY,
		.on_watchdog = ACTION_DESTROY,
		.on_soft_reset = ACTION_SOFT_RESET,
		.max_event_channels = CONFIG_EVENT_CHANNELS,
		.max_grant_frames = -1,
		.max_maptrack_frames = -1,
		.max_grant_version = -1,
	};
}

static struct setting *setting_find(struct setting *settings, const char *key)
{
	while (settings && strcmp(settings->key, key) != 0) {
		settings = settings->next;
	}
	return settings;
}

/* `+=`: behind the items of a list, or the text of a string. */
static void value_add(struct arena *arena, struct value *value, struct value *more)
{
	struct value **end = &value->items;

	if (value->kind != VALUE_LIST) {
		value->text = arena_print(arena, "%s%s", value->text,
					  more->kind == VALUE_LIST ? "" : more->text);
		return;
	}
	while (*end) {
		end = &(*end)->next;
	}
	*end = more->kind == VALUE_LIST ? more->items : more;
}

/* Adds the settings of one source to those before. */
static void merge(struct reader *reader, struct setting **settings, struct setting *more)
{
	struct setting *next;

	for (; more; more = next) {
		struct setting *before;

		next = more->next;
		more->key = key_canonical(more->key);
		before = setting_find(*settings, more->key);
		if (!before) {
			struct setting **end = settings;

			while (*end) {
				end = &(*end)->next;
			}
			more->next = NULL;
			*end = more;
		} else if (more->add) {
			value_add(&reader->config->arena, before->value, more->value);
		} else {
			if (before->place.file == more->place.file) {
				messages_add(reader->messages, MESSAGE_WARNING, more->place,
					     "%s replaces its value of line %u", more->key,
					     before->place.line);
			}
			before->value = more->value;
			before->place = more->place;
		}
	}
}

static void unknown_key(struct reader *reader, const struct setting *setting)
{
	const char *nearest = nearest_name(setting->key, &config_keys[0].name, config_key_count,
					   sizeof(*config_keys));

	messages_add(reader->messages, MESSAGE_WARNING, setting->place,
		     "unknown key \"%s\" ignored%s%s%s", setting->key,
		     nearest ? "; did you mean \"" : "", nearest ? nearest : "",
		     nearest ? "\"?" : "");
}

/* cmdline=, else root= and extra= together. */
static void make_cmdline(struct reader *reader, struct setting *settings)
{
	struct domain_config *config = reader->config;
	const struct setting *extra = setting_find(settings, "extra");

	if (config->cmdline && (config->root || config->extra)) {
		messages_add(reader->messages, MESSAGE_WARNING,
			     (extra ? extra : setting_find(settings, "root"))->place,
			     "root and extra are ignored, because cmdline is given");
	} else if (config->root) {
		config->cmdline =
			arena_print(&config->arena, "root=%s%s%s", config->root,
				    config->extra ? " " : "", config->extra ? config->extra : "");
	} else if (config->extra) {
		config->cmdline = config->extra;
	}
	config->root = config->extra = NULL;
}

/* Two numbers that default to each other and have an order. */
static void check_pair(struct reader *reader, const struct setting *least,
		       const struct setting *most, bool ordered)
{
	if (!ordered) {
		const struct setting *said = most ? most : least;

		messages_add(reader->messages, MESSAGE_ERROR, said->place, "%s is less than %s",
			     most ? most->key : "the default", least ? least->key : "the default");
	}
}

static void complete_sizes(struct reader *reader, struct setting *settings)
{
	struct domain_config *config = reader->config;
	const struct setting *vcpus = setting_find(settings, "vcpus");
	const struct setting *maxvcpus = setting_find(settings, "maxvcpus");
	const struct setting *memory = setting_find(settings, "memory");
	const struct setting *maxmem = setting_find(settings, "maxmem");
	const struct setting *vnuma = config->vnode_count ? setting_find(settings, "vnuma") : NULL;
	struct setting nodes = {.key = "what vnuma has"};

	if (vnuma) { /* which says the two that are not said */
		nodes.place = vnuma->place;
		config->maxvcpus = maxvcpus ? config->maxvcpus : vnodes_vcpus(config);
		config->maxmem_kib = maxmem ? config->maxmem_kib : vnodes_kib(config);
		maxvcpus = maxvcpus ? maxvcpus : &nodes;
		maxmem = maxmem ? maxmem : &nodes;
	}
	config->vcpus = vcpus ? config->vcpus : maxvcpus ? config->maxvcpus : 1;
	config->maxvcpus = maxvcpus ? config->maxvcpus : config->vcpus;
	check_pair(reader, vcpus, maxvcpus, config->vcpus <= config->maxvcpus);
	config->memory_kib = memory ? config->memory_kib : maxmem ? config->maxmem_kib : 32 << 10;
	config->maxmem_kib = maxmem ? config->maxmem_kib : config->memory_kib;
	check_pair(reader, memory, maxmem, config->memory_kib <= config->maxmem_kib);
	if (vnuma) {
		vnodes_check(reader, vnuma);
	}
}

static void complete(struct reader *reader, struct setting *settings, struct place place)
{
	struct domain_config *config = reader->config;

	complete_sizes(reader, settings);
	make_cmdline(reader, settings);
	if (!config->name) {
		messages_add(reader->messages, MESSAGE_ERROR, place,
			     "the domain has no name; say name = \"...\"");
	}
	if (!config->kernel && !config->bootloader && !config->firmware) {
		messages_add(reader->messages, MESSAGE_ERROR, place,
			     "nothing to boot; say kernel, bootloader or firmware");
	}
}

bool config_apply(struct domain_config *config, struct setting *settings, struct place place,
		  struct messages *messages)
{
	struct reader reader = {config, messages};
	unsigned int errors = messages->errors;

	for (const struct setting *setting = settings; setting; setting = setting->next) {
		const struct key *key = key_find(setting->key);

		if (key) {
			key_read(&reader, key, setting);
		} else {
			unknown_key(&reader, setting);
		}
	}
	if (!messages->errors) { /* else what is missing may be what was not understood */
		complete(&reader, settings, place);
	}
	return messages->errors == errors;
}

bool config_parse(struct domain_config *config, const struct config_source *sources, size_t count,
		  struct messages *messages)
{
	struct place place = {count ? sources[0].name : "configuration", 0};
	struct reader reader = {config, messages};
	struct setting *settings = NULL;
	unsigned int errors = messages->errors;

	config_defaults(config);
	for (size_t i = 0; i < count; i++) {
		merge(&reader, &settings, syntax_parse(&sources[i], &config->arena, messages));
	}
	return config_apply(config, settings, place, messages) && messages->errors == errors;
}

bool config_load_bytes(struct domain_config *config, const struct config_source *file,
		       const char *const *arguments, size_t count, struct messages *messages)
{
	struct config_source sources[2] = {{0}};
	size_t source_count = 0;
	struct arena arena = {0};
	bool good;

	if (file) {
		sources[source_count++] = *file;
	}
	sources[source_count++] = source_of_arguments(&arena, arguments, count);
	good = config_parse(config, sources, source_count, messages);
	arena_free(&arena);
	return good;
}

bool config_load(struct domain_config *config, const char *path, const char *const *arguments,
		 size_t count, struct messages *messages)
{
	struct config_source file;
	struct arena arena = {0};
	bool good;

	config_defaults(config);
	good = (!path || source_read_file(&arena, path, &file, messages)) &&
	       config_load_bytes(config, path ? &file : NULL, arguments, count, messages);
	arena_free(&arena);
	return good;
}

void config_free(struct domain_config *config)
{
	arena_free(&config->arena);
}

void config_write(const struct domain_config *config, FILE *out)
{
	for (size_t i = 0; i < config_key_count; i++) {
		if (config_keys[i].kind->write) {
			config_keys[i].kind->write(config, &config_keys[i], out);
		}
	}
}
