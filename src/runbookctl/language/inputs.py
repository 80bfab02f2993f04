"""Inputs: what the text that a person, an alert or a default gives for one must be, and the value it makes. Pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from runbookctl.errors import InputError
from runbookctl.language import types
from runbookctl.language.source import shortened
from runbookctl.language.suggest import did_you_mean
from runbookctl.language.types import Type
from runbookctl.language.units import parse_bytes, parse_duration

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from runbookctl.language.model import Input, InputType

_TYPES: dict[str, Type] = {
    "integer": types.NUMBER, "number": types.NUMBER, "boolean": types.TRUTH, "duration": types.DURATION,
    "bytes": types.BYTES,
}  # fmt: skip
LONGEST_NAME = 253  # RFC 1123 subdomain
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")


def type_of(input_: Input) -> Type:
    """Return the type that an input has in expressions."""
    one = _TYPES.get(input_.type, types.TEXT)
    return Type(one.kind, many=input_.many)


def value_of(kind: InputType, text: str, choices: Sequence[str] = ()) -> Any:
    """Return the value that a text makes: str, int, float, bool, timedelta; bytes are an int. Raise ValueError."""
    if kind == "choice" and text not in choices:
        raise ValueError(f'"{shortened(text)}" is none of {", ".join(choices)}{did_you_mean(text, choices)}')
    read = _READERS.get(kind)
    return read(text) if read is not None else text


def given(input_: Input, texts: Sequence[str]) -> Any:
    """Return the value of an input from the texts given for it, a tuple where it takes many; raise InputError."""
    if not input_.many and len(texts) != 1:
        raise InputError(f'input "{input_.name}" takes one value, not {len(texts)}')
    try:
        values = tuple(value_of(input_.type, text, input_.choices) for text in texts)
    except ValueError as error:
        raise InputError(f'input "{input_.name}": {error}') from None
    return values if input_.many else values[0]


def size(text: str) -> int:
    """Read a size such as `2Gi`; raise ValueError."""
    try:
        return parse_bytes(text)
    except OverflowError:
        raise ValueError(f'"{shortened(text)}" is no size') from None


def _integer(text: str) -> int:
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 18):  # fits 64 bits
        raise ValueError(f'"{shortened(text)}" is no whole number')
    return int(text)


def _number(text: str) -> float:
    try:
        number = float(text) if text.isascii() and "_" not in text else math.nan
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f'"{shortened(text)}" is no number')
    return number


def _flag(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError(f'"{shortened(text)}" is neither true nor false')
    return text == "true"


def _subdomain(text: str, what: str) -> str:
    """Accept RFC 1123 subdomains: lower-case letters, digits, "-" and ".", each part beginning and ending with one."""
    parts = text.split(".")
    fits = len(text) <= LONGEST_NAME and all(
        part and _LETTERS.issuperset(part.replace("-", "")) and part[0] != "-" and part[-1] != "-" for part in parts
    )
    if not fits:
        raise ValueError(f'"{shortened(text)}" is no {what} (lower-case letters, digits, "-" and ".")')
    return text


def _kubernetes_name(text: str) -> str:
    return _subdomain(text, "name of a Kubernetes object")


def _node(text: str) -> str:
    name = _subdomain(text, "name of a node")
    if name.startswith("169.254."):  # link-local: the metadata service of clouds
        raise ValueError(f'"{name}" is a link-local address, not a node')
    return name


_READERS: dict[str, Callable[[str], Any]] = {
    "integer": _integer, "number": _number, "boolean": _flag, "duration": parse_duration, "bytes": size,
    "k8s-name": _kubernetes_name, "node": _node,
}  # fmt: skip
