/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as the device tree of boot domains, which are then built, all on a fake machine. */
#include "boot_fake.h"
#include "launch_world.h"

#include <boot/boot_domains.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition) ((condition) ? (void)0 : abort())

#define RESERVED_START 0x200000
#define RESERVED_END   0x300000

static struct boot_domains domains;
static struct boot_info info;

static void check_string(const uint8_t *data, size_t size, const char *string)
{
	const uint8_t *start = (const uint8_t *)string;

	if (string && *string) {
		CHECK(start >= data && start < data + size);
		CHECK(memchr(start, 0, size - (size_t)(start - data)));
	}
}

static void check_module(const struct boot_domain_module *module)
{
	const struct boot_module *m = &info.modules[module->index];

	if (module->by == BY_NOTHING) {
		return;
	}
	CHECK(module->index > 0 && module->index < info.module_count && m->size);
	CHECK(m->start >= 0x100000 && m->start + m->size <= 0x10000000);
	CHECK(m->start >= RESERVED_END || m->start + m->size <= RESERVED_START);
}

static void check_domain(const struct boot_domain *d)
{
	CHECK(d->vcpus >= 1 && d->vcpus <= 128 && d->pin_count <= d->vcpus);
	CHECK(d->memory_kib && d->memory_kib % 4 == 0 && d->memory_kib <= 0x10000000 >> 10);
	CHECK(d->mode == (MODE_PARAVIRTUALIZED | MODE_LONG));
	CHECK(d->id < BOOT_DOMAIN_FIRST_RESERVED || d->functions & FUNCTION_BOOT);
	CHECK(d->id || d->functions & FUNCTION_LEGACY_DOM0);
	CHECK(d->kernel.by != BY_NOTHING);
	check_module(&d->kernel);
	check_module(&d->ramdisk);
	for (const struct boot_domain *e = domains.domain; e < d; e++) {
		CHECK(!e->usable || e->id != d->id);
		CHECK(!e->usable || !(e->permissions & d->permissions & PERMISSION_HARDWARE));
	}
}

static void check_links(void)
{
	for (unsigned int i = 0; i < domains.link_count; i++) {
		const struct boot_domain_link *link = &domains.link[i];

		CHECK(link->domain < domains.count);
		if (link->usable) {
			CHECK(link->peer < domains.link_count && link->peer != i);
			CHECK(domains.link[link->peer].usable &&
			      domains.link[link->peer].peer == i);
			CHECK(link->port >= 3 && link->port <= 1023);
		}
	}
}

/* No two modules share a byte, or pages would become free memory twice. */
static void check_modules(void)
{
	for (unsigned int i = 0; i < info.module_count; i++) {
		for (unsigned int j = 0; j < i; j++) {
			CHECK(!info.modules[i].size || !info.modules[j].size ||
			      info.modules[i].start + info.modules[i].size <=
				      info.modules[j].start ||
			      info.modules[j].start + info.modules[j].size <=
				      info.modules[i].start);
		}
	}
}

static void check_ring(struct domain *d, uint32_t ref, uint32_t port, uint64_t mfn, uint32_t said)
{
	const struct grant_entry_v1 *table;
	struct evtchn_status status;

	if (!mfn) {
		CHECK(!said);
		return;
	}
	table = frame_ptr(grant_frame(&d->grants, GRANT_SHARED_FRAMES, 0));
	CHECK(table[ref].frame == mfn && table[ref].flags == GTF_permit_access && said == port);
	CHECK(event_status(&d->events, port, &status) == 0);
	CHECK(status.status == EVTCHNSTAT_unbound && status.u.unbound.dom == table[ref].domid);
	CHECK(table[ref].domid != d->id);
}

/* What the guest finds: start_info is the page at RSI, which is looked for by its magic. */
static void check_built(struct domain *d)
{
	for (uint64_t mfn = WORLD_FREE; mfn < WORLD_FRAMES; mfn++) {
		const struct start_info *si = (void *)(fake_ram + (mfn << PAGE_SHIFT));

		if (frame_owner(MFN(mfn)) == d->id &&
		    memcmp(si->magic, "xen-3.0-x86_64", 15) == 0) {
			CHECK(si->nr_pages == d->memory.frame_count);
			CHECK(!(si->flags & SIF_INITDOMAIN) == !d->hardware);
			check_ring(d, GNTTAB_RESERVED_XENSTORE, 1, si->store_mfn, si->store_evtchn);
			if (!(si->flags & SIF_INITDOMAIN)) {
				check_ring(d, GNTTAB_RESERVED_CONSOLE, 2, si->console.domU.mfn,
					   si->console.domU.evtchn);
			}
			return;
		}
	}
	abort();
}

/* Built for real; every count of every frame is right, and no memory is lost when they end. */
static void build(const struct report *report)
{
	static bool started;
	uint64_t free_before;

	if (!started) {
		launch_world_start();
		started = true;
	}
	domain_console = DOMID_INVALID;
	free_before = frame_pool_figures().free;
	launch_domains_build(&domains, &info, report);
	for (unsigned int i = 0; i < world_count; i++) {
		check_built(world_domains[i]);
	}
	CHECK(launch_world_audit() == 0);
	launch_world_clear();
	CHECK(frame_pool_figures().free + 64 >= free_before); /* the heap keeps a few slabs */
}

static void set_up_machine(void)
{
	memset(&info, 0, sizeof(info));
	info.memory[0] = (struct memory_range){0, 0x10000000, MEMORY_RAM};
	info.memory[1] = (struct memory_range){0x10000000, 0x20000000, MEMORY_RESERVED};
	info.memory_count = 2;
	info.modules[0] = (struct boot_module){0x1000000, 0x1000, ""};
	info.modules[1] = (struct boot_module){0x2000000, 0x5000, ""};
	info.modules[2] = (struct boot_module){0x3000000, 0, ""};
	info.module_count = 3;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fake_log log_;
	static const struct report report = {fake_log_line, &log_};
	uint8_t *copy = malloc(size + 1);

	memcpy(copy, data, size);
	log_.text[0] = '\0';
	set_up_machine();
	if (boot_domains_parse(&domains, copy, size, &report)) {
		boot_domains_place(&domains, &info, RESERVED_START, RESERVED_END, &report);
		CHECK(domains.count <= BOOT_DOMAINS_MAX);
		for (unsigned int i = 0; i < domains.count; i++) {
			if (domains.domain[i].usable) {
				check_domain(&domains.domain[i]);
			}
			check_string(copy, size, domains.domain[i].command_line);
			check_string(copy, size, domains.domain[i].name);
		}
		check_links();
		check_modules();
		build(&report);
	} else {
		CHECK(log_.text[0]); /* never without a reason */
	}
	free(copy);
	return 0;
}
