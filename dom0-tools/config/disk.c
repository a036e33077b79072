/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Disk specifications, as xl-disk-configuration(5) has them:
 *
 *   TARGET,FORMAT,VDEV,ACCESS      any of them empty, or by name: "vdev=xvda, target=/dev/vg/a"
 *   PREFIX:TARGET,VDEV[:cdrom],ACCESS      as xend had it; prefixes are "phy:", "tap:aio:" ...
 *
 * with flags and options anywhere. What comes without a name fills the positions that are free.
 */
#include <config/parse.h>

#include <string.h>

enum position { POSITION_TARGET, POSITION_FORMAT, POSITION_VDEV, POSITION_ACCESS, POSITIONS };

static const char *const formats[] = {"raw", "qcow", "qcow2", "vhd", "qed", NULL};
static const char *const accesses[] = {"r", "ro", "w", "rw", "w!", NULL};
const char *const disk_backend_names[] = {"auto", "phy", "qdisk", NULL};
static const char *const keys[] = {"target",	    "format",  "vdev",		 "access",
				   "devtype",	    "backend", "backendtype",	 "script",
				   "specification", "cdrom",   "direct-io-safe", "discard",
				   "no-discard",    "trusted", "untrusted",	 NULL};
static const char *const ignored_prefixes[] = {"tapdisk", "tap2", "tap", "aio",
					       "ioemu",	  "file", "phy", NULL};
static const char *const script_prefixes[] = {"iscsi", "nbd", "enbd", "drbd", NULL};

struct disk_reader {
	struct disk_config *disk;
	struct arena *arena;
	struct messages *messages;
	const char *by_name[POSITIONS];
	const char *unnamed[POSITIONS];
	size_t unnamed_count;
	bool prefixed;
};

#define refused(reader, ...) fault_at((reader)->messages, (reader)->disk->place, __VA_ARGS__)

/* What is told by prefixes that xend wanted; the text behind them. */
static const char *strip_prefixes(struct disk_reader *reader, const char *text)
{
	for (;;) {
		size_t size = strcspn(text, ":,=/");
		const char *word = arena_text(reader->arena, text, size);

		if (text[size] != ':') {
			return text;
		}
		if (word_index(formats, word) >= 0) {
			reader->by_name[POSITION_FORMAT] = word;
		} else if (word_index(script_prefixes, word) >= 0) {
			reader->disk->script = arena_print(reader->arena, "block-%s", word);
		} else if (word_index(ignored_prefixes, word) < 0) {
			return text;
		}
		reader->prefixed = true;
		text += size + 1;
	}
}

static bool set_flag(struct disk_reader *reader, const char *flag)
{
	struct disk_config *disk = reader->disk;

	if (strcmp(flag, "cdrom") == 0) {
		disk->cdrom = true;
	} else if (strcmp(flag, "direct-io-safe") == 0) {
		disk->direct_io_safe = true;
	} else if (strcmp(flag, "discard") == 0 || strcmp(flag, "no-discard") == 0) {
		disk->discard = *flag == 'd';
	} else if (strcmp(flag, "trusted") == 0 || strcmp(flag, "untrusted") == 0) {
		disk->trusted = *flag == 't';
	} else {
		return false;
	}
	return true;
}

static bool set_option(struct disk_reader *reader, const struct spec_part *part)
{
	static const char *const names[POSITIONS] = {"target", "format", "vdev", "access"};
	struct disk_config *disk = reader->disk;
	const char *value = part->value;
	const char *nearest;

	for (int i = 0; i < POSITIONS; i++) {
		if (strcmp(part->key, names[i]) == 0) {
			if (reader->by_name[i]) {
				return refused(reader, "disk: %s is given twice", names[i]);
			}
			reader->by_name[i] = value;
			return true;
		}
	}
	if (*value == '\0') {
		return true;
	}
	if (strcmp(part->key, "devtype") == 0) {
		disk->cdrom = strcmp(value, "cdrom") == 0;
		return disk->cdrom || strcmp(value, "disk") == 0 ||
		       refused(reader, "disk: devtype=%s; accepted: cdrom", value);
	}
	if (strcmp(part->key, "backend") == 0) {
		disk->backend = value;
		return true;
	}
	if (strcmp(part->key, "script") == 0) {
		disk->script = value;
		return true;
	}
	if (strcmp(part->key, "specification") == 0) {
		return strcmp(value, "xen") == 0 ||
		       refused(reader, "disk: specification=%s is not served; accepted: xen",
			       value);
	}
	if (strcmp(part->key, "backendtype") == 0) {
		int type = word_index(disk_backend_names, value);

		disk->backend_type = (enum disk_backend)type;
		return type >= 0 ||
		       refused(reader, "disk: backendtype=%s is not served; accepted: phy, qdisk",
			       value);
	}
	nearest = nearest_name(part->key, keys, sizeof(keys) / sizeof(*keys) - 1, sizeof(*keys));
	return refused(reader, "disk: no such option \"%s\"%s%s%s", part->key,
		       nearest ? "; did you mean \"" : "", nearest ? nearest : "",
		       nearest ? "\"?" : "");
}

/* One part without =: a flag, or the next position. */
static bool set_unnamed(struct disk_reader *reader, const char *text)
{
	if (set_flag(reader, text)) {
		return true;
	}
	if (reader->unnamed_count == POSITIONS) {
		return !*text ||
		       refused(reader,
			       "disk: \"%s\" is one too many; expected TARGET,FORMAT,VDEV,ACCESS",
			       text);
	}
	reader->unnamed[reader->unnamed_count++] = text;
	return true;
}

/* xend's order has no format: TARGET,VDEV[:cdrom],ACCESS. */
static bool is_old_order(const struct disk_reader *reader)
{
	const char *const *unnamed = reader->unnamed;
	size_t count = reader->unnamed_count;

	if (count == 3 && word_index(accesses, unnamed[2]) >= 0) {
		return true;
	}
	return reader->prefixed && count > 1 && count < POSITIONS && *unnamed[1] &&
	       word_index(formats, unnamed[1]) < 0;
}

/* Gives what came without a name to the positions that have none, in order. */
static bool fill_positions(struct disk_reader *reader)
{
	bool old_order = is_old_order(reader);
	size_t next = 0;

	if (old_order) {
		const char *colon = strchr(reader->unnamed[1], ':');

		if (colon) {
			reader->unnamed[1] = arena_text(reader->arena, reader->unnamed[1],
							(size_t)(colon - reader->unnamed[1]));
			reader->disk->cdrom = strcmp(colon, ":cdrom") == 0;
			if (!reader->disk->cdrom && strcmp(colon, ":disk") != 0) {
				return refused(reader, "disk: device type \"%s\"; accepted: cdrom",
					       colon + 1);
			}
		}
	}
	for (int i = 0; i < POSITIONS && next < reader->unnamed_count; i++) {
		/* target= ends the text, so what is unnamed came before it, and began with the
		 * target. */
		bool skipped = i == POSITION_FORMAT && old_order;
		bool named = reader->by_name[i] && *reader->by_name[i];

		if (!skipped && named && i == POSITION_TARGET && !*reader->unnamed[next]) {
			next++;
		} else if (!skipped && !named) {
			reader->by_name[i] = reader->unnamed[next++];
		}
	}
	return next == reader->unnamed_count || !*reader->unnamed[next] ||
	       refused(reader,
		       "disk: \"%s\" has no position left; expected TARGET,FORMAT,VDEV,ACCESS",
		       reader->unnamed[next]);
}

static bool set_format(struct disk_reader *reader, const char *text)
{
	int format = text && *text ? word_index(formats, text) : DISK_RAW;

	reader->disk->format = (enum disk_format)format;
	if (format < 0) {
		return refused(reader, "disk: format \"%s\"; accepted: %s", text,
			       word_list(reader->arena, formats));
	}
	return format == DISK_RAW ||
	       refused(reader,
		       "disk: format %s is not served: Dom0's back end has raw images and block devices; `qemu-img convert -O raw` makes one of it",
		       text);
}

static bool set_access(struct disk_reader *reader, const char *text)
{
	int access = text && *text ? word_index(accesses, text) : -1;

	reader->disk->writable = access >= 0 ? access >= 2 : !reader->disk->cdrom;
	reader->disk->shared = access == 4;
	if (reader->disk->cdrom && reader->disk->writable) {
		return refused(reader, "disk: a cdrom cannot be written to; access is r");
	}
	return !text || !*text || access >= 0 ||
	       refused(reader, "disk: access \"%s\"; accepted: %s", text,
		       word_list(reader->arena, accesses));
}

static bool finish(struct disk_reader *reader)
{
	const char *const *said = reader->by_name;
	struct disk_config *disk = reader->disk;

	if (!said[POSITION_TARGET] || !*said[POSITION_TARGET]) {
		return refused(reader,
			       disk->cdrom ? "disk: a cdrom drive without a disc is for HVM guests"
					   : "disk: no target; say which file or device it is");
	}
	disk->target = said[POSITION_TARGET];
	if (*disk->target != '/' && !disk->script) {
		disk->target = arena_print(reader->arena, "/dev/%s", disk->target);
	}
	disk->vdev = said[POSITION_VDEV];
	if (!disk->vdev || !*disk->vdev) {
		return refused(reader, "disk: no virtual device for %s; say vdev=xvda, for example",
			       disk->target);
	}
	return (vdev_parse(disk->vdev, &disk->number) ||
		refused(reader,
			"disk: no such virtual device \"%s\"; accepted: xvda, xvdb2, d1p2, sda1, hdc, or a number",
			disk->vdev)) &&
	       set_format(reader, said[POSITION_FORMAT]) &&
	       set_access(reader, said[POSITION_ACCESS]);
}

bool disk_parse(struct arena *arena, const char *text, struct place place, struct disk_config *disk,
		struct messages *messages)
{
	struct disk_reader reader = {.disk = disk, .arena = arena, .messages = messages};
	struct spec_part part;

	*disk = (struct disk_config){.place = place, .discard = true, .trusted = true};
	text = strip_prefixes(&reader, text);
	while (spec_next(arena, &text, "target", &part)) {
		if (part.value ? !set_option(&reader, &part) : !set_unnamed(&reader, part.key)) {
			return false;
		}
	}
	return fill_positions(&reader) && finish(&reader);
}
