# SPDX-License-Identifier: GPL-2.0-or-later
# By the PVH note of the image that has no Multiboot 1 header.
run: mem=256 door=pvh kernel=tests/guests/hello.elf hv="com1=115200,8n1 console=com1 dom0_mem=32M" cmdline="a b"
expect: Parvus \d+\.\d+\.\d+ on \S+$
expect: ^IO-APIC at 0xfec00000
expect: ^Dom0: 32 MiB
expect: ^Hello from domain 0$
expect: ^1\.\.19$
expect: ^Dom0 has ended: power-off$
never: ^not ok|panic
exit: 0
