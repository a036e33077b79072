/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pools of processors, and their names. */
#include <errno.h>
#include <lib/domain.h>
#include <lib/error.h>
#include <lib/pool.h>
#include <lib/store.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRIES 25 /* Xen says EAGAIN while a CPU is being taken away */

/* `cpus`, if it is given, gets the map that the operation tells. */
static int pool_op(struct xen_sysctl_cpupool_op *p, struct cpu_map *cpus)
{
	struct cpu_map *map = hypercall_memory(sizeof(*map));
	struct xen_sysctl op = {.cmd = XEN_SYSCTL_cpupool_op, .u.cpupool_op = *p};
	int rc;

	if (!map) {
		return fail(ENOMEM, "no memory for a hypercall");
	}
	op.u.cpupool_op.cpumap.nr_bits = CPU_MAP_BITS;
	set_xen_guest_handle(op.u.cpupool_op.cpumap.bitmap, (uint8_t *)map->bits);
	rc = hypercall_sysctl(&op);
	*p = op.u.cpupool_op;
	if (cpus) {
		*cpus = *map;
	}
	hypercall_memory_free(map, sizeof(*map));
	return rc < 0 ? rc : 0;
}

/* --- Which there are ------------------------------------------------------------------------- */

int pool_next(uint32_t id, struct pool *pool)
{
	struct xen_sysctl_cpupool_op p = {.op = XEN_SYSCTL_CPUPOOL_OP_INFO, .cpupool_id = id};
	int rc = pool_op(&p, &pool->cpus);
	char *name;

	pool->id = p.cpupool_id;
	pool->scheduler = p.sched_id;
	pool->domains = p.n_dom;
	if (rc) {
		return rc;
	}
	name = store_read(XBT_NULL, "/local/pool/%u/name", pool->id);
	if (name) {
		snprintf(pool->name, sizeof(pool->name), "%s", name);
	} else {
		snprintf(pool->name, sizeof(pool->name), "Pool-%u", pool->id);
	}
	free(name);
	return 0;
}

int pool_find(const char *name, uint32_t *id)
{
	struct pool pool;
	uint32_t from = 0;
	char *end;
	unsigned long number = strtoul(name, &end, 10);
	int rc;

	while ((rc = pool_next(from, &pool)) == 0) {
		if (strcmp(pool.name, name) == 0 || (*name && !*end && pool.id == number)) {
			*id = pool.id;
			return 0;
		}
		from = pool.id + 1;
	}
	return rc == -ENOENT ? fail(ENOENT, "there is no pool '%s'", name) : rc;
}

int pool_free_cpus(struct cpu_map *cpus)
{
	struct xen_sysctl_cpupool_op p = {.op = XEN_SYSCTL_CPUPOOL_OP_FREEINFO};

	return pool_op(&p, cpus);
}

static int check_name(const char *name)
{
	uint32_t other;
	char *end;
	int rc;

	(void)strtoul(name, &end, 10);
	if (!*name || !*end || strlen(name) >= POOL_NAME) {
		return fail(
			EINVAL,
			"'%s' cannot be a pool's name, which is no number and has less than %d bytes",
			name, POOL_NAME);
	}
	rc = pool_find(name, &other);
	return !rc ? fail(EEXIST, "there is a pool '%s' already", name) : rc == -ENOENT ? 0 : rc;
}

/* --- Its CPUs and domains -------------------------------------------------------------------- */

int pool_add_cpu(uint32_t id, unsigned int cpu)
{
	struct xen_sysctl_cpupool_op p = {
		.op = XEN_SYSCTL_CPUPOOL_OP_ADDCPU, .cpupool_id = id, .cpu = cpu};
	int rc = pool_op(&p, NULL);

	return rc == -ENODEV || rc == -EBUSY ? fail(EBUSY, "CPU %u is not free", cpu)
	       : rc == -EINVAL		     ? fail(EINVAL, "there is no CPU %u on line", cpu)
					     : rc;
}

int pool_remove_cpu(uint32_t id, unsigned int cpu)
{
	struct xen_sysctl_cpupool_op p = {
		.op = XEN_SYSCTL_CPUPOOL_OP_RMCPU, .cpupool_id = id, .cpu = cpu};
	int rc = -EAGAIN;

	for (int i = 0; i < TRIES && rc == -EAGAIN; i++) {
		rc = pool_op(&p, NULL);
	}
	switch (rc) {
	case -EADDRNOTAVAIL:
		return fail(EINVAL, "CPU %u is not in this pool", cpu);
	case -EBUSY:
		return fail(EBUSY, "CPU %u is the last of a pool that has domains", cpu);
	case -EINVAL:
		return fail(EINVAL, "CPU %u is not on line, or has to stay in its pool", cpu);
	default:
		return rc;
	}
}

int pool_move_domain(uint32_t id, domid_t domid)
{
	struct xen_sysctl_cpupool_op p = {
		.op = XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN, .cpupool_id = id, .domid = domid};
	int rc;

	if (domid == 0) {
		return fail(EPERM, "Domain-0 cannot be moved to another pool");
	}
	rc = pool_op(&p, NULL);
	return rc == -ENOENT ? fail(ENOENT, "the pool has no CPU to run domain %u on", domid) : rc;
}

/* --- From beginning to end ------------------------------------------------------------------- */

int pool_rename(uint32_t id, const char *name)
{
	char path[64];
	int rc = check_name(name);

	snprintf(path, sizeof(path), "/local/pool/%u/name", id);
	return rc ? rc : store_write(XBT_NULL, path, "%s", name);
}

static int add_cpus(uint32_t id, const struct cpu_map *cpus)
{
	int rc = 0;

	for (unsigned int i = 0; i < CPU_MAP_BITS && !rc; i++) {
		rc = cpu_map_has(cpus, i) ? pool_add_cpu(id, i) : 0;
	}
	return rc;
}

int pool_create(const char *name, uint32_t scheduler, const struct cpu_map *cpus)
{
	struct xen_sysctl_cpupool_op p = {.op = XEN_SYSCTL_CPUPOOL_OP_CREATE,
					  .cpupool_id = XEN_SYSCTL_CPUPOOL_PAR_ANY,
					  .sched_id = scheduler};
	int rc = check_name(name);

	rc = rc ? rc : pool_op(&p, NULL);
	if (rc) {
		return rc;
	}
	rc = pool_rename(p.cpupool_id, name);
	rc = rc ? rc : add_cpus(p.cpupool_id, cpus);
	if (rc) {
		struct failure why;

		fail_keep(&why);
		(void)pool_destroy(p.cpupool_id);
		fail_back(&why);
	}
	return rc;
}

int pool_destroy(uint32_t id)
{
	struct xen_sysctl_cpupool_op p = {.op = XEN_SYSCTL_CPUPOOL_OP_DESTROY, .cpupool_id = id};
	struct pool pool;
	char path[64];
	int rc = pool_next(id, &pool);

	if (!rc && id == 0) {
		return fail(EINVAL, "the first pool cannot be destroyed");
	}
	if (!rc && pool.domains) {
		return fail(EBUSY, "pool '%s' has %u domain%s", pool.name, pool.domains,
			    pool.domains == 1 ? "" : "s");
	}
	for (unsigned int i = 0; i < CPU_MAP_BITS && !rc; i++) {
		rc = cpu_map_has(&pool.cpus, i) ? pool_remove_cpu(id, i) : 0;
	}
	rc = rc ? rc : pool_op(&p, NULL);
	if (!rc) {
		snprintf(path, sizeof(path), "/local/pool/%u", id);
		(void)store_remove(XBT_NULL, path);
	}
	return rc;
}
