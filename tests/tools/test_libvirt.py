#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""pvx's conversions of domain XML beside libvirt's own, which record_libvirt.py has recorded. Prints TAP.

XML is compared line by line without the devices that libvirt adds to every domain: mouse, keyboard, balloon.
xl.cfg is compared key by key, and a disk or an interface word by word, in any order, as xl does not care for it; what
either says though it is the default is left out. pvx also has to read what libvirt has written. All that differs then is in libvirt/differences.golden, and
docs/xl-to-pvx.md says why.

Usage: test_libvirt.py [--record]   --record: write differences.golden anew
"""

import difflib
import glob
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
FOLDER = os.path.join(HERE, "libvirt")
DIFFERENCES = os.path.join(FOLDER, "differences.golden")
PROGRAM = os.path.join(os.environ.get("top_builddir", "."), "tests/tools/pvx-xml")
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "harness"))
from machine import Tap, skip_all  # noqa: E402

ADDED = re.compile(r"^ +<(input type='(mouse|keyboard)' bus='xen'|memballoon model='xen')/>\n", re.MULTILINE)
DEFAULTS = ['cap = 0', 'localtime = 0', 'max_event_channels = 1023', 'on_watchdog = "destroy"', 'rtc_timeoffset = 0',
            'on_soft_reset = "soft-reset"', 'tsc_mode = "default"', 'type = "pv"']
DEFAULT_WORDS = {"format=raw", "devid=N", "script=vif-bridge", "model=netfront"}


def contents(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def name_of(path):
    return os.path.basename(path).removesuffix(".golden")


def convert(path):
    way = "to-xml" if path.endswith(".cfg.golden") else "to-cfg"
    done = subprocess.run([PROGRAM, way, path], capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else done.stderr.replace(path, name_of(path))


def plain_xml(text):
    return ADDED.sub("", text).splitlines()


def words_of(item):
    """A disk or an interface as its words in order; a target is the last and may have commas."""
    head, target, rest = re.match(r"(.*?)((?:^|, ?)target=)?((?<=target=).*)?$", item).groups()
    words = [re.sub(r"^devid=\d+$", "devid=N", word) for word in re.split(r", ?", head) if word]
    return " ".join(sorted(set(words) - DEFAULT_WORDS)) + (f" target={rest}" if target else "")


def plain_cfg(text):
    """The settings in order of their keys, an item of a list in a line of its own."""
    text = re.sub(r"\n\t|\n\]", lambda match: "]" if match.group() == "\n]" else "", text)
    text = re.sub(r"(?<=\[) | (?=\])|(?<=,) (?=\[)", "", text)
    text = re.sub(r"^vcpus = (\d+)\nmaxvcpus = \1$", r"vcpus = \1", text, flags=re.MULTILINE)
    lines = []
    for line in sorted(set(text.splitlines()) - set(DEFAULTS)):
        key, _, value = line.partition(" = ")
        items = re.findall(r'"((?:[^"\\]|\\.)*)"', value) if key in ("disk", "vif", "channel") else None
        lines += [line] if items is None else [f"{key}: {words_of(item)}" for item in items]
    return lines


def difference(path):
    """What pvx says otherwise than libvirt, as lines with - and +; with ? if it cannot read what libvirt says."""
    recorded = glob.glob(path.replace(".golden", ".?*.golden"))[0]
    plain = plain_xml if path.endswith(".cfg.golden") else plain_cfg
    if recorded.endswith(".refused.golden"):
        lines = ["-" + contents(recorded).rstrip(), "+converted" if "error: " not in convert(path) else "+" + convert(path).rstrip()]
    else:
        lines = [line for line in difflib.unified_diff(plain(contents(recorded)), plain(convert(path)), n=0, lineterm="")
                 if not line.startswith(("---", "+++", "@@"))]
        again = convert(recorded)
        lines += ["?" + line for line in again.splitlines()] if "error: " in again else []
    return "".join(line + "\n" for line in [f"== {name_of(path)}"] + lines) if lines else ""


def main():
    if not os.path.exists(PROGRAM):
        skip_all("tests/tools/pvx-xml is not built")
    paths = [path for path in sorted(glob.glob(os.path.join(FOLDER, "*.golden"))) if re.search(r"/[^./]+\.(cfg|xml)\.golden$", path)]
    found = {name_of(path): difference(path) for path in paths}
    if sys.argv[1:] == ["--record"]:
        with open(DIFFERENCES, "w", encoding="utf-8") as file:
            file.write("".join(found.values()))
        return 0
    known = {part.splitlines()[0][3:]: part for part in re.split(r"^(?=== )", contents(DIFFERENCES), flags=re.MULTILINE) if part}
    tap = Tap()
    tap.ok(known.keys() <= found.keys(), "each known difference is of something that is converted", known.keys() - found.keys())
    for name, text in found.items():
        tap.ok(text == known.get(name, ""), f"{name}: converted as by libvirt{', but for what is known' if text else ''}", text)
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
