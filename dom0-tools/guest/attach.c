/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Boot domains, which ran before any tool did, become guests like others. */
#include <errno.h>
#include <guest/attach.h>
#include <guest/record.h>
#include <guest/setup.h>
#include <lib/error.h>
#include <lib/foreign.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xen/grant_table.h>

#define STORE_PORT   1
#define CONSOLE_PORT 2

/* --- Is it one? ----------------------------------------------------------------------------- */

static bool waits_for_us(domid_t domid, evtchn_port_t port)
{
	struct evtchn_status status = {.dom = domid, .port = port};
	long rc = hypercall_struct(__HYPERVISOR_event_channel_op, EVTCHNOP_status, &status,
				   sizeof(status));

	return rc == 0 && status.status == EVTCHNSTAT_unbound && status.u.unbound.dom == 0;
}

/* One that `pvx create` is making looks the same for a moment, but has a record. */
static bool has_record(const domain_info_t *info)
{
	char uuid[UUID_TEXT], path[sizeof(RECORD_FOLDER) + UUID_TEXT];

	uuid_print(info->handle, uuid);
	snprintf(path, sizeof(path), RECORD_FOLDER "/%s", uuid);
	return access(path, F_OK) == 0;
}

static bool is_candidate(const domain_info_t *info)
{
	return info->domain != 0 && info->domain < DOMID_FIRST_RESERVED &&
	       !(info->flags & XEN_DOMINF_dying) && !has_record(info) &&
	       !xs_is_domain_introduced(store(), info->domain) &&
	       waits_for_us(info->domain, STORE_PORT) && waits_for_us(info->domain, CONSOLE_PORT);
}

/* --- Its rings ------------------------------------------------------------------------------ */

static int grant_version(domid_t domid, uint32_t *version)
{
	struct gnttab_get_version *op = hypercall_memory(sizeof(*op));
	long rc;

	if (!op) {
		return -ENOMEM;
	}
	op->dom = domid;
	rc = hypercall(__HYPERVISOR_grant_table_op, GNTTABOP_get_version, (uintptr_t)op, 1, 0, 0);
	*version = op->version;
	hypercall_memory_free(op, sizeof(*op));
	return rc < 0 ? fail_errno((int)-rc, "the version of the grants of domain %u", domid) : 0;
}

/* The frame that an entry grants to Dom0, 0 if it does not. The guest may have changed layouts. */
static uint64_t granted_frame(const void *table, uint32_t version, grant_ref_t ref)
{
	const union grant_entry_v2 *two = (const union grant_entry_v2 *)table + ref;
	const struct grant_entry_v1 *one = (const struct grant_entry_v1 *)table + ref;
	uint16_t flags = version == 2 ? two->hdr.flags : one->flags;
	domid_t domid = version == 2 ? two->hdr.domid : one->domid;

	if ((flags & GTF_type_mask) != GTF_permit_access || domid != 0) {
		return 0;
	}
	return version == 2 ? two->full_page.frame : one->frame;
}

static int find_rings(domid_t domid, struct domain_rings *rings)
{
	uint32_t version;
	int rc = grant_version(domid, &version);
	void *table = rc ? NULL : foreign_map_grants(domid);

	if (!table) {
		return rc ? rc : -EFAULT;
	}
	*rings = (struct domain_rings){
		.store_frame = granted_frame(table, version, GNTTAB_RESERVED_XENSTORE),
		.console_frame = granted_frame(table, version, GNTTAB_RESERVED_CONSOLE),
		.store_port = STORE_PORT,
		.console_port = CONSOLE_PORT,
	};
	foreign_unmap(table, 1);
	return 0;
}

/* --- Attaching ------------------------------------------------------------------------------ */

/* The store and every tool tell guests apart by it, so one without gets a random one. */
static int give_uuid(const domain_info_t *info, uint8_t uuid[16])
{
	static const uint8_t none[16];
	struct xen_domctl op = {.cmd = XEN_DOMCTL_setdomainhandle, .domain = info->domain};

	memcpy(uuid, info->handle, sizeof(none));
	if (memcmp(uuid, none, sizeof(none)) != 0) {
		return 0;
	}
	if (uuid_random(uuid)) {
		return -EIO;
	}
	memcpy(op.u.setdomainhandle.handle, uuid, sizeof(none));
	return hypercall_domctl(&op);
}

static int write_nodes(const domain_info_t *info, const char *uuid, const char *name,
		       const struct domain_rings *rings)
{
	const struct domain_config config = {
		.name = name,
		.kernel = "(boot)",
		.memory_kib = info->tot_pages * 4,
		.maxmem_kib = info->max_pages * 4,
		.vcpus = info->max_vcpu_id + 1,
		.maxvcpus = info->max_vcpu_id + 1,
	};
	struct nodes nodes;
	int rc;

	do {
		rc = nodes_begin(&nodes);
		if (rc) {
			return rc;
		}
		setup_nodes(&nodes, info->domain, uuid, &config, rings);
		rc = nodes_end(&nodes);
	} while (rc == -EAGAIN);
	return rc;
}

int guest_attach(const domain_info_t *info, const char *name)
{
	struct domain_rings rings;
	uint8_t uuid[16];
	char text[UUID_TEXT];
	int rc;

	if (!store()) {
		return -ENOTCONN;
	}
	if (!is_candidate(info)) {
		return 0;
	}
	rc = find_rings(info->domain, &rings);
	if (rc || !rings.store_frame) {
		return rc; /* it has no store: nobody could speak to it there */
	}
	rc = give_uuid(info, uuid);
	if (rc < 0) {
		return rc;
	}
	uuid_print(uuid, text);
	rc = write_nodes(info, text, name, &rings);
	if (!rc &&
	    !xs_introduce_domain(store(), info->domain, rings.store_frame, rings.store_port)) {
		rc = fail_errno(errno, "introducing domain %u to the store", info->domain);
	}
	return rc ? rc : 1;
}
