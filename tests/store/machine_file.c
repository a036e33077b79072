/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A machine made of files: what machine_file.h describes. */
#include "machine_file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static void path_of(char *path, size_t size, const char *kind, int domid)
{
	const char *root = getenv("PVX_MACHINE");

	if (domid < 0) {
		snprintf(path, size, "%s/%s", root ? root : "/nonexistent", kind);
	} else {
		snprintf(path, size, "%s/%s.%d", root ? root : "/nonexistent", kind, domid);
	}
}

int machine_file_channel(void)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	path_of(name.sun_path, sizeof(name.sun_path), "evtchn", -1);
	unlink(name.sun_path);
	if (fd >= 0 && bind(fd, (struct sockaddr *)&name, sizeof(name)) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

uint32_t machine_file_port(unsigned int domid)
{
	return domid + 1;
}

void machine_file_notify(int channel, uint32_t port)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};

	path_of(name.sun_path, sizeof(name.sun_path), "dom", (int)port - 1);
	sendto(channel, &port, sizeof(port), MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&name,
	       sizeof(name));
}

int machine_file_pending(int channel)
{
	uint32_t port;

	return recv(channel, &port, sizeof(port), MSG_DONTWAIT) == sizeof(port) ? (int)port : -1;
}

void *machine_file_ring(unsigned int domid)
{
	char path[256];
	void *page;
	int fd;

	path_of(path, sizeof(path), "ring", (int)domid);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		return NULL;
	}
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	return page == MAP_FAILED ? NULL : page;
}

void machine_file_unmap(void *page)
{
	munmap(page, 4096);
}

enum machine_file_state machine_file_state(unsigned int domid)
{
	char path[256], letter = 0;
	int fd;

	path_of(path, sizeof(path), "state", (int)domid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		return MACHINE_FILE_ABSENT;
	}
	if (read(fd, &letter, 1) != 1) {
		letter = 'r';
	}
	close(fd);
	return letter == 's'   ? MACHINE_FILE_SHUTDOWN
	       : letter == 'd' ? MACHINE_FILE_DYING
			       : MACHINE_FILE_RUNNING;
}
