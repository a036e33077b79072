/* SPDX-License-Identifier: GPL-2.0-or-later */
/* console_io: text of Dom0 or of boot domains to the machine's console, and what is typed there. */
#include <arch/port.h>
#include <debug/keys.h>
#include <debug/log.h>
#include <domain/console_line.h>
#include <hypercall/hypercall.h>
#include <lib/error.h>

#define PART 128

static long console_write_from(uint64_t text, uint64_t count)
{
	struct domain *d = current_domain();
	char part[PART];

	while (count) {
		size_t bytes = MIN(count, PART);

		if (guest_read(part, GUEST_VA(text), bytes)) {
			return refuse(-EFAULT);
		}
		if (d->console_line) {
			console_line_add(d, part, bytes);
		} else {
			log_write(part, bytes);
		}
		text += bytes;
		count -= bytes;
		if (count && work_pending()) {
			return hypercall_again(CONSOLEIO_write, count, text, 0);
		}
	}
	return 0;
}

/* How many characters came; they are taken before they are copied, as from any terminal. */
static long console_read_to(uint64_t text, uint64_t count)
{
	char part[PART];
	size_t bytes = keys_read_input(part, MIN(count, PART));

	if (guest_write(GUEST_VA(text), part, bytes)) {
		return refuse(-EFAULT);
	}
	return (long)bytes;
}

long hypercall_console_io(uint64_t op, uint64_t count, uint64_t text, uint64_t a4, uint64_t a5)
{
	const struct domain *d = current_domain();

	if (!d->privileged && !d->console_line && d->id != domain_console) {
		return refuse(-EPERM);
	}
	if (count > INT32_MAX) {
		return refuse(-E2BIG);
	}
	switch (op) {
	case CONSOLEIO_write:
		return console_write_from(text, count);
	case CONSOLEIO_read:
		return d->id == domain_console ? console_read_to(text, count) : refuse(-EPERM);
	default:
		return refuse(-ENOSYS);
	}
}
