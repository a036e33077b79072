#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Guests behind rings: the daemon is killed, updated and lied to while they talk. Prints TAP.

Usage: test_store_rings.py [SEED [KILLS]], with the daemon in $PVX_STORED.
"""
import os
import random
import shutil
import struct
import sys
import tempfile
import time

from storeclient import Client, Daemon, ERROR, EVENT, Gone, OPS

SEED = int(sys.argv[1]) if len(sys.argv) > 1 else 20261121
KILLS = int(sys.argv[2]) if len(sys.argv) > 2 else 40
count = 0
failures = 0


def ok(good, what):
    global count, failures
    count += 1
    failures += not good
    print(f"{'ok' if good else 'not ok'} {count} - {what}", flush=True)
    return good


def introduce(daemon, control, domid):
    guest = daemon.guest(domid)
    home = b"/local/domain/%d\0" % domid
    control.call("MKDIR", home)
    control.call("SET_PERMS", home + b"n%d\0" % domid)
    assert control.call("INTRODUCE", b"%d\0%d\0%d\0" % (domid, domid + 100, 1))[0] == "INTRODUCE"
    return guest


def settle(guest, offset, value):
    """Waits until a word of the ring has a value; rings have no other way to say it."""
    end = time.monotonic() + 60
    while guest.word(offset) != value and time.monotonic() < end:
        time.sleep(0.005)
    return guest.word(offset) == value


class Load:
    """A guest with a model of its keys, and events it has to see."""

    def __init__(self, guest, rng):
        self.guest, self.rng = guest, rng
        self.model, self.wrong = {}, []
        self.expected = 0
        self.check(guest.call("WATCH", b"data\0mine\0"), "WATCH", b"OK\0")

    def check(self, reply, name, payload):
        if reply != (name, payload):
            self.wrong.append((reply, name, payload))

    def step(self):
        key = b"data/%d" % self.rng.randrange(12)
        kind = self.rng.randrange(5)
        if kind < 2:
            value = b"%d" % self.rng.randrange(10 ** 9) * self.rng.choice((1, 1, 1, 60))
            self.model[key] = value
            self.expected += 1
            self.check(self.guest.call("WRITE", key + b"\0" + value), "WRITE", b"OK\0")
        elif kind == 2:
            there = self.model.pop(key, None)
            self.expected += there is not None
            reply = self.guest.call("RM", key + b"\0")
            if there is not None:
                self.check(reply, "RM", b"OK\0")
        elif kind == 3:
            self.read(key)
        else:
            self.transaction(key)

    def read(self, key, tx=0):
        reply = self.guest.call("READ", key + b"\0", tx)
        if key in self.model:
            self.check(reply, "READ", self.model[key])
        elif reply[0] != "ERROR":
            self.wrong.append((reply, "ENOENT for", key))

    def transaction(self, key):
        tx = int(self.guest.call("TRANSACTION_START", b"\0")[1][:-1])
        self.read(key, tx)
        value = b"t%d" % self.rng.randrange(1000)
        self.check(self.guest.call("WRITE", key + b"\0" + value, tx), "WRITE", b"OK\0")
        reply = self.guest.call("TRANSACTION_END", b"T\0", tx)
        if reply == ("TRANSACTION_END", b"OK\0"):
            self.model[key] = value
            self.expected += 1
        else:
            self.check(reply, "ERROR", b"EAGAIN\0")  # a snapshot gave up its base

    def finish(self):
        for key in self.model:
            self.read(key)
        events = [event for event in self.guest.events if event != b"data\0mine\0"]
        return len(events)


def test_kills(daemon, rng):
    control = daemon.client()
    loads = [Load(introduce(daemon, control, domid), rng) for domid in (1, 2, 3)]
    control.close()
    done = 0
    for _ in range(KILLS):
        for _ in range(rng.randrange(1, 30)):
            rng.choice(loads).step()
            done += 1
        # A request that is half in the ring when the daemon dies.
        guest = loads[0].guest
        message = struct.pack("<4I", OPS["READ"], 999, 0, 7) + b"data/1\0"
        cut = rng.randrange(1, len(message))
        guest.send_bytes(message[:cut])
        if rng.randrange(2):
            settle(guest, 2048, guest.word(2052))
        daemon.kill()
        guest.send_bytes(message[cut:])
        daemon.start()
        while True:
            reply = guest.message()
            if reply is None or reply[0] != EVENT:
                break
            guest.events.append(reply[3])
        if reply is None or reply[1] != 999:
            loads[0].wrong.append((reply, "the split READ's reply"))
    events = [load.finish() for load in loads]
    wrong = [item for load in loads for item in load.wrong]
    for item in wrong[:5]:
        print("#", item)
    ok(not wrong, f"{KILLS} kills under {done} operations of 3 guests: each reply is the model's")
    ok(events == [load.expected for load in loads], "each change had its event, and just one")
    return loads


def test_live_update(daemon, rng, loads):
    control = daemon.client()
    control.call("WATCH", b"/live\0token\0")
    control.events.clear()
    tx = int(control.call("TRANSACTION_START", b"\0")[1][:-1])
    binary = os.path.abspath(daemon.command[0]).encode()
    ok(control.call("CONTROL", b"live-update\0-f\0/none\0") == ("ERROR", b"ENOENT\0"),
       "a live update to no program is refused")
    good = control.call("CONTROL", b"live-update\0-f\0" + binary + b"\0") == ("CONTROL", b"OK\0")
    pid = daemon.process.pid
    # The whole batch is in the socket when the daemon becomes another one.
    control.send("CONTROL", b"live-update\0-s\0")
    wanted = [control.send("WRITE", b"/live/%d\0x" % i) for i in range(100)]
    for load in loads:
        load.step()
    replies, events = [], 0
    while len(replies) < 101:
        message = control.message()
        if message is None:
            break
        if message[0] == EVENT:
            events += 1
        else:
            replies.append(message[1])
    ok(good and replies[1:] == wanted and events == 100 and daemon.process.pid == pid,
       "a live update under load drops no request of a socket, and no event")
    ok(control.call("TRANSACTION_END", b"T\0", tx)[1] in (b"OK\0", b"EAGAIN\0"),
       "a transaction that was open is known after it")
    for load in loads:
        load.step()
        load.finish()
    ok(not any(load.wrong for load in loads), "and guests notice nothing")
    ok(control.call("CONTROL", b"check\0") == ("CONTROL", b"OK\0"), "the accounts are right")
    control.close()


def test_bad_rings(daemon):
    control = daemon.client()
    guest = introduce(daemon, control, 7)
    ok(settle(guest, 2064, 3), "the ring offers reconnection and error indication")
    guest.word(2052, guest.word(2048) + 5000)
    guest.kick()
    ok(settle(guest, 2072, 2), "indexes that lie: error 2")
    guest.word(2068, 1)
    guest.kick()
    ok(settle(guest, 2068, 0) and guest.word(2072) == 0 and
       [guest.word(2048 + 4 * i) for i in range(4)] == [0, 0, 0, 0], "reconnection empties it")
    ok(guest.call("GET_DOMAIN_PATH", b"7\0")[0] == "GET_DOMAIN_PATH", "and it works again")
    guest.send_bytes(struct.pack("<4I", 2, 1, 0, 4097))
    ok(settle(guest, 2072, 3), "too long a message: error 3")
    guest.word(2068, 1)
    guest.kick()
    settle(guest, 2068, 0)
    guest.send("READ", b"x\0", length=100)  # and never the rest
    other = introduce(daemon, control, 8)
    ok(other.call("WRITE", b"a\0b") == ("WRITE", b"OK\0"), "others are served meanwhile")
    daemon.machine.state(7, None)
    daemon.machine.died()
    end = time.monotonic() + 60
    while control.call("IS_DOMAIN_INTRODUCED", b"7\0")[1] != b"F\0" and time.monotonic() < end:
        time.sleep(0.005)
    ok(control.call("IS_DOMAIN_INTRODUCED", b"7\0")[1] == b"F\0",
       "a guest that disappears in the middle of a message is let go")
    ok(control.call("READ", b"/local/domain/7\0")[0] == "ERROR", "with its nodes")
    control.close()


def test_flood(daemon):
    """One guest writes without end and reads no replies: others and Dom0 are served."""
    control = daemon.client()
    flood = introduce(daemon, control, 20)
    calm = introduce(daemon, control, 21)
    message = struct.pack("<4I", OPS["WRITE"], 1, 0, 3) + b"f\0x"
    for _ in range(3):
        room = 1024 - (flood.word(2052) - flood.word(2048))
        start = flood.word(2052)
        for i, byte in enumerate((message * 60)[:room]):
            flood.page[(start + i) % 1024] = byte
        flood.word(2052, start + room // len(message) * len(message))
        flood.kick()
        ok(calm.call("WRITE", b"k\0v") == ("WRITE", b"OK\0") and
           control.call("READ", b"/local/domain/21/k\0") == ("READ", b"v"),
           "a flooding guest keeps nobody from work")
    for n in range(1200):
        reply = calm.call("WRITE", b"many/%d/%d\0" % (n // 30, n))
        if reply[0] == "ERROR":
            break
    usage = control.call("CONTROL", b"quota\0" b"21\0")[1].decode()
    ok(reply == ("ERROR", b"ENOSPC\0") and "refused:nodes" in usage,
       "a quota's refusal is counted and shown")
    with open(f"{daemon.root}/log") as log:
        lines = [line for line in log if "domain 21 refused: quota nodes" in line]
    ok(len(lines) == 1, "and logged once, with domain, quota and limit")
    control.close()


def test_sockets(daemon):
    for what, data in (("too long a message", struct.pack("<4I", 2, 1, 0, 4097)),
                       ("garbage", b"\xff" * 64)):
        client = daemon.client()
        client.send_bytes(data)
        try:
            gone = client.message(60) is None
        except Gone:
            gone = True
        ok(gone, f"{what} on a socket: disconnected")
        client.close()
    client = daemon.client()
    client.send_bytes(struct.pack("<4I", 2, 1, 0, 50)[:9])
    client.close()
    client = daemon.client()
    ok(client.call("READ", b"/tool/xenstored\0") == ("READ", b""), "the next one is served")
    client.close()


def test_damage(daemon, rng):
    """A journal whose tail is damaged: what was before it is kept, and said."""
    client = daemon.client()
    client.call("WRITE", b"/kept\0yes")
    client.close()
    daemon.kill()
    path = f"{daemon.root}/run/journal"
    data = bytearray(open(path, "rb").read())
    end = len(data.rstrip(b"\0"))
    data[end - 3] ^= 0xff
    open(path, "wb").write(data)
    daemon.start()
    client = daemon.client()
    ok(client.call("READ", b"/tool/xenstored\0")[0] == "READ", "a damaged tail is survived")
    ok("damaged" in open(f"{daemon.root}/log").read(), "and told")
    client.close()


def main():
    print(f"# seed {SEED}")
    rng = random.Random(SEED)
    root = tempfile.mkdtemp(prefix="pvx-store-")
    command = os.environ.get("PVX_STORED", "tests/store/pvx-stored-files")
    daemon = Daemon([command, "-N"], root).start()
    try:
        loads = test_kills(daemon, rng)
        test_live_update(daemon, rng, loads)
        test_bad_rings(daemon)
        test_flood(daemon)
        test_sockets(daemon)
        test_damage(daemon, rng)
    finally:
        daemon.kill()
    print(f"1..{count}")
    if failures:
        print(f"# files are in {root}")
    else:
        shutil.rmtree(root)
    return failures != 0


if __name__ == "__main__":
    sys.exit(main())
