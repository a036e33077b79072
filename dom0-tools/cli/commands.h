/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All commands of pvx; each is defined in a cmd_*.c. */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include <cli/cli.h>

extern const struct command cmd_block_attach, cmd_block_detach, cmd_block_list, cmd_claims,
	cmd_console, cmd_cpupool_cpu_add, cmd_cpupool_cpu_remove, cmd_cpupool_destroy,
	cmd_cpupool_list, cmd_cpupool_migrate, cmd_cpupool_rename, cmd_create, cmd_debug_keys,
	cmd_destroy, cmd_dmesg, cmd_domid, cmd_domname, cmd_domxml_from_native,
	cmd_domxml_to_native, cmd_dtb, cmd_help, cmd_info, cmd_list, cmd_mem_max, cmd_mem_set,
	cmd_network_attach, cmd_network_detach, cmd_network_list, cmd_pause, cmd_reboot, cmd_rename,
	cmd_sched_credit, cmd_sched_credit2, cmd_shutdown, cmd_sysrq, cmd_trigger, cmd_unpause,
	cmd_uptime, cmd_vcpu_list, cmd_vcpu_pin, cmd_vcpu_set, cmd_vm_list;

#endif
