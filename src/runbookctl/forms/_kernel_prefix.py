"""What stands before the text of a kernel log line, in every form in which programs print it.

Pure: one line in, its parts out. Threat model S3: a line counts as the kernel's only when its prefix says so (facility
kern, tag `kernel`) or when it has no prefix that could say otherwise; a line of another writer is marked, not read.
Source: util-linux dmesg.c 2.40, systemd journalctl(1) 256, RFC 3164, RFC 5424, Documentation/ABI/testing/dev-kmsg.
"""

from __future__ import annotations

from typing import NamedTuple

import re2

from runbookctl.forms import _kernel_stamps as stamps
from runbookctl.model import Time


class Prefix(NamedTuple):
    """Parts of a line. `kernel`: True = the kernel wrote it, False = another writer, None = nothing says."""

    kernel: bool | None
    time: Time | None
    seconds: float | None  # since boot
    host: str | None
    text: str


_FACILITY = r"(?:kern|user|mail|daemon|auth|syslog|lpr|news|uucp|cron|authpriv|ftp|local[0-7])"
_LEVEL = r"(?:emerg|alert|crit|err|warn|notice|info|debug)"

_ANSI = re2.compile(r"\x1b\[[0-9;]{0,16}m")
# <6>[ 2756.136005] NVRM: ...          <6>1 2026-11-22T02:47:35.136005Z gpu007 kernel - - - NVRM: ...
_PRIORITY = re2.compile(r"<(\d{1,3})>(.*)")
# 2026-11-22T02:47:35.136005Z gpu007 kernel - - [meta sequenceId="7"] NVRM: ...    (after "<6>1 ")
_RFC5424 = re2.compile(r"1 (\S+) (\S+) (\S+) \S+ \S+ (?:-|(?:\[[^\]]*\])+) ?(.*)")
# kern  :info  : [ 2756.136005] NVRM: ...
_DECODED = re2.compile(rf"({_FACILITY}|res\d\d?) *:{_LEVEL} *: (.*)")
# 6,1234,2756136005,-;NVRM: ...
_KMSG = re2.compile(r"(\d{1,4}),\d+,(\d{1,18}),[^;]{0,64};(.*)")
# [ 2756.136005] NVRM:     [ 2756.136005][ T1234] NVRM:     [ 2756.136005 <    0.000012>] NVRM:
_SECONDS = re2.compile(r"\[ *(\d{1,10}\.\d{1,9})(?: *< *\+?[\d.]+ *>)?\](?:\[ *[TC]\d+\])? ?(.*)")
# [  +0.000012] NVRM:      [<    0.000012>] NVRM:
_DELTA = re2.compile(r"\[(?:<? *\+?\d+\.\d+ *>?)\] ?(.*)")
# [Sun Nov 22 02:47:35 2026] NVRM:
_CTIME = re2.compile(r"\[[^\]\d\s]{1,12} ([^\s\]]{2,12}) +(\d{1,2}) (\d\d:\d\d:\d\d) (\d{4})\] ?(.*)")
# [Nov22 02:47] NVRM:
_RELATIVE = re2.compile(r"\[([A-Za-z]{3})(\d\d) (\d\d:\d\d)\] ?(.*)")
# 2026-11-22T02:47:35,136005+00:00 NVRM:     [2026-11-22T02:47:35+0000] NVRM:     2026-11-22T02:47:35.1Z gpu007 kernel:
_ISO = re2.compile(
    r"\[?(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:([.,])(\d{1,9}))?(?: ?(Z|UTC|[+-]\d\d:?\d\d))?\]?(?: (.*)|$)"
)
# Sun 2026-11-22 02:47:35 UTC gpu007 kernel: NVRM:
_FULL = re2.compile(
    r"[^\s\d]{2,12} (\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,9}))? ([A-Z]{1,5}|[+-]\d\d(?::?\d\d)?) (.*)"
)
# Nov 22 02:47:35 gpu007 kernel: [ 2756.136005] NVRM:     Nov 22 02:47:35.136005 gpu007 kernel: NVRM:
_SHORT = re2.compile(r"([^\s\[\]{}:/]{2,12}) +(\d{1,2}) (\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))? (.*)")
# 1795315655.136005 gpu007 kernel: NVRM:
_EPOCH = re2.compile(r"(\d{9,10}\.\d{3,6}) (\S+ .*)")
# gpu007 kernel: ...     gpu007 kernel[0]: ...     gpu007 kern.warn kernel: ...     gpu007 app[12]: ...     kernel: ...
_TAGGED = re2.compile(
    rf"(?:([A-Za-z0-9][^\s:\[\]]{{0,254}}|[0-9a-fA-F:.]{{2,45}}) )?(?:({_FACILITY})\.\w+ )?"
    r"([^\s:\[\]]{1,128})(?:\[\d{1,10}\])?:(?: (.*)|$)"
)
# gpu007: [ 2756.136005] NVRM:          (pdsh, clush)
_FANNED = re2.compile(
    r"([A-Za-z0-9][A-Za-z0-9._-]{0,252}): +((?:\[|<\d{1,3}>|[A-Z][a-z]{2} +\d{1,2} \d\d:|\d{4}-\d\d-\d\dT).*)"
)
# /var/log/kern.log.1:17:Nov 22 02:47:35 gpu007 kernel: NVRM:          (grep -n over several files)
_GREPPED = re2.compile(r"(?:[\w./-]*(?:log|messages|syslog|dmesg)[\w.-]*):(?:\d+[:-])?(\S.*)")
# gpu007 kernel - - - NVRM: ...          (RFC 5424 in a file, without priority and version)
_STRUCTURED = re2.compile(r"(\S+) kernel \S+ \S+ (?:-|(?:\[[^\]]*\])+)(?: (.*)|$)")
# stderr F [ 2756.136005] NVRM:          (after a containerd time stamp)
_CONTAINER = re2.compile(r"(?:stdout|stderr) [FP] (.*)")


def parse(line: str, at: Time, depth: int = 0) -> Prefix:
    """Return the parts of `line`; `at` gives the year of stamps that have none."""
    if "\x1b" in line:
        line = _ANSI.sub("", line)
    first = line[:1]
    if (quick := _quick_bracket(line) if first == "[" else _quick_syslog(line, at)) is not None:
        return quick
    if first == "[":
        found = _bracket(line, at)
    elif first == "<":
        found = _priority(line, at, depth)
    elif first.isdigit():
        found = _digits(line, at, depth)
    elif first in ("", " ", "\t"):
        return Prefix(None, None, None, None, line.strip())
    else:
        found = _letters(line, at, depth)
    return found or Prefix(None, None, None, None, line)


def _quick_bracket(line: str) -> Prefix | None:
    """Read the commonest form, `[ 2756.136005] text`, without a pattern; None leaves it to the patterns."""
    end = line.find("]", 1, 24)
    number = line[1:end].lstrip(" ")
    if end < 0 or line[end + 1 : end + 2] != " " or not number.replace(".", "", 1).isdigit() or not number.isascii():
        return None
    text = line[end + 2 :]
    return None if " kernel: " in text[:256] or text[:1] == "[" else Prefix(True, None, float(number), None, text)


def _quick_syslog(line: str, at: Time) -> Prefix | None:
    """Read `Nov 22 02:47:35 gpu007 kernel: text` (or an ISO stamp before the host) without a pattern."""
    mark = line.find(" kernel: ", 0, 320)
    if mark < 0:
        return None
    if line[3:4] == " " == line[6:7] and line[9:10] == ":" == line[12:13] and line[15:16] == " ":
        time = stamps.yearless(stamps.month(line[:3]), line[4:6].lstrip(" "), line[7:15], "", at)
        host = line[16:mark]
    elif line[10:11] == "T" and line[4:5] == "-":
        stamp, _, host = line[:mark].partition(" ")
        time = stamps.whole(stamp)
    else:
        return None
    if time is None or not host or not host.isascii() or any(sign in host for sign in " :[]"):
        return None
    text, seconds = _seconds(line[mark + 9 :])
    return Prefix(True, time, seconds, host, text)


def _bracket(line: str, at: Time) -> Prefix | None:
    if match := _SECONDS.match(line):
        host, text = _monotonic(match[2])
        return Prefix(True, None, float(match[1]), host, text)
    if match := _CTIME.match(line):
        time = stamps.dated(int(match[4]), stamps.month(match[1]), match[2], match[3])
        return Prefix(True, time, None, None, match[5])
    if match := _DELTA.match(line):
        return Prefix(True, None, None, None, match[1])
    if match := _RELATIVE.match(line):
        time = stamps.yearless(stamps.month(match[1]), match[2], f"{match[3]}:00", "", at)
        return Prefix(True, time, None, None, match[4])
    if match := _ISO.match(line):
        return Prefix(None, stamps.iso(match[1], match[2], match[4] or "", match[5] or ""), None, None, match[6] or "")
    return None


def _monotonic(rest: str) -> tuple[str | None, str]:
    # [ 2756.136005] gpu007 kernel: NVRM: ...       journalctl -o short-monotonic
    host, mark, text = rest.partition(" kernel: ")
    return (host, text) if mark and host and " " not in host and ":" not in host else (None, rest)


def _priority(line: str, at: Time, depth: int) -> Prefix | None:
    match = _PRIORITY.match(line)
    if not match or depth > 2:
        return None
    kernel = int(match[1]) < 8
    if rfc := _RFC5424.match(match[2]):
        stamp = _ISO.match(rfc[1])
        time = stamps.iso(stamp[1], stamp[2], stamp[4] or "", stamp[5] or "") if stamp else None
        text, seconds = _seconds(rfc[4])
        return Prefix(kernel and rfc[3] == "kernel", time, seconds, rfc[2], text)
    inner = parse(match[2], at, depth + 1)
    return inner._replace(kernel=kernel and inner.kernel is not False)


def _digits(line: str, at: Time, depth: int) -> Prefix | None:
    if match := _KMSG.match(line):
        text = _unescape(match[3])
        return Prefix(int(match[1]) < 8, None, int(match[2]) / 1e6, None, text)
    if match := _ISO.match(line):
        time = stamps.iso(match[1], match[2], match[4] or "", match[5] or "")
        rest = match[6] or ""
        if match[3] == "," and match[5] and line[10] == "T":  # dmesg --time-format iso
            return Prefix(True, time, None, None, rest)
        return _stamped(rest, time, at, depth)
    if match := _EPOCH.match(line):
        return _stamped(match[2], stamps.epoch(float(match[1])), at, depth)
    return _wrapped(line, at, depth)


def _letters(line: str, at: Time, depth: int) -> Prefix | None:
    if match := _DECODED.match(line):
        inner = parse(match[2], at, depth + 1)
        return inner._replace(kernel=match[1] == "kern")
    if match := _SHORT.match(line):
        time = stamps.yearless(stamps.month(match[1]), match[2], match[3], match[4] or "", at)
        return _stamped(match[5], time, at, depth)
    if match := _FULL.match(line):
        return _stamped(match[5], stamps.iso(match[1], match[2], match[3] or "", match[4]), at, depth)
    return _wrapped(line, at, depth)


def _wrapped(line: str, at: Time, depth: int) -> Prefix | None:
    if depth > 1:
        return None
    if match := _GREPPED.match(line):
        inner = parse(match[1], at, depth + 1)
        return inner if inner.kernel is not None else None
    if match := _FANNED.match(line):
        inner = parse(match[2], at, depth + 1)
        return inner._replace(host=inner.host or match[1]) if inner.kernel is not None else None
    return None


def _stamped(rest: str, time: Time | None, at: Time, depth: int) -> Prefix:
    """Read what follows a wall-clock stamp: `host tag: text`, a container's mark, or kernel text at once."""
    if match := _CONTAINER.match(rest):
        inner = parse(match[1], at, depth + 1)
        return inner._replace(time=inner.time or time)
    if rest[:1] in ("[", "<"):
        inner = parse(rest, at, depth + 1) if depth < 2 else Prefix(None, None, None, None, rest)
        return inner._replace(time=time or inner.time)
    if match := _TAGGED.match(rest):
        text, seconds = _seconds(match[4] or "")
        if match[3] == "kernel":
            return Prefix(match[2] in (None, "kern"), time, seconds, match[1], text)
        if match[1] is not None:  # `NVRM: Xid ...` alone is text with a colon, `gpu007 app: ...` is another writer
            return Prefix(False, time, None, match[1], match[4] or "")
    if match := _STRUCTURED.match(rest):
        text, seconds = _seconds(match[2] or "")
        return Prefix(True, time, seconds, match[1], text)
    return Prefix(None, time, None, None, rest)


def _seconds(text: str) -> tuple[str, float | None]:
    if text[:1] != "[":
        return text, None
    quick = _quick_bracket(text)
    if quick is not None:
        return quick.text, quick.seconds
    match = _SECONDS.match(text)
    return (match[2], float(match[1])) if match else (text, None)


def _unescape(text: str) -> str:
    r"""Undo `\xHH` of /dev/kmsg (control characters, backslash and bytes beyond ASCII)."""
    if "\\x" not in text:
        return text
    pieces = text.split("\\x")
    out = bytearray(pieces[0].encode())
    for piece in pieces[1:]:
        try:
            out += bytes.fromhex(piece[:2]) if len(piece) >= 2 else b""
            out += piece[2:].encode()
        except ValueError:
            out += b"\\x" + piece.encode()
    return out.decode("utf-8", "replace")
