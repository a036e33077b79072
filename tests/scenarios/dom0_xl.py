# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's own tools, unchanged, look at the machine from a stock Linux Dom0 and set how it is shared.

Usage: dom0_xl.py [--xen] [--smp N]   --xen: on Debian's Xen, to see what Xen does
"""

import argparse
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "harness"))
from linux import linux_root  # noqa: E402
from machine import PANIC, Machine, Tap, skip_all  # noqa: E402
import incumbent  # noqa: E402

PROGRAMS = ("xl", "xen-init-dom0", "xen-cpuid", "xenperf", "xenpm")

# What each prints stands between two lines of its own; the second has its exit code.
SCRIPT = """#!/bin/sh
show() { echo "<<< $*"; "$@" 2>&1; echo ">>> $?"; }
mkdir -p /etc/xen /run/xenstored /var/lock /run/lock /var/run/xen /var/lib/xen /var/log/xen
touch /etc/xen/xl.conf
pvx-stored -N 2>/run/log &
until pvx-store exists /tool/xenstored 2>/dev/null; do sleep 1; done
xen-init-dom0
show xl info
show xl info -n
show xl list
show xl list -v
show xl vcpu-list
show xl uptime
show xl sched-credit
show xl sched-credit -d 0 -w 512 -c 150
show xl sched-credit -d 0
show xl sched-credit -s -t 10 -r 500
show xl sched-credit -s
show xl sched-credit2
show xl cpupool-list
show xl cpupool-list -c
show xl vcpu-pin 0 0 0
show xl vcpu-list
show xl vcpu-pin 0 0 all
show xl vcpu-pin 0 0 77
show xl debug-keys r
xl dmesg >/run/dmesg # which has what is shown here too
show grep -A1 "^--- run" /run/dmesg
show xen-cpuid
show xen-cpuid -p
show xenperf
show xenpm get-cpu-topology
show xenpm get-cpufreq-para
"""


def build_root(folder):
    bin_folder = incumbent.store() or skip_all("Debian's tools are not to be had")
    missing = [line.split()[0] for name in PROGRAMS for line in subprocess.run(
        ["ldd", os.path.join(bin_folder, name)], check=False, capture_output=True, text=True).stdout.splitlines()
               if "not found" in line]
    if missing:
        skip_all(f"Debian's tools lack {', '.join(sorted(set(missing)))}: apt-get install libxenmisc4.17")
    added = ["pvx-stored=/usr/sbin/pvx-stored", "pvx-store=/usr/bin/pvx-store"]
    added += [f"{os.path.join(bin_folder, name)}=/usr/sbin/{name}" for name in PROGRAMS]
    return linux_root(folder, SCRIPT, added)


class Shown:
    """What the commands printed, in their order."""

    def __init__(self, log):
        self.rest = [(words, int(code), text) for words, text, code in
                     re.findall(r"^<<< (.*?)\r?\n(.*?)^>>> (\d+)", log, re.MULTILINE | re.DOTALL)]

    def next(self, command):
        """(exit code, output) of this command, which is the next that was run."""
        if not self.rest or self.rest[0][0] != command:
            return -1, f"(not run: {command})"
        return self.rest.pop(0)[1:]


def check(tap, shown, command, *patterns, code=0):
    """The next command ended so, and each of the patterns is in what it printed."""
    got, text = shown.next(command)
    text = text.replace("\r", "")
    lacking = [p for p in patterns if not re.search(p, text, re.MULTILINE)]
    tap.ok(got == code and not lacking, f"{command}: as it should be",
           f"exit code {got}, lacking {lacking}, in:\n{text[-3000:]}")
    return text


def check_looks(tap, shown, smp, on_xen):
    check(tap, shown, "xl info", rf"^nr_cpus +: {smp}$", r"^nr_nodes +: 1$", r"^threads_per_core +: \d",
          r"^cpu_mhz +: [1-9]", r"^virt_caps +:.* ?pv", r"^total_memory +: 1?0[0-9]{2}$", r"^free_memory +: \d+$",
          r"^xen_major +: 4$", r"^xen_minor +: 17$", r"^xen_caps +: xen-3.0-x86_64", r"^xen_pagesize +: 4096$",
          r"^xen_scheduler +: credit" + ("2?$" if on_xen else "$"), r"^xen_commandline +:.*dom0_mem=512M",
          r"^hw_caps +: [0-9a-f]{8}:")
    check(tap, shown, "xl info -n", r"^ +0: +0 +0 +0$|^ +0: +\d+ +\d+ +0$", r"^node: +memsize", r"^ +0: +\d{3,4} ")
    check(tap, shown, "xl list", r"^Name +ID +Mem VCPUs\tState\tTime\(s\)$",
          rf"^Domain-0 +0 +51[12] +{smp} +r----- +\d+\.\d$")
    check(tap, shown, "xl list -v", r"^Domain-0 +0 +51[12] .* 00000000-0000-0000-0000-000000000000")
    rows = check(tap, shown, "xl vcpu-list", r"^Domain-0 +0 +0 +\d+ +[r-][b-]- +\d+\.\d  all / all$")
    tap.ok(len(re.findall(r"^Domain-0 ", rows, re.MULTILINE)) == smp, "and has a row for each vCPU", rows)
    check(tap, shown, "xl uptime", r"^Domain-0 +0 +\d")


def check_sharing(tap, shown):
    check(tap, shown, "xl sched-credit", r"^Cpupool Pool-0: tslice=30ms ratelimit=1000us",
          r"^Domain-0 +0 +256 +0$")
    check(tap, shown, "xl sched-credit -d 0 -w 512 -c 150")
    check(tap, shown, "xl sched-credit -d 0", r"^Domain-0 +0 +512 +150$")
    check(tap, shown, "xl sched-credit -s -t 10 -r 500")
    check(tap, shown, "xl sched-credit -s", r"tslice=10ms ratelimit=500us")
    check(tap, shown, "xl sched-credit2")
    check(tap, shown, "xl cpupool-list", r"^Pool-0 +\d+ +credit +y +1$")
    check(tap, shown, "xl cpupool-list -c", r"^Pool-0 +0")
    check(tap, shown, "xl vcpu-pin 0 0 0")
    check(tap, shown, "xl vcpu-list", r"^Domain-0 +0 +0 +0 +[r-][b-]- +\d+\.\d  0 / all$")
    check(tap, shown, "xl vcpu-pin 0 0 all")
    check(tap, shown, "xl vcpu-pin 0 0 77", code=1)


def check_insides(tap, shown, on_xen):
    check(tap, shown, "xl debug-keys r")
    if on_xen:
        shown.next("grep -A1 ^--- run /run/dmesg")
    else:
        check(tap, shown, "grep -A1 ^--- run /run/dmesg", r"^--- run queues$", r"^CPU 0: idle for \d+ ms")
    check(tap, shown, "xen-cpuid", r"nr_features: \d+")
    check(tap, shown, "xen-cpuid -p", r"^Raw policy: \d+ leaves, \d+ MSRs$", r"^PV Default policy: \d+ leaves")
    if not on_xen: # whose packaged build counts nothing
        check(tap, shown, "xenperf", r"^sysctl +.* [1-9]")
        check(tap, shown, "xenpm get-cpu-topology", r"^CPU0\t +\d+\t +\d+\t +0$")


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hypervisor", default="hypervisor/parvus.elf")
    parser.add_argument("--xen", action="store_true")
    parser.add_argument("--smp", type=int, default=2)
    args = parser.parse_args(argv)
    image = (incumbent.xen() or skip_all("Debian's Xen is not to be had")) if args.xen else args.hypervisor
    folder = os.path.join("tests", "scenarios", "dom0_xl" + (".xen" if args.xen else ""))
    root = build_root(folder)
    tap = Tap()
    options = ["--hypervisor", image, "--kernel", os.path.join(root, "vmlinux"),
               "--initrd", os.path.join(root, "initrd"), "--cmdline", "console=hvc0 quiet panic=-1",
               "--hv", "com1=115200,8n1 console=com1 dom0_mem=512M" + (" sched=credit" if args.xen else ""),
               "--mem", "1024", "--smp", str(args.smp)]
    with Machine(options, os.path.join(folder, "console"), 300) as machine:
        machine.wait_for(r"the script ended with|" + PANIC.pattern)
        shown = Shown(machine.log)
    check_looks(tap, shown, args.smp, args.xen)
    check_sharing(tap, shown)
    check_insides(tap, shown, args.xen)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
