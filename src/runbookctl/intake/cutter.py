"""Walks down the lines of a paste and says where something begins that says so itself.

Pure. A prompt, a JSON document, a first line that a form claims, a paragraph that another form is sure of. What may be
looked at in vain is counted, so that no text takes more than a moment.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import re2
from msgspec import Struct

from runbookctl.forms import documents
from runbookctl.intake import separators
from runbookctl.intake.recognition import SURE, UNRECOGNISED, Match, first_lines, is_whole, line_hooks, recognise
from runbookctl.intake.stream import HEAD

MOST = 200
"""Blocks of one text; what follows stays together."""
LINES = 100_000
"""Lines that are looked at; what follows stays with the last block."""
FAIR = 50
"""What a form must reach where something clearly begins."""
_LOOK = 150  # lines by which a block is recognised
_LOOKS = 40  # paragraphs, first lines and JSON values that are looked at in vain
_LEAD = 2  # lines above the first one that a form knows
_HEADINGS = 1000  # lines that look like a heading and have nothing below them
_DOCUMENTS = 100  # JSON documents that are decoded
_INSIDE = frozenset(("", *' \t{}[]"'))  # how lines of a JSON document begin, apart from numbers

# Conditions:        QoS Class:                   Burstable
_KEY = re2.compile(r"^[A-Z][\w .()/-]{0,60}:(?:\s|$)")


class Block(Struct):
    """Lines `[begin, end)` of a text, counted from 0, without those in `without`; `hint` is the command above them."""

    begin: int
    end: int
    match: Match
    hint: str = ""
    hard: bool = False  # a prompt stands above it
    without: frozenset[int] = frozenset()

    def lines(self) -> Iterator[int]:
        """Yield the numbers of its lines."""
        return (number for number in range(self.begin, self.end) if number not in self.without)


class _Start(NamedTuple):
    """Where a new block begins, and what is known about it."""

    at: int
    match: Match
    hint: str = ""
    hard: bool = False
    end: int = 0  # its known end


class Cutter:
    """Walks down the lines once."""

    def __init__(self, lines: list[str], name: str) -> None:
        self._lines = lines
        self._name = name
        self._documents = _DOCUMENTS
        self._looks = _LOOKS
        self._claims = _LOOKS
        self._headings = _HEADINGS
        self._blocks: list[Block] = []

    def blocks(self) -> list[Block]:
        """Return all blocks, those without content left out."""
        start = self._first(0, self._name, hard=False)
        while start is not None:
            end, following = self._end(start)
            self._blocks.append(Block(start.at, end, start.match, start.hint, start.hard))
            if following is not None and len(self._blocks) >= MOST:
                rest = Block(following.at, len(self._lines), following.match, following.hint, following.hard)
                return [*self._blocks, rest]
            start = following
        return self._blocks

    def _first(self, at: int, hint: str, *, hard: bool) -> _Start | None:
        """Return the start of the block at the next line that has something on it."""
        while at < len(self._lines):
            asked = separators.command(self._lines[at])
            if asked is not None:
                hint, hard = asked, True
            elif self._lines[at].strip():
                document = self._document(at)
                if document:
                    return document._replace(hint=hint, hard=hard)
                return _Start(at, self._recognise(at, hint), hint, hard)
            at += 1
        return None

    def _recognise(self, at: int, hint: str, *, paragraph: bool = False) -> Match:
        """Recognise what begins at a line, by the lines before the next one that begins something."""
        end = at
        blank = 0  # the first empty line
        going = line_hooks("continues")  # forms of which all lines so far can be a part
        same = _claims(self._lines[at])  # forms that claim every line from the first on
        while end < min(len(self._lines), at + _LOOK):
            line = self._lines[end]
            if not line.strip():
                blank = blank or end
                if paragraph:
                    break
            elif end > at and line[0] > " ":
                claims = _claims(line)
                same = same & claims
                if separators.command(line) is not None or claims - going.keys() - same:
                    break
            going = {key: continues for key, continues in going.items() if continues(line)}
            end += 1
        whole = recognise("\n".join(self._lines[at:end]), hint)
        if not blank or paragraph:
            return whole
        part = recognise("\n".join(self._lines[at:blank]), hint)
        return part if part.form not in (whole.form, UNRECOGNISED) and part.score >= SURE else whole

    def _end(self, start: _Start) -> tuple[int, _Start | None]:
        """Return where the block ends and what begins there."""
        if start.end:
            return start.end, self._first(start.end, "", hard=False)
        after_break = indented = False
        same = _claims(self._lines[start.at])  # forms that claim every line from the first on
        belongs = line_hooks("belongs").get(start.match.form)
        for at in range(start.at + 1, min(len(self._lines), LINES)):
            line = self._lines[at]
            if not line.strip():
                after_break = True
                continue
            outer = line[0] not in " \t"
            if (after_break or outer) and not (belongs and belongs(line)):
                asked = separators.command(line)
                if asked is not None:
                    return at, self._first(at + 1, asked, hard=True)
                begins = after_break or (indented and not belongs and not _KEY.match(line) and not known(line, ""))
                same = same and same & _claims(line)
                following = self._boundary(at, start.match.form, begins=begins, same=same)
                if following is not None:
                    return self._with_lead(at, start, following)
            after_break, indented = False, not outer
        return len(self._lines), None

    def _with_lead(self, at: int, start: _Start, following: _Start) -> tuple[int, _Start]:
        """Give what begins at a line the date and the rule above it."""
        if following.at != at or is_whole(following.match.form):
            return at, following
        while at - 1 > start.at and following.at - at < _LEAD and separators.leads(self._lines[at - 1]):
            at -= 1
        return at, following._replace(at=at)

    def _boundary(self, at: int, form: str, *, begins: bool, same: set[str]) -> _Start | None:
        line = self._lines[at]
        document = self._document(at)
        if document is not None and not (document.match.form == form and is_whole(form)):
            return document
        if (claimed := self._claimed(at, form, same)) is not None:
            return claimed
        if self._headings > 0 and separators.heading(line):
            below = self._below(at, form)
            if below is not None:
                return below
            self._headings -= 1
        if not _goes_on(form, line):
            return _Start(at, self._recognise(at, ""))
        return self._paragraph(at, form) if begins else None

    def _claimed(self, at: int, form: str, same: set[str]) -> _Start | None:
        """Return the block that begins with a line which a form says is its first; forms in `same` have begun."""
        claims = _claims(self._lines[at]) - same
        if is_whole(form) and _goes_on(form, self._lines[at]):
            claims.discard(form)
        if not claims or self._claims <= 0:
            return None
        match = self._recognise(at, "")
        if match.score >= FAIR:
            return _Start(at, match)
        self._claims -= 1
        return None

    def _below(self, at: int, form: str) -> _Start | None:
        """Return the block below a heading, when something begins there that is not of the open block."""
        for below in range(at + 1, min(at + 4, len(self._lines))):
            if self._lines[below].strip():
                document = self._document(below)
                if document is not None and document.match.form == form and is_whole(form):
                    return None
                begun = document or self._claimed(below, form, set())
                if begun or (self._lines[at].endswith(":") and not known(self._lines[below], form)):
                    return begun
                return self._paragraph(below, form)
        return None

    def _paragraph(self, at: int, form: str) -> _Start | None:
        """Return the block that begins with a paragraph which another form is sure of."""
        if self._looks <= 0:
            return None
        self._looks -= 1
        match = self._recognise(at, "", paragraph=True)
        needed = SURE if form in line_hooks("belongs") else FAIR  # a log may have all sorts of paragraphs
        return _Start(at, match) if match.form not in (form, UNRECOGNISED) and match.score >= needed else None

    def _document(self, at: int) -> _Start | None:
        """Return the JSON document that begins at a line, when a form knows it."""
        line = self._lines[at]
        if line[:1] not in ("{", "[") or (line[0] == "[" and line[1:60].lstrip()[:1] not in ("", "{", "[", '"')):
            return None
        is_object = any('"apiVersion"' in near[:4096] for near in self._lines[at : at + 3])
        if self._documents <= 0 or (self._looks <= 0 and not is_object):
            return None
        match = recognise("\n".join(self._lines[at : self._document_end(at)])[:HEAD], "")
        is_ours = is_whole(match.form) and match.score >= FAIR
        if not is_ours:
            self._looks -= 1
            if line.strip() not in ("{", "["):  # a JSON value on one line is a line of a log
                return None
        self._documents -= 1
        text = "\n".join(self._lines[at:])
        found = documents.decode(text)
        end = at + text.count("\n", 0, found[1]) + 1 if found else 0
        return _Start(at, match, end=end) if is_ours or end > at + 2 else None

    def _document_end(self, at: int) -> int:
        """Return the line behind the document that begins at a line, as far as line beginnings tell."""
        first = self._lines[at].rstrip()
        if len(first) > 1 and first[-1] in "}]":
            return at + 1
        end = at + 1
        while end < min(len(self._lines), at + _LOOK) and self._lines[end][:1] in _INSIDE:
            end += 1
            if self._lines[end - 1][:1] in ("}", "]"):
                break
        return end


def _claims(line: str) -> set[str]:
    """Return the forms that say a line is the first of a text of theirs."""
    return {key for key, starts in first_lines() if starts(line)}


def known(line: str, form: str) -> bool:
    """Tell a line that certainly is of another form."""
    return any(belongs(line) for key, belongs in line_hooks("belongs").items() if key != form)


def _goes_on(form: str, line: str) -> bool:
    """Tell whether a line can be part of a text of a form, as far as the form can say."""
    continues = line_hooks("continues").get(form)
    return continues(line) if continues else True
