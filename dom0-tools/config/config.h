/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A domain's configuration: what a file in xl.cfg syntax, and `key=value` arguments, say of a PV
 * guest. Pure: bytes in, a structure and messages out; nothing of the machine is looked at, so
 * paths are not opened, bridges not looked for and MAC addresses not invented here.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <config/arena.h>
#include <config/messages.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum domain_action {
	ACTION_DESTROY,
	ACTION_RESTART,
	ACTION_RENAME_RESTART,
	ACTION_PRESERVE,
	ACTION_COREDUMP_DESTROY,
	ACTION_COREDUMP_RESTART,
	ACTION_SOFT_RESET,
};

enum tsc_mode { TSC_DEFAULT, TSC_ALWAYS_EMULATE, TSC_NATIVE, TSC_NATIVE_PARAVIRT };

/* "0-3,^2,node:1": each part in the order written; "all" is 0 to CPU_LAST. */
#define CPU_LAST 4095
struct cpu_range {
	unsigned int first;
	unsigned int last;
	bool nodes;   /* first and last are NUMA nodes */
	bool exclude; /* ^ */
};
struct cpu_list {
	struct cpu_range *ranges;
	size_t count;
};
/* cpus= or cpus_soft=. */
struct cpu_affinity {
	struct cpu_list *lists;
	size_t count;  /* 0: nothing said, all CPUs */
	bool per_vcpu; /* list n is of vCPU n, vCPUs beyond have all; else the one is of all vCPUs
			*/
};

/* A node of vnuma=. */
#define VNODES_MAX 32
struct vnode_config {
	struct place place;
	unsigned int pnode; /* the machine's node that its memory is of */
	uint64_t kib;
	struct cpu_list vcpus;
	unsigned int *distances; /* to each node, this one included */
	size_t distance_count;
};

enum disk_format { DISK_RAW, DISK_QCOW, DISK_QCOW2, DISK_VHD, DISK_QED };
enum disk_backend { DISK_BACKEND_AUTO, DISK_BACKEND_PHY, DISK_BACKEND_QDISK };

struct disk_config {
	struct place place;
	const char *target;  /* an absolute path, or what `script` understands; NULL: none */
	const char *vdev;    /* as written */
	unsigned int number; /* of the virtual device, as the block protocol counts */
	enum disk_format format;
	enum disk_backend backend_type;
	const char *backend; /* domain that serves it, NULL: Dom0 */
	const char *script;  /* NULL: none */
	bool writable;
	bool shared; /* access "w!": others may have it open, too */
	bool cdrom;
	bool direct_io_safe;
	bool discard;
	bool trusted;
};

struct vif_config {
	struct place place;
	unsigned int devid;
	bool has_devid; /* said, not counted */
	uint8_t mac[6];
	bool has_mac;
	const char *bridge;	/* NULL: the default one */
	const char *gatewaydev; /* these are NULL if not said */
	const char *vifname;
	const char *script;
	const char *ip;
	const char *backend;
	const char *vlan;
	const char *rate;    /* as written, and what it means: */
	uint64_t rate_bytes; /* each rate_usecs; 0: no limit */
	uint32_t rate_usecs;
	uint32_t mtu; /* 0: not said */
	bool trusted;
};

enum channel_connection { CHANNEL_PTY, CHANNEL_SOCKET };
struct channel_config {
	struct place place;
	const char *name;
	const char *backend; /* NULL: Dom0 */
	const char *path;    /* of the socket */
	enum channel_connection connection;
};

/* Inclusive. */
struct port_range {
	uint32_t first;
	uint32_t last;
};
struct iomem_range {
	uint64_t first; /* frame numbers */
	uint64_t count;
	uint64_t guest; /* where in the guest; `first` if not said */
};

struct text_list {
	const char **items;
	size_t count;
};

/* What is to be done with bits of a register of CPUID; a bit is in one of the masks at most. */
#define CPUID_NO_SUB_LEAF UINT32_MAX
struct cpuid_change {
	uint32_t leaf;
	uint32_t sub_leaf; /* CPUID_NO_SUB_LEAF: the leaf has none */
	unsigned int reg;  /* EAX, EBX, ECX, EDX */
	uint32_t clear, set;
	uint32_t host; /* as the processor has them */
};

struct domain_config {
	struct arena arena; /* holds what the pointers below point to, but names of files */

	const char *name;
	const char *uuid; /* canonical, lower case; NULL: to be made */
	const char *pool; /* NULL: pool 0 */

	long long vcpus;    /* on line at the start */
	long long maxvcpus; /* at least vcpus */
	struct cpu_affinity cpus;
	struct cpu_affinity cpus_soft;
	long long cpu_weight; /* 0: the scheduler's default */
	long long cap;	      /* percent of one CPU, 0: none */

	uint64_t memory_kib;
	uint64_t maxmem_kib; /* at least memory_kib */

	struct vnode_config *vnodes; /* maxmem_kib and maxvcpus are of them all */
	size_t vnode_count;	     /* 0: no virtual NUMA */

	enum domain_action on_poweroff;
	enum domain_action on_reboot;
	enum domain_action on_crash;
	enum domain_action on_watchdog;
	enum domain_action on_soft_reset;

	const char *kernel;
	const char *ramdisk;
	const char *cmdline; /* of cmdline=, or made of the next two; NULL: none */
	const char *root;    /* only while reading */
	const char *extra;
	const char *firmware;
	const char *bootloader;
	struct text_list bootloader_args;

	struct disk_config *disks;
	size_t disk_count;
	struct vif_config *vifs;
	size_t vif_count;
	struct channel_config *channels;
	size_t channel_count;

#define CONFIG_EVENT_CHANNELS 1023 /* where nothing is said */
	long long max_event_channels;
	long long max_grant_frames; /* these three: -1 for the host's default */
	long long max_maptrack_frames;
	long long max_grant_version;

	bool nomigrate;
	bool driver_domain;
	bool e820_host;
	bool localtime;
	bool msr_relaxed; /* reads of unknown MSRs answer 0 */
	bool xend_suspend_evtchn_compat;
	long long rtc_timeoffset; /* seconds */
	enum tsc_mode tsc_mode;
	struct text_list cpuid;		    /* policies as written, "host,x=1" or "0x1:ecx=..." */
	struct cpuid_change *cpuid_changes; /* what they say, in their order */
	size_t cpuid_change_count;

	struct port_range *ioports;
	size_t ioport_count;
	struct iomem_range *iomem;
	size_t iomem_count;
	unsigned int *irqs;
	size_t irq_count;
};

/* Where a configuration comes from: a file, and arguments as lines of a source of their own. */
struct config_source {
	const char *name; /* for messages */
	const char *bytes;
	size_t size;
	bool arguments; /* each line is one `key=value` argument, and strings need no quotes */
};

/*
 * Reads the sources in order; what is said later replaces what was said before. False if there is
 * an error; the messages say where it is and what is accepted. The configuration is to be freed
 * in either case, and so are the messages.
 */
bool config_parse(struct domain_config *config, const struct config_source *sources, size_t count,
		  struct messages *messages);
/* The same of the file at `path` (NULL: none) and `count` arguments. */
bool config_load(struct domain_config *config, const char *path, const char *const *arguments,
		 size_t count, struct messages *messages);
/* The same where somebody has read the file already (NULL: there is none). */
bool config_load_bytes(struct domain_config *config, const struct config_source *file,
		       const char *const *arguments, size_t count, struct messages *messages);
void config_free(struct domain_config *config);

/* In xl.cfg syntax, which config_parse() reads as the same configuration. */
void config_write(const struct domain_config *config, FILE *out);

/*
 * Single devices, as commands that attach them take: "mac=...,bridge=...". False with messages;
 * what `disk` and `vif` point to is in the arena.
 */
bool disk_parse(struct arena *arena, const char *text, struct place place, struct disk_config *disk,
		struct messages *messages);
bool vif_parse(struct arena *arena, const char *text, struct place place, struct vif_config *vif,
	       struct messages *messages);

/* "0-3,^2": for commands that take one. False if it is none. */
bool cpu_list_parse(struct arena *arena, const char *text, struct cpu_list *list);
/*
 * The CPUs of a list as a bitmap of 64-bit words: bit n is CPU n of `cpu_count`; node_of[n] is the
 * NUMA node of CPU n. False if a CPU of the list is not there, or none is left.
 */
bool cpu_list_resolve(const struct cpu_list *list, const unsigned int *node_of,
		      unsigned int cpu_count, uint64_t *bitmap);

bool vnode_has_vcpu(const struct vnode_config *node, unsigned int vcpu);

/* "512", "512m", "2g" in KiB: the unit is `unit` ('k', 'm' ...) if the text has none. */
bool memory_parse(const char *text, char unit, uint64_t *kib);
/* "xvda", "sdb3", "hdc", "d1p2", "0xca00" as the number of a virtual block device. */
bool vdev_parse(const char *text, unsigned int *number);
bool mac_parse(const char *text, uint8_t mac[6]);
bool uuid_parse(const char *text, uint8_t uuid[16]);

extern const char *const domain_action_names[]; /* by enum domain_action */
#define DOMAIN_ACTION_COUNT 7

#endif
