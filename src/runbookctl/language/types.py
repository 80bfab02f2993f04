"""Static types of expressions, and how the fields of a probe's reading get one.

Pure. Source: language.md section 1.13 and 3 of the design notes, kept in docs/language.md.
"""

from __future__ import annotations

import datetime as dt
import types
import typing
from enum import Enum
from functools import cache
from typing import Annotated, Any

from msgspec import Meta, Struct, UnsetType


class Kind(Enum):
    """What a value is."""

    TRUTH = "truth"
    NUMBER = "number"
    TEXT = "text"
    TIME = "time"
    DURATION = "duration"
    BYTES = "bytes"
    VERSION = "version"
    RECORD = "record"
    NONE = "nothing"
    ANY = "any"  # only for names that a mistake already spoiled: checks nothing, so that one mistake is told once


_WORDS = {Kind.TRUTH: "truth value", Kind.RECORD: "reading", Kind.BYTES: "size"}


class Type(Struct, frozen=True):
    """A kind, one or a list of it; `record` is the reading's class for RECORD.

    A list made of several steps' readings (`logs + events`) has further classes in `also`.
    """

    kind: Kind
    many: bool = False
    record: type[Struct] | None = None
    also: tuple[type[Struct], ...] = ()

    @property
    def records(self) -> tuple[type[Struct], ...]:
        """Every reading class that may be in it."""
        return (self.record, *self.also) if self.record else ()

    def __str__(self) -> str:
        """Name it as an error message does."""
        name = _WORDS.get(self.kind, self.kind.value)
        return f"list of {name}s" if self.many else name


TRUTH, NUMBER, TEXT, TIME, DURATION, BYTES, VERSION, NONE, ANY = (
    Type(kind)
    for kind in (
        Kind.TRUTH, Kind.NUMBER, Kind.TEXT, Kind.TIME, Kind.DURATION, Kind.BYTES, Kind.VERSION, Kind.NONE, Kind.ANY,
    )
)  # fmt: skip
ORDERED = {Kind.NUMBER, Kind.TIME, Kind.DURATION, Kind.BYTES, Kind.VERSION}


@cache
def fields_of(record: type[Struct]) -> dict[str, Type]:
    """Return the type of each field of a reading class (private ones, beginning with `_`, are left out)."""
    hints = typing.get_type_hints(record, include_extras=True)
    return {name: _of(hints[name]) for name in record.__struct_fields__ if not name.startswith("_")}


def of_hint(hint: Any) -> Type:
    """Return the type that a field or parameter declares; raise TypeError where it is none of the language."""
    return _of(hint)


_PLAIN: tuple[tuple[type, Type], ...] = (  # in this order: a bool is an int, too
    (bool, TRUTH), (int, NUMBER), (float, NUMBER), (str, TEXT), (Enum, TEXT), (dt.datetime, TIME),
    (dt.timedelta, DURATION),
)  # fmt: skip


def _of(hint: Any) -> Type:
    origin = typing.get_origin(hint)
    if origin is Annotated:
        base, *extras = typing.get_args(hint)
        return _declared(extras) or _of(base)
    if origin in (typing.Union, types.UnionType):
        return _of(next(arm for arm in typing.get_args(hint) if arm not in (type(None), UnsetType)))
    if origin in (list, tuple):
        inner = _of(typing.get_args(hint)[0])
        return Type(inner.kind, many=True, record=inner.record)
    if isinstance(hint, type):
        if issubclass(hint, Struct):
            return Type(Kind.RECORD, record=hint)
        for plain, found in _PLAIN:
            if issubclass(hint, plain):
                return found
    if origin is typing.Literal:
        return TEXT
    msg = f"a reading's field cannot be of type {hint!r}"
    raise TypeError(msg)


def _declared(extras: list[Any]) -> Type | None:
    """Return the type that an annotation names: `Annotated[int, Meta(extra={"type": "bytes"})]`."""
    for extra in extras:
        if isinstance(extra, Meta) and extra.extra and "type" in extra.extra:
            return Type(Kind(extra.extra["type"]))
    return None
