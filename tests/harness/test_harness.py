# SPDX-License-Identifier: GPL-2.0-or-later
"""The harness itself: relayed checks, plans, settings, and a machine that is stopped at its deadline."""

import importlib.machinery
import importlib.util
import io
import os
import sys
import tempfile
from contextlib import redirect_stdout

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from machine import PANIC, Tap, settings_of  # noqa: E402


def load(name):
    loader = importlib.machinery.SourceFileLoader(name.replace("-", "_"), os.path.join(HERE, name))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module


def relayed(log):
    """What run-guest makes of a console log: (plan, seen, checks run, checks failed, output)."""
    tap, text = Tap(), io.StringIO()
    with redirect_stdout(text):
        plan, seen = load("run-guest").relay(tap, log)
    return plan, seen, tap.run, tap.failed, text.getvalue()


def main():
    tap = Tap()
    plan, seen, run, failed, text = relayed("boot\nok 1 - a\nnot ok 2 - b\nok 3 - c # SKIP no d\n1..3\n")
    tap.ok((plan, seen, run, failed) == (3, 3, 3, 1), "checks and plan of a guest are counted", text)
    tap.ok("not ok 2 - b" in text and "# SKIP no d" in text, "failures and skips keep their words", text)
    tap.ok(relayed("ok 1 - a\n")[0] is None, "a missing plan is seen")
    tap.ok(relayed("(d1) ok 1 - a\n(d1) 1..2\n")[:2] == (2, 1), "a guest that stops early is seen")
    tap.ok(relayed("token ok\nokay\n1..0x\n")[:2] == (None, 0), "words that look like checks are not taken")
    for line in ("panic: x", "panic on CPU 1: BUG at y.c:3", "(XEN) Panic on CPU 0:", "(XEN) Xen BUG at z.c:3"):
        tap.ok(PANIC.search(line), f"a panic is known: {line}")
    tap.ok(not PANIC.search("Kernel command line: panic=5\nok 3 - no panic: fine\n"), "a word is no panic")
    with tempfile.NamedTemporaryFile("w", suffix=".c") as source:
        source.write('/* head\n * run: mem=64 hv="a b"\n * run: smp=2 */\n')
        source.flush()
        found = settings_of(source.name)
    tap.ok(found == {"mem": "64", "hv": "a b", "smp": "2"}, "settings are read from a head comment", str(found))
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
