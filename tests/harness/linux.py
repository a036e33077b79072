# SPDX-License-Identifier: GPL-2.0-or-later
"""Scenarios with stock Linux: a root with a script and programs in it, and the script's lines as checks."""

import argparse
import os
import subprocess
import sys

import incumbent
from machine import PANIC, TOP, Machine, Tap, skip_all

# Of any script: a check is a line, which run_checks() reads; a deadline is for what hangs.
CHECK_SHELL = """#!/bin/sh
check() { if [ "$2" = "$3" ]; then echo "check ok $1"; else echo "check bad $1: '$2' not '$3'"; fi; }
until_is() { left=1000; until [ "$(eval "$2")" = "$1" ] || [ $left = 0 ]; do sleep 1; left=$((left - 1)); done; }
"""

# Of a script in Dom0: the daemons, a bridge with an echo at 10.9.0.1:7000, and a guest that runs GUEST_LOADS.
DOM0_SHELL = CHECK_SHELL + """
start_stored() { pvx-stored -N 2>>/run/store.log & stored=$!; }
start_consoled() { pvx-consoled --log=guest --log-dir=/tmp/consoles 2>>/run/consoled.log; }
begin_dom0() {
	mkdir -p /run/xenstored
	start_stored
	until pvx-store exists /tool/xenstored 2>/dev/null; do sleep 1; done
	start_consoled
	ip link add name xenbr0 type bridge 2>/dev/null || brctl addbr xenbr0
	ip addr add 10.9.0.1/24 dev xenbr0; ip link set xenbr0 up
	nc -ll -p 7000 -e /bin/cat &
}
guest_config() { # guest_config LINE...: of a Linux
	cat >/tmp/guest.cfg <<END
name = "guest"
kernel = "/root/vmlinuz"
ramdisk = "/root/initrd"
memory = 160
cmdline = "console=hvc0 quiet"
END
	for line in "$@"; do echo "$line"; done >>/tmp/guest.cfg
}
data() { pvx-store read /local/domain/$(pvx domid guest)/data/$1 2>/dev/null; }
say() { pvx-store write /local/domain/$(pvx domid guest)/data/say $1; }
first() { set -- $(data $1); echo ${1:-0}; }
lines() { grep -c '^line' /tmp/consoles/guest-guest.log; }
# All three loads have moved on since.
moved() { [ $(first disk) -gt $disk ] && [ $(first net) -gt $net ] && [ $(lines) -gt $lines ] && echo yes; }
moves() { disk=$(first disk) net=$(first net) lines=$(lines); until_is yes moved; moved; }
"""

# Of a script in a guest: loads that run until Dom0 says "end", `load` all three of them. Each counts its turns and what
# was wrong in the store: blocks written and read back, bytes sent to Dom0 and back, and numbered lines on the console.
GUEST_LOADS = """#!/bin/sh
export XENSTORED_PATH=/dev/xen/xenbus
ip addr add 10.9.0.2/24 dev eth0; ip link set eth0 up
said() { [ "$(pvx-store read data/say 2>/dev/null)" = "$1" ]; }
turns() { # turns NAME COMMAND: a turn is wrong when the command fails
	n=0; wrong=0
	until [ -e /tmp/end ]; do
		n=$((n + 1)); $2 || wrong=$((wrong + 1))
		pvx-store write data/$1 "$n $wrong"
	done
	pvx-store write data/$1-end "$wrong"
}
block() {
	head -c 16384 /dev/urandom >/tmp/block
	dd if=/tmp/block of=/dev/xvda bs=16k seek=$((n % 200 + 1)) conv=notrunc oflag=direct 2>/dev/null
	dd if=/dev/xvda bs=16k skip=$((n % 200 + 1)) count=1 iflag=direct 2>/dev/null | cmp -s - /tmp/block
}
packets() {
	head -c 30000 /dev/urandom >/tmp/packets
	nc 10.9.0.1 7000 </tmp/packets | cmp -s - /tmp/packets
}
talk() { # in bursts that fill the ring
	i=0
	until [ -e /tmp/end ]; do
		i=$((i + 1)); echo "line $i of what the guest has to say"
		[ $((i % 50)) -ne 0 ] || sleep 0.2
	done
	pvx-store write data/lines-end $i
}
load() {
	turns disk block &
	turns net packets &
	talk >/dev/hvc0 &
	until said end; do sleep 1; done
	touch /tmp/end
	until pvx-store exists data/disk-end && pvx-store exists data/net-end && pvx-store exists data/lines-end; do sleep 1; done
	pvx-store write data/ended yes
}
"""

NO_PACKAGES = 77  # what mkdom0 exits with then
STORE_PROGRAM = ("pvx-store=/usr/bin/pvx-store",)
DOM0_PROGRAMS = STORE_PROGRAM + ("pvx-stored=/usr/sbin/pvx-stored", "pvx=/usr/bin/pvx", "pvx-consoled=/usr/sbin/pvx-consoled")


def kernel_of(root):
    """The kernel and initrd of a linux_root() as files of another."""
    return (f"{root}/vmlinuz=/root/vmlinuz", f"{root}/initrd=/root/initrd")


def arguments(name, doc, argv=None):
    """The usual options of a scenario, with `image` and `folder` as they follow from them."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hypervisor", default="hypervisor/parvus.elf")
    parser.add_argument("--xen", action="store_true")
    parser.add_argument("--smp", default="1")
    args = parser.parse_args(argv)
    args.image = (incumbent.xen() or skip_all("Debian's Xen is not to be had")) if args.xen else args.hypervisor
    args.folder = os.path.join("tests", "scenarios", name + (".xen" if args.xen else ""))
    return args


def dom0_options(args, root, dom0_mem, mem, *more):
    """What the launcher is told to start a root of linux_root() as Dom0."""
    return ["--hypervisor", args.image, "--kernel", os.path.join(root, "vmlinux"),
            "--initrd", os.path.join(root, "initrd"), "--cmdline", "console=hvc0 quiet panic=-1",
            "--hv", f"com1=115200,8n1 console=com1 dom0_mem={dom0_mem}M", "--mem", str(mem), "--smp", args.smp, *more]


def linux_root(folder, script, add=(), *options):
    """The folder with kernel and initrd of a Linux that runs the script; `add` are FILE=PATH."""
    path = os.path.join(folder, "run")
    os.makedirs(folder, exist_ok=True)
    with open(path, "w", encoding="ascii") as file:
        file.write(script)
    command = [os.path.join(TOP, "scripts", "mkdom0"), "--elf", "-o", os.path.join(folder, "root"), "--run", path, *options]
    for name in add:
        command += ["--add", name]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode == NO_PACKAGES:
        skip_all("Linux' packages are not to be had: " + done.stderr.strip().splitlines()[-1])
    if done.returncode:
        sys.exit(f"{done.stderr}mkdom0 has failed: {' '.join(command)}")
    return os.path.join(folder, "root")


def run_checks(options, folder, expected):
    """Runs a machine to the end of its script, whose lines that begin with "check" are the checks."""
    tap = Tap()
    with Machine(options, os.path.join(folder, "console"), 900) as machine:
        machine.wait_for(r"the script ended with|" + PANIC.pattern)
        checks = [line.split("check ", 1)[1].strip() for line in machine.log.splitlines()
                  if line.lstrip().startswith("check ")]
        for check in checks:
            tap.ok(check.startswith("ok "), check.split(" ", 1)[1])
        tap.ok(len(checks) == expected, f"all checks were reached ({len(checks)} of {expected})", machine.tail(40))
    return tap.done()
