"""A mixed paste cut into blocks of one form each, by line numbers.

Pure. What the cutter found is recognised again by all its lines; what is certainly of another form line by line (kernel
lines) is taken out of the text around it; headings go, and what one command printed stays together.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, pairwise

from msgspec import structs

from runbookctl.forms.lines import alternation
from runbookctl.intake import separators
from runbookctl.intake.cutter import FAIR, LINES, Block, Cutter
from runbookctl.intake.recognition import (
    SURE,
    UNRECOGNISED,
    Match,
    anchors,
    is_whole,
    line_hooks,
    recognise,
    writer,
)
from runbookctl.intake.stream import HEAD
from runbookctl.model import Writer

_MANY = 16  # more blocks of one form in a row are one command's output
_EDGE = 400  # lines above and below a log that may be something else
_PREAMBLE = 3  # lines above the first one that a form knows


def cut(lines: list[str], name: str) -> list[Block]:
    """Return the blocks of a text in its order; one block when it is of one form."""
    blocks = Cutter(lines, name).blocks()
    if len(blocks) > 1:
        blocks = [_again(block, lines) for block in blocks]
    parts = [part for block in blocks for edged in _edged(block, lines) for part in _by_line(edged, lines)]
    parts.sort(key=lambda block: block.begin)
    return _merged(_kept(_led(parts, lines), lines), lines)


def _again(block: Block, lines: list[str]) -> Block:
    """Recognise a block by all of its lines, now that its end is known."""
    return structs.replace(block, match=_match(block, lines, block.hint))


def _match(block: Block, lines: list[str], hint: str) -> Match:
    size, head = 0, []
    for number in block.lines():
        head.append(lines[number])
        size += len(lines[number]) + 1
        if size > HEAD:
            break
    return recognise("\n".join(head), hint)


def _edged(block: Block, lines: list[str]) -> list[Block]:
    """Split off what stands above the first and below the last line of a log, when another form knows it."""
    own = line_hooks("belongs").get(block.match.form)
    if own is None:
        return [block]
    begin, end = block.begin, block.end
    first = next((n for n in range(begin, min(end, begin + _EDGE)) if own(lines[n])), begin)
    last = next((n for n in range(end - 1, max(begin, end - _EDGE) - 1, -1) if own(lines[n])), end - 1)
    above = Block(begin, first, Match(UNRECOGNISED, 0), block.hint, block.hard)
    below = Block(last + 1, end, Match(UNRECOGNISED, 0))
    out: list[Block] = []
    if (found := _match(above, lines, "")).score >= FAIR and found.form != block.match.form:
        out.append(structs.replace(above, match=found))
        begin = first
    out.append(structs.replace(block, begin=begin, hard=block.hard and not out))
    if (found := _match(below, lines, "")).score >= FAIR and found.form != block.match.form:
        out[-1] = structs.replace(out[-1], end=last + 1)
        out.append(structs.replace(below, match=found))
    return out


def _led(blocks: list[Block], lines: list[str]) -> list[Block]:
    """Give an output the date and the rule directly above it, which a form does not know for its own first lines."""
    out: list[Block] = []
    for block in blocks:
        last = out[-1] if out else None
        kept = set(islice(last.lines(), _PREAMBLE + 1)) if last else set()
        if (
            last is not None
            and last.match.form == UNRECOGNISED
            and not is_whole(block.match.form)
            and not block.hard
            and block.begin - last.begin <= _PREAMBLE
            and all(number in kept for number in range(last.begin, block.begin))
            and all(line.strip() and separators.preamble(line) for line in lines[last.begin : block.begin])
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
        names_itself = writer(form) is Writer.API and not is_whole(form)  # the output of kubectl for one object
        if len(row) > 1 and (len(row) > _MANY or not names_itself):
            gone = frozenset().union(*(block.without for block in row))
            gaps = (number for one, other in pairwise(row) for number in range(one.end, other.begin))
            between = frozenset(number for number in gaps if lines[number].strip())
            row[:] = [structs.replace(row[0], end=max(block.end for block in row), without=gone | between)]
        out.extend(row)
    return out


def _is_workload(block: Block) -> bool:
    """Tell text that a workload certainly wrote: a line in it that looks like the kernel's is the workload's too."""
    asked = block.hint.rpartition("/")[2]
    named = asked.startswith("logs-") or " logs " in asked
    return writer(block.match.form) is Writer.WORKLOAD and (named or block.match.score >= SURE)


def _telling(block: Block, form: str, lines: list[str]) -> Iterator[int]:
    """Yield the lines of a block that may tell a reader of a form something: in a long text those with an anchor."""
    literals = anchors(form) if block.end - block.begin > LINES // 10 else ()
    if not literals:
        yield from islice(block.lines(), LINES)
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
