"""The seven functions of expressions: count, sum, min, max, median, last, near. Pure and total."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from runbookctl.language import types
from runbookctl.language.comparing import bounds
from runbookctl.language.nodes import Node, Rows, Scope
from runbookctl.language.types import Kind, Type
from runbookctl.language.units import version_key
from runbookctl.language.values import Interval, Listing, Ref, Row, Unknown, Values, whys_of

if TYPE_CHECKING:
    from collections.abc import Iterator

FUNCTIONS = ("count", "sum", "min", "max", "median", "last", "near")


class Call(Node):
    """A call of one of the seven functions."""

    __slots__ = ("arguments", "function")

    def __init__(self, function: str, arguments: tuple[Node, ...], type_: Type) -> None:
        self.function = function
        self.arguments = arguments
        self.type = type_

    def value(self, scope: Scope, rows: Rows) -> Any:
        values = [argument.value(scope, rows) for argument in self.arguments]
        for value in values:
            if isinstance(value, (Listing, Values)):
                scope.spend(len(value.sure))
        if self.function == "count":
            return _count(values[0])
        if self.function == "last":
            return _last(values[0])
        if self.function == "near":
            return _near(values[0], values[1], values[2])
        return _aggregate(self.function, values, self.type.kind)

    def proof(self, scope: Scope, rows: Rows) -> Iterator[Ref]:
        if self.function == "last":
            value = self.value(scope, rows)
            if isinstance(value, Row) and value.reading is not None:
                yield value.ref()
            return
        for argument in self.arguments:
            yield from argument.proof(scope, rows)

    def readings(self, scope: Scope, rows: Rows) -> Rows:
        if self.function == "last":
            value = self.value(scope, rows)
            return (value,) if isinstance(value, Row) and value.reading is not None else ()
        return tuple(row for argument in self.arguments for row in argument.readings(scope, rows))


def _weight(row: Row) -> int:
    """Return how many lines a folded reading stands for."""
    count = getattr(row.reading, "count", 1)
    return count if isinstance(count, int) and count > 0 else 1


def _count(value: Any) -> Any:
    if not isinstance(value, Listing):
        return value
    lo = sum(_weight(row) for row in value.sure)
    if not value.perhaps:
        return lo
    open_end = any(row.reading is None for row in value.perhaps)  # stands for any number of readings
    hi = None if open_end else lo + sum(_weight(row) for row in value.perhaps)
    return Interval(lo, hi, whys_of(value))


def _last(value: Any) -> Any:
    if not isinstance(value, Listing):
        return value
    if not value.sure:
        return Unknown(whys_of(value)) if value.perhaps else None
    latest = _latest(value.sure)
    if latest is None:
        return Unknown(why for row in value.sure for why in row.whys)
    for row in value.perhaps:
        if not _earlier(row, latest):
            return Unknown(row.whys)
    return latest


def _latest(rows: Rows) -> Row | None:
    """Return the latest reading; without times the order of the lines of one evidence decides, else nobody knows."""
    if len(rows) == 1:
        return rows[0]
    if all(row.time is not None for row in rows):
        return max(enumerate(rows), key=lambda pair: (pair[1].time, pair[1].line or 0, pair[0]))[1]
    if len({row.evidence for row in rows}) == 1 and all(row.line is not None for row in rows):
        return max(rows, key=lambda row: row.line or 0)
    return None


def _earlier(row: Row, latest: Row) -> bool:
    """Tell whether a reading that only may be there is certainly not later than `latest`."""
    if row.older_than and row.older_than == latest.evidence:
        return True
    known = row.before if row.reading is None else row.time
    if known is not None and latest.time is not None:
        return known <= latest.time
    return (
        row.line is not None and latest.line is not None and row.evidence == latest.evidence and row.line < latest.line
    )


def _near(first: Any, second: Any, within: Any) -> bool | Unknown:
    whys = whys_of(first) + whys_of(second) + whys_of(within)
    sides = (first, second)
    if any(side is None or isinstance(side, Unknown) for side in sides) or not isinstance(within, dt.timedelta):
        return Unknown(whys)  # an undated line may well be inside
    (low, high), (other_low, other_high) = bounds(first), bounds(second)
    if high is not None and other_low is not None and other_low - high > within:
        return False
    if low is not None and other_high is not None and low - other_high > within:
        return False
    if None in (low, high, other_low, other_high):
        return Unknown(whys)
    return True if max(high - other_low, other_high - low) <= within else Unknown(whys)


def _aggregate(function: str, values: list[Any], kind: Kind) -> Any:
    numbers: list[Any] = []
    unknown: list[Any] = []
    for value in values:
        parts = value.sure if isinstance(value, Values) else (value,)
        for part in parts:
            if isinstance(part, (Unknown, Interval)):
                unknown.append(part)
            elif part is not None:
                numbers.append(part)
        if isinstance(value, Values) and value.unknown is not None:
            unknown.append(value.unknown)
    if unknown:
        return Unknown(why for part in unknown for why in whys_of(part))
    if not numbers:
        return _nothing(kind) if function == "sum" else None
    if function == "sum":
        return sum(numbers[1:], numbers[0])
    ordered = sorted(numbers, key=version_key if kind is Kind.VERSION else None)
    if function == "min":
        return ordered[0]
    return ordered[-1] if function == "max" else ordered[(len(ordered) - 1) // 2]


def _nothing(kind: Kind) -> Any:
    return dt.timedelta(0) if kind is Kind.DURATION else 0


def result_type(function: str, arguments: tuple[Type, ...]) -> Type | str:
    """Return the type of a call, or what is wrong with its arguments."""
    wanted = {"count": 1, "last": 1, "near": 3, "sum": 1, "median": 1}.get(function)
    if (wanted is not None and len(arguments) != wanted) or not arguments:
        return f"{function} takes {wanted or 'at least 1'} argument{'s' if wanted != 1 else ''}"
    if any(argument.kind is Kind.ANY for argument in arguments):
        return types.ANY
    if function == "count":
        return (
            types.NUMBER if arguments[0].many and arguments[0].kind is Kind.RECORD else "count takes a list of readings"
        )
    if function == "last":
        return _last_type(arguments[0])
    if function == "near":
        kinds = tuple(argument.kind for argument in arguments)
        ok = kinds == (Kind.TIME, Kind.TIME, Kind.DURATION) and not any(argument.many for argument in arguments)
        return types.TRUTH if ok else "near takes two times and a duration"
    return _aggregate_type(function, arguments)


def _last_type(argument: Type) -> Type | str:
    if not argument.many or argument.kind is not Kind.RECORD:
        return "last takes a list of readings"
    if not all("time" in types.fields_of(record) for record in argument.records):
        return "last takes readings that have a time"
    return Type(Kind.RECORD, record=argument.record, also=argument.also)


def _aggregate_type(function: str, arguments: tuple[Type, ...]) -> Type | str:
    if function in ("sum", "median") and not arguments[0].many:
        return f"{function} takes a list of values"
    allowed = types.ORDERED if function in ("min", "max") else {Kind.NUMBER, Kind.DURATION, Kind.BYTES}
    kinds = {argument.kind for argument in arguments}
    if len(kinds) != 1 or not kinds <= allowed:
        names = ", ".join(sorted(kind.value for kind in allowed))
        return f"{function} takes values of one kind: {names}"
    return Type(arguments[0].kind)
