/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pvx doctor: finds daemons that are missing and what is left of guests that are gone, and puts it
 * right. */
#include <cli/commands.h>
#include <errno.h>
#include <guest/daemons.h>
#include <guest/loop.h>
#include <guest/record.h>
#include <guest/supervisor.h>
#include <lib/error.h>
#include <lib/names.h>
#include <lib/store.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct doctor {
	const struct domain_list *list;
	bool repair;
	int found, left;
};

/* One finding; cured says whether it is gone now. */
__attribute__((format(printf, 3, 4))) static void finding(struct doctor *d, bool cured,
							  const char *format, ...)
{
	va_list args;

	d->found++;
	d->left += !cured;
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf(cured ? ": put right\n" : "\n");
}

static const domain_info_t *by_number(const struct doctor *d, unsigned long domid)
{
	for (unsigned int i = 0; i < d->list->count; i++) {
		if (d->list->info[i].domain == domid) {
			return &d->list->info[i];
		}
	}
	return NULL;
}

static bool has_uuid(const struct doctor *d, const char *uuid)
{
	for (unsigned int i = 0; i < d->list->count; i++) {
		char text[UUID_TEXT];

		uuid_print(d->list->info[i].handle, text);
		if (strcmp(text, uuid) == 0) {
			return true;
		}
	}
	return false;
}

/* Folders of the store with a child for each domain, by number. */
static void check_folder(struct doctor *d, const char *folder)
{
	unsigned int count = 0;
	char **names = xs_directory(store(), XBT_NULL, folder, &count);

	for (unsigned int i = 0; names && i < count; i++) {
		char path[256], *end;
		unsigned long domid = strtoul(names[i], &end, 10);

		if (*end || by_number(d, domid)) {
			continue;
		}
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		finding(d, d->repair && xs_rm(store(), XBT_NULL, path),
			"the store has %s of a domain that is gone", path);
	}
	free(names);
}

static void check_vms(struct doctor *d)
{
	unsigned int count = 0;
	char **names = xs_directory(store(), XBT_NULL, "/vm", &count);

	for (unsigned int i = 0; names && i < count; i++) {
		char path[256];

		if (!has_uuid(d, names[i])) {
			snprintf(path, sizeof(path), "/vm/%s", names[i]);
			finding(d, d->repair && xs_rm(store(), XBT_NULL, path),
				"the store has %s of a domain that is gone", path);
		}
	}
	free(names);
}

static int check_loop(void *context, int number, const char *uuid)
{
	struct doctor *d = context;

	if (!has_uuid(d, uuid)) {
		finding(d, d->repair && loop_detach(uuid, NULL) > 0,
			"/dev/loop%d was of a domain that is gone (%s)", number, uuid);
	}
	return 0;
}

static void check_domains(struct doctor *d)
{
	for (unsigned int i = 0; i < d->list->count; i++) {
		const domain_info_t *info = &d->list->info[i];
		char *name = name_of(info->domain);

		if (info->flags & XEN_DOMINF_dying) {
			finding(d, false,
				"domain %u is destroyed, but %lu KiB of it are still mapped by somebody",
				info->domain, (unsigned long)info->tot_pages * 4);
		} else if (!name) {
			finding(d, false,
				"domain %u has no name in the store ('pvx destroy %u' ends it)",
				info->domain, info->domain);
		}
		free(name);
	}
}

static void check_record(void *context, const char *uuid)
{
	struct doctor *d = context;
	struct record record;

	if (record_peek(&record, uuid) == 0 &&
	    (record.state == RECORD_BUILDING || !has_uuid(d, uuid))) {
		finding(d, false, "a guest was left half made or half cleared away (%s)", uuid);
	}
}

/* --- Daemons -------------------------------------------------------------------------------- */

/* Before all else: the rest asks it. False: there is none. */
static bool check_store(struct doctor *d)
{
	if (!daemons_store_runs()) {
		finding(d, d->repair && daemons_start_store() == 0, "no store daemon runs");
	}
	return !d->left;
}

static void count_live(void *context, const char *uuid)
{
	struct record record;
	int *count = context;

	*count += record_peek(&record, uuid) == 0 && record.state != RECORD_ALONE;
}

static void check_daemons(struct doctor *d)
{
	int live = 0;

	record_each(count_live, &live);
	if (live && !supervisor_runs()) {
		finding(d, d->repair && supervisor_start() == 0,
			"no supervisor runs: guests are not started again, nor cleared away");
	}
	if (d->list->count > 1 && !daemons_console_runs()) {
		finding(d, d->repair && daemons_start_console() == 0,
			"no pvx-consoled runs: nobody serves the consoles of guests");
	}
}

/* What the supervisor would do. */
static void work_off(struct doctor *d)
{
	int failed, done = supervisor_look(&failed);

	d->found += done + failed;
	d->left += failed;
	if (done) {
		printf("%d guests had something left to do: done, as the supervisor would\n", done);
	}
	if (failed) {
		printf("%d guests have something left to do, which failed\n", failed);
	}
}

/* The last line, and the exit code. */
static int tell_left(const struct doctor *d)
{
	if (!d->found) {
		printf("all is well\n");
	} else if (d->left && !d->repair) {
		printf("'pvx doctor --repair' puts right what can be\n");
	} else if (d->left && *fail_text()) {
		fprintf(stderr, "pvx doctor: %s\n", fail_text());
	}
	return d->left ? EXIT_FAILED : EXIT_DONE;
}

static int doctor_run(struct cli *cli, int argc, char **argv)
{
	static const char *const folders[] = {"/local/domain",
					      "/libxl",
					      "/local/domain/0/backend/vbd",
					      "/local/domain/0/backend/vif",
					      "/local/domain/0/backend/console",
					      "/local/domain/0/error/backend/vbd",
					      "/local/domain/0/error/backend/vif"};
	struct domain_list list;
	struct doctor d = {.list = &list, .repair = cli_option(cli, "repair") && !cli->dry};
	int rc;

	if (!check_store(&d)) {
		return tell_left(&d);
	}
	if (d.repair) {
		work_off(&d);
	}
	rc = domain_list_all(&list);
	if (rc) {
		return cli_failed(cli, rc);
	}
	check_daemons(&d);
	record_each(check_record, &d);
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		check_folder(&d, folders[i]);
	}
	check_vms(&d);
	loop_each(check_loop, &d);
	check_domains(&d);
	domain_list_free(&list);
	return tell_left(&d);
}

static const struct cli_option options[] = {
	{.letter = 'r',
	 .name = "repair",
	 .help = "start daemons that are missing, and clear away what is found"},
	{.name = NULL},
};

const struct command cmd_doctor = {
	.name = "doctor",
	.arguments = "",
	.summary = "Find daemons that are missing and what is left of guests that are gone",
	.options = options,
	.run = doctor_run,
};
