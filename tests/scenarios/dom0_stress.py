# SPDX-License-Identifier: GPL-2.0-or-later
"""Dom0 under stress-ng while its memory is ballooned down and up and processors come and go: no warning, no stall.

Usage: dom0_stress.py [--smp N[,N...]] [--seconds S] [--xen]   `make soak MINUTES=30 SMP=4` is the long run
"""

import argparse
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "harness"))
from linux import linux_root  # noqa: E402
from machine import PANIC, Machine, Tap, need, skip_all  # noqa: E402
import incumbent  # noqa: E402

TROUBLE = re.compile(r"\bBUG:|\bOops|WARNING:|Call Trace|rcu.*stall|soft lockup|hung task|segfault|\btraps: |Bad page"
                     r"|Kernel panic|Out of memory|clocksource.*unstable")

# All at once. --verify has each compare what it computes, copies and maps with what it should be. Not --madvise: what it tells
# the kernel as the superuser includes that memory has failed. Not --pthread: at its end stress-ng 0.15 does not wait for the
# thread it made last, and where that is late it reads what is gone.
STRESSORS = """
	--cpu 1 --memcpy 1 --vecmath 1 --matrix 1 --fp-error 1
	--fork 1 --vfork 1 --clone 1 --clone-max 8 --futex 1 --switch 1 --pipe 1
	--signal 1 --sigsegv 1 --timer 1 --timer-freq 1000 --itimer 1 --itimer-freq 1000
	--vm 1 --vm-bytes 1M --mmap 1 --mmap-bytes 1M --mremap 1 --mremap-bytes 1M --mprotect 1 --brk 1
	--fault 1 --tlb-shootdown 1 --hdd 1 --hdd-bytes 2M
"""

# The balloon takes a quarter of memory and gives it back; each processor but the first goes and comes in its turn.
SCRIPT = """#!/bin/sh
target=/sys/devices/system/xen_memory/xen_memory0/target_kb
full=$(cat $target)
others=$(($(grep -c ^processor /proc/cpuinfo) - 1))
mkdir -p /tmp/stress && cd /tmp/stress
stress-ng --timeout SECONDSs --metrics-brief --verify --no-rand-seed STRESSORS >/tmp/log 2>&1 &
stress=$!
rounds=0
while kill -0 $stress 2>/dev/null; do
	processor=/sys/devices/system/cpu/cpu$((1 + rounds % (others ? others : 1)))/online
	[ $others = 0 ] || echo 0 >$processor
	echo $((full * 3 / 4)) >$target
	sleep 3
	[ $others = 0 ] || echo 1 >$processor
	echo $full >$target
	sleep 3
	rounds=$((rounds + 1))
done
wait $stress
echo "stress ended with $?"
cat /tmp/log
until [ "$(cat /sys/devices/system/xen_memory/xen_memory0/info/current_kb)" -ge $((full - 64)) ]; do sleep 1; done
echo "stress rounds $rounds, memory is back, $(cat /sys/devices/system/cpu/online) on line"
"""


def build_root(folder, seconds):
    script = SCRIPT.replace("STRESSORS", " ".join(STRESSORS.split())).replace("SECONDS", str(seconds))
    linux_root(folder, script, ["/usr/bin/stress-ng=/bin/stress-ng"], "--modules", "xenfs xen-privcmd")


def stress(tap, image, folder, smp, seconds):
    """One machine with so many processors under load until the script ends, and what its console tells of it."""
    root = os.path.join(folder, "root")
    options = ["--hypervisor", image, "--kernel", os.path.join(root, "vmlinux"),
               "--initrd", os.path.join(root, "initrd"), "--cmdline", "console=hvc0 panic=-1",
               "--hv", "com1=115200,8n1 console=com1 dom0_mem=640M", "--mem", "1024", "--smp", smp]
    with Machine(options, os.path.join(folder, "console." + smp), 600 + 4 * seconds) as machine:
        machine.wait_for(r"the script ended with|" + PANIC.pattern)
        tap.ok("stress ended with 0" in machine.log,
               f"on {smp}: stress-ng runs {seconds} s to its end and finds nothing wrong", machine.tail(40))
        last = re.escape("0" if smp == "1" else f"0-{int(smp) - 1}")
        tap.ok(re.search(rf"stress rounds [1-9]\d*, memory is back, {last} on line", machine.log),
               "memory and processors went and came back meanwhile", machine.tail())
        trouble = TROUBLE.findall(machine.log)
        tap.ok(not trouble, "the kernel has nothing to complain of", "\n".join(trouble))
        tap.ok(machine.wait_exit(seconds=60) == 0 and not PANIC.search(machine.log), "powering off ends the machine", machine.tail())
        print("\n".join("# " + line for line in re.findall(r"stress rounds.*", machine.log)))


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hypervisor", default="hypervisor/parvus.elf")
    parser.add_argument("--xen", action="store_true")
    parser.add_argument("--smp", default="1,2,4" if os.environ.get("PARVUS_FULL") else "1,2")
    parser.add_argument("--seconds", type=int, default=15)
    args = parser.parse_args(argv)
    need("stress-ng", "stress-ng")
    image = (incumbent.xen() or skip_all("Debian's Xen is not to be had")) if args.xen else args.hypervisor
    folder = os.path.join("tests", "scenarios", "dom0_stress" + (".xen" if args.xen else ""))
    build_root(folder, args.seconds)
    tap = Tap()
    for smp in args.smp.split(","):
        stress(tap, image, folder, smp, args.seconds)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
