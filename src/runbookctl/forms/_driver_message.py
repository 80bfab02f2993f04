"""Messages of the NVIDIA driver and the module loader in the kernel log; one message may take several lines.

Pure. Source: nv.c, osapi.c, osinit.c of open-gpu-kernel-modules 515 to 595; boot logs of drivers 304 to 610. Forms:

    NVRM: API mismatch: the client has the version 550.54.15, but         (four lines; one line before driver 200)
    NVRM: this kernel module has the version 535.161.07.  Please
    NVRM: API mismatch: the client 'nvidia-smi' (pid 4121)                (five lines, from driver 590)
    NVRM: The NVIDIA GPU 0000:b3:00.0                                     (three lines: fallen off, or not supported)
    NVRM: (PCI ID: 10de:26b5) installed in this system has
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import re2

from runbookctl.forms import _pci
from runbookctl.forms.kernel_log import KernelLine
from runbookctl.model import Cut

_OPENERS = (
    "NVRM: API mismatch",
    "NVRM: The NVIDIA GPU",
    "NVRM: This PCI I/O region",
    "NVRM: The NVIDIA probe routine",
)
_SINGLE = ("NVRM: Xid", "NVRM: loading", "NVRM: GPU", "NVRM: RmInit", "NVRM: rm_init", "NVRM: No NVIDIA", "NVRM: None")
_ENDS = ("the same version", "to commands", "Continuing probe", "www.nvidia.com", "again.")
_MOST_LINES = 10
_APART = 40  # lines of the log between two lines of one message

# API mismatch: the client 'nvidia-smi' (pid 41) has the version 595.84, but this kernel module has the version 595.71.
_MISMATCH = re2.compile(
    r"API mismatch: the client(?: '([^']{0,64})')?(?: \(pid (\d{1,10})\))? has the version ([0-9][0-9.-]{1,20}?)\.?,? "
    r"but this kernel module has the version ([0-9][0-9.-]{1,20}?)\.?(?: |$)"
)
# The NVIDIA GPU 0000:b3:00.0 (PCI ID: 10de:26b5) installed in this system has fallen off the bus and is not responding
_GPU = re2.compile(r"The NVIDIA GPU ([0-9a-fA-F:.]{5,20})\b.{0,160}? (fallen off the bus|is not supported by)")
# NVRM: GPU 0000:3b:00.0: GPU has fallen off the bus.       NVRM: GPU at 0000:3b:00.0 has fallen off the bus.
_FALLEN = re2.compile(r"NVRM: GPU (?:at )?(?:PCI:)?([0-9a-fA-F:.]{5,20}?):? (?:GPU )?has fallen off the bus")
# NVRM: GPU 0000:3b:00.0: RmInitAdapter failed! (0x26:0x56:1474)
# NVRM: rm_init_adapter failed for device bearing minor number 0
_INIT = re2.compile(
    r"NVRM: (?:GPU ([0-9a-fA-F:.]{5,20}): )?(?:RmInitAdapter failed! |rm_init_adapter(?:\(\d+\))? failed)"
    r"(?:.*minor number (\d{1,4}))?"
)
# BAR1 is 0M @ 0x0 (PCI:0000:01:00.0)
_PLACE = re2.compile(r"\(PCI:([0-9a-fA-F:.]{5,20})\)")
# NVRM: GPU 0000:3b:00.0: Failed to copy vbios to system memory.
_NAMED = re2.compile(r"NVRM: GPU ([0-9a-fA-F]{4,8}:[0-9a-fA-F]{2}:[0-9a-fA-F]{2}(?:\.[0-9])?):")
# nouveau 0000:01:00.0: NVIDIA GV100 (140000a1)       [drm] Initialized nouveau 1.4.0 for 0000:01:00.0 on minor 0
_NOUVEAU = re2.compile(
    r"(?:nouveau ([0-9a-fA-F:.]{7,20}): NVIDIA \S|\[drm\] Initialized nouveau \S.{0,40} for ([0-9a-fA-F:.]{7,20}) on |"
    r"(?:nova_core|NovaCore) ([0-9a-fA-F:.]{7,20}): )"
)


class Message(NamedTuple):
    """A whole message: its first line, and its text in one line without the repeated `NVRM: `."""

    line: KernelLine
    text: str


class Mismatch(NamedTuple):
    """Two versions that should be one; `client` is the program that noticed."""

    client: str | None
    pid: int | None
    library: str
    module: str


def messages(lines: Iterable[KernelLine | Cut]) -> Iterator[Message | Cut]:
    """Join the lines of each message."""
    held: list[KernelLine] = []
    for line in lines:
        if isinstance(line, Cut):
            yield line
            continue
        if held and not _goes_on(held, line):
            yield _joined(held)
            held = []
        if held:
            held.append(line)
        elif line.text.startswith(_OPENERS):
            held = [line]
        else:
            yield Message(line, line.text)
        if held and (len(held) == _MOST_LINES or any(end in line.text for end in _ENDS)):
            yield _joined(held)
            held = []
    if held:
        yield _joined(held)


def _goes_on(held: list[KernelLine], line: KernelLine) -> bool:
    text = line.text
    return (
        text.startswith("NVRM:")
        and not text.startswith((*_OPENERS, *_SINGLE))
        and line.host == held[0].host
        and line.number - held[-1].number <= _APART
    )


def _joined(held: list[KernelLine]) -> Message:
    parts = [held[0].text, *(line.text.removeprefix("NVRM:").strip() for line in held[1:])]
    return Message(held[0], " ".join(" ".join(parts).split()))


def mismatch(text: str) -> Mismatch | None:
    """Read an API mismatch; None when the message is another or not whole."""
    match = _MISMATCH.search(text) if "API mismatch" in text else None
    if not match:
        return None
    return Mismatch(match[1], int(match[2]) if match[2] else None, match[3], match[4])


def fallen(text: str) -> str | None:
    """Return the address of a GPU that fell off the bus; None for any other message."""
    if "fallen off the bus" not in text:
        return None
    match = _FALLEN.match(text)
    if match is None:
        match = _GPU.search(text)
        if match is not None and match[2] != "fallen off the bus":
            return None
    return _pci.normal(match[1]) if match else None


def not_supported(text: str) -> str | None:
    """Return the address of a GPU that this driver does not support."""
    match = _GPU.search(text) if "is not supported by" in text else None
    return _pci.normal(match[1]) if match and match[2] == "is not supported by" else None


def init_failed(text: str) -> tuple[str | None, int | None] | None:
    """Return address and minor number (as far as they are printed) of a GPU that did not start."""
    if "failed" not in text:
        return None
    match = _INIT.match(text)
    if not match:
        return None
    return (_pci.normal(match[1]) if match[1] else None, int(match[2]) if match[2] else None)


def place(text: str) -> str | None:
    """Return the address in `(PCI:0000:01:00.0)`."""
    match = _PLACE.search(text)
    return _pci.normal(match[1]) if match else None


def named(text: str) -> str | None:
    """Return the address that a driver line begins with."""
    match = _NAMED.match(text)
    return _pci.normal(match[1]) if match else None


def nouveau(text: str) -> str | None:
    """Return the address of a GPU that nouveau or nova_core has taken."""
    match = _NOUVEAU.match(text) if "nouveau" in text or "ova" in text else None
    return _pci.normal(next(group for group in match.groups() if group)) if match else None
