"""Readings, rows and a scope that the tests of expressions share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import UNSET, Struct, UnsetType

from runbookctl.language import types
from runbookctl.language.expressions import check, compiled, parse
from runbookctl.language.types import Kind, Type
from runbookctl.language.values import Listing, Row, Unknown, Why
from runbookctl.model import Bytes, Duration, Reading, Time, Version

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runbookctl.language.values import Ref


class Exit(Struct, frozen=True, kw_only=True):
    """One end of an instance."""

    code: int | UnsetType | None = UNSET
    time: Time | UnsetType | None = UNSET


class Xid(Reading, frozen=True, kw_only=True):
    """A reading with a field of every type."""

    code: int | UnsetType | None = UNSET
    time: Time | UnsetType | None = UNSET
    count: int | UnsetType = UNSET
    pci: str | UnsetType | None = UNSET
    lost: bool | UnsetType | None = UNSET
    limit: Bytes | UnsetType | None = UNSET
    age: Duration | UnsetType | None = UNSET
    version: Version | UnsetType | None = UNSET
    ratio: float | UnsetType | None = UNSET
    exits: tuple[Exit, ...] | UnsetType = UNSET


WHY = Why("xids", "node/n1", "not read", "dmesg")
LIST = Type(Kind.RECORD, many=True, record=Xid)
NAMES = {
    "xids": LIST,
    "others": LIST,
    "gpu": Type(Kind.RECORD, record=Xid),
    "now": types.TIME,
    "since": types.DURATION,
    "limit_of": types.NUMBER,
    "t": types.TRUTH,
    "f": types.TRUTH,
    "u": types.TRUTH,
}


class Table:
    """A scope over a plain dictionary."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.values = {"t": True, "f": False, "u": Unknown((WHY,)), **values}
        self.spent = 0

    def get(self, name: str) -> Any:
        """Return a value."""
        return self.values[name]

    def proof(self, name: str) -> Iterator[Ref]:
        """Show the rows of a list."""
        value = self.values[name]
        for row in value.sure if isinstance(value, Listing) else ():
            yield row.ref()

    def spend(self, readings: int) -> None:
        """Count."""
        self.spent += readings


def row(evidence: str = "e1", **fields: Any) -> Row:
    """Return a reading as a row."""
    return Row(Xid(**fields), step="xids", evidence=evidence, whys=(WHY,))


def ghost(**kw: Any) -> Row:
    """Return a reading of which nothing is known."""
    return Row(None, step="xids", evidence="", whys=(WHY,), **kw)


def listing(*rows: Row, perhaps: tuple[Row, ...] = ()) -> Listing:
    """Return a list of readings."""
    return Listing(rows, perhaps)


def value(source: str, **values: Any) -> Any:
    """Parse, type and compute an expression."""
    expression = parse(source)
    _, mistakes = check(expression, NAMES)
    assert not mistakes, [mistake.message for mistake in mistakes]
    return compiled(expression, NAMES).value(Table(values), ())


def refs(source: str, **values: Any) -> list[Ref]:
    """Return what proves a true expression."""
    return list(compiled(parse(source), NAMES).proof(Table(values), ()))


def mistakes_in(source: str) -> list[tuple[str, str]]:
    """Return (message, marked text) of every mistake."""
    _, mistakes = check(parse(source), NAMES)
    return [(mistake.message, source[mistake.offset : mistake.offset + mistake.length]) for mistake in mistakes]
