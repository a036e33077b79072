#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Domain XML to xl.cfg and back: golden files, round trips, losses, errors with their lines. Prints TAP."""

import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.path.join(os.environ.get("top_builddir", "."), "tests/tools/pvx-xml")
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "harness"))
from machine import Tap, skip_all  # noqa: E402

tap = Tap()
ok = tap.ok


def convert(way, text):
    done = subprocess.run([PROGRAM, way, "-"], input=text, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def golden(name):
    with open(os.path.join(HERE, "config", name), encoding="utf-8") as file:
        return file.read()


def guest(inside="", devices="", name="<name>a</name>"):
    return (f"<domain type='xen'>\n{name}\n<os><type>linux</type><kernel>/k</kernel></os>\n{inside}\n"
            f"<devices>\n{devices}\n</devices></domain>\n")


def refused(xml, message):
    code, out, errors = convert("to-cfg", xml)
    ok(code == 2 and out == "" and message in errors, f"refused: {message}", f"{code} {out}{errors}")


def main():
    if not os.path.exists(PROGRAM):
        skip_all("tests/tools/pvx-xml is not built")
    code, cfg, errors = convert("to-cfg", golden("guest.xml.golden"))
    ok((code, cfg) == (0, golden("guest.cfg.golden")), "a guest with all that XML can say, as xl.cfg", cfg + errors)
    ok({line.split()[2] for line in errors.splitlines()} == {"e820_host"}, "what has no effect is told", errors)
    code, xml, errors = convert("to-xml", cfg)
    ok((code, xml) == (0, golden("guest.back.xml.golden")), "and as XML again", xml + errors)
    ok(all(" is kept, but " in line for line in errors.splitlines()), "nothing is lost", errors)
    ok(convert("to-cfg", xml)[1] == cfg, "which reads as the same")
    code, xml, errors = convert("to-xml", "name='a'\nkernel='/k'\npool='p'\ncap=50\ncpus='nodes:1'\n")
    ok(code == 0 and [line.split(":")[2].strip() for line in errors.splitlines()] == ["pool", "cpus", "cap"],
       "what XML has no word for is told", errors)
    code, cfg, errors = convert("to-cfg", guest("<vcpu>2</vcpu>\n<frob/>", "<graphics type='vnc'/>\n<sound model='x'/>"))
    ok(code == 0 and "vcpus = 2\n" in cfg and "-:5: warning: <frob> is not served" in errors
       and "-:7: warning: vfb is not served" in errors and "-:8: warning: <sound> is not served" in errors,
       "what is not served is told, with its line", cfg + errors)
    cells = "<cpu><numa>\n<cell cpus='0-1' memory='8' unit='MiB'/>\n%s</numa></cpu>"
    code, cfg, errors = convert("to-cfg", guest(cells % "<cell id='1' memory='4096' cpus='2'/>"))
    ok(code == 0 and '["pnode=0", "size=8", "vcpus=0-1", "vdistances=10,20"],\n\t["pnode=0", "size=4", "vcpus=2", "vdistances=20,10"]' in cfg
       and "maxvcpus = 3\n" in cfg and "maxmem = 12\n" in cfg, "cells are nodes", cfg + errors)
    code, xml, errors = convert("to-xml", cfg.replace('"pnode=0", "size=4"', '"pnode=1", "size=4"'))
    ok(code == 0 and "vnuma: XML cannot say all of it" in errors, "of which node of the machine is lost in XML", errors)
    refused(guest(cells % "<cell id='2' memory='8' cpus='2'/>"), "-:6: error: <cell id='2'>; accepted: 0, 1")
    refused(guest(cells % "<cell memory='8'/>"), "-:6: error: vnuma: the node has no vcpus")
    refused(guest(cells % "<cell><distances>\n<sibling id='32' value='10'/></distances></cell>"), "-:7: error: <sibling>; accepted")
    refused(guest(cells % "<cell memory='8' cpus='1'/>"), "-:6: error: vnuma: vCPU 1 is of two nodes")
    refused(guest(cells % ("<cell/>" * 32)), "<cell>: one too many")
    refused("<domain", "-:1: error: ")
    refused("", "-: error: this is no XML")
    refused("<domain type='kvm'><name>a</name></domain>", "-:1: error: <domain type='kvm'>; accepted: <domain type='xen'>")
    refused(guest().replace("linux", "hvm"), "-:3: error: <os><type>hvm: Parvus runs PV guests only")
    refused(guest(name=""), "-: error: the domain has no name")
    refused(guest("<vcpu>0</vcpu>"), "-:4: error: maxvcpus = 0; accepted: 1 to 128")
    refused(guest("<memory unit='furlong'>1</memory>"), "-:4: error: <memory unit='furlong'>1; accepted")
    refused(guest(devices="<interface type='network'/>"), "-:6: error: <interface type='network'>")
    refused(guest(devices="<interface type='bridge'><source bridge='a,script=b'/></interface>"), "-:6: error: bridge=a")
    refused(guest(devices="<interface type='bridge'><source bridge='a'/><vlan><tag/></vlan>"
                          "<virtualport type='openvswitch'/></interface>"), "-:6: error: <tag> without an id")
    refused(guest(devices="<hostdev type='pci'/>"), "-:6: error: pci is refused: no IOMMU")
    refused(guest(devices="<disk><source file='/a'/></disk>"), "-:6: error: disk: no virtual device for /a")
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
