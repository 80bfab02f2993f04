"""One source as text: bounded first, then cut into blocks, then made pieces in the normal form of each.

Pure but for the chunks it pulls: bytes in, pieces out, within fixed memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate, chain
from typing import NamedTuple

import msgspec
from msgspec import Struct, structs

from runbookctl.forms import Normal
from runbookctl.forms.lines import gap, left_out
from runbookctl.intake.blocks import cut
from runbookctl.intake.bound import Bounded, bounded
from runbookctl.intake.cutter import Block
from runbookctl.intake.recognition import (
    CAP,
    EMPTY,
    UNRECOGNISED,
    Match,
    anchors,
    cap,
    has_normal_form,
    is_whole,
    label,
    normal,
)
from runbookctl.intake.stream import Notes
from runbookctl.intake.text import Tails, line_blocks, plain, valid
from runbookctl.model import Missing, Shortening

_MOST_LINES = 400_000  # a text of more and so short lines is no paste


class Piece(Struct, frozen=True, kw_only=True):
    """A part of what was given that has one form.

    `body` is bounded and plain UTF-8, not yet redacted; lines left out of it are counted by markers
    (`runbookctl.forms.lines`), so that line numbers are those of `source`. `cut` with `why`: more was there than the
    body tells. An unreadable piece has an `error` and no body. Form `bundle`: a run's bundle, for the app to open.
    """

    source: str  # file as given, or `stdin`
    form: str
    body: bytes = b""
    label: str = ""  # the form for people, by content where that says more: `Event list`
    first_line: int = 1  # of `source`, where the piece begins
    whole_lines: int = 0  # lines that the piece had before any were left out
    shortened: Shortening | None = None
    cut: bool = False
    why: str = ""  # why it is cut
    error: Missing | None = None


def unreadable(name: str, why: str, form: str = UNRECOGNISED, first_line: int = 1) -> Piece:
    """Return the piece that says why there is none."""
    error = Missing(why=why, kind="unreadable")
    return Piece(source=name, form=form, label="not readable", error=error, first_line=first_line)


class Text:
    """One source: `take` reads it, `pieces` tells what it was."""

    def __init__(self, name: str, match: Match, notes: Notes) -> None:
        self._name = name
        self._match = match
        self._notes = notes
        self._tails = Tails()
        self._bounded = Bounded(b"")
        self._stored: Normal | None = None  # of the whole text, when it is one document

    def take(self, chunks: Iterator[bytes]) -> None:
        """Read the source to its end. Lines of a text short enough to be a paste are shortened only after it is cut."""
        form = self._match.form
        if is_whole(form):
            self._bounded = _document(chunks, cap(form))
        else:
            first, is_all = _beginning(chunks, cap(form))
            if is_all:
                self._bounded = _document(iter(first), cap(form))
            else:
                literals = anchors(form)
                blocks = line_blocks(chain(first, chunks), literals, self._tails)
                self._bounded = bounded(blocks, literals, cap(form))
        self._bounded.body = valid(self._bounded.body)

    def pieces(self) -> Iterator[Piece]:
        """Yield the pieces of what was read."""
        body = self._bounded.body
        whole = Piece(source=self._name, form=self._match.form, whole_lines=self._bounded.lines)
        if not body.strip():
            yield self._finished(structs.replace(whole, form=EMPTY), body)
            return
        if self._is_one(body):
            yield self._finished(whole, body)
            return
        text = _Lines(body.decode())
        blocks = cut(text.lines, self._name)
        if len(blocks) == 1 and text.is_all(blocks[0]):
            yield self._finished(structs.replace(whole, form=blocks[0].match.form), body)
            return
        if not blocks:
            yield self._finished(structs.replace(whole, form=EMPTY), b"")
        for block in blocks:
            first = text.left(0, block.begin).lines + 1
            piece = Piece(source=self._name, form=block.match.form, first_line=first, whole_lines=text.count(block))
            yield self._finished(piece, text.body(block))

    def _is_one(self, body: bytes) -> bool:
        """Tell a text that needs no cutting: a whole JSON document, or one that was too long to be a paste."""
        if self._bounded.left_bytes:
            return self._match.form != UNRECOGNISED
        if self._bounded.lines > _MOST_LINES:
            return True
        if not is_whole(self._match.form):
            return False
        if len(body) > CAP or _is_json(body):
            return True
        if not has_normal_form(self._match.form):
            return False
        try:
            self._stored = normal(self._match.form, body)
        except ValueError:
            return False
        return not self._stored.cut

    def _finished(self, piece: Piece, body: bytes) -> Piece:
        """Return the piece with its body in the form's normal form, what was left out of it, and its label."""
        tails = self._tails
        if not is_whole(piece.form) and not self._bounded.left_bytes:
            tails = Tails(tails.bytes, tails.anchored)
            body = b"".join(line_blocks(iter([body]), anchors(piece.form), tails))
        shortened = self._shortening(piece.form, tails)
        why = self._notes.cut or ("too long to keep all of it" if shortened and not shortened.harmless else "")
        if why and not is_whole(piece.form) and self._bounded.harmless:
            body += (b"" if body.endswith(b"\n") or not body else b"\n") + left_out(0, 0, harmless=False) + b"\n"
        try:
            stored = self._stored if self._stored and not self._stored.cut else normal(piece.form, body)
            body, why = stored.body, why or stored.cut
            name = label(piece.form, body)
        except ValueError as error:
            return unreadable(self._name, str(error), piece.form, piece.first_line)
        return structs.replace(piece, body=body, label=name, cut=bool(why), why=why, shortened=shortened)

    def _shortening(self, form: str, tails: Tails) -> Shortening | None:
        left = self._bounded.left_bytes + tails.bytes
        if not left:
            return None
        tails_tell = tails.anchored or (tails.bytes > 0 and not anchors(form))
        return Shortening(
            bytes=left,
            lines=self._bounded.left_lines,
            whole_bytes=self._notes.size,
            whole_sha256=self._notes.digest,
            harmless=self._bounded.harmless and not tails_tell,
        )


def _beginning(chunks: Iterator[bytes], most: int) -> tuple[list[bytes], bool]:
    """Return the first chunks, a little more than `most` bytes, and whether they are all there is."""
    first: list[bytes] = []
    size = 0
    for chunk in chunks:
        first.append(chunk)
        size += len(chunk)
        if size > most:
            return first, False
    return first, True


def _document(chunks: Iterator[bytes], most: int) -> Bounded:
    """Return a document that has no lines to choose from: its first `most` bytes."""
    kept: list[bytes] = []
    size = left = left_lines = 0
    last = b""
    for chunk in chunks:
        part = chunk[: max(0, most - size)]
        size += len(part)
        if part:
            kept.append(part)
        left += len(chunk) - len(part)
        left_lines += chunk.count(b"\n", len(part))
        last = chunk[-1:] or last
    body = plain(b"".join(kept).translate(None, b"\x00"))
    lines = body.count(b"\n") + left_lines + (last not in (b"", b"\n"))
    return Bounded(body, lines, left_lines, left, harmless=not left)


def _is_json(body: bytes) -> bool:
    try:
        msgspec.json.decode(body, type=msgspec.Raw)
    except (ValueError, RecursionError):
        return False
    return True


class _Left(NamedTuple):
    """Lines of the source that do not stand in a body: how many, their size, and whether all of them are harmless."""

    lines: int = 0
    size: int = 0
    harmless: bool = True

    def marker(self) -> bytes:
        """Return the marker line, nothing when no line is left out."""
        if not self.lines and self.harmless:
            return b""
        return left_out(self.lines, self.size, harmless=self.harmless) + b"\n"


class _Lines:
    """The lines of a text; a marker among them counts for what it stands for."""

    def __init__(self, text: str) -> None:
        self.lines = text.split("\n")
        if not self.lines[-1]:
            self.lines.pop()
        self._ends = list(accumulate((len(line) + 1 for line in self.lines), initial=0))
        marked = (n for n, line in enumerate(self.lines) if line.startswith("[runbookctl: "))
        self._gaps = [(number, found) for number in marked if (found := gap(self.lines[number].encode()))]

    def left(self, begin: int, end: int) -> _Left:
        """Count the lines `[begin, end)`."""
        gaps = [found for number, found in self._gaps if begin <= number < end]
        count = end - begin + sum(found.lines - 1 for found in gaps)
        return _Left(count, self._ends[end] - self._ends[begin], all(found.harmless for found in gaps))

    def runs(self, block: Block) -> Iterator[tuple[int, int]]:
        """Yield begin and end of each run of lines that a block has."""
        begin = block.begin
        for number in sorted(block.without):
            if number > begin:
                yield begin, number
            begin = number + 1
        if begin < block.end:
            yield begin, block.end

    def is_all(self, block: Block) -> bool:
        """Tell whether a block is the whole text but for empty lines."""
        outside = (self.lines[: block.begin], self.lines[block.end :])
        return not block.without and not any(line.strip() for part in outside for line in part)

    def count(self, block: Block) -> int:
        """Return how many lines of the source a block has."""
        return sum(self.left(*run).lines for run in self.runs(block))

    def body(self, block: Block) -> bytes:
        """Return the body of a block; in a text, markers stand for the lines before it and between."""
        parts: list[str] = []
        at = 0
        for begin, end in self.runs(block):
            if not is_whole(block.match.form):
                parts.append(self.left(at, begin).marker().decode())
            parts.extend(("\n".join(self.lines[begin:end]), "\n"))
            at = end
        return "".join(parts).encode()
