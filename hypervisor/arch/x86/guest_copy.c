/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Access to guest memory by the guest's own addresses: the machine's side of the one door. */
#include <arch/guest_copy.h>
#include <arch/port.h>

struct fixup {
	int32_t at, to; /* relative to the field itself */
};

extern const struct fixup fixup_table[], fixup_table_end[];

uint64_t fixup_find(uint64_t rip)
{
	for (const struct fixup *f = fixup_table; f < fixup_table_end; f++) {
		if ((uint64_t)&f->at + (uint64_t)(int64_t)f->at == rip) {
			return (uint64_t)&f->to + (uint64_t)(int64_t)f->to;
		}
	}
	return 0;
}

/* Words, then the rest by bytes; a fault in either leaves the result as it was: -EFAULT. */
static int copy(void *to, const void *from, uint64_t bytes)
{
	uint64_t count = bytes / 8, rest = bytes % 8;
	int rc = -EFAULT;

	__asm__ volatile("661: stac\n" SMAP_SITE "1: rep movsq\n"
			 "movq %4, %3\n"
			 "2: rep movsb\n"
			 "xorl %k0, %k0\n"
			 "3:\n"
			 "661: clac\n" SMAP_SITE FIXUP(1b, 3b) FIXUP(2b, 3b)
			 : "+a"(rc), "+D"(to), "+S"(from), "+c"(count)
			 : "r"(rest)
			 : "memory");
	return rc;
}

int(guest_read)(void *to, guest_va_t from, size_t bytes)
{
	return guest_range_take(&from.a, bytes) ? copy(to, (const void *)from.a, bytes) : -EFAULT;
}

int(guest_write)(guest_va_t to, const void *from, size_t bytes)
{
	return guest_range_ok(to.a, bytes) ? copy((void *)to.a, from, bytes) : -EFAULT;
}
