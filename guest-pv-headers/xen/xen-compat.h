/* SPDX-License-Identifier: MIT */
/* Ground of all ABI headers: interface version, constants usable from assembly, guest handles. */
#ifndef PVX_XEN_COMPAT_H
#define PVX_XEN_COMPAT_H

#ifndef __x86_64__
#error "These headers describe the 64-bit x86 paravirtual ABI only."
#endif

/* Only the newest layouts are declared: nothing here depends on an older version being asked for.
 */
#define __XEN_LATEST_INTERFACE_VERSION__ 0x00040e00
#ifndef __XEN_INTERFACE_VERSION__
#define __XEN_INTERFACE_VERSION__ __XEN_LATEST_INTERFACE_VERSION__
#endif

#ifdef __ASSEMBLER__

#define xen_mk_uint(x)	 x
#define xen_mk_ulong(x)	 x
#define xen_mk_ullong(x) x

#else

#include <stddef.h>
#include <stdint.h>

/* The inner step lets the argument be a macro. */
#define xen_mk_uint_(x)	  x##U
#define xen_mk_ulong_(x)  x##UL
#define xen_mk_ullong_(x) x##ULL
#define xen_mk_uint(x)	  xen_mk_uint_(x)
#define xen_mk_ulong(x)	  xen_mk_ulong_(x)
#define xen_mk_ullong(x)  xen_mk_ullong_(x)

/* C has flexible array members, C++ only the zero-length arrays of GNU. */
#ifdef __cplusplus
#define XEN_FLEX_ARRAY_DIM 0
#else
#define XEN_FLEX_ARRAY_DIM
#endif

/*
 * A guest handle is a pointer into the memory of the caller of a hypercall. It is wrapped in a
 * structure so that the side which receives it cannot dereference it by accident.
 */
#define __DEFINE_XEN_GUEST_HANDLE(name, type) \
	typedef struct {                      \
		type *p;                      \
	} __guest_handle_##name;              \
	typedef struct {                      \
		const type *p;                \
	} __guest_handle_const_##name
#define DEFINE_XEN_GUEST_HANDLE(name) __DEFINE_XEN_GUEST_HANDLE(name, name)
#define XEN_GUEST_HANDLE(name)	      __guest_handle_##name
#define XEN_GUEST_HANDLE_64(name)     XEN_GUEST_HANDLE(name)
#define XEN_GUEST_HANDLE_PARAM(name)  XEN_GUEST_HANDLE(name)
#define set_xen_guest_handle(handle, value) \
	do {                                \
		(handle).p = (value);       \
	} while (0)
#define set_xen_guest_handle_raw(handle, value) set_xen_guest_handle(handle, value)

/* For `struct name`: the types `name_t` and guest handles to it. */
#define XEN_DEFINE_TYPE(name)         \
	typedef struct name name##_t; \
	DEFINE_XEN_GUEST_HANDLE(name##_t)

/* On x86-64 a 64-bit field has its natural alignment anyway. */
#define uint64_aligned_t uint64_t
#define int64_aligned_t	 int64_t

#endif /* __ASSEMBLER__ */
#endif
