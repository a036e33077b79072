# SPDX-License-Identifier: GPL-2.0-or-later
"""From a stock Linux Dom0 under load: processors off line and back, by its kernel, and pools of processors, by pvx.

Usage: dom0_processors.py [--xen]   on four processors; --xen: on Debian's Xen, with our tools there
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "harness"))
from linux import CHECK_SHELL, arguments, dom0_options, linux_root, run_checks  # noqa: E402

# Each line that begins with "check" is one.
SCRIPT = CHECK_SHELL + """
fails() { "$@" >/run/said 2>&1 && echo done || cat /run/said; }
count() { pvx info | sed -n "s/^$1 *: //p"; }
pools() { pvx cpupool-list -c | sed 1d | tr -s ' ' | sort | tr '\\n' ';'; }
until_told() { left=1000; until [ "$(cat $1 2>/dev/null)" = $2 ] || [ $left = 0 ]; do sleep 1; left=$((left - 1)); done; }
mkdir -p /run/xenstored
pvx-stored -N 2>>/run/store.log &
until pvx-store exists /tool/xenstored 2>/dev/null; do sleep 1; done
sum() { head -c 300000 /dev/zero | sha256sum; }
right=$(sum)
load() { while [ ! -e /run/enough ]; do [ "$(sum)" = "$right" ] || echo "wrong sum"; done; }
load >/run/load.1 2>&1 & load >/run/load.2 2>&1 &

cd /sys/devices/system/xen_cpu
check "the kernel knows four processors" "$(echo xen_cpu*)" "xen_cpu0 xen_cpu1 xen_cpu2 xen_cpu3"
check "of which the first stays" "$([ -e xen_cpu0/online ] && echo goes || echo stays)" stays
wrong=0
for round in 1 2; do
	for cpu in 1 2 3; do
		echo 0 >xen_cpu$cpu/online || wrong=$((wrong + 1))
		until_told xen_cpu$cpu/online 0
	done
	[ "$(count nr_cpus)" = 1 ] || wrong=$((wrong + 1))
	for cpu in 1 2 3; do
		echo 1 >xen_cpu$cpu/online || wrong=$((wrong + 1))
		until_told xen_cpu$cpu/online 1
	done
	[ "$(count nr_cpus)" = 4 ] || wrong=$((wrong + 1))
done
check "three go and come twice" $wrong 0
cd /

check "all are in the first pool" "$(pools)" "Pool-0 0,1,2,3;"
check "none is free for another" "$(fails pvx cpupool-create 'name="none"' | grep -c 'no CPU is free')" 1
pvx cpupool-cpu-remove Pool-0 2-3; check "two are taken from it" $? 0
check "and are free" "$(count free_cpus)" 2
cat >/tmp/pool.cfg <<END
name = "second"
sched = "credit"
cpus = ["2"]
END
check "a pool is made" "$(pvx cpupool-create /tmp/pool.cfg 'cpus="2-3"' | tr '\\n' ';')" \\
	'Using config file "/tmp/pool.cfg";cpupool name:   second;scheduler:      credit;number of cpus: 2;'
check "with both" "$(pools)" "Pool-0 0,1;second 2,3;"
check "a name is given once" "$(fails pvx cpupool-create /tmp/pool.cfg | grep -c "there is a pool 'second' already")" 1
check "a processor as well" "$(fails pvx cpupool-create 'name="third"' 'cpus="1"' | grep -c 'CPU 1 is not free')" 1
check "nothing is left of what could not be made" "$(pools)" "Pool-0 0,1;second 2,3;"
pvx sched-credit -s -p second -t 5
check "its slices are its own" "$(pvx sched-credit -s -p second | sed 's/ ratelimit.*//') $(pvx sched-credit -s -p Pool-0 | sed 's/ ratelimit.*//')" \\
	"Cpupool second: tslice=5ms Cpupool Pool-0: tslice=30ms"

cat >/tmp/guest.cfg <<END
name = "guest"
kernel = "/root/kernel"
memory = 16
pool = "second"
END
pvx create -q -p /tmp/guest.cfg; check "a guest is made in it" $? 0
check "and is there" "$(pvx list -c | awk '/^guest/ { print $NF }')" second
check "so that it stays" "$(fails pvx cpupool-destroy second | grep -c "pool 'second' has 1 domain")" 1
pvx cpupool-migrate guest Pool-0; check "the guest moves" $? 0
check "Dom0 does not" "$(fails pvx cpupool-migrate 0 second | grep -c 'Domain-0 cannot be moved')" 1
pvx destroy guest
echo 0 >/sys/devices/system/xen_cpu/xen_cpu3/online
until_told /sys/devices/system/xen_cpu/xen_cpu3/online 0
check "a processor goes from its pool" "$(pools)" "Pool-0 0,1;second 2;"
echo 1 >/sys/devices/system/xen_cpu/xen_cpu3/online
until_told /sys/devices/system/xen_cpu/xen_cpu3/online 1
pvx cpupool-rename second other; check "the pool is renamed" "$(pvx cpupool-list other | sed 1d | tr -s ' ')" "other 1 credit y 0"
pvx cpupool-destroy other; check "and dissolved" $? 0
pvx cpupool-cpu-add Pool-0 all >/dev/null 2>&1
check "all are in the first pool again" "$(pools)" "Pool-0 0,1,2,3;"
pvx cpupool-numa-split; check "one node is one pool" "$(pools)" "Pool-node0 0,1,2,3;"

touch /run/enough
check "the load found nothing wrong" "$(cat /run/load.*)" ""
check "nor did the kernel" "$(dmesg | grep 'BUG:\\|Oops\\|WARNING:\\|Call Trace\\|rcu.*stall\\|lockup')" ""
cat /run/store.log
"""
CHECKS = 25

PROGRAMS = ("pvx-stored=/usr/sbin/pvx-stored", "pvx-store=/usr/bin/pvx-store", "pvx=/usr/bin/pvx",
            "tests/guests/hello.elf=/root/kernel")


def main(argv=None):
    args = arguments("dom0_processors", __doc__, argv)
    args.smp = "4"
    root = linux_root(args.folder, SCRIPT, PROGRAMS)
    options = dom0_options(args, root, 640, 1280)
    options[options.index("--hv") + 1] += " dom0_max_vcpus=2" + (" sched=credit" if args.xen else "")
    return run_checks(options, args.folder, CHECKS)


if __name__ == "__main__":
    sys.exit(main())
