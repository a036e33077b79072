/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Opening kernels, and the cache of unpacked ones. */
#include <boot/bzimage.h>
#include <boot/unpack/unpack.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <lib/error.h>
#include <lib/kernel.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define CACHE_ENTRIES 8 /* a kernel is some 60 MB */

static int view_descriptor(struct file_view *view, int fd, const char *path)
{
	struct stat status;
	void *bytes = NULL;

	if (fstat(fd, &status) < 0) {
		return fail_errno(errno, "'%s'", path);
	}
	if (!S_ISREG(status.st_mode)) {
		return fail(EINVAL, "'%s' is not a regular file", path);
	}
	if (status.st_size) {
		bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	}
	if (bytes == MAP_FAILED) {
		return fail_errno(errno, "'%s'", path);
	}
	*view = (struct file_view){.bytes = bytes, .size = (size_t)status.st_size, .fd = fd};
	return 0;
}

int file_view_open(struct file_view *view, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int rc;

	*view = (struct file_view){.fd = -1};
	if (fd < 0) {
		return fail_errno(errno, "'%s'", path);
	}
	rc = view_descriptor(view, fd, path);
	if (rc) {
		close(fd);
	}
	return rc;
}

void file_view_close(struct file_view *view)
{
	if (view->bytes) {
		munmap((void *)(uintptr_t)view->bytes, view->size);
	}
	if (view->fd >= 0) {
		close(view->fd);
	}
	*view = (struct file_view){.fd = -1};
}

bool file_view_data(const struct file_view *view, size_t limit, size_t *begin, size_t *end)
{
	off_t from = (off_t)*begin, to = (off_t)limit;

	if (*begin >= limit) {
		return false;
	}
	if (view->fd >= 0) {
		from = lseek(view->fd, from, SEEK_DATA);
		if (from < 0 && errno == ENXIO) {
			return false;
		}
		to = from < 0 ? -1 : lseek(view->fd, from, SEEK_HOLE);
	}
	/* A file system that knows of no holes has data everywhere. */
	*begin = from < 0 || to < 0 ? *begin : (size_t)from;
	*end = from < 0 || to < 0 || (size_t)to > limit ? limit : (size_t)to;
	return *begin < limit;
}

/* --- The cache ------------------------------------------------------------------------------ */

/* The file's identity: where it is, how large, and when it was written. */
static int cache_path(const char *path, char *to, size_t size)
{
	struct stat status;

	if (stat(path, &status) < 0) {
		return -errno;
	}
	snprintf(to, size, KERNEL_CACHE "/%lx-%lx-%lx-%lx.%09lx", (unsigned long)status.st_dev,
		 (unsigned long)status.st_ino, (unsigned long)status.st_size,
		 (unsigned long)status.st_mtim.tv_sec, (unsigned long)status.st_mtim.tv_nsec);
	return 0;
}

/* Takes the oldest out when the cache is full. */
static void cache_trim(void)
{
	DIR *folder = opendir(KERNEL_CACHE);
	struct dirent *entry;
	char oldest[NAME_MAX + 1] = "";
	struct timespec age = {0};
	unsigned int count = 0;

	while (folder && (entry = readdir(folder)) != NULL) {
		struct stat status;

		if (fstatat(dirfd(folder), entry->d_name, &status, 0) < 0 ||
		    !S_ISREG(status.st_mode)) {
			continue;
		}
		if (!count++ || status.st_atim.tv_sec < age.tv_sec) {
			age = status.st_atim;
			strcpy(oldest, entry->d_name);
		}
	}
	if (count > CACHE_ENTRIES) {
		unlinkat(dirfd(folder), oldest, 0);
	}
	if (folder) {
		closedir(folder);
	}
}

#define BLOCK 4096u

/* Blocks of zeroes become holes: half of a Linux is. */
static bool write_all(int fd, const uint8_t *bytes, size_t size)
{
	static const uint8_t zeroes[BLOCK];

	for (size_t at = 0; at < size;) {
		size_t length = size - at < BLOCK ? size - at : BLOCK - at % BLOCK;
		ssize_t written = (ssize_t)length;

		if (memcmp(bytes + at, zeroes, length) != 0) {
			written = pwrite(fd, bytes + at, length, (off_t)at);
		}
		if (written <= 0) {
			return false;
		}
		at += (size_t)written;
	}
	return ftruncate(fd, (off_t)size) == 0;
}

/* A file is complete or not there: it gets its name last. Without a cache all works, only slower.
 */
static void cache_add(const char *name, const uint8_t *bytes, size_t size)
{
	char temporary[] = KERNEL_CACHE "/.new-XXXXXX";
	bool good;
	int fd;

	mkdir("/var/cache", 0755);
	mkdir("/var/cache/pvx", 0700);
	mkdir(KERNEL_CACHE, 0700);
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0) {
		return;
	}
	good = write_all(fd, bytes, size) && fsync(fd) == 0 && rename(temporary, name) == 0;
	close(fd);
	if (!good) {
		unlink(temporary);
	}
	cache_trim();
}

/* --- Kernels -------------------------------------------------------------------------------- */

struct reason {
	char text[256];
};

static void note(void *context, const char *format, va_list args)
{
	struct reason *reason = context;

	if (!*reason->text) { /* the first line is the cause */
		vsnprintf(reason->text, sizeof(reason->text), format, args);
	}
}

static int unpack_to_memory(struct file_view *elf, const struct bzimage *packed,
			    const struct report *report)
{
	size_t size = packed->unpacked_size;
	void *scratch = malloc(UNPACK_SCRATCH_SIZE);
	uint8_t *bytes =
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	bool good =
		scratch && bytes != MAP_FAILED && bzimage_unpack(packed, bytes, scratch, report);

	free(scratch);
	*elf = (struct file_view){
		.bytes = bytes == MAP_FAILED ? NULL : bytes, .size = size, .fd = -1};
	return good ? 0 : -ENOEXEC;
}

/* The ELF image inside a file that has it packed: from the cache, or unpacked and put there. */
static int unpack_file(struct file_view *elf, const struct bzimage *packed, const char *path,
		       const struct report *report)
{
	char cached[PATH_MAX];
	int rc = cache_path(path, cached, sizeof(cached));

	if (!rc && file_view_open(elf, cached) == 0) {
		if (elf->size == packed->unpacked_size) {
			return 0;
		}
		file_view_close(elf);
	}
	if (unpack_to_memory(elf, packed, report)) {
		return -ENOEXEC;
	}
	if (!rc) {
		cache_add(cached, elf->bytes, elf->size);
	}
	return 0;
}

int kernel_load(struct kernel *kernel, const char *path)
{
	struct reason reason = {""};
	struct report report = {.line = note, .context = &reason};
	struct bzimage packed;
	struct file_view packed_file = {.fd = -1};
	bool good;
	int rc;

	*kernel = (struct kernel){.file = {.fd = -1}};
	rc = file_view_open(&kernel->file, path);
	if (rc) {
		return fail_in(rc, "kernel");
	}
	good = bzimage_parse(&packed, kernel->file.bytes, kernel->file.size, &report);
	kernel->elf = packed.payload;
	kernel->elf_bytes = packed.payload_size;
	if (good && packed.format) {
		packed_file = kernel->file;
		good = unpack_file(&kernel->file, &packed, path, &report) == 0;
		kernel->elf = kernel->file.bytes;
		kernel->elf_bytes = kernel->file.size;
	}
	file_view_close(&packed_file);
	good = good && elf_parse(&kernel->image, kernel->elf, kernel->elf_bytes, &report);
	if (!good) {
		kernel_free(kernel);
		return fail(ENOEXEC, "'%s': %s", path,
			    *reason.text ? reason.text : "no memory to unpack it into");
	}
	return 0;
}

void kernel_free(struct kernel *kernel)
{
	file_view_close(&kernel->file);
}
