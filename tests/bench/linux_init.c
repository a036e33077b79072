/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The first program of a Linux: says what the TSC is when it is reached, and powers off. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/reboot.h>
#include <unistd.h>
#include <x86intrin.h>

int main(void)
{
	unsigned long long now = __rdtsc();

	printf("boot init %llu\n", now);
	fflush(stdout);
	reboot(RB_POWER_OFF);
	return 1;
}
