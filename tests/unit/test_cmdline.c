/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hypervisor's command line: each kind of value, good, bad and at its limits. */
#include "boot_fake.h"
#include "tap.h"

#include <boot/cmdline.h>

static struct fake_log log_;
static const struct report report = {fake_log_line, &log_};
static struct boot_options options;

static bool parses(const char *line)
{
	log_.text[0] = '\0';
	cmdline_parse(line, &options, &report);
	return !strstr(log_.text, "ignored");
}

/* Refused, with a report that has the text, and the options are those of an empty line. */
static bool refused(const char *line, const char *text)
{
	struct boot_options empty;

	cmdline_parse("", &empty, &report);
	return !parses(line) && strstr(log_.text, text) != NULL &&
	       memcmp(&empty, &options, sizeof(empty)) == 0;
}

static void test_defaults(void)
{
	ok(parses("") && parses("   ") && log_.text[0] == '\0', "nothing said, nothing reported");
	is_int(options.com1.baud, 115200, "com1 is at 115200 baud");
	is_int(options.com1.port, 0x3f8, "com1 is at its port");
	is_int(options.console, CONSOLE_COM1 | CONSOLE_VGA, "console=com1,vga");
	is_int(options.log.always, 3, "loglvl=info");
	is_int(options.guest_log.limited, 2, "guest_loglvl=none/warning");
	ok(!options.noreboot && options.smep, "flags have their defaults");
}

static void test_flags(void)
{
	static const char *const yes[] = {"noreboot",	     "noreboot=yes", "noreboot=on",
					  "noreboot=true",   "noreboot=1",   "noreboot=enable",
					  "x y noreboot z=1"};
	static const char *const no[] = {"no-smep", "smep=no",	    "smep=off",	   "smep=false",
					 "smep=0",  "smep=disable", "smep no-smep"};

	for (size_t i = 0; i < ARRAY_COUNT(yes); i++) {
		parses(yes[i]);
		ok(options.noreboot, "\"%s\" sets it", yes[i]);
	}
	for (size_t i = 0; i < ARRAY_COUNT(no); i++) {
		parses(no[i]);
		ok(!options.smep, "\"%s\" clears it", no[i]);
	}
	ok(refused("noreboot=maybe", "accepted: yes on true"), "other words are refused");
	ok(refused("noreboot=", "accepted"), "an empty value is refused");
	ok(refused("no-noreboot=1", "unknown option"), "no- with a value is refused");
	ok(refused("no-com1", "unknown option \"no-com1\""), "no- is for flags only");
	ok(parses("nosmp") && options.cpu_limit == 1, "nosmp is one CPU");
}

static void test_unknown(void)
{
	ok(refused("flux", "unknown option \"flux\" ignored"), "an unknown flag is named");
	ok(refused("flux=8 ", "unknown option \"flux=8\" ignored"), "an unknown option is named");
	ok(refused("=", "unknown option \"=\""), "an empty name is unknown");
	ok(refused("Noreboot", "unknown"), "names are case sensitive");
	ok(refused("norebootx noreboo", "unknown option \"noreboo\""), "names are whole words");
	ok(parses("com2=9600") && strstr(log_.text, "\"com2=9600\" has no effect yet"),
	   "an option that nothing heeds yet says so");
	parses("flux noreboot");
	ok(options.noreboot, "what follows an unknown option counts");
}

static void test_numbers(void)
{
	ok(parses("maxcpus=1") && options.cpu_limit == 1, "the lowest");
	ok(parses("maxcpus=64") && options.cpu_limit == 64, "the highest");
	ok(parses("maxcpus=0x10") && options.cpu_limit == 16, "hexadecimal");
	ok(parses("maxcpus=010") && options.cpu_limit == 8, "octal");
	ok(refused("maxcpus=0", "accepted: 1 to 64"), "below the range");
	ok(refused("maxcpus=65", "accepted: 1 to 64"), "above the range");
	ok(refused("maxcpus=", "1 to 64") && refused("maxcpus", "1 to 64"), "no value");
	ok(refused("maxcpus=1x", "1 to 64") && refused("maxcpus=08", "1 to 64") &&
		   refused("maxcpus=0x", "1 to 64") && refused("maxcpus=-1", "1 to 64"),
	   "not a number");
	ok(refused("maxcpus=18446744073709551617", "1 to 64"), "2^64 + 1 is not 1");
	ok(parses("sched_ratelimit_us=0") && options.ratelimit_us == 0, "ratelimit off");
	ok(refused("sched_ratelimit_us=99", "0, or 100 to 500000"), "ratelimit has a gap");
	ok(parses("gnttab=max-ver:1") && options.grant_version_max == 1, "gnttab=max-ver:1");
	ok(refused("gnttab=max-ver:3", "max-ver:2"), "gnttab=max-ver:3");
	ok(parses("gnttab=max-ver:1,no-transitive,transfer=no") && options.grant_version_max == 1 &&
		   !options.grant_transitive,
	   "a list of what grants may be");
	ok(parses("gnttab=no-transitive gnttab=transitive=on") && options.grant_transitive,
	   "a later word holds");
	ok(refused("gnttab=transfer", "no-transfer") && options.grant_version_max == 2,
	   "nothing is transferred");
	ok(refused("gnttab=no-transitive=yes", "transitive") &&
		   refused("gnttab=,transitive", "transitive") && refused("gnttab=", "max"),
	   "malformed lists of them");
}

static void test_sizes(void)
{
	ok(parses("conring_size=32") && options.log_ring_size == 32 << 10, "kilobytes if not said");
	ok(parses("conring_size=8192b") && options.log_ring_size == 8192, "bytes");
	ok(parses("conring_size=8192B") && options.log_ring_size == 8192, "in capitals too");
	ok(parses("conring_size=2M") && options.log_ring_size == 2 << 20, "megabytes");
	ok(parses("conring_size=0x10k") && options.log_ring_size == 16 << 10, "hexadecimal");
	ok(parses("conring_size=0x1b") && options.log_ring_size == 27 << 10, "b may be a digit");
	ok(parses("mem=4G") && options.memory_limit == UINT64_C(4) << 30, "gigabytes");
	ok(parses("mem=1t") && options.memory_limit == UINT64_C(1) << 40, "terabytes");
	ok(refused("conring_size=17M", "4K to 16M"), "too large");
	ok(refused("conring_size=1", "4K to 16M"), "too small");
	ok(refused("mem=16777216T", "from 16M"), "2^64 does not wrap to 0");
	ok(refused("mem=M", "from 16M") && refused("mem=4Mb", "from 16M"), "not a size");
}

static void test_lists(void)
{
	ok(parses("console=com2") && options.console == CONSOLE_COM2, "one console");
	ok(parses("console=vga,com1,com2") && options.console == 7, "three consoles");
	ok(parses("console=none") && options.console == 0, "no console");
	ok(refused("console=com3", "com1 com2 vga, or none"), "com3");
	ok(refused("console=com1,none", "none") && refused("console=", "none") &&
		   refused("console=com1,,vga", "none"),
	   "malformed lists");
	ok(parses("console_timestamps=boot") && options.timestamps == TIMESTAMP_BOOT, "a word");
	ok(refused("console_timestamps=dat", "none boot raw"), "another word");
}

static void test_serial(void)
{
	ok(parses("com1=9600") && options.com1.baud == 9600 && options.com1.data_bits == 8, "baud");
	ok(parses("com1=auto,7e2,0x2e8,9") && options.com1.baud == 0 &&
		   options.com1.data_bits == 7 && options.com1.parity == 'e' &&
		   options.com1.stop_bits == 2 && options.com1.port == 0x2e8 &&
		   options.com1.irq == 9,
	   "all of it");
	ok(parses("com2=,,,0") && options.com2.irq == 0 && options.com2.port == 0x2f8,
	   "empty parts leave what holds");
	ok(refused("com1=115201", "115200") && refused("com1=49", "115200") &&
		   refused("com1=fast", "115200"),
	   "a bad rate");
	ok(refused("com1=9600,9n1", "115200") && refused("com1=9600,8x1", "115200") &&
		   refused("com1=9600,8n3", "115200") && refused("com1=9600,8n", "115200"),
	   "a bad frame leaves the rate too");
	ok(refused("com1=9600,8n1,0xffff", "port") && refused("com1=9600,8n1,0", "port"),
	   "a bad port");
	ok(refused("com1=9600,8n1,0x3f8,16", "irq"), "a bad interrupt");
	ok(refused("com1=9600,8n1,0x3f8,4,5", "irq"), "too many parts");
}

static void test_levels(void)
{
	ok(parses("loglvl=all") && options.log.always == 4 && options.log.limited == 4, "all");
	ok(parses("loglvl=none") && options.log.always == 0 && options.log.limited == 0, "none");
	ok(parses("guest_loglvl=error/info") && options.guest_log.always == 1 &&
		   options.guest_log.limited == 3,
	   "error, info limited");
	ok(parses("loglvl=info/all") && options.log.limited == 4, "info, all limited");
	ok(parses("loglvl=info/error") && options.log.limited == 3, "limited is never less");
	ok(refused("loglvl=loud", "none error warning info debug all") &&
		   refused("loglvl=info/loud", "none error warning info debug all"),
	   "no such level");
}

static void test_dom0_memory(void)
{
	const uint64_t M = 1 << 20, G = 1 << 30;

	parses("");
	is_int(dom0_memory_bytes(&options, 1 * G), 960 * M, "by default a sixteenth stays free");
	is_int(dom0_memory_bytes(&options, 8 * G), 8 * G - 128 * M, "but no more than 128M");
	is_int(dom0_memory_limit(&options, G), UINT64_MAX, "without a limit to ballooning");
	ok(parses("dom0_mem=512M,max:1G"), "the manual's example");
	is_int(dom0_memory_bytes(&options, 8 * G), 512 * M, "so much");
	is_int(dom0_memory_bytes(&options, 256 * M), 256 * M, "as much as there is");
	is_int(dom0_memory_limit(&options, 8 * G), G, "and this limit");
	parses("dom0_mem=1G+25%");
	is_int(dom0_memory_bytes(&options, 256 * G), 65 * G, "1G+25%% of 256G is 65G");
	parses("dom0_mem=50%");
	is_int(dom0_memory_bytes(&options, 3 * G), 3 * G / 2, "half");
	parses("dom0_mem=-1G");
	is_int(dom0_memory_bytes(&options, 4 * G), 3 * G, "all but 1G");
	is_int(dom0_memory_bytes(&options, G / 2), 0, "all but more than there is");
	parses("dom0_mem=-25%,min:512M");
	is_int(dom0_memory_bytes(&options, 4 * G), 3 * G, "all but a quarter");
	is_int(dom0_memory_bytes(&options, 600 * M), 512 * M, "the minimum counts");
	parses("dom0_mem=min:2G,max:1G");
	is_int(dom0_memory_bytes(&options, 4 * G), G, "the maximum overrides the minimum");
	parses("dom0_mem=16777215T+99%");
	is_int(dom0_memory_bytes(&options, 4 * G), 4 * G, "a sum that overflows is all there is");
	parses("dom0_mem=5000b");
	is_int(dom0_memory_bytes(&options, 4 * G), 4096, "in whole pages");
	ok(refused("dom0_mem=", "<amount>") && refused("dom0_mem=x", "<amount>") &&
		   refused("dom0_mem=100%", "<amount>") && refused("dom0_mem=%", "<amount>") &&
		   refused("dom0_mem=+%", "<amount>") && refused("dom0_mem=1G+", "<amount>") &&
		   refused("dom0_mem=1G,,2G", "<amount>") && refused("dom0_mem=min:", "<amount>"),
	   "malformed amounts");
}

static void test_vcpus(void)
{
	static const struct {
		const char *line;
		uint32_t min, max;
	} good[] = {{"dom0_max_vcpus=4", 4, 4},
		    {"dom0_max_vcpus=4-8", 4, 8},
		    {"dom0_max_vcpus=-8", 1, 8},
		    {"dom0_max_vcpus=4-", 4, 128},
		    {"dom0_max_vcpus=-", 1, 128}};

	for (size_t i = 0; i < ARRAY_COUNT(good); i++) {
		ok(parses(good[i].line) && options.dom0_vcpus_min == good[i].min &&
			   options.dom0_vcpus_max == good[i].max,
		   "%s", good[i].line);
	}
	ok(refused("dom0_max_vcpus=8-4", "128") && refused("dom0_max_vcpus=0", "128") &&
		   refused("dom0_max_vcpus=129", "128") && refused("dom0_max_vcpus=1-129", "128") &&
		   refused("dom0_max_vcpus=", "128") && refused("dom0_max_vcpus=1-2-3", "128"),
	   "malformed ranges");
}

int main(void)
{
	test_defaults();
	test_flags();
	test_unknown();
	test_numbers();
	test_sizes();
	test_lists();
	test_serial();
	test_levels();
	test_dom0_memory();
	test_vcpus();
	return done_testing();
}
