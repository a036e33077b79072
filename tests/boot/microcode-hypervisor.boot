# SPDX-License-Identifier: GPL-2.0-or-later
# A module of microcode is left alone under a hypervisor, and is not Dom0's initrd.
run: mem=64 kernel=tests/guests/hello.elf initrd=microcode-hypervisor.boot hv="com1=115200,8n1 console=com1 dom0_mem=32M ucode=1"
expect: ^microcode: not loaded: we run under a hypervisor
expect: ^Dom0: 32 MiB
expect: ^1\.\.19$
never: ^not ok|panic
exit: 0
