/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cpuid=: what is to be said of single bits, and the names of these. */
#ifndef CONFIG_CPUID_H
#define CONFIG_CPUID_H

#include <config/config.h>

/*
 * One of the texts of cpuid=: "host,NAME=VALUE,..." or "LEAF[,SUB-LEAF]:REGISTER=BITS,...". Adds
 * its changes to those of the configuration; false with messages.
 */
bool cpuid_parse(struct domain_config *config, const char *text, struct place place,
		 struct messages *messages);

enum cpuid_name {
	CPUID_UNKNOWN,
	CPUID_UNTOLD,  /* PV guests are not told of it in any case */
	CPUID_FEATURE, /* a bit: of `change` the place is filled in, and the bit as `clear` */
};

enum cpuid_name cpuid_feature_named(const char *name, struct cpuid_change *change);

/* What a number is for: some bits of a register. */
struct cpuid_number {
	const char *name;
	uint32_t leaf, sub_leaf;
	unsigned int reg;
	unsigned int shift, width;
	bool of_topology; /* PV guests are shown one of their own */
};

/* But for "family" and "model", whose bits are in two pieces; NULL: none of that name. */
const struct cpuid_number *cpuid_number_named(const char *name);

const char *cpuid_nearest_name(struct arena *arena, const char *word);

#endif
