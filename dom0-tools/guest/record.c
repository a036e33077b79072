/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records of guests in /run/pvx. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <guest/record.h>
#include <lib/domain.h>
#include <lib/error.h>
#include <lib/names.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_FOLDER "/run/pvx/names"
#define HEAD_LENGTH 32 /* of the first line, always */

static const char *const state_names[] = {"building", "live", "alone", "restarting", "ending"};

void uuid_print(const uint8_t uuid[16], char text[UUID_TEXT])
{
	static const char digits[] = "0123456789abcdef";
	char *to = text;

	for (int i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10) {
			*to++ = '-';
		}
		*to++ = digits[uuid[i] >> 4];
		*to++ = digits[uuid[i] & 15];
	}
	*to = '\0';
}

int uuid_random(uint8_t uuid[16])
{
	if (getrandom(uuid, 16, 0) != 16) {
		return fail_errno(errno, "random numbers for a UUID");
	}
	uuid[6] = (uint8_t)((uuid[6] & 0x0f) | 0x40);
	uuid[8] = (uint8_t)((uuid[8] & 0x3f) | 0x80);
	return 0;
}

static int make_folders(void)
{
	static const char *const folders[] = {"/run/pvx", RECORD_FOLDER, NAME_FOLDER};

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		if (mkdir(folders[i], 0700) < 0 && errno != EEXIST) {
			return fail_errno(errno, "making %s", folders[i]);
		}
	}
	return 0;
}

static int name_path(const char *name, char path[PATH_MAX])
{
	if (strchr(name, '/') || strlen(name) > NAME_MAX || *name == '.') {
		return fail(EINVAL, "'%s' cannot be the name of a domain", name);
	}
	snprintf(path, PATH_MAX, "%s/%s", NAME_FOLDER, name);
	return 0;
}

/* --- Names ---------------------------------------------------------------------------------- */

static bool record_exists(const char *uuid)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", RECORD_FOLDER, uuid);
	return access(path, F_OK) == 0;
}

/* Names change hands under the lock of their folder, which is held until the descriptor is closed.
 */
static int lock_names(void)
{
	int fd = open(NAME_FOLDER, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || flock(fd, LOCK_EX) < 0) {
		return fail_errno(errno, "locking %s", NAME_FOLDER);
	}
	return fd;
}

/* The UUID that a name stands for; "" if it is free. */
static const char *holder_of(const char *path, char holder[UUID_TEXT])
{
	ssize_t length = readlink(path, holder, UUID_TEXT - 1);

	holder[length > 0 ? length : 0] = '\0';
	return holder;
}

static int take_name(const char *name, const char *uuid)
{
	char path[PATH_MAX], holder[UUID_TEXT];
	int rc = name_path(name, path);
	int lock = rc ? rc : lock_names();

	if (lock < 0) {
		return lock;
	}
	if (*holder_of(path, holder) && record_exists(holder)) {
		rc = fail(EEXIST, "the name '%s' is taken by another domain (UUID %s)", name,
			  holder);
	} else {
		unlink(path); /* of a guest that is gone */
		rc = symlink(uuid, path) == 0 ? 0 : fail_errno(errno, "taking the name '%s'", name);
	}
	close(lock);
	return rc;
}

/* All names of a guest but `but`: it has two if its renamer was killed, one that its record does
 * not say if its maker was. */
static void free_names(const char *uuid, const char *but)
{
	int lock = lock_names();
	DIR *folder = lock < 0 ? NULL : fdopendir(lock);
	struct dirent *entry;

	while (folder && (entry = readdir(folder)) != NULL) {
		char path[PATH_MAX], holder[UUID_TEXT];

		snprintf(path, sizeof(path), "%s/%s", NAME_FOLDER, entry->d_name);
		if (strcmp(holder_of(path, holder), uuid) == 0 &&
		    (!but || strcmp(entry->d_name, but) != 0)) {
			unlink(path);
		}
	}
	if (folder) {
		closedir(folder);
	}
}

/* --- Records -------------------------------------------------------------------------------- */

int record_update(struct record *record, enum record_state state, int domid)
{
	char head[HEAD_LENGTH + 1];

	record->state = state;
	record->domid = domid;
	snprintf(head, sizeof(head), "# %-10s %6d %*s\n", state_names[state], domid,
		 HEAD_LENGTH - 21, "");
	return pwrite(record->fd, head, HEAD_LENGTH, 0) == HEAD_LENGTH
		       ? 0
		       : fail_errno(errno, "writing %s/%s", RECORD_FOLDER, record->uuid);
}

/* Into a record that has only its head. */
static int write_config(int fd, const struct domain_config *config)
{
	int copy = dup(fd);
	FILE *file = copy < 0 ? NULL : fdopen(copy, "r+");

	if (!file) {
		return fail_errno(errno, "the record");
	}
	fseek(file, HEAD_LENGTH, SEEK_SET);
	config_write(config, file);
	return fclose(file) ? fail_errno(errno, "writing the record") : 0;
}

/* Who waited for the lock of a file may find it unlinked, and perhaps another in its place. */
static bool still_named(int fd, const char *path)
{
	struct stat opened, named;

	return fstat(fd, &opened) == 0 && stat(path, &named) == 0 && opened.st_ino == named.st_ino;
}

/* The supervisor takes one that is not locked yet for one whose maker was killed. */
static int make_locked(struct record *record, const char *path)
{
	do {
		record_close(record);
		record->fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (record->fd < 0) {
			return errno == EEXIST ? fail(EEXIST, "a domain with the UUID %s exists",
						      record->uuid)
					       : fail_errno(errno, "making %s", path);
		}
		if (flock(record->fd, LOCK_EX) < 0) {
			return fail_errno(errno, "locking %s", path);
		}
	} while (!still_named(record->fd, path));
	return 0;
}

int record_create(struct record *record, const char *uuid, const struct domain_config *config)
{
	char path[PATH_MAX];
	int rc = make_folders();

	if (rc) {
		return rc;
	}
	*record = (struct record){.fd = -1, .domid = -1};
	snprintf(record->uuid, sizeof(record->uuid), "%s", uuid);
	snprintf(path, sizeof(path), "%s/%s", RECORD_FOLDER, uuid);
	rc = make_locked(record, path);
	if (rc) {
		return rc;
	}
	rc = record_update(record, RECORD_BUILDING, -1);
	rc = rc ? rc : take_name(config->name, uuid);
	if (!rc) {
		rc = write_config(record->fd, config);
	}
	if (rc) {
		record_remove(record);
	}
	return rc;
}

static int read_head(struct record *record)
{
	char head[HEAD_LENGTH + 1] = "", word[16];

	if (pread(record->fd, head, HEAD_LENGTH, 0) < 0) {
		return fail_errno(errno, "reading the record of %s", record->uuid);
	}
	record->state = RECORD_BUILDING; /* also if the line was not written yet */
	record->domid = -1;
	if (sscanf(head, "# %15s %d", word, &record->domid) == 2) {
		for (unsigned int i = 0; i < sizeof(state_names) / sizeof(state_names[0]); i++) {
			if (strcmp(word, state_names[i]) == 0) {
				record->state = (enum record_state)i;
			}
		}
	}
	return 0;
}

int record_open(struct record *record, const char *uuid, bool wait)
{
	char path[PATH_MAX];
	int rc;

	*record = (struct record){.fd = -1, .domid = -1};
	snprintf(record->uuid, sizeof(record->uuid), "%s", uuid);
	snprintf(path, sizeof(path), "%s/%s", RECORD_FOLDER, uuid);
	do {
		record_close(record);
		record->fd = open(path, O_RDWR | O_CLOEXEC);
		if (record->fd < 0) {
			return errno == ENOENT ? -ENOENT : fail_errno(errno, "%s", path);
		}
		if (flock(record->fd, wait ? LOCK_EX : LOCK_EX | LOCK_NB) < 0) {
			rc = errno == EWOULDBLOCK
				     ? fail(EBUSY, "another pvx is at work on domain %s", uuid)
				     : fail_errno(errno, "locking %s", path);
			record_close(record);
			return rc;
		}
	} while (!still_named(record->fd, path));
	rc = read_head(record);
	if (rc) {
		record_close(record);
	}
	return rc;
}

int record_of(struct record *record, domid_t domid)
{
	domain_info_t info;
	char uuid[UUID_TEXT];
	int rc = domain_get(domid, &info);

	*record = (struct record){.fd = -1};
	if (rc) {
		return rc;
	}
	uuid_print(info.handle, uuid);
	return record_open(record, uuid, true);
}

/* Opened for reading, so that who waits for writers to close it does not hear of it. */
int record_peek(struct record *record, const char *uuid)
{
	char path[PATH_MAX];
	int rc;

	*record = (struct record){.domid = -1};
	snprintf(record->uuid, sizeof(record->uuid), "%s", uuid);
	snprintf(path, sizeof(path), "%s/%s", RECORD_FOLDER, uuid);
	record->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (record->fd < 0) {
		return -errno;
	}
	rc = flock(record->fd, LOCK_SH | LOCK_NB) < 0 ? -EBUSY : read_head(record);
	record_close(record);
	return rc;
}

void record_each(void (*call)(void *context, const char *uuid), void *context)
{
	DIR *folder = opendir(RECORD_FOLDER);
	struct dirent *entry;

	while (folder && (entry = readdir(folder)) != NULL) {
		if (strlen(entry->d_name) == UUID_TEXT - 1) {
			call(context, entry->d_name);
		}
	}
	if (folder) {
		closedir(folder);
	}
}

/* It is the record's domain if its UUID is, and has the name if the store says so, too. */
static bool is_called(int domid, const char *uuid, const char *name)
{
	domain_info_t info;
	char of[UUID_TEXT], *called;
	bool same;

	if (domid < 0 || domain_get((domid_t)domid, &info)) {
		return false;
	}
	uuid_print(info.handle, of);
	called = strcmp(of, uuid) == 0 ? name_of((domid_t)domid) : NULL;
	same = called && strcmp(called, name) == 0;
	free(called);
	return same;
}

int record_find(const char *name)
{
	char path[PATH_MAX], uuid[UUID_TEXT];
	struct record record;
	ssize_t length = name_path(name, path) ? -1 : readlink(path, uuid, sizeof(uuid) - 1);

	if (length != UUID_TEXT - 1) {
		return -ESRCH;
	}
	uuid[length] = '\0';
	return record_peek(&record, uuid) == 0 && is_called(record.domid, uuid, name) ? record.domid
										      : -ESRCH;
}

int record_config(const struct record *record, struct domain_config *config)
{
	char path[PATH_MAX];
	struct messages messages = {.text = NULL};
	bool good;

	snprintf(path, sizeof(path), "%s/%s", RECORD_FOLDER, record->uuid);
	good = config_load(config, path, NULL, 0, &messages);
	messages_free(&messages);
	return good ? 0 : fail(EINVAL, "the record %s is not readable", path);
}

/* A new file takes the place of the old one, so that there is a whole one whenever we are killed.
 */
int record_reconfigure(struct record *record, const struct domain_config *config)
{
	char path[PATH_MAX], temporary[PATH_MAX];
	struct record next = *record;
	int rc;

	snprintf(path, sizeof(path), "%s/%s", RECORD_FOLDER, record->uuid);
	snprintf(temporary, sizeof(temporary), "%s/%s.new", RECORD_FOLDER, record->uuid);
	next.fd = open(temporary, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (next.fd < 0 || flock(next.fd, LOCK_EX) < 0) {
		rc = fail_errno(errno, "making %s", temporary);
	} else {
		rc = record_update(&next, record->state, record->domid);
		rc = rc ? rc : write_config(next.fd, config);
		rc = rc || rename(temporary, path) == 0 ? rc : fail_errno(errno, "%s", path);
	}
	record_close(rc ? &next : record);
	if (!rc) {
		*record = next;
	}
	return rc;
}

int record_rename(struct record *record, const char *old_name, const char *new_name)
{
	struct domain_config config;
	int rc = take_name(new_name, record->uuid);

	if (rc) {
		return rc;
	}
	rc = record_config(record, &config);
	if (!rc) {
		config.name = new_name;
		rc = record_reconfigure(record, &config);
		config_free(&config);
	}
	free_names(record->uuid, rc ? old_name : new_name);
	return rc;
}

void record_close(struct record *record)
{
	if (record->fd >= 0) {
		close(record->fd);
	}
	record->fd = -1;
}

void record_remove(struct record *record)
{
	char path[PATH_MAX];

	free_names(record->uuid, NULL);
	snprintf(path, sizeof(path), "%s/%s.new", RECORD_FOLDER, record->uuid);
	unlink(path); /* of somebody who was killed */
	snprintf(path, sizeof(path), "%s/%s", RECORD_FOLDER, record->uuid);
	unlink(path);
	record_close(record);
}
