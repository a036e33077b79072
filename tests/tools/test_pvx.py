#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""pvx where there is no hypervisor: each command says so and exits 4; wrong words are told of before. And the daemons,
which go to the background when they serve. Prints TAP."""

import os
import signal
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get("top_builddir", "."))
PVX = os.path.join(BUILD, "pvx")
sys.path.insert(0, os.path.join(TOP, "tests", "harness"))
from machine import Tap, skip_all  # noqa: E402

# Of the commands that ask the hypervisor, what they take besides options. The others: create, domxml-*, dtb, doctor,
# supervise, top, help.
COMMANDS = """block-attach 1 /x,raw,xvda; block-detach 1 xvda; block-list 1; claims; config-update 1 memory=9; console 1
cpupool-cpu-add Pool-0 0; cpupool-cpu-remove Pool-0 0; cpupool-create name=x; cpupool-destroy x; cpupool-list
cpupool-list Pool-0; cpupool-migrate 1 Pool-0; cpupool-numa-split; cpupool-rename Pool-0 x; debug-keys h; destroy 1; dmesg
domid 1; domname 1; dump-core 1 /nowhere/core; info; list; list 1; mem-max 1 9; mem-set 1 9; network-attach 1
network-detach 1 0; network-list 1; pause 1; reboot 1; rename 1 x; sched-credit; sched-credit -d 1; sched-credit -s
sched-credit -s -t 5; sched-credit2; sched-rtds; shutdown -a; sysrq 1 h; trigger 1 nmi; unpause 1; uptime; vcpu-list
vcpu-pin 1 0 0; vcpu-set 1 1; vm-list"""
OTHERS = {"create", "doctor", "domxml-from-native", "domxml-to-native", "dtb", "help", "supervise", "top"}
WRONG = (("x", "no command 'x'"), ("domid", "more words"), ("domid 1 2", "one word too many"), ("list --x", "list --help"),
         ("sched-credit -w 1", "-d DOMAIN"), ("sched-credit -t 1", "go with -s"), ("sched-credit -s -t many", "takes a number"),
         ("sched-credit -s -t -5", "not '-5'"), ("sched-credit -s -t 4294967297", "not '4294967297'"),
         ("console -n -1 1", "not '-1'"), ("create", "needs a configuration"), ("create /nowhere", "No such file"))


def start(name, folder, *options):
    """Exit code and error output of what goes to the background, and lets go of its standard output."""
    with open(os.path.join(folder, "errors"), "w+", encoding="utf-8") as errors:
        code = subprocess.run([os.path.join(BUILD, name), *options], stdout=subprocess.PIPE, stderr=errors, check=False,
                              timeout=600).returncode
        errors.seek(0)
        return code, errors.read()


def test_daemons(tap):
    with tempfile.TemporaryDirectory() as folder:
        place, pid = os.path.join(folder, "socket"), os.path.join(folder, "pid")
        code, errors = start("pvx-stored", folder, "--no-journal", f"--socket={place}", f"--pid-file={pid}")
        listed = subprocess.run([os.path.join(BUILD, "pvx-store"), "exists", "/tool/xenstored"], check=False,
                                env={**os.environ, "XENSTORED_PATH": place}).returncode
        tap.ok((code, listed) == (0, 0), "pvx-stored serves when it has gone to the background", f"{code} {listed} {errors}")
        with open(pid, encoding="ascii") as file:
            os.kill(int(file.read()), signal.SIGTERM)
        code, errors = start("pvx-stored", folder, "--no-journal", "--socket=/nowhere/socket")
        tap.ok(code == 1 and "/nowhere/socket" in errors, "and fails if it cannot serve", f"{code} {errors}")
        code, errors = start("pvx-consoled", folder, f"--pid-file={pid}")
        tap.ok(code == 1 and "pvx-consoled: " in errors, "so does pvx-consoled", f"{code} {errors}")


def main():
    if os.path.exists("/dev/xen/privcmd"):
        skip_all("this machine has a hypervisor")
    if not os.path.exists(PVX):
        skip_all("pvx is not built")
    tap = Tap()

    def run(words):
        return subprocess.run([PVX, *words.split()], capture_output=True, text=True, check=False, timeout=600)

    commands = [words.strip() for words in COMMANDS.replace("\n", ";").split(";")]
    known = set(run("help --names").stdout.split())
    tap.ok({words.split()[0] for words in commands} | OTHERS == known, "each command is tried", known)
    for words in commands:
        done = run(words)
        tap.ok(done.returncode == 4 and "no /dev/xen/privcmd: " in done.stderr, f"pvx {words}: no hypervisor",
               f"{done.returncode} {done.stdout}{done.stderr}")
    for words, said in WRONG:
        done = run(words)
        tap.ok(done.returncode == 2 and said in done.stderr, f"pvx {words}: {said}", f"{done.returncode} {done.stderr}")
    test_daemons(tap)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
