# SPDX-License-Identifier: GPL-2.0-or-later
"""pvx-top beside Debian's xentop: a stock Linux guest that has sent more than it received and read more than it wrote.

Usage: guest_top.py [--xen] [--record FOLDER]
  --xen            on Debian's Xen
  --record FOLDER  keeps what xentop printed, and pvx-top's sample of the same moment, as golden files for test_top.py
"""

import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "harness"))
import incumbent  # noqa: E402
from guest_linux import PROGRAMS, guest_disk  # noqa: E402
from linux import CHECK_SHELL, arguments, dom0_options, linux_root, run_checks  # noqa: E402
from machine import skip_all  # noqa: E402

# In the guest: 1 MB there and back, 2 MB to somebody who is not there; 2 MiB read, 512 KiB written. Then nothing more.
GUEST = """#!/bin/sh
ip addr add 10.9.0.2/24 dev eth0; ip link set eth0 up
until ping -c 1 -W 2 10.9.0.1; do :; done
for n in 0 1 2 3 4 5 6 7 8 9; do ping -q -s 20000 -c 5 -W 9 10.9.0.1 & done; wait
arp -s 10.9.0.99 00:16:3e:ff:ff:ff
for n in 0 1 2 3 4 5 6 7 8 9; do ping -q -s 40000 -c 5 -W 1 10.9.0.99 & done; wait
dd if=/dev/xvda of=/dev/null bs=64k count=32
dd if=/dev/zero of=/dev/xvdb bs=64k count=8 conv=fsync
echo done | dd of=/dev/xvdb bs=512 seek=1024 conv=notrunc,sync,fsync
while :; do sleep 1000; done
"""

# In Dom0. Each line that begins with "check" is one; the guest stands still while both look at it.
SCRIPT = CHECK_SHELL + """
mkdir -p /run/xenstored /g
mount -t ext4 -o ro /dev/vda /g
pvx-stored -N 2>/run/store.log &
until pvx-store exists /tool/xenstored 2>/dev/null; do sleep 1; done
pvx-consoled --log=guest --log-dir=/tmp/consoles
pvx-store write /local/domain/0/name Domain-0 2>/dev/null
ip link add name xenbr0 type bridge 2>/dev/null || brctl addbr xenbr0
ip addr add 10.9.0.1/24 dev xenbr0; ip link set xenbr0 up
dd if=/dev/zero of=/tmp/first bs=1M count=4 2>/dev/null
dd if=/dev/zero of=/tmp/second bs=1M count=1 2>/dev/null
cat >/tmp/guest.cfg <<END
name = "web-guest-with-a-long-name"
kernel = "/g/vmlinux"
ramdisk = "/g/initrd"
memory = 160
maxmem = 192
vcpus = 2
cmdline = "console=hvc0 quiet"
disk = [ "/tmp/first,raw,xvda,r", "/tmp/second,raw,xvdb,w" ]
vif = [ "mac=00:16:3e:01:02:03" ]
END
pvx create /tmp/guest.cfg; check "a guest is made" $? 0
until_is done "dd if=/tmp/second bs=512 skip=1024 count=1 2>/dev/null | head -n1"
check "it did what it is for" "$(dd if=/tmp/second bs=512 skip=1024 count=1 2>/dev/null | head -n1)" done
pvx pause web-guest-with-a-long-name
for name in Middle a-small; do
	pvx create -p /tmp/guest.cfg name=$name memory=96 maxmem=96 vcpus=6 "disk=[]" "vif=[]"; check "one that never ran" $? 0
done
sleep 1
# Dom0 runs on: its seconds are masked.
masked() { sed -E 's/^( *Domain-0 +[-a-z]{6} +)[0-9]+/\\1N/; /Domain-0/,$ { /^VCPUs/ s/[0-9]+s/Ns/; }'; }
same() { what=$1; shift # when nothing has moved meanwhile, as a packet to everybody does
	until xentop -b "$@" | masked >/tmp/theirs; pvx-top -b "$@" | masked >/tmp/ours; xentop -b "$@" | masked | cmp -s - /tmp/theirs; do :; done
	cmp /tmp/theirs /tmp/ours; check "$what" $? 0
	cmp -s /tmp/theirs /tmp/ours || { echo "<<< $*"; cat /tmp/theirs; echo "--- pvx-top"; cat /tmp/ours; echo ">>>"; }; }
same "columns" -i 1
same "vCPUs, networks and disks" -i 1 -v -n -x
same "whole names" -i 1 -f
same "titles above each" -i 1 -r
value() { xentop -b -i 1 -f | awk -v c=$1 '$1 == "web-guest-with-a-long-name" { print $c }'; }
check "NETTX is what went to the guest, NETRX what came from it" $(($(value 11) > 100 && $(value 12) > 1000 + $(value 11))) 1
check "VBD_RSECT is what it read" $(($(value 17) >= 4096)) 1
check "VBD_WSECT is what it wrote" $(($(value 18) >= 1025 && $(value 18) < 1100)) 1
xentop -b -i 1 -v -n -x >/tmp/theirs
pvx-top --record /tmp/sample -b -i 1 >/tmp/ours
echo "<<< xentop"; cat /tmp/theirs; echo ">>>"; echo "<<< sample"; cat /tmp/sample; echo ">>>"
pvx destroy Middle; pvx destroy a-small; pvx destroy web-guest-with-a-long-name
check "and nothing is left" "$(pvx doctor)$(losetup -a)" "all is well"
"""
CHECKS = 12


def keep(folder, console):
    """The last of what stands between marks in the console's log, as golden files."""
    with open(console, encoding="utf-8") as file:
        log = file.read()
    for mark, name in (("xentop", "xentop.golden"), ("sample", "xentop.samples.golden")):
        text = re.search(rf"^<<< {mark}\n(.*?)^>>>", log, re.MULTILINE | re.DOTALL).group(1)
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)


def main(argv):
    record = argv.pop(argv.index("--record") + 1) if "--record" in argv else None
    args = arguments("guest_top", __doc__, [word for word in argv if word != "--record"])
    xentop = os.path.join(incumbent.store() or skip_all("Debian's tools are not to be had"), "xentop")
    if "not found" in subprocess.run(["ldd", xentop], check=False, capture_output=True, text=True).stdout:
        skip_all("Debian's xentop lacks libraries: apt-get install libxenmisc4.17")
    disk = guest_disk(args.folder, GUEST)
    root = linux_root(args.folder, SCRIPT, PROGRAMS + ("pvx-top=/usr/bin/pvx-top", f"{xentop}=/usr/sbin/xentop"))
    drive = f"file={disk},if=virtio,format=raw,snapshot=on"
    code = run_checks(dom0_options(args, root, 512, 1280, "--", "-drive", drive), args.folder, CHECKS)
    if record:
        keep(record, os.path.join(args.folder, "console"))
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
