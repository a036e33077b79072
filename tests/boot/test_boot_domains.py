#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Boot domains: the examples of docs/boot-domains.md, a boot domain, and trees that lie, under QEMU."""

import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "harness"))
from machine import PANIC, TOP, Machine, Tap, need  # noqa: E402

FOLDER = os.path.join("tests", "boot", "boot_domains")
GUESTS = os.path.join("tests", "guests")
KEEPER, FIRST, HELLO, PAUSER = (os.path.join(GUESTS, f"{name}.elf") for name in ("keeper", "boot_first", "hello", "pauser"))
PAIR, TENANT = (os.path.join(GUESTS, f"example-{name}.elf") for name in ("pair", "tenant"))


def example(name):
    """The device tree that docs/boot-domains.md shows under a name."""
    with open(os.path.join(TOP, "docs", "boot-domains.md"), encoding="utf-8") as page:
        blocks = re.findall(r"^```dts\n(.*?)^```", page.read(), re.MULTILINE | re.DOTALL)
    return next(block for block in blocks if f"/* example: {name} */" in block)


def compile_tree(name, source):
    path = os.path.join(FOLDER, name)
    with open(path + ".dts", "w", encoding="utf-8") as file:
        file.write(source)
    subprocess.run(["dtc", "-q", "-I", "dts", "-O", "dtb", "-o", path + ".dtb", path + ".dts"], check=True)
    return path + ".dtb"


def domain(name, properties, kernel=1, arguments=None):
    """The source of one domain's node."""
    bootargs = f'bootargs = "{arguments}";' if arguments else ""
    return (f'{name} {{ compatible = "xen,domain"; mode = <5>; {properties}\n'
            f'kernel {{ compatible = "module,kernel"; mb-index = <{kernel}>; {bootargs} }}; }};\n')


def tree(*nodes):
    return '/dts-v1/;\n/ { chosen { hypervisor { compatible = "hypervisor,xen";\n' + "".join(nodes) + "}; }; };\n"


class Boots:
    def __init__(self):
        self.tap = Tap()
        os.makedirs(FOLDER, exist_ok=True)

    def run(self, name, tree_file, modules, mem="192", options=()):
        """Boots it to the machine's end, and returns what the console showed."""
        command = ["--hypervisor", "hypervisor/parvus.elf", "--mem", mem, "--kernel", tree_file, *options]
        for module in modules:
            command += ["--initrd", module]
        with Machine(command, os.path.join(FOLDER, name + ".console"), 120) as machine:
            code = machine.wait_exit()
            self.tap.ok(code == 0, f"{name}: the machine comes to its end", machine.tail())
            return machine.log

    def shows(self, name, log, *patterns):
        at = 0
        for pattern in patterns:
            match = re.compile(pattern, re.MULTILINE).search(log, at)
            if not self.tap.ok(match, f"{name}: console: {pattern}", "\n".join(log.splitlines()[-25:])):
                return
            at = match.end()

    def relays(self, name, log, least):
        """The checks that a guest has printed."""
        checks = re.findall(r"^(?:\(d\d+\) )?(not )?ok \d+ - (.*)$", log, re.MULTILINE)
        for failed, what in checks:
            self.tap.ok(not failed, f"{name}: {what}", log)
        self.tap.ok(len(checks) >= least, f"{name}: {len(checks)} checks in a guest, {least} at least", log)


def test_dom0(boots):
    log = boots.run("dom0", compile_tree("dom0", example("dom0")), [KEEPER, "hypervisor/parvus.elf"], "768")
    boots.shows("dom0", log, r"^domain 0 is /chosen/hypervisor/dom0: 524288 KiB, 1 vCPU, kernel ELF$",
                r"^boot domains: 1 of 1 are built$", r"^Dom0 has ended: power-off$")
    boots.relays("dom0", log, 3)


def test_guest(boots):
    log = boots.run("guest", compile_tree("guest", example("guest")), [KEEPER, TENANT])
    boots.shows("guest", log, r"^domain 7 is /chosen/hypervisor/guest: 32768 KiB", r"^boot domains: 2 of 2 are built$",
                r"^# its console: a tenant with 8192 pages, with a store$", r"^Dom0 has ended: power-off$")
    boots.relays("guest", log, 15)


def test_pair(boots):
    log = boots.run("pair", compile_tree("pair", example("pair")), [PAIR])
    boots.shows("pair", log, r"^boot domains: 2 of 2 are built$", r"^\(d1\) domain 2 says that 1 squared is 1$",
                r"^\(d1\) domain 2 says that 5 squared is 25$",
                r"^all domains have ended, domain [12] as the last: power-off$")
    boots.tap.ok("(d2) answered domain 1 5 times\n" in log, "pair: both sides have spoken", log)


def test_two_processors(boots):
    log = boots.run("pair-smp", compile_tree("pair-smp", example("pair")), [PAIR], options=("--smp", "2"))
    boots.shows("pair-smp", log, r"^\(d1\) domain 2 says that 5 squared is 25$", r"^all domains have ended")


def test_boot_domain(boots):
    first = domain("first", "domid = <0x7ff5>; functions = <1>; permissions = <1>; memory = <0 8192>;", 1, "other=3")
    nodes = [domain("other", "domid = <3>; memory = <0 8192>;", 2), first,
             domain("spare", "domid = <4>; functions = <2>; memory = <0 8192>;", 3)]
    log = boots.run("first", compile_tree("first", tree(*nodes)), [FIRST, TENANT, HELLO])
    boots.shows("first", log, r"^\(d32757\) the boot domain runs$", r"^the boot domain has ended, the others begin$",
                r"^\(d3\) .*a tenant", r"^all domains have ended, domain 3 as the last: power-off$")
    boots.tap.ok("Hello from" not in log, "first: the recovery domain has not run", log)
    boots.relays("first", log, 1)
    crashing = [nodes[0], first.replace("other=3", "other=3 crash"), nodes[2]]
    log = boots.run("first-crash", compile_tree("first-crash", tree(*crashing)), [FIRST, TENANT, HELLO])
    boots.shows("first-crash", log, r"^domain 4 begins, the one for when something went wrong$", r"Hello from domain",
                r"^all domains have ended")


def test_two_control_domains(boots):
    nodes = [domain(f"pauser{i}", f"domid = <{i}>; permissions = <1>; memory = <0 8192>;", 1, f"other={3 - i}") for i in (1, 2)]
    log = boots.run("pausers", compile_tree("pausers", tree(*nodes)), [PAUSER], options=("--smp", "2"))
    boots.relays("pausers", log, 2)


def test_lies(boots):
    good = domain("good", "domid = <5>; memory = <0 8192>;", 1)
    lies = {
        "beyond the machine": (domain("large", "memory = <0 0x4000000>;"), r"/large: memory is 67108864 KiB; the whole"),
        "more than is left": (domain("greedy", "memory = <0 190000>;"), r"domain \d+: it wants 190000 KiB of memory"),
        "too little": (domain("little", "memory = <0 512>;"), r"domain \d+: 512 KiB of memory cannot hold"),
        "one number": (domain("twin", "domid = <5>; memory = <0 8192>;"), r"/twin: domid is another domain's already"),
        "no module": (domain("none", "memory = <0 8192>;", 9), r"/none: kernel: mb-index is 9; the loader brought"),
        "no kernel": (domain("data", "memory = <0 8192>;", 2), r"^kernel is neither an ELF file nor a Linux boot image$"),
        "too many vCPUs": (domain("wide", "cpus = <129>; memory = <0 8192>;"), r"/wide: cpus is 0x81"),
    }
    data = os.path.join(FOLDER, "data")
    with open(data, "wb") as file:
        file.write(bytes(range(256)) * 16)
    nodes = [good] + [node for node, _ in lies.values()]
    log = boots.run("lies", compile_tree("lies", tree(*nodes)), [HELLO, data])
    for what, (_, pattern) in lies.items():
        boots.tap.ok(re.search(pattern, log, re.MULTILINE), f"lies: {what}: {pattern}", log)
    boots.shows("lies", log, rf"^boot domains: 1 of {len(nodes)} are built$", r"^\(d5\) Hello from domain",
                r"^all domains have ended, domain 5")


def test_hopeless(boots):
    path = compile_tree("hopeless", example("dom0"))
    with open(path, "rb") as file:
        whole = file.read()
    with open(path, "wb") as file:
        file.write(whole[:300])
    log = boots.run("hopeless", path, [HELLO])
    boots.shows("hopeless", log, r"^device tree: it says to have \d+ bytes, of which 300 are there$",
                r"^panic.*: the device tree of boot domains, which is the first module, is of no use$")
    log = boots.run("none", compile_tree("none", tree(domain("one", "memory = <0 8192>;", 7))), [HELLO])
    boots.shows("none", log, r"^/chosen/hypervisor/one: this domain is not built$",
                r"^panic.*: not one of the boot domains could be built$")


def main():
    need("dtc", "device-tree-compiler")
    boots = Boots()
    for test in (test_dom0, test_guest, test_pair, test_two_processors, test_boot_domain, test_two_control_domains, test_lies,
                 test_hopeless):
        test(boots)
    return boots.tap.done()


if __name__ == "__main__":
    sys.exit(main())
