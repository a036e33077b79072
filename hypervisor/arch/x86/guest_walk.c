/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A guest's page tables as the processor would walk them, read through the map of all RAM. */
#include <arch/guest_walk.h>
#include <arch/port.h>
#include <arch/regs.h>
#include <memory/frame.h>

bool guest_walk(struct guest_walk *walk, mfn_t root, uint64_t va)
{
	mfn_t table = root;

	for (walk->level = 4;; walk->level--) {
		unsigned level = walk->level;
		uint64_t entry;

		walk->table[level] = table;
		walk->entry[level] = 0;
		if (!frame_is_ram(table)) {
			return false;
		}
		entry = *(volatile uint64_t *)((char *)frame_ptr(table) +
					       (va >> (12 + 9 * (level - 1)) & 511) * 8);
		walk->entry[level] = entry;
		if (!(entry & PTE_PRESENT) || (level > 1 && entry & PTE_LARGE)) {
			return false;
		}
		if (level == 1) {
			return true;
		}
		table = paddr_to_mfn(entry & PTE_ADDRESS);
	}
}
