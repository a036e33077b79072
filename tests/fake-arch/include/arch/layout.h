/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The fake machine's layout: arrays where x86-64 has fixed addresses, and tiny page tables. */
#ifndef ARCH_LAYOUT_H
#define ARCH_LAYOUT_H

#include <stdint.h>

struct frame;
struct frame_links;

extern struct frame *fake_frame_table;
extern struct frame_links *fake_frame_links;
extern uint64_t *fake_m2p;

#define FRAME_TABLE fake_frame_table
#define FRAME_LINKS fake_frame_links
#define M2P	    fake_m2p

/*
 * Page tables of eight entries make trees of four levels fit into a few dozen frames, so random
 * sequences meet in them. A program that wants the real size is compiled with -DFAKE_TABLE_SHIFT=9.
 */
#ifndef FAKE_TABLE_SHIFT
#define FAKE_TABLE_SHIFT 3
#endif
#define TABLE_SHIFT	      FAKE_TABLE_SHIFT
#define HYPERVISOR_FIRST_SLOT (1 << (TABLE_SHIFT - 1))
#define HYPERVISOR_LAST_SLOT  (HYPERVISOR_FIRST_SLOT + (TABLE_SHIFT == 9 ? 15 : 1))
/* How much a holder of the page-table lock may do before it has to stop: the test decides. */
extern int fake_table_budget;
#define TABLE_BUDGET fake_table_budget

#define M2P_GUEST_BASE 0xffff800000000000
#define RAM_MAP_LIMIT  0x50000000000

#endif
