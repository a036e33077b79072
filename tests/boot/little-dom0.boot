# SPDX-License-Identifier: GPL-2.0-or-later
# A Dom0 that has not the memory for its own kernel.
run: mem=64 kernel=tests/guests/hello.elf hv="com1=115200,8n1 console=com1 dom0_mem=1M"
expect: memory cannot hold
expect: ^panic: there is no Dom0 to run$
exit: 0
