/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A recursive descent over the bytes:
 *
 *   file  = { [ KEY ( "=" | "+=" ) value ] ( newline | ";" ) }
 *   value = STRING | NUMBER | "[" [ value { "," value } [ "," ] ] "]"
 *
 * Comments run from # to the end of the line; a backslash before it joins the next line; lists
 * may span lines. In arguments, which a shell has unquoted already, a value may also be the plain
 * rest of the line.
 */
#include <config/syntax.h>

#include <ctype.h>
#include <string.h>

#define ERRORS_MAX 20
#define DEPTH_MAX  8

struct lexer {
	const char *next;
	const char *end;
	struct place place;
	bool arguments;
	struct arena *arena;
	struct messages *messages;
};

/* The byte `ahead` of the next one, -1 beyond the end. */
static int peek(const struct lexer *lexer, size_t ahead)
{
	return (size_t)(lexer->end - lexer->next) > ahead ? (unsigned char)lexer->next[ahead] : -1;
}

static void advance(struct lexer *lexer)
{
	lexer->place.line += *lexer->next == '\n';
	lexer->next++;
}

#define fault(lexer, ...) \
	messages_add((lexer)->messages, MESSAGE_ERROR, (lexer)->place, __VA_ARGS__)

/* What is there, for messages. */
static const char *what_is_next(const struct lexer *lexer)
{
	int c = peek(lexer, 0);

	if (c == -1) {
		return "the end of the file";
	}
	if (c == '\n') {
		return "the end of the line";
	}
	return arena_print(lexer->arena, isprint(c) ? "'%c'" : "byte 0x%02x", (unsigned int)c);
}

static void skip_blanks(struct lexer *lexer, bool newlines)
{
	for (;;) {
		int c = peek(lexer, 0);

		if (c == '\\' && peek(lexer, 1) == '\n') {
			advance(lexer);
		} else if (c == '#') {
			while (peek(lexer, 1) != '\n' && peek(lexer, 1) != -1) {
				advance(lexer);
			}
		} else if (c != ' ' && c != '\t' && c != '\r' && !(c == '\n' && newlines)) {
			return;
		}
		advance(lexer);
	}
}

/* The value of `digits` digits in `base` from the next byte on. */
static char escaped_number(struct lexer *lexer, unsigned int digits, int base)
{
	static const char all[] = "0123456789abcdef";
	unsigned int value = 0;

	for (unsigned int i = 0; i < digits; i++) {
		int c = tolower(peek(lexer, 0));
		const char *digit = c > 0 ? memchr(all, c, (size_t)base) : NULL;

		if (!digit) {
			break;
		}
		value = value * (unsigned int)base + (unsigned int)(digit - all);
		advance(lexer);
	}
	return (char)value;
}

/* What follows a backslash, as in C. */
static char escaped(struct lexer *lexer)
{
	static const char names[] = "abfnrtv";
	static const char values[] = "\a\b\f\n\r\t\v";
	const char *name;
	int c = peek(lexer, 0);

	if (c >= '0' && c <= '7') {
		return escaped_number(lexer, 3, 8);
	}
	advance(lexer);
	if (c == 'x') {
		return escaped_number(lexer, 2, 16);
	}
	name = strchr(names, c);
	return name && c ? values[name - names] : (char)c;
}

/* A string has at most so many bytes. */
static size_t string_room(const struct lexer *lexer)
{
	const char *newline = memchr(lexer->next, '\n', (size_t)(lexer->end - lexer->next));

	return (size_t)((newline ? newline : lexer->end) - lexer->next);
}

static bool read_string(struct lexer *lexer, struct value *value)
{
	char *text = arena_alloc(lexer->arena, string_room(lexer) + 1);
	int quote = peek(lexer, 0);
	size_t size = 0;

	value->kind = VALUE_STRING;
	value->text = text;
	for (advance(lexer); peek(lexer, 0) != quote; size++) {
		int c = peek(lexer, 0);

		if (c == -1 || c == '\n') {
			return fault(lexer, "the string has no closing %c on its line", quote);
		}
		advance(lexer);
		if (c == '\\' && peek(lexer, 0) != -1) {
			c = escaped(lexer);
		}
		if (c == '\0') {
			return fault(lexer, "a string cannot hold a NUL byte");
		}
		text[size] = (char)c;
	}
	advance(lexer);
	return true;
}

/* A number; in arguments any text up to the end of the line or a semicolon. */
static bool read_word(struct lexer *lexer, struct value *value)
{
	const char *start = lexer->next;
	const char *end;
	int c = peek(lexer, 0);

	while (c != -1 && (lexer->arguments ? c && !strchr(";\n", c)
					    : isalnum(c) || c == '-' || c == '_' || c == '.')) {
		advance(lexer);
		c = peek(lexer, 0);
	}
	for (end = lexer->next; end > start && isspace((unsigned char)end[-1]); end--) {
	}
	value->kind = VALUE_NUMBER;
	value->text = arena_text(lexer->arena, start, (size_t)(end - start));
	if (!lexer->arguments && !isdigit((unsigned char)*start) && *start != '-') {
		return fault(lexer, "%s is neither a number nor a quoted string; write \"%s\"",
			     value->text, value->text);
	}
	return true;
}

static struct value *read_value(struct lexer *lexer, unsigned int depth);

static bool read_list(struct lexer *lexer, struct value *list, unsigned int depth)
{
	struct value **link = &list->items;

	list->kind = VALUE_LIST;
	if (depth == DEPTH_MAX) {
		return fault(lexer, "lists are nested more than %d deep", DEPTH_MAX);
	}
	advance(lexer);
	for (;;) {
		skip_blanks(lexer, true);
		if (peek(lexer, 0) == ']') {
			break;
		}
		*link = read_value(lexer, depth + 1);
		if (!*link) {
			return false;
		}
		link = &(*link)->next;
		skip_blanks(lexer, true);
		if (peek(lexer, 0) == ']') {
			break;
		}
		if (peek(lexer, 0) != ',') {
			return fault(lexer,
				     "expected , or ] in the list that starts in line %u, not %s",
				     list->place.line, what_is_next(lexer));
		}
		advance(lexer);
	}
	advance(lexer);
	return true;
}

static struct value *read_value(struct lexer *lexer, unsigned int depth)
{
	struct value *value = arena_alloc(lexer->arena, sizeof(*value));
	int c = peek(lexer, 0);
	bool read;

	value->place = lexer->place;
	if (c == '"' || c == '\'') {
		read = read_string(lexer, value);
	} else if (c == '[') {
		read = read_list(lexer, value, depth);
	} else if (isalnum(c) || c == '-' || c == '_' || (lexer->arguments && c > ' ')) {
		read = read_word(lexer, value);
	} else {
		read = fault(lexer, "expected a number, a quoted string or a list, not %s",
			     what_is_next(lexer));
	}
	return read ? value : NULL;
}

static bool is_name(int c)
{
	return isalnum(c) || c == '_' || c == '-';
}

/* From KEY to the end of the value. */
static bool read_setting(struct lexer *lexer, struct setting *setting)
{
	const char *start = lexer->next;

	while (is_name(peek(lexer, 0))) {
		advance(lexer);
	}
	if (lexer->next == start) {
		return fault(lexer, "expected KEY = VALUE, not %s", what_is_next(lexer));
	}
	setting->place = lexer->place;
	setting->key = arena_text(lexer->arena, start, (size_t)(lexer->next - start));
	skip_blanks(lexer, false);
	if (peek(lexer, 0) == '+' && peek(lexer, 1) == '=') {
		setting->add = true;
		advance(lexer);
	}
	if (peek(lexer, 0) != '=') {
		return fault(lexer, "expected = after %s, not %s", setting->key,
			     what_is_next(lexer));
	}
	advance(lexer);
	skip_blanks(lexer, false);
	setting->value = read_value(lexer, 0);
	if (!setting->value) {
		return false;
	}
	skip_blanks(lexer, false);
	if (peek(lexer, 0) != '\n' && peek(lexer, 0) != ';' && peek(lexer, 0) != -1) {
		return fault(lexer, "expected the end of the line after the value of %s, not %s",
			     setting->key, what_is_next(lexer));
	}
	return true;
}

struct setting *syntax_parse(const struct config_source *source, struct arena *arena,
			     struct messages *messages)
{
	struct lexer lexer = {.next = source->bytes,
			      .end = source->bytes + source->size,
			      .place = {source->name, 1},
			      .arguments = source->arguments,
			      .arena = arena,
			      .messages = messages};
	struct setting *settings = NULL;
	struct setting **link = &settings;
	unsigned int errors = messages->errors;

	for (;;) {
		skip_blanks(&lexer, true);
		if (peek(&lexer, 0) == -1 || messages->errors - errors >= ERRORS_MAX) {
			return settings;
		}
		if (peek(&lexer, 0) == ';') {
			advance(&lexer);
			continue;
		}
		*link = arena_alloc(arena, sizeof(**link));
		if (read_setting(&lexer, *link)) {
			link = &(*link)->next;
			continue;
		}
		*link = NULL;
		while (peek(&lexer, 0) != '\n' && peek(&lexer, 0) != -1) {
			advance(&lexer);
		}
	}
}
