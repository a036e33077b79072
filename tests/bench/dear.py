# SPDX-License-Identifier: GPL-2.0-or-later
"""Dear instructions of each row of the benchmark: steps through it by QEMU's gdb stub and counts them."""

import os
import re
import select
import socket
import subprocess
import time

LINE = re.compile(r"^(?:\(d\d+\) ?)?dear (\w+) (pieces|whole) (\d+)$", re.MULTILINE)
LIMIT = 4000  # instructions stepped in one stretch; batches and trees are more than anyone waits for
PREFIXES = bytes(range(0x40, 0x50)) + b"\x66\x67\x2e\x36\x3e\x26\x64\x65\xf2\xf3"
KINDS = ("CR3", "INVLPG", "locked", "fence", "MSR")


def kind_of(code):
    """Which kind of dear instruction begins the bytes, or None. Prefixes first, then the opcode."""
    at = 0
    while code[at] in PREFIXES or code[at] == 0xF0:
        if code[at] == 0xF0:
            return "locked"
        at += 1
    memory = code[at + 1] < 0xC0
    if code[at] in (0x86, 0x87) and memory:
        return "locked"
    if code[at] != 0x0F:
        return None
    second, modrm = code[at + 1], code[at + 2]
    if second == 0x22 and (modrm >> 3 & 7) == 3:
        return "CR3"
    if second == 0x01 and (modrm >> 3 & 7) == 7 and modrm < 0xC0:
        return "INVLPG"
    if second == 0xAE and modrm >= 0xE8:
        return "fence"
    return "MSR" if second == 0x30 else None


class Stub:
    """QEMU's gdb stub on a Unix socket."""

    def __init__(self, path, seconds):
        deadline = time.monotonic() + seconds
        self.door = socket.socket(socket.AF_UNIX)
        while True:
            try:
                self.door.connect(path)
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
        self.rest = b""
        self.ask("QStartNoAckMode")
        self.door.sendall(b"+")
        self.code = {}

    def send(self, text):
        data = text.encode()
        self.door.sendall(b"$" + data + b"#%02x" % (sum(data) & 255))

    def receive(self):
        while True:
            packet = re.search(rb"\$([^#]*)#..", self.rest)
            if packet:
                self.rest = self.rest[packet.end():]
                return packet.group(1).decode()
            more = self.door.recv(4096)
            if not more:
                raise EOFError("QEMU has ended")
            self.rest += more

    def ask(self, text):
        self.send(text)
        return self.receive()

    def place(self):
        """RIP, the seventeenth of all registers."""
        return int.from_bytes(bytes.fromhex(self.ask("g")[16 * 16:17 * 16]), "little")

    def kind(self, place):
        """Looks at each address once: code that has run is not patched any more."""
        if place not in self.code:
            answer = self.ask(f"m{place:x},8")
            self.code[place] = kind_of(bytes.fromhex(answer)) if not answer.startswith("E") else None
        return self.code[place]

    def stopped(self, wait):
        return b"#" in self.rest or bool(select.select([self.door], [], [], wait)[0])

    def leave(self, place):
        """One step from a breakpoint, which stays."""
        self.ask(f"z0,{place:x},1")
        self.ask("s")
        self.ask(f"Z0,{place:x},1")

    def count_to(self, end):
        """Counts by kind from here to an address; None when that is too far."""
        counts = dict.fromkeys(KINDS, 0)
        for _ in range(LIMIT):
            place = self.place()
            if place == end:
                return counts
            kind = self.kind(place)
            if kind:
                counts[kind] += 1
            self.ask("s")
        return None


def symbol(elf, name):
    out = subprocess.run(["nm", elf], capture_output=True, text=True, check=True).stdout
    return int(re.search(rf"^([0-9a-f]+) \w {name}$", out, re.MULTILINE).group(1), 16)


def stretches(machine, stub, begin, end):
    """Yields the counts of each stretch between the marks, in the order they come."""
    long_rows = set()
    stub.ask(f"Z0,{begin:x},1")
    stub.send("c")
    while "bench end" not in machine.log and machine.open:
        machine.read(0)
        if not stub.stopped(0.05):
            continue
        stub.receive()
        machine.read(0.05)
        names = LINE.findall(machine.log)
        stub.leave(begin)
        name = names[-1][0]
        counts = None if name in long_rows else stub.count_to(end)
        if counts is None:
            long_rows.add(name)
        yield names[-1], counts
        stub.send("c")


def per_operation(found):
    """{row: {kind: number per operation}}, None for a row too long to step through."""
    result = {}
    for name, parts in found.items():
        if any(counts is None for _, _, counts in parts):
            result[name] = None
        elif parts[0][0] == "pieces":
            result[name] = {kind: sum(part[2][kind] for part in parts) / parts[0][1] for kind in KINDS}
        else:
            (_, few, less), (_, many, more) = parts
            result[name] = {kind: (more[kind] - less[kind]) / (many - few) for kind in KINDS}
    return result


def measure(machine_class, image, guest, seconds):
    options = ["--hypervisor", image, "--kernel", guest, "--cmdline", "dear",
               "--hv", "com1=115200,8n1 console=com1 dom0_mem=32M"]
    folder = os.path.join(os.environ.get("TMPDIR", "/tmp"), f"parvus-dear-{os.getpid()}")
    found = {}
    with machine_class(options + ["--", "-S", "-gdb", f"unix:{folder},server=on,wait=off"], None, seconds) as machine:
        stub = Stub(folder, 20)
        try:
            for (name, how, operations), counts in stretches(machine, stub, symbol(guest, "bench_mark_begin"),
                                                             symbol(guest, "bench_mark_end")):
                found.setdefault(name, []).append((how, int(operations), counts))
        except (EOFError, ConnectionError):
            pass
    os.path.exists(folder) and os.unlink(folder)
    return per_operation({name: parts for name, parts in found.items() if parts[0][0] == "pieces" or len(parts) == 2})


def text_of(counts):
    if counts is None:
        return "too long"
    words = [f"{counts[kind]:g} {kind}" for kind in KINDS if counts[kind]]
    return ", ".join(words) or "none"
