"""Fills the holes of a runbook's texts with values. Pure: a value is data and never looked at for holes again."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from runbookctl.language.model import Template
from runbookctl.language.types import Kind
from runbookctl.language.values import Interval, Listing, Row, Unknown, Values, shown, whys_of

if TYPE_CHECKING:
    from runbookctl.engine.judge import ItemScope
    from runbookctl.language.values import Why

LONGEST_HOLE = 300


def text(template: Template | None, scope: ItemScope) -> str:
    """Return the text with its holes filled; absent and unknown print as `-`, a list as its distinct values."""
    if template is None:
        return ""
    parts = []
    for part in template.parts:
        if isinstance(part, str):
            parts.append(part)
            continue
        node = scope.shared.node(part)
        filled = shown(scope.evaluate(part), node.type.kind)
        parts.append(filled if len(filled) <= LONGEST_HOLE else f"{filled[:LONGEST_HOLE]}...")
    return "".join(parts)


class Hole(Exception):  # noqa: N818 - no error: the change is shown with what it needs
    """A parameter is not known, so the change cannot be written down exactly."""

    def __init__(self, source: str, whys: tuple[Why, ...]) -> None:
        """Keep which expression is not known and why."""
        super().__init__(source)
        self.source = source
        self.whys = whys


def value(parameter: Any, scope: ItemScope) -> Any:
    """Return a parameter of a step or change: one hole alone keeps its type, anything else is text.

    Raises Hole where a value is unknown or absent.
    """
    match parameter:
        case Template():
            return _template(parameter, scope)
        case dict():
            return {key: value(part, scope) for key, part in parameter.items()}
        case list() | tuple():
            return [value(part, scope) for part in parameter]
    return parameter


def _template(template: Template, scope: ItemScope) -> Any:
    if len(template.parts) == 1 and not isinstance(template.parts[0], str):
        return plain(scope.evaluate(template.parts[0]), template.parts[0].source)
    parts = []
    for part in template.parts:
        if isinstance(part, str):
            parts.append(part)
        else:
            kind = scope.shared.node(part).type.kind
            known = plain(scope.evaluate(part), part.source)
            parts.append(shown(tuple(known) if isinstance(known, list) else known, kind))
    return "".join(parts)


def plain(known: Any, source: str) -> Any:
    """Return a value as plain data for parameters; raise Hole for what is not known or not there."""
    if known is None or isinstance(known, (Unknown, Interval)) or (isinstance(known, Row) and known.reading is None):
        raise Hole(source, whys_of(known))
    if isinstance(known, Values):
        if known.unknown is not None and not known.sure:
            raise Hole(source, known.unknown.whys)
        return list(dict.fromkeys(known.sure))
    if isinstance(known, Listing):
        if known.perhaps and not known.sure:
            raise Hole(source, whys_of(known))
        return [row.reading for row in known.sure]
    if isinstance(known, Row):
        return known.reading
    if isinstance(known, tuple):
        return list(known)
    return known


def parameter_text(known: Any, kind: Kind | None = None) -> str:
    """Write a parameter for a journal line."""
    return f"{known.total_seconds():g}s" if isinstance(known, dt.timedelta) else shown(known, kind)
