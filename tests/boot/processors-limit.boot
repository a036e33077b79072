# SPDX-License-Identifier: GPL-2.0-or-later
# No more processors than the command line allows; after an error the others stop too.
run: mem=64 smp=4 hv="com1=115200,8n1 console=com1 maxcpus=3 noreboot"
expect: ^processors: 3 of 4 at work$
expect: ^panic: there is no Dom0 to run$
never: is not used
exit: runs
