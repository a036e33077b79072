/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Page-table roots and translations of this CPU; what other code may ask is in arch/port.h. */
#ifndef ARCH_TLB_H
#define ARCH_TLB_H

#include <lib/base.h>

void tlb_switch_root(uint64_t root); /* loads CR3; no translation of before is left */

#endif
