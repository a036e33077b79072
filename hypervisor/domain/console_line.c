/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text of domains that share the console: it comes out by whole lines, each with its domain. */
#include <debug/log.h>
#include <domain/console_line.h>
#include <lib/error.h>
#include <lib/format.h>
#include <lib/heap.h>

#define LINE_MAX 120

struct console_line {
	struct lock lock;
	unsigned used; /* guarded by `lock`, as the text is */
	char text[LINE_MAX];
};

int console_line_open(struct domain *d)
{
	struct console_line *line = heap_alloc(sizeof(*line));

	if (!line) {
		return -ENOMEM;
	}
	lock_init(&line->lock, LOCK_TEXT_LINE);
	d->console_line = line;
	return 0;
}

/* As a message, but not one of those that may be suppressed. */
static void put_line(const struct domain *d, struct console_line *line)
{
	char text[LINE_MAX + 16];
	size_t length =
		format_text(text, sizeof(text), "(d%u) %.*s\n", d->id, (int)line->used, line->text);

	ASSERT_LOCKED(&line->lock);
	log_write(text, length);
	line->used = 0;
}

void console_line_add(struct domain *d, const char *text, size_t bytes)
{
	struct console_line *line = d->console_line;

	lock_acquire(&line->lock);
	for (size_t i = 0; i < bytes; i++) {
		if (text[i] == '\n' || line->used == LINE_MAX) {
			put_line(d, line);
		}
		if (text[i] != '\n' && text[i] != '\r' && text[i] != '\0') {
			line->text[line->used++] = text[i];
		}
	}
	lock_release(&line->lock);
}

void console_line_end(struct domain *d)
{
	struct console_line *line = d->console_line;

	if (!line) {
		return;
	}
	lock_acquire(&line->lock);
	if (line->used) {
		put_line(d, line);
	}
	lock_release(&line->lock);
}

void console_line_close(struct domain *d)
{
	heap_free(d->console_line, sizeof(*d->console_line));
	d->console_line = NULL;
}
