/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mmu_update, mmuext_op and update_va_mapping: what guests ask of their page tables. */
#include <arch/port.h>
#include <debug/log.h>
#include <hypercall/hypercall.h>
#include <lib/error.h>
#include <memory/mmu_update.h>
#include <xen/xen.h>

/* In a count: a call that goes on, and adds to what *pdone says already. */
#define CONTINUED BIT(31)
#define BATCH	  32

/*
 * Whose tables and whose frames a call is about. One is the current domain's or, for a privileged
 * caller, any other's; the frames may also be those of no domain (DOMID_IO, DOMID_XEN).
 */
struct target {
	struct domain *tables_domain; /* null: the current one */
	struct domain *owner_domain;
	struct domain_memory *tables;
	struct domain_memory *owner;
};

static int get_domain(domid_t id, struct domain **d, struct domain_memory **memory)
{
	*d = domain_get_target(id);
	if (!*d) {
		return refuse(current_domain()->privileged ? -ESRCH : -EPERM);
	}
	*memory = &(*d)->memory;
	return 0;
}

static void put_target(struct target *target)
{
	if (target->tables_domain) {
		domain_put(target->tables_domain);
	}
	if (target->owner_domain) {
		domain_put(target->owner_domain);
	}
}

/* foreigndom: the frames' owner below, above that 0 or 1 + the owner of the tables. */
static int get_target(uint64_t foreigndom, struct target *target)
{
	domid_t owner = (domid_t)foreigndom;
	unsigned tables = (unsigned)(foreigndom >> 16 & 0xffff);
	int rc = 0;

	*target = (struct target){.tables = &current_domain()->memory};
	target->owner = target->tables;
	if (likely(owner == DOMID_SELF && tables == 0)) {
		return 0;
	}
	if (tables != 0) {
		rc = get_domain((domid_t)(tables - 1), &target->tables_domain, &target->tables);
	}
	if (rc == 0) {
		switch (owner) {
		case DOMID_SELF:
			break;
		case DOMID_IO:
			target->owner = &domain_memory_io;
			break;
		case DOMID_XEN:
			target->owner = &domain_memory_xen;
			rc = current_domain()->privileged ? 0 : -EPERM;
			break;
		default:
			rc = get_domain(owner, &target->owner_domain, &target->owner);
		}
	}
	if (rc) {
		put_target(target);
	}
	return rc;
}

/* Gives the guest its count of finished requests; `before`: what earlier parts of the call did. */
static int write_done(uint64_t pdone, bool continued, unsigned done)
{
	unsigned before = 0;

	if (!pdone) {
		return 0;
	}
	if (continued && guest_read(&before, GUEST_VA(pdone), sizeof(before))) {
		return refuse(-EFAULT);
	}
	done += before;
	return guest_write(GUEST_VA(pdone), &done, sizeof(done));
}

/* A part is done, or all of it; null `again`: the call is at its end. */
static long finish(uint64_t *args, unsigned done, size_t size, bool again, int rc)
{
	bool continued = args[1] & CONTINUED;
	uint64_t left = (args[1] & ~CONTINUED) - done;

	if (write_done(args[2], continued, done) && rc == 0) {
		rc = -EFAULT;
	}
	if (rc == 0 && again) {
		return hypercall_again(args[0] + done * size, left | CONTINUED, args[2], args[3]);
	}
	return rc;
}

/* Most calls are for one request of one's own, and do not ask for the count. */
static bool is_simple(uint64_t count, uint64_t pdone, uint64_t foreigndom)
{
	return count == 1 && !pdone && foreigndom == DOMID_SELF;
}

static long update_one(uint64_t at)
{
	struct mmu_update request;
	bool done;
	int rc;

	if (guest_read(&request, GUEST_VA(at), sizeof(request))) {
		return refuse(-EFAULT);
	}
	rc = mmu_update_own(&current_domain()->memory, &request, &done);
	if (unlikely(rc == -ERESTART)) {
		return hypercall_again(at, (done ? 0 : 1) | CONTINUED, 0, DOMID_SELF);
	}
	return rc;
}

static long update_many(uint64_t requests, uint64_t count, uint64_t pdone, uint64_t foreigndom)
{
	uint64_t args[4] = {requests, count & UINT32_MAX, pdone, foreigndom};
	unsigned left = (unsigned)(args[1] & ~CONTINUED), done = 0;
	struct mmu_update batch[BATCH];
	struct target target;
	bool again = false;
	int rc = get_target(foreigndom, &target);

	if (rc) {
		return rc;
	}
	do {
		unsigned part = MIN(left, (unsigned)BATCH), n;

		if (guest_read(batch, GUEST_VA(requests), part * sizeof(batch[0]))) {
			rc = refuse(-EFAULT);
			break;
		}
		n = mmu_update_batch(target.tables, target.owner, batch, part, &rc);
		done += n;
		left -= n;
		requests += n * sizeof(batch[0]);
		again = rc == -ERESTART || (rc == 0 && left);
		rc = rc == -ERESTART ? 0 : rc;
	} while (again && !work_pending());

	put_target(&target);
	return finish(args, done, sizeof(batch[0]), again, rc);
}

long hypercall_mmu_update(uint64_t requests, uint64_t count, uint64_t pdone, uint64_t foreigndom,
			  uint64_t unused)
{
	return likely(is_simple(count, pdone, foreigndom))
		       ? update_one(requests)
		       : update_many(requests, count, pdone, foreigndom);
}

/* --- mmuext_op --------------------------------------------------------------------------- */

/* The CPUs that may hold translations of ours. Before we look, everybody sees what was written. */
static cpu_mask_t all_cpus(void)
{
	atomic_thread_fence(memory_order_seq_cst);
	return atomic_load_explicit(&current_domain()->memory.cached_on, memory_order_relaxed);
}

/* Those of the vCPUs in the guest's bitmap. */
static int vcpu_mask(uint64_t bitmap, cpu_mask_t *cpus)
{
	const struct domain *d = current_domain();
	uint64_t map[VCPU_MAX / 64] = {0};

	if (guest_read(map, GUEST_VA(bitmap), (d->vcpu_count + 7) / 8)) {
		return refuse(-EFAULT);
	}
	*cpus = 0;
	/* Before we look, everybody sees what was written to tables: see vcpu_cached_on(). */
	atomic_thread_fence(memory_order_seq_cst);
	for (unsigned i = 0; i < d->vcpu_count; i++) {
		if (map[i / 64] >> i % 64 & 1 && d->vcpu[i]) {
			*cpus |= vcpu_cached_on(d->vcpu[i]);
		}
	}
	return 0;
}

static int flush_cache(cpu_mask_t cpus)
{
	const struct domain_memory *dm = &current_domain()->memory;

	if (!dm->hardware && !dm->mmio) {
		return refuse(-EACCES); /* write-back is all it has */
	}
	cache_flush(cpus);
	return 0;
}

static int set_ldt(const struct mmuext_op *op)
{
	if (op->arg1.linear_addr % PAGE_SIZE || op->arg2.nr_ents > 8192) {
		return refuse(-EINVAL);
	}
	return vcpu_set_ldt(GUEST_VA(op->arg1.linear_addr), op->arg2.nr_ents);
}

static int flush_some(const struct mmuext_op *op)
{
	cpu_mask_t cpus;
	int rc = vcpu_mask((uint64_t)op->arg2.vcpumask.p, &cpus);

	if (rc) {
		return rc;
	}
	if (op->cmd == MMUEXT_TLB_FLUSH_MULTI) {
		tlb_flush(cpus);
	} else {
		tlb_flush_va(cpus, op->arg1.linear_addr);
	}
	return 0;
}

/* What a domain does to itself alone, and what it does to `owner`'s frames. */
static int mmuext(struct domain_memory *owner, const struct mmuext_op *op)
{
	struct vcpu *v = current_vcpu();
	struct domain_memory *dm = &v->domain->memory;
	mfn_t mfn = MFN(op->arg1.mfn);

	switch (op->cmd) {
	case MMUEXT_TLB_FLUSH_LOCAL:
		tlb_flush(BIT(cpu_id()));
		return 0;
	case MMUEXT_TLB_FLUSH_ALL:
		tlb_flush(all_cpus());
		return 0;
	case MMUEXT_INVLPG_LOCAL:
		tlb_flush_va(BIT(cpu_id()), op->arg1.linear_addr);
		return 0;
	case MMUEXT_INVLPG_ALL:
		tlb_flush_va(all_cpus(), op->arg1.linear_addr);
		return 0;
	case MMUEXT_TLB_FLUSH_MULTI:
	case MMUEXT_INVLPG_MULTI:
		return flush_some(op);
	case MMUEXT_NEW_BASEPTR:
		return mmu_new_kernel_root(dm, &v->memory, mfn);
	case MMUEXT_NEW_USER_BASEPTR:
		return mmu_new_user_root(dm, &v->memory, mfn.n ? mfn : MFN_NONE);
	case MMUEXT_PIN_L1_TABLE:
	case MMUEXT_PIN_L2_TABLE:
	case MMUEXT_PIN_L3_TABLE:
	case MMUEXT_PIN_L4_TABLE:
		return mmu_pin(owner, mfn, op->cmd - MMUEXT_PIN_L1_TABLE + 1);
	case MMUEXT_UNPIN_TABLE:
		return mmu_unpin(owner, mfn);
	case MMUEXT_SET_LDT:
		return set_ldt(op);
	case MMUEXT_FLUSH_CACHE:
		return flush_cache(BIT(cpu_id()));
	case MMUEXT_FLUSH_CACHE_GLOBAL:
		return flush_cache(CPU_MASK_ALL);
	case MMUEXT_CLEAR_PAGE:
		return mmu_clear_page(owner, mfn);
	case MMUEXT_COPY_PAGE:
		return mmu_copy_page(owner, mfn, MFN(op->arg2.src_mfn));
	case MMUEXT_MARK_SUPER:
	case MMUEXT_UNMARK_SUPER:
		return refuse(-EOPNOTSUPP);
	}
	return refuse(-ENOSYS);
}

/* The same for a caller who names another domain: what is for oneself alone is refused. */
static int mmuext_on(const struct target *target, const struct mmuext_op *op)
{
	bool for_others = op->cmd <= MMUEXT_UNPIN_TABLE || op->cmd == MMUEXT_CLEAR_PAGE ||
			  op->cmd == MMUEXT_COPY_PAGE;

	if (target->owner_domain && !for_others) {
		return refuse(-EPERM);
	}
	return mmuext(target->owner, op);
}

/* Those without page tables of their own can be named, but have nothing these operations want. */
static int get_mmuext_target(uint64_t foreigndom, struct target *target)
{
	int rc = get_target(foreigndom & 0xffff, target);

	if (rc == 0 &&
	    (target->owner == &domain_memory_io || target->owner == &domain_memory_xen)) {
		rc = refuse(-EPERM);
	}
	return rc;
}

static long mmuext_one(uint64_t at)
{
	struct domain_memory *dm = &current_domain()->memory;
	struct mmuext_op op;
	bool done;
	int rc;

	if (guest_read(&op, GUEST_VA(at), sizeof(op))) {
		return refuse(-EFAULT);
	}
	rc = mmuext(dm, &op);
	done = rc == 0;
	if (unlikely(done && dm->walk.mode != WALK_IDLE)) {
		rc = mmu_settle(dm);
	}
	if (unlikely(rc == -ERESTART)) {
		return hypercall_again(at, (done ? 0 : 1) | CONTINUED, 0, DOMID_SELF);
	}
	return rc;
}

static long mmuext_many(uint64_t ops, uint64_t count, uint64_t pdone, uint64_t foreigndom)
{
	uint64_t args[4] = {ops, count & UINT32_MAX, pdone, foreigndom};
	unsigned left = (unsigned)(args[1] & ~CONTINUED), done = 0;
	struct mmuext_op op;
	struct target target;
	bool again = false;
	int rc = get_mmuext_target(foreigndom, &target);

	if (rc) {
		return rc;
	}
	do {
		if (left) {
			if (guest_read(&op, GUEST_VA(ops), sizeof(op))) {
				rc = refuse(-EFAULT);
				break;
			}
			rc = mmuext_on(&target, &op);
			if (rc == 0) {
				done++;
				left--;
				ops += sizeof(op);
			}
		}
		/* The last one's tables are taken apart before the guest goes on. */
		if (rc == 0 && target.owner->walk.mode != WALK_IDLE) {
			rc = mmu_settle(target.owner);
		}
		again = rc == -ERESTART || (rc == 0 && left);
		rc = rc == -ERESTART ? 0 : rc;
	} while (again && !work_pending());

	put_target(&target);
	return finish(args, done, sizeof(op), again, rc);
}

long hypercall_mmuext_op(uint64_t ops, uint64_t count, uint64_t pdone, uint64_t foreigndom,
			 uint64_t unused)
{
	return likely(is_simple(count, pdone, foreigndom))
		       ? mmuext_one(ops)
		       : mmuext_many(ops, count, pdone, foreigndom);
}

/* --- update_va_mapping ------------------------------------------------------------------- */

static int flush_va(uint64_t va, uint64_t flags)
{
	uint64_t whom = flags & ~UVMF_FLUSHTYPE_MASK;
	cpu_mask_t cpus = BIT(cpu_id());
	int rc = 0;

	if (whom == UVMF_ALL) {
		cpus = all_cpus();
	} else if (whom != UVMF_LOCAL) {
		rc = vcpu_mask(whom, &cpus);
	}
	if (rc) {
		return rc;
	}
	switch (flags & UVMF_FLUSHTYPE_MASK) {
	case UVMF_NONE:
		break;
	case UVMF_TLB_FLUSH:
		tlb_flush(cpus);
		break;
	case UVMF_INVLPG:
		tlb_flush_va(cpus, va);
		break;
	default:
		return refuse(-EINVAL);
	}
	return 0;
}

long hypercall_update_va_mapping(uint64_t va, uint64_t entry, uint64_t flags, uint64_t unused4,
				 uint64_t unused5)
{
	struct vcpu *v = current_vcpu();
	struct domain_memory *dm = &v->domain->memory;
	int rc = mmu_update_va(dm, dm, v->memory.kernel_root, va, entry);

	if (rc == -ERESTART) {
		return hypercall_again(va, entry, flags, 0);
	}
	return rc || !(flags & UVMF_FLUSHTYPE_MASK) ? rc : flush_va(va, flags);
}

long hypercall_update_va_mapping_otherdomain(uint64_t va, uint64_t entry, uint64_t flags,
					     uint64_t domid, uint64_t unused)
{
	struct vcpu *v = current_vcpu();
	struct target target;
	int rc = get_target(domid & 0xffff, &target);

	if (rc) {
		return rc;
	}
	rc = mmu_update_va(&v->domain->memory, target.owner, v->memory.kernel_root, va, entry);
	put_target(&target);
	if (rc == -ERESTART) {
		return hypercall_again(va, entry, flags, domid);
	}
	return rc || !(flags & UVMF_FLUSHTYPE_MASK) ? rc : flush_va(va, flags);
}
