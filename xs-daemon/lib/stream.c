/* SPDX-License-Identifier: MIT */
/* One connection to the daemon: see stream.h; docs/store-protocol.md has the session's protocol. */
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define RETURN_SECONDS 60 /* that long a restarted daemon keeps our session for us */
#define HEADER	       sizeof(struct xsd_sockmsg)

static int connect_socket(const char *path)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int fd;

	if (strlen(path) >= sizeof(name.sun_path)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	strcpy(name.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (const struct sockaddr *)&name, sizeof(name)) < 0) {
		int error = errno;

		close(fd);
		errno = error;
		return -1;
	}
	return fd;
}

/* The socket, a path that the environment names, or the kernel's way to the store. */
static int connect_any(bool *socket)
{
	static const char *const devices[] = {"/dev/xen/xenbus", "/proc/xen/xenbus"};
	const char *path = xs_daemon_socket();
	struct stat status;
	int fd;

	*socket = stat(path, &status) < 0 || S_ISSOCK(status.st_mode);
	fd = *socket ? connect_socket(path) : open(path, O_RDWR | O_CLOEXEC);
	for (int i = 0; i < 2 && fd < 0 && !getenv("XENSTORED_PATH"); i++) {
		int error = errno;

		fd = open(devices[i], O_RDWR | O_CLOEXEC);
		*socket = fd < 0;
		errno = fd < 0 ? error : 0;
	}
	return fd;
}

static bool write_all(struct xs_handle *handle, const char *bytes, size_t length)
{
	while (length) {
		ssize_t count = handle->socket ? send(handle->fd, bytes, length, MSG_NOSIGNAL)
					       : write(handle->fd, bytes, length);

		if (count < 0 && errno != EINTR) {
			return false;
		}
		if (count > 0) {
			bytes += count;
			length -= (size_t)count;
		}
	}
	return true;
}

static bool read_all(int fd, char *bytes, size_t length)
{
	while (length) {
		ssize_t count = read(fd, bytes, length);

		if (count == 0 || (count < 0 && errno != EINTR)) {
			return false;
		}
		if (count > 0) {
			bytes += count;
			length -= (size_t)count;
		}
	}
	return true;
}

/* Asks for our session. `taken` is what the daemon has of our requests; false: no such daemon. */
static bool ask_session(struct xs_handle *handle, bool *resumed, uint64_t *taken)
{
	char message[HEADER + 96], reply[XENSTORE_PAYLOAD_MAX + 1];
	struct xsd_sockmsg header = {.type = XS_CONTROL};
	int length = snprintf(message + HEADER, 96, "session%c%s%c%llu", 0, handle->session, 0,
			      (unsigned long long)handle->received) +
		     1;

	header.len = (uint32_t)length;
	memcpy(message, &header, HEADER);
	if (!write_all(handle, message, HEADER + (size_t)length) ||
	    !read_all(handle->fd, (char *)&header, HEADER) || header.len > XENSTORE_PAYLOAD_MAX ||
	    !read_all(handle->fd, reply, header.len)) {
		return false;
	}
	reply[header.len] = '\0';
	*resumed = header.type == XS_CONTROL && strcmp(reply, "resumed") == 0;
	*taken = *resumed ? strtoull(reply + sizeof("resumed"), NULL, 10) : 0;
	return header.type == XS_CONTROL && (*resumed || strcmp(reply, "new") == 0);
}

static bool poll_for_input(struct xs_handle *handle)
{
	struct epoll_event event = {.events = EPOLLIN};

	return epoll_ctl(handle->poll_fd, EPOLL_CTL_ADD, handle->fd, &event) == 0;
}

bool stream_open(struct xs_handle *handle)
{
	unsigned char random[16];
	bool resumed;
	uint64_t taken;

	handle->fd = connect_any(&handle->socket);
	handle->poll_fd = epoll_create1(EPOLL_CLOEXEC);
	handle->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (handle->fd < 0 || handle->poll_fd < 0 || handle->event_fd < 0) {
		return false;
	}
	if (handle->socket && getrandom(random, sizeof(random), 0) == sizeof(random)) {
		for (int i = 0; i < 16; i++) {
			sprintf(handle->session + 2 * i, "%02x", random[i]);
		}
		handle->resumes = ask_session(handle, &resumed, &taken);
	}
	struct epoll_event event = {.events = EPOLLIN};

	return epoll_ctl(handle->poll_fd, EPOLL_CTL_ADD, handle->event_fd, &event) == 0 &&
	       poll_for_input(handle);
}

void stream_close(struct xs_handle *handle)
{
	const int fds[] = {handle->fd, handle->poll_fd, handle->event_fd};

	for (int i = 0; i < 3; i++) {
		if (fds[i] >= 0) {
			close(fds[i]);
		}
	}
}

static void finish(struct xs_handle *handle, struct xs_call *call, int error)
{
	struct xs_call **edge = &handle->calls;

	while (*edge != call) {
		edge = &(*edge)->next;
	}
	*edge = call->next;
	if (!*edge) {
		handle->calls_end = edge;
	}
	call->done = true;
	call->error = error;
	pthread_cond_broadcast(&handle->changed);
}

static bool give_up(struct xs_handle *handle, int error)
{
	handle->broken = true;
	while (handle->calls) {
		finish(handle, handle->calls, error);
	}
	errno = error;
	return false;
}

/* Sends again what the daemon did not take before it died. */
static bool send_again(struct xs_handle *handle, uint64_t taken)
{
	for (struct xs_call *call = handle->calls; call; call = call->next) {
		if (call->end > taken && !write_all(handle, call->message, call->length)) {
			return false;
		}
	}
	return true;
}

/* The daemon is gone: waits for the next one, and goes on where the streams were. */
static bool come_back(struct xs_handle *handle)
{
	static const struct timespec pause = {.tv_nsec = 10000000};
	struct timespec now;
	time_t deadline;
	bool resumed;
	uint64_t taken;

	clock_gettime(CLOCK_MONOTONIC, &now);
	deadline = now.tv_sec + RETURN_SECONDS;
	while (handle->resumes && now.tv_sec < deadline) {
		close(handle->fd);
		handle->fd = connect_socket(xs_daemon_socket());
		if (handle->fd >= 0 && ask_session(handle, &resumed, &taken)) {
			if (!resumed) {
				break; /* another store, that knows nothing of ours */
			}
			if (send_again(handle, taken) && poll_for_input(handle)) {
				return true;
			}
		}
		nanosleep(&pause, NULL);
		clock_gettime(CLOCK_MONOTONIC, &now);
	}
	return give_up(handle, ECONNRESET);
}

bool stream_send(struct xs_handle *handle, struct xs_call *call)
{
	if (handle->broken) {
		errno = ECONNRESET;
		return false;
	}
	call->next = NULL;
	*handle->calls_end = call;
	handle->calls_end = &call->next;
	handle->sent += call->length;
	call->end = handle->sent;
	if (write_all(handle, call->message, call->length)) {
		return true;
	}
	/* Whoever reads next sees the end of the stream, and sends it again. */
	return handle->resumes || give_up(handle, errno);
}

static int error_number(const char *name)
{
	for (size_t i = 0; i < sizeof(xsd_errors) / sizeof(*xsd_errors); i++) {
		if (strcmp(xsd_errors[i].errstring, name) == 0) {
			return xsd_errors[i].errnum;
		}
	}
	return EINVAL;
}

static bool add_event(struct xs_handle *handle, const char *payload, uint32_t length)
{
	size_t path = strnlen(payload, length) + 1;
	struct event *event = malloc(sizeof(*event) + length + 2);
	uint64_t one = 1;

	if (!event) {
		return false;
	}
	memcpy(event->bytes, payload, length);
	memset(event->bytes + length, 0, 2);
	event->strings[0] = event->bytes;
	event->strings[1] = event->bytes + (path > length ? length : path);
	event->next = NULL;
	*handle->events_end = event;
	handle->events_end = &event->next;
	return write(handle->event_fd, &one, sizeof(one)) == sizeof(one) || errno == EAGAIN;
}

static bool take_reply(struct xs_handle *handle, const struct xsd_sockmsg *header,
		       const char *payload)
{
	struct xs_call *call = handle->calls;
	struct xsd_sockmsg asked;

	for (; call; call = call->next) {
		memcpy(&asked, call->message, HEADER);
		if (asked.req_id == header->req_id) {
			break;
		}
	}
	if (!call || (header->type != asked.type && header->type != XS_ERROR)) {
		return false;
	}
	call->reply = malloc(header->len + 1u);
	if (call->reply) {
		memcpy(call->reply, payload, header->len);
		call->reply[header->len] = '\0';
		call->reply_length = header->len;
	}
	finish(handle, call,
	       !call->reply		  ? ENOMEM
	       : header->type == XS_ERROR ? error_number(call->reply)
					  : 0);
	return true;
}

/* Takes whole messages out of what was read. */
static bool take_messages(struct xs_handle *handle)
{
	size_t at = 0;
	struct xsd_sockmsg header;
	bool good = true;

	while (good && handle->in_length - at >= HEADER) {
		memcpy(&header, handle->in + at, HEADER);
		if (header.len > XENSTORE_PAYLOAD_MAX) {
			return false;
		}
		if (handle->in_length - at < HEADER + header.len) {
			break;
		}
		good = header.type == XS_WATCH_EVENT
			       ? add_event(handle, handle->in + at + HEADER, header.len)
			       : take_reply(handle, &header, handle->in + at + HEADER);
		at += HEADER + header.len;
	}
	memmove(handle->in, handle->in + at, handle->in_length - at);
	handle->in_length -= at;
	return good;
}

bool stream_read(struct xs_handle *handle, bool wait)
{
	struct pollfd poll_fd = {.events = POLLIN};
	ssize_t count;
	int ready;

	if (handle->broken) {
		errno = ECONNRESET;
		return false;
	}
	if (handle->reading) {
		if (wait) {
			pthread_cond_wait(&handle->changed, &handle->lock);
		}
		return true;
	}
	poll_fd.fd = handle->fd;
	handle->reading = true;
	pthread_mutex_unlock(&handle->lock);
	ready = poll(&poll_fd, 1, wait ? -1 : 0);
	pthread_mutex_lock(&handle->lock);
	handle->reading = false;
	pthread_cond_broadcast(&handle->changed);
	if (ready <= 0) {
		return ready == 0 || errno == EINTR;
	}
	count = read(handle->fd, handle->in + handle->in_length,
		     sizeof(handle->in) - handle->in_length);
	if (count > 0) {
		handle->in_length += (size_t)count;
		handle->received += (uint64_t)count;
		return take_messages(handle) || give_up(handle, EIO);
	}
	if (count < 0 && (errno == EINTR || errno == EAGAIN)) {
		return true;
	}
	return come_back(handle);
}
