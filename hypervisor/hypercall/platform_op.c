/* SPDX-License-Identifier: GPL-2.0-or-later */
/* platform_op: what the first domain tells and asks about the machine. */
#include <arch/apic.h>
#include <arch/clock.h>
#include <arch/cpu.h>
#include <arch/efi.h>
#include <arch/features.h>
#include <arch/instructions.h>
#include <arch/port.h>
#include <arch/power.h>
#include <arch/smp.h>
#include <debug/log.h>
#include <debug/symbols.h>
#include <hypercall/sysctl.h>
#include <lib/error.h>
#include <lib/string.h>
#include <xen/platform.h>

typedef int platform_op_fn(struct xen_platform_op *op);

/* --- Time ---------------------------------------------------------------------------------- */

/* At system_time it was so and so late. */
static int set_time(uint64_t seconds, uint32_t nanoseconds, uint64_t system_time)
{
	if (seconds > UINT64_MAX / NS_PER_SECOND - 1) {
		return refuse(-EINVAL);
	}
	clock_set_wall_epoch(seconds * NS_PER_SECOND + nanoseconds - system_time);
	for (struct domain *d = domain_next(NULL); d; d = domain_next(d)) {
		time_update_wallclock(d);
	}
	return 0;
}

static int op_settime32(struct xen_platform_op *op)
{
	const struct xenpf_settime32 *t = &op->u.settime32;

	return set_time(t->secs, t->nsecs, t->system_time);
}

static int op_settime64(struct xen_platform_op *op)
{
	const struct xenpf_settime64 *t = &op->u.settime64;

	return t->mbz ? refuse(-EINVAL) : set_time(t->secs, t->nsecs, t->system_time);
}

/* --- Firmware ------------------------------------------------------------------------------ */

/* What the firmware says of an address; of so many bytes from there, or all it says if that is 0.
 */
static int efi_memory_info(union xenpf_efi_info *info)
{
	const struct efi_range *range = efi_range_at(info->mem.addr);
	uint64_t rest;

	if (!range) {
		return refuse(-EINVAL);
	}
	rest = range->start + range->bytes - info->mem.addr;
	if (!info->mem.size || info->mem.size > rest) {
		info->mem.size = rest;
	}
	info->mem.attr = range->attributes;
	info->mem.type = range->type;
	return 0;
}

static int efi_info(uint32_t index, union xenpf_efi_info *info)
{
	const struct efi_firmware *efi = efi_firmware();

	if (!efi) {
		return refuse(-ENODEV);
	}
	switch (index) {
	case XEN_FW_EFI_VERSION:
	case XEN_FW_EFI_RT_VERSION:
		info->version = efi->version;
		return 0;
	case XEN_FW_EFI_CONFIG_TABLE:
		info->cfg.addr = efi->tables;
		info->cfg.nent = efi->table_count;
		return 0;
	case XEN_FW_EFI_MEM_INFO:
		return efi_memory_info(info);
	case XEN_FW_EFI_VENDOR:
		info->vendor.revision = efi->revision;
		return efi_write_vendor(efi, GUEST_VA(info->vendor.name.p), info->vendor.bufsz);
	default:
		return refuse(-EOPNOTSUPP);
	}
}

/* The BIOS was asked nothing, so there are no disks, displays or shift keys to tell of. */
static int op_firmware_info(struct xen_platform_op *op)
{
	struct xenpf_firmware_info *info = &op->u.firmware_info;

	switch (info->type) {
	case XEN_FW_EFI_INFO:
		return efi_info(info->index, &info->u.efi_info);
	case XEN_FW_DISK_INFO:
	case XEN_FW_DISK_MBR_SIGNATURE:
	case XEN_FW_VBEDDC_INFO:
	case XEN_FW_KBD_SHIFT_FLAGS:
		return refuse(-ESRCH);
	default:
		return refuse(-EINVAL);
	}
}

static int op_enter_acpi_sleep(struct xen_platform_op *op)
{
	const struct xenpf_enter_acpi_sleep *sleep = &op->u.enter_acpi_sleep;

	if (sleep->flags) {
		return refuse(-EOPNOTSUPP);
	}
	return power_enter_sleep(sleep->sleep_state, sleep->val_a, sleep->val_b);
}

/* --- Processors ---------------------------------------------------------------------------- */

static uint32_t highest_cpu(void)
{
	return 63 - (uint32_t)__builtin_clzll(cpus_started());
}

static int op_get_cpuinfo(struct xen_platform_op *op)
{
	struct xenpf_pcpuinfo *info = &op->u.pcpu_info;

	info->max_present = highest_cpu();
	if (!cpu_mask_has(cpus_started(), info->xen_cpuid)) {
		info->flags = XEN_PCPU_FLAGS_INVALID;
		return 0;
	}
	info->flags = cpu_mask_has(cpus_online(), info->xen_cpuid) ? XEN_PCPU_FLAGS_ONLINE : 0;
	info->apic_id = cpu_of(info->xen_cpuid)->apic_id;
	info->acpi_id = apic_acpi_uid(info->apic_id);
	return 0;
}

static int op_get_cpu_version(struct xen_platform_op *op)
{
	struct xenpf_pcpu_version *info = &op->u.pcpu_version;
	uint32_t signature = cpuid(1, 0).a;

	info->max_present = highest_cpu();
	if (!cpu_mask_has(cpus_online(), info->xen_cpuid)) {
		memset(info->vendor_id, 0, sizeof(info->vendor_id));
		info->family = info->model = info->stepping = 0;
		return 0;
	}
	/* All processors of a machine are of one kind. */
	memcpy(info->vendor_id, cpu_features.vendor, sizeof(info->vendor_id));
	info->stepping = signature & 0xf;
	info->model = (signature >> 4 & 0xf) | (signature >> 12 & 0xf0);
	info->family = (signature >> 8 & 0xf) + (signature >> 20 & 0xff);
	return 0;
}

static int op_cpu_online(struct xen_platform_op *op)
{
	return cpu_bring_back(op->u.cpu_ol.cpuid);
}

static int op_cpu_offline(struct xen_platform_op *op)
{
	return cpu_take_off(op->u.cpu_ol.cpuid);
}

static int op_core_parking(struct xen_platform_op *op)
{
	struct xenpf_core_parking *parking = &op->u.core_parking;

	switch (parking->type) {
	case XEN_CORE_PARKING_GET:
		parking->idle_nums = 0;
		return 0;
	case XEN_CORE_PARKING_SET:
		return refuse(-EOPNOTSUPP);
	default:
		return refuse(-EINVAL);
	}
}

/* --- Symbols ------------------------------------------------------------------------------- */

static int op_get_symbol(struct xen_platform_op *op)
{
	struct xenpf_symdata *data = &op->u.symdata;
	guest_va_t to = GUEST_VA(data->name.p);
	uint32_t room = data->namelen;
	const char *name;
	size_t length;

	if (data->symnum > symbols_count()) {
		return refuse(-ERANGE);
	}
	if (data->symnum == symbols_count()) { /* the end: symnum stays */
		data->namelen = 0;
		data->type = '?';
		data->address = 0;
		return room && guest_write(to, "", 1) ? refuse(-EFAULT) : 0;
	}
	name = symbols_name(data->symnum);
	length = strlen(name);
	data->namelen = (uint32_t)length;
	data->type = 'T';
	data->address = symbols_address(data->symnum);
	data->symnum++;
	if (room && (guest_write(to, name, MIN(length, room - 1u)) ||
		     guest_write(GUEST_VA(to.a + MIN(length, room - 1u)), "", 1))) {
		return refuse(-EFAULT);
	}
	return 0;
}

/* --- Which is which ------------------------------------------------------------------------ */

/* Known, and answered with "not here": caches' types, microcode, frequencies, hot-added parts. */
static int op_unsupported(struct xen_platform_op *op)
{
	return refuse(-EOPNOTSUPP);
}

static platform_op_fn *const platform_ops[] = {
	[XENPF_settime32] = op_settime32,
	[XENPF_add_memtype] = op_unsupported,
	[XENPF_del_memtype] = op_unsupported,
	[XENPF_read_memtype] = op_unsupported,
	[XENPF_microcode_update] = op_unsupported,
	[XENPF_platform_quirk] = op_unsupported,
	[XENPF_get_cpu_version] = op_get_cpu_version,
	[XENPF_efi_runtime_call] = op_unsupported,
	[XENPF_firmware_info] = op_firmware_info,
	[XENPF_enter_acpi_sleep] = op_enter_acpi_sleep,
	[XENPF_change_freq] = op_unsupported,
	[XENPF_getidletime] = op_unsupported,
	[XENPF_set_processor_pminfo] = op_unsupported,
	[XENPF_get_cpuinfo] = op_get_cpuinfo,
	[XENPF_cpu_online] = op_cpu_online,
	[XENPF_cpu_offline] = op_cpu_offline,
	[XENPF_cpu_hotadd] = op_unsupported,
	[XENPF_mem_hotadd] = op_unsupported,
	[XENPF_core_parking] = op_core_parking,
	[XENPF_resource_op] = op_unsupported,
	[XENPF_settime64] = op_settime64,
	[XENPF_get_symbol] = op_get_symbol,
};

long hypercall_platform_op(uint64_t a1, uint64_t a2, uint64_t a3, uint64_t a4, uint64_t a5)
{
	struct xen_platform_op op;
	int rc;

	if (guest_read(&op, GUEST_VA(a1), sizeof(op))) {
		return refuse(-EFAULT);
	}
	if (op.interface_version != XENPF_INTERFACE_VERSION) {
		return refuse(-EACCES);
	}
	if (!current_domain()->privileged) {
		return refuse(-EPERM);
	}
	if (op.cmd >= ARRAY_COUNT(platform_ops) || !platform_ops[op.cmd]) {
		return refuse(-ENOSYS);
	}
	rc = platform_ops[op.cmd](&op);
	if (rc == -ERESTART) {
		return hypercall_again(a1, a2, a3, a4);
	}
	if (!rc && guest_write(GUEST_VA(a1), &op, sizeof(op))) {
		rc = refuse(-EFAULT);
	}
	return rc;
}
