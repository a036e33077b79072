/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A domain's memory from birth to its last frame. */
#include <debug/log.h>
#include <memory/memory.h>

struct domain_memory domain_memory_io = {.id = DOMID_IO}, domain_memory_xen = {.id = DOMID_XEN};

void domain_memory_init(struct domain_memory *dm, domid_t id)
{
	*dm = (struct domain_memory){
		.id = id,
		.tables = LOCK_INIT(LOCK_PAGE_TABLES),
		.frames_lock = LOCK_INIT(LOCK_FRAME_LIST),
		.finished = MFN_NONE,
	};
}

void vcpu_memory_init(struct vcpu_memory *vm)
{
	*vm = (struct vcpu_memory){.kernel_root = MFN_NONE, .user_root = MFN_NONE};
}
