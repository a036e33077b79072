/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Boot domains: what is under a domain's node - modules, vCPUs and static event channels. */
#include <boot/boot_domains.h>
#include <boot/bytes.h>
#include <boot/text.h>
#include <lib/string.h>

#define CELL	    4
#define CELLS_MAX   2
#define PORT_FIRST  3 /* 1 and 2 are those of the store and the console */
#define PORT_LAST   1023
#define PORT_WANTED "<port &other>, a port from 3 to 1023 and the other side's node,"

/* --- Modules ------------------------------------------------------------------------------- */

static uint64_t load_cells(const uint8_t *bytes, uint32_t cells)
{
	uint64_t value = 0;

	for (uint32_t i = 0; i < cells; i++) {
		value = value << 32 | tree_load32(bytes + CELL * i);
	}
	return value;
}

static void set_range(struct boot_domain_module *module, const struct tree_node *node,
		      const char *property, uint64_t start, uint64_t size)
{
	if (size == 0 || start + size < start) {
		tree_fault_number(node, property, size ? start : size,
				  "<address size> of bytes in memory");
		return;
	}
	*module = (struct boot_domain_module){.by = BY_ADDRESS, .start = start, .size = size};
}

/* Address and size are of one cell each, or of two. */
static void parse_address(struct boot_domain_module *module, const struct tree_node *node)
{
	size_t size;
	const uint8_t *bytes = tree_bytes(node, "module-addr", &size);

	if (size != 2 * CELL && size != 4 * CELL) {
		tree_fault(node, "module-addr", "has not two or four cells", "<address size>");
		return;
	}
	set_range(module, node, "module-addr", load_cells(bytes, (uint32_t)size / CELL / 2),
		  load_cells(bytes + size / 2, (uint32_t)size / CELL / 2));
}

/* How many cells the parent says that addresses and sizes have; 2 and 1 if it does not say. */
static bool parse_reg(struct boot_domain_module *module, const struct tree_node *node)
{
	uint32_t address_cells = 2, size_cells = 1;
	size_t size;
	const uint8_t *bytes = tree_bytes(node, "reg", &size);

	tree_u32(node->parent, "#address-cells", &address_cells);
	tree_u32(node->parent, "#size-cells", &size_cells);
	if (address_cells - 1 >= CELLS_MAX || size_cells - 1 >= CELLS_MAX ||
	    size != (address_cells + size_cells) * CELL) {
		tree_fault(node, "reg", "does not fit #address-cells and #size-cells",
			   "<address size>");
		return false;
	}
	set_range(module, node, "reg", load_cells(bytes, address_cells),
		  load_cells(bytes + CELL * address_cells, size_cells));
	return true;
}

static void parse_place(struct boot_domain_module *module, const struct tree_node *node)
{
	bool by_index = tree_has(node, "mb-index"), by_address = tree_has(node, "module-addr");
	bool by_reg = tree_has(node, "reg");

	if (by_index + by_address + by_reg != 1) {
		tree_fault(node, "module",
			   by_index + by_address + by_reg ? "has more than one place"
							  : "has no place",
			   "one of mb-index, module-addr and reg");
	} else if (by_address) {
		parse_address(module, node);
	} else if (by_reg) {
		parse_reg(module, node);
	} else if (tree_u32(node, "mb-index", &module->index) == TREE_GOOD) {
		module->by = BY_INDEX;
		if (module->index == 0) {
			tree_fault(node, "mb-index", "is 0, the tree itself",
				   "the number of another module");
		}
	}
}

static void parse_module(struct boot_domain_module *module, const struct tree_node *node,
			 const char *what)
{
	if (module->by != BY_NOTHING) {
		tree_fault(node, what, "is the second of its domain", "one");
		return;
	}
	parse_place(module, node);
}

static bool is_kind(const struct tree_node *node, const char *hyperlaunch, const char *arm)
{
	return tree_is_compatible(node, hyperlaunch) || tree_is_compatible(node, arm);
}

/* --- vCPUs --------------------------------------------------------------------------------- */

/* "0-3,5"; false: it is something else, or beyond the processors there can be. */
static bool parse_cpus(const char *list, cpu_mask_t *mask)
{
	struct text rest = text_of(list, 256);

	*mask = 0;
	while (rest.size) {
		struct text part = text_cut(&rest, ','), first = text_cut(&part, '-');
		uint64_t from, to;

		if (!text_number(first, &from) || from >= CPU_MAX) {
			return false;
		}
		to = from;
		if (part.size && (!text_number(part, &to) || to >= CPU_MAX || to < from)) {
			return false;
		}
		*mask |= (CPU_MASK_ALL >> (CPU_MAX - 1 - (to - from))) << from;
	}
	return *mask != 0;
}

static void parse_affinity(const struct tree_node *node, const char *property, cpu_mask_t *mask)
{
	const char *list;

	if (tree_string(node, property, &list) == TREE_GOOD && !parse_cpus(list, mask)) {
		tree_fault(node, property, "is no list of processors", "one like \"0-3,5\"");
	}
}

static void parse_vcpu(struct boot_domain *domain, const struct tree_node *node)
{
	struct boot_domain_pin *pin;
	uint32_t id;
	enum tree_value has = tree_u32(node, "id", &id);

	if (has != TREE_GOOD || id >= domain->vcpus) {
		if (has != TREE_BAD) {
			tree_fault(node, "id", has ? "is no vCPU of the domain" : "is missing",
				   "a number below cpus");
		}
		return;
	}
	while (domain->pin_count <= id) {
		domain->pin[domain->pin_count++] =
			(struct boot_domain_pin){CPU_MASK_ALL, CPU_MASK_ALL};
	}
	pin = &domain->pin[id];
	parse_affinity(node, "hard-affinity", &pin->hard);
	parse_affinity(node, "parvus,soft-affinity", &pin->soft);
}

/* --- Static event channels ----------------------------------------------------------------- */

static bool load_link(struct boot_domain_link *link, const struct tree_node *node)
{
	size_t size;
	const uint8_t *bytes = tree_bytes(node, "xen,evtchn", &size);

	if (size != 2 * CELL) {
		tree_fault(node, "xen,evtchn", bytes ? "has not two cells" : "is missing",
			   PORT_WANTED);
		return false;
	}
	link->port = tree_load32(bytes);
	link->peer_phandle = tree_load32(bytes + CELL);
	if (link->port < PORT_FIRST || link->port > PORT_LAST) {
		tree_fault_number(node, "xen,evtchn", link->port, PORT_WANTED);
		return false;
	}
	if (tree_u32(node, "phandle", &link->phandle) != TREE_GOOD) {
		tree_fault(node, "phandle", "is missing", "one for the other side to name it by");
		return false;
	}
	return true;
}

static void parse_link(struct boot_domains *domains, const struct tree_node *node)
{
	struct boot_domain_link *link = &domains->link[domains->link_count];

	if (domains->link_count == BOOT_DOMAIN_LINKS_MAX) {
		tree_fault(node, "xen,evtchn", "is one too many", "at most 128 of them");
		return;
	}
	*link = (struct boot_domain_link){.domain = domains->count - 1};
	tree_path(node, link->path);
	if (load_link(link, node)) {
		domains->link_count++;
	}
}

static bool links_back(const struct boot_domain_link *a, const struct boot_domain_link *b)
{
	return a->peer_phandle == b->phandle && b->peer_phandle == a->phandle;
}

static bool port_is_taken(const struct boot_domains *domains, unsigned number)
{
	const struct boot_domain_link *link = &domains->link[number];

	for (unsigned i = 0; i < number; i++) {
		if (domains->link[i].domain == link->domain &&
		    domains->link[i].port == link->port) {
			return true;
		}
	}
	return false;
}

static bool find_peer(const struct boot_domains *domains, unsigned number, unsigned *peer)
{
	for (unsigned i = 0; i < domains->link_count; i++) {
		if (i != number && links_back(&domains->link[i], &domains->link[number])) {
			*peer = i;
			return true;
		}
	}
	return false;
}

/*
 * Both sides name each other, or there is no channel. A circle of three is none, nor is one with
 * itself. The domains of a channel that is none are built without it.
 */
void boot_domain_join_links(struct boot_domains *domains, struct tree *tree)
{
	for (unsigned i = 0; i < domains->link_count; i++) {
		struct boot_domain_link *link = &domains->link[i];

		if (port_is_taken(domains, i)) {
			tree_fault_at(
				tree, link->path,
				"xen,evtchn: its port has another channel; a free one is expected");
		} else if (!find_peer(domains, i, &link->peer)) {
			tree_fault_at(
				tree, link->path,
				"xen,evtchn: a node that names this one in return is expected as its other side");
		} else {
			link->usable = domains->domain[link->domain].usable;
		}
	}
	for (unsigned i = 0; i < domains->link_count; i++) {
		struct boot_domain_link *link = &domains->link[i];

		link->usable = link->usable && domains->link[link->peer].usable &&
			       domains->link[link->peer].peer == i;
	}
}

/* --- All of them --------------------------------------------------------------------------- */

static void parse_kernel(struct boot_domain *domain, const struct tree_node *node)
{
	parse_module(&domain->kernel, node, "kernel");
	tree_string(node, "bootargs", &domain->command_line);
}

static void parse_child(struct boot_domains *domains, struct boot_domain *domain,
			const struct tree_node *node)
{
	if (is_kind(node, "module,kernel", "multiboot,kernel")) {
		parse_kernel(domain, node);
	} else if (is_kind(node, "module,ramdisk", "multiboot,ramdisk")) {
		parse_module(&domain->ramdisk, node, "ramdisk");
	} else if (tree_is_compatible(node, "xen,vcpu")) {
		parse_vcpu(domain, node);
	} else if (is_kind(node, "xen,evtchn-v1", "xen,evtchn")) {
		parse_link(domains, node);
	} else if (is_kind(node, "module,device-tree", "multiboot,device-tree")) {
		tree_fault(node, "device-tree", "would pass devices on, which only Dom0 has",
			   "a domain without it");
	} else if (tree_is_compatible(node, "xen,domain-shared-memory-v1")) {
		tree_fault(node, "shared memory", "is not to be had but by grants",
			   "a domain without it");
	} else {
		tree_note(node, "compatible",
			  "nothing that a PV domain is built from: passed over");
	}
}

void boot_domain_children(struct boot_domains *domains, struct boot_domain *domain,
			  const struct tree_node *node)
{
	unsigned faults = node->tree->faults;
	struct tree_node child;

	tree_for_each_child(child, node)
	{
		parse_child(domains, domain, &child);
	}
	if (domain->kernel.by == BY_NOTHING && node->tree->faults == faults) {
		tree_fault(node, "kernel", "is missing",
			   "a module node compatible with \"module,kernel\"");
	}
}
