# SPDX-License-Identifier: GPL-2.0-or-later
"""gdb with scripts/gdb/parvus.py on a machine that has just run a guest: each command shows what is true."""

import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "harness"))
from machine import SLOW, TOP, Machine, Tap, need  # noqa: E402

COMMANDS = ["bt", "parvus domains", "parvus vcpus", "parvus cpu 0", "parvus frame 0x200", "parvus frames", "parvus log"]
SHOWN = [
    ("the stack is walked by name", r"#1 .* end_machine"),
    ("the domain and its state", r"^domain 0: alive, 1 vCPUs, privileged"),
    ("its vCPU", r"^d0v0: -, running, in its kernel"),
    ("the processor and the guest's registers", r"^  rax +0x[0-9a-f]{16}$"),
    ("the record of a frame of the image", r"^frame 0x200: owner hypervisor"),
    ("frames by owner and type", r"^owner +0 +type L4 +1 frames$"),
    ("the log ring", r"^Hello from domain 0$|^Dom0: \d+ MiB"),
]


def main():
    need("gdb", "gdb")
    tap = Tap()
    door = os.path.join(os.getcwd(), "tests", "boot", "gdb-socket")
    options = ["--mem", "64", "--kernel", "tests/guests/hello.elf", "--", "-S", "-gdb", f"unix:{door},server=on,wait=off"]
    if os.path.exists(door):
        os.unlink(door)  # of a run that was killed
    with Machine(options, "tests/boot/gdb.console") as machine:
        script = ["set confirm off", "set pagination off", f"target remote {door}", "hbreak arch_stop", "continue",
                  f"source {TOP}/scripts/gdb/parvus.py"] + COMMANDS
        if not tap.ok(machine.wait_started(door), "gdb: QEMU waits for it", machine.tail()):
            return tap.done()
        done = subprocess.run(["gdb", "-nx", "-batch", "hypervisor/parvus.debug"] + [f"-ex={line}" for line in script],
                              check=False, capture_output=True, text=True, timeout=120 * SLOW)
        for what, pattern in SHOWN:
            tap.ok(re.search(pattern, done.stdout, re.MULTILINE), f"gdb: {what}", done.stdout[-2000:] + done.stderr[-500:])
        tap.ok("Error" not in done.stderr, "gdb: without an error", done.stderr)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
