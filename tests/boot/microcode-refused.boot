# SPDX-License-Identifier: GPL-2.0-or-later
# This file as microcode, on a processor that says nothing of a hypervisor.
run: mem=64 smp=2 cpu=max,-smap,-hypervisor kernel=tests/guests/hello.elf initrd=microcode-refused.boot hv="com1=115200,8n1 console=com1 dom0_mem=32M ucode=-1"
expect: ^microcode: not loaded: the file is none of AMD's updates$
expect: ^Dom0: 32 MiB
expect: ^1\.\.19$
never: ^not ok|panic
exit: 0
