"""From filled-in values to the typed parameters of a probe or a change. Pure."""

from __future__ import annotations

import datetime as dt
import typing
from functools import cache
from typing import Any

import msgspec
from msgspec import Struct

from runbookctl.language import types, units
from runbookctl.language.types import Kind

_BUILTIN = (dt.datetime, dt.timedelta)
_WRITTEN = {Kind.DURATION: units.parse_duration, Kind.BYTES: units.parse_bytes, Kind.TIME: units.parse_time}


def build(params: type[Struct], values: dict[str, Any]) -> Any:
    """Return the parameters; text written in the runbook (`30m`, `2Gi`) takes the declared type.

    Readings become mappings without the fields that are not told. Raises msgspec.ValidationError or ValueError.
    """
    kinds = _kinds(params)
    typed = {name: _typed(value, kinds.get(name)) for name, value in values.items()}
    plain = msgspec.to_builtins(typed, builtin_types=_BUILTIN)
    return msgspec.convert(plain, params, strict=False, builtin_types=_BUILTIN)


def optional(params: type[Struct]) -> frozenset[str]:
    """Return the parameters that have a default."""
    return frozenset(field.name for field in msgspec.structs.fields(params) if not field.required)


def _typed(value: Any, kind: Kind | None) -> Any:
    read = _WRITTEN.get(kind) if kind else None
    return read(value) if read is not None and isinstance(value, str) else value


@cache
def _kinds(params: type[Struct]) -> dict[str, Kind]:
    hints = typing.get_type_hints(params, include_extras=True)
    found: dict[str, Kind] = {}
    for name in params.__struct_fields__:
        try:
            found[name] = types.of_hint(hints[name]).kind
        except (TypeError, StopIteration):
            continue  # a parameter of a type that no literal has
    return found


def takes_list(hint: Any) -> bool:
    """Tell whether a parameter takes several values."""
    origin = typing.get_origin(hint)
    if origin in (list, tuple, set, frozenset) or hint in (list, tuple, Any):
        return True
    return any(takes_list(arm) for arm in typing.get_args(hint)) if origin is not dict else False


@cache
def singles(params: type[Struct]) -> frozenset[str]:
    """Return the parameters that take one value."""
    hints = typing.get_type_hints(params)
    return frozenset(name for name in params.__struct_fields__ if not takes_list(hints[name]))
