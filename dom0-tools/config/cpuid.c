/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cpuid=: features by their names, and registers by their bits. */
#include <config/cpuid.h>
#include <config/parse.h>

#include <string.h>

struct cpuid_reader {
	struct domain_config *config;
	struct place place;
	struct messages *messages;
};

#define fault(reader, ...) fault_at((reader)->messages, (reader)->place, __VA_ARGS__)
#define warn(reader, ...) \
	messages_add((reader)->messages, MESSAGE_WARNING, (reader)->place, __VA_ARGS__)

#define BIT_VALUES \
	"0 (off), 1 (on), x (as guests have it by default), k or s (as the processor has it)"

static void add(struct cpuid_reader *reader, struct cpuid_change change)
{
	struct domain_config *c = reader->config;

	c->cpuid_changes = arena_grow(&c->arena, c->cpuid_changes, c->cpuid_change_count,
				      sizeof(*c->cpuid_changes));
	c->cpuid_changes[c->cpuid_change_count++] = change;
}

/* Bits of one register, which become `value`. */
static void add_bits(struct cpuid_reader *reader, struct cpuid_change place, uint32_t bits,
		     uint32_t value)
{
	place.clear = bits & ~value;
	place.set = bits & value;
	add(reader, place);
}

/* --- Names ---------------------------------------------------------------------------------------
 */

#define FAMILY_MOST (0xf + 0xff)
#define MODEL_MOST  0xff

/* As processors have them: a family above 15 is 15 and the rest, a model has its upper half apart.
 */
static void add_identity(struct cpuid_reader *reader, bool family, uint32_t number)
{
	struct cpuid_change leaf = {.leaf = 1, .sub_leaf = CPUID_NO_SUB_LEAF};
	uint32_t low = family && number > 0xf ? 0xf : number & 0xf;

	if (family) {
		add_bits(reader, leaf, 0x0ff00f00, (number - low) << 20 | low << 8);
	} else {
		add_bits(reader, leaf, 0x000f00f0, number >> 4 << 16 | low << 4);
	}
}

static bool read_number(struct cpuid_reader *reader, const struct spec_part *part,
			const struct cpuid_number *bits)
{
	bool family = strcmp(part->key, "family") == 0;
	unsigned long long most = family ? FAMILY_MOST : MODEL_MOST, number;

	if (bits) {
		most = UINT32_MAX >> (32 - bits->width);
	}
	if (!part->value || !number_parse(part->value, 0, most, &number)) {
		return fault(reader, "cpuid: %s=%s; accepted: 0 to %llu", part->key,
			     part->value ? part->value : "", most);
	}
	if (!bits) {
		add_identity(reader, family, (uint32_t)number);
	} else if (bits->of_topology) {
		warn(reader, "cpuid: %s has no effect: each vCPU is a processor of its own",
		     part->key);
	} else {
		add_bits(reader,
			 (struct cpuid_change){bits->leaf, bits->sub_leaf, bits->reg, 0, 0, 0},
			 (uint32_t)most << bits->shift, (uint32_t)number << bits->shift);
	}
	return true;
}

static bool unknown_name(struct cpuid_reader *reader, const char *name)
{
	const char *nearest = cpuid_nearest_name(&reader->config->arena, name);

	return fault(reader, "cpuid: there is no feature \"%s\"%s%s%s; pvx.cfg(5) has their names",
		     name, nearest ? "; did you mean \"" : "", nearest ? nearest : "",
		     nearest ? "\"?" : "");
}

static bool read_feature(struct cpuid_reader *reader, const struct spec_part *part)
{
	struct cpuid_change change;
	enum cpuid_name known = cpuid_feature_named(part->key, &change);
	uint32_t bit = change.clear;

	if (known == CPUID_UNKNOWN) {
		return unknown_name(reader, part->key);
	}
	if (!part->value || strlen(part->value) != 1 || !strchr("01xks", *part->value)) {
		return fault(reader, "cpuid: %s=%s; accepted: " BIT_VALUES, part->key,
			     part->value ? part->value : "");
	}
	if (known == CPUID_UNTOLD) {
		return *part->value != '1' ||
		       warn(reader, "cpuid: %s=1 has no effect: PV guests are not told of it",
			    part->key);
	}
	change.clear = *part->value == '0' ? bit : 0;
	change.set = *part->value == '1' ? bit : 0;
	change.host = strchr("ks", *part->value) ? bit : 0;
	if (*part->value != 'x') {
		add(reader, change);
	}
	return true;
}

/* Behind "host". */
static bool read_names(struct cpuid_reader *reader, const char *rest)
{
	struct spec_part part;
	bool good = true;

	while (spec_next(&reader->config->arena, &rest, NULL, &part)) {
		const struct cpuid_number *bits = cpuid_number_named(part.key);

		if (bits || !strcmp(part.key, "family") || !strcmp(part.key, "model")) {
			good &= read_number(reader, &part, bits);
		} else {
			good &= read_feature(reader, &part);
		}
	}
	return good;
}

/* --- Registers
 * ------------------------------------------------------------------------------------- */

static bool read_bits(struct cpuid_reader *reader, const char *bits, struct cpuid_change change)
{
	if (strlen(bits) != 32) {
		return fault(reader,
			     "cpuid: \"%s\" has %zu characters; accepted: 32, for bits 31 to 0",
			     bits, strlen(bits));
	}
	if (bits[strspn(bits, "01xks")]) {
		return fault(reader, "cpuid: '%c' in \"%s\"; accepted: " BIT_VALUES,
			     bits[strspn(bits, "01xks")], bits);
	}
	for (int i = 0; i < 32; i++) {
		uint32_t bit = UINT32_C(1) << (31 - i);

		change.clear |= bits[i] == '0' ? bit : 0;
		change.set |= bits[i] == '1' ? bit : 0;
		change.host |= bits[i] == 'k' || bits[i] == 's' ? bit : 0;
	}
	add(reader, change);
	return true;
}

/* "1" or "7,0" */
static bool read_leaf(struct cpuid_reader *reader, const char *text, struct cpuid_change *change)
{
	size_t digits = strcspn(text, ",");
	const char *sub = text[digits] ? text + digits + 1 : NULL;
	unsigned long long leaf, sub_leaf = CPUID_NO_SUB_LEAF;

	if (!number_parse(arena_text(&reader->config->arena, text, digits), 0, UINT32_MAX, &leaf) ||
	    (sub && !number_parse(sub, 0, UINT32_MAX, &sub_leaf))) {
		return fault(reader,
			     "cpuid: leaf \"%s\"; accepted: numbers, as 1 or 0x80000001 or 7,0",
			     text);
	}
	if ((leaf == 4 || leaf == 7 || leaf == 0xb || leaf == 0xd) != (sub != NULL)) {
		return fault(reader, "cpuid: leaf %#llx %s", leaf,
			     sub ? "has no sub-leaves"
				 : "has sub-leaves; accepted: a leaf with one, as 7,0");
	}
	*change = (struct cpuid_change){.leaf = (uint32_t)leaf, .sub_leaf = (uint32_t)sub_leaf};
	return true;
}

static bool read_registers(struct cpuid_reader *reader, const char *text)
{
	static const char *const registers[] = {"eax", "ebx", "ecx", "edx", NULL};
	struct arena *arena = &reader->config->arena;
	const char *rest = strchr(text, ':');
	struct cpuid_change change;
	struct spec_part part;
	bool good = true;

	if (!rest) {
		return fault(
			reader,
			"cpuid: \"%s\"; accepted: host,NAME=VALUE,... or LEAF:REGISTER=BITS,...",
			text);
	}
	if (!read_leaf(reader, arena_text(arena, text, (size_t)(rest - text)), &change)) {
		return false;
	}
	for (rest++; spec_next(arena, &rest, NULL, &part);) {
		int reg = word_index(registers, part.key);

		if (reg < 0) {
			good = fault(reader, "cpuid: register \"%s\"; accepted: %s", part.key,
				     word_list(arena, registers));
		} else {
			change.reg = (unsigned int)reg;
			good &= read_bits(reader, part.value ? part.value : "", change);
		}
	}
	return good;
}

bool cpuid_parse(struct domain_config *config, const char *text, struct place place,
		 struct messages *messages)
{
	struct cpuid_reader reader = {config, place, messages};

	if (strncmp(text, "host", 4) == 0 && (!text[4] || text[4] == ',')) {
		return !text[4] || read_names(&reader, text + 5);
	}
	return read_registers(&reader, text);
}
