/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the hypervisor says of itself and of the machine. */
#include <errno.h>
#include <lib/error.h>
#include <lib/host.h>
#include <stdio.h>
#include <string.h>
#include <xen/memory.h>

static int version(unsigned int operation, void *to, size_t bytes)
{
	return (int)hypercall_struct(__HYPERVISOR_xen_version, operation, to, bytes);
}

static void read_build_id(struct host_version *v)
{
	struct {
		xen_build_id_t id;
		unsigned char bytes[64];
	} id = {.id.len = 64};
	int rc = version(XENVER_build_id, &id, sizeof(id));

	v->build_id[0] = '\0';
	for (int i = 0; i < rc && i < 64; i++) {
		snprintf(v->build_id + 2 * i, 3, "%02x", id.id.buf[i]);
	}
}

int host_version(struct host_version *v)
{
	xen_platform_parameters_t parameters = {0};
	int rc = hypercall_fd();

	if (rc < 0) {
		return rc;
	}
	memset(v, 0, sizeof(*v));
	rc = (int)hypercall(__HYPERVISOR_xen_version, XENVER_version, 0, 0, 0, 0);
	if (rc < 0) {
		return fail_errno(-rc, "the hypervisor's version");
	}
	v->major = (unsigned int)rc >> 16;
	v->minor = (unsigned int)rc & 0xffff;
	version(XENVER_extraversion, v->extra, sizeof(v->extra));
	version(XENVER_capabilities, v->capabilities, sizeof(v->capabilities));
	version(XENVER_changeset, v->changeset, sizeof(v->changeset));
	version(XENVER_commandline, v->commandline, sizeof(v->commandline));
	version(XENVER_compile_info, &v->compile, sizeof(v->compile));
	version(XENVER_platform_parameters, &parameters, sizeof(parameters));
	v->virt_start = parameters.virt_start;
	rc = (int)hypercall(__HYPERVISOR_xen_version, XENVER_pagesize, 0, 0, 0, 0);
	v->page_size = rc > 0 ? (unsigned long)rc : 0;
	read_build_id(v);
	return 0;
}

bool host_clears_memory(void)
{
	xen_extraversion_t extra = "";

	version(XENVER_extraversion, extra, sizeof(extra));
	return strcmp(extra, "-parvus") == 0;
}

int host_physinfo(struct xen_sysctl_physinfo *info)
{
	struct xen_sysctl op = {.cmd = XEN_SYSCTL_physinfo};
	int rc = hypercall_sysctl(&op);

	*info = op.u.physinfo;
	return rc;
}

int host_scheduler(uint32_t *id)
{
	struct xen_sysctl op = {.cmd = XEN_SYSCTL_sched_id};
	int rc = hypercall_sysctl(&op);

	*id = op.u.sched_id.sched_id;
	return rc;
}

const char *host_scheduler_name(uint32_t id)
{
	static const char *const names[] = {[XEN_SCHEDULER_CREDIT] = "credit",
					    [XEN_SCHEDULER_CREDIT2] = "credit2",
					    [XEN_SCHEDULER_ARINC653] = "arinc653",
					    [XEN_SCHEDULER_RTDS] = "rtds",
					    [XEN_SCHEDULER_NULL] = "null"};

	return id < sizeof(names) / sizeof(names[0]) && names[id] ? names[id] : "unknown";
}

long host_sharing(unsigned int operation)
{
	long pages = hypercall(__HYPERVISOR_memory_op, operation, 0, 0, 0, 0);

	return pages > 0 ? pages : 0;
}
