# SPDX-License-Identifier: GPL-2.0-or-later
"""What QEMU 7.2's TCG lacks or gets wrong: x2APIC on several processors, and SMAP."""

import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "harness"))
from machine import PANIC, Machine, Tap, skip_all  # noqa: E402
from newer_qemu import newer_qemu  # noqa: E402

HV = "com1=115200,8n1 console=com1 dom0_mem=64M dom0_max_vcpus=4"


def check(tap, name, guest, hv, expect):
    options = ["--hypervisor", "hypervisor/parvus.elf", "--kernel", f"tests/guests/{guest}.elf", "--cpu", "max",
               "--smp", "4", "--hv", f"{HV} {hv}".strip()]
    os.makedirs("tests/boot", exist_ok=True)
    with Machine(options, f"tests/boot/newer_qemu.{name}.console", 300) as machine:
        machine.wait_for(r"^1\.\.\d+|" + PANIC.pattern)
        machine.wait_exit(seconds=30)
        for line in expect:
            tap.ok(re.search(line, machine.log, re.MULTILINE), f"{name}: {line}", machine.tail())
        tap.ok(re.search(r"^1\.\.\d+", machine.log, re.MULTILINE), f"{name}: {guest} runs to its end", machine.tail())
        bad = [line for line in machine.log.splitlines() if line.startswith("not ok") or PANIC.search(line)]
        tap.ok(not bad, f"{name}: and finds nothing wrong", "\n".join(bad))


def main():
    os.environ["QEMU"] = newer_qemu() or skip_all("a newer QEMU is not to be had")
    tap = Tap()
    check(tap, "x2apic", "smp", "x2apic", ["^local APIC: x2APIC", "^processors: 4 of 4 at work"])
    check(tap, "xapic", "smp", "", ["^local APIC: xAPIC", "^processors: 4 of 4 at work"])
    check(tap, "smap", "wild", "", ["^processors: 4 of 4 at work"])
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
