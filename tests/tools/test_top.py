#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""pvx-top on recorded samples: batches against golden files, JSON, and the screen in tmux at several sizes. Prints TAP."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAM = os.path.abspath(os.path.join(os.environ.get("top_builddir", "."), "pvx-top"))
SAMPLES = os.path.join(HERE, "top", "samples.golden")
DEADLINE = 240 * int(os.environ.get("PARVUS_SLOW", "1"))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "harness"))
from machine import Tap, skip_all  # noqa: E402

tap = Tap()
ok = tap.ok


def run(*arguments):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, check=False)


def golden(name):
    with open(os.path.join(HERE, "top", name), encoding="utf-8") as file:
        return file.read()


def test_batch():
    done = run("--replay", SAMPLES, "-b", "-i", "2", "-v", "-n", "-x")
    ok(done.stdout == golden("batch.golden"), "two samples, all views", done.stdout + done.stderr)
    done = run("--replay", SAMPLES, "-b", "-f", "-s", "CPU(%)")
    ok(done.stdout == golden("sorted.golden"), "to the end of the file, whole names, ordered by CPU(%)", done.stdout)
    lines = run("--replay", SAMPLES, "-b", "-i1", "-r").stdout.splitlines()
    ok([line.split()[0] for line in lines] == ["NAME", "crashed", "NAME", "db", "NAME", "Domain-0", "NAME", "short-live",
                                              "NAME", "web-server"], "titles above each domain", lines)
    lines = run("--replay", SAMPLES, "-b", "-i1", "--filter", "WEB").stdout.splitlines()
    ok(len(lines) == 2 and "web-server" in lines[1], "only names with a text", lines)
    with tempfile.NamedTemporaryFile() as copy:
        run("--replay", SAMPLES, "--record", copy.name, "-b")
        with open(SAMPLES, "rb") as first:
            ok(first.read() == copy.read(), "what is recorded of a replay is the same")


def masked(text):
    """Dom0 ran on between the two looks: without its seconds."""
    return re.sub(r"^( *Domain-0 +[-a-z]{6} +)\d+(.*\nVCPUs\(sec\):   0: +)\d+s", r"\1N\2Ns", text, flags=re.MULTILINE)


def test_xentop():
    done = run("--replay", os.path.join(HERE, "top", "xentop.samples.golden"), "-b", "-i", "1", "-v", "-n", "-x")
    ok(masked(done.stdout) == masked(golden("xentop.golden")), "the bytes that xentop printed on Debian's Xen", done.stdout)


def test_json():
    one = json.loads(run("--replay", SAMPLES, "--json").stdout)
    ok([domain["name"] for domain in one["domains"]][:2] == ["Domain-0", "web-server-with-a-long-name"]
       and one["domains"][0]["memory_limit_kib"] is None and one["domains"][1]["net"][0]["rx_packets"] == 1000, "JSON", one)
    many = json.loads(run("--replay", SAMPLES, "--json", "-i", "3").stdout)
    ok(len(many) == 3 and many[2]["domains"][1]["cpu_percent"] == 95.0, "of several samples, a list", many)


def test_errors():
    done = run("-b", "-i", "0")
    ok(done.returncode == 2 and "-i does not take '0'" in done.stderr, "a bad number", done.stderr)
    done = run("--replay", "/nowhere")
    ok(done.returncode == 2 and "/nowhere: No such file" in done.stderr, "a file that is not there", done.stderr)
    done = run("--replay", os.path.join(HERE, "top", "batch.golden"), "-b")
    ok(done.returncode == 1 and "damaged" in done.stderr, "a file of something else", done.stderr)
    done = subprocess.run([PROGRAM, "--replay", SAMPLES], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
                          env={**os.environ, "TERM": "no-such"})
    ok(done.returncode == 1 and "cannot be drawn on" in done.stderr, "a terminal that cannot be drawn on", done.stderr)


class Screen:
    """A terminal of tmux with pvx-top in it."""

    def __init__(self, width, height):
        self.folder = tempfile.TemporaryDirectory()
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", str(width), "-y", str(height), "-s", "top",
                  f"LC_ALL=C.UTF-8 TERM=screen-256color '{PROGRAM}' --replay '{SAMPLES}' -d 0.2; echo left $?; cat")

    def tmux(self, *arguments):
        command = ["tmux", "-u", "-S", os.path.join(self.folder.name, "socket"), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout

    def keys(self, *keys):
        self.tmux("send-keys", "-t", "top", *keys)

    def lines(self):
        return self.tmux("capture-pane", "-p", "-t", "top").splitlines()

    def shows(self, holds, what):
        """Waits until the lines are as they should be."""
        end = time.monotonic() + DEADLINE
        lines = self.lines()
        while not holds(lines) and time.monotonic() < end:
            time.sleep(0.05)
            lines = self.lines()
        ok(holds(lines), what, "\n".join(lines))

    def close(self):
        self.tmux("kill-server")
        self.folder.cleanup()


def has(text):
    return lambda lines: any(text in line for line in lines)


def names(lines):
    """The first words of the table's rows."""
    words = [line.split()[0] for line in lines[5:-1] if line.strip()]
    return [word for word in words if not word.startswith(("VCPUs", "Net", "VBD"))]


def test_screen(width, height):
    screen = Screen(width, height)
    where = f"{width}x{height}: "
    screen.shows(lambda lines: names(lines)[:2] == ["Domain-0", "web-server"] and has("56.0")(lines), where + "the domains")
    screen.shows(lambda lines: len(lines) == height and all(len(line) <= width for line in lines), where + "nothing wraps")
    screen.shows(has("4 domains: 2 running, 0 blocked, 1 paused, 1 cra"), where + "how many are in which state")
    if width >= 100:
        screen.shows(has("███"), where + "the history")
        screen.shows(has("712 MiB used, 588 free of 1300"), where + "memory")
        screen.shows(has("151.0% of 200% (2 at 2000 MHz)"), where + "processors")
    screen.keys("v", "n", "b")
    screen.shows(lambda lines: has("VCPUs(sec):")(lines) and has("Net0 RX:")(lines) and has("VBD BlkBack 51712")(lines),
                 where + "vCPUs, networks and disks")
    screen.keys("v", "n", "b", "s")
    screen.shows(lambda lines: names(lines)[:4] == ["crashed", "db", "Domain-0", "web-server"], where + "S orders by names")
    screen.keys("s", "s", "s")
    screen.shows(lambda lines: names(lines)[:2] == ["web-server", "Domain-0"], where + "and by CPU(%)")
    screen.keys("-l", "\033[M" + chr(32) + chr(33 + 5) + chr(33 + 4))
    screen.shows(lambda lines: names(lines)[:2] == ["crashed", "db"], where + "a click on NAME orders by names")
    screen.keys("/", "d", "b", "Enter")
    screen.shows(lambda lines: names(lines) == ["db"], where + "the filter")
    screen.keys("/", "BSpace", "BSpace", "Enter", "f")
    screen.shows(has("web-server-with-a-long-name"), where + "whole names")
    screen.keys("?")
    screen.shows(has("pvx-top shows what each domain uses"), where + "help")
    screen.keys("x", "Right", "Right", "Right", "Right")
    screen.shows(lambda lines: has("Domain-0")(lines) and not has("STATE")(lines), where + "columns scroll, names stay")
    screen.tmux("resize-window", "-t", "top", "-x", "70", "-y", "9")
    screen.shows(lambda lines: len(lines) == 9 and has("Domain-0")(lines) and "Q quit" not in lines[-1] and "delay" in lines[-1],
                 where + "a smaller window")
    screen.keys("Down")
    screen.shows(lambda lines: names(lines)[:1] == ["db"], where + "lines scroll")
    screen.keys("q")
    screen.shows(has("left 0"), where + "Q leaves the terminal as it was")
    screen.close()


def main():
    if not os.path.exists(PROGRAM):
        skip_all("pvx-top is not built")
    test_batch()
    test_xentop()
    test_json()
    test_errors()
    if shutil.which("tmux"):
        for size in ((80, 24), (100, 30), (220, 50)):
            test_screen(*size)
    else:
        tap.skip("the screen", "tmux is missing")
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
