/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as domain XML: refused with a message, or read, and what is written of it reads as the
 * same. */
#include <libxml/parser.h>
#include <stdlib.h>
#include <string.h>
#include <xml/xml.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
	if (!good) {
		abort();
	}
}

static char *as_cfg(const struct domain_config *config)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	config_write(config, out);
	fclose(out);
	return text;
}

/* The configuration as XML, read again, as xl.cfg. */
static char *again(struct domain_config *config)
{
	struct messages messages = {0};
	char *xml;
	size_t size;
	FILE *out = open_memstream(&xml, &size);
	char *text;

	check(xml_write(config, out));
	fclose(out);
	config_free(config);
	check(xml_read(config, "again", xml, size, &messages));
	messages_free(&messages);
	free(xml);
	text = as_cfg(config);
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct messages messages = {0};
	struct domain_config config;

	if (xml_read(&config, "fuzz", (const char *)data, size, &messages)) {
		char *first = again(&config);
		char *second = again(&config);

		check(strcmp(first, second) == 0);
		free(first);
		free(second);
	} else {
		check(messages.errors > 0);
	}
	config_free(&config);
	messages_free(&messages);
	return 0;
}
