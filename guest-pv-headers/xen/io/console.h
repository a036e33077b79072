/* SPDX-License-Identifier: MIT */
/* The page a guest's console shares with its daemon: two byte rings. */
#ifndef PVX_XEN_IO_CONSOLE_H
#define PVX_XEN_IO_CONSOLE_H

#include <stdint.h>

typedef uint32_t XENCONS_RING_IDX;

#define MASK_XENCONS_IDX(idx, ring) ((idx) & (sizeof(ring) - 1))

/* The guest reads in[] and writes out[]. Indices run freely; masking gives the place. */
struct xencons_interface {
	char in[1024];
	char out[2048];
	XENCONS_RING_IDX in_cons, in_prod;
	XENCONS_RING_IDX out_cons, out_prod;
};

#endif
