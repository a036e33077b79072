# SPDX-License-Identifier: GPL-2.0-or-later
"""An installed Debian starts by GRUB's menu with Parvus under it, on BIOS and UEFI: systemd, a login, its services, power-off.

Usage: debian_install.py [--smp N] [--keep] [--reuse]   takes ten minutes, so it runs by `./run-tests --full` or by hand;
--keep leaves the disk, for `scripts/run-qemu --disk FILE [--uefi]`, --reuse takes the one that was left
"""

import argparse
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "harness"))
from machine import PANIC, Machine, Tap, need, skip_all  # noqa: E402
import debian_disk  # noqa: E402

SETTINGS = {"/etc/default/grub": debian_disk.GRUB_DEFAULTS.format(entry="2")
            + 'GRUB_CMDLINE_XEN="com1=115200,8n1 console=com1 dom0_mem=1G"\nGRUB_CMDLINE_LINUX_XEN_REPLACE="console=hvc0"\n'}
PROMPT = r"root@parvus:~# $"
UNITS = ("pvx-stored.socket", "pvx-stored.service", "pvx-consoled.service", "pvx-supervisor.service", "proc-xen.mount")

# Typed at the login one after another: what it shows, the command, what its output has to have.
CHECKS = (
    ("systemd has nothing that failed", "systemctl is-system-running --wait", r"^running$"),
    ("the kernel knows its hypervisor", "cat /sys/hypervisor/type /sys/hypervisor/version/extra", r"^xen\n.*[Pp]arvus"),
    ("the root is the disk's", "findmnt -no SOURCE,FSTYPE /", r"^/dev/vda3 ext4$"),
    ("the store serves", "pvx-store write /a/b value && pvx-store read /a/b", r"^value$"),
    ("systemd starts a killed store again, with all it had",
     "old=$(systemctl show -P MainPID pvx-stored); kill -9 $old; pvx-store read /a/b; "
     "new=$(systemctl show -P MainPID pvx-stored); [ $new -ne $old ] && echo another", r"^value\nanother$"),
    ("and killed daemons of consoles and the supervisor",
     "for unit in pvx-consoled pvx-supervisor; do old=$(systemctl show -P MainPID $unit); kill -9 $old; "
     "until new=$(systemctl show -P MainPID $unit); [ $new -ne 0 ] && [ $new -ne $old ]; do sleep 1; done; "
     "systemctl is-active $unit; done; pvx doctor", r"^active\nactive\nall is well$"),
    ("the store is watched over by systemd", "systemctl show -P WatchdogUSec pvx-stored", r"^30s$"),
)


def log_in(machine):
    if not machine.wait_for(r"parvus login: |" + PANIC.pattern, seconds=900) or PANIC.search(machine.log):
        return False
    machine.send("root\n")
    if not machine.wait_for(PROMPT, len(machine.log)):
        return False
    machine.send("bind 'set enable-bracketed-paste off'; export PAGER=cat SYSTEMD_PAGER=cat SYSTEMD_COLORS=0\n")
    return machine.wait_for(PROMPT, len(machine.log))


def command(machine, text):
    """What a command typed at the shell prints."""
    start = len(machine.log)
    machine.send(f"clear >/dev/null; {text}; echo \"ended\" with $?\n")
    end = machine.wait_for(r"^ended with \d+\n(.*\n)*?" + PROMPT, start)
    printed = machine.log[start:end.start() if end else None]
    return printed.partition("$?\n")[2]


def boot(tap, disk, name, args, firmware):
    with Machine(["--disk", disk, "--mem", "2048", "--smp", args.smp] + firmware, disk + "." + name + ".console", 1500) as machine:
        if not tap.ok(log_in(machine), f"{name}: GRUB, Parvus, Linux, systemd, to a login", machine.tail()):
            return
        for what, text, wanted in CHECKS:
            printed = command(machine, text)
            tap.ok(debian_disk.matches(wanted, printed), f"{name}: {what}", printed)
        machine.send("systemctl poweroff\n")
        tap.ok(machine.wait_exit() == 0, f"{name}: a clean shutdown ends the machine", machine.tail())


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smp", default="1")
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--reuse", action="store_true")
    args = parser.parse_args(argv)
    if argv is None and len(sys.argv) == 1 and not os.environ.get("PARVUS_FULL"):
        skip_all("an installed Debian is for run-tests --full")
    if os.geteuid() != 0:
        skip_all("a Debian root is built by the superuser only")
    for program, package in (("debootstrap", "debootstrap"), ("sfdisk", "fdisk"), ("mkfs.vfat", "dosfstools"), ("mkfs.ext4", "e2fsprogs")):
        need(program, package)
    folder = os.path.join("tests", "scenarios", "debian_install")
    os.makedirs(folder, exist_ok=True)
    disk = os.path.join(folder, "disk")
    tap = Tap()
    good, tail = True, ""
    if not args.reuse:
        debian_disk.make(disk, ".", SETTINGS, UNITS)
        good, tail = debian_disk.install_boot_loader(disk, disk + ".first-boot.console")
    if tap.ok(good, "Debian's own grub-install and grub-mkconfig do it", tail):
        boot(tap, disk, "BIOS", args, [])
        if os.path.exists("/usr/share/OVMF/OVMF_CODE_4M.fd"):
            boot(tap, disk, "UEFI", args, ["--uefi"])
        else:
            tap.skip("UEFI", "OVMF is missing (Debian package ovmf)")
    if not args.keep:
        os.remove(disk)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
