/* SPDX-License-Identifier: MIT */
/* nmi_op: the old way to be told of NMIs (vector 2 of the trap table is the other). */
#ifndef PVX_XEN_NMI_H
#define PVX_XEN_NMI_H

#include "xen.h"

/* Bits of arch_shared_info.nmi_reason */
#define _XEN_NMIREASON_io_error 0
#define XEN_NMIREASON_io_error	(1UL << _XEN_NMIREASON_io_error)
#define _XEN_NMIREASON_pci_serr 1
#define XEN_NMIREASON_pci_serr	(1UL << _XEN_NMIREASON_pci_serr)
#define _XEN_NMIREASON_unknown	2
#define XEN_NMIREASON_unknown	(1UL << _XEN_NMIREASON_unknown)

#define XENNMI_register_callback   0
#define XENNMI_unregister_callback 1

struct xennmi_callback {
	unsigned long handler_address;
	unsigned long pad;
};
XEN_DEFINE_TYPE(xennmi_callback);

#endif
