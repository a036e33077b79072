/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Boot domains: trees as documented, and trees that lie. */
#include "tap.h"
#include "tree_fake.h"

static struct fake_log log_;
static const struct report report = {fake_log_line, &log_};
static struct boot_domains domains;
static struct boot_info info;

static bool parse_bytes(const void *bytes, size_t size)
{
	void *copy =
		malloc(size ? size : 1); /* of just this size, so that ASan sees any step beyond */
	bool good;

	memcpy(copy, bytes, size);
	memset(&domains, 0xa5, sizeof(domains));
	log_.text[0] = '\0';
	good = boot_domains_parse(&domains, copy, size, &report);
	free(copy);
	return good;
}

static bool parse(void)
{
	return parse_bytes(fake_tree.bytes, end_tree());
}

static bool said(const char *text)
{
	return strstr(log_.text, text) != NULL;
}

static unsigned int usable(void)
{
	unsigned int count = 0;

	for (unsigned int i = 0; i < domains.count; i++) {
		count += domains.domain[i].usable;
	}
	return count;
}

static void is_silent(const char *what)
{
	ok(log_.text[0] == '\0', "%s: nothing to complain about", what);
	if (log_.text[0]) {
		printf("# %s", log_.text);
	}
}

/* --- Good trees ---------------------------------------------------------------------------- */

/* The example of the Hyperlaunch design, with its two domains. */
static void test_design(void)
{
	static const uint8_t uuid[] = {0xb3, 0xfb, 0x98, 0xfb, 0x8f, 0x9f, 0x67, 0xa3};
	const struct boot_domain *d;

	begin_tree();
	begin("config", "xen,config");
	end();
	begin("domain@0", "xen,domain");
	put_cell("domid", 0x7ff5);
	put_cell("functions", 1);
	put_cells("memory", 2, 0u, 0x20000u);
	put_cell("cpus", 1);
	put_module("module@0", "module,kernel", 3);
	put_module("module@1", "module,ramdisk", 4);
	end();
	begin_domain("domain@1", 0, 0x20000);
	put_cell("permissions", 3);
	put_cell("functions", 0xc0000006);
	tree_must(fdt_property(fake_tree.bytes, "domain-uuid", uuid, sizeof(uuid)));
	put_cell("cpus", 2);
	put_string("security-id", "dom0_t");
	begin("module@0", NULL);
	tree_must(
		fdt_property(fake_tree.bytes, "compatible", "module,kernel\0multiboot,module", 31));
	put_cell("mb-index", 6);
	put_string("bootargs", "console=hvc0");
	end();
	put_module("module@1", "module,ramdisk", 7);
	end();
	ok(parse(), "the design's example");
	is_silent("the design's example");
	is_int(domains.count, 2, "two domains");
	d = &domains.domain[0];
	is_int(d->id, 0x7ff5, "the boot domain's number");
	is_int(d->mode, 5, "which has no mode, so is 64-bit PV");
	is_int(d->ramdisk.index, 4, "and its ramdisk");
	d = &domains.domain[1];
	is_int(d->id, 0, "Dom0's number");
	is_int(d->permissions, 3, "its permissions");
	is_int(d->memory_kib, 0x20000, "its memory");
	is_int(d->vcpus, 2, "its vCPUs");
	is_int(d->uuid[7], 0xa3, "its UUID, in part");
	is_int(d->uuid[8], 0, "the rest of which is zero");
	ok(boot_domains_with(&domains, FUNCTION_STORE) == d, "it serves the store");
	ok(boot_domains_with(&domains, FUNCTION_BOOT) == &domains.domain[0], "and the other boots");
}

/* Domains directly under /chosen, with modules by address. */
static void test_arm(void)
{
	const struct boot_domain *d;

	begin_tree();
	end(); /* hypervisor, which is empty */
	begin("domU1", "xen,domain");
	put_cell("#address-cells", 2);
	put_cell("#size-cells", 1);
	put_cells("memory", 2, 0u, 131072u);
	put_cell("cpus", 2);
	put_cell("capabilities", 7);
	put_string("xen,enhanced", "no-xenstore");
	put_string("passthrough", "disabled");
	put_cell("max_grant_frames", 32);
	begin("module@4a000000", "multiboot,kernel");
	put_cells("reg", 3, 1u, 0x4a000000u, 0xfffffu);
	put_string("bootargs", "console=hvc0");
	end();
	begin("module@4b000000", "module,ramdisk");
	put_cells("module-addr", 2, 0x4b000000u, 0x1000u);
	end();
	begin("vcpu@1", "xen,vcpu");
	put_cell("id", 1);
	put_string("hard-affinity", "0-1,63");
	end();
	end();
	begin("other", "something,else");
	ok(parse(), "the ARM binding");
	is_silent("the ARM binding");
	d = &domains.domain[0];
	is_int(domains.count, 1, "one domain");
	is_int(d->id, 1, "with the first free number");
	is_int(d->permissions, 3, "control and hardware by capabilities");
	is_int(d->functions, FUNCTION_STORE, "and the store");
	ok(!d->has_store, "but no connection to it");
	is_int(d->max_grant_frames, 32, "a limit of grant frames");
	is_int(d->kernel.by, BY_ADDRESS, "a kernel by address");
	is_int(d->kernel.start, 0x14a000000, "of two cells");
	is_int(d->kernel.size, 0xfffff, "and its size");
	is_int(d->ramdisk.start, 0x4b000000, "a ramdisk by module-addr");
	is_int(d->pin_count, 2, "affinities up to vCPU 1");
	ok(d->pin[0].hard == CPU_MASK_ALL, "none for the first");
	ok(d->pin[1].hard == (3 | BIT(63)), "a list for the second");
}

static void put_link(const char *name, uint32_t port, uint32_t own, uint32_t other)
{
	begin(name, "xen,evtchn-v1");
	put_cells("xen,evtchn", 2, port, other);
	put_cell("phandle", own);
	end();
}

static void test_links(void)
{
	begin_tree();
	begin_domain("a", 1, 4096);
	put_module("kernel", "module,kernel", 1);
	put_link("ec1", 10, 1, 2);
	put_link("ec3", 11, 3, 4);
	put_link("ec7", 12, 7, 7);
	put_link("ec8", 10, 8, 9);
	end();
	begin_domain("b", 2, 4096);
	put_module("kernel", "module,kernel", 1);
	put_link("ec2", 20, 2, 1);
	put_link("ec4", 21, 4, 5);
	put_link("ec5", 22, 5, 3);
	put_link("ec9", 23, 9, 8);
	end();
	ok(parse(), "static event channels");
	is_int(usable(), 2, "both domains are built");
	is_int(domains.link_count, 8, "eight ends");
	ok(domains.link[0].usable && domains.link[0].peer == 4 && domains.link[4].usable,
	   "two of which belong together");
	ok(!domains.link[1].usable && !domains.link[5].usable && !domains.link[6].usable,
	   "a circle of three is none");
	ok(!domains.link[2].usable, "nor is one with itself");
	ok(!domains.link[3].usable && !domains.link[7].usable, "nor one whose port is taken");
	ok(said("/chosen/hypervisor/a/ec3: xen,evtchn: a node that names this one in return"),
	   "a circle is told of");
	ok(said("/chosen/hypervisor/a/ec8: xen,evtchn: its port has another channel"),
	   "and so is a port used twice");
}

/* --- Lies ---------------------------------------------------------------------------------- */

static void a_property(const char *name, uint32_t value)
{
	put_cell(name, value);
}

/* One property of an otherwise good domain is wrong: that domain goes, the other stays. */
static void refuses_number(const char *name, uint32_t value, const char *message)
{
	begin_tree();
	begin("bad", "xen,domain");
	a_property(name, value);
	if (strcmp(name, "memory") != 0) {
		put_cells("memory", 2, 0u, 4096u);
	}
	put_module("kernel", "module,kernel", 1);
	end();
	put_domain("good", 7, 4096);
	ok(parse() && usable() == 1 && domains.domain[1].usable,
	   "%s is 0x%x: the other domain stays", name, value);
	if (!ok(said(message), "and it says: %s", message)) {
		printf("# %s", log_.text);
	}
}

static void test_numbers(void)
{
	refuses_number("mode", 1,
		       "/chosen/hypervisor/bad: mode is 0x1; <5>, 64-bit PV, is expected");
	refuses_number("mode", 7, "mode is 0x7");
	refuses_number("cpus", 0, "/bad: cpus is 0x0; <1> to <128> is expected");
	refuses_number("cpus", 129, "cpus is 0x81");
	refuses_number("permissions", 4, "permissions is 0x4");
	refuses_number("functions", 8, "functions is 0x8");
	refuses_number("functions", 0x80000001, "a boot domain besides the Dom0");
	refuses_number("domid", 0x7ff0, "domid is 0x7ff0");
	refuses_number("domid", 0x7ff5, "or 0x7ff5 for the boot domain");
	refuses_number("domid", 0xffffffff, "domid is 0xffffffff");
	refuses_number("memory", 4096, "memory has not two cells; <high low>, in KiB");
	refuses_number("capabilities", 8, "capabilities is 0x8");
	refuses_number("parvus,weight", 0, "parvus,weight is 0x0");
	refuses_number("parvus,cap", 101, "parvus,cap is 0x65; at most 100 for each vCPU");
	refuses_number("max_grant_version", 3, "max_grant_version is 0x3");
	refuses_number("xen,static-mem", 1, "cannot be granted to a PV guest");
}

static void refuses_string(const char *name, const char *value, const char *message)
{
	begin_tree();
	begin_domain("bad", 1, 4096);
	put_string(name, value);
	put_module("kernel", "module,kernel", 1);
	end();
	ok(parse() && usable() == 0 && said(message), "%s = \"%s\": %s", name, value, message);
}

static void test_strings(void)
{
	refuses_string("passthrough", "enabled", "asks for devices");
	refuses_string("xen,enhanced", "perhaps", "xen,enhanced is another word");
	refuses_string("domain-uuid", "seventeen bytes!!", "domain-uuid is too long");
}

static void test_notes(void)
{
	begin_tree();
	begin_domain("domain", 1, 4096);
	put_cell("memry", 1);
	put_cell("vpl011", 0);
	put_module("kernel", "module,kernel", 1);
	put_module("config", "module,config", 2);
	end();
	begin("strange", "some,thing");
	end();
	ok(parse() && usable() == 1, "what is merely strange keeps nothing from being built");
	ok(said("domain: memry: an unknown property"), "an unknown property is told of");
	ok(said("vpl011: without effect here"), "and one without effect");
	ok(said("config: compatible: nothing that a PV domain is built from"),
	   "a module of no use");
	ok(said("strange: compatible: neither"), "a node of no use");
	is_int(domains.faults, 0, "these are no faults");
	is_int(domains.notes, 4, "but notes");
}

static void one_module(const char *name, const char *compatible, const char *property,
		       unsigned int cells, uint32_t value)
{
	begin(name, compatible);
	if (property) {
		put_cells(property, cells, value, value, value, value, value);
	}
	end();
}

static void refuses_module(const char *property, unsigned int cells, uint32_t value,
			   const char *message)
{
	begin_tree();
	begin_domain("bad", 1, 4096);
	one_module("kernel", "module,kernel", property, cells, value);
	end();
	put_domain("good", 2, 4096);
	ok(parse() && usable() == 1 && said(message), "a module with %s: %s",
	   property ? property : "no place", message);
}

static void test_modules(void)
{
	refuses_module(NULL, 0, 0, "/bad/kernel: module has no place; one of mb-index");
	refuses_module("mb-index", 1, 0, "mb-index is 0, the tree itself");
	refuses_module("mb-index", 2, 1, "mb-index has not one cell");
	refuses_module("module-addr", 3, 1, "module-addr has not two or four cells");
	refuses_module("module-addr", 4, 0xffffffff, "<address size> of bytes in memory");
	refuses_module("module-addr", 2, 0, "<address size> of bytes in memory");
	refuses_module("reg", 2, 1, "reg does not fit");
	begin_tree();
	begin_domain("none", 1, 4096);
	end();
	begin_domain("two", 2, 4096);
	put_module("a", "module,kernel", 1);
	put_module("b", "multiboot,kernel", 1);
	end();
	ok(parse() && usable() == 0, "no kernel, or two");
	ok(said("/none: kernel is missing; a module node"), "the first is told of");
	ok(said("/two/b: kernel is the second of its domain"), "and the second");
}

static void test_vcpus(void)
{
	begin_tree();
	begin_domain("domain", 1, 4096);
	put_module("kernel", "module,kernel", 1);
	begin("vcpu@9", "xen,vcpu");
	put_cell("id", 9);
	end();
	begin("vcpu@0", "xen,vcpu");
	put_cell("id", 0);
	put_string("hard-affinity", "3-1");
	put_string("parvus,soft-affinity", "64");
	end();
	end();
	ok(parse() && usable() == 0, "affinities of no sense");
	ok(said("vcpu@9: id is no vCPU of the domain"), "a vCPU that is not there");
	ok(said("vcpu@0: hard-affinity is no list of processors"), "a range backwards");
	ok(said("parvus,soft-affinity is no list"), "a processor beyond what there can be");
}

static void test_roles(void)
{
	begin_tree();
	put_domain("first", 5, 4096);
	put_domain("second", 5, 4096);
	put_domain("third", 0, 4096);
	begin_domain("dom0", 0, 4096);
	put_cell("functions", FUNCTION_LEGACY_DOM0);
	put_module("kernel", "module,kernel", 1);
	end();
	begin_domain("other", 0, 4096);
	put_cell("permissions", PERMISSION_HARDWARE);
	put_module("kernel", "module,kernel", 1);
	end();
	put_domain("fourth", 1, 4096);
	ok(parse(), "domains in each other's way");
	ok(domains.domain[0].usable && !domains.domain[1].usable,
	   "the first of two has its number");
	ok(said("/second: domid is another domain's already"), "the other is told of");
	is_int(domains.domain[2].id, 2, "who leaves it open gets the lowest that is free");
	is_int(domains.domain[3].id, 0, "the Dom0 alone is number 0");
	ok(!domains.domain[4].usable && said("another domain has the hardware already"),
	   "the hardware is one domain's");
	is_int(domains.domain[5].id, 1, "a number that was asked for is kept");
}

static void test_many_nodes(void)
{
	char name[16];

	begin_tree();
	for (unsigned int i = 0; i < 10000; i++) {
		snprintf(name, sizeof(name), "d%u", i);
		if (i % 2) {
			put_domain(name, i + 1, 4096);
		} else {
			begin(name, NULL);
			end();
		}
	}
	ok(parse(), "10,000 nodes");
	is_int(domains.count, BOOT_DOMAINS_MAX, "as many domains as there can be");
	is_int(usable(), BOOT_DOMAINS_MAX, "all of them good");
	ok(said("device tree: and 9896 more like these"), "messages come to an end");
}

static void test_damage(void)
{
	size_t size;
	unsigned int refused = 0;

	begin_tree();
	put_domain("domain", 1, 4096);
	size = end_tree();
	for (size_t cut = 0; cut < size; cut++) {
		refused += !parse_bytes(fake_tree.bytes, cut);
	}
	is_int(refused, (long)size, "cut anywhere, the tree is refused");
	ok(said("of which"), "and it says how much is there");
	for (size_t at = 0; at < size; at++) {
		for (unsigned int change = 1; change < 256; change += 37) {
			fake_tree.bytes[at] ^= (uint8_t)change;
			parse_bytes(fake_tree.bytes, size);
			fake_tree.bytes[at] ^= (uint8_t)change;
		}
	}
	ok(parse_bytes(fake_tree.bytes, size), "any byte changed, nothing is read beyond it");
	fake_tree.bytes[23] = 9;
	ok(!parse_bytes(fake_tree.bytes, size) && said("it is of version 9; 17 is expected"),
	   "an old version, which libfdt's check stumbles over");
	begin_tree();
	ok(!parse() && said("no \"xen,domain\" node"), "a tree without domains");
}

/* --- The machine --------------------------------------------------------------------------- */

static void set_up_machine(void)
{
	memset(&info, 0, sizeof(info));
	info.memory[0] = (struct memory_range){0, 0xa0000, MEMORY_RAM};
	info.memory[1] = (struct memory_range){0x100000, 0x10000000, MEMORY_RAM};
	info.memory_count = 2;
	info.modules[0] = (struct boot_module){0x1000000, 0x1000, ""};
	info.modules[1] = (struct boot_module){0x2000000, 0x5000, ""};
	info.modules[2] = (struct boot_module){0x3000000, 0, ""};
	info.module_count = 3;
}

static void put_addressed(const char *name, uint32_t id, uint32_t start, uint32_t size)
{
	begin_domain(name, id, 4096);
	begin("kernel", "module,kernel");
	put_cells("module-addr", 2, start, size);
	end();
	end();
}

static void put_indexed(const char *name, uint32_t id, uint32_t kib, uint32_t index)
{
	begin_domain(name, id, kib);
	put_module("kernel", "module,kernel", index);
	end();
}

static void test_place(void)
{
	begin_tree();
	put_indexed("good", 1, 4096, 1);
	put_indexed("empty", 2, 4096, 2);
	put_indexed("beyond", 3, 4096, 3);
	put_indexed("large", 4, 0x7fffffc, 1);
	put_addressed("new", 5, 0x4000000, 0x1800);
	put_addressed("same", 6, 0x4000000, 0x1800);
	put_addressed("overlapping", 7, 0x4001000, 0x1000);
	put_addressed("over-module", 8, 0x2001000, 0x1000);
	put_addressed("nowhere", 9, 0xf0000000, 0x1000);
	put_addressed("low", 10, 0x8000, 0x1000);
	put_addressed("ours", 11, 0x200000, 0x100000);
	ok(parse() && usable() == 11, "domains with modules here and there");
	set_up_machine();
	boot_domains_place(&domains, &info, 0x200000, 0x280000, &report);
	is_int(usable(), 3, "three of them can be built here");
	ok(domains.domain[0].usable, "whose module is there");
	ok(said("/empty: kernel: module 2 is empty"), "not: an empty module");
	ok(said("/beyond: kernel: mb-index is 3; the loader brought modules 0 to 2"),
	   "not: one that was not brought");
	ok(said("/large: memory is 134217724 KiB; the whole machine has"), "not: too much memory");
	is_int(domains.domain[4].kernel.index, 3, "a module by address has the next number");
	is_int(domains.domain[5].kernel.index, 3, "which another domain may use too");
	is_int(info.module_count, 4, "it is one");
	ok(said("/overlapping: kernel: 0x1000 bytes at 0x4001000: they overlap"), "not: in part");
	ok(said("/over-module: kernel: 0x1000 bytes at 0x2001000: they overlap"),
	   "not: over what the loader brought");
	ok(said("/nowhere: kernel: 0x1000 bytes at 0xf0000000: they are expected in RAM"),
	   "not: where there is no memory");
	ok(said("/low: kernel: 0x1000 bytes at 0x8000: they are expected in RAM above 1 MiB"),
	   "not: in low memory");
	ok(said("/ours: kernel: 0x100000 bytes at 0x200000: there the hypervisor itself is"),
	   "not: over the hypervisor");
}

int main(void)
{
	test_design();
	test_arm();
	test_links();
	test_numbers();
	test_strings();
	test_notes();
	test_modules();
	test_vcpus();
	test_roles();
	test_many_nodes();
	test_damage();
	test_place();
	return done_testing();
}
