# SPDX-License-Identifier: GPL-2.0-or-later
"""Stock Debian Linux boots as Dom0 to its init, runs a load of programs and powers the machine off.

Usage: dom0_linux.py [--xen] [--smp N] [--cpu MODEL] [--bzimage]   --xen: on Debian's Xen, to see what Xen does
"""

import argparse
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "harness"))
from linux import linux_root  # noqa: E402
from machine import PANIC, Machine, Tap, skip_all  # noqa: E402
import incumbent  # noqa: E402

TROUBLE = re.compile(r"\bBUG:|\bOops|WARNING:|Call Trace|rcu.*stall|soft lockup|hung task|segfault|Kernel panic")
SCRIPT = "#!/bin/sh\n/bin/linux_load\necho load ended with $?\ncat /sys/hypervisor/type /sys/hypervisor/version/extra\n"

# One processor goes and comes back, and the others work on meanwhile.
UNPLUG = """cd /sys/devices/system/cpu
if [ -e cpu1/online ]; then
	for round in 1 2 3; do
		echo 0 >cpu1/online
		echo without processor 1: $(cat online)
		/bin/linux_load | grep '^not ok'
		echo 1 >cpu1/online
		echo with all processors: $(cat online)
	done
fi
"""


def build_root(folder):
    return linux_root(folder, SCRIPT + UNPLUG, ["tests/scenarios/linux_load=/bin/linux_load"])


def check_processors(tap, machine, count):
    if count == 1:
        return
    every = f"0-{count - 1}"
    rest = "0" if count == 2 else f"0,2-{count - 1}" if count > 3 else "0,2"
    tap.ok(re.findall(r"^without processor 1: (\S+)", machine.log, re.MULTILINE) == [rest] * 3,
           f"of {count} processors one is taken out, three times", machine.tail())
    tap.ok(re.findall(r"^with all processors: (\S+)", machine.log, re.MULTILINE) == [every] * 3, "and put in again", machine.tail())


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hypervisor", default="hypervisor/parvus.elf")
    parser.add_argument("--xen", action="store_true")
    parser.add_argument("--smp", default="1")
    parser.add_argument("--cpu", default="max,-smap", help="QEMU's processor model")
    parser.add_argument("--bzimage", action="store_true", help="the kernel as Debian packs it, not unpacked")
    args = parser.parse_args(argv)
    image = (incumbent.xen() or skip_all("Debian's Xen is not to be had")) if args.xen else args.hypervisor
    folder = os.path.join("tests", "scenarios", "dom0_linux" + (f".smp{args.smp}" if args.smp != "1" else "") + (".xz" if args.bzimage else "") + (".xen" if args.xen else ""))
    root = build_root(folder)
    tap = Tap()
    options = ["--hypervisor", image, "--kernel", os.path.join(root, "vmlinuz" if args.bzimage else "vmlinux"),
               "--initrd", os.path.join(root, "initrd"), "--cmdline", "console=hvc0 earlyprintk=xen panic=-1",
               "--hv", "com1=115200,8n1 console=com1 dom0_mem=512M", "--mem", "1024", "--smp", args.smp, "--cpu", args.cpu]
    with Machine(options, os.path.join(folder, "console"), 300) as machine:
        if tap.ok(machine.wait_for(r"init: Linux \S+ reached its init|" + PANIC.pattern)
                  and "reached its init" in machine.log, "Linux reaches its init", machine.tail()):
            machine.wait_for(r"the script ended with|" + PANIC.pattern)
            for line in re.findall(r"^((?:not )?ok) \d+ - (.*)$", machine.log, re.MULTILINE):
                what, hash_mark, why = line[1].partition(" # SKIP ")
                if hash_mark:
                    tap.skip(f"in Dom0: {what}", why)
                else:
                    tap.ok(line[0] == "ok", f"in Dom0: {what}")
            tap.ok("load ended with 0" in machine.log, "the load of programs ran to its end", machine.tail())
            check_processors(tap, machine, int(args.smp))
            tap.ok(machine.wait_exit(seconds=60) == 0, "powering off ends the machine", machine.tail())
        trouble = [line for line in machine.log.splitlines() if TROUBLE.search(line) or PANIC.search(line)]
        tap.ok(not trouble, "no warning, oops, stall or panic in the log", "\n".join(trouble[:20]))
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
