/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Without libFuzzer: runs a fuzz target over the files of its corpus, one TAP line each. */
#include "tap.h"

#include <dirent.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Inputs are copied into a block of exactly their size, so that ASan sees the first byte beyond. */
static void replay(const char *directory, const char *name)
{
	static uint8_t buffer[1 << 20];
	char path[4096];
	uint8_t *exact;
	size_t size;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	file = fopen(path, "rb");
	if (!ok(file != NULL, "%s can be opened", path)) {
		return;
	}
	size = fread(buffer, 1, sizeof(buffer), file);
	fclose(file);
	exact = malloc(size ? size : 1);
	memcpy(exact, buffer, size);
	LLVMFuzzerTestOneInput(exact, size);
	free(exact);
	ok(true, "%s", name);
}

/* tests/fuzz/fuzz_NAME replays $srcdir/tests/fuzz/corpus/NAME, or the folder given. */
int main(int argc, char **argv)
{
	const char *target = strstr(argv[0], "fuzz_");
	const char *srcdir = getenv("srcdir");
	struct dirent **names;
	char directory[2048];
	int count;

	while (target && strstr(target + 1, "fuzz_")) {
		target = strstr(target + 1, "fuzz_");
	}
	snprintf(directory, sizeof(directory), "%s/tests/fuzz/corpus/%s", srcdir ? srcdir : ".",
		 target ? target + strlen("fuzz_") : "");
	if (argc > 1) {
		snprintf(directory, sizeof(directory), "%s", argv[1]);
	}
	count = scandir(directory, &names, NULL, alphasort);
	ok(count > 2, "%s has inputs", directory);
	for (int i = 0; i < count; i++) {
		if (names[i]->d_name[0] != '.') {
			replay(directory, names[i]->d_name);
		}
		free(names[i]);
	}
	if (count >= 0) {
		free(names);
	}
	return done_testing();
}
