#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The headers as `make install` leaves them, found by pkg-config, are all that the example kernels need. Prints TAP.

Runs in a build folder.
"""

import glob
import os
import shlex
import shutil
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CC = shlex.split(os.environ.get("CC", "cc"))
RULES = ("install-pvHEADERS", "install-pvabiHEADERS", "install-pvabix86HEADERS", "install-pvabihvmHEADERS",
         "install-pvabiioHEADERS", "install-pkgconfigDATA")


def run(words, **more):
    return subprocess.run(words, capture_output=True, text=True, check=False, **more)


def flags(folder, what):
    """What pkg-config says of the installed headers, as if they were in their final place."""
    found = glob.glob(os.path.join(folder, "**", "parvus-guest.pc"), recursive=True)
    environment = dict(os.environ, PKG_CONFIG_PATH=os.path.dirname(found[0]) if found else "")
    done = run(["pkg-config", what, "parvus-guest"], env=environment)
    return [word.replace("-I/", f"-I{folder}/", 1) for word in done.stdout.split()]


def build(folder, source):
    """What a compiler has to say against an example."""
    target = os.path.join(folder, os.path.basename(source) + ".elf")
    done = run(CC + ["-O2", "-Wall", "-Wextra", "-Werror", *flags(folder, "--cflags"), source, *flags(folder, "--libs"),
                     "-o", target])
    if done.returncode:
        return done.stderr
    notes = run(["readelf", "-n", target]).stdout
    return "" if "Xen" in notes else "it has no notes for a loader"


def main():
    if not shutil.which("pkg-config"):
        print("1..0 # SKIP pkg-config is missing (Debian package pkg-config)")
        return 0
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        done = run(["make", "-s", *RULES, f"DESTDIR={folder}"])
        sources = sorted(glob.glob(os.path.join(TOP, "guest-pv-headers", "examples", "*.c")))
        results = [("the headers are installed", done.stderr if done.returncode else "")]
        results += [(f"{os.path.basename(source)} is built with them alone", build(folder, source)) for source in sources]
        for number, (what, why) in enumerate(results, 1):
            failed += bool(why)
            print(f"{'not ' if why else ''}ok {number} - {what}")
            for line in why.splitlines()[:10]:
                print(f"# {line}")
        print(f"1..{len(results)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
