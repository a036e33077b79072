/* SPDX-License-Identifier: MIT */
/* sysctl: the host as a whole, as the toolstack asks about it and tunes it. */
#ifndef PVX_XEN_SYSCTL_H
#define PVX_XEN_SYSCTL_H

#include "domctl.h"
#include "physdev.h"
#include "xen.h"

#define XEN_SYSCTL_INTERFACE_VERSION 0x00000015

#define XEN_SYSCTL_readconsole		  1
#define XEN_SYSCTL_tbuf_op		  2
#define XEN_SYSCTL_physinfo		  3
#define XEN_SYSCTL_sched_id		  4
#define XEN_SYSCTL_perfc_op		  5
#define XEN_SYSCTL_getdomaininfolist	  6
#define XEN_SYSCTL_debug_keys		  7
#define XEN_SYSCTL_getcpuinfo		  8
#define XEN_SYSCTL_availheap		  9
#define XEN_SYSCTL_get_pmstat		  10
#define XEN_SYSCTL_cpu_hotplug		  11
#define XEN_SYSCTL_pm_op		  12
#define XEN_SYSCTL_page_offline_op	  14
#define XEN_SYSCTL_lockprof_op		  15
#define XEN_SYSCTL_cputopoinfo		  16
#define XEN_SYSCTL_numainfo		  17
#define XEN_SYSCTL_cpupool_op		  18
#define XEN_SYSCTL_scheduler_op		  19
#define XEN_SYSCTL_coverage_op		  20
#define XEN_SYSCTL_psr_cmt_op		  21
#define XEN_SYSCTL_pcitopoinfo		  22
#define XEN_SYSCTL_psr_alloc		  23
#define XEN_SYSCTL_get_cpu_levelling_caps 25
#define XEN_SYSCTL_get_cpu_featureset	  26
#define XEN_SYSCTL_livepatch_op		  27
#define XEN_SYSCTL_get_cpu_policy	  29

struct xen_sysctl_readconsole {
	uint8_t clear;
	uint8_t incremental; /* start at index, which comes back advanced */
	uint8_t pad0, pad1;
	uint32_t index;
	XEN_GUEST_HANDLE_64(char) buffer;
	uint32_t count;
};

#define XEN_SYSCTL_TBUFOP_get_info     0
#define XEN_SYSCTL_TBUFOP_set_cpu_mask 1
#define XEN_SYSCTL_TBUFOP_set_evt_mask 2
#define XEN_SYSCTL_TBUFOP_set_size     3
#define XEN_SYSCTL_TBUFOP_enable       4
#define XEN_SYSCTL_TBUFOP_disable      5

struct xen_sysctl_tbuf_op {
	uint32_t cmd; /* XEN_SYSCTL_TBUFOP_* */
	struct xenctl_bitmap cpu_mask;
	uint32_t evt_mask;
	uint64_aligned_t buffer_mfn;
	uint32_t size;
};

#define _XEN_SYSCTL_PHYSCAP_hvm		       0
#define XEN_SYSCTL_PHYSCAP_hvm		       (1U << _XEN_SYSCTL_PHYSCAP_hvm)
#define _XEN_SYSCTL_PHYSCAP_pv		       1
#define XEN_SYSCTL_PHYSCAP_pv		       (1U << _XEN_SYSCTL_PHYSCAP_pv)
#define _XEN_SYSCTL_PHYSCAP_directio	       2
#define XEN_SYSCTL_PHYSCAP_directio	       (1U << _XEN_SYSCTL_PHYSCAP_directio)
#define _XEN_SYSCTL_PHYSCAP_hap		       3
#define XEN_SYSCTL_PHYSCAP_hap		       (1U << _XEN_SYSCTL_PHYSCAP_hap)
#define _XEN_SYSCTL_PHYSCAP_shadow	       4
#define XEN_SYSCTL_PHYSCAP_shadow	       (1U << _XEN_SYSCTL_PHYSCAP_shadow)
#define _XEN_SYSCTL_PHYSCAP_iommu_hap_pt_share 5
#define XEN_SYSCTL_PHYSCAP_iommu_hap_pt_share  (1U << _XEN_SYSCTL_PHYSCAP_iommu_hap_pt_share)
#define XEN_SYSCTL_PHYSCAP_vmtrace	       (1U << 6)
#define XEN_SYSCTL_PHYSCAP_vpmu		       (1U << 7)
#define XEN_SYSCTL_PHYSCAP_gnttab_v1	       (1U << 8)
#define XEN_SYSCTL_PHYSCAP_gnttab_v2	       (1U << 9)
#define XEN_SYSCTL_PHYSCAP_MAX		       XEN_SYSCTL_PHYSCAP_gnttab_v2

struct xen_sysctl_physinfo {
	uint32_t threads_per_core;
	uint32_t cores_per_socket;
	uint32_t nr_cpus;
	uint32_t max_cpu_id;
	uint32_t nr_nodes;
	uint32_t max_node_id;
	uint32_t cpu_khz;
	uint32_t capabilities; /* XEN_SYSCTL_PHYSCAP_* */
	uint32_t arch_capabilities;
	uint32_t pad;
	uint64_aligned_t total_pages;
	uint64_aligned_t free_pages;
	uint64_aligned_t scrub_pages;
	uint64_aligned_t outstanding_pages;
	uint64_aligned_t max_mfn;
	uint32_t hw_cap[8];
};

struct xen_sysctl_sched_id {
	uint32_t sched_id; /* XEN_SCHEDULER_* */
};

#define XEN_SYSCTL_PERFCOP_reset 1
#define XEN_SYSCTL_PERFCOP_query 2

struct xen_sysctl_perfc_desc {
	char name[80];
	uint32_t nr_vals;
};
XEN_DEFINE_TYPE(xen_sysctl_perfc_desc);

typedef uint32_t xen_sysctl_perfc_val_t;
DEFINE_XEN_GUEST_HANDLE(xen_sysctl_perfc_val_t);

struct xen_sysctl_perfc_op {
	uint32_t cmd; /* XEN_SYSCTL_PERFCOP_* */
	uint32_t nr_counters;
	uint32_t nr_vals;
	XEN_GUEST_HANDLE_64(xen_sysctl_perfc_desc_t) desc;
	XEN_GUEST_HANDLE_64(xen_sysctl_perfc_val_t) val;
};

struct xen_sysctl_getdomaininfolist {
	domid_t first_domain;
	uint32_t max_domains;
	XEN_GUEST_HANDLE_64(xen_domctl_getdomaininfo_t) buffer;
	uint32_t num_domains; /* out */
};

struct xen_sysctl_debug_keys {
	XEN_GUEST_HANDLE_64(const_char) keys;
	uint32_t nr_keys;
};

struct xen_sysctl_cpuinfo {
	uint64_aligned_t idletime;
};
XEN_DEFINE_TYPE(xen_sysctl_cpuinfo);

struct xen_sysctl_getcpuinfo {
	uint32_t max_cpus;
	XEN_GUEST_HANDLE_64(xen_sysctl_cpuinfo_t) info;
	uint32_t nr_cpus; /* out */
};

struct xen_sysctl_availheap {
	uint32_t min_bitwidth;
	uint32_t max_bitwidth;
	int32_t node;		      /* -1: all */
	uint64_aligned_t avail_bytes; /* out */
};

#define XEN_SYSCTL_CPU_HOTPLUG_ONLINE	   0
#define XEN_SYSCTL_CPU_HOTPLUG_OFFLINE	   1
#define XEN_SYSCTL_CPU_HOTPLUG_SMT_ENABLE  2
#define XEN_SYSCTL_CPU_HOTPLUG_SMT_DISABLE 3

struct xen_sysctl_cpu_hotplug {
	uint32_t cpu;
	uint32_t op; /* XEN_SYSCTL_CPU_HOTPLUG_* */
};

#define XEN_INVALID_CORE_ID   (~0U)
#define XEN_INVALID_SOCKET_ID (~0U)
#define XEN_INVALID_NODE_ID   (~0U)
#define XEN_INVALID_MEM_SZ    (~0U)
#define XEN_INVALID_NODE_DIST (~0U)
#define XEN_INVALID_DEV	      (XEN_INVALID_NODE_ID - 1)

struct xen_sysctl_cputopo {
	uint32_t core;
	uint32_t socket;
	uint32_t node;
};
XEN_DEFINE_TYPE(xen_sysctl_cputopo);

struct xen_sysctl_cputopoinfo {
	uint32_t num_cpus;
	XEN_GUEST_HANDLE_64(xen_sysctl_cputopo_t) cputopo;
};

struct xen_sysctl_meminfo {
	uint64_t memsize;
	uint64_t memfree;
};
XEN_DEFINE_TYPE(xen_sysctl_meminfo);

struct xen_sysctl_numainfo {
	uint32_t num_nodes;
	XEN_GUEST_HANDLE_64(xen_sysctl_meminfo_t) meminfo;
	XEN_GUEST_HANDLE_64(uint32) distance;
};

#define XEN_SYSCTL_CPUPOOL_OP_CREATE	 1
#define XEN_SYSCTL_CPUPOOL_OP_DESTROY	 2
#define XEN_SYSCTL_CPUPOOL_OP_INFO	 3
#define XEN_SYSCTL_CPUPOOL_OP_ADDCPU	 4
#define XEN_SYSCTL_CPUPOOL_OP_RMCPU	 5
#define XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN 6
#define XEN_SYSCTL_CPUPOOL_OP_FREEINFO	 7
#define XEN_SYSCTL_CPUPOOL_PAR_ANY	 0xFFFFFFFF

struct xen_sysctl_cpupool_op {
	uint32_t op; /* XEN_SYSCTL_CPUPOOL_OP_* */
	uint32_t cpupool_id;
	uint32_t sched_id;
	uint32_t domid;
	uint32_t cpu;
	uint32_t n_dom;
	struct xenctl_bitmap cpumap;
};

#define XEN_SYSCTL_SCHED_RATELIMIT_MAX	 500000
#define XEN_SYSCTL_SCHED_RATELIMIT_MIN	 100
#define XEN_SYSCTL_CSCHED_TSLICE_MAX	 1000
#define XEN_SYSCTL_CSCHED_TSLICE_MIN	 1
#define XEN_SYSCTL_CSCHED_MGR_DLY_MAX_US (100 * 1000)
#define XEN_SYSCTL_SCHEDOP_putinfo	 0
#define XEN_SYSCTL_SCHEDOP_getinfo	 1

struct xen_sysctl_credit_schedule {
	uint32_t tslice_ms;
	uint32_t ratelimit_us;
	uint32_t vcpu_migr_delay_us;
};

struct xen_sysctl_credit2_schedule {
	uint32_t ratelimit_us;
};

struct xen_sysctl_scheduler_op {
	uint32_t cpupool_id;
	uint32_t sched_id; /* XEN_SCHEDULER_* */
	uint32_t cmd;	   /* XEN_SYSCTL_SCHEDOP_* */
	union {
		struct {
			XEN_GUEST_HANDLE_64(void) schedule;
		} sched_arinc653;
		struct xen_sysctl_credit_schedule sched_credit;
		struct xen_sysctl_credit2_schedule sched_credit2;
	} u;
};

struct xen_sysctl_pcitopoinfo {
	uint32_t num_devs;
	XEN_GUEST_HANDLE_64(physdev_pci_device_t) devs;
	XEN_GUEST_HANDLE_64(uint32) nodes;
};

#define XEN_SYSCTL_CPU_LEVELCAP_faulting    (1UL << 0)
#define XEN_SYSCTL_CPU_LEVELCAP_ecx	    (1UL << 1)
#define XEN_SYSCTL_CPU_LEVELCAP_edx	    (1UL << 2)
#define XEN_SYSCTL_CPU_LEVELCAP_extd_ecx    (1UL << 3)
#define XEN_SYSCTL_CPU_LEVELCAP_extd_edx    (1UL << 4)
#define XEN_SYSCTL_CPU_LEVELCAP_xsave_eax   (1UL << 5)
#define XEN_SYSCTL_CPU_LEVELCAP_thermal_ecx (1UL << 6)
#define XEN_SYSCTL_CPU_LEVELCAP_l7s0_eax    (1UL << 7)
#define XEN_SYSCTL_CPU_LEVELCAP_l7s0_ebx    (1UL << 8)

struct xen_sysctl_cpu_levelling_caps {
	uint32_t caps; /* out: XEN_SYSCTL_CPU_LEVELCAP_* */
};

#define XEN_SYSCTL_cpu_featureset_raw	  0
#define XEN_SYSCTL_cpu_featureset_host	  1
#define XEN_SYSCTL_cpu_featureset_pv	  2
#define XEN_SYSCTL_cpu_featureset_hvm	  3
#define XEN_SYSCTL_cpu_featureset_pv_max  4
#define XEN_SYSCTL_cpu_featureset_hvm_max 5

struct xen_sysctl_cpu_featureset {
	uint32_t index; /* XEN_SYSCTL_cpu_featureset_* */
	uint32_t nr_features;
	XEN_GUEST_HANDLE_64(uint32) features;
};

#define XEN_SYSCTL_cpu_policy_raw	  0
#define XEN_SYSCTL_cpu_policy_host	  1
#define XEN_SYSCTL_cpu_policy_pv_max	  2
#define XEN_SYSCTL_cpu_policy_hvm_max	  3
#define XEN_SYSCTL_cpu_policy_pv_default  4
#define XEN_SYSCTL_cpu_policy_hvm_default 5

struct xen_sysctl_cpu_policy {
	uint32_t index; /* XEN_SYSCTL_cpu_policy_* */
	uint32_t nr_leaves;
	uint32_t nr_msrs;
	uint32_t _rsvd;
	XEN_GUEST_HANDLE_64(xen_cpuid_leaf_t) leaves;
	XEN_GUEST_HANDLE_64(xen_msr_entry_t) msrs;
};
XEN_DEFINE_TYPE(xen_sysctl_cpu_policy);

struct xen_sysctl {
	uint32_t cmd; /* XEN_SYSCTL_* */
	uint32_t interface_version;
	union {
		struct xen_sysctl_readconsole readconsole;
		struct xen_sysctl_tbuf_op tbuf_op;
		struct xen_sysctl_physinfo physinfo;
		struct xen_sysctl_cputopoinfo cputopoinfo;
		struct xen_sysctl_pcitopoinfo pcitopoinfo;
		struct xen_sysctl_numainfo numainfo;
		struct xen_sysctl_sched_id sched_id;
		struct xen_sysctl_perfc_op perfc_op;
		struct xen_sysctl_getdomaininfolist getdomaininfolist;
		struct xen_sysctl_debug_keys debug_keys;
		struct xen_sysctl_getcpuinfo getcpuinfo;
		struct xen_sysctl_availheap availheap;
		struct xen_sysctl_cpu_hotplug cpu_hotplug;
		struct xen_sysctl_cpupool_op cpupool_op;
		struct xen_sysctl_scheduler_op scheduler_op;
		struct xen_sysctl_cpu_levelling_caps cpu_levelling_caps;
		struct xen_sysctl_cpu_featureset cpu_featureset;
		struct xen_sysctl_cpu_policy cpu_policy;
		uint8_t pad[128];
	} u;
};
XEN_DEFINE_TYPE(xen_sysctl);

#endif
