/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Copying the loader's strings into boot_info, before their memory becomes somebody else's. */
#include <boot/boot_text.h>
#include <boot/text.h>
#include <lib/string.h>

void boot_info_init(struct boot_info *info)
{
	memset(info, 0, sizeof(*info));
	info->text_used = 1; /* text[0] is the empty string */
	info->loader_name = info->text;
	info->command_line = info->text;
}

/* Page by page, for the string's end is not known, and beyond it may be no memory. */
const char *boot_text_copy(struct boot_info *info, const struct physical *memory, paddr_t address,
			   size_t limit, const char *what, const struct report *report)
{
	char *copy = info->text + info->text_used;
	size_t used = 0, part = 0, piece = 0;

	limit = MIN(limit, BOOT_TEXT_MAX - 1 - info->text_used);
	while (part == piece) {
		const uint8_t *bytes;

		piece = MIN(limit - used, PAGE_SIZE - ((address + used) & ~PAGE_MASK));
		bytes = physical_view(memory, address + used, piece);
		if (piece == 0 || !bytes) {
			report_line(report, "%s is cut off: %s", what,
				    piece ? "the rest is not in memory" : "it is too long");
			break;
		}
		part = text_of((const char *)bytes, piece).size;
		memcpy(copy + used, bytes, part);
		used += part;
	}
	if (used == 0) {
		return info->text;
	}
	copy[used] = '\0';
	info->text_used += used + 1;
	return copy;
}

const char *boot_text_trim(const char *line, bool has_name)
{
	struct text rest = text_of(line, BOOT_TEXT_MAX), first = text_cut(&rest, ' ');

	if (!has_name && !text_is(first, "placeholder")) {
		return line;
	}
	while (rest.size && rest.start[0] == ' ') {
		text_skip(&rest, " ");
	}
	return rest.start;
}
