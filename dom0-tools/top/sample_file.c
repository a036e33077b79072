/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Samples in a file, a line for each thing: what tests look at, and what somebody can send in. */
#include <inttypes.h>
#include <string.h>
#include <top/sample.h>

#define U64 "%" SCNu64

const struct domain_sample *sample_find(const struct sample *sample, unsigned int domid)
{
	for (size_t i = 0; i < sample->count; i++) {
		if (sample->domains[i].domid == domid) {
			return &sample->domains[i];
		}
	}
	return NULL;
}

void sample_free(struct sample *sample)
{
	arena_free(&sample->arena);
	*sample = (struct sample){0};
}

void sample_record(const struct sample *sample, FILE *out)
{
	fprintf(out, "sample %" PRIu64 " %lld %" PRIu64 " %" PRIu64 " %u %u %s\n",
		sample->nanoseconds, sample->wall, sample->total_kib, sample->free_kib,
		sample->cpus, sample->mhz, sample->version);
	for (size_t i = 0; i < sample->count; i++) {
		const struct domain_sample *domain = &sample->domains[i];

		fprintf(out, "domain %u %x %" PRIu64 " %" PRIu64 " %" PRIu64 " %u %u %s\n",
			domain->domid, domain->flags, domain->nanoseconds, domain->memory_kib,
			domain->limit_kib, domain->label, domain->vcpu_limit, domain->name);
		for (size_t j = 0; j < domain->vcpu_count; j++) {
			fprintf(out, "vcpu %u %" PRIu64 "\n", domain->vcpus[j].number,
				domain->vcpus[j].nanoseconds);
		}
		for (size_t j = 0; j < domain->net_count; j++) {
			const struct net_sample *net = &domain->nets[j];

			fprintf(out, "net %u", net->number);
			fprintf(out, " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64, net->rx_bytes,
				net->rx_packets, net->rx_errors, net->rx_drops);
			fprintf(out, " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
				net->tx_bytes, net->tx_packets, net->tx_errors, net->tx_drops);
		}
		for (size_t j = 0; j < domain->disk_count; j++) {
			const struct disk_sample *disk = &domain->disks[j];

			fprintf(out,
				"disk %u %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64
				"\n",
				disk->number, disk->waiting, disk->reads, disk->writes,
				disk->sectors_read, disk->sectors_written);
		}
	}
	fputs("end\n", out);
	fflush(out);
}

#define add(sample, items, count)                                                \
	((items) = arena_grow(&(sample)->arena, items, count, sizeof(*(items))), \
	 &(items)[(count)++])

/* The text behind the first `at` bytes, without its newline. */
static const char *rest(struct sample *sample, const char *line, int at)
{
	return arena_text(&sample->arena, line + at, strcspn(line + at, "\n"));
}

static bool read_domain(struct sample *sample, const char *line)
{
	struct domain_sample *domain = add(sample, sample->domains, sample->count);
	int at = 0;

	if (sscanf(line, "domain %u %x " U64 " " U64 " " U64 " %u %u %n", &domain->domid,
		   &domain->flags, &domain->nanoseconds, &domain->memory_kib, &domain->limit_kib,
		   &domain->label, &domain->vcpu_limit, &at) != 7 ||
	    at == 0) {
		return false;
	}
	domain->name = rest(sample, line, at);
	return true;
}

/* A line about the last domain. */
static bool read_part(struct sample *sample, const char *line)
{
	struct domain_sample *domain = sample->count ? &sample->domains[sample->count - 1] : NULL;

	if (domain && strncmp(line, "vcpu ", 5) == 0) {
		struct vcpu_sample *vcpu = add(sample, domain->vcpus, domain->vcpu_count);

		return sscanf(line, "vcpu %u " U64, &vcpu->number, &vcpu->nanoseconds) == 2;
	}
	if (domain && strncmp(line, "net ", 4) == 0) {
		struct net_sample *net = add(sample, domain->nets, domain->net_count);

		return sscanf(line,
			      "net %u " U64 " " U64 " " U64 " " U64 " " U64 " " U64 " " U64 " " U64,
			      &net->number, &net->rx_bytes, &net->rx_packets, &net->rx_errors,
			      &net->rx_drops, &net->tx_bytes, &net->tx_packets, &net->tx_errors,
			      &net->tx_drops) == 9;
	}
	if (domain && strncmp(line, "disk ", 5) == 0) {
		struct disk_sample *disk = add(sample, domain->disks, domain->disk_count);

		return sscanf(line, "disk %u " U64 " " U64 " " U64 " " U64 " " U64, &disk->number,
			      &disk->waiting, &disk->reads, &disk->writes, &disk->sectors_read,
			      &disk->sectors_written) == 6;
	}
	return false;
}

bool sample_replay(struct sample *sample, FILE *in)
{
	char line[1024];
	int at = 0;

	*sample = (struct sample){0};
	if (!fgets(line, sizeof(line), in) ||
	    sscanf(line, "sample " U64 " %lld " U64 " " U64 " %u %u %n", &sample->nanoseconds,
		   &sample->wall, &sample->total_kib, &sample->free_kib, &sample->cpus,
		   &sample->mhz, &at) != 6 ||
	    at == 0) {
		return false;
	}
	sample->version = rest(sample, line, at);
	while (fgets(line, sizeof(line), in)) {
		if (strcmp(line, "end\n") == 0) {
			return true;
		}
		if (strncmp(line, "domain ", 7) == 0 ? !read_domain(sample, line)
						     : !read_part(sample, line)) {
			break;
		}
	}
	sample_free(sample);
	return false;
}
