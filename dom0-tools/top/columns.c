/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Columns as scripts know them from xentop: titles, widths and rounding are those. */
#include <lib/domain.h>
#include <stdlib.h>
#include <string.h>
#include <top/columns.h>
#include <xen/sched.h>

double row_cpu_percent(const struct row *row)
{
	if (!row->before || row->elapsed == 0 || row->now->nanoseconds < row->before->nanoseconds) {
		return 0;
	}
	return (double)(row->now->nanoseconds - row->before->nanoseconds) * 100 /
	       (double)row->elapsed;
}

void row_state(const struct row *row, char text[7])
{
	unsigned int flags = row->now->flags;
	bool down = flags & XEN_DOMINF_shutdown;
	bool crashed = down && ((flags >> XEN_DOMINF_shutdownshift) & XEN_DOMINF_shutdownmask) ==
				       SHUTDOWN_crash;

	snprintf(text, 7, "%c%c%c%c%c%c", flags & XEN_DOMINF_dying ? 'd' : '-', down ? 's' : '-',
		 flags & XEN_DOMINF_blocked ? 'b' : '-', crashed ? 'c' : '-',
		 flags & XEN_DOMINF_paused ? 'p' : '-', flags & XEN_DOMINF_running ? 'r' : '-');
}

static void name_text(const struct row *row, char *text, size_t size)
{
	snprintf(text, size, "%s", row->now->name);
}

static void state_text(const struct row *row, char *text, size_t size)
{
	char state[7];

	row_state(row, state);
	snprintf(text, size, "%s", state);
}

static double share_of_memory(const struct row *row, uint64_t kib)
{
	return row->sample->total_kib ? (double)kib * 100 / (double)row->sample->total_kib : 0;
}

static double memory_percent(const struct row *row)
{
	return share_of_memory(row, row->now->memory_kib);
}

static double limit_percent(const struct row *row)
{
	return share_of_memory(row, row->now->limit_kib);
}

static void limit_text(const struct row *row, char *text, size_t size)
{
	if (row->now->limit_kib == NO_LIMIT) {
		snprintf(text, size, "no limit");
	} else {
		snprintf(text, size, "%llu", (unsigned long long)row->now->limit_kib);
	}
}

static void limit_percent_text(const struct row *row, char *text, size_t size)
{
	if (row->now->limit_kib == NO_LIMIT) {
		snprintf(text, size, "n/a");
	} else {
		snprintf(text, size, "%.1f", limit_percent(row));
	}
}

/* What is summed over the devices of a domain. */
#define SUM(name, items, count, field, unit)                   \
	static double name(const struct row *row)              \
	{                                                      \
		uint64_t sum = 0;                              \
                                                               \
		for (size_t i = 0; i < row->now->count; i++) { \
			sum += row->now->items[i].field;       \
		}                                              \
		return (double)(sum / (unit));                 \
	}
#define VALUE(name, expression)                   \
	static double name(const struct row *row) \
	{                                         \
		return (double)(expression);      \
	}

SUM(net_tx, nets, net_count, tx_bytes, 1024)
SUM(net_rx, nets, net_count, rx_bytes, 1024)
SUM(disk_waiting, disks, disk_count, waiting, 1)
SUM(disk_reads, disks, disk_count, reads, 1)
SUM(disk_writes, disks, disk_count, writes, 1)
SUM(disk_sectors_read, disks, disk_count, sectors_read, 1)
SUM(disk_sectors_written, disks, disk_count, sectors_written, 1)
VALUE(cpu_seconds, row->now->nanoseconds / 1000000000)
VALUE(memory, row->now->memory_kib)
VALUE(limit, row->now->limit_kib)
VALUE(vcpus, row->now->vcpu_limit)
VALUE(nets, row->now->net_count)
VALUE(disks, row->now->disk_count)
VALUE(label, row->now->label)

const struct column columns[] = {
	{"NAME", 10, "name", 0, NULL, name_text},
	{"STATE", 6, "state", 0, NULL, state_text},
	{"CPU(sec)", 10, "cpu_seconds", 0, cpu_seconds, NULL},
	{"CPU(%)", 6, "cpu_percent", 1, row_cpu_percent, NULL},
	{"MEM(k)", 10, "memory_kib", 0, memory, NULL},
	{"MEM(%)", 6, "memory_percent", 1, memory_percent, NULL},
	{"MAXMEM(k)", 10, "memory_limit_kib", 0, limit, limit_text},
	{"MAXMEM(%)", 9, NULL, 1, limit_percent, limit_percent_text},
	{"VCPUS", 5, "vcpus", 0, vcpus, NULL},
	{"NETS", 4, "nets", 0, nets, NULL},
	{"NETTX(k)", 8, "net_tx_kib", 0, net_tx, NULL},
	{"NETRX(k)", 8, "net_rx_kib", 0, net_rx, NULL},
	{"VBDS", 4, "disks", 0, disks, NULL},
	{"VBD_OO", 8, "disk_waiting", 0, disk_waiting, NULL},
	{"VBD_RD", 8, "disk_reads", 0, disk_reads, NULL},
	{"VBD_WR", 8, "disk_writes", 0, disk_writes, NULL},
	{"VBD_RSECT", 10, "disk_sectors_read", 0, disk_sectors_read, NULL},
	{"VBD_WSECT", 10, "disk_sectors_written", 0, disk_sectors_written, NULL},
	{"SSID", 4, "label", 0, label, NULL},
};
const size_t column_count = sizeof(columns) / sizeof(*columns);

void column_text(const struct column *column, const struct row *row, char *text, size_t size)
{
	if (column->text) {
		column->text(row, text, size);
	} else {
		snprintf(text, size, "%.*f", column->decimals, column->value(row));
	}
}

int column_find(const char *title)
{
	for (size_t i = 0; i < column_count; i++) {
		if (strcasecmp(columns[i].title, title) == 0) {
			return (int)i;
		}
	}
	return -1;
}

/* Texts upwards, numbers downwards; equal ones by number of the domain. */
static int compare(const void *a, const void *b, void *data)
{
	const struct column *column = data;
	const struct row *left = a;
	const struct row *right = b;
	int order = 0;

	if (column && column->value) {
		double difference = column->value(right) - column->value(left);

		order = (difference > 0) - (difference < 0);
	} else if (column) {
		char texts[2][64];

		column_text(column, left, texts[0], sizeof(texts[0]));
		column_text(column, right, texts[1], sizeof(texts[1]));
		order = strcasecmp(texts[0], texts[1]);
	}
	return order ? order
		     : (left->now->domid > right->now->domid) -
			       (left->now->domid < right->now->domid);
}

struct row *rows_make(const struct sample *now, const struct sample *before, int column,
		      const char *filter, size_t *count)
{
	struct row *rows = calloc(now->count + 1, sizeof(*rows));

	*count = 0;
	for (size_t i = 0; rows && i < now->count; i++) {
		const struct domain_sample *domain = &now->domains[i];

		if (filter && *filter && !strcasestr(domain->name, filter)) {
			continue;
		}
		rows[(*count)++] = (struct row){
			.now = domain,
			.before = before ? sample_find(before, domain->domid) : NULL,
			.sample = now,
			.elapsed = before ? now->nanoseconds - before->nanoseconds : 0};
	}
	if (rows) {
		qsort_r(rows, *count, sizeof(*rows), compare,
			column < 0 ? NULL : (void *)(uintptr_t)&columns[column]);
	}
	return rows;
}
