# SPDX-License-Identifier: GPL-2.0-or-later
# With `noreboot` the machine stops there instead, so that the report can be read.
run: mem=64 hv="com1=115200,8n1 console=com1 noreboot"
expect: ^panic: there is no Dom0 to run$
expect: ^panic on CPU 0
exit: runs
