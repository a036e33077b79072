# SPDX-License-Identifier: GPL-2.0-or-later
"""The same Linux as dom0_linux.py, as Debian packs it: the hypervisor unpacks the bzImage."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import dom0_linux  # noqa: E402

if __name__ == "__main__":
    sys.exit(dom0_linux.main(["--bzimage"] + sys.argv[1:]))
