/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options that switch defences against speculation. */
#include <boot/cmdline_speculation.h>

static const struct {
	const char *name;
	size_t offset;
} switches[] = {
#define SWITCH(name, field)                                       \
	{                                                         \
		name, offsetof(struct speculation_options, field) \
	}
	SWITCH("rsb", return_stack), SWITCH("verw", verw),	     SWITCH("md-clear", verw),
	SWITCH("ibpb", ibpb),	     SWITCH("ibrs", ibrs),	     SWITCH("stibp", stibp),
	SWITCH("ssbd", ssbd),	     SWITCH("bhi-dis-s", bhi_dis_s), SWITCH("eager-fpu", eager_fpu),
#undef SWITCH
};

static enum choice choice_of(bool yes)
{
	return yes ? CHOICE_YES : CHOICE_NO;
}

/* What other options said before stays as it is. */
static void deny(enum choice *choice)
{
	if (*choice == CHOICE_DEFAULT) {
		*choice = CHOICE_NO;
	}
}

static void deny_entry(struct speculation_options *o)
{
	o->return_stack = o->verw = o->ibpb = o->ibrs = CHOICE_NO;
	o->stibp = o->ssbd = o->bhi_dis_s = o->eager_fpu = CHOICE_NO;
	o->thunk = THUNK_JMP;
}

static void deny_all(struct speculation_options *o)
{
	deny_entry(o);
	deny(&o->isolate_dom0);
	deny(&o->isolate_others);
	deny(&o->l1tf_dom0);
	deny(&o->l1tf_others);
}

static bool parse_thunk(struct text text, enum indirect_thunk *thunk)
{
	static const char *const words[] = {"jmp", "lfence", "retpoline", NULL};
	uint8_t index;

	if (!text_skip(&text, "bti-thunk=") || !text_find_word(words, text, &index)) {
		return false;
	}
	*thunk = (enum indirect_thunk)(THUNK_JMP + index);
	return true;
}

/* What PV guests need of the hypervisor's entry. */
static bool parse_pv(struct text text, struct speculation_options *o)
{
	bool yes = true;

	if (!text_switch(text, "pv", &yes)) {
		return false;
	}
	o->return_stack = o->verw = choice_of(yes);
	return true;
}

static bool parse_part(struct text text, struct speculation_options *o)
{
	bool yes = true;

	for (size_t i = 0; i < ARRAY_COUNT(switches); i++) {
		if (text_switch(text, switches[i].name, &yes)) {
			*(enum choice *)((char *)o + switches[i].offset) = choice_of(yes);
			return true;
		}
	}
	if (text_switch(text, "xen", &yes) && !yes) {
		deny_entry(o);
		return true;
	}
	return parse_thunk(text, &o->thunk) || parse_pv(text, o);
}

bool speculation_parse_spec_ctrl(struct speculation_options *options, struct text value)
{
	struct speculation_options parsed = *options;
	bool yes = true;

	if (text_truth(value, &yes)) {
		if (!yes) {
			deny_all(options);
		}
		return !yes;
	}
	do {
		if (!parse_part(text_cut(&value, ','), &parsed)) {
			return false;
		}
	} while (value.size);
	*options = parsed;
	return true;
}

bool speculation_parse_domains(struct text value, enum choice *dom0, enum choice *others)
{
	enum choice of_dom0 = *dom0, of_others = *others;
	bool yes = true;

	if (text_is(value, "default")) {
		of_dom0 = of_others = CHOICE_DEFAULT;
	} else if (text_truth(value, &yes)) {
		of_dom0 = of_others = choice_of(yes);
	} else {
		do {
			struct text part = text_cut(&value, ',');

			if (text_switch(part, "dom0", &yes)) {
				of_dom0 = choice_of(yes);
			} else if (text_switch(part, "domu", &yes)) {
				of_others = choice_of(yes);
			} else {
				return false;
			}
		} while (value.size);
	}
	*dom0 = of_dom0;
	*others = of_others;
	return true;
}
