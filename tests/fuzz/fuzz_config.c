/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as a configuration: refused with a message, or read, and then what is written reads as
 * the same. */
#include <config/config.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool good)
{
	if (!good) {
		abort();
	}
}

static char *written(const struct domain_config *config, size_t *size)
{
	char *text;
	FILE *out = open_memstream(&text, size);

	config_write(config, out);
	fclose(out);
	return text;
}

static void check_limits(const struct domain_config *config)
{
	check(config->vcpus >= 1 && config->vcpus <= config->maxvcpus && config->maxvcpus <= 128);
	check(config->memory_kib >= 1024 && config->memory_kib <= config->maxmem_kib);
	check(config->on_crash < DOMAIN_ACTION_COUNT && config->tsc_mode <= TSC_NATIVE_PARAVIRT);
	check(config->name && (config->kernel || config->bootloader || config->firmware));
	for (size_t i = 0; i < config->disk_count; i++) {
		check(config->disks[i].target && config->disks[i].number < 1U << 29);
	}
	for (size_t i = 0; i < config->vif_count; i++) {
		check(!(config->vifs[i].mac[0] & 1) && config->vifs[i].rate_bytes <= UINT32_MAX);
	}
}

/* What was written is read as something that is written the same. */
static void check_again(const struct domain_config *config)
{
	struct messages messages = {0};
	struct domain_config again;
	size_t sizes[2];
	char *texts[2];

	texts[0] = written(config, &sizes[0]);
	struct config_source source = {"written", texts[0], sizes[0], false};
	check(config_parse(&again, &source, 1, &messages));
	texts[1] = written(&again, &sizes[1]);
	check(sizes[0] == sizes[1] && memcmp(texts[0], texts[1], sizes[0]) == 0);
	free(texts[0]);
	free(texts[1]);
	config_free(&again);
	messages_free(&messages);
}

/* The first byte says whether the rest is a file or arguments. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct messages messages = {0};
	struct domain_config config;
	struct config_source source = {.name = "fuzz"};

	if (size < 1) {
		return 0;
	}
	source.bytes = (const char *)data + 1;
	source.size = size - 1;
	source.arguments = data[0] == 'a';
	if (config_parse(&config, &source, 1, &messages)) {
		check_limits(&config);
		check_again(&config);
	} else {
		check(messages.errors > 0 && messages.size > 0);
	}
	config_free(&config);
	messages_free(&messages);
	return 0;
}
