#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Records what Debian's xl prints on Debian's Xen, and what it was told there, as files for test_golden.py.

Usage, in the build folder: record.py [--sched credit2] [--to FOLDER]

Not a test: the files are kept in xl/. One file a command: the facts that the hypervisor gave (record.c), then the
output, byte for byte. What is the same for all is in xl/facts.golden; what the store held, which they do not change,
in xl/store.golden.
"""

import argparse
import base64
import io
import os
import re
import subprocess
import sys
import tarfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "harness"))
from linux import linux_root  # noqa: E402
from machine import PANIC, Machine  # noqa: E402
import incumbent  # noqa: E402

# A guest in each state that a list can show. The store's nodes of devices are as a front end leaves them.
GUESTS = {
    "web": ('vcpus = 2\nmaxvcpus = 3\ncpus = "1"\ncpus_soft = "0"\ncpu_weight = 512\ncap = 50\nextra = "stay"\n'
            'disk = [ "/dev/loop0,raw,xvda,w,script=/etc/xen/scripts/ready", "/dev/loop1,raw,xvdb,r,script=/etc/xen/scripts/ready" ]\n'
            'vif = [ "mac=00:16:3e:01:02:03,script=/etc/xen/scripts/ready", "mac=00:16:3e:01:02:04,bridge=xenbr1,'
            'script=/etc/xen/scripts/ready" ]\n'),
    "stopped": 'extra = "poweroff"\n',
    "again": 'extra = "reboot"\n',
    "crashed": 'extra = "crash"\n',
    "a-name-which-is-longer-than-the-column-that-it-is-in": 'extra = "stay"\n',
    "waiting": 'extra = "stay"\nmaxmem = 24\n',
}

SETUP = """#!/bin/sh
mkdir -p /etc/xen/scripts /run/xenstored /var/lock /run/lock /var/run/xen /var/lib/xen /var/log/xen /out
touch /etc/xen/xl.conf
cat >/etc/xen/scripts/ready <<'END'
#!/bin/sh
case $XENBUS_PATH in */vbd/*) pvx-store write $XENBUS_PATH/physical-device 7:0;; esac
pvx-store write $XENBUS_PATH/hotplug-status connected
END
chmod +x /etc/xen/scripts/ready
pvx-stored -N 2>/run/log &
until pvx-store exists /tool/xenstored 2>/dev/null; do sleep 1; done
xen-init-dom0
pvx-consoled --log=none
ip link add name xenbr0 type bridge 2>/dev/null || brctl addbr xenbr0
for i in 0 1; do dd if=/dev/zero of=/tmp/disk$i bs=1M count=1 2>/dev/null; losetup /dev/loop$i /tmp/disk$i; done
"""

END = """
front=/local/domain/1/device
sleep 5 # until all guests have done what they were started for
pvx-store write $front/vbd/51712/state 4 $front/vbd/51712/event-channel 15 $front/vbd/51712/ring-ref 8
pvx-store write $front/vif/0/state 4 $front/vif/0/event-channel-tx 17 $front/vif/0/tx-ring-ref 768 $front/vif/0/rx-ring-ref 769
pvx-store write $front/vif/0/event-channel 17
pvx-store ls -f / >/out/store
for field in n r v m; do uname -$field; done >/out/uname
"""

RUN = """
run() { name=$1; shift
	LD_PRELOAD=/lib/record.so GOLDEN_FACTS=/out/$name.facts "$@" >/out/$name.out 2>/out/$name.err; echo $? >/out/$name.code; }
"""

COMMANDS = [line.split(None, 1) for line in """
list              list
list-v            list -v
list-Z            list -Z
list-c            list -c
list-n            list -n
list-vcn          list -v -c -n
list-l            list -l
list-one          list web
list-none         list nobody
list-number       list 99
info              info
info-n            info -n
vcpu-list         vcpu-list
vcpu-list-one     vcpu-list web
vcpu-list-none    vcpu-list nobody
uptime            uptime
uptime-s          uptime -s
uptime-one        uptime web
uptime-none       uptime nobody
sched-credit      sched-credit
sched-credit-d    sched-credit -d web
sched-credit-s    sched-credit -s
sched-credit-none sched-credit -d nobody
sched-credit2     sched-credit2
sched-credit2-s   sched-credit2 -s
sched-credit2-d   sched-credit2 -d web
sched-credit2-w   sched-credit2 -d web -w 300
sched-rtds        sched-rtds
sched-rtds-s      sched-rtds -s
sched-rtds-d      sched-rtds -d web
sched-rtds-p      sched-rtds -d web -p 10000 -b 5000
network-list      network-list web
network-list-two  network-list web stopped
network-list-none network-list nobody
block-list        block-list web
domid             domid web
domid-none        domid nobody
domname           domname 1
domname-none      domname 99
cpupool-list      cpupool-list
cpupool-list-c    cpupool-list -c
cpupool-list-one  cpupool-list Pool-0
cpupool-list-none cpupool-list nobody
claims            claims
vm-list           vm-list
mem-set-none      mem-set nobody 16
mem-set-word      mem-set web many
pause-none        pause nobody
destroy-none      destroy nobody
create-none       create /nowhere.cfg
shutdown-none     shutdown nobody
rename-none       rename nobody other
vcpu-pin-word     vcpu-pin web 0 many
vcpu-set-many     vcpu-set web 99
trigger-word      trigger web many
dump-core-none    dump-core nobody /tmp/core
no-command        nothing
""".strip().splitlines()]


def script():
    parts = [SETUP]
    for name, more in GUESTS.items():
        head = f'name = "{name}"\ntype = "pv"\nkernel = "/guest.elf"\nmemory = 20\n'
        stay = 'on_poweroff = "preserve"\non_reboot = "preserve"\non_crash = "preserve"\n'
        paused = " -p" if name == "waiting" else ""
        parts.append(f"cat >/tmp/cfg <<'END'\n{head}{more}{stay}END\nxl create{paused} /tmp/cfg\n")
    parts += [END, RUN]
    parts += [f"run {name} xl {command}\n" for name, command in COMMANDS]
    parts.append("echo '<<<'; tar -c -C /out . | gzip | base64; echo '>>>'\n")
    return "".join(parts)


def dom0(folder):
    tools = incumbent.store()
    subprocess.run(["make", "-s", "tests/golden/record.so", "tests/golden/guest.elf"], check=True)
    added = ["pvx-stored=/usr/sbin/pvx-stored", "pvx-store=/usr/bin/pvx-store", "pvx-consoled=/usr/sbin/pvx-consoled",
             "tests/golden/record.so=/lib/record.so", "tests/golden/guest.elf=/guest.elf",
             "/lib/x86_64-linux-gnu/libgcc_s.so.1=/lib/x86_64-linux-gnu/libgcc_s.so.1"] # which threads of xl load
    added += [f"{os.path.join(tools, name)}=/usr/sbin/{name}" for name in ("xl", "xen-init-dom0")]
    return linux_root(folder, script(), added)


def key_of(fact):
    """What a fact is about, without what it says."""
    words = fact.split(" ")
    if words[0] == "domain":
        return " ".join((words[0], words[1][:4])) # its number is what the structure begins with
    return " ".join(words[:2] if words[0] in ("pool", "version") else words[:-1])


def common_facts(files):
    """The first that was told of each."""
    known = {}
    for name, _ in COMMANDS:
        for fact in files.get(f"./{name}.facts", b"").decode().splitlines():
            known.setdefault(key_of(fact), fact)
    uname = zip(("nodename", "release", "kernel", "machine"), files["./uname"].decode().splitlines())
    return [f"{key} {value}" for key, value in uname] + [fact for key, fact in known.items() if key[:4] not in ("time", "upti")]


def write_case(files, common, name, command, target):
    """One transcript; a fact that was told again is written once."""
    def lines(suffix):
        return files.get(f"./{name}.{suffix}", b"").decode().splitlines()
    facts = [fact for fact in dict.fromkeys(lines("facts")) if fact not in common]
    with open(os.path.join(target, name + ".golden"), "w", encoding="ascii", newline="\n") as file:
        file.write(f"$ {command}\n")
        file.writelines(line + "\n" for line in facts)
        file.write(f"exit {lines('code')[0]}\n")
        file.writelines(f"! {line}\n" for line in lines("err"))
        file.writelines(f"> {line}\n" for line in lines("out"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sched", default="credit")
    parser.add_argument("--to", default=os.path.join(HERE, "xl"))
    args = parser.parse_args()
    folder = os.path.join("tests", "golden", "dom0")
    root = dom0(folder)
    options = ["--hypervisor", incumbent.xen(), "--kernel", os.path.join(root, "vmlinux"),
               "--initrd", os.path.join(root, "initrd"), "--cmdline", "console=hvc0 quiet panic=-1",
               "--hv", f"com1=115200,8n1 console=com1 dom0_mem=512M sched={args.sched}", "--mem", "1024", "--smp", "2"]
    with Machine(options, os.path.join(folder, "console"), 900) as machine:
        machine.wait_for(r"the script ended with|" + PANIC.pattern)
        packed = re.search(r"^<<<\n(.*?)^>>>", machine.log, re.MULTILINE | re.DOTALL)
        if not packed:
            sys.exit(machine.tail(40))
    with tarfile.open(fileobj=io.BytesIO(base64.b64decode(packed.group(1)))) as tar:
        files = {member.name: tar.extractfile(member).read() for member in tar if member.isfile()}
    os.makedirs(args.to, exist_ok=True)
    common = common_facts(files)
    with open(os.path.join(args.to, "facts.golden"), "w", encoding="ascii") as file:
        file.writelines(fact + "\n" for fact in common)
    for name, command in COMMANDS:
        write_case(files, common, name, command, args.to)
    with open(os.path.join(args.to, "store.golden"), "wb") as file:
        file.write(files["./store"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
