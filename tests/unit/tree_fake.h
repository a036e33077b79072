/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests of boot domains: device trees made by hand, and a machine that has modules. */
#ifndef TESTS_TREE_FAKE_H
#define TESTS_TREE_FAKE_H

#include "boot_fake.h"

#include <boot/boot_domains.h>
#include <libfdt.h>

static struct {
	uint8_t bytes[1 << 20] __attribute__((aligned(8)));
} fake_tree;

static inline void tree_must(int rc)
{
	if (rc) {
		fprintf(stderr, "libfdt: %s\n", fdt_strerror(rc));
		abort();
	}
}

static inline void put_cells(const char *name, unsigned int count, ...)
{
	uint32_t cells[8];
	va_list args;

	va_start(args, count);
	for (unsigned int i = 0; i < count; i++) {
		cells[i] = cpu_to_fdt32(va_arg(args, unsigned int));
	}
	va_end(args);
	tree_must(fdt_property(fake_tree.bytes, name, cells, (int)(count * sizeof(cells[0]))));
}

static inline void put_cell(const char *name, uint32_t value)
{
	put_cells(name, 1, value);
}

static inline void put_string(const char *name, const char *value)
{
	tree_must(fdt_property(fake_tree.bytes, name, value, (int)strlen(value) + 1));
}

static inline void begin(const char *name, const char *compatible)
{
	tree_must(fdt_begin_node(fake_tree.bytes, name));
	if (compatible) {
		put_string("compatible", compatible);
	}
}

static inline void end(void)
{
	tree_must(fdt_end_node(fake_tree.bytes));
}

/* The tree up to where domains go. */
static inline void begin_tree(void)
{
	tree_must(fdt_create(fake_tree.bytes, sizeof(fake_tree.bytes)));
	tree_must(fdt_finish_reservemap(fake_tree.bytes));
	begin("", NULL);
	begin("chosen", NULL);
	begin("hypervisor", "hypervisor,xen");
}

/* Three nodes are open, of which the tree's end closes all. */
static inline size_t end_tree(void)
{
	end();
	end();
	end();
	tree_must(fdt_finish(fake_tree.bytes));
	return fdt_totalsize(fake_tree.bytes);
}

static inline void put_module(const char *name, const char *compatible, uint32_t index)
{
	begin(name, compatible);
	put_cell("mb-index", index);
	end();
}

/* A domain with what is required, open for more. */
static inline void begin_domain(const char *name, uint32_t id, uint32_t kib)
{
	begin(name, "xen,domain");
	put_cell("domid", id);
	put_cell("mode", 5);
	put_cells("memory", 2, 0u, kib);
}

static inline void put_domain(const char *name, uint32_t id, uint32_t kib)
{
	begin_domain(name, id, kib);
	put_module("kernel", "module,kernel", 1);
	end();
}

#endif
