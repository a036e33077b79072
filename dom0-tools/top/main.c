/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pvx-top: what domains use, on a terminal or for scripts. Options are those of xentop, and more.
 */
#include <cli/json.h>
#include <errno.h>
#include <getopt.h>
#include <lib/error.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <top/screen.h>

#define EXIT_USAGE 2

static const char usage[] =
	"Usage: pvx-top [OPTIONS]\n"
	"Shows what each domain uses of the machine, again and again.\n\n"
	"  -d, --delay=SECONDS     between samples [3]\n"
	"  -n, --networks          also each network interface\n"
	"  -x, --vbds              also each disk\n"
	"  -v, --vcpus             also each vCPU\n"
	"  -r, --repeat-header     titles above each domain\n"
	"  -f, --full-name         names are not cut\n"
	"  -b, --batch             lines on standard output, for scripts\n"
	"  -i, --iterations=COUNT  so many samples, then end\n"
	"  -s, --sort=COLUMN       order by a column, like CPU(%)\n"
	"      --filter=TEXT       only domains whose names have this\n"
	"      --json              for programs; one sample unless -i says more\n"
	"      --record=FILE       keep the samples\n"
	"      --replay=FILE       show samples that were kept\n"
	"  -V, --version\n"
	"  -h, --help\n";

enum { OPTION_FILTER = 256, OPTION_JSON, OPTION_RECORD, OPTION_REPLAY };

static const struct option options[] = {{"delay", required_argument, NULL, 'd'},
					{"networks", no_argument, NULL, 'n'},
					{"vbds", no_argument, NULL, 'x'},
					{"vcpus", no_argument, NULL, 'v'},
					{"repeat-header", no_argument, NULL, 'r'},
					{"full-name", no_argument, NULL, 'f'},
					{"batch", no_argument, NULL, 'b'},
					{"iterations", required_argument, NULL, 'i'},
					{"sort", required_argument, NULL, 's'},
					{"filter", required_argument, NULL, OPTION_FILTER},
					{"json", no_argument, NULL, OPTION_JSON},
					{"record", required_argument, NULL, OPTION_RECORD},
					{"replay", required_argument, NULL, OPTION_REPLAY},
					{"version", no_argument, NULL, 'V'},
					{"help", no_argument, NULL, 'h'},
					{0}};

struct settings {
	struct view view;
	struct source source;
	double delay;
	long samples; /* 0: no end */
	bool batch;
	bool json;
};

int source_next(const struct source *source, struct sample *sample)
{
	int rc = source->replay ? sample_replay(sample, source->replay) : sample_take(sample);

	if (source->replay && rc == 0) {
		return feof(source->replay) ? 0 : fail(EINVAL, "the file of samples is damaged");
	}
	if (!source->replay && rc < 0) {
		return rc;
	}
	if (source->record) {
		sample_record(sample, source->record);
	}
	return 1;
}

static bool open_file(FILE **file, const char *mode)
{
	*file = fopen(optarg, mode);
	if (!*file) {
		fprintf(stderr, "pvx-top: %s: %s\n", optarg, strerror(errno));
	}
	return *file != NULL;
}

static bool set_flag(struct settings *settings, int option)
{
	struct view *view = &settings->view;

	switch (option) {
	case 'n':
		return view->nets = true;
	case 'x':
		return view->disks = true;
	case 'v':
		return view->vcpus = true;
	case 'r':
		return view->repeat_header = true;
	case 'f':
		return view->full_names = true;
	case 'b':
		return settings->batch = true;
	case OPTION_JSON:
		return settings->json = settings->batch = true;
	default:
		return false;
	}
}

static bool set_option(struct settings *settings, int option)
{
	char *end = NULL;

	switch (option) {
	case 'd':
		settings->delay = strtod(optarg, &end);
		return end != optarg && !*end && settings->delay >= 0.1 && settings->delay <= 3600;
	case 'i':
		settings->samples = strtol(optarg, &end, 10);
		return end != optarg && !*end && settings->samples > 0;
	case 's':
		settings->view.sort = column_find(optarg);
		return settings->view.sort >= 0;
	case OPTION_FILTER:
		snprintf(settings->view.filter, FILTER_SIZE, "%s", optarg);
		return true;
	case OPTION_RECORD:
		return open_file(&settings->source.record, "w");
	case OPTION_REPLAY:
		return open_file(&settings->source.replay, "r");
	default:
		return set_flag(settings, option);
	}
}

/* An exit code, or -1 to go on. */
static int read_options(struct settings *settings, int argc, char **argv)
{
	int option;

	while ((option = getopt_long(argc, argv, "d:nxvrfbi:s:Vh", options, NULL)) != -1) {
		if (option == 'h' || option == 'V') {
			fputs(option == 'h' ? usage : "pvx-top " PACKAGE_VERSION "\n", stdout);
			return EXIT_SUCCESS;
		}
		if (!set_option(settings, option)) {
			if (option < 256 && option != '?') {
				fprintf(stderr, "pvx-top: -%c does not take '%s'\n", option,
					optarg);
			}
			fputs("'pvx-top --help' tells what it takes\n", stderr);
			return EXIT_USAGE;
		}
	}
	return -1;
}

static void wait_for(double delay)
{
	struct timespec time = {.tv_sec = (time_t)delay};

	time.tv_nsec = (long)((delay - (double)time.tv_sec) * 1e9);
	nanosleep(&time, NULL);
}

/* Recorded samples come without waiting. */
static int run_batch(const struct settings *settings)
{
	long samples = settings->samples || !settings->json ? settings->samples : 1;
	struct sample before = {.version = NULL};
	struct sample now;
	int rc = 1;
	long i;

	if (settings->json && samples > 1) {
		json_open(NULL, '[');
	}
	for (i = 0; samples == 0 || i < samples; i++) {
		if (i > 0 && !settings->source.replay) {
			wait_for(settings->delay);
		}
		rc = source_next(&settings->source, &now);
		if (rc <= 0) {
			break;
		}
		(settings->json ? batch_json : batch_print)(&settings->view, &now,
							    i ? &before : NULL);
		sample_free(&before);
		before = now;
	}
	if (settings->json && samples > 1) {
		json_close();
	}
	sample_free(&before);
	return rc < 0 ? rc : 0;
}

int main(int argc, char **argv)
{
	struct settings settings = {.view.sort = -1, .delay = 3};
	int rc = read_options(&settings, argc, argv);

	if (rc >= 0) {
		return rc;
	}
	rc = settings.batch ? run_batch(&settings)
			    : screen_run(&settings.source, &settings.view, settings.delay,
					 settings.samples);
	if (rc) {
		fprintf(stderr, "pvx-top: %s\n", fail_text());
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
