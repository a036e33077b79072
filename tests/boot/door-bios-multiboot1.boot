# SPDX-License-Identifier: GPL-2.0-or-later
# By GRUB's Multiboot 1 from a CD.
run: mem=256 door=bios-multiboot1 kernel=tests/guests/hello.elf hv="com1=115200,8n1 console=com1 dom0_mem=32M" cmdline="a b"
expect: Parvus \d+\.\d+\.\d+ on GRUB 2
expect: ^IO-APIC at 0xfec00000
expect: ^Dom0: 32 MiB
expect: ^Hello from domain 0$
expect: ^1\.\.19$
expect: ^Dom0 has ended: power-off$
never: ^not ok|panic
exit: 0
