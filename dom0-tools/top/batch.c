/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Samples for scripts: text as xentop's, or JSON. */
#include <cli/json.h>
#include <stdlib.h>
#include <top/view.h>

#define LINE_SIZE 1024

static void print(void *context, const char *text)
{
	puts(text);
}

void batch_print(const struct view *view, const struct sample *now, const struct sample *before)
{
	int order = view->sort < 0 ? COLUMN_NAME : view->sort;
	char line[LINE_SIZE];
	size_t count;
	struct row *rows = rows_make(now, before, order, view->filter, &count);

	for (size_t i = 0; rows && i < count; i++) {
		if (i == 0 || view->repeat_header) {
			view_header(view, now, line, sizeof(line));
			puts(line);
		}
		view_row(view, &rows[i], line, sizeof(line));
		puts(line);
		view_details(view, rows[i].now, print, NULL);
	}
	free(rows);
	fflush(stdout);
}

static void row_json(const struct row *row)
{
	char text[256];

	for (size_t i = 0; i < column_count; i++) {
		const struct column *column = &columns[i];

		if (!column->key) {
			continue;
		}
		column_text(column, row, text, sizeof(text));
		if (!column->value) {
			json_string(column->key, text);
		} else if (column->decimals) {
			json_real(column->key, column->value(row));
		} else if (row->now->limit_kib == NO_LIMIT && column->text) {
			json_string(column->key, NULL);
		} else {
			json_number(column->key, (int64_t)column->value(row));
		}
	}
}

static void parts_json(const struct domain_sample *domain)
{
	json_open("vcpu_nanoseconds", '[');
	for (size_t i = 0; i < domain->vcpu_count; i++) {
		json_number(NULL, (int64_t)domain->vcpus[i].nanoseconds);
	}
	json_close();
	json_open("net", '[');
	for (size_t i = 0; i < domain->net_count; i++) {
		const struct net_sample *net = &domain->nets[i];

		json_open(NULL, '{');
		json_number("devid", net->number);
		json_number("rx_bytes", (int64_t)net->rx_bytes);
		json_number("rx_packets", (int64_t)net->rx_packets);
		json_number("rx_errors", (int64_t)net->rx_errors);
		json_number("rx_dropped", (int64_t)net->rx_drops);
		json_number("tx_bytes", (int64_t)net->tx_bytes);
		json_number("tx_packets", (int64_t)net->tx_packets);
		json_number("tx_errors", (int64_t)net->tx_errors);
		json_number("tx_dropped", (int64_t)net->tx_drops);
		json_close();
	}
	json_close();
	json_open("disk", '[');
	for (size_t i = 0; i < domain->disk_count; i++) {
		const struct disk_sample *disk = &domain->disks[i];

		json_open(NULL, '{');
		json_number("vdev", disk->number);
		json_number("waiting", (int64_t)disk->waiting);
		json_number("reads", (int64_t)disk->reads);
		json_number("writes", (int64_t)disk->writes);
		json_number("sectors_read", (int64_t)disk->sectors_read);
		json_number("sectors_written", (int64_t)disk->sectors_written);
		json_close();
	}
	json_close();
}

void batch_json(const struct view *view, const struct sample *now, const struct sample *before)
{
	size_t count;
	struct row *rows = rows_make(now, before, view->sort, view->filter, &count);

	json_open(NULL, '{');
	json_number("time", now->wall);
	json_number("memory_total_kib", (int64_t)now->total_kib);
	json_number("memory_free_kib", (int64_t)now->free_kib);
	json_number("cpus", now->cpus);
	json_number("cpu_mhz", now->mhz);
	json_open("domains", '[');
	for (size_t i = 0; rows && i < count; i++) {
		json_open(NULL, '{');
		json_number("domid", rows[i].now->domid);
		row_json(&rows[i]);
		parts_json(rows[i].now);
		json_close();
	}
	json_close();
	json_close();
	free(rows);
}
