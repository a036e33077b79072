/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sysctl and domctl: which features processors have, and which guests are told of. */
#include <arch/cpu_policy.h>
#include <hypercall/domctl.h>
#include <hypercall/sysctl.h>

/* What is asked for by number; those of guests with hardware virtualization there are none of. */
static int policy_of(uint32_t index, enum cpu_policy *policy)
{
	static const enum cpu_policy policies[] = {
		[XEN_SYSCTL_cpu_policy_raw] = CPU_POLICY_RAW,
		[XEN_SYSCTL_cpu_policy_host] = CPU_POLICY_HOST,
		[XEN_SYSCTL_cpu_policy_pv_max] = CPU_POLICY_GUEST,
		[XEN_SYSCTL_cpu_policy_pv_default] = CPU_POLICY_GUEST,
	};

	if (index == XEN_SYSCTL_cpu_policy_hvm_max || index == XEN_SYSCTL_cpu_policy_hvm_default) {
		return refuse(-EOPNOTSUPP);
	}
	if (index >= ARRAY_COUNT(policies)) {
		return refuse(-EINVAL);
	}
	*policy = policies[index];
	return 0;
}

int sysctl_features(struct xen_sysctl *op)
{
	static const uint32_t index_of_policy[] = {
		[XEN_SYSCTL_cpu_featureset_raw] = XEN_SYSCTL_cpu_policy_raw,
		[XEN_SYSCTL_cpu_featureset_host] = XEN_SYSCTL_cpu_policy_host,
		[XEN_SYSCTL_cpu_featureset_pv] = XEN_SYSCTL_cpu_policy_pv_default,
		[XEN_SYSCTL_cpu_featureset_hvm] = XEN_SYSCTL_cpu_policy_hvm_default,
		[XEN_SYSCTL_cpu_featureset_pv_max] = XEN_SYSCTL_cpu_policy_pv_max,
		[XEN_SYSCTL_cpu_featureset_hvm_max] = XEN_SYSCTL_cpu_policy_hvm_max,
	};
	struct xen_sysctl_cpu_featureset *set = &op->u.cpu_featureset;
	uint64_t to = (uint64_t)set->features.p;
	uint32_t room = to ? set->nr_features : 0;
	enum cpu_policy policy;
	int rc;

	if (set->index >= ARRAY_COUNT(index_of_policy)) {
		return refuse(-EINVAL);
	}
	rc = policy_of(index_of_policy[set->index], &policy);
	if (rc) {
		return rc;
	}
	set->nr_features = to ? MIN(room, (uint32_t)CPU_POLICY_WORDS) : CPU_POLICY_WORDS;
	for (uint32_t i = 0; i < MIN(room, (uint32_t)CPU_POLICY_WORDS); i++) {
		uint32_t word = cpu_policy_feature_word(policy, i);

		if (guest_write(GUEST_VA(to + i * sizeof(word)), &word, sizeof(word))) {
			return refuse(-EFAULT);
		}
	}
	return to && room < CPU_POLICY_WORDS ? -ENOBUFS : 0;
}

/* --- Whole policies -------------------------------------------------------------------------- */

static int give_leaves(enum cpu_policy policy, const struct domain *d, uint64_t to, uint32_t *count)
{
	uint32_t room = *count;

	*count = cpu_policy_leaves_max();
	for (uint32_t i = 0; to && i < MIN(room, *count); i++) {
		struct xen_cpuid_leaf leaf = cpu_policy_leaf(i, policy, d);

		if (guest_write(GUEST_VA(to + i * sizeof(leaf)), &leaf, sizeof(leaf))) {
			return refuse(-EFAULT);
		}
	}
	return to && room < *count ? -ENOBUFS : 0;
}

static int give_msrs(enum cpu_policy policy, uint64_t to, uint32_t *count)
{
	uint32_t room = *count;

	*count = CPU_POLICY_MSRS;
	for (uint32_t i = 0; to && i < MIN(room, *count); i++) {
		struct xen_msr_entry entry = cpu_policy_msr(policy, i);

		if (guest_write(GUEST_VA(to + i * sizeof(entry)), &entry, sizeof(entry))) {
			return refuse(-EFAULT);
		}
	}
	return to && room < *count ? -ENOBUFS : 0;
}

int sysctl_cpu_policy(struct xen_sysctl *op)
{
	struct xen_sysctl_cpu_policy *p = &op->u.cpu_policy;
	enum cpu_policy policy;
	int rc = p->_rsvd ? refuse(-EINVAL) : policy_of(p->index, &policy);

	if (rc) {
		return rc;
	}
	rc = give_leaves(policy, NULL, (uint64_t)p->leaves.p, &p->nr_leaves);
	return rc ? rc : give_msrs(policy, (uint64_t)p->msrs.p, &p->nr_msrs);
}

int domctl_get_policy(struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_cpu_policy *p = &op->u.cpu_policy;
	int rc = give_leaves(CPU_POLICY_GUEST, d, (uint64_t)p->leaves.p, &p->nr_leaves);

	return rc ? rc : give_msrs(CPU_POLICY_GUEST, (uint64_t)p->msrs.p, &p->nr_msrs);
}

/* What they say is fixed, so it may be said again, but no other. */
static int check_msrs(struct xen_domctl_cpu_policy *p)
{
	for (uint32_t i = 0; i < p->nr_msrs; i++) {
		struct xen_msr_entry entry;
		bool known = false;

		if (guest_read(&entry, GUEST_VA((uint64_t)p->msrs.p + i * sizeof(entry)),
			       sizeof(entry))) {
			return refuse(-EFAULT);
		}
		for (unsigned k = 0; k < CPU_POLICY_MSRS; k++) {
			struct xen_msr_entry ours = cpu_policy_msr(CPU_POLICY_GUEST, k);

			known |= ours.idx == entry.idx && ours.val == entry.val;
		}
		if (!known || entry.flags) {
			p->err_msr = entry.idx;
			return refuse(-EINVAL);
		}
	}
	return 0;
}

static int take_leaves(struct xen_domctl_cpu_policy *p, struct cpuid_profile *profile)
{
	for (uint32_t i = 0; i < p->nr_leaves; i++) {
		struct xen_cpuid_leaf leaf;
		int rc;

		if (guest_read(&leaf, GUEST_VA((uint64_t)p->leaves.p + i * sizeof(leaf)),
			       sizeof(leaf))) {
			return refuse(-EFAULT);
		}
		rc = cpu_policy_change(profile, &leaf);
		if (rc) {
			p->err_leaf = leaf.leaf;
			p->err_subleaf = leaf.subleaf;
			return refuse(rc);
		}
	}
	return 0;
}

/*
 * Before its first instruction a domain can be denied features and be shown another processor's
 * name. Features that guests are not told of anyway it does not get by this either. All or nothing.
 */
int domctl_set_policy(struct domain *d, struct xen_domctl *op)
{
	struct xen_domctl_cpu_policy *p = &op->u.cpu_policy;
	struct cpuid_profile *profile;
	int rc;

	p->err_leaf = p->err_subleaf = p->err_msr = UINT32_MAX;
	if (p->nr_leaves > cpu_policy_leaves_max() || p->nr_msrs > CPU_POLICY_MSRS) {
		return refuse(-E2BIG);
	}
	profile = cpu_policy_profile(d);
	if (!profile) {
		return refuse(-ENOMEM);
	}
	rc = take_leaves(p, profile);
	rc = rc ? rc : check_msrs(p);
	rc = rc ? rc : cpu_policy_give(d, &profile);
	cpu_policy_free(profile);
	return rc;
}
