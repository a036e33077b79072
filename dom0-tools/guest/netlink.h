/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What Dom0's kernel tells of its devices, over netlink. */
#ifndef GUEST_NETLINK_H
#define GUEST_NETLINK_H

#include <stdint.h>

int netlink_listen(int protocol, uint32_t group);

/*
 * Waits for a message and throws it away: what has changed is to be looked for where it is. A
 * deadline is by watch_clock(), and behind it are -ETIMEDOUT, without a text, whatever comes.
 */
int netlink_wait(int listener, int64_t deadline);

#endif
