# SPDX-License-Identifier: GPL-2.0-or-later
"""Stock Debian Linux as Dom0 uses pvx-stored: by its socket, by the kernel's own ring, across SIGKILL.

Usage: dom0_store.py [--xen] [--smp N]   --xen: on Debian's Xen, to see what Xen does
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "harness"))
from linux import CHECK_SHELL, arguments, dom0_options, linux_root, run_checks  # noqa: E402

# Each line that begins with "check" is one; the kernel reaches the store through /dev/xen/xenbus.
SCRIPT = CHECK_SHELL + """
mkdir -p /run/xenstored
pvx-stored -N 2>/run/log & pid=$!
until pvx-store exists /tool/xenstored 2>/dev/null; do sleep 1; done
pvx-store write /a/b value
check "a write and a read by the socket" "$(pvx-store read /a/b)" value
until pvx-store exists control/feature-poweroff; do sleep 1; done
check "the kernel writes below its home" "$(pvx-store read control/feature-poweroff)" 1
export XENSTORED_PATH=/dev/xen/xenbus
pvx-store write /via/kernel yes
check "a write and a read by the kernel's ring" "$(pvx-store read /via/kernel)" yes
pvx-store watch -n 2 /via/watched >/run/events & watcher=$!
until [ -s /run/events ]; do sleep 1; done
kill -9 $pid; wait $pid 2>/dev/null
pvx-stored -N 2>>/run/log & pid=$!
check "after SIGKILL the ring goes on" "$(pvx-store read /via/kernel)" yes
pvx-store write /via/watched now
wait $watcher
check "and so do the watches of programs behind it" "$(tail -n1 /run/events)" /via/watched
unset XENSTORED_PATH
check "the accounts are right" "$(pvx-store control check)" OK
cat /run/log
kill $pid
"""


def main(argv=None):
    args = arguments("dom0_store", __doc__, argv)
    root = linux_root(args.folder, SCRIPT, ("pvx-stored=/usr/sbin/pvx-stored", "pvx-store=/usr/bin/pvx-store"))
    return run_checks(dom0_options(args, root, 512, 1024), args.folder, 6)


if __name__ == "__main__":
    sys.exit(main())
