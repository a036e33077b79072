#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""pvx dtb: trees made of configurations, shown, and checked as the hypervisor does. Prints TAP."""

import json
import os
import re
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PVX = os.path.abspath("pvx")
sys.path.insert(0, os.path.join(TOP, "tests", "harness"))
from machine import Tap  # noqa: E402

WEB = """name = "web, one"
kernel = "{kernel}"
ramdisk = "{ramdisk}"
memory = 64
vcpus = 2
cpus = ["0", "0-3,5"]
cpu_weight = 512
cap = 50
extra = "console=hvc0 quiet"
uuid = "0ba7c0de-0000-4000-8000-000000000001"
max_grant_frames = 16
disk = ["phy:/dev/vg/web,xvda,w"]
"""
DB = 'name = "db"\nkernel = "{kernel}"\nmemory = 32\n'


class Dtb:
    def __init__(self, folder):
        self.folder = folder
        self.tap = Tap()
        self.paths = {"kernel": self.write("vmlinuz,a", "kernel"), "ramdisk": self.write("initrd", "ramdisk")}

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def run(self, *words):
        return subprocess.run([PVX, "dtb", *words], capture_output=True, text=True, check=False)

    def config(self, name, text):
        return self.write(name, text.format(**self.paths))


def test_make(dtb):
    ok, tree = dtb.tap.ok, os.path.join(dtb.folder, "domains.dtb")
    files = [dtb.config("web.cfg", WEB), dtb.config("db.cfg", DB)]
    done = dtb.run("make", "-o", tree, "--grub", "--qemu", "--memory=512", "--dom0-kernel", dtb.paths["kernel"],
                   "--dom0-cmdline=root=/dev/sda1", "--dom0-memory=256", *files)
    ok(done.returncode == 0, "make: a tree of a Dom0 and two configurations", done.stderr)
    ok("web, one: warning: disk=: left out" in done.stderr, "make: what a boot domain cannot have is told of", done.stderr)
    ok(f"\tmodule2 {tree}\n\tmodule2 {dtb.paths['kernel']}\n\tmodule2 {dtb.paths['ramdisk']}\n}}" in done.stdout,
       "make: GRUB's entry has each file once, in order", done.stdout)
    ok(f"-m 512 " in done.stdout and "vmlinuz,,a," in done.stdout, "make: QEMU's line doubles commas", done.stdout)
    shown = json.loads(dtb.run("show", "--json", tree).stdout)
    ok([d["domid"] for d in shown] == [0, 1, 2], "show: numbers", str(shown))
    ok(shown[0]["functions"].endswith("dom0") and shown[0]["bootargs"] == "root=/dev/sda1", "show: Dom0", str(shown))
    web = shown[1]
    wanted = {"name": "web, one", "memory_kib": 65536, "vcpus": 2, "weight": 512, "cap": 50, "kernel": "1",
              "ramdisk": "2", "bootargs": "console=hvc0 quiet", "uuid": "0ba7c0de-0000-4000-8000-000000000001"}
    for key, value in wanted.items():
        ok(web[key] == value, f"show: {key} is what the configuration says", f"{web[key]}")
    table = dtb.run("show", tree).stdout.splitlines()
    ok(len(table) == 4 and table[0].startswith("Node"), "show: a table with a line for each", str(table))
    done = dtb.run("check", tree, *dtb.paths.values())
    ok(done.returncode == 0 and "3 of 3 domains can be built" in done.stdout, "check: it is good", done.stderr)
    done = dtb.run("check", tree, dtb.paths["kernel"])
    ok(done.returncode == 2 and "ramdisk: mb-index is 2; the loader brought modules 0 to 1" in done.stderr,
       "check: a module is missing", done.stderr)
    done = dtb.run("check", "--memory=40", tree, *dtb.paths.values())
    ok("memory is 65536 KiB; the whole machine has 40960 KiB" in done.stderr, "check: a machine too small", done.stderr)
    with open(tree, "rb") as file:
        whole = file.read()
    broken = os.path.join(dtb.folder, "broken.dtb")
    for size in (0, 39, 100, len(whole) - 1):
        with open(broken, "wb") as file:
            file.write(whole[:size])
        done = dtb.run("check", broken)
        ok(done.returncode == 2 and re.match(rf"{broken}: device tree: it ", done.stderr), f"check: cut to {size} bytes",
           done.stderr)


def test_refused(dtb):
    ok, tree = dtb.tap.ok, os.path.join(dtb.folder, "never.dtb")
    cases = {
        'name = "x"\nmemory = 32\nbootloader = "/bin/true"\n': "x: error: kernel= is missing",
        DB + 'cpus = "0-3,^1"\n': "db: error: cpus=: a boot domain takes numbers",
        DB + "vcpus = 129\n": "",
    }
    for text, message in cases.items():
        done = dtb.run("make", "-o", tree, dtb.config("bad.cfg", text))
        ok(done.returncode == 2 and message in done.stderr and done.stderr, f"refused: {message or 'too many vCPUs'}",
           done.stderr)
    ok(not os.path.exists(tree), "refused: and nothing is written")
    for words in ((), ("make", "-o", tree), ("make", "x.cfg"), ("check",), ("burn", "x")):
        ok(dtb.run(*words).returncode == 2, f"refused: pvx dtb {' '.join(words)}")
    ok(dtb.run("check", os.path.join(dtb.folder, "nothing")).returncode == 1, "a file that is not there")


def main():
    with tempfile.TemporaryDirectory() as folder:
        dtb = Dtb(folder)
        test_make(dtb)
        test_refused(dtb)
        return dtb.tap.done()


if __name__ == "__main__":
    sys.exit(main())
