/* SPDX-License-Identifier: MIT */
/* callback_op: the guest kernel's entry points other than its trap table. */
#ifndef PVX_XEN_CALLBACK_H
#define PVX_XEN_CALLBACK_H

#include "xen.h"

#define CALLBACKTYPE_event		 0
#define CALLBACKTYPE_failsafe		 1
#define CALLBACKTYPE_syscall		 2
#define CALLBACKTYPE_sysenter_deprecated 3
#define CALLBACKTYPE_nmi		 4
#define CALLBACKTYPE_sysenter		 5
#define CALLBACKTYPE_syscall32		 7

#define _CALLBACKF_mask_events 0
#define CALLBACKF_mask_events  (1U << _CALLBACKF_mask_events)

#define CALLBACKOP_register   0
#define CALLBACKOP_unregister 1

struct callback_register {
	uint16_t type;	/* CALLBACKTYPE_* */
	uint16_t flags; /* CALLBACKF_* */
	xen_callback_t address;
};
XEN_DEFINE_TYPE(callback_register);

struct callback_unregister {
	uint16_t type;
	uint16_t _unused;
};
XEN_DEFINE_TYPE(callback_unregister);

#endif
