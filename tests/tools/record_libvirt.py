#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Records libvirt's own conversions of the files in tests/tools/libvirt/, for test_libvirt.py to compare with.

libvirt converts only while its driver for Xen runs, so this boots Debian's Xen with a Dom0 that has Debian's libvirt:
of each NAME.cfg it makes NAME.cfg.xml, of each NAME.xml NAME.xml.cfg, and what libvirt refuses leaves its error in
NAME.cfg.refused or NAME.xml.refused; all of them end in .golden. The processor is one that libvirt knows; it does not start on QEMU's `max`.

Usage: record_libvirt.py [FOLDER]   needs root (debootstrap), apt's archive, QEMU
"""

import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "harness"))
import incumbent  # noqa: E402
from linux import linux_root  # noqa: E402
from machine import PANIC, Machine, skip_all  # noqa: E402

PACKAGES = "libvirt-daemon,libvirt-clients,libvirt-daemon-driver-xen,xen-utils-4.17"

# In Dom0: Debian's root is /dev/vda, the files to convert are on /dev/vdb.
SCRIPT = """#!/bin/sh
mkdir -p /deb /dev/shm
until [ -b /dev/vdb ]; do sleep 1; done
mount -t ext4 /dev/vda /deb && mount -t ext4 /dev/vdb /deb/mnt || exit 1
for folder in proc sys dev; do mount --rbind /$folder /deb/$folder; done
mount -t tmpfs tmpfs /deb/run
chroot /deb /bin/bash /mnt/convert
code=$?
umount /deb/mnt
exit $code
"""
CONVERT = """export PATH=/usr/lib/xen-4.17/bin:/usr/sbin:/usr/bin:/sbin:/bin
mkdir -p /run/xen /run/lock /run/xenstored /var/lib/xen /var/log/xen /var/log/libvirt
xenstored --pid-file /run/xenstored.pid || exit 2
until xenstore-exists /tool/xenstored; do sleep 1; done
xen-init-dom0
rm /usr/lib/x86_64-linux-gnu/libvirt/connection-driver/libvirt_driver_[!l]*.so
libvirtd &
cd /mnt/files
# One client for all: each would take seconds to start.
for file in *; do
	echo "echo '<<< $file'"
	case $file in
	*.cfg) echo "domxml-from-native xen-xl $file" ;;
	*.xml) echo "domxml-to-native xen-xl $file" ;;
	esac
	echo "echo '>>> $file'"
done >/run/commands
until stdbuf -o0 virsh -q -c xen:///system </run/commands >/mnt/log 2>&1 && grep -q '>>>' /mnt/log; do
	kill -0 $! || exit 3
	sleep 1
done
sync
"""


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def debian_disk():
    """A disk with Debian's libvirt, made once into the cache."""
    disk = os.path.join(incumbent.cache(), "libvirt.img")
    if os.path.exists(disk):
        return disk
    root = disk + ".root"
    shutil.rmtree(root, ignore_errors=True)
    try:
        run("debootstrap", "--variant=minbase", "--include=" + PACKAGES, "bookworm", root)
        run("mkfs.ext4", "-q", "-d", root, disk + ".new", "900M")
        os.replace(disk + ".new", disk)
    except subprocess.CalledProcessError as error:
        skip_all("Debian's libvirt is not to be had: " + (error.stderr or error.stdout).strip().splitlines()[-1])
    finally:
        shutil.rmtree(root, ignore_errors=True)
    return disk


def files_disk(folder, work):
    """A disk with the files to convert."""
    tree = os.path.join(work, "tree")
    os.makedirs(os.path.join(tree, "files"))
    with open(os.path.join(tree, "convert"), "w", encoding="ascii") as file:
        file.write(CONVERT)
    for path in inputs(folder):
        shutil.copy(path, os.path.join(tree, "files", os.path.basename(path).removesuffix(".golden")))
    disk = os.path.join(work, "files.img")
    run("mkfs.ext4", "-q", "-d", tree, disk, "64M")
    return disk


def inputs(folder):
    """NAME.cfg and NAME.xml, each with .golden behind it: what was recorded has one more word in its name."""
    return [path for path in sorted(glob.glob(os.path.join(folder, "*.golden")))
            if re.search(r"/[^./]+\.(cfg|xml)\.golden$", path)]


def collect(disk, folder, work):
    """Takes what was recorded from the disk, in place of what was recorded before."""
    run("debugfs", "-R", f"dump /log {work}/log", disk)
    with open(os.path.join(work, "log"), encoding="utf-8") as file:
        log = re.sub(r"^\d{4}-\d\d-\d\d .*: (error|info) : .*\n", "", file.read(), flags=re.MULTILINE)
    for path in inputs(folder):
        path = path.removesuffix(".golden")
        name = os.path.basename(path)
        said = re.search(rf"<<< {re.escape(name)}virsh # dom[^\n]*\n(.*?)\n?virsh # echo '>>> {re.escape(name)}'", log, re.DOTALL).group(1)
        for suffix in (".cfg", ".xml", ".refused"):
            if os.path.exists(path + suffix + ".golden"):
                os.remove(path + suffix + ".golden")
        suffix = ".refused" if said.startswith("error: ") else ".xml" if name.endswith(".cfg") else ".cfg"
        with open(path + suffix + ".golden", "w", encoding="utf-8") as file:
            file.write(said.rstrip() + "\n")


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(HERE, "libvirt")
    image = incumbent.xen() or skip_all("Debian's Xen is not to be had")
    with tempfile.TemporaryDirectory(prefix="parvus-libvirt-") as work:
        disk = files_disk(folder, work)
        root = linux_root(work, SCRIPT)
        options = ["--hypervisor", image, "--kernel", os.path.join(root, "vmlinux"), "--initrd", os.path.join(root, "initrd"),
                   "--cmdline", "console=hvc0 quiet panic=-1", "--hv", "com1=115200,8n1 console=com1 dom0_mem=1024M",
                   "--mem", "1536", "--cpu", "Nehalem", "--", "-drive", f"file={debian_disk()},if=virtio,format=raw,snapshot=on",
                   "-drive", f"file={disk},if=virtio,format=raw"]
        with Machine(options, os.path.join(work, "console"), 900) as machine:
            ended = machine.wait_for(r"the script ended with (\d+)|" + PANIC.pattern)
            if not ended or ended.group(1) != "0":
                print(machine.tail(40), file=sys.stderr)
                return 1
            machine.wait_exit()
        collect(disk, folder, work)
    return 0


if __name__ == "__main__":
    sys.exit(main())
