/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hypervisor's mem* and str* functions against the C library's, under other names. */
#include "tap.h"

#include <stddef.h>
#include <string.h>

#define memcpy	hv_memcpy
#define memmove hv_memmove
#define memset	hv_memset
#define memcmp	hv_memcmp
#define memchr	hv_memchr
#define strlen	hv_strlen
#define strnlen hv_strnlen
#define strcmp	hv_strcmp
#define strncmp hv_strncmp
#define strchr	hv_strchr
#define strrchr hv_strrchr
#pragma GCC diagnostic ignored "-Wmissing-prototypes"
#pragma GCC diagnostic ignored "-Wmissing-declarations"
#include "../../hypervisor/arch/x86/string.c"
#include "../../hypervisor/lib/string.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp
#undef memchr
#undef strlen
#undef strnlen
#undef strcmp
#undef strncmp
#undef strchr
#undef strrchr

static int sign(int value)
{
	return (value > 0) - (value < 0);
}

static void memory(uint64_t *seed)
{
	unsigned char ours[96], libc[96], from[96];
	bool copied = true, moved = true, filled = true, compared = true, found = true;

	for (int round = 0; round < 20000; round++) {
		size_t a = tap_random(seed) % 48, b = tap_random(seed) % 48;
		size_t bytes = tap_random(seed) % 48;
		int byte = (int)(tap_random(seed) % 256);

		for (size_t i = 0; i < sizeof(ours); i++) {
			ours[i] = libc[i] = (unsigned char)(tap_random(seed) % 3);
			from[i] = (unsigned char)tap_random(seed);
		}
		compared &= sign(hv_memcmp(ours + a, ours + b, bytes)) ==
			    sign(memcmp(libc + a, libc + b, bytes));
		found &= hv_memchr(ours + a, byte % 4, bytes) == memchr(ours + a, byte % 4, bytes);
		copied &= hv_memcpy(ours + a, from + b, bytes) == ours + a;
		memcpy(libc + a, from + b, bytes);
		copied &= !memcmp(ours, libc, sizeof(ours));
		moved &= hv_memmove(ours + a, ours + b, bytes) == ours + a;
		memmove(libc + a, libc + b, bytes);
		moved &= !memcmp(ours, libc, sizeof(ours));
		filled &= hv_memset(ours + b, byte, bytes) == ours + b;
		memset(libc + b, byte, bytes);
		filled &= !memcmp(ours, libc, sizeof(ours));
	}
	ok(copied, "memcpy");
	ok(moved, "memmove, overlapping both ways");
	ok(filled, "memset");
	ok(compared, "memcmp");
	ok(found, "memchr");
}

static void strings(void)
{
	static const char *const samples[] = {"", "a", "b", "ab", "abc", "abd", "a\xff", "bab"};
	bool compared = true, limited = true;

	for (size_t i = 0; i < 8; i++) {
		for (size_t j = 0; j < 8; j++) {
			compared &= hv_strcmp(samples[i], samples[j]) ==
				    sign(strcmp(samples[i], samples[j]));
			for (size_t n = 0; n < 5; n++) {
				limited &= hv_strncmp(samples[i], samples[j], n) ==
					   sign(strncmp(samples[i], samples[j], n));
			}
		}
	}
	ok(compared, "strcmp, bytes above 127 the larger ones");
	ok(limited, "strncmp");
	is_int(hv_strlen("four"), 4, "strlen");
	is_int(hv_strnlen("four", 2), 2, "strnlen stops at its limit");
	is_int(hv_strnlen("four", 9), 4, "strnlen stops at the null");
	ok(hv_strchr(samples[7], 'b') == samples[7], "strchr finds the first");
	ok(hv_strrchr(samples[7], 'b') == samples[7] + 2, "strrchr finds the last");
	ok(hv_strchr(samples[7], 'x') == NULL && hv_strrchr(samples[7], 'x') == NULL, "or none");
	ok(hv_strchr(samples[7], 0) == samples[7] + 3, "or the null");
}

int main(int argc, char **argv)
{
	uint64_t seed = tap_seed(argc, argv);

	memory(&seed);
	strings();
	return done_testing();
}
