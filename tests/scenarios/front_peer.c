/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Dom0's side of tests/guests/frontend.
 *
 *	front_peer fill FILE		writes Dom0's pattern over a whole disk
 *	front_peer check FILE dom0|guest FIRST COUNT
 *					how many sectors are as that one wrote them
 *	front_peer echo ADDRESS [LAST]	sends datagrams of all sizes, and longer ones in pieces, to
 *					the echo service there; how many have come back the same
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <guests/frontend/pattern.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define LONGEST 65507 /* of a datagram */
#define TRIES	10

static int fill(const char *path)
{
	uint64_t sector[PATTERN_WORDS];
	FILE *disk = fopen(path, "w");
	int good = disk != NULL;

	for (uint64_t i = 0; good && i < DISK_SECTORS; i++) {
		pattern_fill(sector, i, PATTERN_DOM0);
		good = fwrite(sector, sizeof(sector), 1, disk) == 1;
	}
	return disk && !fclose(disk) && good ? 0 : 1;
}

static int check(const char *path, uint64_t seed, uint64_t first, uint64_t count)
{
	uint64_t sector[PATTERN_WORDS];
	unsigned int good = 0;
	int disk = open(path, O_RDONLY);

	for (uint64_t i = first; i < first + count; i++) {
		good += pread(disk, sector, sizeof(sector), (off_t)(i * sizeof(sector))) ==
				sizeof(sector) &&
			pattern_holds(sector, i, seed);
	}
	close(disk);
	printf("%u\n", good);
	return 0;
}

/* One datagram there and back; it is sent again when nothing comes within a second. */
static int echo_one(int socket, size_t size)
{
	static unsigned char out[LONGEST], in[LONGEST + 1];

	for (size_t i = 0; i < size; i++) {
		out[i] = (unsigned char)(i * 13 + size);
	}
	for (int tries = 0; tries < TRIES; tries++) {
		ssize_t got;

		if (send(socket, out, size, 0) != (ssize_t)size) {
			continue;
		}
		do {
			got = recv(socket, in, sizeof(in), 0);
		} while (got >= 0 && got != (ssize_t)size); /* a late answer to an earlier one */
		if (got >= 0) {
			return !memcmp(in, out, size);
		}
	}
	return 0;
}

static int echo(const char *address, size_t last)
{
	static const size_t longer[] = {1473, 2960, 2961, 5000, 20000, LONGEST};
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(7)};
	struct timeval second = {.tv_sec = 1};
	int room = 1 << 20; /* a page is counted for each of 45 pieces */
	int peer = socket(AF_INET, SOCK_DGRAM, 0);
	unsigned int good = 0;

	inet_pton(AF_INET, address, &to.sin_addr);
	if (connect(peer, (struct sockaddr *)&to, sizeof(to)) ||
	    setsockopt(peer, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) ||
	    setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second))) {
		perror(address);
		return 1;
	}
	while (good <= last && echo_one(peer, good)) {
		good++;
	}
	for (size_t i = 0; good > 1472 && i < sizeof(longer) / sizeof(longer[0]); i++) {
		good += (unsigned int)echo_one(peer, longer[i]);
	}
	close(peer);
	printf("%u\n", good);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "fill")) {
		return fill(argv[2]);
	}
	if (argc == 6 && !strcmp(argv[1], "check")) {
		return check(argv[2], strcmp(argv[3], "guest") ? PATTERN_DOM0 : PATTERN_GUEST,
			     strtoull(argv[4], NULL, 10), strtoull(argv[5], NULL, 10));
	}
	if (argc >= 3 && !strcmp(argv[1], "echo")) {
		return echo(argv[2], argc > 3 ? strtoull(argv[3], NULL, 10) : 1472);
	}
	return 2;
}
