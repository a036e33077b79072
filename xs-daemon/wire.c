/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bytes of the protocol: see wire.h. */
#include "wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *wire_error_name(int error)
{
	for (size_t i = 0; i < sizeof(xsd_errors) / sizeof(*xsd_errors); i++) {
		if (xsd_errors[i].errnum == error) {
			return xsd_errors[i].errstring;
		}
	}
	return "EINVAL";
}

static bool path_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '/' || c == '_' || c == '@';
}

/* What follows "/local/domain/N/" in a path, or the path itself. */
static const char *local_part(const char *path)
{
	static const char home[] = "/local/domain/";
	const char *at = path;

	for (const char *c = home; *c; c++, at++) {
		if (*at != *c) {
			return path;
		}
	}
	while (*at >= '0' && *at <= '9') {
		at++;
	}
	return at[0] == '/' && at[-1] != '/' ? at + 1 : path;
}

int wire_path(char out[WIRE_PATH_MAX], const char *text, uint32_t domid, uint32_t local_max)
{
	int length;

	if (text[0] == '\0') {
		return -EINVAL;
	}
	if (text[0] == '/') {
		length = snprintf(out, WIRE_PATH_MAX, "%s", text);
	} else {
		length = snprintf(out, WIRE_PATH_MAX, "/local/domain/%u/%s", domid, text);
	}
	if (length >= WIRE_PATH_MAX || (length > 1 && out[length - 1] == '/')) {
		return -EINVAL;
	}
	for (const char *c = out; *c; c++) {
		if (!path_character(*c) || (c[0] == '/' && c[1] == '/')) {
			return -EINVAL;
		}
	}
	return local_max && strlen(local_part(out)) > local_max ? -EINVAL : 0;
}

size_t wire_home_length(uint32_t domid)
{
	return (size_t)snprintf(NULL, 0, "/local/domain/%u/", domid);
}

size_t wire_strings(const char *payload, size_t length, const char **string, size_t max)
{
	size_t count = 0;

	if (length == 0 || payload[length - 1] != '\0') {
		return 0;
	}
	for (const char *at = payload; at < payload + length; at += strlen(at) + 1) {
		if (count < max) {
			string[count] = at;
		}
		count++;
	}
	return count;
}

uint32_t wire_number(const char *text)
{
	return (uint32_t)strtoll(text, NULL, 10);
}

bool wire_permission_parse(const char *text, struct permission *permission)
{
	static const char letters[] = "nrwb"; /* in the order of the bits of rights */
	const char *letter = text[0] ? strchr(letters, text[0]) : NULL;
	size_t digits = letter ? strspn(text + 1, "0123456789") : 0;

	if (digits == 0 || digits > 9 || text[1 + digits] != '\0') {
		return false;
	}
	permission->rights = (uint32_t)(letter - letters);
	permission->domid = wire_number(text + 1);
	return true;
}

size_t wire_permission_format(char out[16], const struct permission *permission)
{
	return (size_t)snprintf(out, 16, "%c%u", "nrwb"[permission->rights & 3],
				permission -> domid);
}
