/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which frames of the machine a domain has, found without asking the domain. */
#ifndef LIB_FRAMES_H
#define LIB_FRAMES_H

#include <lib/hypercall.h>

struct domain_frame {
	uint64_t pfn, mfn;
};

struct domain_frames {
	struct domain_frame *frames; /* in the order of pfn */
	size_t count;
};

/* Those that have a number in the domain; -errno with a text. To be freed in either case. */
int frames_find(domid_t domid, struct domain_frames *found);
void frames_free(struct domain_frames *found);

#endif
