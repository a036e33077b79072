# SPDX-License-Identifier: GPL-2.0-or-later
"""Guests are made and ended by pvx that are killed, that race, and in numbers: afterwards all is as it was, to the page.

Usage: guest_many.py [--xen] [--smp N]   PARVUS_FULL=1: killed at every system call, 50 guests at once, 200 rounds
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "harness"))
from linux import DOM0_PROGRAMS, DOM0_SHELL, arguments, dom0_options, kernel_of, linux_root, run_checks  # noqa: E402

FULL = bool(os.environ.get("PARVUS_FULL"))
SIZES = {
    "STEP": 1 if FULL else 41,  # each so many system calls of `pvx create` one is killed
    "RACES": 100 if FULL else 8,
    "MANY": 46 if FULL else 12,
    "LINUXES": 4 if FULL else 0,
    "ROUNDS": 200 if FULL else 10,
}

# A Linux among many.
GUEST = """#!/bin/sh
echo "a Linux guest is there" >/dev/hvc0
while :; do sleep 1000; done
"""

# In Dom0. Each line that begins with "check" is one.
SCRIPT = DOM0_SHELL + """
# What there is in the world: nodes in the store, loop devices, records and names, interfaces; kilobytes free, of which
# Xen keeps some in its heap now and then.
world() { pvx-store ls | wc -l; losetup -a | wc -l
	grep -qi parvus /sys/hypervisor/version/extra && pvx-top -b -i 1 | grep -o '[0-9]*k free'
	ls /run/pvx/guests /run/pvx/names | grep -vc :; ls /sys/class/net | grep -c vif; }
same() { # same WHAT: supervisor and daemons may have something to clear away yet
	left=100; until [ "$(pvx doctor; world)" = "all is well
$before" ] || [ $left = 0 ]; do sleep 1; left=$((left - 1)); done
	check "$1, and all is as it was" "$(pvx doctor; world)" "all is well
$before"
}
begin_dom0
dd if=/dev/zero of=/tmp/disk bs=1M count=1 2>/dev/null
cat >/tmp/small.cfg <<END
name = "small"
kernel = "/root/small"
memory = 8
END
cat >/tmp/whole.cfg <<END
name = "whole"
kernel = "/root/small"
memory = 8
disk = [ "/tmp/disk,raw,xvda,w" ]
vif = [ "bridge=xenbr0" ]
END
# The first makes folders, the supervisor and the store's own.
pvx create /tmp/whole.cfg; check "a guest is made" $? 0
until_is 1 "grep -c 'a small guest with 2048 pages' /tmp/consoles/guest-whole.log"
check "and runs" "$(grep -c 'a small guest' /tmp/consoles/guest-whole.log)" 1
pvx destroy whole
until_is "all is well" "pvx doctor"
until before=$(world); sleep 2; [ "$before" = "$(world)" ]; do :; done

# Killed at its Nth system call.
call=1; killed=0
while kill_at_call $call $((call % 2 ? 9 : 2)) pvx create -p /tmp/whole.cfg 2>/dev/null; do
	killed=$((killed + 1)); call=$((call + STEP))
	until_is "all is well" "pvx doctor"
done
check "killed at every STEP. of its calls before it is done" $((killed * STEP > 60)) 1
pvx destroy whole
same "$killed were killed half way"
call=1
until ! kill_at_call $call 9 pvx destroy whole 2>/dev/null; do
	until_is "all is well" "pvx doctor"
	pvx create -p /tmp/whole.cfg 2>/dev/null # or it was killed too early, and lives
	call=$((call + STEP))
done
pvx destroy whole 2>/dev/null
same "and at destroying"

# Two at once.
wins=0; round=0
while [ $round -lt RACES ]; do
	round=$((round + 1))
	pvx create -p /tmp/small.cfg 2>/dev/null & one=$!
	pvx create -p /tmp/small.cfg 2>/dev/null & two=$!
	wait $one && wins=$((wins + 1))
	wait $two && wins=$((wins + 1))
	pvx destroy small & one=$!
	pvx destroy small 2>/dev/null & wait $one $!
	pvx destroy small 2>/dev/null
done
check "of two who want a name one gets it" $wins RACES
same "RACES races"
(i=0; while [ $i -lt RACES ]; do i=$((i + 1)); pvx create /tmp/whole.cfg 2>/dev/null; done) & one=$!
(i=0; while [ $i -lt RACES ]; do i=$((i + 1)); pvx destroy whole 2>/dev/null; pvx create -p /tmp/whole.cfg 2>/dev/null; done) & two=$!
(i=0; while [ $i -lt RACES ]; do i=$((i + 1)); pvx rename whole other 2>/dev/null; pvx destroy other 2>/dev/null; done) & wait $one $two $!
pvx destroy whole 2>/dev/null; pvx destroy other 2>/dev/null
same "makers, renamers and destroyers"

# Many.
i=0; while [ $i -lt MANY ]; do i=$((i + 1)); pvx create /tmp/small.cfg name=small$i || break; done
i=0; while [ $i -lt LINUXES ]; do i=$((i + 1)); pvx create /tmp/small.cfg name=linux$i kernel=/root/vmlinuz ramdisk=/root/initrd memory=128 "cmdline='console=hvc0 quiet'" || break; done
until_is $((MANY + LINUXES)) "cat /tmp/consoles/guest-small[0-9]*.log /tmp/consoles/guest-linux*.log 2>/dev/null | grep -c 'a small guest\\|a Linux guest is there'"
check "$((MANY + LINUXES)) guests at once, each heard on its console" "$(cat /tmp/consoles/guest-small[0-9]*.log /tmp/consoles/guest-linux*.log 2>/dev/null | grep -c 'a small guest\\|a Linux guest is there')" $((MANY + LINUXES))
check "and listed" "$(pvx list | grep -c '^small\\|^linux')" $((MANY + LINUXES))
check "all of them healthy" "$(pvx doctor)" "all is well"
pvx destroy $(pvx list | awk '/^small|^linux/ { print $1 }')
same "they are destroyed"
round=0
while [ $round -lt ROUNDS ]; do
	round=$((round + 1))
	pvx create /tmp/whole.cfg || break
	pvx destroy whole || break
done
same "$round rounds of making and destroying one with disk and interface"
cat /run/store.log
grep -v 'clearing away' /var/log/pvx/supervisor.log | tail -n 20
"""
CHECKS = 13

PROGRAMS = DOM0_PROGRAMS + ("pvx-top=/usr/bin/pvx-top", "tests/scenarios/kill_at_call=/usr/bin/kill_at_call",
                            "tests/scenarios/small_guest.elf=/root/small")


def main(argv=None):
    args = arguments("guest_many", __doc__, argv)
    script, programs = SCRIPT, PROGRAMS
    for name, size in SIZES.items():
        script = script.replace(name, str(size))
    if SIZES["LINUXES"]:
        guest = linux_root(os.path.join(args.folder, "guest"), GUEST, ())
        programs += kernel_of(guest)
    root = linux_root(args.folder, script, programs)
    return run_checks(dom0_options(args, root, 640, 2560 if SIZES["LINUXES"] else 1280), args.folder, CHECKS)


if __name__ == "__main__":
    sys.exit(main())
