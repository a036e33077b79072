/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading a flattened device tree: nodes and their properties, with a message for each that lies.
 */
#include <boot/bytes.h>
#include <boot/tree.h>
#include <lib/string.h>
#include <libfdt.h>

#define HEADER_SIZE	 40
#define STRUCT_START_AT	 8
#define VERSION_AT	 20
#define STRUCT_SIZE_AT	 36
#define VERSION_LEAST	 17u /* fdt_check_full() reads address 0 for a root of one below 16 */
#define FDT_SIZE_MAX	 (16u << 20) /* far above any tree, far below what libfdt's ints hold */
#define CELL		 4u
#define LIBFDT_CODES_MAX 20

uint32_t tree_load32(const uint8_t *bytes)
{
	return __builtin_bswap32(load_le32(bytes));
}

bool tree_is_one(const uint8_t *bytes, size_t size)
{
	return size >= CELL && tree_load32(bytes) == FDT_MAGIC;
}

static const char *reason_of(int code)
{
	static const char *const reasons[LIBFDT_CODES_MAX] = {
		[FDT_ERR_TRUNCATED] = "it is cut off",
		[FDT_ERR_BADMAGIC] = "it does not begin as one",
		[FDT_ERR_BADVERSION] = "it is of a version that cannot be read",
		[FDT_ERR_BADSTRUCTURE] = "its nodes and properties do not fit together",
		[FDT_ERR_BADLAYOUT] = "its parts overlap or are out of order",
		[FDT_ERR_ALIGNMENT] = "it does not lie on a multiple of eight bytes",
	};

	return code < LIBFDT_CODES_MAX && reasons[code] ? reasons[code] : "it is inconsistent";
}

/*
 * libfdt 1.6.1 adds the length of a property without a look at whether the sum overflows, and a
 * large one leads fdt_check_full() in circles. So first of all every length is seen to fit.
 */
static bool lengths_fit(const uint8_t *bytes, uint32_t size)
{
	uint32_t at = 0, tag = FDT_NOP, length;
	const uint8_t *end;

	while (tag != FDT_END) {
		if (!range_within(at, CELL, size)) {
			return false;
		}
		tag = tree_load32(bytes + at);
		at += CELL;
		if (tag == FDT_BEGIN_NODE) {
			end = memchr(bytes + at, 0, size - at);
			if (!end) {
				return false;
			}
			at = ROUND_UP((uint32_t)(end - bytes) + 1, CELL);
		} else if (tag == FDT_PROP) {
			if (!range_within(at, 2 * CELL, size)) {
				return false;
			}
			length = tree_load32(bytes + at);
			at += 2 * CELL;
			if (!range_within(at, length, size)) {
				return false;
			}
			at = ROUND_UP(at + length, CELL);
		} else if (tag != FDT_END_NODE && tag != FDT_NOP && tag != FDT_END) {
			return false;
		}
	}
	return true;
}

static int check(const uint8_t *bytes, uint32_t total)
{
	uint32_t start = tree_load32(bytes + STRUCT_START_AT);
	uint32_t size = tree_load32(bytes + STRUCT_SIZE_AT);

	if (!range_within(start, size, total) || !lengths_fit(bytes + start, size)) {
		return FDT_ERR_BADSTRUCTURE;
	}
	return -fdt_check_full(bytes, total);
}

bool tree_open(struct tree *tree, const uint8_t *bytes, size_t size, const struct report *report)
{
	uint32_t total, version;
	int rc;

	*tree = (struct tree){.fdt = bytes, .report = report};
	if (size < HEADER_SIZE || !tree_is_one(bytes, size)) {
		report_line(report, "device tree: %s",
			    size < HEADER_SIZE ? "it is cut off within its header"
					       : "it does not begin as one");
		return false;
	}
	total = tree_load32(bytes + CELL);
	if (total > size || total > FDT_SIZE_MAX) {
		report_line(report, "device tree: it says to have %u bytes, of which %u are there",
			    total, (unsigned)MIN(size, (size_t)UINT32_MAX));
		return false;
	}
	version = tree_load32(bytes + VERSION_AT);
	if (version < VERSION_LEAST) {
		report_line(report, "device tree: it is of version %u; %u is expected", version,
			    VERSION_LEAST);
		return false;
	}
	rc = check(bytes, total);
	if (rc) {
		report_line(report, "device tree: %s (libfdt's error %u)", reason_of(rc),
			    (unsigned)rc);
		return false;
	}
	return true;
}

/* --- Nodes --------------------------------------------------------------------------------- */

struct tree_node tree_root(struct tree *tree)
{
	return (struct tree_node){.tree = tree};
}

static bool found(const struct tree_node *parent, int offset, struct tree_node *child)
{
	if (offset < 0) {
		return false;
	}
	*child = (struct tree_node){parent->tree, parent, offset};
	return true;
}

bool tree_find_child(const struct tree_node *parent, const char *name, struct tree_node *child)
{
	return found(parent, fdt_subnode_offset(parent->tree->fdt, parent->offset, name), child);
}

bool tree_first_child(const struct tree_node *parent, struct tree_node *child)
{
	return found(parent, fdt_first_subnode(parent->tree->fdt, parent->offset), child);
}

bool tree_next_child(struct tree_node *child)
{
	return found(child->parent, fdt_next_subnode(child->tree->fdt, child->offset), child);
}

bool tree_is_compatible(const struct tree_node *node, const char *with)
{
	return fdt_node_check_compatible(node->tree->fdt, node->offset, with) == 0;
}

void tree_path(const struct tree_node *node, char path[TREE_PATH_MAX])
{
	size_t at = TREE_PATH_MAX - 1;

	path[at] = '\0';
	for (; node->parent; node = node->parent) {
		int length = 0;
		const char *name = fdt_get_name(node->tree->fdt, node->offset, &length);
		size_t size = name && length > 0 ? (size_t)length : 0;

		if (size + 1 > at) {
			break;
		}
		at -= size;
		if (size) {
			memcpy(path + at, name, size);
		}
		path[--at] = '/';
	}
	memmove(path, path + at, TREE_PATH_MAX - at);
}

/* --- Messages ------------------------------------------------------------------------------ */

static bool has_room(const struct tree *tree)
{
	return tree->faults + tree->notes <= TREE_LINES_MAX;
}

void tree_fault(const struct tree_node *node, const char *property, const char *state,
		const char *expected)
{
	char path[TREE_PATH_MAX];

	node->tree->faults++;
	if (has_room(node->tree)) {
		tree_path(node, path);
		report_line(node->tree->report, "device tree: %s: %s %s; %s is expected", path,
			    property, state, expected);
	}
}

void tree_fault_number(const struct tree_node *node, const char *property, uint64_t value,
		       const char *expected)
{
	char path[TREE_PATH_MAX];

	node->tree->faults++;
	if (has_room(node->tree)) {
		tree_path(node, path);
		report_line(node->tree->report, "device tree: %s: %s is 0x%lx; %s is expected",
			    path, property, (unsigned long)value, expected);
	}
}

void tree_fault_at(struct tree *tree, const char *path, const char *why)
{
	tree->faults++;
	if (has_room(tree)) {
		report_line(tree->report, "device tree: %s: %s", path, why);
	}
}

void tree_note(const struct tree_node *node, const char *what, const char *why)
{
	char path[TREE_PATH_MAX];

	node->tree->notes++;
	if (has_room(node->tree)) {
		tree_path(node, path);
		report_line(node->tree->report, "device tree: %s: %s: %s", path, what, why);
	}
}

void tree_end_messages(const struct tree *tree)
{
	if (!has_room(tree)) {
		report_line(tree->report, "device tree: and %u more like these",
			    tree->faults + tree->notes - TREE_LINES_MAX);
	}
}

/* --- Properties ---------------------------------------------------------------------------- */

const uint8_t *tree_bytes(const struct tree_node *node, const char *property, size_t *size)
{
	int length = 0;
	const uint8_t *bytes = fdt_getprop(node->tree->fdt, node->offset, property, &length);

	*size = bytes && length > 0 ? (size_t)length : 0;
	return bytes;
}

bool tree_has(const struct tree_node *node, const char *property)
{
	size_t size;

	return tree_bytes(node, property, &size) != NULL;
}

enum tree_value tree_u32(const struct tree_node *node, const char *property, uint32_t *value)
{
	size_t size;
	const uint8_t *bytes = tree_bytes(node, property, &size);

	if (!bytes) {
		return TREE_ABSENT;
	}
	if (size != CELL) {
		tree_fault(node, property, "has not one cell", "<number>");
		return TREE_BAD;
	}
	*value = tree_load32(bytes);
	return TREE_GOOD;
}

enum tree_value tree_u64(const struct tree_node *node, const char *property, const char *expected,
			 uint64_t *value)
{
	size_t size;
	const uint8_t *bytes = tree_bytes(node, property, &size);

	if (!bytes) {
		return TREE_ABSENT;
	}
	if (size != 2 * CELL) {
		tree_fault(node, property, "has not two cells", expected);
		return TREE_BAD;
	}
	*value = (uint64_t)tree_load32(bytes) << 32 | tree_load32(bytes + CELL);
	return TREE_GOOD;
}

enum tree_value tree_string(const struct tree_node *node, const char *property, const char **value)
{
	size_t size;
	const uint8_t *bytes = tree_bytes(node, property, &size);

	if (!bytes) {
		return TREE_ABSENT;
	}
	if (size == 0) {
		*value = "";
		return TREE_GOOD;
	}
	if (memchr(bytes, 0, size) != bytes + size - 1) {
		tree_fault(node, property, "is not one string", "\"text\"");
		return TREE_BAD;
	}
	*value = (const char *)bytes;
	return TREE_GOOD;
}

const char *tree_property_name(const struct tree_node *node, int *cursor)
{
	const void *fdt = node->tree->fdt;
	const char *name = NULL;

	*cursor = *cursor ? fdt_next_property_offset(fdt, *cursor)
			  : fdt_first_property_offset(fdt, node->offset);
	if (*cursor >= 0 && !fdt_getprop_by_offset(fdt, *cursor, &name, NULL)) {
		name = NULL;
	}
	return name;
}
