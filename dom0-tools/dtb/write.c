/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Device trees of boot domains: written from ordinary configurations. */
#include <dtb/dtb.h>
#include <libfdt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define TREE_MAX      (1u << 20)
#define NODE_NAME_MAX 40
#define LIST_MAX      256

struct writer {
	uint8_t *fdt;
	int rc; /* of the first call that failed */
	struct dtb_modules *modules;
	struct messages *messages;
	const char *who; /* the domain, for messages */
};

/* --- Nodes and properties ------------------------------------------------------------------- */

static void note(struct writer *w, int rc)
{
	if (rc && !w->rc) {
		w->rc = rc;
	}
}

static void put_bytes(struct writer *w, const char *name, const void *value, size_t size)
{
	note(w, fdt_property(w->fdt, name, value, (int)size));
}

static void put_string(struct writer *w, const char *name, const char *value)
{
	put_bytes(w, name, value, strlen(value) + 1);
}

static void put_cell(struct writer *w, const char *name, uint32_t value)
{
	fdt32_t cell = cpu_to_fdt32(value);

	put_bytes(w, name, &cell, sizeof(cell));
}

/* What is not said, or is the host's default, is left to the hypervisor. */
static void put_limit(struct writer *w, const char *name, long long value)
{
	if (value > 0) {
		put_cell(w, name, (uint32_t)value);
	}
}

static void put_memory(struct writer *w, uint64_t kib)
{
	fdt64_t cells = cpu_to_fdt64(ROUND_UP(kib, UINT64_C(4)));

	put_bytes(w, "memory", &cells, sizeof(cells));
}

static void begin(struct writer *w, const char *name, const char *compatible)
{
	note(w, fdt_begin_node(w->fdt, name));
	if (compatible) {
		put_string(w, "compatible", compatible);
	}
}

static void end(struct writer *w)
{
	note(w, fdt_end_node(w->fdt));
}

/* --- Modules -------------------------------------------------------------------------------- */

/* The number of a file among the modules; one that is there already is brought once. */
static uint32_t module_number(struct writer *w, const char *path)
{
	struct dtb_modules *m = w->modules;
	unsigned int i = 0;

	while (i < m->count && strcmp(m->path[i], path) != 0) {
		i++;
	}
	if (i == BOOT_MODULES_MAX - 1) {
		messages_add(w->messages, MESSAGE_ERROR, (struct place){.file = w->who},
			     "%s: a loader brings %d modules at most", path, BOOT_MODULES_MAX);
		return 1;
	}
	if (i == m->count) {
		m->path[m->count++] = path;
	}
	return i + 1;
}

static void put_module(struct writer *w, const char *name, const char *path, const char *arguments)
{
	char compatible[64];
	int kind = snprintf(compatible, sizeof(compatible), "module,%s", name) + 1;
	int rest =
		snprintf(compatible + kind, sizeof(compatible) - (size_t)kind, "multiboot,module") +
		1;

	begin(w, name, NULL);
	put_bytes(w, "compatible", compatible, (size_t)(kind + rest));
	put_cell(w, "mb-index", module_number(w, path));
	if (arguments) {
		put_string(w, "bootargs", arguments);
	}
	end(w);
}

/* --- Domains -------------------------------------------------------------------------------- */

/* "0-3,5"; false with a message where the list says more than such a one can. */
static bool render_cpus(struct writer *w, const struct cpu_list *list, char text[LIST_MAX])
{
	size_t used = 0;

	for (size_t i = 0; i < list->count; i++) {
		const struct cpu_range *r = &list->ranges[i];

		if (r->nodes || r->exclude || used > LIST_MAX - 16 || r->first >= CPU_MAX) {
			return messages_add(
				w->messages, MESSAGE_ERROR, (struct place){.file = w->who},
				"cpus=: a boot domain takes numbers up to 63 and ranges only");
		}
		used += (size_t)snprintf(text + used, LIST_MAX - used, "%s%u-%u", i ? "," : "",
					 r->first, MIN(r->last, CPU_MAX - 1u));
	}
	return true;
}

static const struct cpu_list *list_of(const struct cpu_affinity *affinity, long long vcpu)
{
	size_t place = affinity->per_vcpu ? (size_t)vcpu : 0;

	return place < affinity->count ? &affinity->lists[place] : NULL;
}

static void put_affinity(struct writer *w, const struct domain_config *c)
{
	char text[LIST_MAX], name[NODE_NAME_MAX];

	for (long long i = 0; i < c->vcpus; i++) {
		const struct cpu_list *hard = list_of(&c->cpus, i),
				      *soft = list_of(&c->cpus_soft, i);

		if (!hard && !soft) {
			continue;
		}
		snprintf(name, sizeof(name), "vcpu-%lld", i);
		begin(w, name, "xen,vcpu");
		put_cell(w, "id", (uint32_t)i);
		if (hard && render_cpus(w, hard, text)) {
			put_string(w, "hard-affinity", text);
		}
		if (soft && render_cpus(w, soft, text)) {
			put_string(w, "parvus,soft-affinity", text);
		}
		end(w);
	}
}

static void warn_of(struct writer *w, size_t count, const char *what, const char *later)
{
	if (count) {
		messages_add(w->messages, MESSAGE_WARNING, (struct place){.file = w->who},
			     "%s: left out, %s", what, later);
	}
}

static void warn_of_rest(struct writer *w, const struct domain_config *c)
{
	warn_of(w, c->disk_count, "disk=", "`pvx block-attach` can add it when Dom0 is up");
	warn_of(w, c->vif_count, "vif=", "`pvx network-attach` can add it when Dom0 is up");
	warn_of(w, c->channel_count, "channel=", "boot domains have none");
	warn_of(w, c->vnode_count, "vnuma=", "boot domains have no nodes");
	warn_of(w, c->ioport_count + c->iomem_count + c->irq_count,
		"ioports=, iomem=, irqs=", "boot domains have none");
	warn_of(w, c->maxmem_kib > c->memory_kib, "maxmem=", "`pvx mem-max` can raise it");
	warn_of(w, c->maxvcpus > c->vcpus, "maxvcpus=", "it has vcpus=");
}

/* Letters that a node's name may have; two of one name get their place in the list behind it. */
static void node_name(const struct domain_config *configs, size_t place, char name[NODE_NAME_MAX])
{
	const char *from = configs[place].name;
	size_t used = 0;

	for (; *from && used < NODE_NAME_MAX - 8; from++) {
		bool plain = (*from >= 'a' && *from <= 'z') || (*from >= 'A' && *from <= 'Z') ||
			     (*from >= '0' && *from <= '9') || strchr("._+-", *from);

		name[used++] = plain ? *from : '-';
	}
	snprintf(name + used, NODE_NAME_MAX - used, "@%zu", place + 1);
}

static void put_domain(struct writer *w, const struct domain_config *configs, size_t place)
{
	const struct domain_config *c = &configs[place];
	char name[NODE_NAME_MAX];
	uint8_t uuid[16];

	w->who = c->name;
	if (!c->kernel) {
		messages_add(w->messages, MESSAGE_ERROR, (struct place){.file = w->who},
			     "kernel= is missing: boot loaders are not run");
		return;
	}
	warn_of_rest(w, c);
	node_name(configs, place, name);
	begin(w, name, "xen,domain");
	put_string(w, "parvus,name", c->name);
	put_cell(w, "domid", 0);
	put_cell(w, "mode", MODE_PARAVIRTUALIZED | MODE_LONG);
	put_cell(w, "cpus", (uint32_t)c->vcpus);
	put_memory(w, c->memory_kib);
	if (c->uuid && uuid_parse(c->uuid, uuid)) {
		put_bytes(w, "domain-uuid", uuid, sizeof(uuid));
	}
	put_limit(w, "parvus,weight", c->cpu_weight);
	put_limit(w, "parvus,cap", c->cap);
	put_limit(w, "max_event_channels", c->max_event_channels);
	put_limit(w, "max_grant_version", c->max_grant_version);
	put_limit(w, "max_grant_frames", c->max_grant_frames);
	put_limit(w, "max_maptrack_frames", c->max_maptrack_frames);
	put_module(w, "kernel", c->kernel, c->cmdline ? c->cmdline : "");
	if (c->ramdisk) {
		put_module(w, "ramdisk", c->ramdisk, NULL);
	}
	put_affinity(w, c);
	end(w);
}

static void put_dom0(struct writer *w, const struct dtb_dom0 *dom0)
{
	w->who = "Dom0";
	begin(w, "dom0", "xen,domain");
	put_cell(w, "domid", 0);
	put_cell(w, "functions",
		 FUNCTION_LEGACY_DOM0 | FUNCTION_STORE | FUNCTION_CONSOLE | FUNCTION_CRASH);
	put_cell(w, "mode", MODE_PARAVIRTUALIZED | MODE_LONG);
	put_cell(w, "cpus", dom0->vcpus);
	put_memory(w, dom0->memory_kib);
	put_module(w, "kernel", dom0->kernel, dom0->command_line ? dom0->command_line : "");
	if (dom0->ramdisk) {
		put_module(w, "ramdisk", dom0->ramdisk, NULL);
	}
	end(w);
}

uint8_t *dtb_make(const struct dtb_dom0 *dom0, const struct domain_config *configs, size_t count,
		  struct dtb_modules *modules, size_t *size, struct messages *messages)
{
	struct writer w = {.fdt = malloc(TREE_MAX), .modules = modules, .messages = messages};

	modules->count = 0;
	note(&w, w.fdt ? fdt_create(w.fdt, TREE_MAX) : -FDT_ERR_NOSPACE);
	note(&w, w.rc ? w.rc : fdt_finish_reservemap(w.fdt));
	if (!w.rc) {
		begin(&w, "", NULL);
		begin(&w, "chosen", NULL);
		begin(&w, "hypervisor", "hypervisor,xen");
		if (dom0->kernel) {
			put_dom0(&w, dom0);
		}
		for (size_t i = 0; i < count; i++) {
			put_domain(&w, configs, i);
		}
		end(&w);
		end(&w);
		end(&w);
		note(&w, fdt_finish(w.fdt));
	}
	if (w.rc) {
		messages_add(messages, MESSAGE_ERROR, (struct place){.file = "device tree"},
			     "it cannot be written: libfdt's error %d", -w.rc);
	}
	if (messages->errors) {
		free(w.fdt);
		return NULL;
	}
	*size = fdt_totalsize(w.fdt);
	return w.fdt;
}
