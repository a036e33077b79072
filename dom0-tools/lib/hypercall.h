/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Hypercalls of a privileged domain, through Linux' /dev/xen/privcmd. What the hypervisor reads or
 * writes has to lie in memory from hypercall_memory(): other memory may be paged out under it.
 */
#ifndef LIB_HYPERCALL_H
#define LIB_HYPERCALL_H

/* The headers of the ABI show domctl and sysctl to tools alone. */
#ifndef __XEN_TOOLS__
#define __XEN_TOOLS__ 1
#endif

#include <stddef.h>
#include <stdint.h>
#include <xen/domctl.h>
#include <xen/event_channel.h>
#include <xen/sysctl.h>

/* The descriptor of /dev/xen/privcmd, opened on first use; or -errno. */
int hypercall_fd(void);

/* Zeroed. Small pieces are given back in the opposite order in which they were taken. */
void *hypercall_memory(size_t bytes);
void hypercall_memory_free(void *memory, size_t bytes);

/* What the hypervisor answers; a negative errno is without a text. */
long hypercall(unsigned int number, uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4,
	       uint64_t a5);

/* One with a structure as its second argument, which is copied in and out. */
long hypercall_struct(unsigned int number, unsigned int operation, void *structure, size_t bytes);

/* Fill in cmd, domain and u; the version is added. The answer is in *op. With a text when they
 * fail. */
int hypercall_domctl(struct xen_domctl *op);
int hypercall_sysctl(struct xen_sysctl *op);

#endif
