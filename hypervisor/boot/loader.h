/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The number by which start() is told who loaded us; for assembly too. */
#ifndef BOOT_LOADER_H
#define BOOT_LOADER_H

#define MULTIBOOT1_LOADER_MAGIC 0x2badb002 /* the loader leaves it in EAX */
#define MULTIBOOT2_LOADER_MAGIC 0x36d76289 /* so does this one */
#define PVH_LOADER_MAGIC	0x336ec578 /* begins the information; head.S puts it into EAX */

#endif
