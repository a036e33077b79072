# SPDX-License-Identifier: GPL-2.0-or-later
# As many processors as there can be: all are started and idle, and the machine still ends.
run: mem=256 smp=64 kernel=tests/guests/hello.elf
expect: ^processors: 64 of 64 at work$
expect: ^Hello from domain 0$
expect: ^Dom0 has ended: power-off$
never: ^not ok|panic|is not used
exit: 0
