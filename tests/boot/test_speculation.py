# SPDX-License-Identifier: GPL-2.0-or-later
"""The defences that three processor models get are those of the table in docs/speculation.md.

Guests that stress entries and exits then run on the model whose entry is guarded, and with each
defence of the entry asked for or denied.
"""

import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
HARNESS = os.path.join(os.path.dirname(HERE), "harness")
sys.path.insert(0, HARNESS)
from machine import PANIC, TOP, Machine, Tap  # noqa: E402

GUARDED = "Nehalem"
GUESTS = ("traps", "nmi", "descriptors", "events", "fpu", "mmu", "crash_iret", "crash_stack", "crash_handler", "wild")
RACING = ("smp", "race", "stale_tlb")  # on four processors: roots in use change under the copies of others
OPTIONS = (
    ("max,-smap", "xpti=yes", "isolated page tables", "all domains"),
    ("max,-smap", "xpti=dom0=no,domu=yes", "isolated page tables", "all but Dom0"),
    ("max,-smap", "spec-ctrl=verw,rsb", "VERW on exit", "yes"),
    ("max,-smap", "spec-ctrl=bti-thunk=retpoline", "indirect branches", "retpoline"),
    ("max,-smap", "spec-ctrl=bti-thunk=jmp,no-eager-fpu", "eager FPU", "no"),
    (GUARDED, "spec-ctrl=no", "isolated page tables", "no"),
    (GUARDED, "spec-ctrl=no", "return stack filled on entry", "no"),
    (GUARDED, "spec-ctrl=no-rsb xpti=yes pv-l1tf=yes", "L1TF-safe entries", "all domains"),
)
LINE = re.compile(r"^speculation: ([^:]*): (.*)$", re.MULTILINE)


def documented():
    """The first table: {model: {log line: value}}."""
    with open(os.path.join(TOP, "docs", "speculation.md"), encoding="utf-8") as text:
        rows = [[cell.strip() for cell in line.strip("|\n").split("|")] for line in text if line.startswith("| ")]
    models = [cell.strip("`") for cell in rows[0][1:]]
    table = {model: {} for model in models}
    for row in rows[1:]:
        if row[0] == "log line":
            break
        for model, value in zip(models, row[1:]):
            table[model][row[0]] = value
    return table


def boot(cpu, options=""):
    """What the log of a boot says about speculation, and whether its guest came to a good end."""
    hv = f"com1=115200,8n1 console=com1 dom0_mem=32M {options}"
    with Machine(["--kernel", "tests/guests/hello.elf", "--mem", "128", "--cpu", cpu, "--hv", hv]) as machine:
        machine.wait_for(r"^1\.\.\d+$|" + PANIC.pattern)
        good = re.search(r"^1\.\.\d+$", machine.log, re.MULTILINE) and "not ok" not in machine.log
        return dict(LINE.findall(machine.log)), good, machine.tail()


def main():
    tap = Tap()
    for model, wanted in documented().items():
        said, good, tail = boot(model)
        tap.ok(good, f"{model}: a guest runs", tail)
        for line, value in wanted.items():
            tap.ok(said.get(line) == value, f"{model}: {line}: {value}", f"the log says {said.get(line)}")
    for cpu, options, line, value in OPTIONS:
        said, good, tail = boot(cpu, options)
        tap.ok(good and said.get(line) == value, f"{cpu} with {options}: {line}: {value}", tail)
    for guest in GUESTS + RACING:
        done = subprocess.run([sys.executable, os.path.join(HARNESS, "run-guest"), "--cpu", GUARDED,
                               *(("--smp", "4") if guest in RACING else ()),
                               "--log", f"tests/guests/{guest}.guarded.console", f"tests/guests/{guest}.elf"],
                              check=False, capture_output=True, text=True)
        failed = [text for text in done.stdout.splitlines() if text.startswith("not ok")]
        tap.ok(done.returncode == 0, f"the guest {guest} on {GUARDED}", "\n".join(failed) or done.stdout[-2000:])
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
