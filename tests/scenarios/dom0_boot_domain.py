# SPDX-License-Identifier: GPL-2.0-or-later
"""A device tree has a stock Debian Linux as Dom0 and another as guest: the guest is attached and managed.

Both boot at once, from the same kernel and initrd. The guest's kernel waits for the store; Dom0 starts the daemons,
attaches it, sees its console and shuts it down.
"""

import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "harness"))
from linux import linux_root  # noqa: E402
from machine import PANIC, Machine, Tap, need  # noqa: E402

FOLDER = os.path.join("tests", "scenarios", "dom0_boot_domain")
LOG = "/var/log/xen/console/guest-web.log"

# In the guest: says so, and waits for Dom0's word. Lines that begin with "check" are checks.
SCRIPT = f"""#!/bin/sh
if ! grep -q control_d /proc/xen/capabilities; then
	echo the boot domain is in its userland
	sleep 100000
fi
check() {{ if [ "$2" = "$3" ]; then echo "check ok $1"; else echo "check bad $1: '$2' not '$3'"; fi; }}
mkdir -p /run/xenstored /var/log/xen/console
pvx-stored -N 2>/run/store.log &
until pvx-store exists /tool/xenstored 2>/dev/null; do sleep 1; done
check "the hypervisor's list has it before anybody attached it" "$(pvx list | awk '$2 == 7 {{ print $3 }}')" 192
pvx-consoled --interactive --log=guest 2>/run/console.log &
pvx dtb attach --tree=/etc/domains.dtb
check "it is attached once only" "$(pvx dtb attach --tree=/etc/domains.dtb)" ""
check "it has the name that the tree gives it" "$(pvx domname 7)" web
check "its share is what the tree says" "$(pvx sched-credit -d web | awk 'END {{ print $3, $4 }}')" "512 50"
check "its memory is in the store" "$(pvx-store read /local/domain/7/memory/target)" 196608
until pvx-store exists /local/domain/7/device/vbd || grep -q 'in its userland' {LOG}; do sleep 1; done
until grep -q 'in its userland' {LOG} 2>/dev/null; do sleep 1; done
check "its console comes to Dom0" "$(grep -c 'in its userland' {LOG})" 1
until pvx-store exists /local/domain/7/control/feature-poweroff; do sleep 1; done
check "it speaks to the store" "$(pvx-store read /local/domain/7/control/feature-poweroff)" 1
pvx pause web
check "it can be paused" "$(pvx list web | awk 'END {{ print substr($5, 3, 1) }}')" p
pvx unpause web
pvx destroy web
check "and destroyed" "$(pvx list | wc -l)" 2
cat /run/store.log /run/console.log
"""

TREE = """/dts-v1/;
/ { chosen { hypervisor {
	compatible = "hypervisor,xen";
	dom0 {
		compatible = "xen,domain"; functions = <0xC0000006>; mode = <5>; memory = <0 0x80000>;
		kernel { compatible = "module,kernel"; mb-index = <1>; bootargs = "console=hvc0 quiet panic=-1"; };
		ramdisk { compatible = "module,ramdisk"; mb-index = <2>; };
	};
	web {
		compatible = "xen,domain"; domid = <7>; mode = <5>; memory = <0 0x30000>; parvus,name = "web";
		parvus,weight = <512>; parvus,cap = <50>;
		kernel { compatible = "module,kernel"; mb-index = <1>; bootargs = "console=hvc0 panic=-1"; };
		ramdisk { compatible = "module,ramdisk"; mb-index = <2>; };
	};
}; }; };
"""


def build():
    os.makedirs(FOLDER, exist_ok=True)
    source, tree = (os.path.join(FOLDER, name) for name in ("domains.dts", "domains.dtb"))
    with open(source, "w", encoding="ascii") as file:
        file.write(TREE)
    subprocess.run(["dtc", "-q", "-I", "dts", "-O", "dtb", "-o", tree, source], check=True)
    add = [f"{name}=/usr/sbin/{name}" for name in ("pvx", "pvx-stored", "pvx-store", "pvx-consoled")]
    return tree, linux_root(FOLDER, SCRIPT, [f"{tree}=/etc/domains.dtb", *add])


def main():
    need("dtc", "device-tree-compiler")
    tree, root = build()
    tap = Tap()
    options = ["--hypervisor", "hypervisor/parvus.elf", "--mem", "1024", "--kernel", tree,
               "--initrd", os.path.join(root, "vmlinux"), "--initrd", os.path.join(root, "initrd")]
    with Machine(options, os.path.join(FOLDER, "console"), 400) as machine:
        machine.wait_for(r"the script ended with|" + PANIC.pattern)
        checks = re.findall(r"^check (ok|bad) (.*)$", machine.log, re.MULTILINE)
        for good, what in checks:
            tap.ok(good == "ok", what, machine.tail())
        tap.ok(len(checks) == 9, "all checks were reached", machine.tail())
        tap.ok("domain 7 is attached as 'web'" in machine.log, "it was attached", machine.tail())
        tap.ok(machine.wait_exit(seconds=60) == 0, "powering off ends the machine", machine.tail())
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
