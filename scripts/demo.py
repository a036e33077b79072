# SPDX-License-Identifier: GPL-2.0-or-later
"""Types the demo's commands on Dom0's console and prints a transcript; exit code 0 if all went well."""

import argparse
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests", "harness"))
from machine import Machine  # noqa: E402

# (what the reader sees, the command, what its output has to show)
STEPS = [
    ("Linux says what it runs on", "cat /sys/hypervisor/type /sys/hypervisor/version/extra", r"xen\s+\S*[Pp]arvus"),
    ("the stock Debian kernel", "uname -a", r"Debian"),
    ("the devices of the hypervisor interface", "ls /dev/xen", r"privcmd"),
    ("the store, consoles, a bridge and two guests start", "two-guests", r"^two guests run"),
    ("they are listed", "pvx list", r"^Domain-0 .*\n(.*\n)*one .*\n(.*\n)*two "),
    ("each reaches the other on the network",
     "cd /var/log/pvx/consoles; for n in one two; do until grep -h answers *-$n.log; do sleep 1; done | tail -n 1; done; cd /",
     r"one: 10.9.0.2 answers\n(.*\n)*two: 10.9.0.1 answers"),
    ("the monitor shows them", "pvx-top -b -i 1", r"(?s) NAME .* one .* two "),
    ("and they end", "pvx destroy one; pvx destroy two; pvx list", r"(?s)^Name(?!.*\none )"),
]


def do_step(machine, number, title, command, wanted):
    start = len(machine.log)
    machine.send(f"{command}; echo step-{number}-$?\n")
    ended = machine.wait_for(rf"^step-{number}-(\d+)", start, seconds=300)
    output = machine.log[start:ended.start() if ended else None]
    good = ended and ended.group(1) == "0" and re.search(wanted, output, re.MULTILINE)
    print(f"\n== {title}: {'as it should be' if good else 'NOT as it should be'}")
    shown = [line for line in output.splitlines() if line.strip() and f"step-{number}" not in line]
    print("\n".join(["   # " + command] + ["   " + line for line in shown]), flush=True)
    return bool(good)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hypervisor", default="hypervisor/parvus.elf")
    parser.add_argument("--hv", required=True)
    parser.add_argument("--cmdline", required=True)
    args = parser.parse_args()
    options = ["--hypervisor", args.hypervisor, "--hv", args.hv, "--kernel", "dom0/vmlinux", "--cmdline", args.cmdline,
               "--initrd", "dom0/initrd", "--mem", "2048"]
    with Machine(options, "demo.console", 900) as machine:
        if not machine.wait_for(r"^init: a shell", seconds=300):
            print(f"Dom0 did not reach its shell:\n{machine.tail(40)}")
            return 1
        shown = re.compile(r"^(init|memory|clock|Dom0|Parvus)\b|Parvus \d|Xen version")
        print("\n".join("   " + line for line in machine.log.splitlines() if shown.search(line)))
        machine.wait_for(r"^\S* ?# ", machine.log.index("init: a shell"), seconds=30)
        good = [do_step(machine, number, *step) for number, step in enumerate(STEPS, 1)]
        machine.send("poweroff -f\n")
        ended = machine.wait_exit(seconds=60) == 0
        print(f"\n== power-off ends the machine: {'as it should be' if ended else 'NOT as it should be'}")
    print(f"\n{sum(good) + ended} of {len(good) + 1} steps went as they should")
    return 0 if all(good) and ended else 1


if __name__ == "__main__":
    sys.exit(main())
