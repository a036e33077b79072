# SPDX-License-Identifier: GPL-2.0-or-later
"""A kernel linked with our headers drives disks, a network and its console against stock Linux' back ends; others misbehave.

Usage: guest_frontends.py [--xen] [--smp N]   --xen: on Debian's Xen, with our tools there
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "harness"))
from linux import CHECK_SHELL, arguments, dom0_options, linux_root, run_checks  # noqa: E402

# In Dom0. Each line that begins with "check" is one; those of the guest are taken over.
SCRIPT = CHECK_SHELL + """
until_in() { left=5000; until grep -q "$2" $1 2>/dev/null || [ $left = 0 ]; do sleep 0.2; left=$((left - 1)); done; }
until_gone() { left=5000; while pvx domid $1 >/dev/null 2>&1 && [ $left != 0 ]; do sleep 0.2; left=$((left - 1)); done; }
guest_checks() { sed -n "s/\\r//; s/^ok [0-9]* - /check ok $1: /p; s/^not ok [0-9]* - /check bad $1: /p; /^#/p" $2; }
mkdir -p /run/xenstored
pvx-stored -N 2>/run/store.log &
until pvx-store exists /tool/xenstored 2>/dev/null; do sleep 0.1; done
pvx-consoled --log=guest --log-dir=/tmp/consoles
ip link add name xenbr0 type bridge 2>/dev/null || brctl addbr xenbr0
ip addr add 10.9.0.1/24 dev xenbr0; ip link set xenbr0 up
front_peer fill /tmp/disk; cp /tmp/disk /tmp/still
cat >/tmp/front.cfg <<END
name = "front"
kernel = "/root/frontend.elf"
memory = 16
disk = [ "/tmp/disk,raw,xvda,w", "/tmp/still,raw,xvdb,r" ]
vif = [ "bridge=xenbr0" ]
END
log=/tmp/consoles/guest-front.log
pvx create /tmp/front.cfg; check "a guest with front ends of our headers is made" $? 0
mkfifo /tmp/keys; (exec sleep 100000 >/tmp/keys) & holder=$!
until_in $log "^ready"
check "Dom0 finds what the guest wrote" "$(front_peer check /tmp/disk guest 2048 2048)" 2048
check "and what it did not write as it was" "$(front_peer check /tmp/disk dom0 0 2048)" 2048
check "nothing of the read-only disk was changed" "$(front_peer check /tmp/still dom0 0 4096)" 4096
check "pings are answered" "$(ping -c 3 -s 1400 10.9.0.2 | grep -o '[0-9]* packets received')" "3 packets received"
check "datagrams of all sizes come back the same" "$(front_peer echo 10.9.0.2)" 1479
pvx console front </tmp/keys >/dev/null 2>&1 & client=$!
echo "what is typed" >/tmp/keys
until_in $log "^got what is typed"
check "what is typed arrives" "$(grep -c '^got what is typed' $log)" 1
# One after the other misbehaves, each in its way, while the first goes on.
dd if=/dev/zero of=/tmp/scratch bs=1M count=2 2>/dev/null
wild() {
	wild=wild-$1$2; wild_log=/tmp/consoles/guest-$wild.log
	pvx create /tmp/front.cfg name=$wild cmdline="seed=$2 wild=$1" 'disk=["/tmp/scratch,raw,xvda,w"]'; check "$wild is made" $? 0
	until_in $wild_log "^ready"
	guest_checks $wild $wild_log
	pvx-store write /local/domain/$(pvx domid $wild)/data/go 1
	for tool in "pvx list -l" "pvx block-list $wild" "pvx network-list $wild" "pvx-top -b -i 1"; do
		$tool >/tmp/shown 2>/tmp/said || [ $? = 3 ] || echo "check bad $tool: $(cat /tmp/said)"
		if grep -q "[^ -~]" /tmp/shown; then echo "check bad $tool prints what the guest likes: $(tail -n 1 /tmp/shown)"; fi
	done
	if [ $1 = crash ]; then until_gone $wild; else usleep $((900000 - ${2:-0} * 80000)); pvx destroy $wild; check "$wild is destroyed" $? 0; fi
	check "and nothing of it is left" "$(pvx doctor) $(pvx list | wc -l)" "all is well 3"
	check "the other guest's network goes on" "$(front_peer echo 10.9.0.2 40)" 41
	rounds=$((rounds + 1))
	echo disk >/tmp/keys
	left=5000; until [ "$(grep -c '^the disk is' $log)" = $rounds ] || [ $left = 0 ]; do sleep 0.2; left=$((left - 1)); done
	check "and its disk and console" "$(grep -c '^the disk is good' $log)" $rounds
}
rounds=0
for way in requests states indexes flood crash; do wild $way; done
seed=0; while [ $seed -lt SEEDS ]; do seed=$((seed + 1)); for way in states flood; do wild $way $seed; done; done
check "Linux has nothing to complain of but them" "$(dmesg | grep -E 'BUG|WARNING:|Oops|Call Trace|blocked for')" ""
echo end >/tmp/keys
until_gone front
guest_checks front $log
check "its plan is kept" "$(tail -n 1 $log | tr -d '\\r')" "1..$(grep -c '^ok' $log)"
# The example for authors of kernels does what its head says.
dd if=/dev/zero of=/tmp/small bs=512 count=8 2>/dev/null; echo "the first line" | dd of=/tmp/small conv=notrunc 2>/dev/null
log=/tmp/consoles/guest-example.log
pvx create /tmp/front.cfg name=example kernel=/root/example.elf 'disk=["/tmp/small,raw,xvda,w"]'; check "the example is made" $? 0
until_in $log "^the first line"
check "it has read its disk" "$(grep -c '^the first line' $log)" 1
until_in /sys/class/net/vif$(pvx domid example).0/statistics/rx_packets '[1-9]'
check "and sends back what it receives" "$(grep -c '[1-9]' /sys/class/net/vif$(pvx domid example).0/statistics/rx_packets)" 1
pvx console example </tmp/keys >/dev/null 2>&1 &
echo "a line to keep" >/tmp/keys
until_in $log "^kept: a line to keep"
echo end >/tmp/keys
until_gone example
check "it keeps what is typed" "$(dd if=/tmp/small bs=512 skip=1 count=1 2>/dev/null | tr -d '\\000')" "a line to keep"
kill $holder 2>/dev/null
check "nothing is left" "$(pvx doctor)$(losetup -a)" "all is well"
tail -n 20 $log /run/store.log /var/log/pvx/supervisor.log
dmesg | tail -n 20
"""
CHECKS = 145
SEEDS = 10 if os.environ.get("PARVUS_FULL") else 0  # more rounds of what depends on one
CHECKS_OF_A_SEED = 31

PROGRAMS = ("pvx-stored=/usr/sbin/pvx-stored", "pvx-store=/usr/bin/pvx-store", "pvx=/usr/bin/pvx",
            "pvx-consoled=/usr/sbin/pvx-consoled", "pvx-top=/usr/bin/pvx-top", "tests/scenarios/front_peer=/usr/bin/front_peer",
            "tests/guests/frontend.elf=/root/frontend.elf", "tests/guests/example-front.elf=/root/example.elf")


def main(argv=None):
    args = arguments("guest_frontends", __doc__, argv)
    root = linux_root(args.folder, SCRIPT.replace("SEEDS", str(SEEDS)), PROGRAMS)
    return run_checks(dom0_options(args, root, 512, 768), args.folder, CHECKS + SEEDS * CHECKS_OF_A_SEED)


if __name__ == "__main__":
    sys.exit(main())
