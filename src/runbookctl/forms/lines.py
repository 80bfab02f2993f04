"""Lines of a stored body with the numbers they have in the text as it was given, and the markers of what was left out.

Pure: bytes in, lines out. Markers are written by `runbookctl.intake` and by whatever else bounds a body:

    [runbookctl: 123456 lines (98765 bytes) left out, nothing of interest in them]     harmless: the number advances
    [runbookctl: 123456 lines (98765 bytes) left out]                                  something may be missing: Cut
    [runbookctl: line shortened by 99983616 bytes]                                     at the end of an over-long line
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import re2

LINE_CAP = 16 * 1024
"""Bytes that are kept of one line."""

_OPEN = b"[runbookctl: "

# [runbookctl: 123456 lines (98765 bytes) left out, nothing of interest in them]
_LEFT_OUT = re2.compile(
    rb"\[runbookctl: (\d{1,15}) lines \((\d{1,18}) bytes\) left out(, nothing of interest in them)?\]"
)


class Line(NamedTuple):
    """One line of text without its end; `number` counts from 1 in the text as it was given."""

    number: int
    text: str


class Gap(NamedTuple):
    """Lines that were left out here; `harmless` when none of them holds an anchor of the form."""

    lines: int
    harmless: bool


def left_out(lines: int, size: int, *, harmless: bool) -> bytes:
    """Return the marker line (without line end) for `lines` lines of `size` bytes."""
    why = b", nothing of interest in them" if harmless else b""
    return b"[runbookctl: %d lines (%d bytes) left out%s]" % (lines, size, why)


def shortened(size: int) -> bytes:
    """Return the marker that ends an over-long line of which `size` bytes were left out."""
    return b"[runbookctl: line shortened by %d bytes]" % size


def gap(line: bytes) -> Gap | None:
    """Return what a marker line says, None for any other line."""
    if not line.startswith(_OPEN):
        return None
    match = _LEFT_OUT.fullmatch(line.rstrip(b"\r"))
    return Gap(int(match[1]), harmless=match[3] is not None) if match else None


def numbered(body: bytes, anchors: tuple[bytes, ...] = ()) -> Iterator[Line | Gap]:
    r"""Yield the lines of a stored body, numbered as given; with `anchors` only lines that contain one, and all gaps.

    Lines end with `\n` or `\r\n`; a last line without an end counts. Invalid UTF-8 becomes U+FFFD.
    """
    if anchors:
        yield from _anchored(body, anchors)
        return
    number = 0
    start, size = 0, len(body)
    while start < size:
        end = body.find(b"\n", start)
        end = size if end < 0 else end
        line = body[start:end]
        start = end + 1
        left = gap(line)
        if left:
            number += left.lines
            yield left
        else:
            number += 1
            yield Line(number, _text(line))


def _anchored(body: bytes, anchors: tuple[bytes, ...]) -> Iterator[Line | Gap]:
    number = 0  # of the last line before `counted`
    counted = start = 0  # `number` is right for the line that begins at `counted`
    search = alternation((*anchors, _OPEN)).search
    while match := search(body, start):
        begin = body.rfind(b"\n", 0, match.start()) + 1
        end = body.find(b"\n", match.start())
        end = len(body) if end < 0 else end
        number += body.count(b"\n", counted, begin)
        counted, start = end + 1, end + 1
        line = body[begin:end]
        left = gap(line)
        if left:
            number += left.lines
            yield left
            continue
        number += 1
        if any(anchor in line for anchor in anchors):
            yield Line(number, _text(line))


@lru_cache(maxsize=64)
def alternation(literals: tuple[bytes, ...]) -> Any:
    """Return one compiled pattern that finds any of our own literals.

    RE2 and not `re`: one pass of its automaton takes 1.8 s per GB for 20 literals, `re` 22 s (bench/log_scan.py).
    """
    options = re2.Options()
    options.never_capture = True
    options.encoding = re2.Options.Encoding.LATIN1  # bytes are bytes, whatever their encoding
    return re2.compile(b"|".join(re2.escape(literal) for literal in sorted(set(literals))), options)


def _text(line: bytes) -> str:
    return (line[:-1] if line.endswith(b"\r") else line).decode("utf-8", "replace")
