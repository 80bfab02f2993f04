"""Tables as `kubectl get` prints them: a header in capitals, columns three spaces apart.

Pure: lines in, rows out. A cell is cut at its header's column where the row keeps to the columns, else at runs of
spaces: `kubectl get --watch` and tables put together from parts print rows that do not keep to the header.
"""

from __future__ import annotations

from collections.abc import Iterator

import re2
from msgspec import Struct

from runbookctl.forms._describe import cells
from runbookctl.forms.lines import Gap, Line, numbered
from runbookctl.model import Raw

# NAME                   READY   STATUS             RESTARTS   AGE   IP            NODE            NOMINATED NODE
_NAME = r"[A-Z][A-Z0-9()%/_.-]*(?: [A-Z0-9()%/_.-]+)*"
_HEADER = re2.compile(rf"{_NAME}(?:\s{{2,}}{_NAME})+\s*")
_COLUMNS = 40


class Row(Struct, frozen=True):
    """One row: its line and its cells by column name; a cell that is empty or `<none>` is left out."""

    line: int
    cells: dict[str, str]


class Header(Struct, frozen=True):
    """Column names and the offsets at which they begin."""

    line: int
    names: tuple[str, ...]
    offsets: tuple[int, ...]


class Skip(Struct, frozen=True):
    """A line below a header that does not fit it."""

    line: int
    text: str


def header(line: Line) -> Header | None:
    """Return the header that a line is, None when it is none."""
    text = line.text.rstrip()
    if len(text) > 2000 or not _HEADER.fullmatch(text):
        return None
    names = cells(text)
    offsets, position = [], 0
    for name in names[:_COLUMNS]:
        position = text.index(name, position)
        offsets.append(position)
        position += len(name)
    return Header(line.number, tuple(names[:_COLUMNS]), tuple(offsets))


def rows(raw: Raw) -> Iterator[Header | Row | Skip | Gap]:
    """Yield each header and the rows below it; a blank line ends a table."""
    current: Header | None = None
    for line in numbered(raw.body):
        if isinstance(line, Gap):
            yield line
            continue
        if not line.text.strip():
            current = None
            continue
        found = header(line)
        if found:
            current = found
            yield found
        elif current:
            row = _row(current, line)
            if row:
                yield row
            elif len(cells(line.text)) > 1:  # else the rest of a cell with a line break in it
                yield Skip(line.number, line.text)


def _row(columns: Header, line: Line) -> Row | None:
    text = line.text.rstrip()
    values = _aligned(columns, text) or cells(text)
    last = len(columns.names) - 1
    if len(values) > last + 1:  # the last column is text with runs of spaces in it
        start = _offset(text, values[:last])
        values = [*values[:last], text[start:].strip()]
    if sum(map(bool, values)) < min(3, last + 1):
        return None
    named = zip(columns.names, values, strict=False)
    return Row(line.number, {name: value for name, value in named if value and value != "<none>"})


def _aligned(columns: Header, text: str) -> list[str] | None:
    """Cut at the header's columns; None when a cell would be cut in two or hangs over."""
    for offset in columns.offsets[1:]:
        if offset < len(text) and (text[offset - 1] != " " or text[offset - 2 : offset - 1] not in ("", " ")):
            return None
    ends = (*columns.offsets[1:], len(text) + 1)
    values = [text[start:end].strip() for start, end in zip(columns.offsets, ends, strict=True)]
    return None if any("  " in value for value in values[:-1]) else values


def _offset(text: str, values: list[str]) -> int:
    position = 0
    for value in values:
        position = text.index(value, position) + len(value)
    return position
