# SPDX-License-Identifier: GPL-2.0-or-later
"""A stock Linux guest at work while vCPUs, memory and devices come and go; scripts, rates, queues, read-only disks.

Usage: guest_devices.py [--xen] [--smp N]
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "harness"))
from linux import (DOM0_PROGRAMS, DOM0_SHELL, GUEST_LOADS, STORE_PROGRAM, arguments, dom0_options, kernel_of,  # noqa: E402
                   linux_root, run_checks)

# In the guest: it works on its disk and network, and runs what Dom0 writes to data/run; data/answer has the output.
GUEST = GUEST_LOADS + """
load &
pvx-store watch data/run | while read event; do
	order=$(pvx-store read data/run 2>/dev/null) || continue
	pvx-store write data/answer "$(eval "$order" 2>&1 | tail -n 1)"
done
"""

# In Dom0. Each line that begins with "check" is one.
SCRIPT = DOM0_SHELL + """
home() { echo /local/domain/$(pvx domid guest); }
ask() { # ask COMMAND: what it prints in the guest
	pvx-store write $(home)/data/answer ...; pvx-store write $(home)/data/run "$1"
	until_is yes '[ "$(pvx-store read $(home)/data/answer)" != ... ] && echo yes'
	pvx-store read $(home)/data/answer
}
mkdir -p /etc/xen/scripts
cat >/etc/xen/scripts/hook <<'END'
#!/bin/sh
echo "$1 $XENBUS_TYPE $XENBUS_BASE_PATH ${XENBUS_PATH##*/} $(pvx-store read $XENBUS_PATH/type) $vif$2" >>/tmp/hooks
case "$1 $XENBUS_TYPE" in
"add vbd")
	[ "$(pvx-store read $XENBUS_PATH/params)" = secret:thing ] || { pvx-store write $XENBUS_PATH/hotplug-error "no such thing"; exit 1; }
	loop=$(losetup -f); losetup -r $loop /tmp/scripted; echo $loop >/tmp/loop
	pvx-store write $XENBUS_PATH/physical-device 7:$(printf %x ${loop#/dev/loop}); pvx-store write $XENBUS_PATH/hotplug-status connected ;;
"remove vbd") [ ! -e /tmp/loop ] || losetup -d $(cat /tmp/loop) ;;
"online vif") ip link set $vif mtu 1400; brctl addif xenbr0 $vif; ip link set $vif up; pvx-store write $XENBUS_PATH/hotplug-status connected ;;
esac
END
chmod +x /etc/xen/scripts/hook
begin_dom0
ip addr add 10.9.1.1/24 dev xenbr0
echo 2 >/sys/module/xen_netback/parameters/max_queues
for file in disk only scripted hot; do dd if=/dev/zero of=/tmp/$file bs=1M count=4 2>/dev/null; done
echo "read me" | dd of=/tmp/only conv=notrunc 2>/dev/null
echo "by a script" | dd of=/tmp/scripted conv=notrunc 2>/dev/null
guest_config "maxmem = 192" "vcpus = 2" "maxvcpus = 3" 'channel = [ "name=org.example.agent.1,connection=pty" ]' \\
	'disk = [ "/tmp/disk,raw,xvda,w", "/tmp/only,raw,xvdb,r", "vdev=xvdc,access=r,script=hook,target=secret:thing" ]' \\
	'vif = [ "mac=00:16:3e:01:02:03", "mac=00:16:3e:01:02:04,rate=2Mb/s@50ms,script=hook" ]'
text=$(pvx create /tmp/guest.cfg "disk=vdev=xvdc,access=r,script=hook,target=none" "vif=[]" 2>&1)
check "a script's error is said" "${text#*script}" " 'hook' says: no such thing"
text=$(pvx create /tmp/guest.cfg "disk=vdev=xvdc,access=r,script=nowhere,target=none" 2>&1)
check "one that is not there is missed" "${text#*script}" " '/etc/xen/scripts/nowhere': No such file or directory"
rm -f /tmp/hooks
pvx create /tmp/guest.cfg; check "a guest is made with scripts for a disk and an interface" $? 0
check "they were told which" "$(cat /tmp/hooks)" "add vbd backend 51744 phy 
online vif backend 1 vif vif$(pvx domid guest).1type_if=vif"
until_is yes "[ \\$(first disk) -gt 0 ] && [ \\$(first net) -gt 0 ] && echo yes"
check "its disk by the script is read" "$(ask 'head -n1 /dev/xvdc')" "by a script"
check "its read-only disk too" "$(ask 'head -n1 /dev/xvdb')" "read me"
check "and not written" "$(ask 'echo x >/dev/xvdb; blockdev --getro /dev/xvdb')$(head -n1 /tmp/only)" "1read me"
check "its interface has as many queues as vCPUs" "$(ask 'ls -d /sys/class/net/eth0/queues/tx-* | wc -l')" 2
check "that with a rate has the script's MTU in Dom0" "$(cat /sys/class/net/vif$(pvx domid guest).1/mtu)" 1400
check "its rate is told" "$(pvx-store read /local/domain/0/backend/vif/$(pvx domid guest)/1/rate)" "12500,50000"
check "and kept, and all comes" "$(ask 'ip addr add 10.9.1.2/24 dev eth1; ip link set eth1 up; a=$(cut -d. -f1 /proc/uptime); head -c 1000000 /dev/zero | nc 10.9.1.1 7000 | wc -c; b=$(cut -d. -f1 /proc/uptime); [ $((b - a)) -ge 3 ] || echo "in $((b - a)) s"')" 1000000
(echo hello; until grep -q heard /tmp/heard; do sleep 1; done) | pvx console -n 1 guest >/tmp/heard &
ask '(exec <>/dev/hvc1 >&0; stty raw -echo; read line; echo "heard $line")' >/dev/null
until_is 1 "grep -c heard /tmp/heard"
check "its channel speaks both ways" "$(tail -n 1 /tmp/heard)" "heard hello"

# vCPUs.
vcpus() { echo "$(ask 'cat /sys/devices/system/cpu/online') $(pvx list guest | awk 'NR == 2 { print $4 }')"; }
check "it begins with two vCPUs of three" "$(vcpus)" "0-1 2"
pvx vcpu-set guest 1; until_is "0 1" vcpus
check "one is taken" "$(vcpus)" "0 1"
pvx vcpu-set -i guest 3; until_is 0-2 "ask 'for c in 1 2; do echo 1 >/sys/devices/system/cpu/cpu\\$c/online; done; cat /sys/devices/system/cpu/online'"
check "and all are given" "$(vcpus)" "0-2 3"
check "and work" "$(ask 'for c in 0 1 2; do taskset -c $c true && echo -n $c; done')" 012
check "meanwhile it went on" "$(moves)" yes

# Memory.
memory() { pvx list guest | awk 'NR == 2 { print $3 }'; }
pvx mem-set guest 120; until_is 120 memory; check "its memory shrinks" "$(memory)" 120
pvx mem-set guest 180; until_is 180 memory; check "and grows" "$(memory)" 180
check "meanwhile it went on" "$(moves)" yes

# Pause, and devices that come and go.
for round in 1 2 3; do
	pvx pause guest; pvx unpause guest
	pvx block-attach guest /tmp/hot,raw,xvdd,w || echo "check bad attaching"
	check "a disk that comes is written" "$(ask 'until [ -b /dev/xvdd ]; do sleep 1; done; echo round '$round' | dd of=/dev/xvdd conv=sync 2>/dev/null; sync; echo done')$(head -n1 /tmp/hot)" "doneround $round"
	pvx network-attach guest bridge=xenbr0
	until_is 4 'pvx-store read $(home)/device/vif/2/state'
	pvx pause guest; pvx unpause guest
	pvx network-detach guest 2; pvx block-detach guest xvdd
	check "and goes, and it goes on" "$(ask 'until [ ! -b /dev/xvdd ]; do sleep 1; done; echo gone')$(moves)" goneyes
done
rm -f /tmp/hooks
pvx block-detach guest xvdc; check "the script gives its disk back" "$(cat /tmp/hooks)" "remove vbd backend 51744 phy "
say end; until_is yes "data ended"
check "nothing that was read was wrong" "$(data disk-end)$(data net-end)" 00
pvx destroy guest
check "the end of the other is told as well" "$(tail -n 1 /tmp/hooks | cut -d' ' -f1-4)" "offline vif backend 1"
check "and nothing is left" "$(pvx doctor)$(losetup -a)" "all is well"
cat /run/store.log /var/log/pvx/supervisor.log
tail -n 5 /tmp/consoles/guest-guest.log
"""
CHECKS = 30


def main(argv=None):
    args = arguments("guest_devices", __doc__, argv)
    guest = linux_root(os.path.join(args.folder, "guest"), GUEST, STORE_PROGRAM,
                       "--modules", "xenfs xen-blkfront xen-netfront")
    root = linux_root(args.folder, SCRIPT, DOM0_PROGRAMS + kernel_of(guest))
    return run_checks(dom0_options(args, root, 640, 1280), args.folder, CHECKS)


if __name__ == "__main__":
    sys.exit(main())
