/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the hypervisor is, and a guest's choices about itself: xen_version, vm_assist. */
#include <arch/descriptor.h>
#include <arch/layout.h>
#include <hypercall/hypercall.h>
#include <lib/error.h>
#include <lib/string.h>
#include <xen/features.h>
#include <xen/version.h>

#define ABI_MAJOR 4
#define ABI_MINOR 17

xen_commandline_t hypervisor_command_line;

/* --- xen_version --------------------------------------------------------------------------- */

static long give(uint64_t to, const void *from, size_t bytes)
{
	return guest_write(GUEST_VA(to), from, bytes) ? refuse(-EFAULT) : 0;
}

static long give_compile_info(uint64_t to)
{
	static const struct xen_compile_info info = {
		.compiler = "gcc " __VERSION__,
		.compile_by = PACKAGE_TARNAME,
		.compile_domain = "", /* where and when would make two builds differ */
		.compile_date = "",
	};

	return give(to, &info, sizeof(info));
}

static long give_capabilities(uint64_t to)
{
	static const xen_capabilities_info_t capabilities = "xen-3.0-x86_64 ";

	return give(to, capabilities, sizeof(capabilities));
}

static long give_features(uint64_t arg)
{
	const struct domain *d = current_domain();
	struct xen_feature_info info;

	if (guest_read(&info, GUEST_VA(arg), sizeof(info))) {
		return refuse(-EFAULT);
	}
	if (info.submap_idx >= XENFEAT_NR_SUBMAPS) {
		return refuse(-EINVAL);
	}
	info.submap = BIT(XENFEAT_mmu_pt_update_preserve_ad) | BIT(XENFEAT_highmem_assist) |
		      BIT(XENFEAT_gnttab_map_avail_bits) | BIT(XENFEAT_memory_op_vnode_supported) |
		      BIT(XENFEAT_direct_mapped);
	if (d->vm_assist & BIT(VMASST_TYPE_pae_extended_cr3)) {
		info.submap |= BIT(XENFEAT_pae_pgdir_above_4gb);
	}
	if (d->privileged) {
		info.submap |= BIT(XENFEAT_dom0);
	}
	return give(arg, &info, sizeof(info));
}

static long give_handle(uint64_t to)
{
	struct domain *d = current_domain();
	xen_domain_handle_t handle;

	lock_acquire(&d->lock);
	memcpy(handle, d->handle, sizeof(handle));
	lock_release(&d->lock);
	return give(to, handle, sizeof(handle));
}

static long other_version_op(uint64_t op, uint64_t arg)
{
	static const xen_extraversion_t extra = "-parvus";
	static const xen_changeset_info_t changeset = PACKAGE_STRING;
	static const struct xen_platform_parameters parameters = {HYPERVISOR_START};

	switch (op) {
	case XENVER_extraversion:
		return give(arg, extra, sizeof(extra));
	case XENVER_compile_info:
		return give_compile_info(arg);
	case XENVER_capabilities:
		return give_capabilities(arg);
	case XENVER_changeset:
		return give(arg, changeset, sizeof(changeset));
	case XENVER_platform_parameters:
		return give(arg, &parameters, sizeof(parameters));
	case XENVER_get_features:
		return give_features(arg);
	case XENVER_pagesize:
		return arg ? refuse(-EINVAL) : (long)PAGE_SIZE;
	case XENVER_guest_handle:
		return give_handle(arg);
	case XENVER_commandline:
		/* It may name what only the administrator should know. */
		return current_domain()->privileged
			       ? give(arg, hypervisor_command_line, sizeof(hypervisor_command_line))
			       : refuse(-EPERM);
	case XENVER_build_id:
		return current_domain()->privileged ? refuse(-ENODATA) : refuse(-EPERM);
	default:
		return refuse(-ENOSYS);
	}
}

/* The cheapest of all hypercalls, by which guests measure what one costs. */
long hypercall_xen_version(uint64_t op, uint64_t arg, uint64_t a3, uint64_t a4, uint64_t a5)
{
	if (likely(op == XENVER_version)) {
		return ABI_MAJOR << 16 | ABI_MINOR;
	}
	return other_version_op(op, arg);
}

/* --- vm_assist ----------------------------------------------------------------------------- */

/* Which of the two models of I/O privilege holds; a guest says so before it has other vCPUs. */
static void choose_iopl(bool architectural)
{
	struct vcpu_arch *a = &current_vcpu()->arch;

	vcpu_set_iopl(a, architectural ? 0 : 1, a->iopl);
	descriptors_select_io(a);
}

long hypercall_vm_assist(uint64_t op, uint64_t type, uint64_t a3, uint64_t a4, uint64_t a5)
{
	struct domain *d = current_domain();

	if (type >= 64 || !(VM_ASSISTS & BIT(type))) {
		return refuse(-EINVAL);
	}
	switch (op) {
	case VMASST_CMD_enable:
		atomic_fetch_or_explicit(&d->vm_assist, BIT(type), memory_order_relaxed);
		break;
	case VMASST_CMD_disable:
		atomic_fetch_and_explicit(&d->vm_assist, ~BIT(type), memory_order_relaxed);
		break;
	default:
		return refuse(-ENOSYS);
	}
	if (type == VMASST_TYPE_m2p_strict) {
		d->memory.hides_m2p = op == VMASST_CMD_enable;
	} else if (type == VMASST_TYPE_architectural_iopl) {
		choose_iopl(op == VMASST_CMD_enable);
	}
	return 0;
}
