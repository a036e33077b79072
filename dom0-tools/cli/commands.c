/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of commands, in the order in which `pvx help` shows them. */
#include <cli/commands.h>
#include <string.h>

const struct command *const commands[] = {
	&cmd_create,
	&cmd_config_update,
	&cmd_destroy,
	&cmd_list,
	&cmd_info,
	&cmd_shutdown,
	&cmd_reboot,
	&cmd_pause,
	&cmd_unpause,
	&cmd_console,
	&cmd_rename,
	&cmd_domid,
	&cmd_domname,
	&cmd_uptime,
	&cmd_vm_list,
	&cmd_vcpu_list,
	&cmd_vcpu_pin,
	&cmd_vcpu_set,
	&cmd_mem_set,
	&cmd_mem_max,
	&cmd_claims,
	&cmd_sched_credit,
	&cmd_sched_credit2,
	&cmd_sched_rtds,
	&cmd_block_attach,
	&cmd_block_list,
	&cmd_block_detach,
	&cmd_network_attach,
	&cmd_network_list,
	&cmd_network_detach,
	&cmd_cpupool_create,
	&cmd_cpupool_list,
	&cmd_cpupool_destroy,
	&cmd_cpupool_rename,
	&cmd_cpupool_cpu_add,
	&cmd_cpupool_cpu_remove,
	&cmd_cpupool_migrate,
	&cmd_cpupool_numa_split,
	&cmd_trigger,
	&cmd_sysrq,
	&cmd_dump_core,
	&cmd_debug_keys,
	&cmd_dmesg,
	&cmd_top,
	&cmd_domxml_from_native,
	&cmd_domxml_to_native,
	&cmd_dtb,
	&cmd_doctor,
	&cmd_supervise,
	&cmd_help,
	NULL,
};

const struct command *command_find(const char *name)
{
	for (int i = 0; commands[i]; i++) {
		if (strcmp(commands[i]->name, name) == 0) {
			return commands[i];
		}
	}
	return NULL;
}
