#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""pvx prints, byte for byte, what xl prints of the same machine: record.py's files, told anew by replay.c. Prints TAP.

Usage: test_golden.py [NAME...]   NAME: of a file in xl/
"""

import difflib
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(os.path.dirname(HERE), folder) for folder in ("harness", "store")]
from machine import Tap  # noqa: E402
from storeclient import Daemon  # noqa: E402

CASES = os.path.join(HERE, "xl")
BUILD = os.path.abspath(os.environ.get("top_builddir", "."))
REPLAY = os.path.join(BUILD, "tests", "golden", "pvx-replay")


class Case:
    """One command: its words, the exit code of xl, what it wrote to standard output and error."""

    def __init__(self, name):
        self.path = os.path.join(CASES, name + ".golden")
        with open(self.path, encoding="ascii", newline="\n") as file:
            lines = file.read().split("\n")
        self.words = lines[0][2:].split()
        self.code = next(int(line[5:]) for line in lines if line.startswith("exit "))
        self.output = "".join(line[2:] + "\n" for line in lines if line.startswith("> "))


def write_store():
    """What the store held, in one of our own."""
    with open(os.path.join(CASES, "store.golden"), encoding="ascii") as file:
        nodes = [line.rstrip("\n").split(" = ", 1) for line in file if " = " in line]
    words = [word for path, value in nodes for word in (path, value[1:-1]) if value[1:-1]]
    subprocess.run([os.path.join(BUILD, "pvx-store"), "write", *words], check=True)


def without(value, other):
    """What of a value of JSON is not in the other one, as text; of lists item by item."""
    if isinstance(value, dict):
        return "".join(f"{key}: {without(value[key], other.get(key))}" for key in value if without(value[key], other.get(key)))
    if isinstance(value, list):
        return "".join(without(*pair) for pair in zip(value, other, strict=True))
    return "" if value == other else f"{value!r}, not {other!r}\n"


def check_json(tap, words, output, xl_output):
    """What we say is all in what xl says, who says more."""
    tap.ok(not without(json.loads(output), json.loads(xl_output)), f"{words}: nothing that xl does not say",
           without(json.loads(output), json.loads(xl_output)))


def check(tap, name):
    case = Case(name)
    done = subprocess.run([REPLAY, *case.words], capture_output=True, text=True, check=False,
                          env={**os.environ, "GOLDEN_FACTS": case.path, "GOLDEN_COMMON": os.path.join(CASES, "facts.golden"), "TZ": "UTC"})
    if case.output.startswith("["):
        check_json(tap, " ".join(case.words), done.stdout, case.output)
        return
    differs = "".join(difflib.unified_diff(case.output.splitlines(True), done.stdout.splitlines(True), "xl", "pvx"))
    tap.ok(done.stdout == case.output and bool(done.returncode) == bool(case.code),
           f"{' '.join(case.words)}: as xl prints it", f"exit {done.returncode}, xl's {case.code}\n{differs}{done.stderr}")
    if case.code:
        tap.ok(done.stderr != "", "and says why it fails", done.stderr)


def main():
    tap = Tap()
    names = sys.argv[1:] or sorted({name.removesuffix(".golden") for name in os.listdir(CASES)} - {"store", "facts"})
    with tempfile.TemporaryDirectory() as folder:
        daemon = Daemon([os.path.join(BUILD, "pvx-stored"), "-N", "-D"], folder).start()
        try:
            os.environ["XENSTORED_PATH"] = daemon.socket
            write_store()
            for name in names:
                check(tap, name)
        finally:
            daemon.stop()
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
