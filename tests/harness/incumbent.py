# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's Xen, fetched once into a cache, so that the same guest can be run on both hypervisors."""

import fcntl
import glob
import gzip
import os
import shutil
import subprocess

HYPERVISOR = "xen-hypervisor-4.17-amd64"
TOOLS = "xen-utils-4.17"


def cache():
    """The folder of what tests fetch: $PARVUS_CACHE, else parvus in the user's cache folder."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.environ.get("PARVUS_CACHE") or os.path.join(home, "parvus")


def unpacked(package):
    """The folder with what a package would install; None where neither apt nor the cache has it."""
    folder = os.path.join(cache(), "xen")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, package + ".lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return fetched(package, folder)


def fetched(package, folder):
    root = os.path.join(folder, package)
    if os.path.isdir(root):
        return root
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        return None
    if subprocess.run(["apt-get", "download", package], cwd=folder, check=False, capture_output=True).returncode:
        return None
    for file in glob.glob(os.path.join(folder, package + "_*.deb")):
        subprocess.run(["dpkg-deb", "-x", file, root + ".new"], check=True)
        os.replace(root + ".new", root)
        return root
    return None


def xen():
    """The path of Debian's hypervisor as ELF, or None."""
    image = os.path.join(cache(), "xen", "xen.elf")
    if os.path.exists(image):
        return image
    root = unpacked(HYPERVISOR)
    for packed in glob.glob(os.path.join(root or "", "boot", "xen-4.17*-amd64.gz")):
        with gzip.open(packed) as source, open(f"{image}.{os.getpid()}", "wb") as target:
            shutil.copyfileobj(source, target)
        os.replace(f"{image}.{os.getpid()}", image)
        return image
    return None


def store():
    """The folder with Debian's store daemons, or None."""
    root = unpacked(TOOLS)
    folder = os.path.join(root or "", "usr", "lib", "xen-4.17", "bin")
    return folder if root and os.path.isdir(folder) else None


if __name__ == "__main__":
    print(xen() or "not to be had")
