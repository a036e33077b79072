# SPDX-License-Identifier: GPL-2.0-or-later
# An ELF program that is no PV kernel: the hypervisor itself.
run: mem=64 kernel=hypervisor/parvus.elf
expect: built for PVH only, without PV
expect: ^panic: there is no Dom0 to run$
exit: 0
