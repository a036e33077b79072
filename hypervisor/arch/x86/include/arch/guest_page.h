/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pages of code and tables that guests get from the hypervisor. */
#ifndef ARCH_GUEST_PAGE_H
#define ARCH_GUEST_PAGE_H

/* The hypercall page: 32 bytes for each hypercall number. */
void guest_page_fill_hypercalls(void *page);

#endif
