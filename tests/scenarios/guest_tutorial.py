# SPDX-License-Identifier: GPL-2.0-or-later
"""What docs/tutorial.md says, done word for word: a Debian guest with disk and network is made, used and ended.

Usage: guest_tutorial.py [--xen] [--smp N]   takes ten minutes, so it runs by `./run-tests --full` or with an option
"""

import os
import re
import shlex
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "harness"))
from linux import arguments  # noqa: E402
from machine import PANIC, TOP, Machine, Tap, need, skip_all  # noqa: E402
import debian_disk  # noqa: E402

# Debian comes from the cache; of `make run` the scenario only wants to know how it is called.
PRELUDE = """set -e
debootstrap() { mkdir debian && tar -C debian --numeric-owner -xf "$BASE"; }
make() { for word; do echo "make: $word"; done; }
"""

# Of each block that is typed in Dom0, in the page's order: what has to be shown.
SHOWN = (
    ("the store and consoles are served, and there is a Dom0", r"^Domain-0 +0 +1024 "),
    ("the configuration is good", r"^good$"),
    ("the guest is there, with its disk and interface",
     r"(?s)^it answers$.*^web +1 +512 +1 .*^web +1 +0 .*/backend/vbd/1/51712.*/backend/vif/1/0.* web "),
    ("it ends, and nothing is left", r"(?s)^Domain-0 (?!.*^web ).*^all is well$"),
)


def blocks(kind):
    with open(os.path.join(TOP, "docs", "tutorial.md"), encoding="utf-8") as page:
        return re.findall(rf"^```sh {kind}\n(.*?)^```", page.read(), re.MULTILINE | re.DOTALL)


def on_the_host(kind, folder):
    """Runs a block in the folder; returns what it printed."""
    script = PRELUDE + blocks(kind)[0].replace("../scripts/", TOP + "/scripts/")
    done = subprocess.run(["sh", "-c", script], cwd=folder, env=dict(os.environ, BASE=debian_disk.base()),
                          check=False, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{script}\n{done.stdout}{done.stderr}")
    return done.stdout


def launcher_options(printed, folder):
    """The words of `make run` as those of run-qemu, which it starts."""
    words = dict(word.split("=", 1) for word in re.findall(r"^make: (\w+=.*)$", printed, re.MULTILINE))
    options = ["--kernel", words["DOM0"], "--cmdline", words["CMDLINE"], "--hv", words["HV"]] + shlex.split(words["QEMUFLAGS"])
    return [os.path.join(folder, word) if os.path.exists(os.path.join(folder, word)) else word.replace("file=", f"file={folder}/")
            for word in options]


def lines_of(block):
    """The commands of a block; a here-document is one with its lines."""
    command = ""
    for line in block.splitlines(keepends=True):
        command += line
        if "<<END" not in command or line == "END\n":
            yield command
            command = ""


def type_block(machine, number, block):
    """What its commands print when they are typed one after the other."""
    start = len(machine.log)
    for place, command in enumerate(lines_of(block)):
        machine.send(f"{command}echo typed-{number}-{place}\n" if command != "poweroff -f\n" else command)
        if command != "poweroff -f\n":
            machine.wait_for(rf"^typed-{number}-{place}$", start)
    return machine.log[start:]


def main():
    args = arguments("guest_tutorial", __doc__)
    if len(sys.argv) == 1 and not os.environ.get("PARVUS_FULL"):
        skip_all("the whole tutorial is for run-tests --full")
    if os.geteuid() != 0:
        skip_all("a Debian root is built by the superuser only")
    for program, package in (("debootstrap", "debootstrap"), ("mkfs.ext4", "e2fsprogs")):
        need(program, package)
    folder = os.path.abspath(args.folder)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    debian_disk.run("make", "install", "DESTDIR=" + os.path.join(folder, "tree"))
    on_the_host("guest", folder)
    options = launcher_options(on_the_host("dom0", folder), folder)
    tap = Tap()
    with Machine(["--hypervisor", args.image, "--smp", args.smp] + options, os.path.join(folder, "console"), 1800) as machine:
        machine.wait_for("^init: a shell|" + PANIC.pattern)
        tap.ok(len(blocks("shell")) == len(SHOWN), "the page has as many blocks as are looked at")
        for number, (block, (what, pattern)) in enumerate(zip(blocks("shell"), SHOWN)):
            printed = type_block(machine, number, block)
            tap.ok(re.search(pattern, printed, re.MULTILINE), what, printed)
        tap.ok(machine.wait_exit() == 0, "the machine is off", machine.tail())
    for name in ("debian", "tree", "web.img"):
        subprocess.run(["rm", "-rf", os.path.join(folder, name)], check=True)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
