/* SPDX-License-Identifier: MIT */
/* The xs_* calls: see pvxstore.h. */
#include "stream.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#define HEADER sizeof(struct xsd_sockmsg)

const char *xs_daemon_rundir(void)
{
	const char *path = getenv("XENSTORED_RUNDIR");

	return path ? path : "/run/xenstored";
}

const char *xs_daemon_socket(void)
{
	static _Thread_local char path[256];
	const char *named = getenv("XENSTORED_PATH");

	snprintf(path, sizeof(path), "%s%s", named ? named : xs_daemon_rundir(),
		 named ? "" : "/socket");
	return path;
}

const char *xs_daemon_socket_ro(void)
{
	return xs_daemon_socket();
}

struct xs_handle *xs_open(unsigned long flags)
{
	struct xs_handle *handle = calloc(1, sizeof(*handle));

	if (!handle) {
		return NULL;
	}
	pthread_mutex_init(&handle->lock, NULL);
	pthread_cond_init(&handle->changed, NULL);
	handle->calls_end = &handle->calls;
	handle->events_end = &handle->events;
	handle->filter = flags & XS_UNWATCH_FILTER;
	if (!stream_open(handle)) {
		int error = errno;

		xs_close(handle);
		errno = error;
		return NULL;
	}
	return handle;
}

void xs_close(struct xs_handle *handle)
{
	if (!handle) {
		return;
	}
	stream_close(handle);
	while (handle->events) {
		struct event *event = handle->events;

		handle->events = event->next;
		free(event);
	}
	while (handle->calls) {
		struct xs_call *call = handle->calls;

		handle->calls = call->next;
		free(call);
	}
	pthread_cond_destroy(&handle->changed);
	pthread_mutex_destroy(&handle->lock);
	free(handle);
}

struct xs_handle *xs_daemon_open(void)
{
	return xs_open(0);
}

struct xs_handle *xs_domain_open(void)
{
	return xs_open(0);
}

struct xs_handle *xs_daemon_open_readonly(void)
{
	return xs_open(0);
}

void xs_daemon_close(struct xs_handle *handle)
{
	xs_close(handle);
}

void xs_daemon_destroy_postfork(struct xs_handle *handle)
{
	xs_close(handle);
}

/* ---- calls ---- */

static struct xs_call *send_pieces(struct xs_handle *handle, xs_transaction_t t, uint32_t operation,
				   const struct iovec *piece, size_t pieces)
{
	struct xsd_sockmsg header = {.type = operation, .tx_id = t};
	struct xs_call *call;
	bool good;

	for (size_t i = 0; i < pieces; i++) {
		if (piece[i].iov_len > XENSTORE_PAYLOAD_MAX - header.len) {
			errno = E2BIG;
			return NULL;
		}
		header.len += (uint32_t)piece[i].iov_len;
	}
	call = calloc(1, sizeof(*call) + HEADER + header.len);
	if (!call) {
		return NULL;
	}
	for (size_t i = 0; i < pieces; i++) {
		if (piece[i].iov_len) {
			memcpy(call->message + HEADER + call->length, piece[i].iov_base,
			       piece[i].iov_len);
		}
		call->length += (uint32_t)piece[i].iov_len;
	}
	call->length += (uint32_t)HEADER;
	pthread_mutex_lock(&handle->lock);
	header.req_id = ++handle->next_id;
	memcpy(call->message, &header, HEADER);
	good = stream_send(handle, call);
	pthread_mutex_unlock(&handle->lock);
	if (!good) {
		free(call);
		return NULL;
	}
	return call;
}

struct xs_call *xs_send(struct xs_handle *handle, xs_transaction_t t, uint32_t operation,
			const void *payload, unsigned int len)
{
	struct iovec piece = {.iov_base = (void *)(uintptr_t)payload, .iov_len = len};

	return send_pieces(handle, t, operation, &piece, 1);
}

bool xs_finished(struct xs_handle *handle, struct xs_call *call)
{
	bool done;

	pthread_mutex_lock(&handle->lock);
	if (!call->done) {
		stream_read(handle, false);
	}
	done = call->done;
	pthread_mutex_unlock(&handle->lock);
	return done;
}

void *xs_finish(struct xs_handle *handle, struct xs_call *call, unsigned int *len)
{
	char *reply;
	int error;

	pthread_mutex_lock(&handle->lock);
	while (!call->done && stream_read(handle, true)) {
	}
	pthread_mutex_unlock(&handle->lock);
	reply = call->reply;
	error = call->error;
	if (len) {
		*len = call->reply_length;
	}
	free(call);
	if (error) {
		free(reply);
		errno = error;
		return NULL;
	}
	return reply;
}

static char *talk(struct xs_handle *handle, xs_transaction_t t, uint32_t operation,
		  const struct iovec *piece, size_t pieces, unsigned int *len)
{
	struct xs_call *call = send_pieces(handle, t, operation, piece, pieces);

	return call ? xs_finish(handle, call, len) : NULL;
}

static struct iovec string_piece(const char *text)
{
	return (struct iovec){.iov_base = (void *)(uintptr_t)text, .iov_len = strlen(text) + 1};
}

static char *talk_string(struct xs_handle *handle, xs_transaction_t t, uint32_t operation,
			 const char *text, unsigned int *len)
{
	struct iovec piece = string_piece(text);

	return talk(handle, t, operation, &piece, 1, len);
}

/* Where success is all that the reply says. */
static bool said_ok(char *reply)
{
	bool good = reply != NULL;

	free(reply);
	return good;
}

/* ---- nodes ---- */

/* An array of pointers and the strings behind it, in one block. */
static char **string_array(const char *strings, unsigned int length, unsigned int *num)
{
	unsigned int count = 0;
	char **array, *text;

	for (unsigned int i = 0; i < length; i++) {
		count += strings[i] == '\0';
	}
	array = malloc((count + 1) * sizeof(char *) + length + 1);
	if (!array) {
		return NULL;
	}
	text = (char *)(array + count + 1);
	memcpy(text, strings, length);
	text[length] = '\0';
	for (unsigned int i = 0; i < count; i++) {
		array[i] = text;
		text += strlen(text) + 1;
	}
	array[count] = NULL;
	*num = count;
	return array;
}

/* A list that is too long for one reply comes in parts, all of one generation. */
static char *directory_in_parts(struct xs_handle *handle, xs_transaction_t t, const char *path,
				unsigned int *length)
{
	char *list = NULL, generation[32] = "", offset[16];
	bool whole = false;

	*length = 0;
	while (!whole) {
		struct iovec piece[2] = {string_piece(path)};
		unsigned int got, skip;
		char *reply, *longer;

		snprintf(offset, sizeof(offset), "%u", *length);
		piece[1] = string_piece(offset);
		reply = talk(handle, t, XS_DIRECTORY_PART, piece, 2, &got);
		if (!reply) {
			free(list);
			return NULL;
		}
		if (strcmp(reply, generation) != 0) {
			snprintf(generation, sizeof(generation), "%s", reply);
			if (*length) { /* it changed meanwhile: from the start */
				*length = 0;
				free(reply);
				continue;
			}
		}
		skip = (unsigned int)strlen(reply) + 1;
		whole = got < skip + 1 ||
			(reply[got - 1] == '\0' && (got == skip + 1 || reply[got - 2] == '\0'));
		got -= skip + whole;
		longer = realloc(list, *length + got + 1);
		if (!longer) {
			free(list);
			free(reply);
			return NULL;
		}
		list = longer;
		memcpy(list + *length, reply + skip, got);
		*length += got;
		free(reply);
	}
	return list;
}

char **xs_directory(struct xs_handle *handle, xs_transaction_t t, const char *path,
		    unsigned int *num)
{
	unsigned int length;
	char *list = talk_string(handle, t, XS_DIRECTORY, path, &length);
	char **array;

	if (!list && errno == E2BIG) {
		list = directory_in_parts(handle, t, path, &length);
	}
	if (!list) {
		return NULL;
	}
	array = string_array(list, length, num);
	free(list);
	return array;
}

void *xs_read(struct xs_handle *handle, xs_transaction_t t, const char *path, unsigned int *len)
{
	return talk_string(handle, t, XS_READ, path, len);
}

bool xs_write(struct xs_handle *handle, xs_transaction_t t, const char *path, const void *data,
	      unsigned int len)
{
	struct iovec piece[2] = {
		string_piece(path),
		{.iov_base = (void *)(uintptr_t)data, .iov_len = len},
	};

	return said_ok(talk(handle, t, XS_WRITE, piece, 2, NULL));
}

bool xs_mkdir(struct xs_handle *handle, xs_transaction_t t, const char *path)
{
	return said_ok(talk_string(handle, t, XS_MKDIR, path, NULL));
}

bool xs_rm(struct xs_handle *handle, xs_transaction_t t, const char *path)
{
	return said_ok(talk_string(handle, t, XS_RM, path, NULL));
}

bool xs_restrict(struct xs_handle *handle, unsigned int domid)
{
	errno = ENOSYS;
	return false;
}

bool xs_strings_to_perms(struct xs_permissions *perms, unsigned int num, const char *strings)
{
	static const char letters[] = "nrwb";

	for (unsigned int i = 0; i < num; i++, strings += strlen(strings) + 1) {
		const char *letter = strings[0] ? strchr(letters, strings[0]) : NULL;
		char *end;

		if (!letter) {
			errno = EINVAL;
			return false;
		}
		perms[i].perms = (unsigned int)(letter - letters);
		perms[i].id = (unsigned int)strtoul(strings + 1, &end, 10);
		if (end == strings + 1 || *end) {
			errno = EINVAL;
			return false;
		}
	}
	return true;
}

struct xs_permissions *xs_get_permissions(struct xs_handle *handle, xs_transaction_t t,
					  const char *path, unsigned int *num)
{
	unsigned int length, count = 0;
	char *reply = talk_string(handle, t, XS_GET_PERMS, path, &length);
	struct xs_permissions *perms;

	if (!reply) {
		return NULL;
	}
	for (unsigned int i = 0; i < length; i++) {
		count += reply[i] == '\0';
	}
	perms = malloc((count + 1) * sizeof(*perms));
	if (perms && !xs_strings_to_perms(perms, count, reply)) {
		free(perms);
		perms = NULL;
	}
	free(reply);
	*num = count;
	return perms;
}

bool xs_set_permissions(struct xs_handle *handle, xs_transaction_t t, const char *path,
			struct xs_permissions *perms, unsigned int num_perms)
{
	char text[XENSTORE_PAYLOAD_MAX];
	struct iovec piece[2] = {string_piece(path), {.iov_base = text}};

	for (unsigned int i = 0; i < num_perms; i++) {
		if (piece[1].iov_len + 16 > sizeof(text)) {
			errno = E2BIG;
			return false;
		}
		piece[1].iov_len += (size_t)sprintf(text + piece[1].iov_len, "%c%u",
						    "nrwb"[perms[i].perms & 3], perms[i].id) +
				    1;
	}
	return said_ok(talk(handle, t, XS_SET_PERMS, piece, 2, NULL));
}

/* ---- watches ---- */

static bool talk_watch(struct xs_handle *handle, uint32_t operation, const char *path,
		       const char *token)
{
	struct iovec piece[2] = {string_piece(path), string_piece(token)};

	return said_ok(talk(handle, XBT_NULL, operation, piece, 2, NULL));
}

bool xs_watch(struct xs_handle *handle, const char *path, const char *token)
{
	return talk_watch(handle, XS_WATCH, path, token);
}

static void forget_events(struct xs_handle *handle, const char *path, const char *token)
{
	struct event **edge = &handle->events;

	while (*edge) {
		struct event *event = *edge;

		if (strcmp(event->strings[1], token) == 0 &&
		    xs_path_is_subpath(path, event->strings[0])) {
			*edge = event->next;
			free(event);
		} else {
			edge = &event->next;
		}
	}
	handle->events_end = edge;
}

bool xs_unwatch(struct xs_handle *handle, const char *path, const char *token)
{
	bool good = talk_watch(handle, XS_UNWATCH, path, token);

	if (good && handle->filter) {
		pthread_mutex_lock(&handle->lock);
		forget_events(handle, path, token);
		pthread_mutex_unlock(&handle->lock);
	}
	return good;
}

int xs_fileno(struct xs_handle *handle)
{
	return handle->poll_fd;
}

static char **next_event(struct xs_handle *handle, bool wait)
{
	struct event *event;
	uint64_t count;
	char **strings = NULL;

	pthread_mutex_lock(&handle->lock);
	while (!handle->events && stream_read(handle, wait) && wait) {
	}
	event = handle->events;
	if (event) {
		handle->events = event->next;
		if (!handle->events) {
			handle->events_end = &handle->events;
		}
		/* A block that free() takes, as callers expect: two pointers and the strings. */
		strings = malloc(2 * sizeof(char *) + strlen(event->strings[0]) +
				 strlen(event->strings[1]) + 2);
	} else if (!handle->broken) {
		errno = EAGAIN;
	}
	if (!handle->events && read(handle->event_fd, &count, sizeof(count)) < 0 && !event &&
	    !handle->broken) {
		errno = EAGAIN;
	}
	pthread_mutex_unlock(&handle->lock);
	if (strings) {
		strings[0] = (char *)(strings + 2);
		strcpy(strings[0], event->strings[0]);
		strings[1] = strings[0] + strlen(strings[0]) + 1;
		strcpy(strings[1], event->strings[1]);
	}
	free(event);
	return strings;
}

char **xs_check_watch(struct xs_handle *handle)
{
	return next_event(handle, false);
}

char **xs_read_watch(struct xs_handle *handle, unsigned int *num)
{
	char **strings = next_event(handle, true);

	if (strings && num) {
		*num = 2;
	}
	return strings;
}

/* ---- transactions and domains ---- */

xs_transaction_t xs_transaction_start(struct xs_handle *handle)
{
	char *reply = talk_string(handle, XBT_NULL, XS_TRANSACTION_START, "", NULL);
	xs_transaction_t t = reply ? (xs_transaction_t)strtoul(reply, NULL, 10) : XBT_NULL;

	free(reply);
	return t;
}

bool xs_transaction_end(struct xs_handle *handle, xs_transaction_t t, bool abort)
{
	return said_ok(talk_string(handle, t, XS_TRANSACTION_END, abort ? "F" : "T", NULL));
}

static char *talk_domain(struct xs_handle *handle, uint32_t operation, unsigned int domid)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", domid);
	return talk_string(handle, XBT_NULL, operation, text, NULL);
}

bool xs_introduce_domain(struct xs_handle *handle, unsigned int domid, unsigned long mfn,
			 unsigned int eventchn)
{
	char text[3][24];
	struct iovec piece[3];

	snprintf(text[0], sizeof(text[0]), "%u", domid);
	snprintf(text[1], sizeof(text[1]), "%ld", (long)mfn); /* signed, says the protocol */
	snprintf(text[2], sizeof(text[2]), "%u", eventchn);
	for (int i = 0; i < 3; i++) {
		piece[i] = string_piece(text[i]);
	}
	return said_ok(talk(handle, XBT_NULL, XS_INTRODUCE, piece, 3, NULL));
}

bool xs_set_target(struct xs_handle *handle, unsigned int domid, unsigned int target)
{
	char text[2][16];
	struct iovec piece[2];

	snprintf(text[0], sizeof(text[0]), "%u", domid);
	snprintf(text[1], sizeof(text[1]), "%u", target);
	piece[0] = string_piece(text[0]);
	piece[1] = string_piece(text[1]);
	return said_ok(talk(handle, XBT_NULL, XS_SET_TARGET, piece, 2, NULL));
}

bool xs_resume_domain(struct xs_handle *handle, unsigned int domid)
{
	return said_ok(talk_domain(handle, XS_RESUME, domid));
}

bool xs_release_domain(struct xs_handle *handle, unsigned int domid)
{
	return said_ok(talk_domain(handle, XS_RELEASE, domid));
}

char *xs_get_domain_path(struct xs_handle *handle, unsigned int domid)
{
	return talk_domain(handle, XS_GET_DOMAIN_PATH, domid);
}

bool xs_is_domain_introduced(struct xs_handle *handle, unsigned int domid)
{
	char *reply = talk_domain(handle, XS_IS_DOMAIN_INTRODUCED, domid);
	bool introduced = reply && reply[0] == 'T';

	free(reply);
	return introduced;
}

char *xs_control_command(struct xs_handle *handle, const char *cmd, void *data, unsigned int len)
{
	struct iovec piece[2] = {string_piece(cmd), {.iov_base = data, .iov_len = len}};

	return talk(handle, XBT_NULL, XS_CONTROL, piece, 2, NULL);
}

char *xs_debug_command(struct xs_handle *handle, const char *cmd, void *data, unsigned int len)
{
	return xs_control_command(handle, cmd, data, len);
}

bool xs_path_is_subpath(const char *parent, const char *child)
{
	size_t length = strlen(parent);

	if (strcmp(parent, "/") == 0) {
		return child[0] == '/';
	}
	return strncmp(parent, child, length) == 0 && (child[length] == '/' || !child[length]);
}

int xs_suspend_evtchn_port(int domid)
{
	char path[64], *text;
	struct xs_handle *handle = xs_open(0);
	int port = -1;

	if (handle) {
		snprintf(path, sizeof(path), "/local/domain/%d/device/suspend/event-channel",
			 domid);
		text = xs_read(handle, XBT_NULL, path, NULL);
		port = text ? atoi(text) : -1;
		free(text);
		xs_close(handle);
	}
	return port;
}
