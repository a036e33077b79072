# SPDX-License-Identifier: GPL-2.0-or-later
"""Scenarios with stock Linux: a root with a script and programs in it, and the script's lines as checks."""

import os
import subprocess

from machine import PANIC, TOP, Machine, Tap, skip_all


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
