"""What every `kubectl describe` has in common: indented keys, label lists, tables, the Events section.

Pure: lines in, values out. Source: kubernetes/kubectl pkg/describe/describe.go (tabwriter with a padding of two).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator

import re2
from msgspec import Struct

from runbookctl.catalog.kubernetes_values import age
from runbookctl.forms.lines import Gap, Line, numbered

_SPACES = re2.compile(r" {2,}|\t+")
# 17s (x3 over 34s)
_REPEATED = re2.compile(r"(\S{1,16}) \(x(\d{1,9}) over (\S{1,16})\)")
# Warning BackOff 16s (x3 over 31s) kubelet Back-off restarting failed container
_FOLDED = re2.compile(r"\s*(Normal|Warning) (\S{1,128}) (\S{1,16}(?: \(x\d{1,9} over \S{1,16}\))?) (\S{1,128}) (.*)")
_TEXT_CAP = 4096


class Text(Struct, frozen=True):
    """A value with the line it stands on."""

    line: int
    text: str


class DescribedEvent(Struct, frozen=True, kw_only=True):
    """One row of an Events section; ages are kept as printed (`17s`) and parsed."""

    line: int
    type: str
    reason: str
    last: dt.timedelta | None  # age of the last one; None when it cannot be told
    first: dt.timedelta | None
    count: int
    source: str
    message: str


class Interval(Struct, frozen=True):
    """An age cell: the last occurrence, the first, how many."""

    last: dt.timedelta | None
    first: dt.timedelta | None
    count: int


def interval(cell: str) -> Interval:
    """Read `17s` or `17s (x3 over 34s)`."""
    repeated = _REPEATED.fullmatch(cell.strip())
    if repeated:
        return Interval(age(repeated[1]), age(repeated[3]), int(repeated[2]))
    once = age(cell)
    return Interval(once, once, 1)


def indent(line: str) -> int:
    """Return the number of leading spaces."""
    return len(line) - len(line.lstrip(" "))


def pair(line: str) -> tuple[str, str] | None:
    """Split `Key:   value`; None when the line is no such pair."""
    key, colon, value = line.strip().partition(":")
    return (key, value.strip()) if colon and key else None


def cells(line: str) -> list[str]:
    """Split a table row at runs of two or more spaces."""
    return [cell for cell in _SPACES.split(line.strip()) if cell]


def dedented(body: bytes, first_keys: tuple[str, ...]) -> Iterator[Line | Gap]:
    """Yield the lines; when the whole text is shifted to the right (a quoted paste), without the shift.

    The shift is the indent of the first line that begins with one of `first_keys` (`Name:`).
    """
    shift: int | None = None
    for line in numbered(body):
        if isinstance(line, Gap):
            yield line
            continue
        text = line.text
        if shift is None and text.lstrip(" ").startswith(first_keys):
            shift = indent(text)
        if shift and text.startswith(" " * shift):
            text = text[shift:]
        yield Line(line.number, text)


def events(lines: Iterable[Line]) -> Iterator[DescribedEvent]:
    """Read the rows below `Events:`; a message that goes on in the next lines is joined."""
    held: DescribedEvent | None = None
    for line in lines:
        found = _event(line)
        if found:
            if held:
                yield held
            held = found
        elif held and line.text.strip() and len(held.message) < _TEXT_CAP:
            held = _longer(held, line.text.strip())
    if held:
        yield held


def _event(line: Line) -> DescribedEvent | None:
    text = line.text[: 2 * _TEXT_CAP].rstrip()
    if not text.lstrip().startswith(("Normal", "Warning")):
        return None
    parts = cells(text)
    if len(parts) > 4:
        return _row(line, parts[:4], _after(text, parts[:4]))
    if len(parts) == 4:  # the source or the message is empty; only a message has spaces in it
        return _row(line, [*parts[:3], ""], parts[3]) if " " in parts[3] else _row(line, parts, "")
    folded = _FOLDED.fullmatch(text)  # runs of spaces were folded by what it was pasted through
    return _row(line, list(folded.groups()[:4]), folded[5]) if folded else None


def _row(line: Line, parts: list[str], message: str) -> DescribedEvent | None:
    if parts[0] not in ("Normal", "Warning") or " " in parts[1]:
        return None
    when = interval(parts[2])
    return DescribedEvent(
        line=line.number, type=parts[0], reason=parts[1], last=when.last, first=when.first, count=when.count,
        source=parts[3], message=message[:_TEXT_CAP],
    )  # fmt: skip


def _after(text: str, parts: list[str]) -> str:
    """Return what follows the given cells, runs of spaces kept as they are."""
    position = 0
    for part in parts:
        position = text.index(part, position) + len(part)
    return text[position:].strip()


def _longer(event: DescribedEvent, text: str) -> DescribedEvent:
    return DescribedEvent(
        line=event.line, type=event.type, reason=event.reason, last=event.last, first=event.first, count=event.count,
        source=event.source, message=f"{event.message}\n{text}"[:_TEXT_CAP],
    )  # fmt: skip


def labels(first: str, rest: Iterable[Line]) -> dict[str, str]:
    """Read `app=api` and the further ones that stand below it; `<none>` is empty."""
    found: dict[str, str] = {}
    for text in (first, *(line.text for line in rest)):
        key, equals, value = text.strip().partition("=")
        if equals and " " not in key:
            found[key] = value
    return found
