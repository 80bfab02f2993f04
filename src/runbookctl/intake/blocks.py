"""A mixed paste cut into blocks of one form each, by line numbers.

Pure. Cuts where something begins that says so itself: a prompt, a JSON document, a first line that a form claims, a
paragraph that another form is sure of. What is certainly of another form line by line (kernel lines) is taken out of
the text around it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, pairwise
from typing import NamedTuple

import re2
from msgspec import Struct, structs

from runbookctl.forms import documents
from runbookctl.forms.lines import alternation
from runbookctl.intake import separators
from runbookctl.intake.recognition import (
    SURE,
    UNRECOGNISED,
    Match,
    anchors,
    first_lines,
    is_whole,
    line_hooks,
    recognise,
    writer,
)
from runbookctl.intake.stream import HEAD
from runbookctl.model import Writer

MOST = 200
"""Blocks of one text; what follows stays together."""
_MANY = 16  # more blocks of one form in a row are one command's output
_LOOK = 150  # lines by which a block is recognised
_LINES = 100_000  # lines that are looked at; what follows stays with the last block
_LOOKS = 60  # paragraphs, first lines and JSON values that are looked at in vain
_HEADINGS = 1000  # lines that look like a heading and have nothing below them
_PREAMBLE = 3  # lines above the first one that a form knows
_DOCUMENTS = 100  # JSON documents that are decoded
_INSIDE = frozenset(("", *' \t{}[]"'))  # how lines of a JSON document begin, apart from numbers
_FAIR = 50  # what a form must reach where something clearly begins

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


def cut(lines: list[str], name: str) -> list[Block]:
    """Return the blocks of a text in its order; one block when it is of one form."""
    blocks = _Cutter(lines, name).blocks()
    if len(blocks) > 1:
        blocks = _led([_again(block, lines) for block in blocks], lines)
        blocks = _merged(_kept(blocks, lines), lines)
    return [part for block in blocks for part in _by_line(block, lines)]


def _again(block: Block, lines: list[str]) -> Block:
    """Recognise a block by all of its lines, now that its end is known."""
    size, head = 0, []
    for number in block.lines():
        head.append(lines[number])
        size += len(lines[number]) + 1
        if size > HEAD:
            break
    return structs.replace(block, match=recognise("\n".join(head), block.hint))


class _Start(NamedTuple):
    """Where a new block begins, and what is known about it."""

    at: int
    match: Match
    hint: str = ""
    hard: bool = False
    end: int = 0  # its known end


class _Cutter:
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
        going = line_hooks("continues")  # forms of which all lines so far can be a part
        while end < min(len(self._lines), at + _LOOK):
            line = self._lines[end]
            if end > at and line[:1].strip() and (separators.command(line) is not None or _claims(line) - going.keys()):
                break
            if paragraph and not line.strip():
                break
            going = {key: continues for key, continues in going.items() if continues(line)}
            end += 1
        return recognise("\n".join(self._lines[at:end]), hint)

    def _end(self, start: _Start) -> tuple[int, _Start | None]:
        """Return where the block ends and what begins there."""
        if start.end:
            return start.end, self._first(start.end, "", hard=False)
        after_break = indented = False
        is_log = start.match.form in line_hooks("belongs")
        for at in range(start.at + 1, min(len(self._lines), _LINES)):
            line = self._lines[at]
            if not line.strip():
                after_break = True
                continue
            outer = line[0] not in " \t"
            if after_break or outer:
                asked = separators.command(line)
                if asked is not None:
                    return at, self._first(at + 1, asked, hard=True)
                begins = after_break or (indented and not is_log and not _KEY.match(line) and not _known(line, ""))
                following = self._boundary(at, start.match.form, begins=begins)
                if following is not None:
                    return at, following
            after_break, indented = False, not outer
        return len(self._lines), None

    def _boundary(self, at: int, form: str, *, begins: bool) -> _Start | None:
        line = self._lines[at]
        document = self._document(at)
        if document is not None and not (document.match.form == form and is_whole(form)):
            return document
        if (claimed := self._claimed(at, form)) is not None:
            return claimed
        if self._headings > 0 and separators.heading(line):
            below = self._below(at, form)
            if below is not None:
                return below
            self._headings -= 1
        if not _goes_on(form, line):
            return _Start(at, self._recognise(at, ""))
        return self._paragraph(at, form) if begins else None

    def _claimed(self, at: int, form: str) -> _Start | None:
        """Return the block that begins with a line which a form says is its first."""
        claims = _claims(self._lines[at])
        if is_whole(form) and _goes_on(form, self._lines[at]):
            claims.discard(form)
        if not claims or self._claims <= 0:
            return None
        match = self._recognise(at, "")
        if match.score >= _FAIR:
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
                begun = document or self._claimed(below, form)
                if begun or (self._lines[at].endswith(":") and not _known(self._lines[below], form)):
                    return begun
                return self._paragraph(below, form)
        return None

    def _paragraph(self, at: int, form: str) -> _Start | None:
        """Return the block that begins with a paragraph which another form is sure of."""
        if self._looks <= 0:
            return None
        self._looks -= 1
        match = self._recognise(at, "", paragraph=True)
        needed = SURE if form in line_hooks("belongs") else _FAIR  # a log may have all sorts of paragraphs
        return _Start(at, match) if match.form not in (form, UNRECOGNISED) and match.score >= needed else None

    def _document(self, at: int) -> _Start | None:
        """Return the JSON document that begins at a line, when a form knows it."""
        line = self._lines[at]
        if line[:1] not in ("{", "[") or (line[0] == "[" and line[1:60].lstrip()[:1] not in ("", "{", "[", '"')):
            return None
        is_object = any('"apiVersion"' in near[:4096] for near in self._lines[at : at + 3])
        if self._documents <= 0 or (self._looks <= 0 and not is_object):
            return None
        end = at + 1
        while end < min(len(self._lines), at + _LOOK) and self._lines[end][:1] in _INSIDE:
            end += 1
        match = recognise("\n".join(self._lines[at:end])[:HEAD], "")
        if not is_whole(match.form) or match.score < _FAIR:
            self._looks -= 1
            return None
        self._documents -= 1
        text = "\n".join(self._lines[at:])
        found = documents.decode(text)
        return _Start(at, match, end=at + text.count("\n", 0, found[1]) + 1 if found else 0)


def _claims(line: str) -> set[str]:
    """Return the forms that say a line is the first of a text of theirs."""
    return {key for key, starts in first_lines() if starts(line)}


def _known(line: str, form: str) -> bool:
    """Tell a line that certainly is of another form."""
    return any(belongs(line) for key, belongs in line_hooks("belongs").items() if key != form)


def _goes_on(form: str, line: str) -> bool:
    """Tell whether a line can be part of a text of a form, as far as the form can say."""
    continues = line_hooks("continues").get(form)
    return continues(line) if continues else True


def _led(blocks: list[Block], lines: list[str]) -> list[Block]:
    """Give an output the date and the rule directly above it, which a form does not know for its own first lines."""
    out: list[Block] = []
    for block in blocks:
        last = out[-1] if out else None
        if (
            last is not None
            and last.match.form == UNRECOGNISED
            and not is_whole(block.match.form)
            and not block.hard
            and last.end == block.begin
            and block.begin - last.begin <= _PREAMBLE
            and all(line.strip() and separators.preamble(line) for line in lines[last.begin : last.end])
        ):
            out[-1] = structs.replace(block, begin=last.begin, hint=last.hint, hard=last.hard)
        else:
            out.append(block)
    return out


def _kept(blocks: list[Block], lines: list[str]) -> list[Block]:
    """Leave out the few lines that somebody wrote above an output."""
    kept = [block for block, after in pairwise(blocks) if not _is_heading(block, after, lines)]
    return kept + blocks[-1:]


def _is_heading(block: Block, after: Block, lines: list[str]) -> bool:
    if block.match.form != UNRECOGNISED or after.match.form == UNRECOGNISED:
        return False
    written = [line for number in block.lines() if (line := lines[number]).strip()]
    return len(written) <= 2 and all(separators.heading(line) for line in written)


def _merged(blocks: list[Block], lines: list[str]) -> list[Block]:
    """Join neighbours of one form: all of a document's kind, and long rows that one command printed."""
    rows: list[list[Block]] = []
    for block in blocks:
        last = rows[-1][-1] if rows else None
        if last is not None and last.match.form == block.match.form and not block.hard:
            rows[-1].append(block)
        else:
            rows.append([block])
    out: list[Block] = []
    for row in rows:
        form = row[0].match.form
        is_log = form in line_hooks("belongs") and all(one.end == other.begin for one, other in pairwise(row))
        if len(row) > _MANY or is_log or is_whole(form) or form == UNRECOGNISED:
            gaps = (number for one, other in pairwise(row) for number in range(one.end, other.begin))
            between = frozenset(number for number in gaps if lines[number].strip())
            row[:] = [structs.replace(row[0], end=row[-1].end, without=between)]
        out.extend(row)
    return out


def _is_workload(block: Block) -> bool:
    """Tell text that a workload certainly wrote: a line in it that looks like the kernel's is the workload's too."""
    asked = block.hint.rpartition("/")[2]
    named = asked.startswith("logs-") or " logs " in asked
    return writer(block.match.form) is Writer.WORKLOAD and (named or block.match.score >= SURE)


def _telling(block: Block, form: str, lines: list[str]) -> Iterator[int]:
    """Yield the lines of a block that may tell a reader of a form something: in a long text those with an anchor."""
    literals = anchors(form) if block.end - block.begin > _LINES // 10 else ()
    if not literals:
        yield from islice(block.lines(), _LINES)
        return
    body = "\n".join(lines[block.begin : block.end]).encode()
    search, at, number = alternation(literals).search, 0, block.begin
    while match := search(body, at):
        number += body.count(b"\n", at, match.start())
        if number not in block.without:
            yield number
        at = body.find(b"\n", match.start()) + 1
        number += 1
        if not at:
            return


def _by_line(block: Block, lines: list[str]) -> list[Block]:
    """Take out of a block the lines that certainly are of another form."""
    form = block.match.form
    own = line_hooks("belongs").get(form)
    if is_whole(form) or _is_workload(block) or (own and block.match.score >= SURE):
        return [block]
    out: list[Block] = []
    for key, belongs in line_hooks("belongs").items():
        if key == form:
            continue
        found = (n for n in _telling(block, key, lines) if (line := lines[n]) and line[0] > " " and belongs(line))
        taken = [n for n in found if own is None or not own(lines[n])]
        if not taken:
            continue
        others = frozenset(range(taken[0], taken[-1] + 1)) - frozenset(taken)
        out.append(Block(taken[0], taken[-1] + 1, Match(key, 100), without=others))
        block = Block(block.begin, block.end, block.match, block.hint, block.hard, block.without | frozenset(taken))
    written = [line for n in block.lines() if (line := lines[n]).strip()]
    if not written or (out and form == UNRECOGNISED and all(separators.heading(line) for line in written)):
        return out
    return [block, *out]
