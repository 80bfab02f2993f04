"""The names of a runbook: one name space for inputs, steps, the item and findings, and the type of each."""

from __future__ import annotations

import keyword
from typing import TYPE_CHECKING, NamedTuple

from runbookctl.language import types
from runbookctl.language.circles import circles, in_order
from runbookctl.language.expressions import check_condition
from runbookctl.language.functions import FUNCTIONS
from runbookctl.language.model import Finding
from runbookctl.language.source import Scalar, shortened

if TYPE_CHECKING:
    from collections.abc import Iterable

    from runbookctl.language.expressions import Expression
    from runbookctl.language.page import Page
    from runbookctl.language.scope import Scope
    from runbookctl.language.source import Entry
    from runbookctl.language.types import Type

LONGEST = 64
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_")


class Names:
    """Gives each name its one meaning."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.types: dict[str, Type] = {"now": types.TIME}
        self._owners = {"now": "the time of the evidence", **dict.fromkeys(FUNCTIONS, "a function")}

    def add(self, scalar: Scalar, what: str, type_: Type) -> str | None:
        """Take a name for `what` (`a step`); return it, or None where it is no name or already means something."""
        name = scalar.text
        if not is_name(name):
            self.page.wrong(
                scalar, f'"{shortened(name)}" is no name; write lower-case letters, digits and _',
                advice=f'"{name}" is a word of the expressions' if keyword.iskeyword(name) else "",
            )  # fmt: skip
            return None
        owner = self._owners.get(name)
        if owner is not None:
            advice = f"name the input {name}s" if "the item" in (owner, what) and "an input" in (owner, what) else ""
            both = f"is both {owner} and {what}; a name means one thing" if owner != what else f"is {what} already"
            self.page.wrong(scalar, f'"{name}" {both}', advice=advice)
            return None
        self._owners[name] = what
        self.types[name] = type_
        return name


def is_name(text: str) -> bool:
    """Tell whether text can be a name in expressions."""
    fits = 0 < len(text) <= LONGEST and _LETTERS.issuperset(text) and not text[0].isdigit()
    return fits and not keyword.iskeyword(text)


class Parsed(NamedTuple):
    """A finding whose names are not typed yet."""

    entry: Entry
    scalar: Scalar
    expression: Expression


def parsed_findings(scope: Scope, names: Names, entries: Iterable[Entry]) -> dict[str, Parsed]:
    """Parse the findings and take their names; a broken one keeps its name, so that it is told once."""
    found = {}
    for entry in entries:
        name = names.add(entry.key, "a finding", types.ANY)
        scalar = entry.value if isinstance(entry.value, Scalar) and not entry.value.empty else None
        expression = scope.parsed(scalar)
        if name is not None and scalar is not None and expression is not None:
            found[name] = Parsed(entry, scalar, expression)
    return found


def typed_findings(scope: Scope, parsed: dict[str, Parsed]) -> tuple[Finding, ...]:
    """Type the findings, each after those that it names, and return them in the order of the file.

    A circle is a mistake of its own, unless something else is wrong in it: a field that is called like the finding
    only looks like one.
    """
    graph = {name: each.expression.names for name, each in parsed.items()}
    rounds = {name: circle for circle in circles(graph) for name in circle}
    made = {}
    for group in in_order(graph):
        mistakes = len(scope.page.mistakes)
        for name in group:
            scalar, expression = parsed[name].scalar, parsed[name].expression
            type_ = scope.type_of(scalar, expression)
            shown = check_condition(type_) is None
            made[name] = Finding(
                id=name, expression=expression, shown=shown, place=scope.page.place(parsed[name].entry.key)
            )
            if name not in rounds:
                scope.names[name] = type_
        if group[0] in rounds and len(scope.page.mistakes) == mistakes:
            circle = rounds[group[0]]
            scope.page.wrong(parsed[circle[0]].entry.key, f"findings go in a circle: {chain(circle)}")
    return tuple(made[name] for name in parsed)


def chain(circle: tuple[str, ...]) -> str:
    """Write a circle as `a -> b -> a`, long ones shortened in the middle."""
    return " -> ".join(circle if len(circle) <= 8 else (*circle[:4], "...", *circle[-3:]))  # one line
