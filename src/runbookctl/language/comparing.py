"""The nodes of a checked expression that compare and compute values: `a < b`, `a in (b, c)`, `a - b`.

A comparison with an absent value is false whichever the operator; arithmetic with it is absent. A value that is only
known between bounds is compared as far as the bounds decide.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from runbookctl.language import types
from runbookctl.language.nodes import Node, Rows, Scope
from runbookctl.language.types import Kind, Type
from runbookctl.language.units import version_key
from runbookctl.language.values import Interval, Ref, Unknown, Values, whys_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def _key(value: Any, kind: Kind) -> Any:
    return version_key(value) if kind is Kind.VERSION and isinstance(value, str) else value


class Compare(Node):
    """`a == b` and its five siblings; with an absent side it is false."""

    __slots__ = ("left", "operator", "right")

    def __init__(self, operator: str, left: Node, right: Node) -> None:
        self.operator = operator
        self.left = left
        self.right = right
        self.type = types.TRUTH

    def value(self, scope: Scope, rows: Rows) -> bool | Unknown:
        left = self.left.value(scope, rows)
        right = self.right.value(scope, rows)
        if left is None or right is None:
            return False
        if isinstance(left, Unknown) or isinstance(right, Unknown):
            return Unknown(whys_of(left) + whys_of(right))
        kind = self.left.type.kind
        if isinstance(left, Interval) or isinstance(right, Interval):
            return _compare_bounds(self.operator, left, right)
        return _OPERATORS[self.operator](_key(left, kind), _key(right, kind))

    def proof(self, scope: Scope, rows: Rows) -> Iterator[Ref]:
        yield from self.left.proof(scope, rows)
        yield from self.right.proof(scope, rows)

    def readings(self, scope: Scope, rows: Rows) -> Rows:
        return (*self.left.readings(scope, rows), *self.right.readings(scope, rows))


_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def bounds(value: Any) -> tuple[Any, Any]:
    """Return the lowest and highest value that it may have; None is no bound."""
    return (value.lo, value.hi) if isinstance(value, Interval) else (value, value)


def _compare_bounds(operator: str, left: Any, right: Any) -> bool | Unknown:
    (low, high), (other_low, other_high) = bounds(left), bounds(right)
    below = high is not None and other_low is not None and high < other_low  # left < right whatever they are
    above = low is not None and other_high is not None and low > other_high
    not_above = high is not None and other_low is not None and high <= other_low
    not_below = low is not None and other_high is not None and low >= other_high
    certain = {"==": False, "!=": below or above, "<": below, "<=": not_above, ">": above, ">=": not_below}
    never = {"==": below or above, "!=": False, "<": not_below, "<=": above, ">": not_above, ">=": below}
    if certain[operator]:
        return True
    if never[operator]:
        return False
    return Unknown(whys_of(left) + whys_of(right))


class In(Node):
    """`a in (b, c)`, `a in list.field`, `"dev" in text`; absent is in nothing and not outside of anything."""

    __slots__ = ("left", "negated", "options")

    def __init__(self, left: Node, options: Node | tuple[Node, ...], *, negated: bool) -> None:
        self.left = left
        self.options = options
        self.negated = negated
        self.type = types.TRUTH

    def value(self, scope: Scope, rows: Rows) -> bool | Unknown:
        left = self.left.value(scope, rows)
        if isinstance(self.options, tuple):
            options: Any = Values(tuple(option.value(scope, rows) for option in self.options))
        else:
            options = self.options.value(scope, rows)
        if left is None or options is None:
            return False
        if isinstance(left, (Unknown, Interval)) or isinstance(options, Unknown):
            return Unknown(whys_of(left) + whys_of(options))
        found = self._found(left, options)
        return found if isinstance(found, Unknown) else found is not self.negated

    def _found(self, left: Any, options: Any) -> bool | Unknown:
        if isinstance(options, str):
            return left in options
        kind = self.left.type.kind
        wanted = _key(left, kind)
        if any(option is not None and _key(option, kind) == wanted for option in options.sure):
            return True
        return options.unknown if options.unknown is not None else False

    def proof(self, scope: Scope, rows: Rows) -> Iterator[Ref]:
        yield from self.left.proof(scope, rows)

    def readings(self, scope: Scope, rows: Rows) -> Rows:
        return self.left.readings(scope, rows)


class Arithmetic(Node):
    """`a + b`, `a - b`, `a * b`, `a / b`; absent spreads, division by zero is absent."""

    __slots__ = ("left", "operator", "right")

    def __init__(self, operator: str, left: Node, right: Node, type_: Type) -> None:
        self.operator = operator
        self.left = left
        self.right = right
        self.type = type_

    def value(self, scope: Scope, rows: Rows) -> Any:
        left = self.left.value(scope, rows)
        right = self.right.value(scope, rows)
        if left is None or right is None:
            return None
        if isinstance(left, Unknown) or isinstance(right, Unknown):
            return Unknown(whys_of(left) + whys_of(right))
        if isinstance(left, Interval) or isinstance(right, Interval):
            return self._bounded(left, right)
        return calculate(self.operator, left, right)

    def _bounded(self, left: Any, right: Any) -> Any:
        whys = whys_of(left) + whys_of(right)
        (low, high), (other_low, other_high) = bounds(left), bounds(right)
        if self.operator == "-":
            other_low, other_high = other_high, other_low
        if self.operator not in ("+", "-"):
            return Unknown(whys)
        lo = calculate(self.operator, low, other_low) if low is not None and other_low is not None else None
        hi = calculate(self.operator, high, other_high) if high is not None and other_high is not None else None
        return Interval(lo, hi, whys)

    def proof(self, scope: Scope, rows: Rows) -> Iterator[Ref]:
        yield from self.left.proof(scope, rows)
        yield from self.right.proof(scope, rows)

    def readings(self, scope: Scope, rows: Rows) -> Rows:
        return (*self.left.readings(scope, rows), *self.right.readings(scope, rows))


def calculate(operator: str, left: Any, right: Any) -> Any:
    """Return the result, absent where there is none (division by zero, out of range)."""
    try:
        if operator == "+":
            result = left + right
        elif operator == "-":
            result = left - right
        elif operator == "*":
            result = left * right
        else:
            result = left / right
    except (ZeroDivisionError, OverflowError):
        return None
    return None if isinstance(result, float) and not math.isfinite(result) else result
