/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine and its hypervisor. */
#ifndef LIB_HOST_H
#define LIB_HOST_H

#include <lib/hypercall.h>
#include <stdbool.h>
#include <xen/version.h>

struct host_version {
	unsigned int major, minor;
	xen_extraversion_t extra;
	xen_capabilities_info_t capabilities;
	xen_changeset_info_t changeset;
	xen_commandline_t commandline;
	xen_compile_info_t compile;
	unsigned long page_size, virt_start;
	char build_id[2 * 64 + 1]; /* in hexadecimal; empty if it has none */
};

int host_version(struct host_version *version);
/* New domains' memory is zero. Others do not promise it. */
bool host_clears_memory(void);

int host_physinfo(struct xen_sysctl_physinfo *info);
int host_scheduler(uint32_t *id); /* XEN_SCHEDULER_* */
const char *host_scheduler_name(uint32_t id);

/* Pages that shared memory saves or uses; 0 where the hypervisor has no such thing. */
long host_sharing(unsigned int operation); /* XENMEM_get_sharing_* */

#endif
