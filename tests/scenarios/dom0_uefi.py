# SPDX-License-Identifier: GPL-2.0-or-later
"""Stock Debian Linux as Dom0 on a machine with UEFI firmware, started by GRUB from a CD."""

import argparse
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "harness"))
from linux import linux_root  # noqa: E402
from machine import PANIC, TOP, Machine, Tap, need_disc, skip_all  # noqa: E402

TROUBLE = re.compile(r"\bBUG:|\bOops|WARNING:|Call Trace|Kernel panic")
SCRIPT = """#!/bin/sh
n=0
check() { # status, what
	n=$((n + 1))
	[ $1 = 0 ] && echo "ok $n - $2" || echo "not ok $n - $2"
}
[ -d /sys/firmware/efi ]; check $? "Linux knows that it runs on EFI"
grep -q ACPI20= /sys/firmware/efi/systab; check $? "and has the firmware's list of tables"
[ -s /sys/firmware/acpi/tables/FACP ]; check $? "by which it finds the ACPI tables"
[ -s /sys/firmware/dmi/tables/DMI ]; check $? "and those of SMBIOS"
dmesg | grep -q 'efi: EFI v2.* by EDK II'; check $? "version and vendor are the firmware's"
grep -q xen-pirq /proc/interrupts; check $? "interrupts of devices come"
dmesg | grep -q 'efifb: framebuffer at'; check $? "the loader's screen is Linux' screen"
echo end of checks
"""


def build_root(folder):
    return linux_root(folder, SCRIPT)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hypervisor", default="hypervisor/parvus.elf")
    parser.add_argument("--xen", action="store_true", help="nothing: there is no such disc for Debian's Xen")
    args = parser.parse_args()
    if args.xen:
        skip_all("the disc is made for Parvus only")
    need_disc(uefi=True)
    folder = os.path.join("tests", "scenarios", "dom0_uefi")
    root = build_root(folder)
    disc = os.path.join(folder, "disc.iso")
    subprocess.run([os.path.join(TOP, "scripts", "mkdisc"), "-o", disc, "--hypervisor", args.hypervisor,
                    "--hv", "com1=115200,8n1 console=com1 dom0_mem=512M",
                    "--kernel", os.path.join(root, "vmlinux"), "--cmdline", "console=hvc0 panic=-1",
                    "--initrd", os.path.join(root, "initrd")], check=True)
    tap = Tap()
    options = ["--disc", disc, "--uefi", "--machine", "q35", "--mem", "1024"]
    with Machine(options, os.path.join(folder, "console"), 300) as machine:
        machine.wait_for(r"^init: the script ended|" + PANIC.pattern)
        checks = re.findall(r"^((?:not )?ok) \d+ - (.*)$", machine.log, re.MULTILINE)
        for good, what in checks:
            tap.ok(good == "ok", f"in Dom0: {what}", machine.tail(40))
        tap.ok("end of checks" in machine.log and len(checks) == 7, "all was checked", machine.tail(40))
        tap.ok(machine.wait_exit(seconds=60) == 0, "powering off ends the machine", machine.tail())
        trouble = [line for line in machine.log.splitlines() if TROUBLE.search(line) or PANIC.search(line)]
        tap.ok(not trouble, "no trouble in the log", "\n".join(trouble[:20]))
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
