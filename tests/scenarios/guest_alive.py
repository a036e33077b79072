# SPDX-License-Identifier: GPL-2.0-or-later
"""A stock Linux guest under load while each daemon of Dom0's is killed: it notices nothing, and nothing is lost.

Usage: guest_alive.py [--xen] [--smp N]   PARVUS_FULL=1: more rounds; --xen: our daemons on Debian's Xen
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "harness"))
from linux import (DOM0_PROGRAMS, DOM0_SHELL, GUEST_LOADS, STORE_PROGRAM, arguments, dom0_options, kernel_of,  # noqa: E402
                   linux_root, run_checks)

# In the guest: it works until Dom0 says "end"; its next start only waits.
GUEST = GUEST_LOADS + """
if [ "$(dd if=/dev/xvda bs=512 count=1 2>/dev/null | head -n1)" = load ]; then
	pvx-store watch -n 3 data/told >/tmp/events & watcher=$!
	load
	wait $watcher
	pvx-store write data/heard "$(sort -u /tmp/events | tr '\\n' ' ')"
fi
pvx-store write data/up yes
until said crash; do sleep 1; done
echo c >/proc/sysrq-trigger
"""

# In Dom0. Each line that begins with "check" is one.
SCRIPT = DOM0_SHELL + """
kill_stored() { kill -9 $stored; wait $stored 2>/dev/null; }
kill_all() { # kill_all NAME: and it has let go of its locks
	for pid in $(pidof $1); do
		kill -9 $pid
		until_is "" "grep '^State:.[^ZX]' /proc/$pid/status 2>/dev/null"
	done
}
kill_consoled() { kill_all pvx-consoled; }
kill_supervisor() { kill_all pvx-supervisor; }
begin_dom0
dd if=/dev/zero of=/tmp/disk bs=1M count=4 2>/dev/null
echo load | dd of=/tmp/disk conv=notrunc 2>/dev/null
guest_config 'disk = [ "/tmp/disk,raw,xvda,w" ]' 'vif = [ "mac=00:16:3e:01:02:03" ]' 'on_crash = "restart"'
pvx create /tmp/guest.cfg; check "a guest is made" $? 0
log=/tmp/consoles/guest-guest.log
sleep 100000 | pvx console guest >/tmp/seen 2>/dev/null &
id=$(pvx domid guest)
until_is yes "first disk >/dev/null && [ \\$(first disk) -gt 0 ] && [ \\$(first net) -gt 0 ] && echo yes"
for round in ROUNDS; do
	kill_stored; start_stored
	check "the store's daemon is killed, and all goes on ($round)" "$(moves)" yes
	kill_consoled; start_consoled
	check "so for the consoles' ($round)" "$(moves)" yes
	kill_supervisor
	check "so for the supervisor, which the doctor misses ($round)" "$(pvx doctor)$(moves)" "no supervisor runs: guests are not started again, nor cleared away
'pvx doctor --repair' puts right what can beyes"
	pvx doctor --repair >/dev/null
	check "and starts ($round)" "$(pidof pvx-supervisor | wc -w)" 1
	kill_stored; kill_consoled; kill_supervisor; start_stored
	until pvx-store exists /tool/xenstored 2>/dev/null; do sleep 1; done
	start_consoled; until_is 1 "pidof pvx-consoled | wc -w"
	pvx doctor --repair >/dev/null
	check "all of them at once ($round)" "$(moves)" yes
	pvx-store write /local/domain/$id/data/told $round
done
pvx-store write /local/domain/$id/data/told again
pvx-store write /local/domain/$id/data/told enough
say end
until_is yes "data up"
check "each block that was read is what was written" "$(data disk-end)" 0
check "each byte came back over the network" "$(data net-end)" 0
check "its watch has outlived all" "$(data heard)" "data/told "
check "the log has each line once" "$(grep '^line' $log | awk '$2 != NR { print NR; exit }')$(lines)" "$(data lines-end)"
echo "# turns: disk $(data disk), network $(data net), console $(data lines-end)"
dd if=/dev/zero of=/tmp/disk bs=512 count=1 conv=notrunc 2>/dev/null
# Actions on shutdown, while nobody is there to take them.
kill_supervisor
pvx reboot guest; check "it is asked to reboot with no supervisor" $? 0
until_is 1 "pvx list guest | grep -c -- '---sr-'"
pvx doctor --repair
until_is yes "data up"
check "the next supervisor starts it again" "$(pvx domid guest)" $((id + 1))
kill_stored; start_stored
until pvx-store exists /tool/xenstored 2>/dev/null; do sleep 1; done
say crash
until_is yes "[ x\\$(pvx domid guest) != x$((id + 1)) ] || grep -q restarting /run/pvx/guests/* && echo yes"
for delay in 0.2 0.5 1 0; do # whatever they are at
	kill -9 $(pidof pvx-supervisor) 2>/dev/null
	pvx supervise --wait 2>/dev/null & # for the killed one to let go
	sleep $delay
done
until_is yes "data up"
check "it has crashed and runs again, whoever was killed at it" "$(pvx list guest | awk 'NR == 2 { print ($2 > '$id' + 1), $3 }')" "1 160"
pvx destroy guest
check "nothing is left" "$(pvx doctor)$(losetup -a)$(pvx-store control check)" "all is wellOK"
kill $(pidof sleep)
cat /run/store.log /run/consoled.log /var/log/pvx/supervisor.log
tail -n 5 $log
"""
ROUNDS = "one two three four five" if os.environ.get("PARVUS_FULL") else "one"
CHECKS = 9 + 5 * len(ROUNDS.split())


def main(argv=None):
    args = arguments("guest_alive", __doc__, argv)
    guest = linux_root(os.path.join(args.folder, "guest"), GUEST, STORE_PROGRAM, "--modules", "xenfs xen-blkfront xen-netfront")
    root = linux_root(args.folder, SCRIPT.replace("ROUNDS", ROUNDS), DOM0_PROGRAMS + kernel_of(guest))
    return run_checks(dom0_options(args, root, 640, 1280), args.folder, CHECKS)


if __name__ == "__main__":
    sys.exit(main())
