#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Packs random contents with the usual tools, damages them, and compares what unpack_file makes of them."""

import os
import random
import shutil
import subprocess
import sys

PROGRAM = os.path.join(os.environ.get("top_builddir", "."), "tests/unit/unpack_file")
TOOLS = [
    "xz -0", "xz -6 --check=crc64", "xz -9e --check=crc32", "xz --check=crc32 --x86 --lzma2=preset=6",
    "xz --check=none --lzma2=lc=0,lp=4,pb=0", "xz --check=crc32 --lzma2=lc=4,lp=0,pb=4", "xz --block-size=20000",
    "lzma -6", "gzip -1", "gzip -9", "zstd -1", "zstd -19", "zstd --ultra -22 --no-check",
    "zstd -5 --no-content-size", "lz4 -l -1", "lz4 -l -9",
]


def contents(rng):
    """Pieces of noise, of words, of branches, of zeroes, and repeats from anywhere before."""
    data = bytearray()
    for _ in range(rng.randrange(1, 40)):
        size = rng.choice((1, 7, 100, 3000, 20000))
        kind = rng.randrange(5)
        if kind == 0:
            data += rng.randbytes(size)
        elif kind == 1:
            data += b" ".join(rng.choice((b"frame", b"port", b"grant", b"page")) for _ in range(size // 5))
        elif kind == 2:
            data += bytes(rng.choice(b"\xe8\xe9\x00\xff\x01\x80\x8b\x48") for _ in range(size))
        elif kind == 3:
            data += bytes(size)
        elif data:
            start = rng.randrange(len(data))
            data += data[start:start + size]
    return bytes(data)


def unpacked(packed, size):
    done = subprocess.run([PROGRAM, str(size)], input=packed, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          check=False)
    return done.returncode, done.stdout, done.stderr.decode(errors="replace")


def check(tool, rng):
    """Returns what is wrong, or None."""
    for _ in range(3):
        data = contents(rng)
        packed = subprocess.run(tool.split() + ["-q", "-c"], input=data, stdout=subprocess.PIPE, check=True).stdout
        status, result, said = unpacked(packed, len(data))
        if status != 0 or result != data:
            return f"{len(data)} bytes: status {status}: {said}"
        for _ in range(5):
            damaged = bytearray(packed)
            damaged[rng.randrange(len(damaged))] ^= rng.randrange(1, 256)
            damaged = damaged[:rng.randrange(len(damaged) // 2, len(damaged) + 1)]
            status, _, said = unpacked(bytes(damaged), len(data))
            if status not in (0, 1) or "anitizer" in said or "runtime error" in said:
                return f"damaged input: status {status}: {said}"
    return None


def main():
    seed = int(os.environ.get("SEED", "20261121"))
    print(f"# seed {seed}")
    failed = 0
    for number, tool in enumerate(TOOLS, 1):
        if not shutil.which(tool.split()[0]):
            print(f"ok {number} - {tool} # SKIP {tool.split()[0]} is missing")
            continue
        fault = check(tool, random.Random(f"{seed} {tool}"))
        failed += fault is not None
        print(f"{'not ' if fault else ''}ok {number} - {tool}, whole and damaged", flush=True)
        if fault:
            print("# " + fault.replace("\n", "\n# "))
    print(f"1..{len(TOOLS)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
