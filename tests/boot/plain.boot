# SPDX-License-Identifier: GPL-2.0-or-later
# From the loader to a guest and off, on the smallest machine; each stage says so in order.
run: mem=64 kernel=tests/guests/hello.elf
expect: ^(Booting from ROM\.\.)?Parvus \d+\.\d+\.\d+ on qemu$
expect: ^memory: 6\d MiB, of which
expect: ^clock: TSC
expect: ^Dom0: 5\d MiB, 1 vCPU, kernel ELF$
expect: ^Hello from domain 0$
expect: ^1\.\.19$
expect: ^Dom0 has ended: power-off$
never: ^not ok|panic
exit: 0
