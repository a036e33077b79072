#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The same requests to the stock C daemon and to ours: replies and events compared byte for byte.

What may differ is listed in DIFFERENCES, with the reason; docs/store-protocol.md explains each.
Usage: test_store_conformance.py [SEED]; stock binaries in $STOCK_STORE, else fetched by apt. Prints TAP.
"""
import os
import random
import shutil
import sys
import tempfile

from storeclient import Daemon, Gone, NAMES

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "harness"))
import incumbent

SEED = int(sys.argv[1]) if len(sys.argv) > 1 else 20261121
STOCK = os.environ.get("STOCK_STORE") or incumbent.store() or "/usr/lib/xen-4.17/bin"
OURS = os.environ.get("PVX_STORED", "tests/store/pvx-stored-files")
PRELOAD = os.path.abspath("tests/store/stock_machine.so")

# Who: c and d are sockets, 5 and 6 are guests. T is the id of the transaction that was begun last.
DOM = b"/local/domain/5\0"
SETUP = [("c", "MKDIR", DOM), ("c", "SET_PERMS", DOM + b"n5\0"),
         ("c", "MKDIR", b"/local/domain/6\0"), ("c", "SET_PERMS", b"/local/domain/6\0n6\0"),
         ("c", "WRITE", b"/pub\0x"), ("c", "SET_PERMS", b"/pub\0r0\0"),
         ("c", "WRITE", b"/pub/k\0x"), ("c", "WRITE", b"/wo\0x"),
         ("c", "SET_PERMS", b"/wo\0w0\0")]


def plain():
    """Paths, payloads and errors, one request after the other."""
    for op in ("READ", "GET_PERMS", "MKDIR", "RM", "DIRECTORY", "UNWATCH", "WATCH", "SET_PERMS",
               "WRITE", "GET_DOMAIN_PATH", "IS_DOMAIN_INTRODUCED", "DIRECTORY_PART"):
        for payload in (b"", b"/tool", b"/tool\0x\0", b"\0", b"/nope\0", b"/a//b\0", b"/a/\0",
                        b"a b\0", b"/\xe9\0", b"/\0", b"@x\0"):
            yield "c", op, payload
    for length in (2047, 2048, 2049, 3071, 3072):
        yield "c", "READ", b"/" + b"a" * (length - 1) + b"\0"
        yield "c", "READ", b"a" * length + b"\0"
        yield "c", "READ", b"/local/domain/5/" + b"a" * length + b"\0"
    for length in (0, 1, 2048, 4080, 4088):
        yield "c", "WRITE", b"/big\0" + b"x" * length
        yield "c", "READ", b"/big\0"
    for payload in (b"/a\0n0\0r3\0", b"/a\0", b"/a\0x3\0", b"/a\0r\0", b"/a\0r3", b"/nope\0r3\0",
                    b"/a\0n3x\0", b"/a\0w0\0b3\0", b"/a\0n0\0r1\0w2\0b3\0n4\0r9\0"):
        yield "c", "WRITE", b"/a\0v"
        yield "c", "SET_PERMS", payload
        yield "c", "GET_PERMS", b"/a\0"
    for op in (15, 16, 20, 23, 24, 25, 26, 1000, 65535):
        yield "c", op, b""


def watches():
    for path in (b"/w", b"/", b"/w/a/b", b"@introduceDomain", b"@other", b"rel"):
        yield "c", "WATCH", path + b"\0token\0"
        yield "c", "WATCH", path + b"\0token\0"
    yield "c", "WATCH", b"/w\0t\0t2\0"
    yield "c", "WATCH", b"/w\0t"
    for op, payload in (("WRITE", b"/w/a/b\0v"), ("WRITE", b"/w/a/b\0v"), ("MKDIR", b"/w/a\0"),
                        ("MKDIR", b"/w/n/m\0"), ("SET_PERMS", b"/w/a\0r0\0"), ("WRITE", b"/w2\0v"),
                        ("WRITE", b"rel/x\0v"), ("RM", b"/w/a\0"), ("RM", b"/w/a\0"),
                        ("RM", b"/w\0"), ("RM", b"rel\0")):
        yield "c", op, payload
        yield "d", op, payload
    for path in (b"/w", b"/none", b"@other", b"rel"):
        yield "c", "UNWATCH", path + b"\0token\0"
        yield "c", "UNWATCH", path + b"\0token\0"
    yield "c", "RESET_WATCHES", b"\0"
    yield "c", "WRITE", b"/w\0v"


def transactions():
    yield "c", "WATCH", b"/t\0t\0"
    yield "c", "TRANSACTION_START", b"\0"
    for op, payload in (("WRITE", b"/t/a\x001"), ("WRITE", b"/t/b\x001"), ("READ", b"/t/a\0"),
                        ("MKDIR", b"/t/c/d\0"), ("RM", b"/t/b\0"), ("WRITE", b"/t/a\x002"),
                        ("SET_PERMS", b"/t/c\0r0\0"), ("READ", b"/t/none\0"),
                        ("TRANSACTION_START", b"\0"), ("WATCH", b"/t/a\0in\0"),
                        ("GET_DOMAIN_PATH", b"5\0")):
        yield "c", op, payload, "T"
        yield "d", "READ", b"/t/a\0"
    yield "c", "TRANSACTION_END", b"X\0", "T"
    yield "c", "TRANSACTION_END", b"T\0", "T"
    yield "c", "TRANSACTION_END", b"T\0", "T"
    yield "d", "READ", b"/t/a\0"
    for op in ("READ", "WRITE", "TRANSACTION_END", "TRANSACTION_START", "WATCH"):
        yield "c", op, b"T\0t\0", 4711
    for conflict in (("READ", b"/t/a\0"), ("DIRECTORY", b"/t\0"), ("READ", b"/t/new\0")):
        yield "c", "TRANSACTION_START", b"\0"
        yield "c", conflict[0], conflict[1], "T"
        yield "c", "WRITE", b"/t/mine\0v", "T"
        yield "d", "WRITE", b"/t/a\0other"
        yield "d", "WRITE", b"/t/new\0other"
        yield "c", "TRANSACTION_END", b"T\0", "T"
        yield "d", "RM", b"/t/new\0"
        yield "d", "WRITE", b"/t/a\x002"
    yield "c", "TRANSACTION_START", b"\0"
    yield "c", "READ", b"/t/a\0", "T"
    yield "d", "WRITE", b"/elsewhere/x\0v"
    yield "c", "TRANSACTION_END", b"T\0", "T"
    yield "c", "TRANSACTION_START", b"\0"
    yield "c", "WRITE", b"/t/a\0gone", "T"
    yield "c", "TRANSACTION_END", b"F\0", "T"
    yield "d", "READ", b"/t/a\0"


def guests():
    for op, payload in (
            ("READ", b"x\0"), ("READ", b"/tool\0"), ("WRITE", b"x\0y"), ("READ", b"x\0"),
            ("DIRECTORY", b"/\0"), ("DIRECTORY", b"/local/domain/5\0"), ("GET_PERMS", b"x\0"),
            ("WATCH", b"@releaseDomain\0z\0"), ("WATCH", b"x/y\0rel\0"), ("WATCH", b"/\0all\0"),
            ("WATCH", b"/local/domain/5\0abs\0"), ("WRITE", b"x/y\0v"), ("RM", b"x\0"),
            ("READ", b"/pub/k\0"), ("READ", b"/pub/nope/deep\0"), ("WRITE", b"/pub/q\0x"),
            ("GET_PERMS", b"/pub/k\0"), ("SET_PERMS", b"/pub/k\0r5\0"), ("RM", b"/pub/k\0"),
            ("RM", b"/pub/none\0"), ("RM", b"/nonex/none\0"), ("MKDIR", b"/pub/q\0"),
            ("MKDIR", b"/pub\0"), ("DIRECTORY", b"/pub\0"), ("READ", b"/local/domain/6/zz\0"),
            ("WRITE", b"/wo\0q"), ("READ", b"/wo\0"), ("READ", b"/wo/x\0"),
            ("WRITE", b"/wo/x/y\0v"), ("GET_PERMS", b"/wo/x/y\0"), ("MKDIR", b"/wo\0"),
            ("MKDIR", b"s\0"), ("SET_PERMS", b"s\0n5\0b6\0"), ("SET_PERMS", b"s\0n6\0"),
            ("SET_PERMS", b"s\0n5\0n1\0n2\0n3\0n4\0n7\0"),
            ("INTRODUCE", b"6\x001\x001\0"), ("RELEASE", b"5\0"), ("RESUME", b"5\0"),
            ("SET_TARGET", b"5\x006\0"), ("IS_DOMAIN_INTRODUCED", b"5\0"),
            ("GET_DOMAIN_PATH", b"6\0"), ("CONTROL", b"help\0"), ("INTRODUCE", b"")):
        yield "5", op, payload
    yield "6", "WRITE", b"/local/domain/5/s/x\0v"
    yield "6", "GET_PERMS", b"/local/domain/5/s/x\0"
    yield "5", "READ", b"s/x\0"
    yield "5", "RM", b"s/x\0"
    yield "5", "RM", b"s\0"
    for step in (("WRITE", b"/secret/x\0v"), ("SET_PERMS", b"/secret\0r0\0"),
                 ("SET_PERMS", b"/secret\0n0\0"), ("WRITE", b"/pub/n\0v"),
                 ("SET_PERMS", b"/pub/n\0n0\0"), ("WRITE", b"/pub/n\0w"),
                 ("WRITE", b"/pub/n/k\0w"), ("RM", b"/pub/n/k\0"), ("RM", b"/pub/n\0"),
                 ("SET_PERMS", b"/secret/x\0r0\0"), ("RM", b"/secret\0")):
        yield ("c",) + step
    for length in (2014, 2015, 2016, 2047, 2048):
        yield "5", "WRITE", b"q\0" + b"x" * length
        yield "5", "WRITE", b"k/" + b"y" * (length - 3) + b"\0v"
    yield "5", "RESET_WATCHES", b"\0"


def domains():
    for op, payload in (
            ("GET_DOMAIN_PATH", b"003\0"), ("GET_DOMAIN_PATH", b"abc\0"),
            ("GET_DOMAIN_PATH", b"99999\0"), ("GET_DOMAIN_PATH", b"-1\0"),
            ("IS_DOMAIN_INTRODUCED", b"3\0"), ("IS_DOMAIN_INTRODUCED", b"5\0"),
            ("RELEASE", b"3\0"), ("RELEASE", b"0\0"), ("RESUME", b"3\0"), ("RESUME", b"5\0"),
            ("SET_TARGET", b"3\x004\0"), ("SET_TARGET", b"3\0"), ("INTRODUCE", b"3\x001\0"),
            ("INTRODUCE", b"3\x001\x001\0"), ("INTRODUCE", b"5\x0012\x001\0"),
            ("WATCH", b"@introduceDomain\0i\0"), ("WATCH", b"@releaseDomain\0r\0"),
            ("CONTROL", b"quota\0"), ("CONTROL", b"quota-soft\0"), ("CONTROL", b"check\0"),
            ("CONTROL", b"quota\0set\0nodes\x001000\0"), ("CONTROL", b"quota\0set\0x\x001\0"),
            ("CONTROL", b"quota\x003\0"), ("CONTROL", b"log\0off\0"), ("CONTROL", b"log\0x\0"),
            ("CONTROL", b"nosuch\0"), ("CONTROL", b""), ("CONTROL", b"print\0"),
            ("CONTROL", b"live-update\0-a\0"), ("RELEASE", b"6\0"), ("RELEASE", b"6\0"),
            ("IS_DOMAIN_INTRODUCED", b"6\0")):
        yield "c", op, payload


def random_requests():
    rng = random.Random(SEED)
    names = [b"/".join(rng.choice((b"a", b"b", b"cc")) for _ in range(rng.randrange(1, 4)))
             for _ in range(30)]
    for _ in range(600):
        who = rng.choice(("c", "d", "5"))
        path = b"/local/domain/5/r/" + rng.choice(names) + b"\0"
        op = rng.choice(("WRITE", "READ", "RM", "MKDIR", "DIRECTORY", "GET_PERMS", "WATCH",
                         "UNWATCH"))
        if op == "WRITE":
            path += b"%d" % rng.randrange(100)
        elif op in ("WATCH", "UNWATCH"):
            path += b"tk\0"
        yield who, op, path


SCRIPTS = (plain, watches, transactions, guests, domains, random_requests)


def is_generation(ours, stock):
    """DIRECTORY_PART: the same names behind another generation number."""
    return ours[1].split(b"\0", 1)[-1] == stock[1].split(b"\0", 1)[-1]


# (script, operation, payload or None for any, reason, check of the two replies)
DIFFERENCES = (
    (None, "DIRECTORY_PART", None, "generation counts are each daemon's own", is_generation),
    (None, None, None, "a payload without its NUL: stock says ENOENT or whatever errno was left",
     lambda ours, stock: ours == ("ERROR", b"EINVAL\0") and stock[0] == "ERROR"),
    ("plain", "SET_PERMS", b"/nope\0r3\0", "an owner may be named before there is that domain: its "
     "nodes go with its release", lambda ours, stock: stock == ("ERROR", b"ENOENT\0")),
    ("guests", "SET_PERMS", b"s\0n6\0", "giving a node away is refused before the new owner is "
     "looked for", lambda ours, stock: ours == ("ERROR", b"EPERM\0")),
)


def normal(op, messages):
    """Names of a directory have no order that the protocol promises: ours are sorted. So are then
    the events of all that goes with one removal."""
    out = []
    for kind, payload in messages:
        if kind == "DIRECTORY":
            payload = b"\0".join(sorted(payload.split(b"\0")))
        out.append((kind, payload))
    return sorted(out[:-1]) + out[-1:] if op == "RM" else out


def collect(daemon, who, message):
    """The messages up to the reply, for the one who asked."""
    op, payload, tx = message
    client = daemon.people[who]
    if tx == "T":
        tx = daemon.transaction
    wanted = client.send(op, payload, tx)
    got = []
    while True:
        reply = client.message(60)
        if reply is None:
            return [("no reply", b"")]
        got.append((NAMES.get(reply[0], reply[0]), reply[3]))
        if reply[1] == wanted and NAMES.get(reply[0]) != "WATCH_EVENT":
            break
    if op == "TRANSACTION_START" and got[-1][0] == op:
        daemon.transaction = int(got[-1][1][:-1])
    return got


def drain(daemon, op, quiet):
    """Events that come after the reply, for each of all clients."""
    out = {}
    for name, client in daemon.people.items():
        out[name] = []
        while True:
            message = client.message(quiet if not out[name] else 0.01)
            if message is None:
                break
            out[name].append((NAMES.get(message[0]), message[3]))
        if op == "RM":
            out[name].sort()
    return out


def prepare(command, root, env):
    daemon = Daemon(command, root, env).start()
    daemon.transaction = 0
    daemon.people = {"c": daemon.client(), "d": daemon.client()}
    for domid in (5, 6):
        daemon.people[str(domid)] = daemon.guest(domid)
        daemon.people["c"].call("INTRODUCE", b"%d\0%d\x001\0" % (domid, domid + 100))
    for who, op, payload in SETUP:
        daemon.people[who].call(op, payload)
    return daemon


def excused(script, op, payload, ours, stock):
    for where, which, what, reason, check in DIFFERENCES:
        if where in (None, script) and which in (None, op) and what in (None, payload):
            if len(ours) == len(stock) and ours[:-1] == stock[:-1] and check(ours[-1], stock[-1]):
                return reason
    return None


def run_script(script, root):
    """How many replies were equal, the excused ones by reason, and the unexcused."""
    name = script.__name__
    ours = prepare([OURS, "-N"], f"{root}/ours-{name}", {})
    stock = prepare([f"{STOCK}/xenstored", "-N"], f"{root}/stock-{name}", {"LD_PRELOAD": PRELOAD})
    equal, reasons, wrong = 0, {}, []
    try:
        for step in script():
            who, op, payload, tx = (step + (0,))[:4]
            a = normal(op, collect(ours, who, (op, payload, tx)))
            b = normal(op, collect(stock, who, (op, payload, tx)))
            quiet = 0.002 if name != "guests" else 0.01
            later = drain(ours, op, quiet), drain(stock, op, quiet)
            reason = excused(name, op, payload, a, b)
            if a == b and later[0] == later[1]:
                equal += 1
            elif reason:
                reasons[reason] = reasons.get(reason, 0) + 1
            else:
                wrong.append((step, a, b, later))
    except Gone as error:
        wrong.append(("a daemon closed a connection", step, repr(error)))
    finally:
        ours.kill()
        stock.kill()
    return equal, reasons, wrong


def main():
    if not os.path.exists(f"{STOCK}/xenstored") or not os.path.exists(PRELOAD):
        print("1..0 # SKIP no stock xenstored, or no Xen headers to play its machine")
        return 0
    root = tempfile.mkdtemp(prefix="pvx-conformance-")
    print(f"# seed {SEED}")
    failed = 0
    for number, script in enumerate(SCRIPTS, 1):
        equal, reasons, wrong = run_script(script, root)
        for item in wrong[:8]:
            print("#", item)
        for reason, times in reasons.items():
            print(f"# {times} times: {reason}")
        failed += bool(wrong)
        print(f"{'not ok' if wrong else 'ok'} {number} - {script.__name__}: {equal} replies equal "
              f"byte for byte, {sum(reasons.values())} differ as listed", flush=True)
    print(f"1..{len(SCRIPTS)}")
    shutil.rmtree(root, ignore_errors=True)
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
