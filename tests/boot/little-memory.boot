# SPDX-License-Identifier: GPL-2.0-or-later
# A machine too small for its Dom0's kernel.
run: mem=4 kernel=tests/guests/hello.elf
expect: memory cannot hold
expect: ^panic: there is no Dom0 to run$
exit: 0
