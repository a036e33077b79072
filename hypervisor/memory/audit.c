/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counts all references anew, from the tables that hold them, and compares. */
#include <debug/log.h>
#include <memory/audit.h>
#include <memory/frame_alloc.h>
#include <memory/page_entry.h>

#define FAULTS_SHOWN 16

void audit_type(struct audit_count *counts, mfn_t mfn)
{
	/* All references of a type hold one on the frame together. */
	if (counts[mfn.n].types++ == 0) {
		counts[mfn.n].refs++;
	}
}

void audit_vcpu(struct audit_count *counts, const struct vcpu_memory *vm)
{
	if (!mfn_is_none(vm->kernel_root)) {
		audit_type(counts, vm->kernel_root);
	}
	if (!mfn_is_none(vm->user_root)) {
		audit_type(counts, vm->user_root);
	}
}

static void audit_list(struct audit_count *counts, const struct frame_list *list, uint64_t *length)
{
	uint32_t n = list->first;

	while (n) {
		counts[n].refs++;
		++*length;
		n = FRAME_LINKS[n].next;
		if (n == list->first) {
			break;
		}
	}
}

static void audit_entry(struct audit_count *counts, unsigned level, uint64_t entry)
{
	mfn_t mfn = entry_mfn(entry);

	if (!(entry & ENTRY_PRESENT) || !frame_is_ram(mfn)) {
		return;
	}
	if (level > 1 || entry & ENTRY_WRITE) {
		audit_type(counts, mfn);
	} else {
		counts[mfn.n].refs++;
	}
}

static void audit_table(struct audit_count *counts, mfn_t mfn, unsigned level, unsigned end)
{
	const uint64_t *entries = frame_ptr(mfn);

	for (unsigned i = 0; i < end; i++) {
		if (!table_slot_is_ours(level, i)) {
			audit_entry(counts, level, entries[i]);
		}
	}
}

/* The tables of a tree that is half done are held by the walk, and valid up to where it stands. */
void audit_domain(struct audit_count *counts, const struct domain_memory *dm)
{
	const struct table_walk *walk = &dm->walk;
	uint64_t length = 0;

	audit_list(counts, &dm->frames, &length);
	audit_list(counts, &dm->released, &length);
	if (length != dm->frame_count) {
		log_error("domain %u has %llu frames and counts %llu\n", dm->id,
			  (unsigned long long)length, (unsigned long long)dm->frame_count);
	}
	for (unsigned i = 0; i < PARKED_MAX; i++) {
		if (!mfn_is_none(dm->parked[i].table) && dm->parked[i].rc == 0) {
			audit_type(counts, dm->parked[i].table);
		}
	}
	if (walk->mode == WALK_IDLE) {
		return;
	}
	for (unsigned level = walk->level; level <= walk->root; level++) {
		audit_type(counts, walk->at[level].table);
		audit_table(counts, walk->at[level].table, level, walk->at[level].next);
	}
}

/* What the entries of a valid table must look like, beside the counts. */
static const char *entry_fault(mfn_t table, unsigned level, unsigned index, uint64_t entry)
{
	mfn_t mfn = entry_mfn(entry);

	if (table_slot_is_ours(level, index) || !(entry & ENTRY_PRESENT)) {
		return NULL;
	}
	if (!(entry & ENTRY_USER)) {
		return "is not a user page";
	}
	if (level > 1 && entry & ENTRY_UPPER_REFUSED) {
		return "has bits that are refused";
	}
	if (!frame_is_ram(mfn)) {
		return level == 1 ? NULL : "leads out of RAM";
	}
	if (frame_count(mfn) == 0) {
		return "maps a free frame";
	}
	if (frame_owner(mfn) == FRAME_OWNER_SELF) {
		return "maps a frame of the hypervisor";
	}
	if (level > 1 && (frame_type(mfn) != (enum page_type)(level - 1) ||
			  !(frame_type_word(mfn) & TYPE_VALIDATED))) {
		return "leads to no valid table";
	}
	if (level > 1 && frame_owner(mfn) != frame_owner(table)) {
		return "leads to another domain's table";
	}
	if (level == 1 && entry & ENTRY_WRITE && frame_type(mfn) != PAGE_WRITABLE) {
		return "is writable, its frame is not";
	}
	return NULL;
}

static unsigned audit_valid_table(struct audit_count *counts, mfn_t mfn, unsigned level)
{
	const uint64_t *entries = frame_ptr(mfn);
	unsigned faults = 0;

	audit_table(counts, mfn, level, TABLE_ENTRIES);
	for (unsigned i = 0; i < TABLE_ENTRIES; i++) {
		const char *fault = entry_fault(mfn, level, i, entries[i]);

		if (fault) {
			log_error("L%u table %#llx: entry %u (%#llx) %s\n", level,
				  (unsigned long long)mfn.n, i, (unsigned long long)entries[i],
				  fault);
			faults++;
		}
	}
	return faults;
}

unsigned audit_compare(struct audit_count *counts)
{
	unsigned faults = 0;

	for (uint64_t n = 0; n < frame_end; n++) {
		uint64_t type = frame_type_word(MFN(n));
		unsigned kind = (unsigned)(type >> TYPE_SHIFT);

		if (type & TYPE_HELD && type & TYPE_VALIDATED && kind >= PAGE_L1 &&
		    kind <= PAGE_L4) {
			faults += audit_valid_table(counts, MFN(n), kind);
		}
		if (type & TYPE_PINNED) {
			audit_type(counts, MFN(n));
		}
	}
	for (uint64_t n = 0; n < frame_end; n++) {
		uint32_t refs = frame_count(MFN(n)), types = frame_type_count(MFN(n));

		if (frame_owner(MFN(n)) == FRAME_OWNER_SELF ||
		    (refs == counts[n].refs && types == counts[n].types)) {
			continue;
		}
		if (faults++ < FAULTS_SHOWN) {
			log_error(
				"frame %#llx of %u, type %u: %u references, %u found; %u of its type, %u found\n",
				(unsigned long long)n, frame_owner(MFN(n)), frame_type(MFN(n)),
				refs, counts[n].refs, types, counts[n].types);
		}
	}
	return faults;
}
