"""The shapes of a result's lines: a key with its text, a command, prose, a row of proof.

Pure. Quoted evidence alone is cut, and on a terminal only; prose is wrapped; ids, subjects, paths and commands are
neither cut nor wrapped.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from runbookctl.cli.foreign import cells, cut, shown, wrap
from runbookctl.cli.line import Line, Style
from runbookctl.cli.terminal import Layout

SECTION, ENTRY, COMMAND = 2, 4, 6
"""Indents of a section's name, of its entries, of the command under an entry."""
KEY_COLUMN, REFERENCE_COLUMN = 17, 6
_LEAST_VALUE = 16  # cells that a value keeps beside a long field
_LONGEST_KEY = 30  # a longer one has its text on the next line


def section(name: str) -> Line:
    """Return the heading of a section."""
    return Line(" " * SECTION + name)


def command(text: str, indent: int = COMMAND) -> Line:
    """Return a command on its own line."""
    return Line(" " * indent + text)


def prose(text: str, indent: int, layout: Layout) -> list[Line]:
    """Wrap `text` under an indent."""
    return [Line(" " * indent + part) for part in wrap(shown(text), max(layout.width - indent, 20))]


def key_column(keys: Iterable[str]) -> int:
    """Return how wide the keys of a section are, with the space after them."""
    return max([KEY_COLUMN, *(len(key) + 2 for key in keys if len(key) <= _LONGEST_KEY)])


def keyed(key: str, text: str, column: int, layout: Layout) -> list[Line]:
    """Return `key  text`, the text wrapped in its column; on a narrow screen, or after a long key, under it."""
    first = Line(" " * ENTRY + key)
    start = ENTRY + column
    if layout.stacked or cells(shown(key)) + 2 > column:
        return [first, *prose(text, COMMAND, layout)]
    parts = wrap(shown(text), max(layout.width - start, 20))
    return [first.to(start).add(parts[0]), *(Line(" " * start + part) for part in parts[1:])]


class Proof:
    """One row of proof before it is laid out: its reference (`e3:3`), a field or nothing, and the text or value."""

    __slots__ = ("aside", "field", "quoted", "reference", "value")

    def __init__(self, reference: str, field: str, value: str, *, quoted: bool, aside: str = "") -> None:
        self.reference, self.field, self.value, self.quoted, self.aside = reference, field, value, quoted, aside


def reference_column(rows: Iterable[Proof]) -> int:
    """Return how wide the references of rows are, with the space after them."""
    return max([REFERENCE_COLUMN, *(len(row.reference) + 1 for row in rows)])


def proofs(rows: Sequence[Proof], references: int, layout: Layout) -> list[Line]:
    """Lay rows of proof out under each other: reference, then `| text` or `field   value`."""
    fields = max([0, *(cells(shown(row.field)) + 3 for row in rows if row.field and not row.quoted)])
    fields = min(fields, max(layout.width - ENTRY - references - _LEAST_VALUE, _LEAST_VALUE))
    if layout.stacked:
        return [line for row in rows for line in _stacked(row, layout)]
    lines = [_proof(row, references, fields, layout) for row in rows]
    if layout.wide:
        _put_aside(lines, rows, layout.width)
    return lines


def _proof(row: Proof, references: int, fields: int, layout: Layout) -> Line:
    line = Line(" " * ENTRY).add(row.reference, Style.DIM).to(ENTRY + references)
    if row.quoted:
        line.add("| ")
    elif row.field:
        line.add(row.field).to(ENTRY + references + fields, gap=3)
    room = layout.width - line.width if layout.cuts else None
    return line.add(_fitted(row.value, room))


def _put_aside(lines: Sequence[Line], rows: Sequence[Proof], width: int) -> None:
    """Write at the right side where each evidence was read, once per evidence, where there is room."""
    start = width - max(cells(shown(row.aside)) for row in rows) if rows else width
    told: set[str] = set()
    for line, row in zip(lines, rows, strict=True):
        if row.aside not in told and line.width + 2 <= start:
            line.to(start).add(row.aside, Style.DIM)
            told.add(row.aside)


def _stacked(row: Proof, layout: Layout) -> list[Line]:
    first = Line(" " * ENTRY).add(row.reference, Style.DIM)
    if row.field and not row.quoted:
        first.add(f" {row.field}")
    mark = "| " if row.quoted else ""
    room = layout.width - COMMAND - len(mark) if layout.cuts else None
    return [first, Line(" " * COMMAND + mark).add(_fitted(row.value, room))]


def _fitted(text: str, room: int | None) -> str:
    """Cut quoted evidence to the room there is; at least 20 cells of it stay, whatever the screen."""
    safe = shown(text.strip(" "))
    if room is None or cells(safe) <= max(room, 20):
        return safe
    return cut(safe, max(room, 20), _matched(safe))


def _matched(text: str) -> str:
    """Return the words by which a signature knows the line, nothing when none does: they stay when it is cut."""
    from runbookctl.catalog import signatures

    found = signatures.match(text)
    literals = signatures.literals_of(found) if found else ()
    return next((literal for literal in literals if literal in text), "")


def flow(first: Line, parts: Sequence[tuple[str, Style]], indent: int, layout: Layout, gap: int = 2) -> list[Line]:
    """Append parts that are never cut, `gap` apart; what does not fit goes to the next line, under an indent."""
    lines = [first]
    for text, style in parts:
        blank = lines[-1].width <= indent
        if not blank and lines[-1].width + gap + cells(shown(text)) > layout.width:
            lines.append(Line(" " * indent))
            blank = True
        lines[-1].add("" if blank else " " * gap).add(text, style)
    return lines
