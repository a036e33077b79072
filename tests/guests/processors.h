/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine's processors for test guests on several: where vCPUs may run, and which are on line.
 */
#ifndef TESTS_PROCESSORS_H
#define TESTS_PROCESSORS_H

#include "smp.h"
#include <pv/control.h>
#include <xen/platform.h>
#include <xen/sysctl.h>

static long processors_sysctl(uint32_t cmd, struct xen_sysctl *op)
{
	op->cmd = cmd;
	op->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
	return PV_CALL1(sysctl, op);
}

UNUSED static long set_online(uint32_t cpu, bool online)
{
	struct xen_platform_op op = {.cmd = online ? XENPF_cpu_online : XENPF_cpu_offline};

	op.u.cpu_ol.cpuid = cpu;
	return pv_platform_op(&op);
}

UNUSED static long set_hard(unsigned int vcpu, uint64_t hard)
{
	struct xen_domctl op = {0};
	struct xen_domctl_vcpuaffinity *a = &op.u.vcpuaffinity;

	a->vcpu = vcpu;
	a->flags = XEN_VCPUAFFINITY_HARD;
	a->cpumap_hard.bitmap.p = (void *)&hard;
	a->cpumap_hard.nr_bits = 64;
	return pv_domctl(XEN_DOMCTL_setvcpuaffinity, 0, &op);
}

UNUSED static uint32_t processor_of(domid_t domain, unsigned int vcpu)
{
	struct xen_domctl op = {0};

	op.u.getvcpuinfo.vcpu = vcpu;
	return pv_domctl(XEN_DOMCTL_getvcpuinfo, domain, &op) ? UINT32_MAX : op.u.getvcpuinfo.cpu;
}

/* It does another turn of its job. */
UNUSED static bool moves(unsigned int vcpu)
{
	uint64_t before = smp_cpus[vcpu].turns;

	for (unsigned int i = 0; i < 1000000000 && smp_cpus[vcpu].turns == before; i++) {
		smp_pause();
	}
	return smp_cpus[vcpu].turns != before;
}

UNUSED static void spin(struct smp_cpu *self)
{
	while (!self->stop) {
		self->turns++;
	}
}

/* Sleeps until its timer wakes it, and makes all forget their translations. */
UNUSED static void sleep_and_flush(struct smp_cpu *self)
{
	struct mmuext_op flush = {.cmd = MMUEXT_TLB_FLUSH_ALL};
	evtchn_port_t port = (evtchn_port_t)pv_event_bind_virq(VIRQ_TIMER, self->id);

	pv_event_unmask(port);
	while (!self->stop) {
		pv_set_timer_op(pv_time() + 100000);
		pv_sched_op(SCHEDOP_block, NULL);
		smp_info(self->id)->evtchn_upcall_mask = 1;
		pv_mmuext_op(&flush, 1, NULL, DOMID_SELF);
		self->turns++;
	}
	pv_event_close(port);
}

#endif
