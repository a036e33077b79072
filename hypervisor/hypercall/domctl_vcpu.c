/* SPDX-License-Identifier: GPL-2.0-or-later */
/* domctl: the state of a domain's vCPUs, as a builder sets it and as it is saved and restored. */
#include <arch/clock.h>
#include <arch/fpu.h>
#include <arch/regs.h>
#include <arch/segment_base.h>
#include <arch/switch.h>
#include <hypercall/domctl.h>
#include <lib/heap.h>

/* --- The context ----------------------------------------------------------------------------- */

/* The assists of the domain, which come with the context of its first vCPU. */
static void set_assists(struct domain *d, uint64_t assists)
{
	bool architectural = assists & BIT(VMASST_TYPE_architectural_iopl);

	atomic_store_explicit(&d->vm_assist, assists, memory_order_relaxed);
	d->memory.hides_m2p = assists & BIT(VMASST_TYPE_m2p_strict);
	for (unsigned i = 0; i < d->vcpu_count; i++) {
		struct vcpu_arch *a = &d->vcpu[i]->arch;

		vcpu_set_iopl(a, architectural ? 0 : 1, a->iopl);
	}
}

static int set_context(struct vcpu *v, const struct vcpu_guest_context *context)
{
	int rc;

	if (v->id == 0 && !v->initialised) {
		if (context->vm_assist & ~VM_ASSISTS) {
			return -EINVAL;
		}
		set_assists(v->domain, context->vm_assist);
	}
	rc = vcpu_set_context(v, context);
	if (rc) {
		return rc;
	}
	v->initialised = true;
	if (context->flags & VGCF_online) {
		vcpu_clear_flag(v, VCPU_DOWN);
	} else {
		vcpu_set_flag(v, VCPU_DOWN);
	}
	return 0;
}

int domctl_set_context(struct domain *d, struct xen_domctl *op)
{
	struct vcpu *v = domctl_vcpu(d, op->u.vcpucontext.vcpu);
	struct vcpu_guest_context *context;
	int rc;

	if (!v || d->dying) {
		return refuse(-EINVAL);
	}
	context = heap_alloc(sizeof(*context));
	if (!context) {
		return refuse(-ENOMEM);
	}
	rc = guest_read(context, GUEST_VA(op->u.vcpucontext.ctxt.p), sizeof(*context));
	if (rc == 0) {
		domain_pause(d);
		rc = set_context(v, context);
		domain_unpause(d);
	}
	heap_free(context, sizeof(*context));
	return rc && rc != -ERESTART ? refuse(rc) : rc;
}

int domctl_get_context(struct domain *d, struct xen_domctl *op)
{
	struct vcpu *v = domctl_vcpu(d, op->u.vcpucontext.vcpu);
	struct vcpu_guest_context *context;
	int rc;

	if (!v || d->dying) {
		return refuse(-EINVAL); /* one that dies has lost its tables already */
	}
	if (!v->initialised) {
		return refuse(-ENODATA);
	}
	context = heap_alloc(sizeof(*context));
	if (!context) {
		return refuse(-ENOMEM);
	}
	domain_pause(d);
	vcpu_get_context(v, context);
	domain_unpause(d);
	if (!(v->flags & VCPU_DOWN)) {
		context->flags |= VGCF_online;
	}
	rc = guest_write(GUEST_VA(op->u.vcpucontext.ctxt.p), context, sizeof(*context));
	heap_free(context, sizeof(*context));
	return rc ? refuse(rc) : 0;
}

/* --- What the context has no room for: two callbacks, machine checks ------------------------- */

int domctl_set_context_more(struct domain *d, struct xen_domctl *op)
{
	const struct xen_domctl_ext_vcpucontext *more = &op->u.ext_vcpucontext;
	struct vcpu *v = domctl_vcpu(d, more->vcpu);
	struct trap_entry *callback;

	if (!v || more->size < offsetof(struct xen_domctl_ext_vcpucontext, mcg_cap) ||
	    !address_is_canonical(more->syscall32_callback_eip) ||
	    !address_is_canonical(more->sysenter_callback_eip)) {
		return refuse(-EINVAL);
	}
	/* Guests see no banks of machine checks, so none can be restored. */
	if (more->size >= offsetof(struct xen_domctl_ext_vcpucontext, vmce) + sizeof(more->vmce) &&
	    (more->vmce.mci_ctl2_bank0 || more->vmce.mci_ctl2_bank1)) {
		return refuse(-EPERM);
	}
	domain_pause(d);
	callback = v->arch.callback;
	callback[CALLBACK_SYSCALL32] = (struct trap_entry){
		.address = more->syscall32_callback_eip,
		.cs = more->syscall32_callback_cs | 3,
		.masks_events = more->syscall32_disables_events,
	};
	callback[CALLBACK_SYSENTER] = (struct trap_entry){
		.address = more->sysenter_callback_eip,
		.cs = more->sysenter_callback_cs | 3,
		.masks_events = more->sysenter_disables_events,
	};
	domain_unpause(d);
	return 0;
}

int domctl_get_context_more(struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_ext_vcpucontext *more = &op->u.ext_vcpucontext;
	struct vcpu *v = domctl_vcpu(d, more->vcpu);
	const struct trap_entry *callback;

	if (!v) {
		return refuse(-EINVAL);
	}
	callback = v->arch.callback;
	*more = (struct xen_domctl_ext_vcpucontext){
		.vcpu = v->id,
		.size = sizeof(*more),
		.syscall32_callback_eip = callback[CALLBACK_SYSCALL32].address,
		.sysenter_callback_eip = callback[CALLBACK_SYSENTER].address,
		.syscall32_callback_cs = callback[CALLBACK_SYSCALL32].cs,
		.sysenter_callback_cs = callback[CALLBACK_SYSENTER].cs,
		.syscall32_disables_events = callback[CALLBACK_SYSCALL32].masks_events,
		.sysenter_disables_events = callback[CALLBACK_SYSENTER].masks_events,
	};
	return 0;
}

/* --- What it is doing ------------------------------------------------------------------------ */

int domctl_vcpu_info(struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_getvcpuinfo *info = &op->u.getvcpuinfo;
	const struct vcpu *v = domctl_vcpu(d, info->vcpu);
	unsigned flags;

	if (info->vcpu >= d->vcpu_max) {
		return refuse(-EINVAL);
	}
	if (!v) {
		return refuse(-ESRCH);
	}
	flags = atomic_load_explicit(&v->flags, memory_order_relaxed);
	*info = (struct xen_domctl_getvcpuinfo){
		.vcpu = v->id,
		.online = !(flags & VCPU_DOWN),
		.blocked = !!(flags & VCPU_BLOCKED),
		.running = v->runstate.state == RUNSTATE_running,
		.cpu_time = vcpu_cpu_time(v),
		.cpu = v->credit.cpu,
	};
	return 0;
}

int domctl_send_trigger(struct domain *d, struct xen_domctl *op)
{
	struct vcpu *v = domctl_vcpu(d, op->u.sendtrigger.vcpu);

	if (op->u.sendtrigger.vcpu >= d->vcpu_max) {
		return refuse(-EINVAL);
	}
	if (!v) {
		return refuse(-ESRCH);
	}
	if (op->u.sendtrigger.trigger != XEN_DOMCTL_SENDTRIGGER_NMI) {
		return refuse(-ENOSYS); /* the others are buttons, which PV guests do not have */
	}
	vcpu_send_nmi(v);
	return 0;
}

/* --- All domains are 64-bit ------------------------------------------------------------------ */

int domctl_set_address_size(struct domain *d, struct xen_domctl *op)
{
	return op->u.address_size.size == 64 ? 0 : refuse(-EINVAL);
}

int domctl_get_address_size(struct domain *d, struct xen_domctl *op)
{
	op->u.address_size.size = 64;
	return 0;
}

/* --- Time ------------------------------------------------------------------------------------ */

enum { TSC_DEFAULT, TSC_ALWAYS_EMULATED, TSC_NEVER_EMULATED };

/* Guests read the machine's TSC, so they cannot get another rate than it has. */
int domctl_set_tsc(struct domain *d, struct xen_domctl *op)
{
	const struct xen_domctl_tsc_info *info = &op->u.tsc_info;

	if (info->tsc_mode == TSC_ALWAYS_EMULATED) {
		return refuse(-EOPNOTSUPP);
	}
	if (info->tsc_mode != TSC_DEFAULT && info->tsc_mode != TSC_NEVER_EMULATED) {
		return refuse(-EINVAL);
	}
	if (info->tsc_mode == TSC_DEFAULT && info->gtsc_khz &&
	    info->gtsc_khz != clock_tsc_hz() / 1000) {
		return refuse(-EOPNOTSUPP);
	}
	d->tsc_mode = info->tsc_mode;
	d->tsc_incarnation = info->incarnation;
	return 0;
}

int domctl_get_tsc(struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_tsc_info *info = &op->u.tsc_info;

	*info = (struct xen_domctl_tsc_info){
		.tsc_mode = d->tsc_mode,
		.incarnation = d->tsc_incarnation,
	};
	if (d->tsc_mode == TSC_DEFAULT) {
		info->gtsc_khz = (uint32_t)(clock_tsc_hz() / 1000);
		info->elapsed_nsec = now();
	}
	return 0;
}

/* --- The FPU's state ------------------------------------------------------------------------- */

/*
 * With a null buffer, how long it has to be. The format is XCR0, the components that were ever in
 * use, and the area as XSAVE writes it.
 */
int domctl_get_extended_state(struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_vcpuextstate *state = &op->u.vcpuextstate;
	struct vcpu *v = domctl_vcpu(d, state->vcpu);
	size_t bytes = fpu_state_bytes();
	void *copy;
	int rc;

	if (!v) {
		return refuse(-ESRCH);
	}
	if (!state->buffer.p) {
		state->size = bytes;
		state->xfeature_mask = fpu_features();
		return 0;
	}
	if (state->size != bytes || state->xfeature_mask != fpu_features()) {
		return refuse(-EINVAL);
	}
	copy = heap_alloc(bytes);
	if (!copy) {
		return bytes ? refuse(-ENOMEM) : 0;
	}
	domain_pause(d);
	fpu_get_state(v, copy);
	domain_unpause(d);
	rc = guest_write(GUEST_VA(state->buffer.p), copy, bytes);
	heap_free(copy, bytes);
	return rc ? refuse(rc) : 0;
}

int domctl_set_extended_state(struct domain *d, struct xen_domctl *op)
{
	const struct xen_domctl_vcpuextstate *state = &op->u.vcpuextstate;
	struct vcpu *v = domctl_vcpu(d, state->vcpu);
	void *copy;
	int rc;

	if (!v) {
		return refuse(-ESRCH);
	}
	if (!state->size || state->size > fpu_state_bytes()) {
		return refuse(-EINVAL);
	}
	copy = heap_alloc(state->size);
	if (!copy) {
		return refuse(-ENOMEM);
	}
	rc = guest_read(copy, GUEST_VA(state->buffer.p), state->size);
	if (rc == 0) {
		domain_pause(d);
		rc = fpu_set_state(v, copy, state->size);
		domain_unpause(d);
	}
	heap_free(copy, state->size);
	return rc ? refuse(rc) : 0;
}

/* --- MSRs: of those that guests may write, TSC_AUX alone has a value of its own for each vCPU --
 */

#define MSR_COUNT 1

int domctl_get_msrs(struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_vcpu_msrs *msrs = &op->u.vcpu_msrs;
	struct vcpu *v = domctl_vcpu(d, msrs->vcpu);
	struct xen_domctl_vcpu_msr msr = {.index = MSR_TSC_AUX};

	if (!v) {
		return refuse(-EINVAL);
	}
	if (!msrs->msrs.p) {
		msrs->msr_count = MSR_COUNT;
		return 0;
	}
	msr.value = v->arch.tsc_aux;
	if (!msr.value) {
		msrs->msr_count = 0;
		return 0;
	}
	if (msrs->msr_count < MSR_COUNT) {
		return refuse(-ENOBUFS);
	}
	msrs->msr_count = MSR_COUNT;
	return guest_write(GUEST_VA(msrs->msrs.p), &msr, sizeof(msr)) ? refuse(-EFAULT) : 0;
}

/* *done: how many were set. */
static int set_msrs(struct vcpu *v, const struct xen_domctl_vcpu_msrs *msrs, uint32_t *done)
{
	struct xen_domctl_vcpu_msr msr;

	for (*done = 0; *done < msrs->msr_count; ++*done) {
		if (guest_read(&msr, GUEST_VA((uint64_t)msrs->msrs.p + *done * sizeof(msr)),
			       sizeof(msr))) {
			return refuse(-EFAULT);
		}
		if (msr.reserved || msr.index != MSR_TSC_AUX || msr.value > UINT32_MAX) {
			return refuse(-EINVAL);
		}
		v->arch.tsc_aux = (uint32_t)msr.value;
	}
	return 0;
}

int domctl_set_msrs(struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_vcpu_msrs *msrs = &op->u.vcpu_msrs;
	struct vcpu *v = domctl_vcpu(d, msrs->vcpu);
	int rc;

	if (!v || msrs->msr_count > MSR_COUNT) {
		return refuse(-EINVAL);
	}
	domain_pause(d);
	rc = set_msrs(v, msrs, &msrs->msr_count);
	domain_unpause(d);
	return rc;
}
