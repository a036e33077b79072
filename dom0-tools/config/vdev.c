/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of virtual block devices, and the numbers that the block protocol has for them. */
#include <config/parse.h>

#include <ctype.h>
#include <string.h>

#define DISK_MAX      ((1U << 20) - 1)
#define PARTITION_MAX 255

/* Decimal digits at *text, moved behind them; no digits are 0. */
static bool digits(const char **text, unsigned int max, unsigned int *number)
{
	*number = 0;
	for (; isdigit((unsigned char)**text); (*text)++) {
		*number = *number * 10 + (unsigned int)(**text - '0');
		if (*number > max) {
			return false;
		}
	}
	return true;
}

/* "a" is 0, "z" 25, "aa" 26 */
static bool letters(const char **text, unsigned int *disk)
{
	unsigned int number = 0;
	const char *start = *text;

	for (; **text >= 'a' && **text <= 'z'; (*text)++) {
		number = number * 26 + (unsigned int)(**text - 'a') + 1;
		if (number > DISK_MAX + 1) {
			return false;
		}
	}
	*disk = number - 1;
	return *text != start;
}

static unsigned int xvd_number(unsigned int disk, unsigned int partition)
{
	if (disk < 16 && partition < 16) {
		return 202 << 8 | disk << 4 | partition;
	}
	return 1U << 28 | disk << 8 | partition;
}

static bool named(const char *text, unsigned int *disk, unsigned int *partition)
{
	return letters(&text, disk) && digits(&text, PARTITION_MAX, partition) && *text == '\0';
}

/* "d1p2" */
static bool numbered(const char *text, unsigned int *disk, unsigned int *partition)
{
	*partition = 0;
	if (!isdigit((unsigned char)*text) || !digits(&text, DISK_MAX, disk)) {
		return false;
	}
	if (*text == 'p' && isdigit((unsigned char)text[1])) {
		text++;
		return digits(&text, PARTITION_MAX, partition) && *text == '\0';
	}
	return *text == '\0';
}

bool vdev_parse(const char *text, unsigned int *number)
{
	unsigned long long plain;
	unsigned int disk;
	unsigned int partition;

	if (strncmp(text, "/dev/", 5) == 0) {
		text += 5;
	}
	if (isdigit((unsigned char)*text)) {
		bool valid = number_parse(text, 0, (1U << 29) - 1, &plain);

		*number = (unsigned int)plain;
		return valid;
	}
	if ((strncmp(text, "xvd", 3) == 0 && named(text + 3, &disk, &partition)) ||
	    (*text == 'd' && numbered(text + 1, &disk, &partition))) {
		*number = xvd_number(disk, partition);
		return true;
	}
	if (strncmp(text, "sd", 2) == 0 && named(text + 2, &disk, &partition)) {
		*number = 8 << 8 | disk << 4 | partition;
		return disk < 16 && partition < 16;
	}
	if (strncmp(text, "hd", 2) == 0 && named(text + 2, &disk, &partition)) {
		*number = (disk < 2 ? 3U : 22U) << 8 | (disk & 1) << 6 | partition;
		return disk < 4 && partition < 64;
	}
	return false;
}
