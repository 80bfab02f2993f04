"""The typed nodes of a checked expression: each computes its value, and shows what makes it true.

Kleene logic: unknown spreads, but `false and u` is false and `true or u` is true. A comparison with an absent value is
false whichever the operator; arithmetic with it is absent. Pure and total: no node recurses into itself or loops more
than once over a list, and the scope counts the readings that filters look at.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Protocol

from runbookctl.language import types
from runbookctl.language.types import Kind, Type
from runbookctl.language.values import Interval, Listing, Ref, Row, Unknown, Values, truth, whys_of

if TYPE_CHECKING:
    from collections.abc import Iterator

Rows = tuple[Row, ...]  # the readings of the brackets around a node, outermost first


class Scope(Protocol):
    """What the names of an expression stand for."""

    def get(self, name: str) -> Any:
        """Return the value of an input, a step, a finding, the item or `now`."""

    def proof(self, name: str) -> Iterator[Ref]:
        """Show what makes a finding or a step's list true."""

    def spend(self, readings: int) -> None:
        """Count readings that a filter looks at; raise `OutOfBudget` when it is too many."""


class OutOfBudget(Exception):  # noqa: N818 - no error: the finding becomes unknown
    """An expression looked at more readings than it may; what it decides is unknown."""


class Node(ABC):
    """One part of a checked expression."""

    __slots__ = ("type",)
    type: Type

    @abstractmethod
    def value(self, scope: Scope, rows: Rows) -> Any:
        """Return the value for the readings in `rows`."""

    def proof(self, scope: Scope, rows: Rows) -> Iterator[Ref]:  # noqa: ARG002 - most nodes show nothing
        """Show what makes this node true; asked only of nodes that are."""
        yield from ()

    def readings(self, scope: Scope, rows: Rows) -> Rows:  # noqa: ARG002 - most nodes have none
        """Return the readings that a true truth value speaks of, for `or` with a list."""
        return ()


class Constant(Node):
    """A number, a quoted literal, True, False, None."""

    __slots__ = ("constant",)

    def __init__(self, constant: Any, type_: Type) -> None:
        self.constant = constant
        self.type = type_

    def value(self, scope: Scope, rows: Rows) -> Any:  # noqa: ARG002 - constant
        return self.constant


class Name(Node):
    """An input, a step, a finding, the item or `now`."""

    __slots__ = ("name",)

    def __init__(self, name: str, type_: Type) -> None:
        self.name = name
        self.type = type_

    def value(self, scope: Scope, rows: Rows) -> Any:  # noqa: ARG002 - not about a row
        return scope.get(self.name)

    def proof(self, scope: Scope, rows: Rows) -> Iterator[Ref]:  # noqa: ARG002 - not about a row
        yield from scope.proof(self.name)

    def readings(self, scope: Scope, rows: Rows) -> Rows:  # noqa: ARG002 - not about a row
        value = scope.get(self.name)
        return value.sure if isinstance(value, Listing) else ()


class RowField(Node):
    """A bare name inside brackets: a field of the reading there."""

    __slots__ = ("depth", "field")

    def __init__(self, field: str, depth: int, type_: Type) -> None:
        self.field = field
        self.depth = depth
        self.type = type_

    def value(self, scope: Scope, rows: Rows) -> Any:  # noqa: ARG002 - only about a row
        return rows[self.depth].get(self.field)

    def proof(self, scope: Scope, rows: Rows) -> Iterator[Ref]:  # noqa: ARG002 - only about a row
        yield rows[self.depth].ref(self.field)


class Field(Node):
    """`record.field`, or `list.field`: the values of that field."""

    __slots__ = ("base", "field")

    def __init__(self, base: Node, field: str, type_: Type) -> None:
        self.base = base
        self.field = field
        self.type = type_

    def value(self, scope: Scope, rows: Rows) -> Any:
        base = self.base.value(scope, rows)
        if isinstance(base, Row):
            return base.get(self.field)
        if isinstance(base, Listing):
            return _column(base, self.field, flatten=self.type.kind is Kind.RECORD)
        return base  # absent stays absent, unknown stays unknown

    def proof(self, scope: Scope, rows: Rows) -> Iterator[Ref]:
        base = self.base.value(scope, rows)
        for row in (base,) if isinstance(base, Row) else base.sure if isinstance(base, Listing) else ():
            if row.reading is not None and hasattr(row.reading, self.field):
                yield row.ref(self.field)

    def readings(self, scope: Scope, rows: Rows) -> Rows:
        base = self.base.value(scope, rows)
        if isinstance(base, Row):
            return (base,) if base.reading is not None else ()
        return base.sure if isinstance(base, Listing) else ()


def _column(listing: Listing, field: str, *, flatten: bool) -> Any:
    """Return one field of every reading that has it."""
    sure: list[Any] = []
    unknown: list[Any] = [Unknown(whys_of(listing))] if listing.perhaps else []
    perhaps: list[Row] = [row for row in listing.perhaps if row.reading is None] if flatten else []
    for row in listing.sure:
        if row.reading is not None and not hasattr(row.reading, field):
            continue
        value = row.get(field)
        if isinstance(value, (Unknown, Interval)):
            unknown.append(value)
        elif isinstance(value, (Listing, Values)):
            sure.extend(value.sure)
            perhaps.extend(value.perhaps if isinstance(value, Listing) else ())
        elif value is not None:
            sure.append(value)
    if flatten:
        return Listing(tuple(sure), tuple(perhaps))
    whys = [why for value in unknown for why in whys_of(value)]
    return Values(tuple(sure), Unknown(whys) if unknown else None)


class Filter(Node):
    """`list[condition]`: the readings for which the condition holds."""

    __slots__ = ("base", "condition", "depth")

    def __init__(self, base: Node, condition: Node, depth: int) -> None:
        self.base = base
        self.condition = condition
        self.depth = depth
        self.type = base.type

    def value(self, scope: Scope, rows: Rows) -> Any:
        base = self.base.value(scope, rows)
        if not isinstance(base, Listing):
            return base
        scope.spend(len(base.sure) + len(base.perhaps))
        condition = self.condition
        sure: list[Row] = []
        perhaps: list[Row] = []
        for row in base.sure:
            holds = truth(condition.value(scope, (*rows, row)))
            if holds is True:
                sure.append(row)
            elif holds is not False:
                perhaps.append(_doubtful(row, holds))
        for row in base.perhaps:
            holds = truth(condition.value(scope, (*rows, row)))
            if holds is not False:
                perhaps.append(row)
        return Listing(tuple(sure), tuple(perhaps))

    def proof(self, scope: Scope, rows: Rows) -> Iterator[Ref]:
        value = self.value(scope, rows)
        for row in value.sure if isinstance(value, Listing) else ():
            if row.line is not None and not row.path:
                yield row.ref()
            else:
                yield from self.condition.proof(scope, (*rows, row))

    def readings(self, scope: Scope, rows: Rows) -> Rows:
        value = self.value(scope, rows)
        return value.sure if isinstance(value, Listing) else ()


def _doubtful(row: Row, unknown: Unknown) -> Row:
    """Return the row with the reason why nobody knows whether it belongs."""
    return Row(
        row.reading, step=row.step, evidence=row.evidence, subject=row.subject, path=row.path, sources=row.sources,
        whys=unknown.whys, before=row.before, older_than=row.older_than, named=row.named,
    )  # fmt: skip


class Both(Node):
    """`list + list`: the readings of both."""

    __slots__ = ("left", "right")

    def __init__(self, left: Node, right: Node, type_: Type) -> None:
        self.left = left
        self.right = right
        self.type = type_

    def value(self, scope: Scope, rows: Rows) -> Any:
        return _together(self.left.value(scope, rows), self.right.value(scope, rows))

    def proof(self, scope: Scope, rows: Rows) -> Iterator[Ref]:
        yield from self.left.proof(scope, rows)
        yield from self.right.proof(scope, rows)

    def readings(self, scope: Scope, rows: Rows) -> Rows:
        return (*self.left.readings(scope, rows), *self.right.readings(scope, rows))


def _together(left: Any, right: Any) -> Listing:
    sure: list[Row] = []
    perhaps: list[Row] = []
    for side in (left, right):
        if isinstance(side, Listing):
            sure.extend(side.sure)
            perhaps.extend(side.perhaps)
        elif isinstance(side, Unknown):
            perhaps.append(Row(None, step="", evidence="", whys=side.whys))
    return Listing(tuple(sure), tuple(perhaps))


class And(Node):
    """`a and b`: false as soon as one is known false."""

    __slots__ = ("parts",)

    def __init__(self, parts: tuple[Node, ...]) -> None:
        self.parts = parts
        self.type = types.TRUTH

    def value(self, scope: Scope, rows: Rows) -> bool | Unknown:
        unknown: list[Unknown] = []
        for part in self.parts:
            holds = truth(part.value(scope, rows))
            if holds is False:
                return False
            if holds is not True:
                unknown.append(holds)
        return Unknown(why for holds in unknown for why in holds.whys) if unknown else True

    def proof(self, scope: Scope, rows: Rows) -> Iterator[Ref]:
        for part in self.parts:
            yield from part.proof(scope, rows)

    def readings(self, scope: Scope, rows: Rows) -> Rows:
        return tuple(row for part in self.parts for row in part.readings(scope, rows))


class Or(Node):
    """`a or b`: true as soon as one is true; of lists, the readings of both."""

    __slots__ = ("parts",)

    def __init__(self, parts: tuple[Node, ...], type_: Type) -> None:
        self.parts = parts
        self.type = type_

    def value(self, scope: Scope, rows: Rows) -> Any:
        if self.type.many:
            return self._listing(scope, rows)
        unknown: list[Unknown] = []
        for part in self.parts:
            holds = truth(part.value(scope, rows))
            if holds is True:
                return True
            if holds is not False:
                unknown.append(holds)
        return Unknown(why for holds in unknown for why in holds.whys) if unknown else False

    def _listing(self, scope: Scope, rows: Rows) -> Listing:
        result = Listing(())
        for part in self.parts:
            value = part.value(scope, rows)
            if not isinstance(value, Listing):
                holds = truth(value)
                if holds is True:
                    found = part.readings(scope, rows) or (Row(None, step="", evidence=""),)
                    value = Listing(found)
                else:
                    value = holds
            result = _together(result, value)
        return result

    def proof(self, scope: Scope, rows: Rows) -> Iterator[Ref]:
        for part in self.parts:
            if truth(part.value(scope, rows)) is True:
                yield from part.proof(scope, rows)

    def readings(self, scope: Scope, rows: Rows) -> Rows:
        found: list[Row] = []
        for part in self.parts:
            if truth(part.value(scope, rows)) is True:
                found.extend(part.readings(scope, rows))
        return tuple(found)


class Not(Node):
    """`not a`: true only where `a` is known to be false."""

    __slots__ = ("part",)

    def __init__(self, part: Node) -> None:
        self.part = part
        self.type = types.TRUTH

    def value(self, scope: Scope, rows: Rows) -> bool | Unknown:
        holds = truth(self.part.value(scope, rows))
        return holds if isinstance(holds, Unknown) else not holds


class IsNone(Node):
    """`a is None`, `a is not None`: asks for absence."""

    __slots__ = ("negated", "part")

    def __init__(self, part: Node, *, negated: bool) -> None:
        self.part = part
        self.negated = negated
        self.type = types.TRUTH

    def value(self, scope: Scope, rows: Rows) -> bool | Unknown:
        value = self.part.value(scope, rows)
        if isinstance(value, Unknown):
            return value
        if isinstance(value, Row) and value.reading is None:
            return Unknown(value.whys)
        if isinstance(value, Interval):  # bounded, so it is there
            return self.negated
        return (value is None) is not self.negated

    def proof(self, scope: Scope, rows: Rows) -> Iterator[Ref]:
        yield from self.part.proof(scope, rows)

    def readings(self, scope: Scope, rows: Rows) -> Rows:
        return self.part.readings(scope, rows)
