#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""guest-pv-headers/xen agree with libxen-dev: every constant, size, offset and bit. Prints TAP.

The table is made from our headers: every macro the preprocessor knows, every enumerator, structure,
member and type is probed by a program compiled against both sets, and the two outputs are compared.
A name that can be probed in no way has to be listed below with the reason, or the test fails.
"""

import os
import re
import shlex
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
OURS = os.path.join(TOP, "guest-pv-headers")
CC = shlex.split(os.environ.get("CC") or "cc")
REFERENCE = "/usr/include/xen"

# Macros that are not values: guest handles, statements, types, other names for structures.
NOT_VALUES = {
    "DEFINE_XEN_GUEST_HANDLE", "__DEFINE_XEN_GUEST_HANDLE", "XEN_GUEST_HANDLE", "XEN_GUEST_HANDLE_64",
    "XEN_GUEST_HANDLE_PARAM", "set_xen_guest_handle", "set_xen_guest_handle_raw", "XEN_DEFINE_TYPE",
    "XEN_FLEX_ARRAY_DIM", "xen_wc_sec_hi", "xen_vga_console_info", "machine_to_phys_mapping",
    "TI_SET_DPL", "TI_SET_IF", "XSD_ERROR", "DEFINE_RING_TYPES", "xen_mb", "xen_rmb", "xen_wmb",
    "__XEN_INTERFACE_VERSION__",
}
# Ring macros act on a ring; test_ring exercises them.
NOT_VALUES |= {name for name in """SHARED_RING_INIT FRONT_RING_ATTACH BACK_RING_ATTACH FRONT_RING_INIT
    BACK_RING_INIT XEN_FRONT_RING_INIT RING_SIZE RING_FREE_REQUESTS RING_FULL RING_GET_REQUEST
    RING_GET_RESPONSE RING_COPY_REQUEST RING_COPY_RESPONSE RING_REQUEST_CONS_OVERFLOW
    RING_REQUEST_PROD_OVERFLOW RING_RESPONSE_PROD_OVERFLOW XEN_RING_NR_UNCONSUMED_RESPONSES
    XEN_RING_NR_UNCONSUMED_REQUESTS RING_HAS_UNCONSUMED_RESPONSES RING_HAS_UNCONSUMED_REQUESTS
    RING_PUSH_REQUESTS RING_PUSH_RESPONSES RING_PUSH_REQUESTS_AND_CHECK_NOTIFY
    RING_PUSH_RESPONSES_AND_CHECK_NOTIFY RING_FINAL_CHECK_FOR_REQUESTS RING_FINAL_CHECK_FOR_RESPONSES
    """.split()}
TYPES = {"blkif_vdev_t", "blkif_sector_t", "uint64_aligned_t", "int64_aligned_t", "xenpf_settime",
         "xen_vga_console_info_t"}
# Macros with arguments, and with which ones they are compared.
SAMPLES = {
    "xen_mk_uint": "3", "xen_mk_ulong": "3", "xen_mk_ullong": "3", "XEN_CPUID_LEAF": "2",
    "XENMEMF_address_bits": "31", "XENMEMF_get_address_bits": "0x12345", "XENMEMF_node": "3",
    "XENMEMF_get_node": "0x412", "XENMEMF_exact_node": "5", "XEN_DOMCTL_GRANT_version": "0x32",
    "xen_pfn_to_cr3": "0x12345", "xen_cr3_to_pfn": "0x12345678", "MASK_XENSTORE_IDX": "0x12345",
    "xen_vcpu_physid_to_x86_apicid": "0x1200000034ULL", "xen_vcpu_physid_to_x86_acpiid": "0x1200000034ULL",
    "TI_GET_DPL": "(&(struct trap_info){.flags = 7})", "TI_GET_IF": "(&(struct trap_info){.flags = 7})",
    "MASK_XENCONS_IDX": "5000, ((struct xencons_interface *)0)->out", "__RING_SIZE": "(struct blkif_sring *)0, 4096L",
    "__CONST_RING_SIZE": "netif_tx, 4096",
}
# Numbers that libxen-dev shows to the hypervisor only.
HYPERVISOR_ONLY = {"XEN_EINTR": 4, "XEN_ERESTART": 85}
OWN = re.compile(r"^(PVX_|pvx_|__guest_handle_|xen_mk_u\w+_$)")

PROGRAM_HEAD = r"""
#define PUT(x) _Generic((x), char *: put_text, const char *: put_text, default: put_number) \
	(#x, (uintptr_t)(x), sizeof(x))
#define SIZE(type) put_number("sizeof " #type, sizeof(type), 0)
#define MEMBER(type, m) put_number(#type "." #m, offsetof(type, m), sizeof(((type *)0)->m))
#define OPEN_MEMBER(type, m) put_number(#type "." #m, offsetof(type, m), sizeof(((type *)0)->m[0]))
#define BITS(type, m)                                                  \
	do {                                                           \
		union { type value; uint32_t image; } u = {.image = 0}; \
		u.value.m = (uint32_t)~0u;                             \
		put_number(#type "." #m, u.image, 0);                  \
	} while (0)
static void put_number(const char *name, uintptr_t value, size_t size)
{
	printf("%s = %#lx, %zu\n", name, (unsigned long)value, size);
}
static void put_text(const char *name, uintptr_t text, size_t size)
{
	(void)size;
	printf("%s = \"%s\"\n", name, (const char *)text);
}
"""


def headers():
    found = []
    for folder, _, names in os.walk(os.path.join(OURS, "xen")):
        found += [os.path.relpath(os.path.join(folder, name), OURS) for name in names if name.endswith(".h")]
    return sorted(found)


def compiler(arguments, text):
    return subprocess.run(CC + arguments + ["-"], input=text, capture_output=True, text=True, check=False)


def preamble():
    lines = ["#include <errno.h>", "#include <stddef.h>", "#include <stdint.h>", "#include <stdio.h>", "#include <string.h>"]
    return "\n".join(lines) + "\n", "".join(f"#include <{name}>\n" for name in headers())


def macros():
    """(name, has arguments) of each macro our headers define, include guards aside."""
    def known(text):
        out = compiler(["-dM", "-E", "-x", "c", "-I" + OURS], text).stdout
        return dict(re.findall(r"^#define (\w+)(\()?", out, re.MULTILINE))

    system, ours = preamble()
    before, after = known(system), known(system + ours)
    empty = re.compile(r"^PVX_XEN_\w+_H$")
    return [(name, bool(arguments)) for name, arguments in after.items() if name not in before and not empty.match(name)]


class Declarations:
    """Structures with their members, types and enumerators of preprocessed C. Understands our style."""

    def __init__(self, text):
        self.tokens = re.findall(r"\w+|[{}()\[\];:,*=]|[^\s\w]", text)
        self.at = 0
        self.structs, self.types, self.enumerators = {}, [], []

    def parse(self):
        while self.at < len(self.tokens):
            self.declaration()
        return self

    def next(self):
        self.at += 1
        return self.tokens[self.at - 1]

    def peek(self):
        return self.tokens[self.at]

    def skip_braces(self):
        depth = 1
        while depth:
            depth += {"{": 1, "}": -1}.get(self.next(), 0)

    def declaration(self):
        start = self.at
        typedef = self.peek() == "typedef"
        if typedef:
            self.next()
        body = None
        while self.peek() not in ";{":
            self.next()
        if self.next() == "{":
            words = self.tokens[start:self.at - 1]
            if "enum" in words:
                self.enumeration()
            elif words[-1] in ("struct", "union") or words[-2] in ("struct", "union"):
                tag = " ".join(words[-2:]) if words[-1] not in ("struct", "union") else None
                body = self.members()
                if tag:
                    self.structs[tag] = body
            else:
                self.skip_braces()
                return
            tail = self.at
            while self.next() != ";":
                pass
        else:
            tail = start
        if typedef:
            name = [word for word in self.tokens[tail:self.at - 1] if re.match(r"[A-Za-z_]", word)][-1]
            self.types.append(name)
            if body is not None:
                self.structs[name] = body

    def enumeration(self):
        expecting = True
        while (token := self.next()) != "}":
            if expecting and re.match(r"[A-Za-z_]", token):
                self.enumerators.append(token)
            expecting = token == ","

    def members(self):
        """Paths of a structure's members with their kind: plain, open (array without size), bits."""
        found = []
        while self.peek() != "}":
            inner, start, tag = None, self.at, None
            while self.peek() not in ";{":
                self.next()
            if self.next() == "{":
                words = self.tokens[start:self.at - 1]
                tag = " ".join(words[-2:]) if words[-1] not in ("struct", "union") else None
                inner = self.members()
                if tag:
                    self.structs[tag] = inner
                start = self.at
                while self.next() != ";":
                    pass
            self.declarators(found, self.tokens[start:self.at - 1], inner)
        self.next()
        return found

    @staticmethod
    def declarators(found, tokens, inner):
        if inner is not None and not tokens:
            found += inner
            return
        for one in re.split(r",", " ".join(tokens)):
            name = re.search(r"(\w+)\s*((?:\[[^]]*\]\s*)*)(:\s*\w+)?\s*$", one)
            kind = "bits" if name.group(3) else "open" if re.match(r"\[\s*\]", name.group(2)) else "plain"
            found.append((name.group(1), kind))
            if inner is not None and not name.group(2):
                found += [(f"{name.group(1)}.{path}", deeper) for path, deeper in inner]


def declarations():
    system, ours = preamble()
    text = compiler(["-E", "-x", "c", "-I" + OURS], system + ours).stdout
    kept, mine = [], False
    for line in text.splitlines():
        marker = re.match(r'# \d+ "([^"]*)"', line)
        if marker:
            mine = marker.group(1).startswith(OURS)
        elif mine:
            kept.append(line)
    return Declarations("\n".join(kept)).parse()


def table(faults):
    """The lines of the probing program's main()."""
    lines, seen = [], set()
    for name, has_arguments in macros():
        seen.add(name)
        if OWN.match(name) or name in NOT_VALUES:
            continue
        if name in TYPES:
            lines.append(f"SIZE({'struct ' if name == 'xenpf_settime' else ''}{name});")
        elif has_arguments and name in SAMPLES:
            lines.append(f"PUT({name}({SAMPLES[name]}));")
        elif has_arguments:
            faults.append(f"{name}(): give it arguments in SAMPLES, or say why not in NOT_VALUES")
        else:
            lines.append(f"PUT({name});")
    faults += [f"{name}: listed in this test but gone from the headers"
               for name in (NOT_VALUES | TYPES | set(SAMPLES)) - seen]
    known = declarations()
    for name in known.enumerators:
        lines.append(f"PUT({name});")
    for name in known.types:
        if not OWN.match(name):
            lines.append(f"SIZE({name});")
    for struct, members in known.structs.items():
        if OWN.match(struct):
            continue
        lines.append(f"SIZE({struct});")
        macro = {"plain": "MEMBER", "open": "OPEN_MEMBER", "bits": "BITS"}
        lines += [f"{macro[kind]}({struct}, {path});" for path, kind in members]
    return lines


def build_and_run(lines, arguments, folder, name):
    """Output of the program as a dictionary, and what the compiler said when it could not."""
    system, ours = preamble()
    source = "".join(f"\t{line}\n" for line in lines)
    errors = "\tfor (size_t i = 0; i < sizeof(xsd_errors) / sizeof(xsd_errors[0]); i++)\n" \
             "\t\tputs(xsd_errors[i].errstring);\n"
    program = os.path.join(folder, name)
    done = compiler(["-std=gnu11", "-w", "-x", "c", "-o", program] + arguments,
                    system + ours + PROGRAM_HEAD + "int main(void)\n{\n" + source + errors + "\treturn 0;\n}\n")
    if done.returncode:
        return None, [line for line in done.stderr.splitlines() if "error" in line][:20]
    return subprocess.run([program], capture_output=True, text=True, check=True).stdout.splitlines(), []


def compare(tap, folder):
    faults = []
    lines = table(faults)
    tap("every name of our headers has a place in the table", faults)
    ours, said = build_and_run(lines, ["-I" + OURS], folder, "ours")
    tap("the table compiles with our headers", said)
    if not os.path.exists(os.path.join(REFERENCE, "xen.h")):
        tap(f"{len(lines)} constants, sizes and offsets are libxen-dev's", [], "libxen-dev is not installed")
        return
    shared = [line for line in lines if not any(f"({name})" in line for name in HYPERVISOR_ONLY)]
    theirs, said = build_and_run(shared, ["-D__XEN_TOOLS__"], folder, "theirs")
    tap("the table compiles with libxen-dev's headers", said)
    if ours is None or theirs is None:
        return
    hidden = [f"{name} = {value:#x}, 4" for name, value in HYPERVISOR_ONLY.items()]
    faults = [f"{name} is not there" for name in hidden if name not in ours]
    left = [line for line in ours if line not in hidden]
    faults += [f"ours: {a}   libxen-dev: {b}" for a, b in zip(left, theirs) if a != b]
    faults += [f"{len(left)} lines against {len(theirs)}"] if len(left) != len(theirs) else []
    tap(f"{len(theirs)} constants, sizes and offsets are libxen-dev's", faults)


def alone(tap):
    strict = ["-ffreestanding", "-fsyntax-only", "-Wall", "-Wextra", "-Wundef", "-Werror", "-I" + OURS]
    plus_plus = compiler(["-x", "c++", "-fsyntax-only"], "").returncode == 0
    for language, standard in (("c", "c11"), ("c++", "c++11")):
        faults = []
        for name in headers():
            done = compiler(["-x", language, "-std=" + standard] + strict, f"#include <{name}>\n#include <{name}>\n")
            faults += done.stderr.splitlines()[:3] if done.returncode else []
        skip = "" if language == "c" or plus_plus else "no C++ compiler"
        tap(f"each of {len(headers())} headers compiles alone as {language.upper()}", faults if not skip else [], skip)
    assembly = "#include <xen/xen.h>\n#include <xen/elfnote.h>\n#include <xen/features.h>\n\t.quad FLAT_KERNEL_CS, DOMID_SELF\n"
    done = compiler(["-x", "assembler-with-cpp", "-c", "-o", os.devnull, "-I" + OURS], assembly)
    tap("xen.h, elfnote.h and features.h serve assembly", done.stderr.splitlines()[:5])


def example(tap, folder):
    """The example builds with the command its head comment gives, and has the notes a loader wants."""
    source = os.path.join(OURS, "examples", "hello.c")
    with open(source, encoding="utf-8") as text:
        command = re.search(r"^ \*\tgcc (.*?)^ \*/", text.read(), re.MULTILINE | re.DOTALL).group(1)
    words = shlex.split(command.replace("\n *", " "))
    words = [{"guest-pv-headers": OURS, "hello.elf": os.path.join(folder, "hello.elf"), "hello.c": source}.get(w, w) for w in words]
    done = subprocess.run(CC + ["-Wall", "-Wextra", "-Werror"] + words, capture_output=True, text=True, check=False)
    tap("the example kernel builds as it says", done.stderr.splitlines()[:5])


def main():
    count, failed = 0, 0

    def tap(what, faults, skip=""):
        nonlocal count, failed
        count += 1
        failed += bool(faults)
        print(f"{'not ' if faults else ''}ok {count} - {what}{f' # SKIP {skip}' if skip else ''}")
        for fault in faults[:30]:
            print(f"# {fault}")

    alone(tap)
    with tempfile.TemporaryDirectory() as folder:
        compare(tap, folder)
        example(tap, folder)
    print(f"1..{count}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
