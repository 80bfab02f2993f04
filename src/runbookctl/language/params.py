"""Checking `with`: that the parameters exist, that the needed ones are there, that the values can be right."""

from __future__ import annotations

import datetime as dt
import types as builtin_types
import typing
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec import Meta, Struct, UnsetType, structs

from runbookctl.language import types, units
from runbookctl.language.inputs import size, value_of
from runbookctl.language.source import FLOW_ADVICE, Entry, Listed, Scalar, shortened
from runbookctl.language.types import Kind, Type

if TYPE_CHECKING:
    from runbookctl.language.model import Template
    from runbookctl.language.scope import Scope
    from runbookctl.language.source import Node

_PLAIN: tuple[tuple[type, Type], ...] = (
    (bool, types.TRUTH), (int, types.NUMBER), (float, types.NUMBER), (str, types.TEXT), (Enum, types.TEXT),
    (dt.datetime, types.TIME), (dt.timedelta, types.DURATION),
)  # fmt: skip
_ALSO = {Kind.NUMBER: {Kind.BYTES}, Kind.BYTES: {Kind.NUMBER}, Kind.VERSION: {Kind.TEXT}}


class Arm(NamedTuple):
    """One thing that a parameter may be: a type, and where only some texts are allowed, which."""

    type: Type
    choices: tuple[str, ...] = ()
    whole: bool = False  # a number without a fraction


class Asked(NamedTuple):
    """Whose parameters these are; a probe asks once per value where one is declared and many are given."""

    name: str
    params: type[Struct] | None
    per_value: bool
    filled_in: frozenset[str] = frozenset()  # needed, but the engine knows them where they are left out


def with_of(scope: Scope, asked: Asked, entries: tuple[Entry, ...], owner: Entry) -> dict[str, Any]:
    """Return the parameters as templates, in the shape they are written; note every mistake in them."""
    known = _arms(asked.params) if asked.params is not None else {}
    values = {}
    for entry in entries:
        name = entry.key.text
        if isinstance(entry.value, Scalar) and entry.value.empty and (name in known or asked.params is None):
            scope.page.wrong(entry.key, f'"{shortened(name)}" is empty; fill it or leave it out')
        elif name in known:
            values[name] = _value(scope, asked, name, entry.value, known[name])
        elif asked.params is None:
            values[name] = _value(scope, asked, name, entry.value, (Arm(types.ANY),))
        else:
            broken = isinstance(entry.value, Scalar) and entry.value.empty
            message = f'{asked.name} takes no "{shortened(name)}"'
            scope.page.no_such(entry.key, message, known, advice=FLOW_ADVICE if broken else "")
    needed = [field.name for field in structs.fields(asked.params) if field.required] if asked.params else []
    for name in needed:
        if name not in {entry.key.text for entry in entries} | asked.filled_in:
            scope.page.wrong(owner, f'{asked.name} needs "{name}"', advice=f"add under with: {name}: ...")
    return values


def _value(scope: Scope, asked: Asked, name: str, node: Node, arms: tuple[Arm, ...]) -> Any:
    if isinstance(node, Scalar):
        return _text(scope, asked, name, node, arms)
    nested = tuple(arm for arm in arms if arm.type.kind in (Kind.ANY, Kind.RECORD))
    if isinstance(node, Listed):
        inner = tuple(arm._replace(type=Type(arm.type.kind)) for arm in arms if arm.type.many or asked.per_value)
        if not inner and not nested:
            scope.page.wrong(node, f'"{name}" of {asked.name} is {_named(arms)}, not a list')
        item_asked = asked._replace(per_value=False)
        return tuple(_value(scope, item_asked, name, item, inner or (Arm(types.ANY),)) for item in node.items)
    if not nested:
        scope.page.wrong(node, f'"{name}" of {asked.name} is {_named(arms)}, not "key: value" lines',
                         advice='write "${name}" in quotes' if node.flow else "")  # fmt: skip
    return {entry.key.text: _value(scope, asked, name, entry.value, (Arm(types.ANY),)) for entry in node.entries}


def _text(scope: Scope, asked: Asked, name: str, scalar: Scalar, arms: tuple[Arm, ...]) -> Template:
    template, holes = scope.holes(scalar)
    alone = len(template.parts) == 1
    if holes and alone:
        given = holes[0][1]
        if not any(_fits(given, arm, asked) for arm in arms):
            scope.page.wrong(scalar, f'"{name}" of {asked.name} is {_named(arms)}, not {article(given)}')
        return template
    for hole, type_ in holes:
        if type_.kind is Kind.RECORD:
            scope.unprintable(scalar, hole)
    if holes:
        if not any(arm.type.kind in (Kind.TEXT, Kind.VERSION, Kind.ANY) for arm in arms):
            scope.page.wrong(scalar, f'"{name}" of {asked.name} is {_named(arms)}, not a text with values in it')
    elif isinstance(template.parts[0], str):
        _check_literal(scope, asked, name, scalar, arms)
    return template


def _check_literal(scope: Scope, asked: Asked, name: str, scalar: Scalar, arms: tuple[Arm, ...]) -> None:
    """Note a literal text that no arm can read."""
    wrong = ""
    for arm in arms:
        if arm.type.many:
            wrong = wrong or f"{_named(arms)}; write [{shortened(scalar.text)}]"
            continue
        try:
            _literal(arm, scalar.text)
        except ValueError as error:
            wrong = str(error)
        else:
            return
    scope.page.wrong(scalar, f'"{name}" of {asked.name}: {wrong}')


def _literal(arm: Arm, text: str) -> None:
    """Raise ValueError where the text cannot be what the arm says."""
    match arm.type.kind:
        case Kind.NUMBER:
            value_of("integer" if arm.whole else "number", text)
        case Kind.TRUTH:
            value_of("boolean", text)
        case Kind.DURATION:
            units.parse_duration(text)
        case Kind.BYTES:
            size(text)
        case Kind.TIME:
            units.parse_time(text)
        case Kind.RECORD:
            raise ValueError("it is a reading of another step; write ${step}")
        case _:
            if arm.choices:
                value_of("choice", text, arm.choices)


def _fits(given: Type, arm: Arm, asked: Asked) -> bool:
    wanted = arm.type.kind
    if Kind.ANY in (wanted, given.kind) or given.kind is Kind.NONE:
        return True
    if given.many and not arm.type.many and not asked.per_value:
        return False
    if wanted is Kind.TEXT:
        return given.kind is not Kind.RECORD
    return given.kind is wanted or given.kind in _ALSO.get(wanted, ())


def article(type_: Type) -> str:
    """Name a type in a sentence: `a duration`, `text`, `a list of texts`."""
    name = str(type_)
    if name == "truth":
        return "true or false"
    return name if name in ("text", "bytes", "nothing") else f"{'an' if name[0] in 'aeiou' else 'a'} {name}"


def _named(arms: tuple[Arm, ...]) -> str:
    return " or ".join(dict.fromkeys(article(arm.type) for arm in arms))


@lru_cache(maxsize=256)
def _arms(params: type[Struct]) -> dict[str, tuple[Arm, ...]]:
    """Return what each parameter may be."""
    hints = typing.get_type_hints(params, include_extras=True)
    return {field.name: _arms_of(hints[field.name]) for field in structs.fields(params)}


def _arms_of(hint: Any) -> tuple[Arm, ...]:
    origin, inside = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Annotated:
        kinds = [extra.extra["type"] for extra in inside[1:] if isinstance(extra, Meta) and extra.extra
                 and "type" in extra.extra]  # fmt: skip
        return (Arm(Type(Kind(kinds[0]))),) if kinds else _arms_of(inside[0])
    if origin in (typing.Union, builtin_types.UnionType):
        return tuple(arm for each in inside if each not in (type(None), UnsetType) for arm in _arms_of(each))
    if origin is typing.Literal:
        return (Arm(types.TEXT, tuple(str(each) for each in inside)),)
    if origin in (list, tuple, set, frozenset) and inside:
        return tuple(arm._replace(type=Type(arm.type.kind, many=True)) for arm in _arms_of(inside[0]))
    if not isinstance(hint, type):
        return (Arm(types.ANY),)
    if issubclass(hint, Struct):
        return (Arm(Type(Kind.RECORD)),)
    for plain, type_ in _PLAIN:
        if issubclass(hint, plain):
            choices = tuple(str(each.value) for each in hint) if issubclass(hint, Enum) else ()
            return (Arm(type_, choices, whole=plain is int),)
    return (Arm(types.ANY),)
