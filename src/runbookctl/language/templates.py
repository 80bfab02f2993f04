"""Text with holes: `GPU ${lost.pci} is gone`. Pure: reads templates, fills none.

A hole is an expression between `${` and the first `}` outside quotes; `$${` is a plain `${`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from runbookctl.language.expressions import Expression, parse
from runbookctl.language.mistakes import ExpressionMistake
from runbookctl.language.model import Template

if TYPE_CHECKING:
    from runbookctl.language.model import Place

OPEN = "${"


class Hole(NamedTuple):
    """An expression in a template; `offset` is where it begins in the template's text."""

    offset: int
    expression: Expression


class Parts(NamedTuple):
    """A template taken apart: texts and holes in order, and the mistakes with offsets into the template's text."""

    parts: tuple[str | Hole, ...]
    mistakes: tuple[ExpressionMistake, ...]


def read(text: str) -> Parts:
    """Take a template apart; every broken hole is a mistake."""
    parts: list[str | Hole] = []
    mistakes: list[ExpressionMistake] = []
    plain, position = "", 0
    while (start := text.find(OPEN, position)) >= 0:
        if text[start - 1 : start] == "$" and start > position:
            plain += text[position : start - 1] + OPEN
            position = start + 2
            continue
        plain += text[position:start]
        end = _end(text, start + 2)
        if end < 0:
            mistakes.append(ExpressionMistake('"${" has no "}"', start, 2, "write $${ for a plain ${"))
            return Parts((*parts, plain), tuple(mistakes))
        if plain:
            parts.append(plain)
            plain = ""
        try:
            parts.append(Hole(start + 2, parse(text[start + 2 : end])))
        except ExpressionMistake as mistake:
            offset = start + 2 + mistake.offset
            mistakes.append(ExpressionMistake(mistake.message, offset, mistake.length, mistake.hint))
        position = end + 1
    plain += text[position:]
    if plain or not parts:
        parts.append(plain)
    return Parts(tuple(parts), tuple(mistakes))


def _end(text: str, position: int) -> int:
    """Return where the `}` of a hole stands, or -1; one inside quotes does not count."""
    quote = ""
    while position < len(text):
        character = text[position]
        if quote:
            if character == "\\":
                position += 1
            elif character == quote:
                quote = ""
        elif character in "\"'":
            quote = character
        elif character == "}":
            return position
        position += 1
    return -1


@lru_cache(maxsize=4096)
def template(text: str, place: Place) -> Template:
    """Return a template of text that the loader has already checked; raise ExpressionMistake otherwise."""
    found = read(text)
    if found.mistakes:
        raise found.mistakes[0]
    return of_parts(text, found.parts, place)


def of_parts(text: str, parts: tuple[str | Hole, ...], place: Place) -> Template:
    """Return the template that `read` took apart."""
    return Template(text, tuple(part.expression if isinstance(part, Hole) else part for part in parts), place)


def names(template_: Template) -> frozenset[str]:
    """Return every name that a template's holes use."""
    found = (part.names for part in template_.parts if not isinstance(part, str))
    return frozenset().union(*found)
