# SPDX-License-Identifier: GPL-2.0-or-later
# A processor with neither SMEP nor SMAP nor AVX, and the newer chip set.
run: mem=64 machine=q35 cpu=qemu64 kernel=tests/guests/hello.elf hv="com1=115200,8n1 console=com1 dom0_mem=32M"
expect: ^Dom0: 32 MiB
expect: ^1\.\.19$
never: ^not ok|panic
exit: 0
