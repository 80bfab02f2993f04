"""One Xid or SXid message of the NVIDIA driver, without the prefix of the log.

Pure. Source: kernel_rc.c, gpu.c, kern_gpu_error_cont_ga100.c, ras_events.h of open-gpu-kernel-modules 515.43.04 to
595.45.04; names of recovery actions also from logs of 610.43.02.
"""

from __future__ import annotations

from typing import NamedTuple

import re2

from runbookctl.forms import _pci

# nvidia-nvswitch3: SXid (PCI:0000:c1:00.0): 28006, Non-fatal, Link 46 MC TS crumbstore MCTO (First)
_SXID = re2.compile(
    r"nvidia-nvswitch(\d{1,4}): SXid \(PCI:([0-9a-fA-F:.]{5,20})\): (\d{1,6}), *"
    r"(?:(Non-fatal|Fatal), *)?(?:Link (\d{1,3}) )?(.*)"
)
# What may follow a process name that holds commas, as the driver's messages begin.
_BEGINS = (
    "Ch ", "Channel ", "channel ", "Graphics ", "Class Error", "MMU ", "Row Remap", "Contained", "Uncontained", "GPU ",
    "An ", "Timeout", "GSP ", "NVLink", "Dynamic Page", "ECC ", "NVDEC", "NVENC", "NVJPG", "CMDre", "Disabling",
    "errorString", "BAD_TSG", "DRAM ", "Retiring ", "Marking ",
)  # fmt: skip
# SAW_MVB Fatal XC0 i0 Link -1 (...)         2027(2d50) 8505bca8 00000000
_BEGINS_TOO = re2.compile(r"(?:[A-Z][A-Z0-9_/]{3,} +(?:Nonf|F)atal|[0-9a-f]{4}\([0-9a-f]{4}\))")
_AFTER_CODE = ("", ",", ".", ":", ";", " ")
_LONGEST_NAME = 256
# GPU recovery action changed from 0x0 (None) to 0x2 (Node Reboot Required)
_RECOVERY = re2.compile(r"recovery action changed.* to (?:0x([0-9a-fA-F]{1,4}))?(?: *\(([^)]{0,80})\))?")
# Contained: SM (0x1). RST: No, D-RST: No
_RESET = re2.compile(r"\bRST: (Yes|No), D-RST: (Yes|No)")
_CAUSED = re2.compile(r"caused by previous Xid (\d{1,5})")
# Contained: SM (0x1).   on GPU in the framebuffer at   MMU Fault: ENGINE GRAPHICS GPCCLIENT_T1_0   (GPC 2, TPC 1, SM 0)
_UNIT = re2.compile(
    r"(?:[Cc]ontained: ([A-Za-z0-9_/ -]{1,40}?)(?: \(|\.)|on GPU in the ([A-Za-z0-9_ -]{1,24}?) at |"
    r"MMU Fault: ENGINE (\S{1,40})|\((GPC \d+, TPC \d+(?:, SM \d+)?)\))"
)
_UNIT_MARKS = ("ontained: ", "on GPU in the ", "MMU Fault", "(GPC ")
# NVLink: fatal error detected on link 6(0x10000, 0x0, 0x0, 0x0, 0x0, 0x0, 0x0)
_LINK = re2.compile(r"NVLink.{0,80}? link (\d{1,3})\b")
# message repeated 3 times: [ NVRM: Xid (PCI:0000:3b:00): 31, ... ]
_REPEATED = re2.compile(r"message repeated (\d{1,7}) times: \[ ?(.*?)\]?")


class Xid(NamedTuple):
    """What one line says. `message` is what follows code, pid and name; a None is not printed or `<unknown>`."""

    pci: str
    gi: int | None
    ci: int | None
    code: int
    pid: int | None
    process: str | None
    message: str


class Sxid(NamedTuple):
    """What one NVSwitch line says. `fatal` is the driver's own word, None when the line has none."""

    switch: int
    pci: str
    code: int
    fatal: bool | None
    link: int | None
    message: str


class Recovery(NamedTuple):
    """What an Xid 154 asks for: the number of the new action (the names changed with driver 610), and its name."""

    action: int | None
    name: str


def xid(text: str) -> Xid | None:
    """Read an Xid line; None when it is none. Written without patterns: a cascade has 250,000 such lines.

    NVRM: Xid (PCI:0000:3b:00): 79, pid='<unknown>', name=<unknown>, GPU has fallen off the bus.
    NVRM: Xid (PCI:0000:01:00 GPU-I:05 GPU-CI:00): 94, pid=7194, name=python3, Contained: SM (0x1). RST: No, D-RST: No
    NVRM: Xid (0000:00:05): 9, Channel 00000001
    """
    text = text.removeprefix("NVRM: ")
    end = text.find("):", 5, 80)
    if end < 0 or not text.startswith("Xid ("):
        return None
    rest = text[end + 2 :].lstrip(" ")
    after = rest.lstrip("0123456789")
    code = rest[: len(rest) - len(after)]
    if not 0 < len(code) < 6 or after[:1] not in _AFTER_CODE:
        return None
    words = text[5:end].split()
    pci = _pci.normal(words[0]) if words else None
    if pci is None:
        return None
    message = after[1:].strip()
    pid, process, message = _process(message) if message.startswith("pid=") else (None, None, message)
    return Xid(pci, _instance(words, "GPU-I:"), _instance(words, "GPU-CI:"), int(code), pid, process, message)


def _process(message: str) -> tuple[int | None, str | None, str]:
    """Split `pid='<unknown>', name=<unknown>, GPU has fallen off the bus.`; the name is left out by old drivers."""
    word, _, rest = message.partition(",")
    digits = word[4:].strip("'\"")
    if digits != "<unknown>" and not (digits.isascii() and digits.isdigit() and len(digits) < 11):
        return None, None, message
    name, rest = _named(rest.lstrip(" "))
    return (int(digits) if digits.isdigit() else None), name, rest


def sxid(text: str) -> Sxid | None:
    """Read an SXid line; None when it is none."""
    match = _SXID.fullmatch(text)
    pci = _pci.normal(match[2]) if match else None
    if match is None or pci is None:
        return None
    fatal = match[4] == "Fatal" if match[4] else None
    return Sxid(int(match[1]), pci, int(match[3]), fatal, int(match[5]) if match[5] else None, match[6])


def looks_like_xid(text: str) -> bool:
    """Tell text that begins as an Xid line does (and may be cut short)."""
    return text.startswith(("NVRM: Xid (", "Xid (", "NVRM: Xid:"))


def repeated(text: str) -> tuple[int, str]:
    """Undo rsyslog's folding: return how often a message came, and the message."""
    if not text.startswith("message repeated "):
        return 1, text
    match = _REPEATED.fullmatch(text)
    return (int(match[1]), match[2]) if match else (1, text)


def recovery(message: str) -> Recovery | None:
    """Read the new action of an Xid 154 message."""
    match = _RECOVERY.search(message)
    if not match or not (match[1] or match[2]):
        return None
    return Recovery(int(match[1], 16) if match[1] else None, match[2] or "")


def reset(message: str) -> tuple[bool, bool] | None:
    """Read `RST` (reset required) and `D-RST` (drain and reset required); None when the line has neither."""
    match = _RESET.search(message) if "RST: " in message else None
    return (match[1] == "Yes", match[2] == "Yes") if match else None


def caused_by(message: str) -> int | None:
    """Read the Xid that a line names as its origin."""
    match = _CAUSED.search(message) if "caused by" in message else None
    return int(match[1]) if match else None


def unit(message: str) -> str | None:
    """Read the part of the GPU that a line names: `SM`, `framebuffer`, `GRAPHICS`, `GPC 2, TPC 1, SM 0`."""
    match = _UNIT.search(message) if any(mark in message for mark in _UNIT_MARKS) else None
    return next((group for group in match.groups() if group), None) if match else None


def link(message: str) -> int | None:
    """Read the NVLink number of an Xid 74."""
    match = _LINK.search(message) if "NVLink" in message else None
    return int(match[1]) if match else None


def remap_waits(message: str) -> bool:
    """Tell a message that says a row, bank or page is marked and takes effect with the next reset."""
    return (
        "marked for remapping" in message
        or "to activate" in message
        or "already pending remapping" in message
        or ("due to pending row remap" in message or "pending retirement" in message)
    )


def _named(rest: str) -> tuple[str | None, str]:
    """Split `name=a, b, Ch 00000010` into the name and the message; a name may hold commas and colons."""
    if not rest.startswith("name="):
        return None, rest
    rest = rest.removeprefix("name=")
    first = end = rest.find(", ")
    while 0 <= end < _LONGEST_NAME and not _begins(rest, end + 2):
        end = rest.find(", ", end + 1)
    end = end if 0 <= end < _LONGEST_NAME else first
    name = rest if end < 0 else rest[:end]
    message = "" if end < 0 else rest[end + 2 :]
    return (None if name.strip("'\",") in ("<unknown>", "") else name), message


def _begins(rest: str, place: int) -> bool:
    return rest.startswith(_BEGINS, place) or bool(_BEGINS_TOO.match(rest[place : place + 64]))


def _instance(words: list[str], mark: str) -> int | None:
    """Read a MIG instance id: `%02u` in open drivers; hexadecimal where it has a letter (ids never pass 14)."""
    for word in words[1:]:
        digits = word.removeprefix(mark)
        if digits != word and 0 < len(digits) < 5:
            try:
                return int(digits) if digits.isdigit() else int(digits, 16)
            except ValueError:
                return None
    return None
