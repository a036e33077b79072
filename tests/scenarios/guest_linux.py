# SPDX-License-Identifier: GPL-2.0-or-later
"""Stock Debian Linux as a guest of stock Debian Linux: pvx makes it, with a disk in a file and a network.

Usage: guest_linux.py [--xen] [--smp N]   --xen: on Debian's Xen, to see that pvx asks for nothing but the ABI
"""

import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "harness"))
from linux import CHECK_SHELL, arguments, dom0_options, linux_root, run_checks  # noqa: E402
from machine import need  # noqa: E402

# In the guest. Its disk tells it how often it has started, and takes what it has to say.
GUEST = """#!/bin/sh
say() { echo "$2" | dd of=/dev/xvda bs=512 seek=$1 conv=notrunc,sync 2>/dev/null; sync; }
asked() { dd if=/dev/xvda bs=512 skip=$1 count=1 2>/dev/null | head -n1; }
ip addr add 10.9.0.2/24 dev eth0; ip link set eth0 up
case $(asked 1) in
first)
	say 2 "read $(asked 8)"
	has() { grep -c "$1" /proc/cpuinfo; }
	say 9 "model 44: $(has '^model.*: 44$'), aes: $(has ' aes '), popcnt: $(has ' popcnt ')"
	until ping -c 1 -W 2 10.9.0.1; do :; done
	say 3 "ping works"
	say 1 second
	reboot -f
	;;
second)
	say 4 "started again"
	until [ -b /dev/xvdb ]; do sleep 1; done
	echo "written hot" | dd of=/dev/xvdb bs=512 conv=notrunc,sync; sync
	say 5 "saw xvdb"
	until [ ! -b /dev/xvdb ]; do sleep 1; done
	say 6 "xvdb is gone"
	say 1 third
	;;
third)
	say 1 fourth
	echo c >/proc/sysrq-trigger
	;;
esac
"""

# In Dom0. Each line that begins with "check" is one.
SCRIPT = CHECK_SHELL + """
block() { dd if=$1 bs=512 skip=$2 count=1 2>/dev/null | head -n1; }
tell() { echo "$2" | dd of=/tmp/disk bs=512 seek=$1 conv=notrunc,sync 2>/dev/null; }
wait_block() { until_is "$2" "block /tmp/disk $1"; }
mkdir -p /run/xenstored /g
mount -t ext4 -o ro /dev/vda /g
pvx-stored -N 2>/run/store.log &
until pvx-store exists /tool/xenstored 2>/dev/null; do sleep 1; done
pvx-consoled --log=guest --log-dir=/tmp/consoles
ip link add name xenbr0 type bridge 2>/dev/null || brctl addbr xenbr0
ip addr add 10.9.0.1/24 dev xenbr0; ip link set xenbr0 up
dd if=/dev/zero of=/tmp/disk bs=1M count=8 2>/dev/null
dd if=/dev/zero of=/tmp/hot bs=1M count=1 2>/dev/null
tell 1 first; tell 8 "what Dom0 wrote"
cat >/tmp/guest.cfg <<END
name = "guest"
kernel = "/g/vmlinux"
ramdisk = "/g/initrd"
memory = 160
cpuid = "host,model=44,aes=0"
cmdline = "console=hvc0 quiet"
disk = [ "/tmp/disk,raw,xvda,w" ]
vif = [ "mac=00:16:3e:01:02:03" ]
on_crash = "preserve"
END
# Refusals, one line each, and nothing left behind.
refused() { what=$1; code=$2; word=$3; shift 3; text=$("$@" 2>&1); got=$?
	case "$got $text" in "$code "*"$word"*) echo "check ok $what";; *) echo "check bad $what: $got $text";; esac; }
refused "no kernel" 1 "No such file" pvx create /tmp/guest.cfg kernel=/nowhere
refused "no bridge" 1 "there is no bridge 'br7'" pvx create /tmp/guest.cfg vif="bridge=br7"
refused "no disk" 1 "/tmp/none" pvx create /tmp/guest.cfg disk=/tmp/none,raw,xvda,w
refused "too much memory" 1 "not enough memory: it needs 9000 MiB" pvx create /tmp/guest.cfg memory=9000
refused "no kernel at all" 1 "neither an ELF file" pvx create /tmp/guest.cfg kernel=/tmp/disk
refused "no feature of that name" 2 "there is no feature" pvx create /tmp/guest.cfg cpuid=host,avx3=0
refused "more of CPUID than there is" 1 "cpuid: leaf 0 is refused" pvx create /tmp/guest.cfg cpuid=host,maxleaf=99
refused "no such domain" 3 "no domain named 'x'" pvx pause x
check "nothing is left behind" "$(pvx doctor)" "all is well"
pvx create -p /tmp/guest.cfg; check "a guest is made" $? 0
check "it is paused" "$(pvx list guest | awk 'NR == 2 { print $1, ($2 > 0), $3, $4, $5 }')" "guest 1 160 1 --p---"
refused "its name is taken" 1 "the name 'guest' is taken" pvx create -p /tmp/guest.cfg "disk=[]" "vif=[]"
refused "its disk is in use" 1 "in use by domain" pvx create -p /tmp/guest.cfg name=other
first=$(pvx domid guest)
pvx unpause guest; check "it runs" $? 0
wait_block 4 "started again"
check "it read its disk" "$(block /tmp/disk 2)" "read what Dom0 wrote"
check "it is told what it shall be of the processor" "$(block /tmp/disk 9)" "model 44: 1, aes: 0, popcnt: 1"
check "its network reaches Dom0" "$(block /tmp/disk 3)" "ping works"
second=$(pvx domid guest)
check "it was started again as another domain" $((second > first)) 1
pvx block-attach guest /tmp/hot,raw,xvdb,w; check "a disk is attached" $? 0
wait_block 5 "saw xvdb"
check "and written" "$(block /tmp/hot 0)" "written hot"
pvx network-attach guest bridge=xenbr0; check "an interface is attached" $? 0
until_is 4 'pvx-store read /local/domain/$(pvx domid guest)/device/vif/1/state'
pvx network-detach guest 1; check "and detached" $? 0
pvx block-detach guest xvdb; check "the disk is detached" $? 0
until_is 3 'pvx domid guest >/dev/null 2>&1; echo $?'
check "its kernel saw that" "$(block /tmp/disk 6)" "xvdb is gone"
check "when it has powered off nothing is left" "$(pvx doctor)$(losetup -a)" "all is well"
# A boot image: unpacked once, and then found unpacked. It crashes, and is kept.
pvx create /tmp/guest.cfg kernel=/g/vmlinuz; check "a boot image is unpacked" $? 0
until_is 1 "pvx list guest | grep -c -- '---sc-'"
check "it has crashed and is kept" "$(block /tmp/disk 1)" fourth
check "its kernel is in the cache" "$(ls /var/cache/pvx/kernels | wc -l)" 1
pvx destroy guest; check "it is destroyed" $? 0
check "and nothing is left" "$(pvx doctor)$(losetup -a)" "all is well"
# Killed in the middle, whenever that is: the supervisor clears up.
for delay in 0.02 0.1 0.2 0.4 0.8; do
	pvx create -p /tmp/guest.cfg 2>/dev/null & maker=$!
	sleep $delay; kill -9 $maker; wait $maker 2>/dev/null
done
pvx destroy guest 2>/dev/null
until_is "all is well" "pvx doctor"
check "what was killed half way is cleared away" "$(pvx doctor)$(ls /run/pvx/guests)" "all is well"
cat /run/store.log /var/log/pvx/supervisor.log
for log in /tmp/consoles/*; do echo "== $log"; tail -n 12 $log; done
"""
CHECKS = 31

PROGRAMS = ("pvx-stored=/usr/sbin/pvx-stored", "pvx-store=/usr/bin/pvx-store", "pvx=/usr/bin/pvx",
            "pvx-consoled=/usr/sbin/pvx-consoled")


def guest_disk(folder, script=GUEST):
    """A file system with the guest's kernel, packed and unpacked, and its initrd."""
    need("mke2fs", "e2fsprogs")
    root = linux_root(os.path.join(folder, "guest"), script, (), "--modules", "xen-blkfront xen-netfront")
    image = os.path.join(folder, "guest.img")
    if os.path.exists(image):
        os.unlink(image)
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-d", root, image, "192M"], check=True)
    return image


def main(argv=None):
    args = arguments("guest_linux", __doc__, argv)
    disk = guest_disk(args.folder)
    root = linux_root(args.folder, SCRIPT, PROGRAMS)
    drive = f"file={disk},if=virtio,format=raw,snapshot=on"
    return run_checks(dom0_options(args, root, 512, 1280, "--", "-drive", drive), args.folder, CHECKS)


if __name__ == "__main__":
    sys.exit(main())
