/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hypervisor's command line: one table of options, one parser for each kind of value. */
#include <boot/cmdline.h>
#include <boot/cmdline_speculation.h>
#include <boot/text.h>

enum option_kind { KIND_FLAG, KIND_NUMBER, KIND_BYTES, KIND_WORD, KIND_WORDS, KIND_OWN };

/*
 * A row says where the value goes, by kind: a bool, a uint32_t, a uint64_t, a uint8_t holding
 * the index of a word in `words`, a uint8_t with one bit for each word; or it has a parser.
 */
struct option {
	const char *name;
	enum option_kind kind;
	size_t offset;
	uint64_t min, max;
	const char *const *words;
	bool (*parse)(struct boot_options *options, struct text value);
	const char *accepts; /* completes "accepted: " */
};

static const struct boot_options defaults = {
	.com1 = {115200, 8, 'n', 1, 4, 0x3f8},
	.com2 = {115200, 8, 'n', 1, 3, 0x2f8},
	.console = CONSOLE_COM1 | CONSOLE_VGA,
	.log = {3, 3},
	.guest_log = {0, 2},
	.log_ring_size = 64 << 10,
	.cpu_limit = CPU_MAX,
	.smep = true,
	.smap = true,
	.credit_slice_ms = 30,
	.ratelimit_us = 1000,
	.grant_version_max = 2,
	.grant_transitive = true,
	.grant_frames_max = 64,
	.maptrack_frames_max = 1024,
};

static const char *const console_words[] = {"com1", "com2", "vga", NULL};
static const char *const timestamp_words[] = {"none", "boot", "raw", NULL};

static bool parse_within(struct text text, uint64_t min, uint64_t max, uint64_t *value)
{
	uint64_t number;

	if (!text_number(text, &number) || number < min || number > max) {
		return false;
	}
	*value = number;
	return true;
}

/* "none" stands for the empty set, and alone. */
static bool parse_words(const char *const *words, struct text text, uint8_t *set)
{
	uint8_t bits = 0, index;

	if (text_is(text, "none")) {
		*set = 0;
		return true;
	}
	do {
		if (!text_find_word(words, text_cut(&text, ','), &index)) {
			return false;
		}
		bits |= (uint8_t)(1u << index);
	} while (text.size);
	*set = bits;
	return true;
}

/* The parts of com1= and com2=, in their order; an empty one leaves what holds. */
static bool parse_baud(struct text text, struct serial_options *serial)
{
	uint64_t number = 0;

	if (!text_is(text, "auto") && !parse_within(text, 50, 115200, &number)) {
		return false;
	}
	serial->baud = (uint32_t)number;
	return true;
}

/* Data bits, parity and stop bits, as in 8n1. */
static bool parse_frame(struct text text, struct serial_options *serial)
{
	static const char *const parities[] = {"n", "o", "e", "m", "s", NULL};
	uint8_t parity;

	if (text.size != 3 || text.start[0] < '5' || text.start[0] > '8' ||
	    !text_find_word(parities, (struct text){text.start + 1, 1}, &parity) ||
	    text.start[2] < '1' || text.start[2] > '2') {
		return false;
	}
	serial->data_bits = (uint8_t)(text.start[0] - '0');
	serial->parity = text.start[1];
	serial->stop_bits = (uint8_t)(text.start[2] - '0');
	return true;
}

/* Eight registers in a row have to fit below the end of the I/O ports. */
static bool parse_port(struct text text, struct serial_options *serial)
{
	uint64_t number;

	if (!parse_within(text, 1, 0xfff8, &number)) {
		return false;
	}
	serial->port = (uint16_t)number;
	return true;
}

static bool parse_irq(struct text text, struct serial_options *serial)
{
	uint64_t number;

	if (!parse_within(text, 0, 15, &number)) {
		return false;
	}
	serial->irq = (uint8_t)number;
	return true;
}

static bool (*const serial_parts[])(struct text text, struct serial_options *serial) = {
	parse_baud,
	parse_frame,
	parse_port,
	parse_irq,
};

static bool parse_serial(struct text value, struct serial_options *serial)
{
	struct serial_options parsed = *serial;

	for (size_t i = 0; value.size; i++) {
		struct text part = text_cut(&value, ',');

		if (i == ARRAY_COUNT(serial_parts) ||
		    (part.size && !serial_parts[i](part, &parsed))) {
			return false;
		}
	}
	*serial = parsed;
	return true;
}

static bool parse_com1(struct boot_options *options, struct text value)
{
	return parse_serial(value, &options->com1);
}

static bool parse_com2(struct boot_options *options, struct text value)
{
	return parse_serial(value, &options->com2);
}

static bool parse_limits(struct text value, struct log_limits *limits)
{
	static const char *const levels[] = {"none", "error", "warning", "info", "debug", NULL};
	struct log_limits parsed;
	struct text always = text_cut(&value, '/');

	if (text_is(always, "all")) {
		parsed.always = 4;
	} else if (!text_find_word(levels, always, &parsed.always)) {
		return false;
	}
	parsed.limited = parsed.always;
	if (text_is(value, "all")) {
		parsed.limited = 4;
	} else if (value.size && !text_find_word(levels, value, &parsed.limited)) {
		return false;
	}
	if (parsed.limited < parsed.always) {
		parsed.limited = parsed.always;
	}
	*limits = parsed;
	return true;
}

static bool parse_loglvl(struct boot_options *options, struct text value)
{
	return parse_limits(value, &options->log);
}

static bool parse_guest_loglvl(struct boot_options *options, struct text value)
{
	return parse_limits(value, &options->guest_log);
}

/* [-][<size>+]<percent>% or [-]<size> */
static bool parse_amount(struct text text, struct memory_amount *amount)
{
	struct memory_amount parsed = {.given = true};
	struct text size = text;
	uint64_t percent;

	parsed.all_but = text_skip(&text, "-");
	size = text;
	if (text.size && text.start[text.size - 1] == '%') {
		text.size--;
		size = text_cut(&text, '+');
		if (text.size == 0) {
			text = size;
			size.size = 0;
		}
		if (!parse_within(text, 0, 99, &percent)) {
			return false;
		}
		parsed.percent = (uint8_t)percent;
	}
	if ((size.size || !parsed.percent) && !text_bytes(size, &parsed.bytes)) {
		return false;
	}
	*amount = parsed;
	return true;
}

static bool parse_dom0_mem(struct boot_options *options, struct text value)
{
	struct memory_amount exact = {0}, min = {0}, max = {0};

	do {
		struct text part = text_cut(&value, ',');
		struct memory_amount *amount = text_skip(&part, "min:")	  ? &min
					       : text_skip(&part, "max:") ? &max
									  : &exact;

		if (!parse_amount(part, amount)) {
			return false;
		}
	} while (value.size);
	options->dom0_memory = exact;
	options->dom0_memory_min = min;
	options->dom0_memory_max = max;
	return true;
}

/* <n>, <min>-<max>, <min>- or -<max>; a guest's vCPUs are numbered 0 to 127. */
static bool parse_dom0_vcpus(struct boot_options *options, struct text value)
{
	bool range = false;
	uint64_t min = 1, max = 128;
	struct text first;

	for (size_t i = 0; i < value.size; i++) {
		range |= value.start[i] == '-';
	}
	first = text_cut(&value, '-');
	if ((first.size || !range) && !parse_within(first, 1, 128, &min)) {
		return false;
	}
	if (!range) {
		max = min;
	} else if (value.size && !parse_within(value, min, 128, &max)) {
		return false;
	}
	options->dom0_vcpus_min = (uint32_t)min;
	options->dom0_vcpus_max = (uint32_t)max;
	return true;
}

static bool parse_ratelimit(struct boot_options *options, struct text value)
{
	uint64_t number;

	if (!parse_within(value, 0, 500000, &number) || (number && number < 100)) {
		return false;
	}
	options->ratelimit_us = (uint32_t)number;
	return true;
}

/* A list; transfer is a word of it that may be denied only, for there is none. */
static bool parse_gnttab(struct boot_options *options, struct text value)
{
	uint64_t version = options->grant_version_max;
	bool transitive = options->grant_transitive, transfer = false;

	do {
		struct text part = text_cut(&value, ',');
		bool good;

		if (text_skip(&part, "max-ver:")) {
			good = parse_within(part, 1, 2, &version);
		} else {
			good = text_switch(part, "transitive", &transitive) ||
			       text_switch(part, "transfer", &transfer);
		}
		if (!good || transfer) {
			return false;
		}
	} while (value.size);
	options->grant_version_max = (uint32_t)version;
	options->grant_transitive = transitive;
	return true;
}

static bool parse_spec_ctrl(struct boot_options *options, struct text value)
{
	return speculation_parse_spec_ctrl(&options->speculation, value);
}

static bool parse_ucode(struct boot_options *options, struct text value)
{
	return microcode_parse_option(&options->microcode, value);
}

static bool parse_xpti(struct boot_options *options, struct text value)
{
	return speculation_parse_domains(value, &options->speculation.isolate_dom0,
					 &options->speculation.isolate_others);
}

static bool parse_l1tf(struct boot_options *options, struct text value)
{
	return speculation_parse_domains(value, &options->speculation.l1tf_dom0,
					 &options->speculation.l1tf_others);
}

static bool parse_nosmp(struct boot_options *options, struct text value)
{
	bool yes = true;

	if (value.size && !text_truth(value, &yes)) {
		return false;
	}
	options->cpu_limit = yes ? 1 : CPU_MAX;
	return true;
}

#define AT(field)      offsetof(struct boot_options, field)
#define SERIAL_ACCEPTS "<baud 50-115200>|auto[,<5-8><n|o|e|m|s><1|2>[,<port>[,<irq 0-15>]]]"
#define LEVEL_ACCEPTS  "<level>[/<rate-limited level>] of none error warning info debug all"
#define TRUTH_ACCEPTS  "yes on true enable 1, no off false disable 0, or the name alone or after no-"

#define DOMAINS_ACCEPTS "default, <bool>, or a list of dom0=<bool> domu=<bool>"

#define FLAG(name, field)                                                   \
	{                                                                   \
		name, KIND_FLAG, AT(field), 0, 0, NULL, NULL, TRUTH_ACCEPTS \
	}
#define NUMBER(name, field, min, max, accepts)                              \
	{                                                                   \
		name, KIND_NUMBER, AT(field), min, max, NULL, NULL, accepts \
	}
#define BYTES(name, field, min, max, accepts)                              \
	{                                                                  \
		name, KIND_BYTES, AT(field), min, max, NULL, NULL, accepts \
	}
#define OWN(name, parse, accepts)                             \
	{                                                     \
		name, KIND_OWN, 0, 0, 0, NULL, parse, accepts \
	}

static const struct option options_table[] = {
	OWN("com1", parse_com1, SERIAL_ACCEPTS),
	OWN("com2", parse_com2, SERIAL_ACCEPTS),
	{"console", KIND_WORDS, AT(console), 0, 0, console_words, NULL,
	 "a list of com1 com2 vga, or none"},
	{"console_timestamps", KIND_WORD, AT(timestamps), 0, 0, timestamp_words, NULL,
	 "none boot raw"},
	OWN("loglvl", parse_loglvl, LEVEL_ACCEPTS),
	OWN("guest_loglvl", parse_guest_loglvl, LEVEL_ACCEPTS),
	BYTES("conring_size", log_ring_size, 4 << 10, 16 << 20, "a size from 4K to 16M"),
	FLAG("noreboot", noreboot),
	BYTES("mem", memory_limit, 16 << 20, UINT64_MAX, "a size from 16M"),
	NUMBER("maxcpus", cpu_limit, 1, CPU_MAX, "1 to 64"),
	OWN("nosmp", parse_nosmp, TRUTH_ACCEPTS),
	FLAG("x2apic", x2apic),
	FLAG("smep", smep),
	FLAG("smap", smap),
	OWN("ucode", parse_ucode, "a list of [-]<1-63>, the number of a module, and scan=<bool>"),
	OWN("spec-ctrl", parse_spec_ctrl,
	    "no, or a list of no-xen pv=<bool> bti-thunk=retpoline|lfence|jmp and <bool> for rsb "
	    "verw ibpb ibrs stibp ssbd bhi-dis-s eager-fpu"),
	OWN("xpti", parse_xpti, DOMAINS_ACCEPTS),
	OWN("pv-l1tf", parse_l1tf, DOMAINS_ACCEPTS),
	OWN("dom0_mem", parse_dom0_mem,
	    "a list of <amount> min:<amount> max:<amount>, an amount being [-]<size> or "
	    "[-][<size>+]<0-99>%"),
	OWN("dom0_max_vcpus", parse_dom0_vcpus, "<n> or [<min>]-[<max>], of 1 to 128"),
	FLAG("dom0_vcpus_pin", dom0_vcpus_pin),
	NUMBER("sched_credit_tslice_ms", credit_slice_ms, 1, 1000, "1 to 1000"),
	OWN("sched_ratelimit_us", parse_ratelimit, "0, or 100 to 500000"),
	OWN("gnttab", parse_gnttab, "a list of max-ver:1 max-ver:2 [no-]transitive no-transfer"),
	NUMBER("gnttab_max_frames", grant_frames_max, 1, 1024, "1 to 1024"),
	NUMBER("gnttab_max_maptrack_frames", maptrack_frames_max, 1, 16384, "1 to 16384"),
};

/* Nothing heeds these yet, and whoever gives one is told so. */
static const char *const idle_options[] = {
	"com2",
	"console_timestamps",
	NULL,
};

/* Number or size: the same limits, another unit and another width. */
static bool parse_quantity(const struct option *option, void *field, struct text value)
{
	uint64_t number;

	if (option->kind == KIND_NUMBER) {
		if (!parse_within(value, option->min, option->max, &number)) {
			return false;
		}
		*(uint32_t *)field = (uint32_t)number;
		return true;
	}
	if (!text_bytes(value, &number) || number < option->min || number > option->max) {
		return false;
	}
	*(uint64_t *)field = number;
	return true;
}

static bool parse_value(const struct option *option, struct boot_options *options,
			struct text value)
{
	void *field = (char *)options + option->offset;

	switch (option->kind) {
	case KIND_FLAG:
		return text_truth(value, field);
	case KIND_WORD:
		return text_find_word(option->words, value, field);
	case KIND_WORDS:
		return parse_words(option->words, value, field);
	case KIND_OWN:
		return option->parse(options, value);
	default:
		return parse_quantity(option, field, value);
	}
}

static const struct option *find_option(struct text name)
{
	for (size_t i = 0; i < ARRAY_COUNT(options_table); i++) {
		if (text_is(name, options_table[i].name)) {
			return &options_table[i];
		}
	}
	return NULL;
}

/* Flags may stand alone (x), denied (no-x), or have a value (x=yes); the rest must have one. */
static void parse_option(struct text word, struct boot_options *options,
			 const struct report *report)
{
	struct text value = word, name = text_cut(&value, '=');
	bool has_value = name.size < word.size, denied = false;
	const struct option *option = find_option(name);
	uint8_t idle;
	bool flag;

	if (!option && !has_value && text_skip(&name, "no-")) {
		denied = true;
		option = find_option(name);
	}
	flag = option && (option->kind == KIND_FLAG || option->parse == parse_nosmp ||
			  option->parse == parse_xpti || option->parse == parse_l1tf);
	if (!option || (denied && !flag)) {
		report_line(report, "unknown option \"%.*s\" ignored", TEXT_ARGS(word));
		return;
	}
	if (flag && !has_value) {
		value = denied ? text_of("no", 2) : text_of("yes", 3);
	}
	if (!parse_value(option, options, value)) {
		report_line(report, "option \"%.*s\" ignored; accepted: %s", TEXT_ARGS(word),
			    option->accepts);
	} else if (text_find_word(idle_options, name, &idle)) {
		report_line(report, "option \"%.*s\" has no effect yet", TEXT_ARGS(word));
	}
}

void cmdline_parse(const char *line, struct boot_options *options, const struct report *report)
{
	struct text rest = text_of(line, SIZE_MAX);

	*options = defaults;
	while (rest.size) {
		struct text word = text_cut(&rest, ' ');

		if (word.size) {
			parse_option(word, options, report);
		}
	}
}

static uint64_t amount_bytes(const struct memory_amount *amount, uint64_t available)
{
	uint64_t share =
		available / 100 * amount->percent + available % 100 * amount->percent / 100;
	uint64_t bytes;

	if (__builtin_add_overflow(amount->bytes, share, &bytes)) {
		bytes = UINT64_MAX;
	}
	if (amount->all_but) {
		return bytes < available ? available - bytes : 0;
	}
	return bytes;
}

uint64_t dom0_memory_limit(const struct boot_options *options, uint64_t available)
{
	if (!options->dom0_memory_max.given) {
		return UINT64_MAX;
	}
	return ROUND_DOWN(amount_bytes(&options->dom0_memory_max, available), PAGE_SIZE);
}

uint64_t dom0_memory_bytes(const struct boot_options *options, uint64_t available)
{
	uint64_t reserve = MIN(available / 16, UINT64_C(128) << 20);
	uint64_t bytes = available - reserve, limit = dom0_memory_limit(options, available);

	if (options->dom0_memory.given) {
		bytes = amount_bytes(&options->dom0_memory, available);
	}
	if (options->dom0_memory_min.given) {
		bytes = MAX(bytes, amount_bytes(&options->dom0_memory_min, available));
	}
	bytes = MIN(bytes, limit);
	return ROUND_DOWN(MIN(bytes, available), PAGE_SIZE);
}
