/* SPDX-License-Identifier: MIT */
/* Names of ring layouts, written to the store as a device's "protocol". */
#ifndef PVX_XEN_IO_PROTOCOLS_H
#define PVX_XEN_IO_PROTOCOLS_H

#define XEN_IO_PROTO_ABI_X86_32 "x86_32-abi"
#define XEN_IO_PROTO_ABI_X86_64 "x86_64-abi"
#define XEN_IO_PROTO_ABI_ARM	"arm-abi"
#define XEN_IO_PROTO_ABI_NATIVE XEN_IO_PROTO_ABI_X86_64

#endif
