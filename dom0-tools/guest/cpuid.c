/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cpuid=: what a new domain is told of the processor. */
#include <errno.h>
#include <guest/setup.h>
#include <lib/error.h>
#include <stdio.h>

#define LEAVES_MAX 256 /* of one policy; Xen's have 120 */

struct policy {
	xen_cpuid_leaf_t *leaves; /* room for LEAVES_MAX */
	uint32_t count;
};

static int policy_open(struct policy *p)
{
	p->count = 0;
	p->leaves = hypercall_memory(LEAVES_MAX * sizeof(*p->leaves));
	return p->leaves ? 0 : fail(ENOMEM, "no memory for what CPUID says");
}

static void policy_close(struct policy *p)
{
	hypercall_memory_free(p->leaves, LEAVES_MAX * sizeof(*p->leaves));
}

static int read_domain(domid_t domid, struct policy *p)
{
	struct xen_domctl op = {.cmd = XEN_DOMCTL_get_cpu_policy, .domain = domid};
	int rc;

	op.u.cpu_policy.nr_leaves = LEAVES_MAX;
	set_xen_guest_handle(op.u.cpu_policy.leaves, p->leaves);
	rc = hypercall_domctl(&op);
	p->count = rc < 0 ? 0 : op.u.cpu_policy.nr_leaves;
	return rc;
}

static int read_host(struct policy *p)
{
	struct xen_sysctl op = {.cmd = XEN_SYSCTL_get_cpu_policy};
	int rc;

	op.u.cpu_policy.index = XEN_SYSCTL_cpu_policy_host;
	op.u.cpu_policy.nr_leaves = LEAVES_MAX;
	set_xen_guest_handle(op.u.cpu_policy.leaves, p->leaves);
	rc = hypercall_sysctl(&op);
	p->count = rc < 0 ? 0 : op.u.cpu_policy.nr_leaves;
	return rc;
}

static int write_domain(domid_t domid, const struct policy *p)
{
	struct xen_domctl op = {.cmd = XEN_DOMCTL_set_cpu_policy, .domain = domid};
	int rc;

	op.u.cpu_policy.nr_leaves = p->count;
	set_xen_guest_handle(op.u.cpu_policy.leaves, p->leaves);
	rc = hypercall_domctl(&op);
	if (rc < 0 && op.u.cpu_policy.err_leaf != XEN_CPUID_INPUT_UNUSED) {
		return fail_in(rc, "cpuid: leaf %#x is refused", op.u.cpu_policy.err_leaf);
	}
	return rc < 0 ? fail_in(rc, "cpuid") : 0;
}

/* Of a leaf that is not there all is zero. */
static uint32_t *register_of(const struct policy *p, const struct cpuid_change *change)
{
	for (uint32_t i = 0; i < p->count; i++) {
		xen_cpuid_leaf_t *leaf = &p->leaves[i];
		uint32_t *const registers[] = {&leaf->a, &leaf->b, &leaf->c, &leaf->d};

		if (leaf->leaf == change->leaf && leaf->subleaf == change->sub_leaf) {
			return registers[change->reg];
		}
	}
	return NULL;
}

static uint32_t value_of(const struct policy *p, const struct cpuid_change *change)
{
	const uint32_t *value = register_of(p, change);

	return value ? *value : 0;
}

static int make_change(struct policy *p, const struct policy *host,
		       const struct cpuid_change *change)
{
	uint32_t *value = register_of(p, change);

	if (!value) {
		if (p->count == LEAVES_MAX) {
			return fail(E2BIG, "cpuid: more than %u leaves", LEAVES_MAX);
		}
		p->leaves[p->count++] =
			(xen_cpuid_leaf_t){.leaf = change->leaf, .subleaf = change->sub_leaf};
		value = register_of(p, change);
	}
	*value &= ~(change->clear | change->host);
	*value |= change->set | (value_of(host, change) & change->host);
	return 0;
}

static int make_changes(struct policy *wanted, const struct domain_config *c)
{
	struct policy host;
	int rc = policy_open(&host);

	rc = rc ? rc : read_host(&host);
	for (size_t i = 0; rc >= 0 && i < c->cpuid_change_count; i++) {
		rc = make_change(wanted, &host, &c->cpuid_changes[i]);
	}
	policy_close(&host);
	return rc;
}

/* What the hypervisor decides itself, whatever it is told: features that guests do not get. */
static int report(domid_t domid, const struct policy *wanted, const struct domain_config *c)
{
	struct policy got;
	int rc = policy_open(&got);

	rc = rc ? rc : read_domain(domid, &got);
	for (size_t i = 0; rc >= 0 && i < c->cpuid_change_count; i++) {
		const struct cpuid_change *change = &c->cpuid_changes[i];
		uint32_t bits = (value_of(wanted, change) ^ value_of(&got, change)) &
				(change->clear | change->set);

		if (bits) {
			fprintf(stderr,
				"pvx: warning: cpuid: the guest is told otherwise than asked in bits %#x of E%cX of leaf %#x\n",
				bits, "ABCD"[change->reg], change -> leaf);
		}
	}
	policy_close(&got);
	return rc;
}

int setup_cpuid(domid_t domid, const struct domain_config *c)
{
	struct policy wanted;
	int rc = c->cpuid_change_count ? policy_open(&wanted) : 0;

	if (rc || !c->cpuid_change_count) {
		return rc;
	}
	rc = read_domain(domid, &wanted);
	rc = rc < 0 ? rc : make_changes(&wanted, c);
	rc = rc < 0 ? rc : write_domain(domid, &wanted);
	rc = rc < 0 ? rc : report(domid, &wanted, c);
	policy_close(&wanted);
	return rc < 0 ? rc : 0;
}
