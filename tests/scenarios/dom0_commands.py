# SPDX-License-Identifier: GPL-2.0-or-later
"""Commands of pvx on small guests: side by side with Debian's xl, bad input refused in a line or two, cores, changed configurations.

Usage: dom0_commands.py [--xen] [--smp N]   --xen: on Debian's Xen
"""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "harness"))
from linux import CHECK_SHELL, arguments, dom0_options, linux_root, run_checks  # noqa: E402
from machine import skip_all  # noqa: E402
import incumbent  # noqa: E402

# In Dom0. Each line that begins with "check" is one.
SCRIPT = CHECK_SHELL + r"""
refused() { what=$1; code=$2; word=$3; shift 3; text=$("$@" 2>&1); got=$?; lines=$(echo "$text" | wc -l)
	case "$got $text" in "$code "*"$word"*) ;; *) lines=99;; esac
	if [ $lines -le 2 ]; then echo "check ok refused: $what"; else echo "check bad refused: $what: $got $text"; fi; }
state() { pvx list $1 2>/dev/null | awk 'NR == 2 { print $5 }'; }
mkdir -p /etc/xen /var/lock /run/lock /var/run/xen /var/lib/xen /var/log/xen
touch /etc/xen/xl.conf; echo "nobody::99:99::/:/bin/sh" >>/etc/passwd
refused "no store daemon yet" 1 "no store daemon runs" pvx doctor
check "the doctor starts it" "$(pvx doctor --repair)" "no store daemon runs: put right"
xen-init-dom0 >/dev/null
pvx-consoled --log=guest --log-dir=/tmp/consoles
ip link add name xenbr0 type bridge 2>/dev/null || brctl addbr xenbr0
dd if=/dev/zero of=/tmp/disk bs=1M count=1 2>/dev/null
cat >/tmp/cfg <<END
name = "web"
kernel = "/guest.elf"
memory = 16
vcpus = 2
cmdline = "stay"
disk = [ "/tmp/disk,raw,xvda,w" ]
vif = [ "mac=00:16:3e:01:02:03" ]
END

# --- Made wrongly
refused "no such file" 2 "/tmp/nowhere" pvx create /tmp/nowhere
echo 'name = "web' >/tmp/bad; refused "a string without end" 2 "/tmp/bad:1: error: the string has no closing" pvx create /tmp/bad
echo 'memory = much' >/tmp/bad; refused "a value that is none" 2 "/tmp/bad:1: error:" pvx create /tmp/bad
refused "no kernel" 1 "/nowhere" pvx create /tmp/cfg 'kernel="/nowhere"'
refused "no disk" 1 "/tmp/none" pvx create /tmp/cfg 'disk=["/tmp/none,raw,xvda,w"]'
refused "a format that is not served" 2 "qemu-img convert" pvx create /tmp/cfg 'disk=["/tmp/disk,qcow2,xvda,w"]'
refused "no bridge" 1 "there is no bridge 'br7'" pvx create /tmp/cfg 'vif=["bridge=br7"]'
refused "too much memory" 1 "not enough memory" pvx create /tmp/cfg memory=9000
refused "no pool" 1 "there is no pool 'none'" pvx create /tmp/cfg 'pool="none"'
node='"size=8","vcpus=0","vdistances=10,21"'; nodes="vnuma=[[\"pnode=0\",$node],[\"pnode=0\",\"size=8\",\"vcpus=1\",\"vdistances=20,10\"]]"
refused "a node that the machine does not have" 1 "arguments:1: vnuma: the machine has no node 1" pvx create /tmp/cfg 'vnuma=[["pnode=1","size=16","vcpus=0-1","vdistances=10"]]'
refused "nodes of too much memory" 2 "arguments:1: error: vnuma: its nodes have 16 MiB together, and maxmem is 32" pvx create /tmp/cfg "$nodes" maxmem=32
refused "a word that is no key=value" 2 "" pvx create /tmp/cfg oops=
refused "nothing at all" 2 "it needs a configuration" pvx create
check "an unknown key is told, with the nearest" "$(pvx create -n /tmp/cfg memorie=3 2>&1 | grep -c 'unknown key "memorie" ignored; did you mean "memory"')" 1
check "a dry run makes nothing" "$(pvx create -n /tmp/cfg >/dev/null; pvx list web 2>&1 | grep -c 'no domain named')" 1
check "nothing is left behind" "$(pvx doctor)$(losetup -a)" "all is well"

# --- One that runs
pvx create -p /tmp/cfg; check "a guest" $? 0
refused "its name" 1 "the name 'web' is taken" pvx create -p /tmp/cfg 'disk=[]'
refused "its disk" 1 "in use by domain" pvx create -p /tmp/cfg 'name="other"'
pvx create -p /tmp/cfg 'name="other"' 'disk=["/tmp/disk,raw,xvda,w!"]' 'vif=[]'; check "unless both are to write" $? 0
pvx destroy other; check "it is destroyed" $? 0
pvx -N sched-credit -d web -w 77; pvx -N sched-credit -s -t 7; pvx -N vcpu-set web 1; pvx sysrq --dry-run web h
check "dry runs change nothing" "$(pvx sched-credit -d web | awk 'NR == 2 { print $3 }') $(pvx sched-credit -s | grep -c tslice=7ms) $(pvx-store read /local/domain/$(pvx domid web)/cpu/1/availability) $(pvx-store read /local/domain/$(pvx domid web)/control/sysrq)" "256 0 online "
pvx unpause web
until_is -b---- "state web"
check "it waits" "$(state web)" -b----
refused "a vCPU too many" 1 "1 to 2 vCPUs" pvx vcpu-set web 3
refused "no vCPU" 1 "is no vCPU of domain" pvx vcpu-pin web 7 0
refused "no CPUs" 1 "is no list of CPUs" pvx vcpu-pin web 0 many
refused "no amount of memory" 1 "is no amount of memory" pvx mem-set web many
refused "more memory than it may have" 1 "more than the 16" pvx mem-set web 600
refused "no trigger" 2 "is none of nmi" pvx trigger web many
refused "no vCPU to send it to" 2 "is no number of a vCPU" pvx trigger web nmi x
refused "no channel" 1 "there is no such console" pvx console -n 7 web
refused "Dom0's console" 1 "there is no such console" pvx console 0
refused "no letter" 2 "is not one letter" pvx sysrq web many
refused "no disk to attach" 1 "/tmp/none" pvx block-attach web /tmp/none,raw,xvdb,w
refused "no specification" 2 "backed" pvx block-attach web /tmp/disk,raw,xvdb,w,backed=x
refused "a virtual device that is taken" 1 "xvda" pvx block-attach web /tmp/disk,raw,xvda,w!
refused "no such disk" 1 "has no" pvx block-detach web xvdz
refused "no virtual device" 2 "is no virtual device" pvx block-detach web disk
refused "no such interface" 1 "has no interface 7" pvx network-detach web 7
refused "no name" 1 "cannot be the name" pvx rename web ../x
refused "no weight" 1 "sched-credit: " pvx sched-credit -d web -w 0
refused "a scheduler that is not there" 1 "not rtds" pvx sched-rtds -d web
refused "no domain" 3 "there is no domain named 'x'" pvx pause x
refused "no number of a domain" 3 "there is no domain 99" pvx destroy 99
refused "no command" 2 "there is no command 'x'" pvx x
refused "too many words" 2 "one word too many" pvx domid a b
refused "an option that is not there" 2 "--help" pvx list --x
refused "no right" 4 "/dev/xen/privcmd: Permission denied" su nobody -c "pvx list"
front=/local/domain/$(pvx domid web)/device
pvx-store write $front/vbd/51712/state many $front/vbd/51712/ring-ref x $front/vif/0/state 77 $front/vif/0/mac nonsense
check "what a front end says of itself does not matter" "$(pvx block-list web | awk 'NR == 2 { print $1, $2, $4 }')" "51712 0 -1"

# --- Virtual NUMA
pvx create /tmp/cfg 'name="nodes"' 'disk=[]' 'vif=[]' 'cmdline="nodes"' "$nodes"; check "a guest with nodes" $? 0
said="nodes 2: 0 0-800000 1 800000-1000000, distances 10 21 20 10, vCPUs of 0 1"
until_is "$said" "tail -n 1 /tmp/consoles/guest-nodes.log | tr -d '\r'"
check "sees them" "$(tail -n 1 /tmp/consoles/guest-nodes.log | tr -d '\r')" "$said"
check "and so does who asks" "$(pvx list -l nodes | tr -d ' \n' | grep -o '"vnuma_nodes.*"distances":\[20,10\],"pnode":0,"vcpus":\[1\]')" \
	'"vnuma_nodes":[{"memkb":8192,"distances":[10,21],"pnode":0,"vcpus":[0]},{"memkb":8192,"distances":[20,10],"pnode":0,"vcpus":[1]'
pvx destroy nodes

# --- As xl prints it
mask() { sed -e 's/ *[0-9]*\.[0-9]\( \|$\)/ T\1/' -e 's/ [r-][b-]---- / S /' -e 's/^\(Domain-0 .*\) [0-9-]   [r-][b-]-/\1 C S/' -e 's/free_memory.*//' -e 's/cpu_mhz.*//'; }
for words in list "list -v" "list -Z" "list -c" "list -n" "list web" info "info -n" vcpu-list "vcpu-list web" sched-credit \
	"sched-credit -d web" "sched-credit -s" sched-credit2 sched-rtds "network-list web" "domid web" cpupool-list \
	"cpupool-list -c" claims vm-list; do
	check "xl $words" "$(pvx $words | mask)" "$(xl $words 2>/dev/null | mask)"
done
uptime() { $1 uptime | sed 's/:[0-9][0-9]$//'; }
until ours=$(uptime pvx); theirs=$(uptime xl); [ "$ours" = "$(uptime pvx)" ]; do :; done # in one minute
check "xl uptime" "$ours" "$theirs"

# --- Another configuration, a core, and the end
pvx create -p /tmp/cfg 'name="again"' 'disk=[]' 'vif=[]' 'cmdline="reboot"' vcpus=1; check "one that will start anew" $? 0
refused "no change" 2 "it needs a configuration" pvx config-update again
refused "a change that is none" 2 "memory" pvx config-update again memory=much
pvx config-update again 'cmdline="stay"' memory=20 maxmem=20; check "its configuration is changed" $? 0
pvx unpause again
until_is "20 -b----" "pvx list again 2>/dev/null | awk 'NR == 2 { print \$3, \$5 }'"
check "which is so when it has started anew" "$(pvx list again | awk 'NR == 2 { print $3, $5 }')" "20 -b----"
check "what it was made of now" "$(pvx list -l again | grep -c '"cmdline": "stay"')" 1
kept=0; call=1 # longer and shorter, so that what is half written is not what was there
while kill_at_call $call 9 pvx config-update again "cmdline='stay $([ $((call % 2)) = 0 ] || seq 50 | tr '\n' .)'" 2>/dev/null; do
	kept=$((kept + $(pvx list -l again | grep -c '"kernel": "/guest.elf"'))); call=$((call + 1))
done
check "it is whole, killed at whichever of $((call - 1)) calls" $((kept == call - 1 && kept > 30)) 1
pvx dump-core again /tmp/core; check "a core" $? 0
refused "what is there already" 1 "/tmp/core: File exists" pvx dump-core again /tmp/core
check "has all its memory" "$(($(stat -c %s /tmp/core) > 20 << 20))$(stat -c %a /tmp/core)" 1600
check "and is a core" "$(hexdump -n 18 -e '18/1 "%02x"' /tmp/core)$(strings /tmp/core | grep -c '^\.xen_p2m$')" 7f454c460201010000000000000000000400""1
pvx create /tmp/cfg 'name="crashed"' 'disk=[]' 'vif=[]' 'cmdline="crash"' 'on_crash="coredump-destroy"'
until_is 3 'pvx domid crashed >/dev/null 2>&1; echo $?'
check "one that crashes leaves a core" "$(($(stat -c %s /var/lib/xen/dump/crashed) > 16 << 20))" 1
pvx destroy web again; check "all are destroyed" $? 0
check "and nothing is left" "$(pvx doctor)$(losetup -a)" "all is well"
cat /var/log/pvx/supervisor.log
"""

CHECKS = 90

PROGRAMS = ("pvx-stored=/usr/sbin/pvx-stored", "pvx-store=/usr/bin/pvx-store", "pvx=/usr/bin/pvx",
            "pvx-consoled=/usr/sbin/pvx-consoled", "tests/golden/guest.elf=/guest.elf",
            "tests/scenarios/kill_at_call=/usr/bin/kill_at_call")


def main(argv=None):
    args = arguments("dom0_commands", __doc__, argv)
    tools = incumbent.store() or skip_all("Debian's tools are not to be had")
    added = [f"{os.path.join(tools, name)}=/usr/sbin/{name}" for name in ("xl", "xen-init-dom0")]
    root = linux_root(args.folder, SCRIPT, [*PROGRAMS, *added])
    return run_checks(dom0_options(args, root, 512, 768), args.folder, CHECKS)


if __name__ == "__main__":
    sys.exit(main())
