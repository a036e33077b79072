/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Listening to Dom0's kernel. */
#include <errno.h>
#include <guest/netlink.h>
#include <lib/error.h>
#include <lib/watch.h>
#include <linux/netlink.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

int netlink_listen(int protocol, uint32_t group)
{
	struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = group};
	int listener = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
	int rc;

	if (listener >= 0 && bind(listener, (void *)&address, sizeof(address)) == 0) {
		return listener;
	}
	rc = fail_errno(errno, "listening to Dom0's kernel");
	if (listener >= 0) {
		close(listener);
	}
	return rc;
}

int netlink_wait(int listener, int64_t deadline)
{
	struct pollfd ready = {.fd = listener, .events = POLLIN};
	int64_t left = deadline - watch_clock();
	char message[4096];
	int count = left > 0 ? poll(&ready, 1, (int)left) : 0;

	if (!count) {
		return -ETIMEDOUT;
	}
	/* ENOBUFS: messages were lost, so there were some */
	return (count > 0 && recv(listener, message, sizeof(message), 0) >= 0) ||
			       errno == ENOBUFS || errno == EINTR
		       ? 0
		       : fail_errno(errno, "listening to Dom0's kernel");
}
