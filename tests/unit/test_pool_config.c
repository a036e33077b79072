/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Configurations of pools: each key, from a file and from arguments, good and bad. */
#include "tap.h"

#include <config/pool_config.h>

#include <string.h>
#include <unistd.h>

#define ARGUMENTS 4

static struct pool_config config;
static struct messages messages;
static char path[] = "/tmp/pool-config-XXXXXX";

static bool load(const char *file, const char *const arguments[ARGUMENTS])
{
	size_t count = 0;
	FILE *out = file ? fopen(path, "w") : NULL;

	if (out) {
		fputs(file, out);
		fclose(out);
	}
	while (arguments && count < ARGUMENTS && arguments[count]) {
		count++;
	}
	pool_config_free(&config);
	messages_free(&messages);
	return pool_config_load(&config, file ? path : NULL, arguments, count, &messages);
}

static bool parses(const char *file)
{
	return load(file, NULL) && !messages.text;
}

static bool refused(const char *file, const char *why)
{
	bool good = !load(file, NULL) && messages.text && strstr(messages.text, why);

	if (!good) {
		printf("# %s", messages.text ? messages.text : "nothing said\n");
	}
	return good;
}

/* The CPUs of a list on a machine of eight, of which each node has four. */
static uint64_t resolved(const struct cpu_list *list)
{
	static const unsigned int node_of[] = {0, 0, 0, 0, 1, 1, 1, 1};
	uint64_t map = 0;

	return list->count && cpu_list_resolve(list, node_of, 8, &map) ? map : 0;
}

static void test_keys(void)
{
	ok(parses("name = 'one'\n") && strcmp(config.name, "one") == 0 && !config.scheduler,
	   "a name is enough");
	ok(!config.cpus.count && !config.nodes.count, "no processor is named then");
	ok(parses("name='a'\nsched = 'credit'\n") && strcmp(config.scheduler, "credit") == 0,
	   "a scheduler");
	ok(parses("name='a'\ncpus = '0-3,^1'\n") && resolved(&config.cpus) == 0xd,
	   "processors in a string");
	ok(parses("name='a'\ncpus = [ '2', '3', '5-6' ]\n") && resolved(&config.cpus) == 0x6c,
	   "in a list");
	ok(parses("name='a'\ncpus = [ 2, 3 ]\n") && resolved(&config.cpus) == 0xc, "as numbers");
	ok(parses("name='a'\ncpus = '0,node:1,^7'\n") && resolved(&config.cpus) == 0x71,
	   "with a node's");
	ok(parses("name='a'\nnodes = 1\n") && resolved(&config.nodes) == 0xf0, "a node");
	ok(parses("name='a'\nnodes = [ 0, 1 ]\n") && resolved(&config.nodes) == 0xff, "nodes");
}

static void test_arguments(void)
{
	ok(load("name='a'\ncpus='1'\n", (const char *[ARGUMENTS]){"cpus=\"2-3\"", "name=b"}),
	   "arguments follow a file");
	ok(strcmp(config.name, "b") == 0 && resolved(&config.cpus) == 0xc, "and replace its keys");
	ok(load(NULL, (const char *[ARGUMENTS]){"name=c"}) && strcmp(config.name, "c") == 0,
	   "they are enough");
}

static void test_errors(void)
{
	ok(refused("cpus='1'\n", "the pool has no name"), "no name");
	ok(refused("name=['a']\n", ":1: error: name is one value"), "names");
	ok(refused("name='a'\nsched='fair'\n",
		   ":2: error: sched = fair; accepted: credit, credit2"),
	   "no such scheduler");
	ok(refused("name='a'\ncpus='1-'\n", ":2: error: cpus = 1- is no list"), "half a range");
	ok(refused("name='a'\ncpus=[]\n", "is no list"), "an empty list");
	ok(refused("name='a'\ncpus=[['1']]\n", "list in its list"), "a list in a list");
	ok(refused("name='a\n", "error: the string has no closing"), "an open string");
	ok(load("name='a'\ncpu='1'\n", NULL) && strstr(messages.text, "did you mean \"cpus\"?"),
	   "an unknown key is a warning");
	unlink(path);
	pool_config_free(&config);
	ok(!pool_config_load(&config, path, NULL, 0, &messages), "no file");
}

int main(void)
{
	int file = mkstemp(path);

	if (file < 0) {
		return 1;
	}
	close(file);
	test_keys();
	test_arguments();
	test_errors();
	pool_config_free(&config);
	messages_free(&messages);
	return done_testing();
}
