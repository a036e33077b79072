/* SPDX-License-Identifier: GPL-2.0-or-later */
/* physdev_op: interrupt lines, I/O privilege and PCI devices, for the domain that owns them. */
#include <arch/descriptor.h>
#include <arch/io.h>
#include <arch/ioapic.h>
#include <arch/msi.h>
#include <arch/pirq.h>
#include <arch/port.h>
#include <debug/log.h>
#include <domain/notify.h>
#include <hypercall/hypercall.h>
#include <lib/error.h>
#include <lib/index.h>
#include <memory/page_type.h>
#include <xen/physdev.h>

#define IO_PORTS 0x10000

/* Dom0's page of EOI bits. Guarded by the table of PIRQs, but for the order of these two. */
static struct {
	_Atomic bool taken;
	bool unmasks; /* version 1: an EOI unmasks the port as well */
} eoi_page;

/* --- Interrupt lines ----------------------------------------------------------------------- */

static int op_eoi(guest_va_t arg)
{
	struct domain *d = current_domain();
	struct physdev_eoi op;
	uint32_t port = 0;
	int rc;

	if (guest_read(&op, arg, sizeof(op))) {
		return refuse(-EFAULT);
	}
	if (d != domain_hardware) {
		return refuse(-EINVAL);
	}
	rc = pirq_eoi(op.irq, &port);
	if (!rc && port && eoi_page.unmasks) {
		struct event_kick kick;

		if (event_unmask(&d->events, port, &kick) == EVENT_KICK) {
			notify_act(&kick);
		}
	}
	return rc;
}

static int set_eoi_page(guest_va_t arg, bool unmasks)
{
	struct domain *d = current_domain();
	struct physdev_pirq_eoi_gmfn op;
	int rc;

	if (guest_read(&op, arg, sizeof(op))) {
		return refuse(-EFAULT);
	}
	if (d != domain_hardware) { /* it would have no lines to look up there */
		return refuse(-EPERM);
	}
	if (atomic_exchange_explicit(&eoi_page.taken, true, memory_order_acq_rel)) {
		return refuse(-EBUSY);
	}
	rc = page_writable_get(&d->memory, MFN(op.gmfn), false);
	if (rc) {
		atomic_store_explicit(&eoi_page.taken, false, memory_order_release);
		return refuse(-EINVAL);
	}
	eoi_page.unmasks = unmasks;
	pirq_set_eoi_map(frame_ptr(MFN(op.gmfn)));
	return 0;
}

static int op_pirq_eoi_gmfn_v1(guest_va_t arg)
{
	return set_eoi_page(arg, true);
}

static int op_pirq_eoi_gmfn_v2(guest_va_t arg)
{
	return set_eoi_page(arg, false);
}

static int op_irq_status_query(guest_va_t arg)
{
	struct physdev_irq_status_query op;
	bool needs_eoi = false;

	if (guest_read(&op, arg, sizeof(op))) {
		return refuse(-EFAULT);
	}
	if (current_domain() != domain_hardware || pirq_needs_eoi(op.irq, &needs_eoi)) {
		return refuse(-EINVAL);
	}
	op.flags = needs_eoi ? XENIRQSTAT_needs_eoi : 0;
	return guest_write(arg, &op, sizeof(op));
}

static int op_alloc_irq_vector(guest_va_t arg)
{
	struct physdev_irq op;

	if (guest_read(&op, arg, sizeof(op))) {
		return refuse(-EFAULT);
	}
	if (op.irq >= ioapic_gsi_count()) {
		return refuse(-EINVAL);
	}
	/* The real vector is allocated when the line is mapped, and is no guest's business. */
	op.vector = op.irq;
	return guest_write(arg, &op, sizeof(op));
}

static int check_target(domid_t id)
{
	if (id == DOMID_SELF || id == current_domain()->id) {
		return 0;
	}
	return refuse(-EOPNOTSUPP); /* devices are not passed on to other domains */
}

static int map_messages(struct physdev_map_pirq *op)
{
	pci_function_t f = PCI_FUNCTION(op->bus & 0xff, op->devfn & 0xff);
	bool has_segment = op->type == MAP_PIRQ_TYPE_MSI_SEG || op->type == MAP_PIRQ_TYPE_MULTI_MSI;

	if (has_segment && op->bus >> 16) {
		return refuse(-ENODEV);
	}
	if (op->type != MAP_PIRQ_TYPE_MULTI_MSI && op->table_base) {
		return msi_map_table_entry(f, (unsigned)op->entry_nr, op->table_base, &op->pirq);
	}
	if (op->type == MAP_PIRQ_TYPE_MULTI_MSI && op->entry_nr != 1) {
		return refuse(
			-EOPNOTSUPP); /* one message a device; drivers know how to do with it */
	}
	return msi_map(f, &op->pirq);
}

static int op_map_pirq(guest_va_t arg)
{
	struct physdev_map_pirq op;
	int rc;

	if (guest_read(&op, arg, sizeof(op))) {
		return refuse(-EFAULT);
	}
	rc = check_target(op.domid);
	if (rc) {
		return rc;
	}
	op.pirq = MAX(op.pirq, PIRQ_ANY);
	switch (op.type) {
	case MAP_PIRQ_TYPE_GSI:
		rc = pirq_map_gsi((uint32_t)op.index, &op.pirq);
		break;
	case MAP_PIRQ_TYPE_MSI:
	case MAP_PIRQ_TYPE_MSI_SEG:
	case MAP_PIRQ_TYPE_MULTI_MSI:
		rc = map_messages(&op);
		break;
	default:
		rc = refuse(-EINVAL);
	}
	return rc ? rc : guest_write(arg, &op, sizeof(op));
}

static int op_unmap_pirq(guest_va_t arg)
{
	struct physdev_unmap_pirq op;
	int rc;

	if (guest_read(&op, arg, sizeof(op))) {
		return refuse(-EFAULT);
	}
	rc = check_target(op.domid);
	return rc ? rc : pirq_unmap((uint32_t)op.pirq);
}

static int op_setup_gsi(guest_va_t arg)
{
	struct physdev_setup_gsi op;

	if (guest_read(&op, arg, sizeof(op))) {
		return refuse(-EFAULT);
	}
	return pirq_setup_gsi((uint32_t)op.gsi, op.triggering, op.polarity);
}

static int op_get_free_pirq(guest_va_t arg)
{
	struct physdev_get_free_pirq op;
	int rc;

	if (guest_read(&op, arg, sizeof(op))) {
		return refuse(-EFAULT);
	}
	if (op.type != MAP_PIRQ_TYPE_GSI && op.type != MAP_PIRQ_TYPE_MSI &&
	    op.type != MAP_PIRQ_TYPE_MSI_SEG) {
		return refuse(-EINVAL);
	}
	rc = pirq_find_free(op.type == MAP_PIRQ_TYPE_GSI);
	if (rc < 0) {
		return refuse(rc);
	}
	op.pirq = (uint32_t)rc;
	return guest_write(arg, &op, sizeof(op));
}

/* IO-APIC registers may be read; writing them is what map_pirq and setup_gsi are for. */
static int op_apic_read(guest_va_t arg)
{
	struct physdev_apic op;

	if (guest_read(&op, arg, sizeof(op))) {
		return refuse(-EFAULT);
	}
	if (!ioapic_read(op.apic_physbase, op.reg, &op.value)) {
		return refuse(-EINVAL);
	}
	return guest_write(arg, &op, sizeof(op));
}

static int op_apic_write(guest_va_t arg)
{
	return refuse(-EOPNOTSUPP);
}

/* --- I/O privilege ------------------------------------------------------------------------- */

static int op_set_iopl(guest_va_t arg)
{
	struct vcpu *v = current_vcpu();
	struct physdev_set_iopl op;

	if (guest_read(&op, arg, sizeof(op))) {
		return refuse(-EFAULT);
	}
	if (op.iopl > 3) {
		return refuse(-EINVAL);
	}
	vcpu_set_iopl(&v->arch, v->arch.kernel_ring, op.iopl);
	descriptors_select_io(&v->arch);
	return 0;
}

static int op_set_iobitmap(guest_va_t arg)
{
	struct vcpu *v = current_vcpu();
	struct physdev_set_iobitmap op;

	if (guest_read(&op, arg, sizeof(op))) {
		return refuse(-EFAULT);
	}
	if (op.nr_ports > IO_PORTS) {
		return refuse(-EINVAL);
	}
	v->arch.io_bitmap = GUEST_VA(op.bitmap.p);
	v->arch.io_bitmap_ports = op.bitmap.p ? op.nr_ports : 0;
	return 0;
}

/* --- PCI ----------------------------------------------------------------------------------- */

static int device_exists(unsigned segment, unsigned bus, unsigned devfn)
{
	return segment == 0 && pci_exists(PCI_FUNCTION(bus, devfn)) ? 0 : refuse(-ENODEV);
}

/* Devices are found where they are used, so there is no list of them to add to. */
static int op_manage_pci(guest_va_t arg)
{
	struct physdev_manage_pci op;

	if (guest_read(&op, arg, sizeof(op))) {
		return refuse(-EFAULT);
	}
	return device_exists(0, op.bus, op.devfn);
}

static int op_manage_pci_remove(guest_va_t arg)
{
	struct physdev_manage_pci op;

	if (guest_read(&op, arg, sizeof(op))) {
		return refuse(-EFAULT);
	}
	msi_forget(PCI_FUNCTION(op.bus, op.devfn));
	return 0;
}

static int op_manage_pci_add_ext(guest_va_t arg)
{
	struct physdev_manage_pci_ext op;

	if (guest_read(&op, arg, sizeof(op))) {
		return refuse(-EFAULT);
	}
	if (op.is_extfn > 1 || op.is_virtfn > 1) {
		return refuse(-EINVAL);
	}
	return device_exists(0, op.bus, op.devfn);
}

static int op_pci_device_add(guest_va_t arg)
{
	struct physdev_pci_device_add op;

	if (guest_read(&op, arg, offsetof(struct physdev_pci_device_add, optarr))) {
		return refuse(-EFAULT);
	}
	return device_exists(op.seg, op.bus, op.devfn);
}

static int op_pci_device_remove(guest_va_t arg)
{
	struct physdev_pci_device op;

	if (guest_read(&op, arg, sizeof(op))) {
		return refuse(-EFAULT);
	}
	if (op.seg) {
		return refuse(-ENODEV);
	}
	msi_forget(PCI_FUNCTION(op.bus, op.devfn));
	return 0;
}

static int op_restore_msi(guest_va_t arg)
{
	struct physdev_restore_msi op;

	if (guest_read(&op, arg, sizeof(op))) {
		return refuse(-EFAULT);
	}
	return msi_restore(PCI_FUNCTION(op.bus, op.devfn));
}

static int op_restore_msi_ext(guest_va_t arg)
{
	struct physdev_pci_device op;

	if (guest_read(&op, arg, sizeof(op))) {
		return refuse(-EFAULT);
	}
	return op.seg ? refuse(-ESRCH) : msi_restore(PCI_FUNCTION(op.bus, op.devfn));
}

static int op_pci_mmcfg_reserved(guest_va_t arg)
{
	struct physdev_pci_mmcfg_reserved op;

	if (guest_read(&op, arg, sizeof(op))) {
		return refuse(-EFAULT);
	}
	return io_knows_mmcfg(op.address, op.segment, op.start_bus, op.end_bus) ? 0
										: refuse(-ENODEV);
}

/* Before a device is lent to another domain, which no device is. */
static int op_prepare_msix(guest_va_t arg)
{
	struct physdev_pci_device op;

	if (guest_read(&op, arg, sizeof(op))) {
		return refuse(-EFAULT);
	}
	return refuse(-EOPNOTSUPP);
}

/* We talk through no USB debug port, so a reset of its controller takes nothing from us. */
static int op_dbgp(guest_va_t arg)
{
	struct physdev_dbgp_op op;

	if (guest_read(&op, arg, sizeof(op))) {
		return refuse(-EFAULT);
	}
	if (op.op != PHYSDEVOP_DBGP_RESET_PREPARE && op.op != PHYSDEVOP_DBGP_RESET_DONE) {
		return refuse(-ENOSYS);
	}
	return 0;
}

/* --- Which is which ------------------------------------------------------------------------ */

struct physdev_entry {
	int (*fn)(guest_va_t arg);
	bool for_all; /* not only for the owner of the devices */
};

static const struct physdev_entry entries[] = {
	[PHYSDEVOP_irq_status_query] = {op_irq_status_query, true},
	[PHYSDEVOP_set_iopl] = {op_set_iopl, true},
	[PHYSDEVOP_set_iobitmap] = {op_set_iobitmap, true},
	[PHYSDEVOP_apic_read] = {op_apic_read},
	[PHYSDEVOP_apic_write] = {op_apic_write},
	[PHYSDEVOP_alloc_irq_vector] = {op_alloc_irq_vector},
	[PHYSDEVOP_eoi] = {op_eoi, true},
	[PHYSDEVOP_map_pirq] = {op_map_pirq},
	[PHYSDEVOP_unmap_pirq] = {op_unmap_pirq},
	[PHYSDEVOP_manage_pci_add] = {op_manage_pci},
	[PHYSDEVOP_manage_pci_remove] = {op_manage_pci_remove},
	[PHYSDEVOP_pirq_eoi_gmfn_v1] = {op_pirq_eoi_gmfn_v1, true},
	[PHYSDEVOP_restore_msi] = {op_restore_msi},
	[PHYSDEVOP_manage_pci_add_ext] = {op_manage_pci_add_ext},
	[PHYSDEVOP_setup_gsi] = {op_setup_gsi},
	[PHYSDEVOP_get_free_pirq] = {op_get_free_pirq},
	[PHYSDEVOP_pci_mmcfg_reserved] = {op_pci_mmcfg_reserved},
	[PHYSDEVOP_pci_device_add] = {op_pci_device_add},
	[PHYSDEVOP_pci_device_remove] = {op_pci_device_remove},
	[PHYSDEVOP_restore_msi_ext] = {op_restore_msi_ext},
	[PHYSDEVOP_pirq_eoi_gmfn_v2] = {op_pirq_eoi_gmfn_v2, true},
	[PHYSDEVOP_dbgp_op] = {op_dbgp},
	[PHYSDEVOP_prepare_msix] = {op_prepare_msix},
	[PHYSDEVOP_release_msix] = {op_prepare_msix},
};

static int physdev_op(uint64_t command, guest_va_t arg)
{
	if (!index_ok(&command, ARRAY_COUNT(entries)) || !entries[command].fn) {
		return refuse(-ENOSYS);
	}
	if (!entries[command].for_all && current_domain() != domain_hardware) {
		return refuse(-EPERM);
	}
	return entries[command].fn(arg);
}

long hypercall_physdev_op(uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
	return physdev_op((uint32_t)a1, GUEST_VA(a2));
}

/* The older form: one structure that holds the command and its arguments. */
long hypercall_physdev_op_compat(uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
	uint32_t command;

	if (guest_read(&command, GUEST_VA(a1 + offsetof(struct physdev_op, cmd)),
		       sizeof(command))) {
		return refuse(-EFAULT);
	}
	switch (command) {
	case PHYSDEVOP_irq_status_query:
	case PHYSDEVOP_set_iopl:
	case PHYSDEVOP_set_iobitmap:
	case PHYSDEVOP_apic_read:
	case PHYSDEVOP_apic_write:
	case PHYSDEVOP_alloc_irq_vector:
		return physdev_op(command, GUEST_VA(a1 + offsetof(struct physdev_op, u)));
	default:
		return refuse(-ENOSYS);
	}
}
