/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pages that another domain has granted to us. */
#ifndef LIB_GRANT_H
#define LIB_GRANT_H

#include <stdint.h>
#include <xen/xen.h>

/* Maps one page; NULL with a text. foreign_unmap() gives it back. */
void *grant_map(domid_t domid, uint32_t ref);

#endif
