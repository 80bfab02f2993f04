"""Kernel logs as JSON: `dmesg --json`, `journalctl -k -o json` and `-o json-pretty`.

Pure: text in, prefix parts out. S3: facility kern only (`pri` below 8), `_TRANSPORT=kernel` and facility 0 only.
Source: util-linux dmesg.c 2.40 (`pri`, `fac`, `time`, `msg`), systemd.journal-fields(7) 256.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import re2
from msgspec import Struct

from runbookctl.forms import _kernel_stamps as stamps
from runbookctl.forms._kernel_prefix import Prefix, parse
from runbookctl.model import Time

_DMESG = b'"dmesg"'
_FIELD = '"__REALTIME_TIMESTAMP"'

# {"dmesg":[{"pri":6,"time":    12.345678,"msg":"NVRM: ..."}, ...   or "fac":"kern","pri":"info" with --decode
_ENTRY_NUMBER = re2.compile(r'"(pri|time)" *: *(?:"([^"]*)"|([\d.]+))')
_ENTRY_FACILITY = re2.compile(r'"fac" *: *"([a-z0-9]+)"')
_ENTRY = re2.compile(r'\{[^{}"]*(?:"(?:[^"\\]|\\.)*"[^{}"]*)*\}')
_ENTRY_TEXT = re2.compile(r'"msg" *: *("(?:[^"\\]|\\.)*")')


class _Record(Struct, frozen=True, rename={"realtime": "__REALTIME_TIMESTAMP", "transport": "_TRANSPORT",
                                           "host": "_HOSTNAME", "source": "_SOURCE_MONOTONIC_TIMESTAMP",
                                           "facility": "SYSLOG_FACILITY", "tag": "SYSLOG_IDENTIFIER",
                                           "message": "MESSAGE"}):  # fmt: skip
    realtime: str | None = None
    transport: str | None = None
    host: str | None = None
    source: str | None = None
    facility: str | None = None
    tag: str | None = None
    message: str | list[int] | None = None


def is_dmesg(body: bytes) -> bool:
    """Tell whether the body is the one document that `dmesg --json` prints."""
    return body[:256].lstrip().startswith(b"{") and _DMESG in body[:256]


def journal(line: str) -> Prefix | None:
    """Return the parts of one journal record in one line; None when the line is none."""
    if not line.startswith("{") or "MESSAGE" not in line:
        return None
    try:
        record = msgspec.json.decode(line, type=_Record)
    except (ValueError, RecursionError):
        return None
    if record.message is None:
        return None
    message = record.message
    text = message if isinstance(message, str) else bytes(code & 0xFF for code in message).decode("utf-8", "replace")
    kernel = record.transport == "kernel" and record.facility in (None, "0") and record.tag in (None, "kernel")
    return Prefix(kernel, _micro(record.realtime), _seconds(record.source), record.host, text)


def records(lines: Iterator[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    """Yield `-o json-pretty` objects as one line each, numbered by the line that holds MESSAGE."""
    held: list[str] = []
    number = size = 0
    for place, line in lines:
        if line == "{":
            held, number, size = [], place, 0
        if size < 1 << 16:
            held.append(line)
            size += len(line)
        if '"MESSAGE"' in line[:20]:
            number = place
        if line == "}":
            yield number, "".join(held)
            held = []


def dmesg(lines: Iterator[tuple[int, str]], at: Time) -> Iterator[tuple[int, Prefix]]:
    """Yield the entries of `dmesg --json`, pretty-printed or on one line, whole or cut."""
    kernel: bool | None = None
    stamp = ""
    for number, line in lines:
        for chunk in _ENTRY.findall(line) if line.count('"msg"') > 1 else (line,):
            for match in _ENTRY_NUMBER.finditer(chunk):
                if match[1] == "time":
                    stamp = match[2] or match[3] or ""
                elif match[3]:
                    kernel = float(match[3]) < 8
            if match := _ENTRY_FACILITY.search(chunk):
                kernel = match[1] == "kern"
            if match := _ENTRY_TEXT.search(chunk):
                yield number, _entry(kernel, stamp, match[1], at)
                kernel, stamp = None, ""


def _entry(kernel: bool | None, stamp: str, quoted: str, at: Time) -> Prefix:
    try:
        text = msgspec.json.decode(quoted, type=str)
    except ValueError:
        text = quoted.strip('"')
    if stamp.replace(".", "", 1).isdigit():
        return Prefix(kernel is not False, None, float(stamp), None, text)
    return Prefix(kernel is not False, parse(f"[{stamp}] x", at).time if stamp else None, None, None, text)


def _micro(digits: str | None) -> Time | None:
    return stamps.epoch(int(digits) / 1e6) if digits and digits.isascii() and digits.isdigit() else None


def _seconds(digits: str | None) -> float | None:
    return int(digits) / 1e6 if digits and digits.isascii() and digits.isdigit() and len(digits) < 19 else None
