# SPDX-License-Identifier: GPL-2.0-or-later
# Without a kernel there is nothing to run: said, then the machine reboots.
run: mem=64
expect: ^the loader gave no module: the first has to be Dom0's kernel$
expect: ^panic: there is no Dom0 to run$
expect: ^  ffff82d0[0-9a-f]{8} start\+0x
exit: 0
