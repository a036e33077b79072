/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * LD_PRELOAD library under which the stock daemons run on plain Linux: the Xen libraries' calls
 * that they make are answered from the files in $PVX_MACHINE (see machine_file.c).
 */
#define _GNU_SOURCE
#include "machine_file.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>
#include <xenctrl.h>
#include <xenevtchn.h>
#include <xengnttab.h>

static int channel = -1;

static void *handle(void)
{
	static int any;

	return &any;
}

xenevtchn_handle *xenevtchn_open(struct xentoollog_logger *logger, unsigned int flags)
{
	channel = machine_file_channel();
	return channel < 0 ? NULL : handle();
}

int xenevtchn_close(xenevtchn_handle *xce)
{
	return close(channel);
}

int xenevtchn_fd(xenevtchn_handle *xce)
{
	return channel;
}

xenevtchn_port_or_error_t xenevtchn_bind_interdomain(xenevtchn_handle *xce, uint32_t domid,
						     evtchn_port_t remote_port)
{
	return (int)machine_file_port(domid);
}

xenevtchn_port_or_error_t xenevtchn_bind_virq(xenevtchn_handle *xce, unsigned int virq)
{
	return MACHINE_FILE_VIRQ;
}

int xenevtchn_unbind(xenevtchn_handle *xce, evtchn_port_t port)
{
	return 0;
}

int xenevtchn_unmask(xenevtchn_handle *xce, evtchn_port_t port)
{
	return 0;
}

int xenevtchn_notify(xenevtchn_handle *xce, evtchn_port_t port)
{
	machine_file_notify(channel, port);
	return 0;
}

xenevtchn_port_or_error_t xenevtchn_pending(xenevtchn_handle *xce)
{
	return machine_file_pending(channel);
}

xengnttab_handle *xengnttab_open(struct xentoollog_logger *logger, unsigned int open_flags)
{
	return handle();
}

int xengnttab_close(xengnttab_handle *xgt)
{
	return 0;
}

int xengnttab_set_max_grants(xengnttab_handle *xgt, uint32_t nr_grants)
{
	return 0;
}

void *xengnttab_map_grant_ref(xengnttab_handle *xgt, uint32_t domid, uint32_t ref, int prot)
{
	return machine_file_ring(domid);
}

int xengnttab_unmap(xengnttab_handle *xgt, void *start_address, uint32_t count)
{
	machine_file_unmap(start_address);
	return 0;
}

void *xc_map_foreign_range(xc_interface *xch, uint32_t domid, int size, int prot, unsigned long mfn)
{
	return machine_file_ring(domid);
}

xc_interface *xc_interface_open(xentoollog_logger *logger, xentoollog_logger *dombuild_logger,
				unsigned int open_flags)
{
	return handle();
}

int xc_interface_close(xc_interface *xch)
{
	return 0;
}

int xc_domain_getinfo(xc_interface *xch, uint32_t first_domid, unsigned int max_doms,
		      xc_dominfo_t *info)
{
	enum machine_file_state state = machine_file_state(first_domid);

	if (state == MACHINE_FILE_ABSENT) {
		return 0;
	}
	*info = (xc_dominfo_t){.domid = first_domid,
			       .running = state == MACHINE_FILE_RUNNING,
			       .shutdown = state == MACHINE_FILE_SHUTDOWN,
			       .dying = state == MACHINE_FILE_DYING};
	return 1;
}

int xc_domain_getinfolist(xc_interface *xch, uint32_t first_domain, unsigned int max_domains,
			  xc_domaininfo_t *info)
{
	enum machine_file_state state = machine_file_state(first_domain);

	if (state == MACHINE_FILE_ABSENT || max_domains == 0) {
		return 0;
	}
	*info = (xc_domaininfo_t){.domain = (domid_t)first_domain,
				  .flags = state == MACHINE_FILE_SHUTDOWN ? XEN_DOMINF_shutdown
					   : state == MACHINE_FILE_DYING  ? XEN_DOMINF_dying
									  : XEN_DOMINF_running};
	return 1;
}

/* Dom0's own page and port are read from files of the kernel: answered by ring.0 and port.0. */
static int open_ours(const char *path, int flags, mode_t mode)
{
	char ours[256];

	if (strcmp(path, "/proc/xen/xsd_kva") == 0 || strcmp(path, "/proc/xen/xsd_port") == 0) {
		snprintf(ours, sizeof(ours), "%s/%s.0", getenv("PVX_MACHINE"),
			 strstr(path, "kva") ? "ring" : "port");
		path = ours;
	}
	return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int open(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
	va_end(args);
	return open_ours(path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = flags & O_CREAT ? va_arg(args, mode_t) : 0;
	va_end(args);
	return open_ours(path, flags, mode);
}

/* A container may not raise its limits; the daemon gives up if it cannot. */
int setrlimit(__rlimit_resource_t resource, const struct rlimit *limits)
{
	return 0;
}

/* The OCaml daemon knows one socket path only. */
int bind(int fd, const struct sockaddr *address, socklen_t length)
{
	const char *wanted = getenv("XENSTORED_PATH");
	struct sockaddr_un ours = {.sun_family = AF_UNIX};

	if (address->sa_family == AF_UNIX && wanted &&
	    strcmp(((const struct sockaddr_un *)address)->sun_path, "/var/run/xenstored/socket") ==
		    0) {
		snprintf(ours.sun_path, sizeof(ours.sun_path), "%s", wanted);
		address = (const struct sockaddr *)&ours;
		length = sizeof(ours);
	}
	return (int)syscall(SYS_bind, fd, address, length);
}
