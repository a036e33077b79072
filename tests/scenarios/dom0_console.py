# SPDX-License-Identifier: GPL-2.0-or-later
"""A stock Linux guest's console: typed at, logged, watched by pvx-top, while its daemon is killed; made from XML, too.

Usage: dom0_console.py [--xen] [--smp N]   --xen: on Debian's Xen, to see what Xen does
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "harness"))
from linux import CHECK_SHELL, arguments, dom0_options, linux_root, run_checks  # noqa: E402

# In the guest: answers each line that is typed.
GUEST = """#!/bin/sh
echo "guest: here I am"
while read line; do echo "guest: got $line"; [ "$line" = end ] && break; done </dev/hvc0
"""

# In Dom0. Each line that begins with "check" is one.
SCRIPT = CHECK_SHELL + """
until_in() { left=1000; until grep -q "$2" $1 2>/dev/null || [ $left = 0 ]; do sleep 1; left=$((left - 1)); done; }
consoled() { pvx-consoled -i --log=all --log-dir=/tmp/consoles --timestamp=guest & daemon=$!; }
log=/tmp/consoles/guest-web.log
export PVX_LIBEXEC=/usr/libexec/parvus
mkdir -p /run/xenstored
pvx-stored -N 2>/run/store.log &
until pvx-store exists /tool/xenstored 2>/dev/null; do sleep 1; done
consoled
cat >/tmp/web.cfg <<END
name = "web"
kernel = "/root/vmlinuz"
ramdisk = "/root/initrd"
memory = 160
cmdline = "console=hvc0 quiet"
END
pvx domxml-from-native xen-xl /tmp/web.cfg >/tmp/web.xml
check "a configuration is the same by way of XML" "$(pvx domxml-to-native xen-xl /tmp/web.xml | grep -c '/root/')" 2
pvx create -e /tmp/web.xml; check "a guest is made from XML" $? 0
mkfifo /tmp/keys; (exec sleep 100000 >/tmp/keys) & holder=$!
pvx console web </tmp/keys >/tmp/seen 2>&1 & client=$!
until_in $log "here I am"
echo hello >/tmp/keys
until_in $log "got hello"
check "what is typed arrives" "$(grep -c 'got hello' $log)" 1
until_in /tmp/seen "got hello"
check "and what the guest says is seen" "$(grep -c 'got hello' /tmp/seen)" 1
check "each line of the log has its time" "$(grep -vc '^\\[20' $log)" 0
kill -9 $daemon; wait $daemon 2>/dev/null
consoled
echo again >/tmp/keys
until_in /tmp/seen "got again"
check "after SIGKILL the same terminal goes on" "$(grep -c 'got again' /tmp/seen)" 1
check "pvx-top shows it" "$(pvx-top -b -i 1 | awk '$1 == "web" { print $2 ~ /^[-rb]*$/, $5, $9 }')" "1 163840 1"
check "and as JSON" "$(pvx-top --json --filter web | grep -c '"name": "web"')" 1
check "the hypervisor's log is kept" "$(test -s /tmp/consoles/hypervisor.log && echo yes)" yes
echo end >/tmp/keys
until_in $log "got end"
pvx destroy web
wait $client; check "the terminal ends with the guest" $? 0
kill $holder
cat /run/store.log
"""
CHECKS = 10

PROGRAMS = ("pvx-stored=/usr/sbin/pvx-stored", "pvx-store=/usr/bin/pvx-store", "pvx=/usr/bin/pvx",
            "pvx-consoled=/usr/sbin/pvx-consoled", "pvx-top=/usr/bin/pvx-top", "pvx-xml=/usr/libexec/parvus/pvx-xml")


def main(argv=None):
    args = arguments("dom0_console", __doc__, argv)
    guest = linux_root(os.path.join(args.folder, "guest"), GUEST, (), "--modules", "xen-blkfront")
    root = linux_root(args.folder, SCRIPT, PROGRAMS + (f"{guest}/vmlinuz=/root/vmlinuz", f"{guest}/initrd=/root/initrd"))
    return run_checks(dom0_options(args, root, 640, 1280), args.folder, CHECKS)


if __name__ == "__main__":
    sys.exit(main())
