/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loaded before another tool's libraries (LD_PRELOAD), it notes what the hypervisor answers that
 * tool, as lines of facts which replay.c reads (GOLDEN_FACTS names the file). Structures are
 * written as the bytes that they are.
 */
#include <dlfcn.h>
#include <lib/hypercall.h>
#include <lib/privcmd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <xen/memory.h>
#include <xen/version.h>

static FILE *facts(void)
{
	static FILE *file;

	if (!file) {
		file = fopen(getenv("GOLDEN_FACTS"), "a");
	}
	if (!file) {
		abort();
	}
	return file;
}

static void bytes(const void *data, size_t count)
{
	const unsigned char *byte = data;

	fputc(' ', facts());
	for (size_t i = 0; i < count; i++) {
		fprintf(facts(), "%02x", byte[i]);
	}
	if (!count) {
		fputc('-', facts());
	}
}

__attribute__((format(printf, 3, 4))) static void fact(const void *data, size_t count,
						       const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(facts(), format, args);
	va_end(args);
	bytes(data, count);
	fputc('\n', facts());
	fflush(facts());
}

static void note_domctl(const struct xen_domctl *op)
{
	const struct xen_domctl_vcpuaffinity *a = &op->u.vcpuaffinity;

	switch (op->cmd) {
	case XEN_DOMCTL_getdomaininfo:
		fact(&op->u.getdomaininfo, sizeof(op->u.getdomaininfo), "domain");
		break;
	case XEN_DOMCTL_getvcpuinfo:
		fact(&op->u.getvcpuinfo, sizeof(op->u.getvcpuinfo), "vcpu %u %u", op->domain,
		     op->u.getvcpuinfo.vcpu);
		break;
	case XEN_DOMCTL_getvcpuaffinity:
		if (a->flags & XEN_VCPUAFFINITY_HARD) {
			fact(a->cpumap_hard.bitmap.p, (a->cpumap_hard.nr_bits + 7) / 8,
			     "hard %u %u", op->domain, a->vcpu);
		}
		if (a->flags & XEN_VCPUAFFINITY_SOFT) {
			fact(a->cpumap_soft.bitmap.p, (a->cpumap_soft.nr_bits + 7) / 8,
			     "soft %u %u", op->domain, a->vcpu);
		}
		break;
	case XEN_DOMCTL_getnodeaffinity:
		fact(op->u.nodeaffinity.nodemap.bitmap.p,
		     (op->u.nodeaffinity.nodemap.nr_bits + 7) / 8, "nodes %u", op->domain);
		break;
	case XEN_DOMCTL_scheduler_op:
		fact(&op->u.scheduler_op.u, 8, "share %u", op->domain);
		break;
	}
}

static void note_pool(const struct xen_sysctl_cpupool_op *p)
{
	if (p->op == XEN_SYSCTL_CPUPOOL_OP_INFO) {
		fact(p->cpumap.bitmap.p, (p->cpumap.nr_bits + 7) / 8, "pool %u %u %u",
		     p->cpupool_id, p->sched_id, p->n_dom);
	} else if (p->op == XEN_SYSCTL_CPUPOOL_OP_FREEINFO) {
		fact(p->cpumap.bitmap.p, (p->cpumap.nr_bits + 7) / 8, "free");
	}
}

static void note_sysctl(const struct xen_sysctl *op)
{
	const struct xen_sysctl_numainfo *n = &op->u.numainfo;

	switch (op->cmd) {
	case XEN_SYSCTL_getdomaininfolist:
		for (uint32_t i = 0; i < op->u.getdomaininfolist.num_domains; i++) {
			fact(&op->u.getdomaininfolist.buffer.p[i],
			     sizeof(xen_domctl_getdomaininfo_t), "domain");
		}
		break;
	case XEN_SYSCTL_physinfo:
		fact(&op->u.physinfo, sizeof(op->u.physinfo), "physinfo");
		break;
	case XEN_SYSCTL_sched_id:
		fact(&op->u.sched_id, sizeof(op->u.sched_id), "scheduler");
		break;
	case XEN_SYSCTL_cputopoinfo:
		if (op->u.cputopoinfo.cputopo.p) {
			fact(op->u.cputopoinfo.cputopo.p,
			     op->u.cputopoinfo.num_cpus * sizeof(xen_sysctl_cputopo_t), "topology");
		}
		break;
	case XEN_SYSCTL_numainfo:
		if (n->meminfo.p) {
			fact(n->meminfo.p, n->num_nodes * sizeof(xen_sysctl_meminfo_t), "nodes");
			fact(n->distance.p, n->num_nodes * n->num_nodes * sizeof(uint32_t),
			     "distances");
		}
		break;
	case XEN_SYSCTL_cpupool_op:
		note_pool(&op->u.cpupool_op);
		break;
	case XEN_SYSCTL_scheduler_op:
		fact(&op->u.scheduler_op.u, sizeof(op->u.scheduler_op.u), "parameters %u",
		     op->u.scheduler_op.cpupool_id);
		break;
	}
}

static void note_version(uint64_t operation, int rc, const void *answer)
{
	static const size_t sizes[] = {[XENVER_extraversion] = sizeof(xen_extraversion_t),
				       [XENVER_compile_info] = sizeof(xen_compile_info_t),
				       [XENVER_capabilities] = sizeof(xen_capabilities_info_t),
				       [XENVER_changeset] = sizeof(xen_changeset_info_t),
				       [XENVER_platform_parameters] =
					       sizeof(xen_platform_parameters_t),
				       [XENVER_commandline] = sizeof(xen_commandline_t),
				       [XENVER_build_id] = sizeof(xen_build_id_t)};
	size_t size = operation < sizeof(sizes) / sizeof(sizes[0]) ? sizes[operation] : 0;

	if (operation == XENVER_build_id) {
		size = answer && rc > 0 ? size + (size_t)rc : 0;
	}
	fact(answer, size, "version %lu %d", (unsigned long)operation, rc);
}

int ioctl(int fd, unsigned long request, ...)
{
	static int (*real)(int fd, unsigned long request, void *argument);
	const struct privcmd_hypercall *call;
	va_list args;
	void *argument;
	int rc;

	va_start(args, request);
	argument = va_arg(args, void *);
	va_end(args);
	if (!real) {
		*(void **)&real = dlsym(RTLD_NEXT, "ioctl");
	}
	rc = real(fd, request, argument);
	call = argument;
	if (request != PRIVCMD_HYPERCALL || rc < 0) {
		return rc;
	}
	if (call->op == __HYPERVISOR_domctl) {
		note_domctl((const struct xen_domctl *)call->arg[0]);
	} else if (call->op == __HYPERVISOR_sysctl) {
		note_sysctl((const struct xen_sysctl *)call->arg[0]);
	} else if (call->op == __HYPERVISOR_xen_version) {
		note_version(call->arg[0], rc, (const void *)call->arg[1]);
	}
	return rc;
}

time_t time(time_t *to)
{
	struct timespec now, up;

	clock_gettime(CLOCK_REALTIME, &now);
	clock_gettime(CLOCK_BOOTTIME, &up);
	fact(NULL, 0, "time %ld", now.tv_sec);
	fact(NULL, 0, "uptime %ld", up.tv_sec);
	if (to) {
		*to = now.tv_sec;
	}
	return now.tv_sec;
}
