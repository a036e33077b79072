# SPDX-License-Identifier: GPL-2.0-or-later
"""A machine under QEMU for tests: starts it, reads its console up to a deadline, ends it, prints TAP."""

import os
import re
import selectors
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
RUN_QEMU = os.path.join(TOP, "scripts", "run-qemu")

# Deadlines are for machines that hang: they are several times what a host takes that has other work as well. One that is
# slower still stretches them with PARVUS_SLOW=3.
SLOW = 4 * float(os.environ.get("PARVUS_SLOW", "1"))

# What a hypervisor says when it gives up (ours and Debian's Xen).
PANIC = re.compile(r"^panic( on CPU \d+)?: |Panic on CPU|Xen BUG|Assertion .* failed|FATAL TRAP|FATAL PAGE FAULT",
                   re.MULTILINE)


class Tap:
    """Counts and prints the checks of one test program."""

    def __init__(self):
        self.run = 0
        self.failed = 0

    def ok(self, good, what, why=""):
        self.run += 1
        print(f"{'' if good else 'not '}ok {self.run} - {what}", flush=True)
        if not good:
            self.failed += 1
            for line in str(why).splitlines():
                print(f"# {line}", flush=True)
        return good

    def skip(self, what, why):
        self.run += 1
        print(f"ok {self.run} - {what} # SKIP {why}", flush=True)

    def done(self):
        """Prints the plan and returns main()'s exit code."""
        print(f"1..{self.run}", flush=True)
        return 1 if self.failed or not self.run else 0


def skip_all(why):
    print(f"1..0 # SKIP {why}", flush=True)
    sys.exit(0)


def need(program, package):
    if not shutil.which(program):
        skip_all(f"{program} is missing (Debian package {package})")


def need_file(path, package):
    if not os.path.exists(path):
        skip_all(f"{path} is missing (Debian package {package})")


def need_disc(uefi):
    """What scripts/mkdisc needs, and a machine that starts from its disc."""
    need("grub-mkrescue", "grub-common")
    need("xorriso", "xorriso")
    if uefi:
        need("mformat", "mtools")
        need_file("/usr/lib/grub/x86_64-efi", "grub-efi-amd64-bin")
        need_file("/usr/share/OVMF/OVMF_CODE_4M.fd", "ovmf")
    else:
        need_file("/usr/lib/grub/i386-pc", "grub-pc-bin")


def settings_of(path):
    """The `run: key=value key="two words"` lines of a source file, as one dictionary."""
    found = {}
    with open(path, encoding="utf-8") as source:
        for line in source:
            match = re.match(r"^[\s/*#]*run:\s+(.*?)\s*(\*/)?\s*$", line)
            if match:
                for word in shlex.split(match.group(1)):
                    key, equals, value = word.partition("=")
                    if not equals:
                        raise SystemExit(f"{path}: '{word}' is not key=value")
                    found[key] = value
    return found


class Machine:
    """One run of QEMU. `log` is all its console has said, without carriage returns."""

    def __init__(self, options, log_path=None, timeout=120):
        need("qemu-system-x86_64", "qemu-system-x86")
        self.deadline = time.monotonic() + timeout * SLOW
        self.folder = tempfile.mkdtemp(prefix="parvus-test-")
        self.monitor_path = os.path.join(self.folder, "monitor")
        self.log = ""
        self.log_file = open(log_path, "w", encoding="utf-8") if log_path else None
        self.process = subprocess.Popen(
            [RUN_QEMU, "--monitor", self.monitor_path] + options,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, bufsize=0)
        os.set_blocking(self.process.stdout.fileno(), False)
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.process.stdout, selectors.EVENT_READ)
        self.open = True

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def read(self, wait):
        """Adds to the log what comes within `wait` seconds; False at the end of the output."""
        if not self.selector.select(max(0, wait)):
            return True
        data = self.process.stdout.read(65536)
        if data is None:
            return True
        text = data.decode("utf-8", "replace").replace("\r", "")
        self.log += text
        if self.log_file:
            self.log_file.write(text)
            self.log_file.flush()
        self.open = bool(data)
        return self.open

    def wait_for(self, pattern, start=0, seconds=None):
        """The first match of a pattern in the log from `start`; None at the deadline or the end."""
        regex = re.compile(pattern, re.MULTILINE)
        deadline = self.deadline
        if seconds is not None:
            deadline = min(deadline, time.monotonic() + seconds * SLOW)
        while True:
            match = regex.search(self.log, start)
            left = deadline - time.monotonic()
            if match or left <= 0 or not self.open:
                return match
            self.read(left)

    def wait_exit(self, seconds=None):
        """The exit code of QEMU, None if it still runs at the deadline."""
        self.wait_for(r"(?!)", seconds=seconds)
        if self.open:
            return None
        return self.process.wait()

    def send(self, text):
        """Types on the serial console."""
        try:
            self.process.stdin.write(text.encode())
        except BrokenPipeError:
            pass  # it has ended, as its exit code tells

    def wait_started(self, path):
        """Until QEMU, which makes a socket at a path, takes connections there, as its answering monitor shows."""
        while not os.path.exists(path) and self.open and time.monotonic() < self.deadline:
            self.read(0.05)
        return os.path.exists(path) and self.monitor("info status")

    def monitor(self, command):
        """Gives QEMU's monitor one command and returns its answer; nothing when QEMU has ended."""
        try:
            with socket.socket(socket.AF_UNIX) as door:
                door.settimeout(30 * SLOW)
                door.connect(self.monitor_path)
                self._until_prompt(door)
                door.sendall(command.encode() + b"\n")
                return self._until_prompt(door)
        except (ConnectionError, FileNotFoundError):
            return ""

    @staticmethod
    def _until_prompt(door):
        text = b""
        while not text.endswith(b"(qemu) "):
            more = door.recv(4096)
            if not more:
                break
            text += more
        return text.decode("utf-8", "replace")

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()
        if self.log_file:
            self.log_file.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def tail(self, lines=25):
        return "\n".join(self.log.splitlines()[-lines:])
