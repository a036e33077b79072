/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The loop of keys and samples. What is drawn is in draw.c. */
#include <ctype.h>
#include <curses.h>
#include <errno.h>
#include <lib/error.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <top/draw.h>
#include <top/screen.h>

#define KEY_ESCAPE 27

static int64_t milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A new sample; what was new becomes old. Of a file the last one stays. */
static int take(struct screen *screen, const struct source *source)
{
	struct sample sample;
	int rc = source_next(source, &sample);

	if (rc <= 0) {
		return rc;
	}
	sample_free(&screen->before);
	screen->before = screen->now;
	screen->now = sample;
	screen->taken++;
	history_add(&screen->history, &screen->now, screen->taken > 1 ? &screen->before : NULL);
	return 0;
}

static void begin_prompt(struct screen *screen, char kind)
{
	screen->prompt = kind;
	snprintf(screen->typed, sizeof(screen->typed), "%s",
		 kind == '/' ? screen->view.filter : "");
}

static void end_prompt(struct screen *screen, bool accepted)
{
	double delay = strtod(screen->typed, NULL);

	if (accepted && screen->prompt == '/') {
		snprintf(screen->view.filter, sizeof(screen->view.filter), "%s", screen->typed);
	} else if (accepted && delay >= 0.1 && delay <= 3600) {
		screen->delay = delay;
	}
	screen->prompt = '\0';
	screen->scroll = 0;
}

static void on_prompt_key(struct screen *screen, int key)
{
	size_t length = strlen(screen->typed);

	if (key == '\n' || key == KEY_ENTER || key == KEY_ESCAPE) {
		end_prompt(screen, key != KEY_ESCAPE);
	} else if ((key == KEY_BACKSPACE || key == 127 || key == '\b') && length) {
		screen->typed[length - 1] = '\0';
	} else if (key < 256 && isprint(key) && length + 1 < sizeof(screen->typed)) {
		screen->typed[length] = (char)key;
		screen->typed[length + 1] = '\0';
	}
}

static void on_mouse(struct screen *screen)
{
	MEVENT event;
	int column;

	if (getmouse(&event) != OK) {
		return;
	}
	column = draw_column_at(screen, event.y, event.x);
	if (event.bstate & BUTTON4_PRESSED) {
		screen->scroll -= 3;
	} else if (event.bstate & BUTTON5_PRESSED) {
		screen->scroll += 3;
	} else if (column >= 0) {
		screen->view.sort = column;
	}
}

/* -1, by number, is one of the orders. */
static void next_order(struct screen *screen, int step)
{
	int orders = (int)column_count + 1;

	screen->view.sort = (screen->view.sort + 1 + step + orders) % orders - 1;
}

static void on_arrow(struct screen *screen, int key)
{
	int page = LINES > 8 ? LINES - 8 : 1;

	screen->scroll += key == KEY_DOWN ? 1 : key == KEY_UP ? -1 : 0;
	screen->scroll += key == KEY_NPAGE ? page : key == KEY_PPAGE ? -page : 0;
	screen->scroll = key == KEY_HOME ? 0 : screen->scroll;
	screen->first += key == KEY_RIGHT ? 1 : key == KEY_LEFT ? -1 : 0;
	screen->first = screen->first < 1			? 1
			: screen->first > (int)column_count - 1 ? (int)column_count - 1
								: screen->first;
}

/* False to leave. */
static bool on_key(struct screen *screen, int key)
{
	struct view *view = &screen->view;

	if (screen->prompt) {
		on_prompt_key(screen, key);
		return true;
	}
	if (screen->help) {
		screen->help = key == KEY_RESIZE;
		return true;
	}
	switch (key < 256 ? tolower(key) : key) {
	case 'q':
	case KEY_ESCAPE:
		return false;
	case 'n':
		view->nets = !view->nets;
		break;
	case 'b':
		view->disks = !view->disks;
		break;
	case 'v':
		view->vcpus = !view->vcpus;
		break;
	case 'r':
		view->repeat_header = !view->repeat_header;
		break;
	case 'f':
		view->full_names = !view->full_names;
		break;
	case 's':
	case '>':
		next_order(screen, 1);
		break;
	case '<':
		next_order(screen, -1);
		break;
	case 'd':
	case '/':
		begin_prompt(screen, (char)tolower(key));
		break;
	case 'h':
	case '?':
		screen->help = true;
		break;
	case KEY_MOUSE:
		on_mouse(screen);
		break;
	default:
		on_arrow(screen, key);
	}
	return true;
}

/* Keys, until it is time for the next sample; false to leave. */
static bool keys_until(struct screen *screen, int64_t deadline)
{
	for (;;) {
		int64_t left = deadline - milliseconds();
		int key;

		if (left <= 0) {
			return true;
		}
		timeout((int)left);
		key = getch();
		if (key == ERR) {
			continue;
		}
		if (!on_key(screen, key)) {
			return false;
		}
		if (!screen->prompt && tolower(key) == 'd') {
			deadline = milliseconds();
		}
		draw(screen);
	}
}

static int loop(struct screen *screen, const struct source *source, long samples)
{
	for (long i = 0; samples == 0 || i < samples; i++) {
		int64_t start = milliseconds();
		int rc = take(screen, source);

		if (rc) {
			return rc;
		}
		draw(screen);
		if (!keys_until(screen, start + (int64_t)(screen->delay * 1000))) {
			break;
		}
	}
	return 0;
}

int screen_run(const struct source *source, const struct view *view, double delay, long samples)
{
	struct screen screen = {.view = *view, .delay = delay, .first = 1};
	int rc;

	setlocale(LC_ALL, "");
	if (!newterm(NULL, stdout, stdin)) {
		return fail(ENOTTY, "this terminal ('%s') cannot be drawn on; -b prints lines",
			    getenv("TERM") ? getenv("TERM") : "");
	}
	cbreak();
	noecho();
	keypad(stdscr, TRUE);
	curs_set(0);
	set_escdelay(50);
	mousemask(BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL);
	mouseinterval(0);
	draw_colours();
	rc = loop(&screen, source, samples);
	endwin();
	sample_free(&screen.now);
	sample_free(&screen.before);
	free(screen.history.lines);
	return rc;
}
