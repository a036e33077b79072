/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vnuma=: for each node a list of "pnode=0", "size=512", "vcpus=0-1,3", "vdistances=10,20". */
#include <config/keys.h>
#include <config/parse.h>

#include <string.h>

#define VCPU_LAST 127
#define PNODE_LAST                                                                    \
	63 /* of the hypervisor's numbers, whether the machine has such a node or not \
	    */
#define SIZE_MAX_MIB (UINT64_C(1) << 33)
#define NEAREST	     10 /* distances as firmware counts them */
#define FARTHEST     255

/* --- Options of a node ----------------------------------------------------------------------- */

static bool parse_pnode(struct arena *arena, const char *text, struct vnode_config *node)
{
	unsigned long long number;

	if (!number_parse(text, 10, PNODE_LAST, &number)) {
		return false;
	}
	node->pnode = (unsigned int)number;
	return true;
}

static bool parse_size(struct arena *arena, const char *text, struct vnode_config *node)
{
	unsigned long long mib;

	if (!number_parse(text, 10, SIZE_MAX_MIB, &mib)) {
		return false;
	}
	node->kib = mib << 10;
	return mib > 0;
}

static bool parse_vcpus(struct arena *arena, const char *text, struct vnode_config *node)
{
	if (!cpu_list_parse(arena, text, &node->vcpus)) {
		return false;
	}
	for (size_t i = 0; i < node->vcpus.count; i++) {
		const struct cpu_range *range = &node->vcpus.ranges[i];

		if (range->nodes || range->exclude || range->last > VCPU_LAST) {
			return false;
		}
	}
	return true;
}

static bool parse_distances(struct arena *arena, const char *text, struct vnode_config *node)
{
	struct spec_part part;

	while (spec_next(arena, &text, NULL, &part)) {
		unsigned long long number;

		if (part.value || !number_parse(part.key, 10, FARTHEST, &number) ||
		    number < NEAREST) {
			return false;
		}
		node->distances = arena_grow(arena, node->distances, node->distance_count,
					     sizeof(*node->distances));
		node->distances[node->distance_count++] = (unsigned int)number;
	}
	return true;
}

/* Each is to be there, once. */
static const struct {
	const char *name;
	bool (*parse)(struct arena *arena, const char *text, struct vnode_config *node);
	const char *accepted;
} options[] = {
	{"pnode", parse_pnode, "a node of the machine, 0 to 63"},
	{"size", parse_size, "MiB"},
	{"vcpus", parse_vcpus, "numbers and ranges, \"0-1,3\", up to 127"},
	{"vdistances", parse_distances, "10 to 255 for each node, \"10,20\""},
};
#define OPTIONS (sizeof(options) / sizeof(*options))
#define EXAMPLE "[\"pnode=0\", \"size=512\", \"vcpus=0-1\", \"vdistances=10,20\"]"

/* The text behind "NAME=", with blanks where anybody likes; NULL: it is another option. */
static const char *value_of(const char *text, const char *name)
{
	size_t size = strlen(name);

	text += strspn(text, " \t");
	if (strncmp(text, name, size) != 0) {
		return NULL;
	}
	text += size + strspn(text + size, " \t");
	return *text == '=' ? text + 1 + strspn(text + 1, " \t") : NULL;
}

static bool read_option(struct reader *reader, const struct value *item, struct vnode_config *node,
			bool seen[OPTIONS])
{
	for (size_t i = 0; item->kind != VALUE_LIST && i < OPTIONS; i++) {
		const char *text = value_of(item->text, options[i].name);

		if (!text) {
			continue;
		}
		if (seen[i]) {
			return fault_at(reader->messages, item->place,
					"vnuma: %s is given twice for one node", options[i].name);
		}
		seen[i] = true;
		return options[i].parse(&reader->config->arena, text, node) ||
		       fault_at(reader->messages, item->place, "vnuma: \"%s\"; accepted: %s",
				item->text, options[i].accepted);
	}
	return fault_at(reader->messages, item->place,
			"vnuma: %s%s%s is no option of a node; accepted: " EXAMPLE,
			item->kind == VALUE_LIST ? "" : "\"",
			item->kind == VALUE_LIST ? "a list" : item->text,
			item->kind == VALUE_LIST ? "" : "\"");
}

static bool read_vnode(struct reader *reader, const struct value *value, struct vnode_config *node)
{
	bool seen[OPTIONS] = {false}, good = true;

	node->place = value->place; /* which is asked for when the name of its file is gone */
	node->place.file = arena_print(&reader->config->arena, "%s", value->place.file);
	if (value->kind != VALUE_LIST) {
		return fault_at(reader->messages, value->place,
				"vnuma: a node is a list; accepted: [ " EXAMPLE ", ... ]");
	}
	for (const struct value *item = value->items; item; item = item->next) {
		good = read_option(reader, item, node, seen) && good;
	}
	for (size_t i = 0; good && i < OPTIONS; i++) {
		good = seen[i] || fault_at(reader->messages, value->place,
					   "vnuma: the node has no %s; accepted: %s=%s",
					   options[i].name, options[i].name, options[i].accepted);
	}
	return good;
}

/* --- The key --------------------------------------------------------------------------------- */

static bool read_vnodes(struct reader *reader, const struct key *key, const struct setting *setting)
{
	struct domain_config *config = reader->config;
	bool good = true;

	for (const struct value *item = value_items(setting); item; item = item->next) {
		struct vnode_config *node;

		if (config->vnode_count == VNODES_MAX) {
			return fault_at(reader->messages, item->place,
					"vnuma: a node too many; accepted: up to %d", VNODES_MAX);
		}
		config->vnodes = arena_grow(&config->arena, config->vnodes, config->vnode_count,
					    sizeof(*config->vnodes));
		node = &config->vnodes[config->vnode_count++];
		good = read_vnode(reader, item, node) && good;
	}
	return good;
}

static void write_vnodes(const struct domain_config *config, const struct key *key, FILE *out)
{
	for (size_t i = 0; i < config->vnode_count; i++) {
		const struct vnode_config *node = &config->vnodes[i];

		if (i == 0) {
			fprintf(out, "%s = [", key->name);
		}
		fprintf(out, "%s\n\t[\"pnode=%u\", \"size=%llu\", \"vcpus=", i ? "," : "",
			node->pnode, (unsigned long long)(node->kib >> 10));
		write_cpu_list(&node->vcpus, out);
		for (size_t j = 0; j < node->distance_count; j++) {
			fprintf(out, "%s%u", j ? "," : "\", \"vdistances=", node->distances[j]);
		}
		fputs("\"]", out);
	}
	fputs(config->vnode_count ? "\n]\n" : "", out);
}

const struct key_kind vnodes_kind = {read_vnodes, write_vnodes};

/* --- All nodes together ---------------------------------------------------------------------- */

bool vnode_has_vcpu(const struct vnode_config *node, unsigned int vcpu)
{
	bool has = false;

	for (size_t i = 0; i < node->vcpus.count; i++) {
		has |= vcpu >= node->vcpus.ranges[i].first && vcpu <= node->vcpus.ranges[i].last;
	}
	return has;
}

uint64_t vnodes_kib(const struct domain_config *config)
{
	uint64_t kib = 0;

	for (size_t i = 0; i < config->vnode_count; i++) {
		kib += config->vnodes[i].kib;
	}
	return kib;
}

unsigned int vnodes_vcpus(const struct domain_config *config)
{
	unsigned int end = 0;

	for (size_t i = 0; i < config->vnode_count; i++) {
		for (unsigned int vcpu = end; vcpu <= VCPU_LAST; vcpu++) {
			end = vnode_has_vcpu(&config->vnodes[i], vcpu) ? vcpu + 1 : end;
		}
	}
	return end;
}

/* Each vCPU is of one node. */
static bool check_vcpu(struct reader *reader, struct place place, unsigned int vcpu)
{
	const struct domain_config *config = reader->config;
	const struct vnode_config *of = NULL;

	for (size_t i = 0; i < config->vnode_count; i++) {
		const struct vnode_config *node = &config->vnodes[i];

		if (of && vnode_has_vcpu(node, vcpu)) {
			return fault_at(reader->messages, node->place,
					"vnuma: vCPU %u is of two nodes, %zu and %zu", vcpu,
					(size_t)(of - config->vnodes), i);
		}
		of = vnode_has_vcpu(node, vcpu) ? node : of;
	}
	return of ||
	       fault_at(reader->messages, place,
			"vnuma: vCPU %u is of no node; accepted: each of the %lld vCPUs (maxvcpus)",
			vcpu, config->maxvcpus);
}

void vnodes_check(struct reader *reader, const struct setting *vnuma)
{
	const struct domain_config *config = reader->config;
	bool good = true;

	for (size_t i = 0; i < config->vnode_count; i++) {
		const struct vnode_config *node = &config->vnodes[i];

		if (node->distance_count != config->vnode_count) {
			fault_at(
				reader->messages, node->place,
				"vnuma: node %zu has %zu vdistances; accepted: %zu, one to each node in order",
				i, node->distance_count, config->vnode_count);
		}
	}
	if (vnodes_vcpus(config) > config->maxvcpus) {
		good = wrong(reader, vnuma, "vnuma: it has vCPU %u; accepted: 0 to %lld (maxvcpus)",
			     vnodes_vcpus(config) - 1, config->maxvcpus - 1);
	}
	for (unsigned int vcpu = 0; good && vcpu < config->maxvcpus; vcpu++) {
		good = check_vcpu(reader, vnuma->place, vcpu);
	}
	if (vnodes_kib(config) != config->maxmem_kib) {
		wrong(reader, vnuma,
		      "vnuma: its nodes have %llu MiB together, and maxmem is %llu; accepted: the same, or no maxmem",
		      (unsigned long long)(vnodes_kib(config) >> 10),
		      (unsigned long long)(config->maxmem_kib >> 10));
	}
}
