/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hypervisor's command line: what can be asked for, and what holds when nothing is. */
#ifndef BOOT_CMDLINE_H
#define BOOT_CMDLINE_H

#include <boot/microcode.h>
#include <boot/report.h>
#include <boot/speculation_options.h>
#include <lib/base.h>

/* com1= and com2=: <baud>|auto[,<data bits><parity><stop bits>[,<port>[,<irq>]]]. */
struct serial_options {
	uint32_t baud; /* 0: as the firmware left it */
	uint8_t data_bits;
	char parity; /* n, o, e, m or s */
	uint8_t stop_bits;
	uint8_t irq; /* 0: polled */
	uint16_t port;
};

/* console=: a list of these words. */
enum console_set { CONSOLE_COM1 = 1, CONSOLE_COM2 = 2, CONSOLE_VGA = 4 };

/*
 * loglvl= and guest_loglvl=: how many levels are printed, always and at a limited rate. None is
 * 0, errors alone 1, and so on up to 4; a message is printed when its enum log_level is below.
 */
struct log_limits {
	uint8_t always;
	uint8_t limited;
};

/* One amount of dom0_mem=: bytes plus a percentage of the memory there is, or all but that. */
struct memory_amount {
	uint64_t bytes;
	uint8_t percent;
	bool all_but;
	bool given;
};

enum timestamp_kind { TIMESTAMP_NONE, TIMESTAMP_BOOT, TIMESTAMP_RAW };

struct boot_options {
	/* Seeing inside. */
	struct serial_options com1;  /* 115200,8n1,0x3f8,4 */
	struct serial_options com2;  /* 115200,8n1,0x2f8,3 */
	uint8_t console;	     /* com1,vga */
	uint8_t timestamps;	     /* console_timestamps=none */
	struct log_limits log;	     /* loglvl=info */
	struct log_limits guest_log; /* guest_loglvl=none/warning */
	uint64_t log_ring_size;	     /* conring_size=64K, 4K to 16M */
	bool noreboot;		     /* no: reboot after an error */
	/* Memory and processors. */
	uint64_t memory_limit;			/* mem=: use no more than this; 0: all there is */
	uint32_t cpu_limit;			/* maxcpus=64; nosmp is maxcpus=1 */
	bool x2apic;				/* no: only where it has to be */
	bool smep;				/* yes */
	bool smap;				/* yes */
	struct microcode_options microcode;	/* ucode=: none */
	struct speculation_options speculation; /* spec-ctrl=, xpti=, pv-l1tf=; as the CPU needs */
	/* Dom0. */
	struct memory_amount dom0_memory;     /* dom0_mem=<size> */
	struct memory_amount dom0_memory_min; /* dom0_mem=min:<size> */
	struct memory_amount dom0_memory_max; /* dom0_mem=max:<size> */
	uint32_t dom0_vcpus_min;	      /* dom0_max_vcpus=<n>, or <min>-<max> */
	uint32_t dom0_vcpus_max;	      /* both 0: as many as there are CPUs */
	bool dom0_vcpus_pin;		      /* no */
	/* Scheduling. */
	uint32_t credit_slice_ms; /* sched_credit_tslice_ms=30, 1 to 1000 */
	uint32_t ratelimit_us;	  /* sched_ratelimit_us=1000, 0 or 100 to 500000 */
	/* Grants. */
	uint32_t grant_version_max;   /* gnttab=max-ver:2 */
	bool grant_transitive;	      /* gnttab=transitive */
	uint32_t grant_frames_max;    /* gnttab_max_frames=64, 1 to 1024 */
	uint32_t maptrack_frames_max; /* gnttab_max_maptrack_frames=1024, 1 to 16384 */
};

/*
 * Fills options: defaults first, then what the line says. Unknown options and bad values are
 * reported, with what is accepted, and change nothing.
 */
void cmdline_parse(const char *line, struct boot_options *options, const struct report *report);

/* What dom0_mem= comes to on a machine that has so much to give, in whole pages. */
uint64_t dom0_memory_bytes(const struct boot_options *options, uint64_t available);

/* How far Dom0 may balloon up; UINT64_MAX if nothing was said. */
uint64_t dom0_memory_limit(const struct boot_options *options, uint64_t available);

#endif
