# SPDX-License-Identifier: GPL-2.0-or-later
# A Dom0 of a gigabyte.
run: mem=1400 kernel=tests/guests/hello.elf hv="com1=115200,8n1 console=com1 dom0_mem=1G"
expect: ^Dom0: 1024 MiB
expect: ^ok 2 - there is memory: 262144 pages
expect: ^1\.\.19$
never: ^not ok|panic
exit: 0
