# SPDX-License-Identifier: GPL-2.0-or-later
# A machine too small to start on says so.
run: mem=4 kernel=tests/guests/hello.elf
expect: ^panic: .*too little RAM$
exit: 0
