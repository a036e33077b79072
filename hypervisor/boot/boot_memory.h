/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The free memory before there is a frame allocator: what the loader left, handed out from the top.
 */
#ifndef BOOT_BOOT_MEMORY_H
#define BOOT_BOOT_MEMORY_H

#include <boot/boot_info.h>
#include <lib/base.h>

/* Takes the RAM of the map less the first MiB, the image and the modules. */
void boot_memory_init(const struct boot_info *info);

/* Allocates below 4 GiB until boot_memory_use_all(). Panics when nothing is left. */
paddr_t boot_memory_alloc(uint64_t bytes, uint64_t align);
void boot_memory_use_all(void);

paddr_t boot_memory_end(void); /* the end of the highest RAM */

/* Gives what is left to the frame allocator, and later what the modules held. */
void boot_memory_hand_over(const struct boot_info *info);
void boot_memory_free_modules(const struct boot_info *info);

#endif
