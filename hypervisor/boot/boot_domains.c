/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Boot domains: the nodes of domains, their properties and their numbers. */
#include <boot/boot_domains.h>
#include <lib/string.h>

#define MEMORY_KIB_MAX (UINT64_C(1) << 40)
#define PAGE_KIB       (PAGE_SIZE >> 10)
#define UUID_EXPECTED  "[16 bytes]"
#define MEMORY_EXPECTS "<high low>, in KiB, a multiple of 4"

/* --- Numbers ------------------------------------------------------------------------------- */

#define FIELD(name) offsetof(struct boot_domain, name)

/* Properties of one cell. One field may have two names; the last property in the table counts. */
static const struct number {
	const char *name;
	size_t field;
	uint32_t least, most;
	const char *expected;
} numbers[] = {
	{"domid", FIELD(id), 0, BOOT_DOMAIN_BOOT_ID, "<0> (the next free), <1> to <0x7fef>"},
	{"permissions", FIELD(permissions), 0, 3, "<1> control, <2> hardware, <3> both"},
	{"functions", FIELD(functions), 0, UINT32_MAX, "a sum of functions"},
	{"mode", FIELD(mode), 0, UINT32_MAX, "<5>, 64-bit PV,"},
	{"cpus", FIELD(vcpus), 1, BOOT_DOMAIN_PINS_MAX, "<1> to <128>"},
	{"parvus,weight", FIELD(weight), 1, 65535, "<1> to <65535>"},
	{"parvus,cap", FIELD(cap), 0, 100 * BOOT_DOMAIN_PINS_MAX, "percent of a processor"},
	{"max_event_channels", FIELD(max_event_channels), 1, 131071, "<1> to <131071>"},
	{"max_grant_version", FIELD(max_grant_version), 1, 2, "<1> or <2>"},
	{"max_grant_frames", FIELD(max_grant_frames), 1, 1024, "<1> to <1024>"},
	{"max_maptrack_frames", FIELD(max_maptrack_frames), 1, 16384, "<1> to <16384>"},
};

static void parse_numbers(struct boot_domain *domain, const struct tree_node *node)
{
	for (size_t i = 0; i < ARRAY_COUNT(numbers); i++) {
		const struct number *n = &numbers[i];
		uint32_t value;

		if (tree_u32(node, n->name, &value) != TREE_GOOD) {
			continue;
		}
		if (value < n->least || value > n->most) {
			tree_fault_number(node, n->name, value, n->expected);
			continue;
		}
		memcpy((char *)domain + n->field, &value, sizeof(value));
	}
}

/* --- Other properties ---------------------------------------------------------------------- */

/* What has no effect on a PV guest, or is read elsewhere, and what cannot be granted. */
enum known_as { READ, WITHOUT_EFFECT, REFUSED };

static const struct known {
	const char *name;
	enum known_as as;
} known[] = {
	{"compatible", READ},
	{"memory", READ},
	{"domain-uuid", READ},
	{"security-id", READ},
	{"capabilities", READ},
	{"xen,enhanced", READ},
	{"passthrough", READ},
	{"parvus,name", READ},
	{"phandle", READ},
	{"linux,phandle", READ},
	{"#address-cells", READ},
	{"#size-cells", READ},
	{"name", READ},
	{"vpl011", WITHOUT_EFFECT},
	{"nr_spis", WITHOUT_EFFECT},
	{"xen,domain-p2m-mem-mb", WITHOUT_EFFECT},
	{"domain-cpupool", WITHOUT_EFFECT},
	{"direct-map", REFUSED},
	{"xen,static-mem", REFUSED},
};

static bool is_number(const char *name)
{
	for (size_t i = 0; i < ARRAY_COUNT(numbers); i++) {
		if (strcmp(name, numbers[i].name) == 0) {
			return true;
		}
	}
	return false;
}

static void check_name(const struct tree_node *node, const char *name)
{
	for (size_t i = 0; i < ARRAY_COUNT(known); i++) {
		if (strcmp(name, known[i].name) != 0) {
			continue;
		}
		if (known[i].as == REFUSED) {
			tree_fault(node, name, "cannot be granted to a PV guest",
				   "a domain without it");
		} else if (known[i].as == WITHOUT_EFFECT) {
			tree_note(node, name, "without effect here");
		}
		return;
	}
	if (!is_number(name)) {
		tree_note(node, name, "an unknown property, passed over");
	}
}

static void check_names(const struct tree_node *node)
{
	const char *name;
	int cursor = 0;

	while ((name = tree_property_name(node, &cursor))) {
		check_name(node, name);
	}
}

static void parse_memory(struct boot_domain *domain, const struct tree_node *node)
{
	switch (tree_u64(node, "memory", MEMORY_EXPECTS, &domain->memory_kib)) {
	case TREE_ABSENT:
		tree_fault(node, "memory", "is missing", MEMORY_EXPECTS);
		break;
	case TREE_GOOD:
		if (domain->memory_kib == 0 || domain->memory_kib % PAGE_KIB ||
		    domain->memory_kib > MEMORY_KIB_MAX) {
			tree_fault_number(node, "memory", domain->memory_kib, MEMORY_EXPECTS);
		}
		break;
	case TREE_BAD:
		break;
	}
}

/* The design's example has eight bytes: what is not given is zero. */
static void parse_uuid(struct boot_domain *domain, const struct tree_node *node)
{
	size_t size;
	const uint8_t *bytes = tree_bytes(node, "domain-uuid", &size);

	if (!bytes) {
		return;
	}
	if (size == 0 || size > sizeof(domain->uuid)) {
		tree_fault(node, "domain-uuid", size ? "is too long" : "is empty", UUID_EXPECTED);
		return;
	}
	memcpy(domain->uuid, bytes, size);
}

static void parse_mode(struct boot_domain *domain, const struct tree_node *node)
{
	if (!tree_has(node, "mode")) {
		domain->mode = MODE_PARAVIRTUALIZED | MODE_LONG;
	} else if (domain->mode != (MODE_PARAVIRTUALIZED | MODE_LONG)) {
		tree_fault_number(node, "mode", domain->mode, "<5>, 64-bit PV,");
	}
}

static bool is_one_of(const char *value, const char *const *words)
{
	for (; *words; words++) {
		if (strcmp(value, *words) == 0) {
			return true;
		}
	}
	return false;
}

/* The ARM binding's ways to say it: rights by `capabilities`, interfaces by `xen,enhanced`. */
static void parse_synonyms(struct boot_domain *domain, const struct tree_node *node)
{
	static const char *const enhanced[] = {"",	   "enabled",	  "legacy",
					       "disabled", "no-xenstore", NULL};
	const char *word = "";
	uint32_t bits = 0;

	if (tree_u32(node, "capabilities", &bits) == TREE_GOOD) {
		if (bits > 7) {
			tree_fault_number(node, "capabilities", bits,
					  "a sum of 1 control, 2 hardware, 4 store");
		}
		domain->permissions |= bits & (PERMISSION_CONTROL | PERMISSION_HARDWARE);
		domain->functions |= bits & 4 ? FUNCTION_STORE : 0;
	}
	if (tree_string(node, "xen,enhanced", &word) == TREE_GOOD && !is_one_of(word, enhanced)) {
		tree_fault(node, "xen,enhanced", "is another word",
			   "\"enabled\", \"legacy\", \"no-xenstore\" or \"disabled\"");
	}
	domain->has_store = strcmp(word, "disabled") != 0 && strcmp(word, "no-xenstore") != 0;
	word = "disabled";
	if (tree_string(node, "passthrough", &word) == TREE_GOOD && strcmp(word, "disabled") != 0) {
		tree_fault(node, "passthrough", "asks for devices, which only Dom0 has",
			   "\"disabled\"");
	}
}

static void check_functions(const struct boot_domain *domain, const struct tree_node *node)
{
	uint32_t all = FUNCTION_BOOT | FUNCTION_CRASH | FUNCTION_CONSOLE | FUNCTION_STORE |
		       FUNCTION_LEGACY_DOM0;
	uint32_t f = domain->functions;

	if (f & ~all) {
		tree_fault_number(node, "functions", f, "a sum of known functions");
	} else if (f & FUNCTION_BOOT && f & FUNCTION_LEGACY_DOM0) {
		tree_fault_number(node, "functions", f, "a boot domain besides the Dom0");
	}
	if (domain->id >= BOOT_DOMAIN_FIRST_RESERVED &&
	    !(domain->id == BOOT_DOMAIN_BOOT_ID && f & FUNCTION_BOOT)) {
		tree_fault_number(node, "domid", domain->id,
				  "a number below 0x7ff0, or 0x7ff5 for the boot domain,");
	}
}

static void parse_domain(struct boot_domains *domains, const struct tree_node *node)
{
	unsigned faults = node->tree->faults;
	struct boot_domain *domain = &domains->domain[domains->count++];

	*domain = (struct boot_domain){.vcpus = 1};
	tree_path(node, domain->path);
	parse_numbers(domain, node);
	parse_memory(domain, node);
	parse_uuid(domain, node);
	parse_mode(domain, node);
	parse_synonyms(domain, node);
	tree_string(node, "parvus,name", &domain->name);
	check_functions(domain, node);
	check_names(node);
	if (domain->functions & FUNCTION_LEGACY_DOM0) {
		domain->permissions = PERMISSION_CONTROL | PERMISSION_HARDWARE;
		domain->functions |= FUNCTION_CONSOLE | FUNCTION_STORE;
	}
	boot_domain_children(domains, domain, node);
	if (domain->cap > 100 * domain->vcpus) {
		tree_fault_number(node, "parvus,cap", domain->cap, "at most 100 for each vCPU");
	}
	domain->usable = node->tree->faults == faults;
}

/* --- Which nodes ----------------------------------------------------------------------------- */

static void parse_config(const struct tree_node *config)
{
	struct tree_node module;

	tree_for_each_child(module, config)
	{
		tree_note(&module, "module", "microcode, policies and the like are not loaded");
	}
}

static void add_domain(struct boot_domains *domains, const struct tree_node *node)
{
	if (domains->count < BOOT_DOMAINS_MAX) {
		parse_domain(domains, node);
	} else {
		tree_fault(node, "domain", "is one too many", "at most 64 of them");
	}
}

static void parse_hypervisor(struct boot_domains *domains, const struct tree_node *hypervisor)
{
	struct tree_node node;

	if (!tree_is_compatible(hypervisor, "hypervisor,xen")) {
		tree_note(hypervisor, "compatible", "\"hypervisor,xen\" is expected");
	}
	tree_for_each_child(node, hypervisor)
	{
		if (tree_is_compatible(&node, "xen,domain")) {
			add_domain(domains, &node);
		} else if (tree_is_compatible(&node, "xen,config")) {
			parse_config(&node);
		} else {
			tree_note(&node, "compatible",
				  "neither \"xen,domain\" nor \"xen,config\": passed over");
		}
	}
}

/* The ARM binding has its domains directly here, beside what is not for us. */
static void parse_chosen(struct boot_domains *domains, const struct tree_node *chosen)
{
	struct tree_node node;

	tree_for_each_child(node, chosen)
	{
		if (tree_is_compatible(&node, "xen,domain")) {
			add_domain(domains, &node);
		} else if (tree_is_compatible(&node, "xen,cpupool")) {
			tree_note(&node, "xen,cpupool", "there is one pool of processors");
		}
	}
}

/* --- All of them together ------------------------------------------------------------------ */

static bool wants_next_id(const struct boot_domain *domain)
{
	return domain->id == 0 && !(domain->functions & FUNCTION_LEGACY_DOM0);
}

/* By one of the first `count` domains. */
static bool id_is_taken(const struct boot_domains *domains, uint32_t id, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		const struct boot_domain *d = &domains->domain[i];

		if (d->usable && !wants_next_id(d) && d->id == id) {
			return true;
		}
	}
	return false;
}

static void leave_out(struct tree *tree, struct boot_domain *domain, const char *why)
{
	domain->usable = false;
	tree_fault_at(tree, domain->path, why);
}

/* Of two with one number the first has it. Who has none gets the lowest that is free. */
static void give_ids(struct boot_domains *domains, struct tree *tree)
{
	uint32_t next = 1;

	for (unsigned i = 0; i < domains->count; i++) {
		struct boot_domain *d = &domains->domain[i];

		if (d->usable && !wants_next_id(d) && id_is_taken(domains, d->id, i)) {
			leave_out(tree, d,
				  "domid is another domain's already; one of its own is expected");
		}
	}
	for (unsigned i = 0; i < domains->count; i++) {
		struct boot_domain *d = &domains->domain[i];

		if (d->usable && wants_next_id(d)) {
			while (id_is_taken(domains, next, domains->count)) {
				next++;
			}
			d->id = next++;
		}
	}
}

/* There is one of each at the most. */
static void check_roles(struct boot_domains *domains, struct tree *tree)
{
	uint32_t functions = 0, permissions = 0;

	for (unsigned i = 0; i < domains->count; i++) {
		struct boot_domain *d = &domains->domain[i];

		if (!d->usable) {
			continue;
		}
		if (d->functions & functions & ~FUNCTION_CRASH) {
			leave_out(tree, d, "functions: another domain has one of these already");
		} else if (d->permissions & permissions & PERMISSION_HARDWARE) {
			leave_out(tree, d, "permissions: another domain has the hardware already");
		} else {
			functions |= d->functions;
			permissions |= d->permissions;
		}
	}
}

const struct boot_domain *boot_domains_with(const struct boot_domains *domains, uint32_t function)
{
	for (unsigned i = 0; i < domains->count; i++) {
		if (domains->domain[i].usable && domains->domain[i].functions & function) {
			return &domains->domain[i];
		}
	}
	return NULL;
}

bool boot_domains_parse(struct boot_domains *domains, const uint8_t *bytes, size_t size,
			const struct report *report)
{
	struct tree tree;
	struct tree_node root, chosen, hypervisor;

	domains->count = domains->link_count = 0;
	domains->faults = domains->notes = 0;
	if (!tree_open(&tree, bytes, size, report)) {
		domains->faults = 1;
		return false;
	}
	root = tree_root(&tree);
	if (tree_find_child(&root, "chosen", &chosen)) {
		if (tree_find_child(&chosen, "hypervisor", &hypervisor)) {
			parse_hypervisor(domains, &hypervisor);
		}
		parse_chosen(domains, &chosen);
	}
	check_roles(domains, &tree);
	give_ids(domains, &tree);
	boot_domain_join_links(domains, &tree);
	tree_end_messages(&tree);
	if (domains->count == 0) {
		report_line(
			report,
			"device tree: no \"xen,domain\" node is in /chosen/hypervisor or /chosen");
		tree.faults++;
	}
	domains->faults = tree.faults;
	domains->notes = tree.notes;
	return domains->count > 0;
}
