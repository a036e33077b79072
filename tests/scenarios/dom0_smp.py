# SPDX-License-Identifier: GPL-2.0-or-later
"""The same Linux as dom0_linux.py on two processors, and on four where there is time."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import dom0_linux  # noqa: E402

if __name__ == "__main__":
    SMP = "4" if os.environ.get("PARVUS_FULL") else "2"
    sys.exit(dom0_linux.main(["--smp", SMP] + sys.argv[1:]))
