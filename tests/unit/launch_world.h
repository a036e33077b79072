/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A machine on the host on which boot domains are really built: memory, events and grants are the
 * cores', the builder is the hypervisor's; what is here stands for the rooms above them.
 */
#ifndef TESTS_LAUNCH_WORLD_H
#define TESTS_LAUNCH_WORLD_H

#include <arch/guest_page.h>
#include <arch/smp.h>
#include <arch/switch.h>
#include <boot/dom0_screen.h>
#include <boot/domain_build.h>
#include <boot/launch_domains.h>
#include <domain/affinity.h>
#include <domain/console_line.h>
#include <domain/grants.h>
#include <domain/launch.h>
#include <domain/notify.h>
#include <fake.h>
#include <lib/error.h>
#include <lib/heap.h>
#include <memory/audit.h>
#include <memory/frame_alloc.h>
#include <memory/frame_ref.h>

#define WORLD_FRAMES   UINT64_C(0x10000) /* 256 MiB, of which the part above 64 MiB is free */
#define WORLD_FREE     UINT64_C(0x4000)
#define KERNEL_FRAME   UINT64_C(0x2000)
#define KERNEL_BYTES   0x5000
#define KERNEL_ADDRESS 0x100000

_Atomic cpu_mask_t smp_online = 1;
domid_t domain_console;
struct grant_limits grants_machine_limits = {64, 1024, 2, true};

static struct domain *world_domains[BOOT_DOMAINS_MAX];
static unsigned int world_count;

/* --- What the builder calls of upper rooms -------------------------------------------------- */

int domain_create(const struct domain_config *config, struct domain **created)
{
	struct domain *d = heap_alloc(sizeof(*d));
	mfn_t shared = d ? frame_alloc(0, 0) : MFN_NONE;

	if (mfn_is_none(shared)) {
		heap_free(d, sizeof(*d));
		return -ENOMEM;
	}
	d->id = config->id;
	d->hardware = config->hardware;
	d->shared_info = frame_ptr(shared);
	domain_memory_init(&d->memory, d->id);
	event_domain_init(&d->events, d->id, d->shared_info, config->highest_port);
	credit_domain_init(&d->credit);
	grant_domain_init(&d->grants, d->id, &grants_machine_limits);
	frame_share(shared, d->id, true);
	world_domains[world_count++] = *created = d;
	return 0;
}

struct vcpu *vcpu_create(struct domain *d, unsigned id)
{
	struct vcpu *v = heap_alloc(sizeof(*v));

	if (v) {
		v->domain = d;
		v->id = id;
		vcpu_memory_init(&v->memory);
		event_vcpu_init(&d->events, &v->events, id, &v->own_info);
		d->vcpu[id] = v;
		d->vcpu_count = id + 1;
	}
	return v;
}

int domain_destroy(struct domain *d)
{
	uint32_t pirq;

	event_domain_dying(&d->events);
	while (event_close_next(&d->events, &pirq)) {
	}
	for (unsigned i = 0; i < d->vcpu_count; i++) {
		while (vcpu_memory_drop(&d->memory, &d->vcpu[i]->memory)) {
		}
	}
	while (domain_memory_drop(&d->memory)) {
	}
	for (unsigned i = 0; i < d->vcpu_count; i++) {
		heap_free(d->vcpu[i], sizeof(*d->vcpu[i]));
	}
	grant_domain_free(&d->grants);
	event_domain_free(&d->events);
	domain_memory_free(&d->memory);
	frame_unshare(frame_of_ptr(d->shared_info));
	for (unsigned i = 0; i < world_count; i++) {
		if (world_domains[i] == d) {
			world_domains[i] = world_domains[--world_count];
			break;
		}
	}
	heap_free(d, sizeof(*d));
	return 0;
}

void guest_page_fill_hypercalls(void *page)
{
	memset(page, 0xcc, PAGE_SIZE);
}

void dom0_screen_describe(struct start_info *si, const struct boot_info *info)
{
	(void)si;
	(void)info;
}

void vcpu_set_entry(struct vcpu *v, uint64_t rip, uint64_t rsp, uint64_t rsi)
{
	(void)v;
	if (!rip || !rsp || !rsi) {
		abort();
	}
}

void vcpu_clear_flag(struct vcpu *v, enum vcpu_flag flag)
{
	(void)v;
	(void)flag;
}

int affinity_set(struct vcpu *v, const cpu_mask_t *hard, const cpu_mask_t *soft, bool force)
{
	(void)v;
	if (!hard || !*hard || !soft || !*soft || force) {
		abort();
	}
	return *hard & smp_online ? 0 : -EINVAL;
}

void notify_act(struct event_kick *kick)
{
	event_kick_done(kick);
}

int notify_set_handler(struct domain *d, uint32_t virq)
{
	(void)d;
	return event_virq_is_global(virq) ? 0 : -EINVAL;
}

int console_line_open(struct domain *d)
{
	(void)d;
	return 0;
}

void launch_begin(bool something_went_wrong)
{
	(void)something_went_wrong;
}

/* --- The machine ---------------------------------------------------------------------------- */

static void put(uint8_t *at, size_t offset, uint64_t value, size_t bytes)
{
	memcpy(at + offset, &value, bytes);
}

/* The least PV kernel: one segment of a page, and the notes that say so, as their old string. */
static void make_kernel(uint8_t *elf)
{
	static const char notes[] =
		"GUEST_OS=x,XEN_VER=xen-3.0,LOADER=generic,VIRT_BASE=0x0,VIRT_ENTRY=0x100000";
	static const char names[] = "\0__xen_guest\0.shstrtab";
	size_t sections = 0x3000, segments = 64;

	memset(elf, 0, KERNEL_BYTES);
	memcpy(elf, "\177ELF\2\1\1", 7);
	put(elf, 16, 2, 2);  /* ET_EXEC */
	put(elf, 18, 62, 2); /* EM_X86_64 */
	put(elf, 20, 1, 4);
	put(elf, 24, KERNEL_ADDRESS, 8);
	put(elf, 32, segments, 8);
	put(elf, 40, sections, 8);
	put(elf, 52, 64, 2);
	put(elf, 54, 56, 2);
	put(elf, 56, 1, 2);
	put(elf, 58, 64, 2);
	put(elf, 60, 3, 2);
	put(elf, 62, 2, 2);
	put(elf, segments, 1, 4); /* PT_LOAD, readable and executable */
	put(elf, segments + 4, 5, 4);
	put(elf, segments + 8, 0x1000, 8);
	put(elf, segments + 16, KERNEL_ADDRESS, 8);
	put(elf, segments + 24, KERNEL_ADDRESS, 8);
	put(elf, segments + 32, 0x1000, 8);
	put(elf, segments + 40, 0x3000, 8);
	put(elf, segments + 48, 0x1000, 8);
	memcpy(elf + 0x2000, notes, sizeof(notes));
	memcpy(elf + 0x2800, names, sizeof(names));
	put(elf, sections + 64, 1, 4);
	put(elf, sections + 64 + 4, 1, 4);
	put(elf, sections + 64 + 24, 0x2000, 8);
	put(elf, sections + 64 + 32, sizeof(notes), 8);
	put(elf, sections + 128, 13, 4);
	put(elf, sections + 128 + 4, 3, 4);
	put(elf, sections + 128 + 24, 0x2800, 8);
	put(elf, sections + 128 + 32, sizeof(names), 8);
}

static void launch_world_start(void)
{
	fake_reset();
	fake_silent = true;
	frame_init(WORLD_FRAMES);
	frame_mark_used(0, WORLD_FREE - 1);
	frame_add_ram(WORLD_FREE, WORLD_FRAMES - 1);
	make_kernel(frame_ptr(MFN(KERNEL_FRAME)));
}

/* A frame of the hypervisor's that a domain may map. */
static void count_shared(struct audit_count *counts, mfn_t mfn)
{
	counts[mfn.n].refs++;
	audit_type(counts, mfn);
}

static unsigned int launch_world_audit(void)
{
	static struct audit_count counts[WORLD_FRAMES];

	memset(counts, 0, sizeof(counts));
	for (unsigned int i = 0; i < world_count; i++) {
		struct domain *d = world_domains[i];

		audit_domain(counts, &d->memory);
		count_shared(counts, frame_of_ptr(d->shared_info));
		for (unsigned int g = 0; g < d->grants.frame_count; g++) {
			count_shared(counts, frame_of_ptr(d->grants.shared[g]));
		}
		for (unsigned int v = 0; v < d->vcpu_count; v++) {
			audit_vcpu(counts, &d->vcpu[v]->memory);
		}
	}
	return audit_compare(counts);
}

static void launch_world_clear(void)
{
	while (world_count) {
		domain_destroy(world_domains[0]);
	}
}

#endif
