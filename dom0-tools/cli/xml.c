/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pvx domxml-from-native and domxml-to-native, and XML where a configuration is expected. */
#include <cli/commands.h>
#include <cli/xml.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* $PVX_LIBEXEC is for builds that are not installed. */
static const char *program(void)
{
	static char path[1024];
	const char *folder = getenv("PVX_LIBEXEC");

	snprintf(path, sizeof(path), "%s/pvx-xml", folder ? folder : PKGLIBEXECDIR);
	return path;
}

static void become(const char *way, const char *path)
{
	execl(program(), program(), way, path, (char *)NULL);
	fprintf(stderr, "pvx: %s: %s\n", program(), strerror(errno));
}

bool xml_is(const char *path)
{
	FILE *file = path ? fopen(path, "r") : NULL;
	int c = EOF;

	if (file) {
		while ((c = fgetc(file)) != EOF && isspace(c)) {
		}
		fclose(file);
	}
	return c == '<';
}

/* What pvx-xml makes of the file; NULL after it has said why not. */
static char *converted(const char *path, size_t *size)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, size);
	char part[4096];
	ssize_t count;
	int ends[2];
	int status = -1;
	pid_t child;

	if (!out || pipe(ends) || (child = fork()) < 0) {
		fprintf(stderr, "pvx: starting %s: %s\n", program(), strerror(errno));
		return NULL;
	}
	if (child == 0) {
		dup2(ends[1], STDOUT_FILENO);
		close(ends[0]);
		close(ends[1]);
		become("to-cfg", path);
		_exit(EXIT_USAGE);
	}
	close(ends[1]);
	while ((count = read(ends[0], part, sizeof(part))) > 0) {
		fwrite(part, 1, (size_t)count, out);
	}
	close(ends[0]);
	waitpid(child, &status, 0);
	if (fclose(out) || status != 0) {
		free(text);
		return NULL;
	}
	return text;
}

bool xml_load(struct domain_config *config, const char *path, char **arguments, int count,
	      struct messages *messages)
{
	struct config_source source = {.name = path};
	char *text = converted(path, &source.size);
	bool good;

	*config = (struct domain_config){.name = NULL};
	if (!text) {
		return false;
	}
	source.bytes = text;
	good = config_load_bytes(config, &source, (const char *const *)arguments, (size_t)count,
				 messages);
	free(text);
	return good;
}

static int convert(const struct cli *cli, const char *format, const char *way, const char *path)
{
	if (strcmp(format, "xen-xl") != 0 && strcmp(format, "xen-xm") != 0) {
		return cli_usage(cli, "there is no format '%s'; accepted: xen-xl, xen-xm", format);
	}
	become(way, path);
	return EXIT_FAILED;
}

static int from_run(struct cli *cli, int argc, char **argv)
{
	return convert(cli, argv[0], "to-xml", argv[1]);
}

static int to_run(struct cli *cli, int argc, char **argv)
{
	return convert(cli, argv[0], "to-cfg", argv[1]);
}

const struct command cmd_domxml_from_native = {
	.name = "domxml-from-native",
	.arguments = "xen-xl FILE",
	.summary = "Print a configuration as libvirt's domain XML",
	.details = "What XML has no words for is told on standard error.",
	.arguments_min = 2,
	.arguments_max = 2,
	.run = from_run,
};

const struct command cmd_domxml_to_native = {
	.name = "domxml-to-native",
	.arguments = "xen-xl FILE.xml",
	.summary = "Print libvirt's domain XML as a configuration",
	.arguments_min = 2,
	.arguments_max = 2,
	.run = to_run,
};
