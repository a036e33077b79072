/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of text. Their spaces count: scripts cut them into columns. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <top/view.h>

static void append(char *line, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void append(char *line, size_t size, const char *format, ...)
{
	size_t used = strlen(line);
	va_list args;

	va_start(args, format);
	vsnprintf(line + used, size - used, format, args);
	va_end(args);
}

int view_name_width(const struct view *view, const struct sample *sample)
{
	size_t width = (size_t)columns[COLUMN_NAME].width;

	for (size_t i = 0; view->full_names && i < sample->count; i++) {
		size_t length = strlen(sample->domains[i].name);

		width = length > width ? length : width;
	}
	return width < NAME_WIDTH_MAX ? (int)width : NAME_WIDTH_MAX;
}

void view_header(const struct view *view, const struct sample *sample, char *line, size_t size)
{
	line[0] = '\0';
	for (int i = 0; i < (int)column_count; i++) {
		append(line, size, "%s%*s", i ? " " : "",
		       i == COLUMN_NAME ? view_name_width(view, sample) : columns[i].width,
		       columns[i].title);
	}
}

void view_row(const struct view *view, const struct row *row, char *line, size_t size)
{
	char text[256];

	line[0] = '\0';
	for (int i = 0; i < (int)column_count; i++) {
		int width = columns[i].width;
		int most = 255;

		if (i == COLUMN_NAME) {
			width = most = view_name_width(view, row->sample);
		}
		column_text(&columns[i], row, text, sizeof(text));
		append(line, size, "%s%*.*s", i ? " " : "", width, most, text);
	}
}

static void vcpu_lines(const struct domain_sample *domain,
		       void (*line)(void *context, const char *text), void *context)
{
	char text[256] = "VCPUs(sec): ";

	for (size_t i = 0; i < domain->vcpu_count; i++) {
		if (i && i % 5 == 0) {
			line(context, text);
			strcpy(text, "        ");
		}
		append(text, sizeof(text), " %2u: %10llus", domain->vcpus[i].number,
		       (unsigned long long)(domain->vcpus[i].nanoseconds / 1000000000));
	}
	line(context, text);
}

#define ULL(value) ((unsigned long long)(value))

static void net_line(const struct net_sample *net, char *text, size_t size)
{
	snprintf(
		text, size,
		"Net%u RX: %8llubytes %8llupkts %8lluerr %8lludrop  TX: %8llubytes %8llupkts %8lluerr %8lludrop",
		net->number, ULL(net->rx_bytes), ULL(net->rx_packets), ULL(net->rx_errors),
		ULL(net->rx_drops), ULL(net->tx_bytes), ULL(net->tx_packets), ULL(net->tx_errors),
		ULL(net->tx_drops));
}

static void disk_line(const struct disk_sample *disk, char *text, size_t size)
{
	snprintf(
		text, size,
		"VBD BlkBack %4u [%2x:%2x]  OO: %8llu   RD: %8llu   WR: %8llu   RSECT: %10llu   WSECT: %10llu",
		disk->number, disk->number >> 8 & 0xfffff, disk->number & 0xff, ULL(disk->waiting),
		ULL(disk->reads), ULL(disk->writes), ULL(disk->sectors_read),
		ULL(disk->sectors_written));
}

void view_details(const struct view *view, const struct domain_sample *domain,
		  void (*line)(void *context, const char *text), void *context)
{
	char text[256];

	if (view->vcpus) {
		vcpu_lines(domain, line, context);
	}
	for (size_t i = 0; view->nets && i < domain->net_count; i++) {
		net_line(&domain->nets[i], text, sizeof(text));
		line(context, text);
	}
	for (size_t i = 0; view->disks && i < domain->disk_count; i++) {
		disk_line(&domain->disks[i], text, sizeof(text));
		line(context, text);
	}
}
