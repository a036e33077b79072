# SPDX-License-Identifier: GPL-2.0-or-later
"""QEMU from Debian's backports, fetched once into a cache: its TCG has x2APIC, and gets SMAP right."""

import glob
import os
import shutil
import subprocess

from incumbent import cache

SUITE = "bookworm-backports"
PACKAGES = ("qemu-system-x86", "qemu-system-common", "qemu-system-data", "seabios")
SOURCE = "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian {} main\n"
WRAPPER = """#!/bin/sh
QEMU_MODULE_DIR={root}/usr/lib/x86_64-linux-gnu/qemu exec {root}/usr/bin/qemu-system-x86_64 \\
	-L {root}/usr/share/qemu -L {root}/usr/share/seabios "$@"
"""


def fetch(folder):
    """The packages, by an apt whose sources and lists are its own; False: they are not to be had."""
    lists = os.path.join(folder, "lists")
    sources = os.path.join(folder, "sources.list")
    os.makedirs(os.path.join(lists, "partial"), exist_ok=True)
    with open(sources, "w", encoding="ascii") as file:
        file.write(SOURCE.format(SUITE))
    apt = ["apt-get", "-o", f"Dir::State::lists={lists}", "-o", f"Dir::Etc::sourcelist={sources}",
           "-o", "Dir::Etc::sourceparts=/dev/null", "-o", "Debug::NoLocking=1"]
    for command in (["update"], ["download"] + [f"{package}/{SUITE}" for package in PACKAGES]):
        if subprocess.run(apt + command, cwd=folder, check=False, capture_output=True, timeout=300).returncode:
            return False
    return True


def newer_qemu():
    """A program that starts it, or None."""
    folder = os.path.join(cache(), "newer-qemu")
    program = os.path.join(folder, "qemu-system-x86_64")
    if os.path.exists(program):
        return program
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        return None
    os.makedirs(folder, exist_ok=True)
    root = os.path.join(folder, "root")
    if not fetch(folder):
        return None
    for file in glob.glob(os.path.join(folder, "*.deb")):
        subprocess.run(["dpkg-deb", "-x", file, root], check=True)
    with open(program + ".new", "w", encoding="ascii") as file:
        file.write(WRAPPER.format(root=root))
    os.chmod(program + ".new", 0o755)
    if subprocess.run([program + ".new", "--version"], check=False, capture_output=True).returncode:
        return None
    os.replace(program + ".new", program)
    return program


if __name__ == "__main__":
    print(newer_qemu() or "not to be had")
