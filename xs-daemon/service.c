/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What systemd hands over and wants to be told: sockets, readiness, signs of life. */
#include "daemon.h"

#include <fcntl.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define FIRST_SOCKET 3

void service_notify(const char *text)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int fd;

	if (!path || strlen(path) >= sizeof(name.sun_path)) {
		return;
	}
	strcpy(name.sun_path, path);
	if (path[0] == '@') {
		name.sun_path[0] = '\0';
	}
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0) {
		sendto(fd, text, strlen(text), MSG_NOSIGNAL, (struct sockaddr *)&name,
		       (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path)));
		close(fd);
	}
}

int service_listener(void)
{
	const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");

	if (!pid || !count || atoi(pid) != getpid() || atoi(count) < 1) {
		return -1;
	}
	fcntl(FIRST_SOCKET, F_SETFD, FD_CLOEXEC);
	fcntl(FIRST_SOCKET, F_SETFL, O_NONBLOCK);
	return FIRST_SOCKET;
}
