# SPDX-License-Identifier: GPL-2.0-or-later
# A Dom0 that wants more memory than there is gets what there is.
run: mem=64 kernel=tests/guests/hello.elf hv="com1=115200,8n1 console=com1 dom0_mem=100G"
expect: Dom0: \d+ MiB
expect: ^1\.\.19$
exit: 0
