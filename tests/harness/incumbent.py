# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's Xen, fetched once into a cache, so that the same guest can be run on both hypervisors."""

import glob
import gzip
import os
import shutil
import subprocess

PACKAGE = "xen-hypervisor-4.17-amd64"


def cache():
    """The folder of what tests fetch: $PARVUS_CACHE, else parvus in the user's cache folder."""
    home = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return os.environ.get("PARVUS_CACHE") or os.path.join(home, "parvus")


def xen():
    """The path of Debian's hypervisor as ELF; None where neither apt nor the cache has it."""
    folder = os.path.join(cache(), "xen")
    image = os.path.join(folder, "xen.elf")
    if os.path.exists(image):
        return image
    if not shutil.which("apt-get") or not shutil.which("dpkg-deb"):
        return None
    os.makedirs(folder, exist_ok=True)
    if subprocess.run(["apt-get", "download", PACKAGE], cwd=folder, check=False, capture_output=True).returncode:
        return None
    for package in glob.glob(os.path.join(folder, PACKAGE + "_*.deb")):
        subprocess.run(["dpkg-deb", "-x", package, os.path.join(folder, "root")], check=True)
    for packed in glob.glob(os.path.join(folder, "root", "boot", "xen-4.17*-amd64.gz")):
        with gzip.open(packed) as source, open(image + ".new", "wb") as target:
            shutil.copyfileobj(source, target)
        os.replace(image + ".new", image)
        return image
    return None


if __name__ == "__main__":
    print(xen() or "not to be had")
