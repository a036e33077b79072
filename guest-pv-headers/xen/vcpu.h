/* SPDX-License-Identifier: MIT */
/* vcpu_op: bringing vCPUs up and down, their timers, and the areas they share. */
#ifndef PVX_XEN_VCPU_H
#define PVX_XEN_VCPU_H

#include "xen.h"

#define VCPUOP_initialise		      0
#define VCPUOP_up			      1
#define VCPUOP_down			      2
#define VCPUOP_is_up			      3
#define VCPUOP_get_runstate_info	      4
#define VCPUOP_register_runstate_memory_area  5
#define VCPUOP_set_periodic_timer	      6
#define VCPUOP_stop_periodic_timer	      7
#define VCPUOP_set_singleshot_timer	      8
#define VCPUOP_stop_singleshot_timer	      9
#define VCPUOP_register_vcpu_info	      10
#define VCPUOP_send_nmi			      11
#define VCPUOP_get_physid		      12
#define VCPUOP_register_vcpu_time_memory_area 13

#define RUNSTATE_running  0
#define RUNSTATE_runnable 1
#define RUNSTATE_blocked  2
#define RUNSTATE_offline  3

/* Set in state_entry_time while the hypervisor writes, with VMASST_TYPE_runstate_update_flag. */
#define XEN_RUNSTATE_UPDATE (xen_mk_ullong(1) << 63)

struct vcpu_runstate_info {
	int state; /* RUNSTATE_* */
	uint64_t state_entry_time;
	uint64_t time[4]; /* nanoseconds spent in each state */
};
XEN_DEFINE_TYPE(vcpu_runstate_info);

struct vcpu_register_runstate_memory_area {
	union {
		XEN_GUEST_HANDLE(vcpu_runstate_info_t) h;
		struct vcpu_runstate_info *v;
		uint64_t p;
	} addr;
};
XEN_DEFINE_TYPE(vcpu_register_runstate_memory_area);

struct vcpu_set_periodic_timer {
	uint64_t period_ns;
};
XEN_DEFINE_TYPE(vcpu_set_periodic_timer);

/* With _future a deadline already past may be refused with -ETIME. */
#define _VCPU_SSHOTTMR_future 0
#define VCPU_SSHOTTMR_future  (1U << _VCPU_SSHOTTMR_future)

struct vcpu_set_singleshot_timer {
	uint64_t timeout_abs_ns;
	uint32_t flags; /* VCPU_SSHOTTMR_* */
};
XEN_DEFINE_TYPE(vcpu_set_singleshot_timer);

struct vcpu_register_vcpu_info {
	uint64_t mfn;
	uint32_t offset;
	uint32_t rsvd;
};
XEN_DEFINE_TYPE(vcpu_register_vcpu_info);

struct vcpu_get_physid {
	uint64_t phys_id; /* ACPI id in the high half, APIC id in the low */
};
XEN_DEFINE_TYPE(vcpu_get_physid);
#define xen_vcpu_physid_to_x86_apicid(physid) ((uint32_t)(physid))
#define xen_vcpu_physid_to_x86_acpiid(physid) ((uint32_t)((physid) >> 32))

DEFINE_XEN_GUEST_HANDLE(vcpu_time_info_t);

struct vcpu_register_time_memory_area {
	union {
		XEN_GUEST_HANDLE(vcpu_time_info_t) h;
		struct vcpu_time_info *v;
		uint64_t p;
	} addr;
};
XEN_DEFINE_TYPE(vcpu_register_time_memory_area);

#endif
