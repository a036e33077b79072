/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pvx-xml: between libvirt's domain XML and xl.cfg. pvx starts it on demand, so that its other
 * commands need no libxml2.
 *
 *   pvx-xml to-cfg FILE.xml     pvx-xml to-xml FILE.cfg     ("-": standard input)
 */
#include <config/keys.h>
#include <errno.h>
#include <libxml/parser.h>
#include <stdlib.h>
#include <string.h>
#include <xml/xml.h>

#define EXIT_USAGE 2

static char *read_all(const char *path, size_t *size)
{
	FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
	char *text = NULL;
	char part[4096];
	FILE *out;
	size_t count;

	if (!in || !(out = open_memstream(&text, size))) {
		return NULL;
	}
	while ((count = fread(part, 1, sizeof(part), in)) > 0) {
		fwrite(part, 1, count, out);
	}
	if (ferror(in) | fclose(out)) {
		return NULL;
	}
	return text;
}

/* What a key says of a configuration, as xl.cfg; to be freed. */
static char *said(const struct domain_config *config, const struct key *key)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out) {
		return NULL;
	}
	key->kind->write(config, key, out);
	return fclose(out) == 0 ? text : NULL;
}

/* The XML is read again: what does not come back is what XML has no words for. */
static bool warn_of_losses(const struct domain_config *config, const char *xml, size_t size,
			   struct place place, struct messages *messages)
{
	struct domain_config back;
	bool good = xml_read(&back, "the XML made of it", xml, size, messages);

	for (size_t i = 0; good && i < config_key_count; i++) {
		const struct key *key = &config_keys[i];
		char *before = key->kind->write ? said(config, key) : NULL;
		char *after = key->kind->write ? said(&back, key) : NULL;

		if (before && after && strcmp(before, after) != 0) {
			messages_add(messages, MESSAGE_WARNING, place,
				     "%s: XML cannot say all of it", key->name);
		}
		free(before);
		free(after);
	}
	config_free(&back);
	return good;
}

static bool to_xml(const struct config_source *source, struct messages *messages)
{
	const struct place place = {source->name, 0};
	struct domain_config config;
	char *xml = NULL;
	size_t size;
	FILE *out = open_memstream(&xml, &size);
	bool good = config_parse(&config, source, 1, messages);

	good = good && out && xml_write(&config, out);
	good = out && fclose(out) == 0 && good;
	good = good && warn_of_losses(&config, xml, size, place, messages) &&
	       fputs(xml, stdout) >= 0;
	free(xml);
	config_free(&config);
	return good;
}

static bool to_cfg(const struct config_source *source, struct messages *messages)
{
	struct domain_config config;
	bool good = xml_read(&config, source->name, source->bytes, source->size, messages);

	if (good) {
		config_write(&config, stdout);
	}
	config_free(&config);
	return good;
}

int main(int argc, char **argv)
{
	struct messages messages = {0};
	struct config_source source;
	char *text;
	size_t size;
	bool good;

	if (argc != 3 || (strcmp(argv[1], "to-cfg") != 0 && strcmp(argv[1], "to-xml") != 0)) {
		fputs("Usage: pvx-xml to-cfg FILE.xml | to-xml FILE.cfg\n", stderr);
		return EXIT_USAGE;
	}
	text = read_all(argv[2], &size);
	if (!text) {
		fprintf(stderr, "%s: error: %s\n", argv[2], strerror(errno));
		return EXIT_USAGE;
	}
	source = (struct config_source){argv[2], text, size, false};
	good = strcmp(argv[1], "to-cfg") == 0 ? to_cfg(&source, &messages)
					      : to_xml(&source, &messages);
	if (messages.text) {
		fputs(messages.text, stderr);
	}
	free(text);
	messages_free(&messages);
	xmlCleanupParser();
	return good && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_USAGE;
}
