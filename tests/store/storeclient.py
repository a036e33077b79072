# SPDX-License-Identifier: GPL-2.0-or-later
"""Speaks the store protocol byte by byte, over a socket or as a guest of a machine made of files."""
import mmap
import os
import select
import socket
import struct
import subprocess
import time

OPS = {name: number for number, name in enumerate(
    "CONTROL DIRECTORY READ GET_PERMS WATCH UNWATCH TRANSACTION_START TRANSACTION_END INTRODUCE "
    "RELEASE GET_DOMAIN_PATH WRITE MKDIR RM SET_PERMS WATCH_EVENT ERROR IS_DOMAIN_INTRODUCED "
    "RESUME SET_TARGET RESTRICT RESET_WATCHES DIRECTORY_PART".split())}
NAMES = {number: name for name, number in OPS.items()}
EVENT, ERROR = OPS["WATCH_EVENT"], OPS["ERROR"]
DEADLINE = 60


class Gone(Exception):
    """The daemon closed this connection."""


class Client:
    """Requests and replies over some byte stream: send_bytes() and recv_bytes() are the stream's."""

    def __init__(self):
        self.buffer = b""
        self.next_id = 1
        self.events = []

    def send(self, op, payload=b"", tx=0, length=None):
        number = OPS[op] if isinstance(op, str) else op
        self.next_id += 1
        length = len(payload) if length is None else length
        self.send_bytes(struct.pack("<4I", number, self.next_id, tx, length) + payload)
        return self.next_id

    def message(self, deadline=DEADLINE):
        """One whole message as (type, req_id, tx_id, payload), or None when none came."""
        end = time.monotonic() + deadline
        while True:
            if len(self.buffer) >= 16:
                kind, req, tx, length = struct.unpack("<4I", self.buffer[:16])
                if len(self.buffer) >= 16 + length:
                    payload = self.buffer[16:16 + length]
                    self.buffer = self.buffer[16 + length:]
                    return kind, req, tx, payload
            left = end - time.monotonic()
            if not self.recv_bytes(max(left, 0)) and left <= 0:
                return None

    def call(self, op, payload=b"", tx=0):
        """The reply as (name, payload); events that come meanwhile are kept in order."""
        wanted = self.send(op, payload, tx)
        while True:
            reply = self.message()
            if reply is None:
                raise TimeoutError(op)
            if reply[0] == EVENT:
                self.events.append(reply[3])
            elif reply[1] == wanted:
                return NAMES.get(reply[0], reply[0]), reply[3]


class SocketClient(Client):
    def __init__(self, path):
        super().__init__()
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)

    def send_bytes(self, data):
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError) as error:
            raise Gone() from error

    def recv_bytes(self, timeout):
        if not select.select([self.socket], [], [], timeout)[0]:
            return False
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError as error:
            raise Gone() from error
        if not data:
            raise Gone()
        self.buffer += data
        return True

    def close(self):
        self.socket.close()


class Machine:
    """The directory that plays the hypervisor; see machine_file.h."""

    def __init__(self, path):
        self.path = path
        os.makedirs(path, exist_ok=True)
        self.control = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.state(0, "r")
        for name, content in (("ring.0", bytes(4096)), ("port.0", b"1")):
            with open(f"{path}/{name}", "wb") as file:
                file.write(content)

    def kick(self, port):
        try:
            self.control.sendto(struct.pack("<I", port), f"{self.path}/evtchn")
        except (ConnectionRefusedError, FileNotFoundError):
            pass  # no daemon at the moment: it looks at all rings when it starts

    def state(self, domid, letter):
        name = f"{self.path}/state.{domid}"
        if letter:
            with open(name, "w") as file:
                file.write(letter)
        else:
            os.unlink(name)

    def died(self):
        self.kick(1000000)


class GuestClient(Client):
    """Plays the guest: fills the request ring, drains the response ring."""

    def __init__(self, machine, domid):
        super().__init__()
        self.machine, self.domid = machine, domid
        machine.state(domid, "r")
        with open(f"{machine.path}/ring.{domid}", "wb") as file:
            file.write(bytes(4096))
        with open(f"{machine.path}/ring.{domid}", "r+b") as file:
            self.page = mmap.mmap(file.fileno(), 4096)
        self.channel = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        name = f"{machine.path}/dom.{domid}"
        if os.path.exists(name):
            os.unlink(name)
        self.channel.bind(name)

    def word(self, offset, value=None):
        if value is not None:
            self.page[offset:offset + 4] = struct.pack("<I", value & 0xffffffff)
        return struct.unpack("<I", self.page[offset:offset + 4])[0]

    def kick(self):
        self.machine.kick(self.domid + 1)

    def send_bytes(self, data):
        end = time.monotonic() + DEADLINE
        while data:
            cons, prod = self.word(2048), self.word(2052)
            room = 1024 - ((prod - cons) & 0xffffffff)
            if room <= 0:
                self.recv_bytes(0.05)
                if time.monotonic() > end:
                    raise TimeoutError("request ring stays full")
                continue
            start = prod % 1024
            count = min(room, len(data), 1024 - start)
            self.page[start:start + count] = data[:count]
            self.word(2052, prod + count)
            data = data[count:]
            self.kick()

    def recv_bytes(self, timeout):
        cons, prod = self.word(2056), self.word(2060)
        if cons == prod:
            if not select.select([self.channel], [], [], timeout)[0]:
                return False
            self.channel.recv(64)
            cons, prod = self.word(2056), self.word(2060)
        got = cons != prod
        while cons != prod:
            start = cons % 1024
            count = min((prod - cons) & 0xffffffff, 1024 - start)
            self.buffer += self.page[1024 + start:1024 + start + count]
            cons = (cons + count) & 0xffffffff
        if got:
            self.word(2056, cons)
            self.kick()
        return got


class Daemon:
    """A store daemon of either make, on a machine made of files."""

    def __init__(self, command, root, env=None):
        self.command, self.root = command, root
        self.machine = Machine(f"{root}/machine")
        os.makedirs(f"{root}/run", exist_ok=True)
        self.socket = f"{root}/run/socket"
        self.env = dict(os.environ, PVX_MACHINE=self.machine.path, XENSTORED_RUNDIR=f"{root}/run",
                        XENSTORED_PATH=self.socket, **(env or {}))
        self.process = None

    def start(self):
        with open(f"{self.root}/log", "ab") as log:
            self.process = subprocess.Popen(self.command, env=self.env, stdout=log, stderr=log)
        end = time.monotonic() + DEADLINE
        while True:
            try:
                SocketClient(self.socket).close()
                return self
            except (FileNotFoundError, ConnectionRefusedError):
                if time.monotonic() > end or self.process.poll() is not None:
                    raise RuntimeError(f"{self.command[0]} does not answer, see {self.root}/log")
                time.sleep(0.01)

    def client(self):
        return SocketClient(self.socket)

    def guest(self, domid):
        return GuestClient(self.machine, domid)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.terminate()
        self.process.wait()
