/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From above: the host, the domains by state, a bar for memory and one for processors, the titles,
 * a window on the table, and what the keys do. Whatever does not fit is cut; nothing wraps.
 */
#include <curses.h>
#include <langinfo.h>
#include <lib/domain.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <top/draw.h>
#include <xen/sched.h>

#define TITLES	4 /* the line of the titles */
#define HISTORY "HISTORY"

enum { COLOUR_GOOD = 1, COLOUR_WARM, COLOUR_HOT, COLOUR_DIM };

void draw_colours(void)
{
	if (getenv("NO_COLOR") || !has_colors()) {
		return;
	}
	start_color();
	use_default_colors();
	init_pair(COLOUR_GOOD, COLOR_GREEN, -1);
	init_pair(COLOUR_WARM, COLOR_YELLOW, -1);
	init_pair(COLOUR_HOT, COLOR_RED, -1);
	init_pair(COLOUR_DIM, COLOR_CYAN, -1);
}

static int heat(double percent)
{
	return percent >= 90 ? COLOUR_HOT : percent >= 60 ? COLOUR_WARM : COLOUR_GOOD;
}

/* "Mem [||||    ] text" */
static void draw_bar(int y, const char *name, double percent, const char *text)
{
	int width = COLS / 3 < 40 ? COLS / 3 : 40;
	int filled = (int)((percent > 100 ? 100 : percent) * width / 100 + 0.5);

	mvprintw(y, 0, "%s [", name);
	attron(COLOR_PAIR(heat(percent)));
	for (int i = 0; i < width; i++) {
		addch(i < filled ? '|' : ' ');
	}
	attroff(COLOR_PAIR(heat(percent)));
	printw("] %s", text);
}

static void draw_memory(const struct sample *now)
{
	uint64_t used = now->total_kib - now->free_kib;
	char text[100];

	snprintf(text, sizeof(text), "%llu MiB used, %llu free of %llu",
		 (unsigned long long)used / 1024, (unsigned long long)now->free_kib / 1024,
		 (unsigned long long)now->total_kib / 1024);
	draw_bar(2, "Mem", now->total_kib ? (double)used * 100 / (double)now->total_kib : 0, text);
}

static void draw_processors(const struct screen *screen)
{
	const struct sample *now = &screen->now;
	size_t count;
	struct row *rows =
		rows_make(now, screen->taken > 1 ? &screen->before : NULL, -1, NULL, &count);
	double sum = 0;
	char text[100];

	for (size_t i = 0; rows && i < count; i++) {
		sum += row_cpu_percent(&rows[i]);
	}
	free(rows);
	snprintf(text, sizeof(text), "%.1f%% of %u%% (%u at %u MHz)", sum, 100 * now->cpus,
		 now->cpus, now->mhz);
	draw_bar(3, "CPU", now->cpus ? sum / now->cpus : 0, text);
}

static bool crashed(const struct domain_sample *domain)
{
	return domain->flags & XEN_DOMINF_shutdown && (domain->flags >> XEN_DOMINF_shutdownshift &
						       XEN_DOMINF_shutdownmask) == SHUTDOWN_crash;
}

static void draw_host(const struct screen *screen)
{
	static const unsigned int flags[] = {XEN_DOMINF_running, XEN_DOMINF_blocked,
					     XEN_DOMINF_paused, XEN_DOMINF_dying,
					     XEN_DOMINF_shutdown};
	const struct sample *now = &screen->now;
	unsigned int counts[5] = {0};
	unsigned int crashes = 0;
	time_t wall = (time_t)now->wall;
	struct tm tm;
	char text[16] = "";

	for (size_t i = 0; i < now->count; i++) {
		crashes += crashed(&now->domains[i]);
		for (int j = 0; j < 5; j++) {
			counts[j] += (now->domains[i].flags & flags[j]) != 0;
		}
	}
	if (localtime_r(&wall, &tm)) {
		strftime(text, sizeof(text), "%H:%M:%S", &tm);
	}
	attron(A_BOLD);
	mvprintw(0, 0, "pvx-top - %s   %s", text, now->version);
	attroff(A_BOLD);
	mvprintw(
		1, 0,
		"%zu domains: %u running, %u blocked, %u paused, %u crashed, %u dying, %u shutdown",
		now->count, counts[0], counts[1], counts[2], crashes, counts[3], counts[4]);
	if (screen->view.filter[0]) {
		attron(COLOR_PAIR(COLOUR_DIM));
		printw("   filter: %s", screen->view.filter);
		attroff(COLOR_PAIR(COLOUR_DIM));
	}
}

/*
 * The columns from left to right: their places on the line. Behind CPU(%), or where that is
 * scrolled away behind the name, comes the history.
 */
struct place {
	int column; /* -1: the history */
	int x;
	int width;
};

static size_t lay_out(const struct screen *screen, struct place places[32])
{
	int x = 0;
	int name_width = view_name_width(&screen->view, &screen->now);
	size_t count = 0;
	bool history = false;

	for (int i = 0; i < (int)column_count && x < COLS; i++) {
		int width = i == COLUMN_NAME ? name_width : columns[i].width;

		if (i > 0 && i < screen->first) {
			continue;
		}
		if (x + width > COLS) {
			break;
		}
		places[count++] = (struct place){i, x, width};
		x += width + 1;
		if (x + HISTORY_SIZE <= COLS && !history &&
		    (i >= COLUMN_CPU || (i == 0 && screen->first > COLUMN_CPU))) {
			places[count++] = (struct place){-1, x, HISTORY_SIZE};
			x += HISTORY_SIZE + 1;
			history = true;
		}
	}
	return count;
}

int draw_column_at(const struct screen *screen, int y, int x)
{
	struct place places[32];
	size_t count = lay_out(screen, places);

	for (size_t i = 0; y == TITLES && i < count; i++) {
		if (x >= places[i].x && x < places[i].x + places[i].width) {
			return places[i].column;
		}
	}
	return -1;
}

static void draw_titles(const struct screen *screen, int y)
{
	struct place places[32];
	size_t count = lay_out(screen, places);

	attron(A_REVERSE);
	mvprintw(y, 0, "%*s", COLS, "");
	for (size_t i = 0; i < count; i++) {
		int column = places[i].column;
		bool sorted = column >= 0 && column == screen->view.sort;

		attrset(A_REVERSE | (sorted ? A_BOLD | A_UNDERLINE : 0));
		mvprintw(y, places[i].x, "%*s", places[i].width,
			 column < 0 ? HISTORY : columns[column].title);
	}
	attrset(A_NORMAL);
}

/* A letter for each sample, higher for busier; full is all of one processor. */
static void draw_history(const float *percent)
{
	static const char *const blocks[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	static const char *const letters[] = {" ", ".", ".", ":", ":", "+", "+", "#", "#"};
	bool fine = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;

	for (int i = 0; percent && i < HISTORY_SIZE; i++) {
		double value = percent[i] > 100 ? 100 : percent[i];
		int level = value < 0.05 ? 0 : 1 + (int)(value * 7.99 / 100);

		attron(COLOR_PAIR(heat(value)));
		addstr(fine ? blocks[level] : letters[level]);
		attroff(COLOR_PAIR(heat(value)));
	}
}

static int colour_of(int column, const struct row *row)
{
	if (column == COLUMN_CPU) {
		return heat(row_cpu_percent(row));
	}
	if (column == COLUMN_STATE && crashed(row->now)) {
		return COLOUR_HOT;
	}
	return column == COLUMN_STATE && row->now->flags & XEN_DOMINF_running ? COLOUR_GOOD : 0;
}

static void draw_row(const struct screen *screen, const struct row *row, int y)
{
	struct place places[32];
	size_t count = lay_out(screen, places);

	for (size_t i = 0; i < count; i++) {
		const struct place *place = &places[i];
		char text[256];

		move(y, place->x);
		if (place->column < 0) {
			draw_history(history_of(&screen->history, row->now->domid));
			continue;
		}
		column_text(&columns[place->column], row, text, sizeof(text));
		attron(COLOR_PAIR(colour_of(place->column, row)));
		printw("%*.*s", place->width, place->width, text);
		attroff(COLOR_PAIR(colour_of(place->column, row)));
	}
}

/* The table's window: lines are counted from its top, and those in it are drawn. */
struct window {
	const struct screen *screen;
	int line;
};

static int window_y(const struct window *window)
{
	int y = TITLES + 1 + window->line - window->screen->scroll;

	return y > TITLES && y < LINES - 1 ? y : -1;
}

static void detail_line(void *context, const char *text)
{
	struct window *window = context;
	int y = window_y(window);

	if (y >= 0) {
		attron(COLOR_PAIR(COLOUR_DIM));
		mvprintw(y, 2, "%.*s", COLS - 2, text);
		attroff(COLOR_PAIR(COLOUR_DIM));
	}
	window->line++;
}

static int draw_table(const struct screen *screen)
{
	struct window window = {screen, 0};
	size_t count;
	struct row *rows = rows_make(&screen->now, screen->taken > 1 ? &screen->before : NULL,
				     screen->view.sort, screen->view.filter, &count);

	for (size_t i = 0; rows && i < count; i++) {
		if (i > 0 && screen->view.repeat_header) {
			if (window_y(&window) >= 0) {
				draw_titles(screen, window_y(&window));
			}
			window.line++;
		}
		if (window_y(&window) >= 0) {
			draw_row(screen, &rows[i], window_y(&window));
		}
		window.line++;
		view_details(&screen->view, rows[i].now, detail_line, &window);
	}
	free(rows);
	return window.line;
}

static void draw_foot(const struct screen *screen)
{
	const char *text =
		"D delay  N networks  B disks  V vCPUs  S sort  R repeat titles  F names  / filter  ? help  Q quit";

	move(LINES - 1, 0);
	if (screen->prompt) {
		printw("%s: %s_",
		       screen->prompt == '/' ? "Show names with" : "Seconds between samples",
		       screen->typed);
		return;
	}
	attron(A_REVERSE);
	printw("%-*.*s", COLS - 1, COLS - 1, text);
	attroff(A_REVERSE);
}

static void draw_help(void)
{
	static const char *const lines[] = {
		"pvx-top shows what each domain uses of the machine.",
		"",
		"  D              seconds between samples",
		"  N  B  V        networks, disks, vCPUs of each domain",
		"  S  or  < >     order by the next column, by the one before; a click on a title",
		"  /              show only domains whose names have a text",
		"  F              whole names",
		"  R              titles above each domain",
		"  arrows, wheel  scroll: up and down lines, left and right columns",
		"  Q or Esc       leave",
		"",
		"States: d dying, s shut down, b blocked, c crashed, p paused, r running.",
		"History: each letter a sample, full height one whole processor.",
		"",
		"Any key goes back.",
	};

	for (int i = 0; i < (int)(sizeof(lines) / sizeof(*lines)) && i < LINES; i++) {
		mvprintw(i, 0, "%.*s", COLS, lines[i]);
	}
}

void draw(struct screen *screen)
{
	int lines;
	int room = LINES - TITLES - 2;

	erase();
	if (screen->help) {
		draw_help();
		refresh();
		return;
	}
	draw_host(screen);
	draw_memory(&screen->now);
	draw_processors(screen);
	draw_titles(screen, TITLES);
	screen->scroll = screen->scroll < 0 ? 0 : screen->scroll;
	lines = draw_table(screen);
	if (screen->scroll > 0 && screen->scroll > lines - room) {
		screen->scroll = lines > room ? lines - room : 0;
		draw(screen);
		return;
	}
	draw_foot(screen);
	refresh();
}
