# SPDX-License-Identifier: GPL-2.0-or-later
"""A disk with an installed Debian: debootstrap's root, this tree by `make install`, GRUB for BIOS and UEFI.

The root is fetched once into the cache as a tarball. The boot loader is installed by a Linux that boots from the
disk without any hypervisor, with Debian's own grub-install and grub-mkconfig, as an administrator would do it.
"""

import glob
import os
import re
import shutil
import subprocess

from incumbent import cache
from machine import Machine, skip_all

PACKAGES = ("systemd-sysv", "dbus", "udev", "kmod", "iproute2", "linux-image-amd64", "initramfs-tools", "login", "procps",
            "libpam-systemd", "e2fsprogs", "grub-pc-bin", "grub-efi-amd64-bin", "grub2-common", "libjson-c5", "libxml2",
            "libncursesw6", "zlib1g", "liblzma5", "libzstd1", "liblz4-1", "bridge-utils", "busybox", "gdb-minimal")
SECTOR = 512
TABLE = """label: gpt
start=2048, size=2048, type=21686148-6449-6E6F-744E-656564454649
start=4096, size=122880, type=uefi
start=126976, type=linux
"""
ROOT_OFFSET = 126976 * SECTOR
EFI_OFFSET = 4096 * SECTOR
EFI_BYTES = 122880 * SECTOR
ROOT_BYTES = 2400 << 20

FIRST_BOOT = """#!/bin/sh
PATH=/usr/sbin:/usr/bin:/sbin:/bin
export PATH
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -o remount,rw /
mount -t vfat /dev/vda2 /boot/efi
depmod -a
grub-install --target=i386-pc /dev/vda &&
grub-install --target=x86_64-efi --efi-directory=/boot/efi --removable --no-nvram &&
grub-mkconfig -o /boot/grub/grub.cfg
echo "first boot ended with $?"
umount /boot/efi
mount -o remount,ro /
echo o >/proc/sysrq-trigger
sleep 1000
"""

GRUB_DEFAULTS = """GRUB_DEFAULT="{entry}"
GRUB_TIMEOUT=1
GRUB_DISTRIBUTOR=Debian
GRUB_CMDLINE_LINUX_DEFAULT=""
GRUB_CMDLINE_LINUX=""
GRUB_TERMINAL="serial console"
GRUB_SERIAL_COMMAND="serial"
GRUB_DISABLE_OS_PROBER=true
"""


def run(*command, **more):
    return subprocess.run(command, check=True, capture_output=True, text=True, **more)


def base():
    """The tarball of Debian's root; made by debootstrap where the cache has none."""
    tarball = os.path.join(cache(), "debian-root.tar")
    if os.path.exists(tarball):
        return tarball
    os.makedirs(cache(), exist_ok=True)
    root = os.path.join(cache(), "debian-root.new")
    shutil.rmtree(root, ignore_errors=True)
    try:
        run("debootstrap", "--variant=minbase", "--include=" + ",".join(PACKAGES), "bookworm", root)
        shutil.rmtree(os.path.join(root, "var/cache/apt"), ignore_errors=True)
        run("tar", "-C", root, "--numeric-owner", "-cf", tarball + ".new", ".")
        os.replace(tarball + ".new", tarball)
    except subprocess.CalledProcessError as error:
        skip_all("debootstrap cannot build Debian's root: " + (error.stderr or error.stdout).strip().splitlines()[-1])
    finally:
        shutil.rmtree(root, ignore_errors=True)
    return tarball


def write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, mode)


def matches(pattern, text):
    return re.search(pattern, text, re.MULTILINE)


def make(disk, build, settings, units):
    """Writes the disk: `build` is where make has run, `settings` are files by their path in the root, `units` are enabled."""
    root = disk + ".root"
    shutil.rmtree(root, ignore_errors=True)
    os.makedirs(root)
    run("tar", "-C", root, "--numeric-owner", "-xf", base())
    run("make", "-C", build, "install", "DESTDIR=" + os.path.abspath(root))
    run("chroot", root, "passwd", "-d", "root")
    run("chroot", root, "systemctl", "enable", *units)
    write(root + "/etc/hostname", "parvus\n")
    write(root + "/etc/fstab", "LABEL=root / ext4 errors=remount-ro 0 1\n")
    # An emulated processor may be slow: a device that is late is not a failure.
    write(root + "/etc/systemd/system.conf.d/slow.conf", "[Manager]\nDefaultTimeoutStartSec=900\nDefaultDeviceTimeoutSec=900\n")
    write(root + "/root/first-boot", FIRST_BOOT, 0o755)
    os.makedirs(root + "/boot/efi", exist_ok=True)
    for path, text in settings.items():
        write(root + path, text, 0o755 if text.startswith("#!") else 0o644)
    kernel = sorted(glob.glob(root + "/boot/vmlinuz-*"))[-1]
    release = kernel.rpartition("vmlinuz-")[2]
    shutil.copy(kernel, disk + ".vmlinuz")
    shutil.copy(f"{root}/boot/initrd.img-{release}", disk + ".initrd")
    partition = disk + ".part"
    with open(partition, "wb") as file:
        file.truncate(ROOT_BYTES)
    run("mkfs.ext4", "-q", "-L", "root", "-d", root, partition)
    with open(disk, "wb") as file:
        file.truncate(ROOT_OFFSET + ROOT_BYTES + (1 << 20))
    run("sfdisk", "-q", disk, input=TABLE)
    run("mkfs.vfat", "-C", disk + ".efi", str(EFI_BYTES // 1024))
    for part, offset in ((partition, ROOT_OFFSET), (disk + ".efi", EFI_OFFSET)):
        run("dd", "if=" + part, "of=" + disk, "bs=1M", "oflag=seek_bytes", f"seek={offset}", "conv=notrunc,sparse")
        os.remove(part)
    shutil.rmtree(root)


def install_boot_loader(disk, log):
    """Boots the disk's own Linux alone, which installs GRUB. True when it said that all went well."""
    options = ["--hypervisor", disk + ".vmlinuz", "--hv", "console=ttyS0 quiet root=LABEL=root init=/root/first-boot",
               "--mem", "1024", "--cpu", "max", "--", "-initrd", disk + ".initrd", "-drive", f"file={disk},if=virtio,format=raw"]
    with Machine(options, log, 1500) as machine:
        machine.wait_exit()
        return "first boot ended with 0" in machine.log, machine.tail()
