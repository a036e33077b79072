/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The journal's file: see journal_file.h. */
#include "journal_file.h"

#include "log.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK ((size_t)1 << 20)

/* Blocks are reserved before they are written: a full disk is an error here, not a signal later. */
int journal_grow(struct journal *journal, size_t length)
{
	size_t size = (journal->used + length + journal->used / 4 + CHUNK) & ~(CHUNK - 1);
	int rc = -posix_fallocate(journal->fd, (off_t)journal->size, (off_t)(size - journal->size));
	void *bytes;

	if (rc) {
		return rc;
	}
	bytes = journal->bytes
			? mremap(journal->bytes, journal->size, size, MREMAP_MAYMOVE)
			: mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, journal->fd, 0);
	if (bytes == MAP_FAILED) {
		return -errno;
	}
	journal->bytes = bytes;
	journal->size = size;
	return 0;
}

static void release(struct journal *journal)
{
	if (journal->bytes) {
		munmap(journal->bytes, journal->size);
	}
	if (journal->fd >= 0) {
		close(journal->fd);
	}
	*journal = (struct journal){.fd = -1};
}

static int replay_mapped(const char *path, struct store *store, const char *bytes, size_t size)
{
	char kept[4096];
	ssize_t good = journal_replay(store, bytes, size);
	bool clean = good >= 0;

	for (size_t i = clean ? (size_t)good : 0; clean && i < size && i < (size_t)good + 16; i++) {
		clean = bytes[i] == 0;
	}
	if (!clean) {
		snprintf(kept, sizeof(kept), "%s.damaged", path);
		log_line("journal %s is damaged after %zd bytes; it is kept as %s", path,
			 good < 0 ? 0 : good, kept);
		if (link(path, kept) < 0 && errno != EEXIST) {
			log_line("cannot keep it: %m");
		}
	}
	return good < 0 ? (int)good : 1;
}

int journal_file_recover(const char *path, struct store *store)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc;
	struct stat status;
	char *bytes;

	if (fd < 0) {
		return errno == ENOENT ? 0 : -errno;
	}
	rc = fstat(fd, &status) < 0 ? -errno : 0;
	if (rc || status.st_size == 0) {
		close(fd);
		return rc ? rc : -EINVAL;
	}
	bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (bytes == MAP_FAILED) {
		return -errno;
	}
	rc = replay_mapped(path, store, bytes, (size_t)status.st_size);
	munmap(bytes, (size_t)status.st_size);
	return rc;
}

int journal_file_compact(const char *path, struct journal *journal, struct store *store)
{
	struct journal fresh = {.fd = -1};
	char name[4096];
	int rc;

	snprintf(name, sizeof(name), "%s.new", path);
	fresh.fd = open(name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	rc = fresh.fd < 0 ? -errno : journal_snapshot(&fresh, store);
	if (!rc && rename(name, path) < 0) {
		rc = -errno;
	}
	if (rc) {
		unlink(name);
		release(&fresh);
		return rc;
	}
	release(journal);
	*journal = fresh;
	return 0;
}
