/* SPDX-License-Identifier: MIT */
/* memory_op: a domain's reservation of frames, memory maps, the machine-to-physical table. */
#ifndef PVX_XEN_MEMORY_H
#define PVX_XEN_MEMORY_H

#include "xen.h"

#include "physdev.h"

#define XENMEM_increase_reservation	  0
#define XENMEM_decrease_reservation	  1
#define XENMEM_maximum_ram_page		  2
#define XENMEM_current_reservation	  3
#define XENMEM_maximum_reservation	  4
#define XENMEM_machphys_mfn_list	  5
#define XENMEM_populate_physmap		  6
#define XENMEM_add_to_physmap		  7
#define XENMEM_memory_map		  9
#define XENMEM_machine_memory_map	  10
#define XENMEM_exchange			  11
#define XENMEM_machphys_mapping		  12
#define XENMEM_set_memory_map		  13
#define XENMEM_maximum_gpfn		  14
#define XENMEM_remove_from_physmap	  15
#define XENMEM_set_pod_target		  16
#define XENMEM_get_pod_target		  17
#define XENMEM_get_sharing_freed_pages	  18
#define XENMEM_get_sharing_shared_pages	  19
#define XENMEM_paging_op		  20
#define XENMEM_access_op		  21
#define XENMEM_sharing_op		  22
#define XENMEM_add_to_physmap_batch	  23
#define XENMEM_claim_pages		  24
#define XENMEM_machphys_compat_mfn_list	  25
#define XENMEM_get_vnumainfo		  26
#define XENMEM_reserved_device_memory_map 27
#define XENMEM_acquire_resource		  28

/* xen_memory_reservation.mem_flags: address limit in bits, node + 1, and requests. */
#define XENMEMF_address_bits(x)	    (x)
#define XENMEMF_get_address_bits(x) ((x)&0xffU)
#define XENMEMF_node(x)		    (((x) + 1) << 8)
#define XENMEMF_get_node(x)	    ((((x) >> 8) - 1) & 0xffU)
#define XENMEMF_populate_on_demand  (1 << 16)
#define XENMEMF_exact_node_request  (1 << 17)
#define XENMEMF_exact_node(n)	    (XENMEMF_node(n) | XENMEMF_exact_node_request)
#define XENMEMF_vnode		    (1 << 18)

struct xen_memory_reservation {
	XEN_GUEST_HANDLE(xen_pfn_t) extent_start;
	xen_ulong_t nr_extents;
	unsigned int extent_order;
	unsigned int mem_flags; /* XENMEMF_* */
	domid_t domid;
};
XEN_DEFINE_TYPE(xen_memory_reservation);

struct xen_memory_exchange {
	struct xen_memory_reservation in;
	struct xen_memory_reservation out;
	xen_ulong_t nr_exchanged; /* zero going in; extents of `in` consumed coming out */
};
XEN_DEFINE_TYPE(xen_memory_exchange);

struct xen_memory_domain {
	domid_t domid;
};

struct xen_machphys_mfn_list {
	unsigned int max_extents;
	XEN_GUEST_HANDLE(xen_pfn_t) extent_start;
	unsigned int nr_extents; /* out */
};
XEN_DEFINE_TYPE(xen_machphys_mfn_list);

struct xen_machphys_mapping {
	xen_ulong_t v_start, v_end;
	xen_ulong_t max_mfn;
};
XEN_DEFINE_TYPE(xen_machphys_mapping);

/* Guests with a translated physical map use these; a PV guest gets an error. */
#define XENMAPSPACE_shared_info	     0
#define XENMAPSPACE_grant_table	     1
#define XENMAPSPACE_gmfn	     2
#define XENMAPSPACE_gmfn_range	     3
#define XENMAPSPACE_gmfn_foreign     4
#define XENMAPSPACE_dev_mmio	     5
#define XENMAPIDX_grant_table_status 0x80000000

struct xen_add_to_physmap {
	domid_t domid;
	uint16_t size;
	unsigned int space; /* XENMAPSPACE_* */
	xen_ulong_t idx;
	xen_pfn_t gpfn;
};
XEN_DEFINE_TYPE(xen_add_to_physmap);

struct xen_remove_from_physmap {
	domid_t domid;
	xen_pfn_t gpfn;
};
XEN_DEFINE_TYPE(xen_remove_from_physmap);

/* The buffer holds entries in the BIOS's E820 format, 20 bytes each. */
struct xen_memory_map {
	unsigned int nr_entries;
	XEN_GUEST_HANDLE(void) buffer;
};
XEN_DEFINE_TYPE(xen_memory_map);

struct xen_foreign_memory_map {
	domid_t domid;
	struct xen_memory_map map;
};
XEN_DEFINE_TYPE(xen_foreign_memory_map);

struct xen_pod_target {
	uint64_t target_pages;
	uint64_t tot_pages;
	uint64_t pod_cache_pages;
	uint64_t pod_entries;
	domid_t domid;
};
typedef struct xen_pod_target xen_pod_target_t;

#define XENMEM_RDM_ALL 1

struct xen_reserved_device_memory {
	xen_pfn_t start_pfn;
	xen_ulong_t nr_pages;
};
XEN_DEFINE_TYPE(xen_reserved_device_memory);

struct xen_reserved_device_memory_map {
	uint32_t flags; /* XENMEM_RDM_ALL */
	unsigned int nr_entries;
	XEN_GUEST_HANDLE(xen_reserved_device_memory_t) buffer;
	union {
		physdev_pci_device_t pci;
	} dev;
};
XEN_DEFINE_TYPE(xen_reserved_device_memory_map);

#define XENMEM_resource_ioreq_server	      0
#define XENMEM_resource_grant_table	      1
#define XENMEM_resource_vmtrace_buf	      2
#define XENMEM_resource_grant_table_id_shared 0
#define XENMEM_resource_grant_table_id_status 1

/* Map frames that belong to a domain's resource; nr_frames 0 asks how many there can be. */
struct xen_mem_acquire_resource {
	domid_t domid;
	uint16_t type; /* XENMEM_resource_* */
	uint32_t id;
	uint32_t nr_frames;
	uint32_t pad;
	uint64_t frame;
	XEN_GUEST_HANDLE(xen_pfn_t) frame_list;
};
XEN_DEFINE_TYPE(xen_mem_acquire_resource);

struct xen_vmemrange {
	uint64_t start, end;
	unsigned int flags;
	unsigned int nid;
};
XEN_DEFINE_TYPE(xen_vmemrange);

struct xen_vnuma_topology_info {
	domid_t domid;
	uint16_t pad;
	unsigned int nr_vnodes;
	unsigned int nr_vcpus;
	unsigned int nr_vmemranges;
	union {
		XEN_GUEST_HANDLE(uint) h;
		uint64_t pad;
	} vdistance;
	union {
		XEN_GUEST_HANDLE(uint) h;
		uint64_t pad;
	} vcpu_to_vnode;
	union {
		XEN_GUEST_HANDLE(xen_vmemrange_t) h;
		uint64_t pad;
	} vmemrange;
};
XEN_DEFINE_TYPE(xen_vnuma_topology_info);

#endif
