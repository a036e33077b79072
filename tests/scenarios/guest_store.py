# SPDX-License-Identifier: GPL-2.0-or-later
"""A stock Linux guest uses the store by its own ring while the daemon is killed again and again: nothing it was told is lost.

Usage: guest_store.py [--xen] [--smp N]   --xen: on Debian's Xen, with our daemon there
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "harness"))
from linux import DOM0_SHELL, arguments, dom0_options, kernel_of, linux_root, run_checks  # noqa: E402

ROUNDS = 120
KILLS = 8

# In the guest, through its kernel: each write is read back; a watch tells of a write of Dom0's.
GUEST = """#!/bin/sh
export XENSTORED_PATH=/dev/xen/xenbus
pvx-store watch -n 2 data/told >/tmp/events & watcher=$!
wrong=0; i=0
while [ $i -lt ROUNDS ]; do
	i=$((i + 1))
	pvx-store write data/n$i "value $i" && [ "$(pvx-store read data/n$i)" = "value $i" ] || wrong=$((wrong + 1))
done
pvx-store write /local/domain/0/not-mine x 2>/dev/null && wrong=$((wrong + 1000))
pvx-store write data/wrong $wrong
wait $watcher
pvx-store write data/heard "$(tail -n 1 /tmp/events)"
while :; do sleep 100; done
"""

# In Dom0. Each line that begins with "check" is one.
SCRIPT = DOM0_SHELL + """
until_there() { until_is yes "pvx-store exists $1 2>/dev/null && echo yes"; }
mkdir -p /run/xenstored
start_stored
until pvx-store exists /tool/xenstored 2>/dev/null; do sleep 1; done
guest_config
pvx create -e /tmp/guest.cfg; check "a guest is made" $? 0
data=/local/domain/$(pvx domid guest)/data
until_there $data/n1
kills=0
while [ $kills -lt KILLS ]; do
	kill -9 $stored; wait $stored 2>/dev/null
	start_stored
	kills=$((kills + 1))
	before=$(pvx-store list $data | grep -c '^n')
	until_is yes "[ \\$(pvx-store list $data | grep -c '^n') -gt $before ] || pvx-store exists $data/wrong && echo yes"
done
until_there $data/wrong
check "the guest found nothing wrong over $kills kills" "$(pvx-store read $data/wrong)" 0
right=0; i=0
while [ $i -lt ROUNDS ]; do
	i=$((i + 1))
	[ "$(pvx-store read $data/n$i)" != "value $i" ] || right=$((right + 1))
done
check "all that it wrote is there" $right ROUNDS
pvx-store write $data/told now
until_there $data/heard
check "its watch has outlived them too" "$(pvx-store read $data/heard)" data/told
pvx destroy guest
check "its home is gone with it" "$(pvx-store exists $data && echo there || echo gone)" gone
check "the accounts are right" "$(pvx-store control check)" OK
cat /run/store.log
"""
CHECKS = 6

PROGRAMS = ("pvx-stored=/usr/sbin/pvx-stored", "pvx-store=/usr/bin/pvx-store", "pvx=/usr/bin/pvx")


def main(argv=None):
    args = arguments("guest_store", __doc__, argv)
    filled = [text.replace("ROUNDS", str(ROUNDS)).replace("KILLS", str(KILLS)) for text in (GUEST, SCRIPT)]
    guest = linux_root(os.path.join(args.folder, "guest"), filled[0], PROGRAMS[1:2], "--modules", "xenfs")
    root = linux_root(args.folder, filled[1], PROGRAMS + kernel_of(guest))
    return run_checks(dom0_options(args, root, 640, 1280), args.folder, CHECKS)


if __name__ == "__main__":
    sys.exit(main())
