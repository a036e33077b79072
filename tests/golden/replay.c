/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Linked into pvx instead of lib/hypercall.c: the hypervisor answers what a file of facts says
 * (record.c), and so do the clock and uname(). What is in none of them fails.
 */
#include <errno.h>
#include <lib/error.h>
#include <lib/hypercall.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <xen/version.h>

#define KEY_SIZE 64

enum source { CASE, COMMON, SOURCES };

/* The files as they are, read on first use: the command's own facts, and those that many share. */
static const char *facts(enum source source)
{
	static char texts[SOURCES][1 << 18];
	static const char *const names[] = {"GOLDEN_FACTS", "GOLDEN_COMMON"};
	char *text = texts[source];
	FILE *file = *text ? NULL : fopen(getenv(names[source]), "r");

	if (file) {
		text[fread(text, 1, sizeof(texts[source]) - 1, file)] = '\0';
		fclose(file);
	}
	if (!*text) {
		abort();
	}
	return text;
}

/* The next line that begins with these words, behind `after`; what follows them. */
static const char *line_after(const char *after, const char *key)
{
	size_t length = strlen(key);

	for (const char *at = after; at; at = strchr(at, '\n')) {
		at += *at == '\n';
		if (strncmp(at, key, length) == 0 && at[length] == ' ') {
			return at + length + 1;
		}
	}
	return NULL;
}

__attribute__((format(printf, 1, 2))) static const char *fact(const char *format, ...)
{
	char key[KEY_SIZE];
	const char *found = NULL;
	va_list args;

	va_start(args, format);
	vsnprintf(key, sizeof(key), format, args);
	va_end(args);
	for (int source = CASE; !found && source < SOURCES; source++) {
		/* What was told twice has changed meanwhile: the last is what was printed. */
		for (const char *at = facts(source); (at = line_after(at, key)); found = at) {
		}
	}
	return found;
}

/* The bytes that a line of a fact ends with; as many as there are and fit. */
static int take(const char *line, void *to, size_t size)
{
	char *byte = to;
	const char *at = line;

	if (!line) {
		return -ENOENT;
	}
	at += strcspn(at, "\n");
	while (at > line && at[-1] != ' ') {
		at--;
	}
	for (unsigned int value; size && *at > ' ' && sscanf(at, "%2x", &value) == 1; at += 2) {
		*byte++ = (char)value;
		size--;
	}
	return 0;
}

/* --- sysctl ---------------------------------------------------------------------------------- */

/* The domain with the lowest number from this one on; of what was told of it the last. */
static bool find_domain(enum source source, uint32_t from, xen_domctl_getdomaininfo_t *info)
{
	xen_domctl_getdomaininfo_t one;
	bool found = false;

	for (const char *at = facts(source); (at = line_after(at, "domain"));) {
		take(at, &one, sizeof(one));
		if (one.domain >= from && (!found || one.domain <= info->domain)) {
			*info = one;
			found = true;
		}
	}
	return found;
}

static int list_domains(struct xen_sysctl_getdomaininfolist *list)
{
	uint32_t next = list->first_domain;
	xen_domctl_getdomaininfo_t info, fresh;

	for (list->num_domains = 0; list->num_domains < list->max_domains; list->num_domains++) {
		if (!find_domain(COMMON, next, &info)) {
			break;
		}
		if (find_domain(CASE, info.domain, &fresh) && fresh.domain == info.domain) {
			info = fresh;
		}
		list->buffer.p[list->num_domains] = info;
		next = info.domain + 1u;
	}
	return 0;
}

/* The first pool from this number on. */
static int pool_info(struct xen_sysctl_cpupool_op *p)
{
	struct {
		uint32_t id, scheduler, domains;
	} one;

	if (p->op == XEN_SYSCTL_CPUPOOL_OP_FREEINFO) {
		return take(fact("free"), p->cpumap.bitmap.p, p->cpumap.nr_bits / 8);
	}
	for (const char *at = facts(COMMON); (at = line_after(at, "pool"));) {
		if (sscanf(at, "%u %u %u", &one.id, &one.scheduler, &one.domains) == 3 &&
		    one.id >= p->cpupool_id) {
			p->cpupool_id = one.id;
			p->sched_id = one.scheduler;
			p->n_dom = one.domains;
			return take(at, p->cpumap.bitmap.p, p->cpumap.nr_bits / 8);
		}
	}
	return -ENOENT;
}

static int nodes(const struct xen_sysctl_numainfo *n)
{
	int rc = take(fact("nodes"), n->meminfo.p, n->num_nodes * sizeof(xen_sysctl_meminfo_t));

	return rc ? rc
		  : take(fact("distances"), n->distance.p,
			 n->num_nodes * n->num_nodes * sizeof(uint32_t));
}

static int answer_sysctl(struct xen_sysctl *op)
{
	switch (op->cmd) {
	case XEN_SYSCTL_getdomaininfolist:
		return list_domains(&op->u.getdomaininfolist);
	case XEN_SYSCTL_physinfo:
		return take(fact("physinfo"), &op->u.physinfo, sizeof(op->u.physinfo));
	case XEN_SYSCTL_sched_id:
		return take(fact("scheduler"), &op->u.sched_id, sizeof(op->u.sched_id));
	case XEN_SYSCTL_cputopoinfo:
		return take(fact("topology"), op->u.cputopoinfo.cputopo.p,
			    op->u.cputopoinfo.num_cpus * sizeof(xen_sysctl_cputopo_t));
	case XEN_SYSCTL_numainfo:
		return nodes(&op->u.numainfo);
	case XEN_SYSCTL_cpupool_op:
		return pool_info(&op->u.cpupool_op);
	case XEN_SYSCTL_scheduler_op:
		return take(fact("parameters %u", op->u.scheduler_op.cpupool_id),
			    &op->u.scheduler_op.u, sizeof(op->u.scheduler_op.u));
	default:
		return -ENOSYS;
	}
}

/* --- domctl ---------------------------------------------------------------------------------- */

static int affinity(domid_t domid, const struct xen_domctl_vcpuaffinity *a)
{
	int rc = take(fact("hard %u %u", domid, a->vcpu), a->cpumap_hard.bitmap.p,
		      a->cpumap_hard.nr_bits / 8);

	return rc ? rc
		  : take(fact("soft %u %u", domid, a->vcpu), a->cpumap_soft.bitmap.p,
			 a->cpumap_soft.nr_bits / 8);
}

static int answer_domctl(struct xen_domctl *op)
{
	switch (op->cmd) {
	case XEN_DOMCTL_getvcpuinfo:
		return take(fact("vcpu %u %u", op->domain, op->u.getvcpuinfo.vcpu),
			    &op->u.getvcpuinfo, sizeof(op->u.getvcpuinfo));
	case XEN_DOMCTL_getvcpuaffinity:
		return affinity(op->domain, &op->u.vcpuaffinity);
	case XEN_DOMCTL_scheduler_op:
		return take(fact("share %u", op->domain), &op->u.scheduler_op.u,
			    sizeof(op->u.scheduler_op.u.credit));
	default:
		return -ENOSYS;
	}
}

/* --- In the place of lib/hypercall.c --------------------------------------------------------- */

int hypercall_fd(void)
{
	return 0;
}

void *hypercall_memory(size_t bytes)
{
	return calloc(1, bytes);
}

void hypercall_memory_free(void *memory, size_t bytes)
{
	(void)bytes;
	free(memory);
}

long hypercall_struct(unsigned int number, unsigned int operation, void *structure, size_t bytes)
{
	const char *line =
		number == __HYPERVISOR_xen_version ? fact("version %u", operation) : NULL;
	int rc = -ENOSYS;

	if (line && sscanf(line, "%d", &rc) == 1 && rc >= 0) {
		take(line, structure, bytes);
	}
	return rc;
}

/* Shared memory, which memory_op is asked for, there was none of. */
long hypercall(unsigned int number, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
	(void)a2, (void)a3, (void)a4, (void)a5;
	return hypercall_struct(number, (unsigned int)a1, NULL, 0);
}

int hypercall_domctl(struct xen_domctl *op)
{
	int rc = answer_domctl(op);

	return rc < 0 ? fail_errno(-rc, "domctl %u on domain %u", op->cmd, op->domain) : rc;
}

int hypercall_sysctl(struct xen_sysctl *op)
{
	int rc = answer_sysctl(op);

	return rc < 0 ? fail_errno(-rc, "sysctl %u", op->cmd) : rc;
}

/* --- The rest of the machine ----------------------------------------------------------------- */

time_t __wrap_time(time_t *to);
int __wrap_clock_gettime(clockid_t clock, struct timespec *now);
int __wrap_uname(struct utsname *kernel);

time_t __wrap_time(time_t *to)
{
	const char *line = fact("time");
	time_t now = line ? (time_t)strtol(line, NULL, 10) : 0;

	if (to) {
		*to = now;
	}
	return now;
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *now)
{
	const char *line = fact("uptime");

	(void)clock;
	*now = (struct timespec){.tv_sec = line ? strtol(line, NULL, 10) : 0};
	return 0;
}

int __wrap_uname(struct utsname *kernel)
{
	static const struct {
		const char *key;
		size_t at;
	} fields[] = {{"nodename", offsetof(struct utsname, nodename)},
		      {"release", offsetof(struct utsname, release)},
		      {"kernel", offsetof(struct utsname, version)},
		      {"machine", offsetof(struct utsname, machine)}};

	memset(kernel, 0, sizeof(*kernel));
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		const char *line = fact("%s", fields[i].key);

		snprintf((char *)kernel + fields[i].at, sizeof(kernel->nodename), "%.*s",
			 line ? (int)strcspn(line, "\n") : 0, line ? line : "");
	}
	return 0;
}
