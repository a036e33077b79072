# SPDX-License-Identifier: GPL-2.0-or-later
# The smallest Dom0.
run: mem=64 kernel=tests/guests/hello.elf hv="com1=115200,8n1 console=com1 dom0_mem=4M"
expect: ^Dom0: 4 MiB
expect: ^ok 2 - there is memory: 1024 pages
expect: ^1\.\.19$
never: ^not ok|panic
exit: 0
