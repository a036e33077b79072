/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the machine and its domains have used so far, at one moment. */
#ifndef TOP_SAMPLE_H
#define TOP_SAMPLE_H

#include <config/arena.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define NO_LIMIT UINT64_MAX

struct net_sample {
	unsigned int number;
	/* The back end's, as xentop's: tx is what the guest has received. */
	uint64_t rx_bytes, rx_packets, rx_errors, rx_drops;
	uint64_t tx_bytes, tx_packets, tx_errors, tx_drops;
};

struct disk_sample {
	unsigned int number; /* of the virtual device */
	uint64_t waiting;    /* times that its ring had no room */
	uint64_t reads, writes, sectors_read, sectors_written;
};

struct vcpu_sample {
	unsigned int number;
	uint64_t nanoseconds;
};

struct domain_sample {
	unsigned int domid;
	unsigned int flags; /* XEN_DOMINF_* */
	const char *name;
	uint64_t nanoseconds;
	uint64_t memory_kib, limit_kib; /* NO_LIMIT: none */
	unsigned int label;		/* of its security */
	unsigned int vcpu_limit;
	struct vcpu_sample *vcpus; /* that are on line */
	struct net_sample *nets;
	struct disk_sample *disks;
	size_t vcpu_count, net_count, disk_count;
};

struct sample {
	struct arena arena; /* holds what the pointers point to */
	uint64_t nanoseconds;
	long long wall; /* seconds since 1970 */
	uint64_t total_kib, free_kib;
	unsigned int cpus, mhz;
	const char *version;
	struct domain_sample *domains; /* by number */
	size_t count;
};

/* Of this machine; -errno with a text. */
int sample_take(struct sample *sample);
/* The next that sample_record() wrote; false at the end, or where the file is damaged. */
bool sample_replay(struct sample *sample, FILE *in);
void sample_record(const struct sample *sample, FILE *out);
void sample_free(struct sample *sample);

/* The same domain in an earlier sample, or NULL. */
const struct domain_sample *sample_find(const struct sample *sample, unsigned int domid);

#endif
