/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All commands of pvx; each is defined in a cmd_*.c. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include <cli/cli.h>

extern const struct command cmd_block_attach;
extern const struct command cmd_block_detach;
extern const struct command cmd_block_list;
extern const struct command cmd_claims;
extern const struct command cmd_config_update;
extern const struct command cmd_console;
extern const struct command cmd_cpupool_cpu_add;
extern const struct command cmd_cpupool_cpu_remove;
extern const struct command cmd_cpupool_create;
extern const struct command cmd_cpupool_destroy;
extern const struct command cmd_cpupool_list;
extern const struct command cmd_cpupool_migrate;
extern const struct command cmd_cpupool_numa_split;
extern const struct command cmd_cpupool_rename;
extern const struct command cmd_create;
extern const struct command cmd_debug_keys;
extern const struct command cmd_destroy;
extern const struct command cmd_dmesg;
extern const struct command cmd_doctor;
extern const struct command cmd_domid;
extern const struct command cmd_domname;
extern const struct command cmd_domxml_from_native;
extern const struct command cmd_domxml_to_native;
extern const struct command cmd_dtb;
extern const struct command cmd_dump_core;
extern const struct command cmd_help;
extern const struct command cmd_info;
extern const struct command cmd_list;
extern const struct command cmd_mem_max;
extern const struct command cmd_mem_set;
extern const struct command cmd_network_attach;
extern const struct command cmd_network_detach;
extern const struct command cmd_network_list;
extern const struct command cmd_pause;
extern const struct command cmd_reboot;
extern const struct command cmd_rename;
extern const struct command cmd_sched_credit;
extern const struct command cmd_sched_credit2;
extern const struct command cmd_sched_rtds;
extern const struct command cmd_shutdown;
extern const struct command cmd_supervise;
extern const struct command cmd_sysrq;
extern const struct command cmd_top;
extern const struct command cmd_trigger;
extern const struct command cmd_unpause;
extern const struct command cmd_uptime;
extern const struct command cmd_vcpu_list;
extern const struct command cmd_vcpu_pin;
extern const struct command cmd_vcpu_set;
extern const struct command cmd_vm_list;

#endif
