#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Manual pages and completions of pvx: each command has them, troff and the shells take them, keys are all told. Prints TAP."""

import os
import re
import shutil
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get("top_builddir", "."))
PAGES = os.path.join(BUILD, "pvx-pages")
WRITTEN = os.path.join(TOP, "docs", "man")
sys.path.insert(0, os.path.join(TOP, "tests", "harness"))
from machine import Tap, skip_all  # noqa: E402

tap = Tap()
ok = tap.ok


def pvx(*arguments):
    return subprocess.run([os.path.join(BUILD, "pvx"), *arguments], capture_output=True, text=True, check=False).stdout


def test_pages():
    if not shutil.which("groff"):
        tap.skip("manual pages", "groff is missing")
        return
    pages = [os.path.join(folder, name) for folder in (PAGES, WRITTEN) for name in os.listdir(folder)
             if name[-2:] in (".1", ".5", ".8")]
    faults = []
    for page in pages:
        done = subprocess.run(["groff", "-man", "-ww", "-Tutf8", "-z", page], capture_output=True, text=True, check=False)
        faults += [page + ": " + line for line in done.stderr.splitlines()]
    ok(not faults, f"{len(pages)} manual pages are as troff wants them", "\n".join(faults))


def complete(*words):
    """What bash offers for the last word."""
    script = f"""
source '{PAGES}/pvx'
pvx() {{ if [ "$1" = list ]; then printf 'Name ID\\nDomain-0 0\\nweb 1\\n'; else '{BUILD}/pvx' "$@"; fi; }}
compopt() {{ :; }}
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_pvx
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    done = subprocess.run(["bash", "-c", script, "bash", *words], capture_output=True, text=True, check=False, cwd=TOP)
    return set(done.stdout.split()) if not done.stderr else done.stderr


def test_bash(commands):
    ok(set(commands) <= set(complete("pvx", "")), "bash: commands", complete("pvx", ""))
    ok(complete("pvx", "--json", "unp") == {"unpause"}, "bash: a command behind an option", complete("pvx", "--json", "unp"))
    ok(complete("pvx", "unpause", "") == {"Domain-0", "web"}, "bash: domains", complete("pvx", "unpause", ""))
    ok(complete("pvx", "list", "--l") == {"--long"}, "bash: options", complete("pvx", "list", "--l"))
    ok(complete("pvx", "create", "-f", "READ") == {"README.md"}, "bash: the value of an option",
       complete("pvx", "create", "-f", "READ"))
    ok(complete("pvx", "create", "--defconfig", "=", "READ") == {"README.md"}, "bash: behind =")
    ok(complete("pvx", "create", "a.cfg", "memo") == {"memory="}, "bash: keys", complete("pvx", "create", "a.cfg", "memo"))
    ok(complete("pvx", "help", "domn") == {"domname"}, "bash: commands to be helped with", complete("pvx", "help", "domn"))


def test_zsh():
    if not shutil.which("zsh"):
        tap.skip("zsh", "zsh is missing")
        return
    done = subprocess.run(["zsh", "-n", os.path.join(PAGES, "_pvx")], capture_output=True, text=True, check=False)
    ok(done.returncode == 0 and not done.stderr, "zsh takes its completion", done.stderr)


def test_keys():
    with open(os.path.join(TOP, "docs", "man", "pvx.cfg.5"), encoding="utf-8") as file:
        told = set(re.findall(r"^\.B[IR]? \"?(\w+)=", file.read(), re.M))
    with open(os.path.join(PAGES, "pvx"), encoding="utf-8") as file:
        known = set(re.search(r"local keys='([^']*)'", file.read()).group(1).replace("=", "").split())
    ok(known <= told, "pvx.cfg(5) tells all keys", f"not {sorted(known - told)}")


def main():
    if not os.path.exists(PAGES):
        skip_all("pvx is not built")
    commands = pvx("help", "--names").split()
    pages = set(os.listdir(PAGES) + os.listdir(WRITTEN))
    ok(len(commands) > 10 and {f"pvx-{name}.1" for name in commands} <= pages, "each command has a page", commands)
    test_pages()
    test_bash(commands)
    test_keys()
    test_zsh()
    return tap.done()


if __name__ == "__main__":
    sys.exit(main())
