# SPDX-License-Identifier: GPL-2.0-or-later
"""Scenarios with stock Linux: a root with a script and programs in it, and the script's lines as checks."""

import argparse
import os
import subprocess

import incumbent
from machine import PANIC, TOP, Machine, Tap, skip_all


def arguments(name, doc, argv=None):
    """The usual options of a scenario, with `image` and `folder` as they follow from them."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hypervisor", default="hypervisor/parvus.elf")
    parser.add_argument("--xen", action="store_true")
    parser.add_argument("--smp", default="1")
    args = parser.parse_args(argv)
    args.image = (incumbent.xen() or skip_all("Debian's Xen is not to be had")) if args.xen else args.hypervisor
    args.folder = os.path.join("tests", "scenarios", name + (".xen" if args.xen else ""))
    return args


def dom0_options(args, root, dom0_mem, mem, *more):
    """What the launcher is told to start a root of linux_root() as Dom0."""
    return ["--hypervisor", args.image, "--kernel", os.path.join(root, "vmlinux"),
            "--initrd", os.path.join(root, "initrd"), "--cmdline", "console=hvc0 quiet panic=-1",
            "--hv", f"com1=115200,8n1 console=com1 dom0_mem={dom0_mem}M", "--mem", str(mem), "--smp", args.smp, *more]


def linux_root(folder, script, add=(), *options):
    """The folder with kernel and initrd of a Linux that runs the script; `add` are FILE=PATH."""
    path = os.path.join(folder, "run")
    os.makedirs(folder, exist_ok=True)
    with open(path, "w", encoding="ascii") as file:
        file.write(script)
    command = [os.path.join(TOP, "scripts", "mkdom0"), "--elf", "-o", os.path.join(folder, "root"), "--run", path, *options]
    for name in add:
        command += ["--add", name]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        skip_all("Linux' packages are not to be had: " + done.stderr.strip().splitlines()[-1])
    return os.path.join(folder, "root")


def run_checks(options, folder, expected):
    """Runs a machine to the end of its script, whose lines that begin with "check" are the checks."""
    tap = Tap()
    with Machine(options, os.path.join(folder, "console"), 900) as machine:
        machine.wait_for(r"the script ended with|" + PANIC.pattern)
        checks = [line.split("check ", 1)[1].strip() for line in machine.log.splitlines()
                  if line.lstrip().startswith("check ")]
        for check in checks:
            tap.ok(check.startswith("ok "), check.split(" ", 1)[1])
        tap.ok(len(checks) == expected, f"all checks were reached ({len(checks)} of {expected})", machine.tail(40))
    return tap.done()
