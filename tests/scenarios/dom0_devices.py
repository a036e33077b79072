# SPDX-License-Identifier: GPL-2.0-or-later
"""Stock Linux as Dom0 with a disk on virtio, NVMe and AHCI, network cards and a USB keyboard: by MSI and by line.

Usage: dom0_devices.py [--xen]   --xen: on Debian's Xen, to see what Xen does

Every disk gets data and a file and is read back, its file system is checked afterwards; every
network card sends a file to an echo and gets it back; a disk interrupts the processor that Linux tells it to, as its counts
show and the hypervisor's own. On two processors, on the machine types pc and q35 with messages (MSI, MSI-X), and on pc with
lines.
"""

import argparse
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "harness"))
from linux import linux_root  # noqa: E402
from machine import PANIC, Machine, Tap, need, skip_all  # noqa: E402
import incumbent  # noqa: E402

TROUBLE = re.compile(r"\bBUG:|\bOops|WARNING:|Call Trace|rcu.*stall|soft lockup|hung task|nobody cared|timed out|Kernel panic")
MODULES = ("xenfs xen-privcmd virtio_pci virtio_blk virtio_net ahci sd_mod nvme e1000e xhci_pci usbhid hid_generic ext4"
           " crc32c_generic")
DISK_MB = 40
FS_MB = 24  # the file system is at the disk's beginning

SCRIPT = """#!/bin/sh
n=0
check() { # status, what
	n=$((n + 1))
	[ $1 = 0 ] && echo "ok $n - $2" || echo "not ok $n - $2"
}
modprobe virtio_pci; modprobe virtio_blk; modprobe virtio_net # in the order that they need
until_there() { left=1000; until eval "$1" || [ $left = 0 ]; do sleep 1; left=$((left - 1)); done; }
for disk in vda nvme0n1 sda; do until_there "[ -b /dev/$disk ]"; done
for card in eth0 eth1; do until_there "[ -e /sys/class/net/$card ]"; done
mkdir -p /mnt
dd if=/dev/urandom of=/tmp/data bs=1M count=8 2>/dev/null
for disk in vda nvme0n1 sda; do
	dd if=/tmp/data of=/dev/$disk bs=64k seek=FS_BLOCKS 2>/dev/null && sync && echo 3 >/proc/sys/vm/drop_caches
	dd if=/dev/$disk bs=64k skip=FS_BLOCKS count=128 2>/dev/null | cmp -s - /tmp/data
	check $? "$disk keeps what is written"
	mount -t ext4 /dev/$disk /mnt && cp /tmp/data /mnt/file && umount /mnt &&
		mount -t ext4 /dev/$disk /mnt && cmp -s /mnt/file /tmp/data && umount /mnt
	check $? "$disk keeps a file"
done
for card in eth0 eth1; do
	ifconfig eth0 down; ifconfig eth1 down
	ifconfig $card 10.0.2.15 netmask 255.255.255.0 up
	until_there "ping -c 1 -w 2 10.0.2.2 >/dev/null"
	dd if=/tmp/data bs=64k count=8 of=/tmp/part 2>/dev/null
	rm -f /tmp/same
	(cat /tmp/part; until_there "[ -e /tmp/same ]") | nc 10.0.2.100 7 |
		(head -c 524288 | cmp -s - /tmp/part; echo $? >/tmp/same)
	check $(cat /tmp/same) "$card sends and receives"
done
until_there "grep -q 'USB Keyboard' /proc/bus/input/devices"
grep -q 'USB Keyboard' /proc/bus/input/devices
check $? "there is a USB keyboard"
address=$(readlink -f /sys/block/sda | sed 's#.*/\(0000:[0-9a-f:.]*\)/ata.*#\\1#')
irq=$(grep -F "ahci[$address]" /proc/interrupts | sed 's/^ *\([0-9]*\):.*/\\1/')
count() { # whose, processor: of the disk's line, or the hypervisor's of all lines
	if [ $1 = Linux ]; then
		grep "^ *$irq:" /proc/interrupts | awk "{ print \$$(($2 + 2)) }"
	else
		pvx debug-keys i
		pvx dmesg | sed -n "s/.*CPU $2: \([0-9]*\) interrupts of devices.*/\\1/p" | tail -n 1
	fi
}
for cpu in 0 1; do
	echo $((1 << cpu)) >/proc/irq/$irq/smp_affinity
	for who in COUNTERS; do
		here=$(count $who $cpu) there=$(count $who $((1 - cpu)))
		echo 3 >/proc/sys/vm/drop_caches
		dd if=/dev/sda of=/dev/null bs=1M count=20 2>/dev/null
		here=$(($(count $who $cpu) - here)) there=$(($(count $who $((1 - cpu))) - there))
		[ $here -gt 40 ] && [ $there -lt 40 ]
		check $? "the disk interrupts processor $cpu, says $who ($here, and $there the other)"
	done
done
grep -E 'xen-pirq' /proc/interrupts
"""


def build_root(folder, on_xen):
    script = SCRIPT.replace("FS_BLOCKS", str(FS_MB * 16)).replace("COUNTERS", "Linux" if on_xen else "Linux Parvus")
    return linux_root(folder, script, ["pvx=/usr/bin/pvx"], "--modules", MODULES)


def device_options(folder):
    disks = [os.path.join(folder, f"disk{n}") for n in range(3)]
    for disk in disks:
        with open(disk, "wb") as file:
            file.truncate(DISK_MB << 20)
        subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", disk, f"{FS_MB}M"], check=True)
    options = ["-no-reboot", "-device", "ahci,id=ahci1", "-device", "qemu-xhci", "-device", "usb-kbd"]
    for n, device in enumerate(("virtio-blk-pci", "nvme,serial=1", "ide-hd,bus=ahci1.0")):
        options += ["-drive", f"file={disks[n]},if=none,id=d{n},format=raw", "-device", f"{device},drive=d{n}"]
    for n, device in enumerate(("virtio-net-pci", "e1000e")):
        options += ["-netdev", f"user,id=n{n},guestfwd=tcp:10.0.2.100:7-cmd:cat", "-device", f"{device},netdev=n{n}"]
    return options


def run(tap, image, root, folder, machine_type, words, on_xen):
    what = f"{machine_type}{', ' + words if words else ''}"
    options = ["--hypervisor", image, "--kernel", os.path.join(root, "vmlinux"),
               "--initrd", os.path.join(root, "initrd"), "--cmdline", f"console=hvc0 panic=-1 {words}",
               "--hv", "com1=115200,8n1 console=com1 dom0_mem=512M dom0_vcpus_pin", "--mem", "1024", "--smp", "2",
               "--machine", machine_type, "--"] + device_options(folder)
    with Machine(options, os.path.join(folder, f"console.{machine_type}{words}"), 600) as machine:
        machine.wait_for(r"the script ended with|" + PANIC.pattern)
        checks = re.findall(r"^((?:not )?ok) \d+ - (.*)$", machine.log, re.MULTILINE)
        for line in checks:
            tap.ok(line[0] == "ok", f"{what}: {line[1]}")
        tap.ok(len(checks) == (11 if on_xen else 13), f"{what}: all was checked", machine.tail())
        kinds = set(re.findall(r"xen-pirq +-(ioapic-level|msi-x|msi) ", machine.log))
        wanted = {"ioapic-level"} if words else {"msi", "msi-x"}
        tap.ok(wanted <= kinds, f"{what}: interrupts come by {' and '.join(sorted(wanted))}", str(kinds))
        tap.ok(machine.wait_exit(seconds=60) == 0, f"{what}: powering off ends the machine", machine.tail())
        trouble = [line for line in machine.log.splitlines() if TROUBLE.search(line) or PANIC.search(line)]
        tap.ok(not trouble, f"{what}: no trouble in the log", "\n".join(trouble[:20]))
    for n in range(3):
        done = subprocess.run(["e2fsck", "-f", "-n", os.path.join(folder, f"disk{n}")], check=False,
                              capture_output=True, text=True)
        tap.ok(done.returncode == 0, f"{what}: the file system of disk {n} is whole", done.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hypervisor", default="hypervisor/parvus.elf")
    parser.add_argument("--xen", action="store_true")
    args = parser.parse_args()
    image = (incumbent.xen() or skip_all("Debian's Xen is not to be had")) if args.xen else args.hypervisor
    folder = os.path.join("tests", "scenarios", "dom0_devices" + (".xen" if args.xen else ""))
    root = build_root(folder, args.xen)
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    need("mke2fs", "e2fsprogs")
    tap = Tap()
    for machine_type, words in (("pc", ""), ("q35", ""), ("pc", "pci=nomsi")):
        run(tap, image, root, folder, machine_type, words, args.xen)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
