"""Lines in which the kernel says that a process faulted.

Pure. Source: Linux arch/x86/mm/fault.c show_signal_msg, arch/x86/kernel/traps.c, arch/arm64/kernel/traps.c,
arch/powerpc/kernel/traps.c. The name of a process is at most 15 characters and its owner's choice.
"""

from __future__ import annotations

from typing import Literal

import re2
from msgspec import Struct

FAULT_ANCHORS = (b"segfault", b"traps:", b"] trap ", b"general protection", b"]: unhandled ")

FaultKind = Literal["segfault", "illegal_instruction", "arithmetic_fault", "other_fault"]

# segv[21311]: segfault at 0 ip 0000000000401686 sp 00007ffc00ab1190 error 6 in segv[1686,401000+78000] likely on CPU 0
_SEGFAULT = re2.compile(
    r"(.{1,15})\[(\d{1,10})\]: segfault (?:at [0-9a-f]+ ip [0-9a-f]+ sp [0-9a-f]+ error [0-9a-f]+"
    r"|\(11\) at [0-9a-f]+ nip [0-9a-f]+ lr [0-9a-f]+ code [0-9a-f]+)"
    r"(?: in (\S+?)\[.*| .*)?"
)
# traps: python3[4711] general protection fault ip:7f0 sp:7ffe error:0 in libcuda.so.550.54.14[7f00+1b000]
_TRAP = re2.compile(
    r"(?:traps: )?(.{1,15})\[(\d{1,10})\] (general protection(?: fault)?|trap [a-z0-9 ]{1,40}?|bounds)"
    r" ip:[0-9a-f]+ sp:[0-9a-f]+ error:[0-9a-f]+(?: in (\S+?)\[.*)?.*"
)
# python3[4711]: unhandled exception: DABT (lower EL), ESR 0x92000006, level 2 translation fault in libc.so.6[ff+1]
_ARM = re2.compile(r"(.{1,15})\[(\d{1,10})\]: unhandled (.{1,200}?)(?: in (\S+?)\[.*)?")


class Fault(Struct, frozen=True):
    """A fault: what kind, which process, in which file when the line says so."""

    kind: FaultKind
    process: str
    pid: int
    library: str | None


def fault(text: str) -> Fault | None:
    """Return what a line without its prefix says of a fault, None when it says nothing."""
    if "segfault " in text and (match := _SEGFAULT.fullmatch(text)):
        return Fault("segfault", match[1], int(match[2]), match[3])
    if " ip:" in text and (match := _TRAP.fullmatch(text)):
        return Fault(_kind(match[3]), match[1], int(match[2]), match[4])
    if "]: unhandled " in text and (match := _ARM.fullmatch(text)):
        return Fault(_exception(match[3]), match[1], int(match[2]), match[4])
    return None


def _exception(text: str) -> FaultKind:
    if "translation fault" in text or "permission fault" in text:
        return "segfault"
    return "illegal_instruction" if "undefined" in text else "other_fault"


def _kind(trap: str) -> FaultKind:
    """Return the kind by the signal that the trap becomes: SIGSEGV, SIGILL, SIGFPE."""
    if trap.startswith("general protection") or "stack segment" in trap or trap == "bounds":
        return "segfault"
    if "invalid opcode" in trap:
        return "illegal_instruction"
    return "arithmetic_fault" if "divide" in trap or "coprocessor" in trap or "simd" in trap else "other_fault"
