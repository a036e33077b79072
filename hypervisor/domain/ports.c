/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A domain's event channels as a whole: all closed, and what they held given back. */
#include <arch/pirq.h>
#include <domain/ports.h>
#include <memory/page_type.h>

/* At most 256 pages: one piece of work. */
static void give_pages_back(struct fifo_domain *f)
{
	void *page;

	while (f && (page = event_fifo_take_page(f))) {
		page_type_put(frame_of_ptr(page));
	}
}

int ports_close_all(struct domain *d)
{
	struct fifo_domain *f;
	uint32_t pirq;
	bool more;

	do {
		more = event_close_next(&d->events, &pirq);
		if (pirq != EVENT_NO_PIRQ) {
			pirq_unbind(pirq);
		}
		if (more && work_pending()) {
			return -ERESTART;
		}
	} while (more);
	if (event_fifo_detach(&d->events, &f)) {
		return -ERESTART; /* somebody opened a port meanwhile */
	}
	give_pages_back(f);
	return 0;
}
