# SPDX-License-Identifier: GPL-2.0-or-later
# Options with a wrong value and unknown ones are reported, with what is accepted, and ignored.
run: mem=64 kernel=tests/guests/hello.elf hv="com1=115200,8n1 console=com1 dom0_mem=1x nonsense loglvl=77 dom0_max_vcpus=129"
expect: option "dom0_mem=1x" ignored; accepted: .*min:<amount>
expect: ^unknown option "nonsense" ignored
expect: ^option "loglvl=77" ignored; accepted: 
expect: ^option "dom0_max_vcpus=129" ignored; accepted: .* of 1 to 128
expect: ^Dom0: 5\d MiB
expect: ^1\.\.19$
exit: 0
