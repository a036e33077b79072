/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pvx store: the store's commands, also under the names xenstore-ls, xenstore-read and so on. */
#include "pvxstore.h"

#include <errno.h>
#include <getopt.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct options {
	bool full, permissions, prefix, raw, tidy, upto, recursive, json;
	int count;
};

struct job {
	struct xs_handle *store;
	struct options options;
	const char *name;
	char **argument;
	int arguments;
};

/* ---- values as text ---- */

/* What is not printable is shown as \n, \t, \r, \\ or three octal digits. */
static void print_text(FILE *out, const char *value, unsigned int length)
{
	static const char names[] = "n\nt\tr\r\\\\";

	for (unsigned int i = 0; i < length; i++) {
		const char *name = NULL;

		for (const char *pair = names; *pair; pair += 2) {
			name = pair[1] == value[i] ? pair : name;
		}
		if (name) {
			fprintf(out, "\\%c", *name);
		} else if (value[i] >= ' ' && value[i] < 127) {
			fputc(value[i], out);
		} else {
			fprintf(out, "\\%03o", (unsigned char)value[i]);
		}
	}
}

/* The inverse, in place; also takes \xHH. Returns the length. */
static unsigned int parse_text(char *text)
{
	char *to = text, *start = text;

	while (*text) {
		char *end = text + 1;

		if (*text != '\\' || !text[1]) {
			*to++ = *text++;
			continue;
		}
		text++;
		if (*text == 'x') {
			char digits[3] = {text[1], text[1] ? text[2] : '\0', '\0'};

			*to++ = (char)strtoul(digits, &end, 16);
			text += 1 + (end - digits);
		} else if (*text >= '0' && *text <= '7') {
			char digits[4] = {0};

			for (int i = 0; i < 3 && text[i] >= '0' && text[i] <= '7'; i++) {
				digits[i] = text[i];
			}
			*to++ = (char)strtoul(digits, &end, 8);
			text += end - digits;
		} else {
			const char *plain = strchr("n\nt\tr\r", *text);

			*to++ = plain && strchr("ntr", *text) ? plain[1] : *text;
			text++;
		}
	}
	return (unsigned int)(to - start);
}

static void print_json(const char *value, unsigned int length)
{
	putchar('"');
	for (unsigned int i = 0; i < length; i++) {
		unsigned char c = (unsigned char)value[i];

		if (c == '"' || c == '\\') {
			printf("\\%c", c);
		} else if (c < ' ' || c > 126) {
			printf("\\u%04x", c);
		} else {
			putchar(c);
		}
	}
	putchar('"');
}

static int failed(const struct job *job, const char *what, const char *path)
{
	fprintf(stderr, "%s: %s %s: %s\n", job->name, what, path, strerror(errno));
	return 1;
}

static char *below(const char *path, const char *name)
{
	char *joined;

	if (asprintf(&joined, "%s/%s", strcmp(path, "/") == 0 ? "" : path, name) < 0) {
		abort();
	}
	return joined;
}

/* ---- ls ---- */

#define PERMISSION_COLUMN 62

static void print_permissions(const struct job *job, const char *path, int column)
{
	unsigned int count;
	struct xs_permissions *perms = xs_get_permissions(job->store, XBT_NULL, path, &count);

	if (!perms) {
		printf(" (no permissions: %s)", strerror(errno));
		return;
	}
	if (job->options.full) {
		fputs("  ", stdout);
	}
	for (int i = column; !job->options.full && i < PERMISSION_COLUMN - 1; i++) {
		putchar(i > column && i % 2 && i < PERMISSION_COLUMN - 2 ? '.' : ' ');
	}
	fputs(" (", stdout);
	for (unsigned int i = 0; i < count; i++) {
		printf("%s%c%u", i ? "," : "", "nrwb"[perms[i].perms & 3], perms[i].id);
	}
	putchar(')');
	free(perms);
}

static void print_line(const struct job *job, const char *path, const char *name, int depth,
		       const char *value, unsigned int length)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (!out) {
		abort();
	}
	if (job->options.full) {
		fprintf(out, "%s = \"", path);
	} else {
		fprintf(out, "%*s%s = \"", depth, "", name);
	}
	print_text(out, value, length);
	fputc('"', out);
	fclose(out);
	fputs(text, stdout);
	if (job->options.permissions) {
		print_permissions(job, path, (int)size);
	}
	putchar('\n');
	free(text);
}

static int list_tree(const struct job *job, const char *path, int depth)
{
	unsigned int count, length;
	char **names = xs_directory(job->store, XBT_NULL, path, &count);
	int rc = 0;

	if (!names) {
		/* A node that went, or is not ours to see, is no error below the one asked for. */
		return depth && (errno == ENOENT || errno == EACCES) ? 0 : failed(job, "ls", path);
	}
	for (unsigned int i = 0; i < count && !rc; i++) {
		char *child = below(path, names[i]);
		char *value = xs_read(job->store, XBT_NULL, child, &length);

		if (value) {
			print_line(job, child, names[i], depth, value, length);
			rc = list_tree(job, child, depth + 1);
		} else if (errno != ENOENT && errno != EACCES) {
			rc = failed(job, "read", child);
		}
		free(value);
		free(child);
	}
	free(names);
	return rc;
}

/* {"value": "...", "permissions": ["n0"], "children": {...}} */
static int list_json(const struct job *job, const char *path)
{
	unsigned int length, count = 0, shown = 0;
	char *value = xs_read(job->store, XBT_NULL, path, &length), **names;
	struct xs_permissions *perms;

	if (!value) {
		return failed(job, "read", path);
	}
	fputs("{\"value\":", stdout);
	print_json(value, length);
	free(value);
	perms = xs_get_permissions(job->store, XBT_NULL, path, &count);
	fputs(",\"permissions\":[", stdout);
	for (unsigned int i = 0; perms && i < count; i++) {
		printf("%s\"%c%u\"", i ? "," : "", "nrwb"[perms[i].perms & 3], perms[i].id);
	}
	free(perms);
	fputs("],\"children\":{", stdout);
	names = xs_directory(job->store, XBT_NULL, path, &count);
	for (unsigned int i = 0; names && i < count; i++) {
		char *child = below(path, names[i]);
		char *there = xs_read(job->store, XBT_NULL, child, &length);

		if (there) {
			printf("%s\"%s\":", shown++ ? "," : "", names[i]);
			list_json(job, child);
		}
		free(there);
		free(child);
	}
	free(names);
	fputs("}}", stdout);
	return 0;
}

static int do_ls(struct job *job)
{
	const char *path = job->arguments ? job->argument[0] : "/";
	int rc;

	if (!job->options.json) {
		return list_tree(job, path, 0);
	}
	rc = list_json(job, path);
	if (!rc) {
		putchar('\n');
	}
	return rc;
}

/* ---- the others ---- */

static int do_read(struct job *job)
{
	for (int i = 0; i < job->arguments; i++) {
		unsigned int length;
		char *value = xs_read(job->store, XBT_NULL, job->argument[i], &length);

		if (!value) {
			return failed(job, "couldn't read path", job->argument[i]);
		}
		if (job->options.prefix) {
			printf("%s: ", job->argument[i]);
		}
		if (job->options.json) {
			print_json(value, length);
			putchar('\n');
		} else if (job->options.raw) {
			fwrite(value, 1, length, stdout);
		} else {
			print_text(stdout, value, length);
			putchar('\n');
		}
		free(value);
	}
	return 0;
}

/* Several writes, or removals, are one transaction: all of them or none. */
static int in_transaction(struct job *job, int (*act)(struct job *job, xs_transaction_t t))
{
	for (;;) {
		xs_transaction_t t = xs_transaction_start(job->store);
		int rc = t ? act(job, t) : failed(job, "transaction", "start");

		if (!t) {
			return rc;
		}
		if (xs_transaction_end(job->store, t, rc != 0)) {
			return rc;
		}
		if (errno != EAGAIN) {
			return failed(job, "transaction", "end");
		}
	}
}

static int write_all(struct job *job, xs_transaction_t t)
{
	for (int i = 0; i + 1 < job->arguments; i += 2) {
		char *value = strdup(job->argument[i + 1]);
		unsigned int length =
			job->options.raw ? (unsigned int)strlen(value) : parse_text(value);
		bool good = xs_write(job->store, t, job->argument[i], value, length);

		free(value);
		if (!good) {
			return failed(job, "could not write path", job->argument[i]);
		}
	}
	return 0;
}

static int do_write(struct job *job)
{
	if (job->arguments % 2) {
		fprintf(stderr, "%s: each key needs a value\n", job->name);
		return 1;
	}
	return in_transaction(job, write_all);
}

/* With -t: parents that are left with neither children nor a value go too. */
static void tidy(struct job *job, xs_transaction_t t, const char *path)
{
	char *parent = strdup(path), *slash;

	while ((slash = strrchr(parent, '/')) != NULL && slash != parent) {
		unsigned int children, length;
		char **names, *value;
		bool empty;

		*slash = '\0';
		names = xs_directory(job->store, t, parent, &children);
		value = xs_read(job->store, t, parent, &length);
		empty = names && value && children == 0 && length == 0;
		free(names);
		free(value);
		if (!empty || !xs_rm(job->store, t, parent)) {
			break;
		}
	}
	free(parent);
}

static int remove_all(struct job *job, xs_transaction_t t)
{
	for (int i = 0; i < job->arguments; i++) {
		if (!xs_rm(job->store, t, job->argument[i])) {
			return failed(job, "could not remove path", job->argument[i]);
		}
		if (job->options.tidy) {
			tidy(job, t, job->argument[i]);
		}
	}
	return 0;
}

static int do_rm(struct job *job)
{
	return in_transaction(job, remove_all);
}

static int do_list(struct job *job)
{
	for (int i = 0; i < job->arguments; i++) {
		unsigned int count;
		char **names = xs_directory(job->store, XBT_NULL, job->argument[i], &count);

		if (!names) {
			return failed(job, "could not list path", job->argument[i]);
		}
		if (job->options.json) {
			putchar('[');
		}
		for (unsigned int n = 0; n < count; n++) {
			char *path = job->options.prefix ? below(job->argument[i], names[n])
							 : strdup(names[n]);

			if (job->options.json) {
				printf("%s\"%s\"", n ? "," : "", path);
			} else {
				puts(path);
			}
			free(path);
		}
		if (job->options.json) {
			puts("]");
		}
		free(names);
	}
	return 0;
}

static int do_exists(struct job *job)
{
	for (int i = 0; i < job->arguments; i++) {
		char *value = xs_read(job->store, XBT_NULL, job->argument[i], NULL);

		if (!value) {
			return 1;
		}
		free(value);
	}
	return 0;
}

static int change_mode(struct job *job, const char *path)
{
	struct xs_permissions perms[64];
	unsigned int count = (unsigned int)job->arguments - 1, children;
	char **names;
	int rc = 0;

	for (unsigned int i = 0; i < count; i++) {
		if (!xs_strings_to_perms(&perms[i], 1, job->argument[i + 1])) {
			return failed(job, "bad mode", job->argument[i + 1]);
		}
	}
	if (!xs_set_permissions(job->store, XBT_NULL, path, perms, count)) {
		return failed(job, "could not set permissions on", path);
	}
	names = job->options.recursive ? xs_directory(job->store, XBT_NULL, path, &children) : NULL;
	for (unsigned int i = 0; names && i < children && !rc; i++) {
		char *child = below(path, names[i]);

		rc = change_mode(job, child);
		free(child);
	}
	free(names);
	return rc;
}

static int do_chmod(struct job *job)
{
	char *path = strdup(job->argument[0]), *slash;
	int rc;

	if (job->arguments < 2 || job->arguments > 65) {
		fprintf(stderr, "%s: a key and 1 to 64 modes are needed\n", job->name);
		return 1;
	}
	rc = change_mode(job, path);
	job->options.recursive = false;
	while (!rc && job->options.upto && (slash = strrchr(path, '/')) && slash != path) {
		*slash = '\0';
		rc = change_mode(job, path);
	}
	free(path);
	return rc;
}

static int do_watch(struct job *job)
{
	for (int i = 0; i < job->arguments; i++) {
		if (!xs_watch(job->store, job->argument[i], job->argument[i])) {
			return failed(job, "could not watch", job->argument[i]);
		}
	}
	for (int left = job->options.count; left != 0; left -= left > 0) {
		char **event = xs_read_watch(job->store, NULL);

		if (!event) {
			return failed(job, "watch", job->argument[0]);
		}
		puts(event[0]);
		fflush(stdout);
		free(event);
	}
	return 0;
}

static int do_control(struct job *job)
{
	char data[4096], *reply;
	unsigned int length = 0;

	for (int i = 1; i < job->arguments; i++) {
		size_t more = strlen(job->argument[i]) + 1;

		if (length + more > sizeof(data)) {
			errno = E2BIG;
			return failed(job, "control", job->argument[0]);
		}
		memcpy(data + length, job->argument[i], more);
		length += (unsigned int)more;
	}
	reply = xs_control_command(job->store, job->argument[0], data, length);
	if (!reply) {
		return failed(job, "control", job->argument[0]);
	}
	printf("%s%s", reply, reply[0] && reply[strlen(reply) - 1] == '\n' ? "" : "\n");
	free(reply);
	return 0;
}

static const struct command {
	const char *name, *options, *arguments;
	int least;
	int (*run)(struct job *job);
} commands[] = {
	{"ls", "fps", "[path]", 0, do_ls},
	{"read", "psR", "key [...]", 1, do_read},
	{"write", "sR", "key value [...]", 2, do_write},
	{"rm", "st", "key [...]", 1, do_rm},
	{"list", "ps", "key [...]", 1, do_list},
	{"exists", "ps", "key [...]", 1, do_exists},
	{"chmod", "urs", "key mode [modes...]", 2, do_chmod},
	{"watch", "sn:", "key [...]", 1, do_watch},
	{"control", "", "command [arguments...]", 1, do_control},
};

static int usage(FILE *out, const struct command *only)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		if (only && only != &commands[i]) {
			continue;
		}
		fprintf(out, "%s pvx store %s [--json]",
			i && !only ? "      " : "usage:", commands[i].name);
		for (const char *c = commands[i].options; *c; c++) {
			if (*c != ':' && *c != 's') {
				fprintf(out, c[1] == ':' ? " [-%c N]" : " [-%c]", *c);
			}
		}
		fprintf(out, " %s\n", commands[i].arguments);
	}
	return out == stdout ? 0 : 2;
}

static bool set_option(struct job *job, int letter)
{
	struct options *options = &job->options;

	switch (letter) {
	case 'f':
		options->full = true;
		return true;
	case 'p':
		options->permissions = options->prefix = true;
		return true;
	case 'R':
		options->raw = true;
		return true;
	case 't':
		options->tidy = true;
		return true;
	case 'u':
		options->upto = true;
		return true;
	case 'r':
		options->recursive = true;
		return true;
	case 'n':
		options->count = atoi(optarg);
		return true;
	case 'j':
		options->json = true;
		return true;
	default:
		return letter == 's'; /* the socket only: always so */
	}
}

static int run(struct job *job, const struct command *command, int argc, char **argv)
{
	static const struct option longs[] = {
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	char letters[32];
	int letter, rc;

	snprintf(letters, sizeof(letters), "+h%s", command->options);
	job->options.count = -1;
	while ((letter = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		if (letter == 'h') {
			return usage(stdout, command);
		}
		if (!set_option(job, letter)) {
			return usage(stderr, command);
		}
	}
	job->argument = argv + optind;
	job->arguments = argc - optind;
	if (job->arguments < command->least) {
		return usage(stderr, command);
	}
	job->store = xs_open(0);
	if (!job->store) {
		return failed(job, "no store at", xs_daemon_socket());
	}
	rc = command->run(job);
	xs_close(job->store);
	return rc;
}

int main(int argc, char **argv)
{
	struct job job = {.name = basename(argv[0])};
	const char *wanted = job.name;

	if (strncmp(wanted, "xenstore-", 9) == 0) {
		wanted += 9;
	} else {
		if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
			return usage(argc < 2 ? stderr : stdout, NULL);
		}
		wanted = argv[1];
		argv++;
		argc--;
	}
	for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
		if (strcmp(wanted, commands[i].name) == 0) {
			return run(&job, &commands[i], argc, argv);
		}
	}
	fprintf(stderr, "%s: no command '%s'\n", job.name, wanted);
	return usage(stderr, NULL);
}
