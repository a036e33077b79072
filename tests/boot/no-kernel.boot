# SPDX-License-Identifier: GPL-2.0-or-later
# This file as Dom0's kernel: neither ELF nor bzImage.
run: mem=64 kernel=no-kernel.boot
expect: kernel is (neither|not|no).*(ELF|bzImage)
expect: ^panic: there is no Dom0 to run$
exit: 0
