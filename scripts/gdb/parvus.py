# SPDX-License-Identifier: GPL-2.0-or-later
"""Commands for gdb on a running or stopped Parvus: `parvus` lists them. Loaded by `make run-gdb`."""

import struct

import gdb

RUNSTATES = {0: "running", 1: "runnable", 2: "blocked", 3: "offline"}
VCPU_FLAGS = ((1, "down"), (2, "blocked"), (4, "paused"))
PAGE_TYPES = ("none", "L1", "L2", "L3", "L4", "descriptor", "writable", "?")
REF_FLAGS = ((1 << 47, "allocated"), (1 << 46, "released"), (1 << 45, "dirty"), (1 << 44, "free"))
TYPE_FLAGS = ((1 << 60, "held"), (1 << 59, "validated"), (1 << 58, "pinned"), (1 << 57, "foreign"))
OWNERS = {0x7FF4: "none", 0x7FFF: "hypervisor", 0x7FF1: "io", 0x7FF2: "xen", 0x7FF3: "cow"}
FRAME_TABLE = 0xFFFF82E000000000
CPU_AREA, CPU_AREA_SIZE, CPU_DATA = 0xFFFF82D080000000, 0x40000, 0x30000


def value(expression):
    return gdb.parse_and_eval(expression)


def names(word, table):
    return " ".join(name for bit, name in table if word & bit) or "-"


def domains():
    """The domains in the order of their list."""
    domain = value("'domain.c'::domains")
    while domain:
        yield domain.dereference()
        domain = domain["next"]


def vcpus(domain):
    for index in range(int(domain["vcpu_count"])):
        if domain["vcpu"][index]:
            yield domain["vcpu"][index].dereference()


def frame_text(mfn, ref, kind):
    owner = ref >> 48
    count = kind & 0xFFFFFFFF
    return (f"frame {mfn:#x}: owner {OWNERS.get(owner, owner)}, {ref & 0xFFFFFFFF} references, {names(ref, REF_FLAGS)}; "
            f"type {PAGE_TYPES[kind >> 61]}, {count if kind >> 60 & 1 else 0} of it, {names(kind, TYPE_FLAGS)}")


def frame_words(first, count):
    """(reference word, type word) of frames, read in one go."""
    memory = gdb.selected_inferior().read_memory(FRAME_TABLE + 16 * first, 16 * count)
    return struct.iter_unpack("<QQ", bytes(memory))


class Command(gdb.Command):
    """A command whose name and help are its class's."""

    def __init__(self):
        super().__init__(self.name, gdb.COMMAND_STATUS)


class Domains(Command):
    """parvus domains: every domain, its memory and state."""

    name = "parvus domains"

    def invoke(self, argument, from_tty):
        for domain in domains():
            state = "dying" if domain["dying"] else "shut down" if domain["shut_down"] else "alive"
            print(f"domain {int(domain['id'])}: {state}, {int(domain['vcpu_count'])} vCPUs, "
                  f"{'privileged, ' if domain['privileged'] else ''}"
                  f"paused {int(domain['pause_count'])} times, {int(domain['references'])} references")


class Vcpus(Command):
    """parvus vcpus: every vCPU, whether it runs, and where its guest is."""

    name = "parvus vcpus"

    def invoke(self, argument, from_tty):
        for domain in domains():
            for vcpu in vcpus(domain):
                frame = vcpu["arch"]["frame"]
                print(f"d{int(domain['id'])}v{int(vcpu['id'])}: {names(int(vcpu['flags']), VCPU_FLAGS)}, "
                      f"{RUNSTATES.get(int(vcpu['runstate']['state']), '?')}, "
                      f"in its {'kernel' if vcpu['arch']['in_kernel'] else 'programs'}, "
                      f"last saved rip {int(frame['rip']):#x} rsp {int(frame['rsp']):#x}")


class Cpu(Command):
    """parvus cpu [N]: what processor N runs, and the guest's registers in its entry frame."""

    name = "parvus cpu"

    def invoke(self, argument, from_tty):
        number = int(argument or "0", 0)
        block = CPU_AREA + number * CPU_AREA_SIZE + CPU_DATA
        cpu = value(f"*(struct cpu *){block:#x}")
        print(f"CPU {number}: APIC {int(cpu['apic_id'])}, vCPU at {int(cpu['vcpu']):#x}, root {int(cpu['root']):#x}, "
              f"work {int(cpu['work']):#x}")
        frame = value(f"*((struct guest_frame *)({block:#x} + 0x10000) - 1)")
        for field in frame.type.fields():
            if field.name:  # a union without a name has words inside that matter to entry code only
                print(f"  {field.name:10} {int(frame[field.name]):#018x}")


class Frame(Command):
    """parvus frame MFN: the record of one machine frame."""

    name = "parvus frame"

    def invoke(self, argument, from_tty):
        mfn = int(gdb.parse_and_eval(argument))
        if mfn >= int(value("frame_end")):
            raise gdb.GdbError(f"frame {mfn:#x} has no record")
        print(frame_text(mfn, *next(frame_words(mfn, 1))))


class Frames(Command):
    """parvus frames: how many frames each owner has, by type."""

    name = "parvus frames"

    def invoke(self, argument, from_tty):
        counts = {}
        end = int(value("frame_end"))
        for first in range(0, end, 65536):
            for ref, kind in frame_words(first, min(65536, end - first)):
                key = (ref >> 48, kind >> 61 if kind >> 60 & 1 else 0)
                counts[key] = counts.get(key, 0) + 1
        for (owner, kind), count in sorted(counts.items()):
            print(f"owner {OWNERS.get(owner, owner):>10}  type {PAGE_TYPES[kind]:10} {count:10} frames")


class Log(Command):
    """parvus log: what the log ring holds."""

    name = "parvus log"

    def invoke(self, argument, from_tty):
        kept = value("'log.c'::kept")
        size, head, start = (int(kept[field]) for field in ("size", "head", "start"))
        ring = bytes(gdb.selected_inferior().read_memory(int(kept["ring"]), size))
        first = max(start, head - size, 0)
        print(bytes(ring[at % size] for at in range(first, head)).decode("utf-8", "replace"), end="")


class Parvus(gdb.Command):
    """Parvus: domains, vcpus, cpu [N], frame MFN, frames, log."""

    def __init__(self):
        super().__init__("parvus", gdb.COMMAND_STATUS, prefix=True)

    def invoke(self, argument, from_tty):
        print("parvus domains | vcpus | cpu [N] | frame MFN | frames | log")


for command in (Parvus, Domains, Vcpus, Cpu, Frame, Frames, Log):
    command()
