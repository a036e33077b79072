# SPDX-License-Identifier: GPL-2.0-or-later
# A kernel that ends in the middle.
run: mem=64 kernel=tests/guests/hello.elf cut=3000
expect: end of the file
expect: ^panic: there is no Dom0 to run$
exit: 0
