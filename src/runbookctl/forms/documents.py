"""JSON and YAML documents of foreign origin as plain values: several in one text, cut ones, hostile ones.

Pure: text in, values out, within limits. No object of ours is ever built from a tag. Source: RFC 8259; YAML 1.2 core
schema, of which only what JSON knows is resolved (`2026-11-22` and `yes` stay text, as `kubectl -o yaml` means them).
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

import msgspec
import re2
from msgspec import Struct

DEPTH = 100
NODES = 2_000_000
"""Most values of one YAML text, aliases counted as often as they are used."""
SCALAR = 2 << 20
"""Most characters of one YAML scalar; a ConfigMap holds at most 1 MiB."""


class UnreadableError(ValueError):
    """The text cannot be read as what it claims to be; the message is one phrase for people."""


class Documents(NamedTuple):
    """Whole documents in the order of the text; `cut` says why there was more than these, empty when there was not."""

    values: list[Any]
    cut: str = ""


_DECODER = json.JSONDecoder(strict=False, parse_constant=lambda _: None)

# "items": [      of a list whose own braces are still open
_ITEMS = re2.compile(r'"items"\s*:\s*\[')
_LIST_HEAD = 4096  # kind, apiVersion and metadata stand before it in the API's own order


def decode(text: str, start: int = 0) -> tuple[Any, int] | None:
    """Return the JSON value that begins at `start` and the offset behind it, None when there is no whole one.

    Line ends inside strings are accepted, as terminals that wrap leave them; NaN becomes None.
    """
    try:
        value, end = _DECODER.raw_decode(text, start)
    except (ValueError, RecursionError):
        return None
    return value, end


def encode(value: Any) -> bytes:
    """Return a value of `decode` as JSON on one line; lone surrogates become question marks."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode("utf-8", "replace")


def pretty(document: bytes) -> bytes:
    """Return a JSON document with one field per line, in the order it has."""
    return bytes(msgspec.json.format(document, indent=2)) + b"\n"


def json_documents(text: str) -> Documents:
    """Return the JSON documents that stand one after another; of a last one that is cut, its whole items.

    A list (`{"kind": "PodList", "items": [...`) that ends early becomes the same list with the items that are whole.
    """
    values: list[Any] = []
    at = _space(text, 0)
    while at < len(text):
        decoded = decode(text, at)
        if decoded is None:
            saved = _whole_items(text, at)
            if saved is not None:
                values.append(saved)
            begun = text[at] in "{["
            return Documents(values, "ends early" if begun else f"followed by something else at line {_line(text, at)}")
        values.append(decoded[0])
        at = _space(text, decoded[1])
    return Documents(values)


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1


def _space(text: str, start: int) -> int:
    while start < len(text) and text[start] in " \t\r\n,":
        start += 1
    return start


def _whole_items(text: str, start: int) -> Any:
    if text[start] == "[":
        return _items(text, start + 1) or None
    match = _ITEMS.search(text, start, min(len(text), start + _LIST_HEAD))
    if match is None or text.count("{", start, match.start()) - text.count("}", start, match.start()) != 1:
        return None
    head = decode(text[start : match.start()].rstrip().rstrip(",") + "}")
    if head is None or not isinstance(head[0], dict):
        return None
    return {**head[0], "items": _items(text, match.end())}


def _items(text: str, at: int) -> list[Any]:
    items: list[Any] = []
    while decoded := decode(text, _space(text, at)):
        items.append(decoded[0])
        at = decoded[1]
    return items


class _Frame(Struct):
    """A mapping or sequence that is still open."""

    value: dict[str, Any] | list[Any]
    anchor: str | None
    key: str | None = None
    size: int = 1  # values in it, aliases expanded

    def add(self, value: Any, size: int) -> None:
        self.size += size
        if self.size > NODES:
            raise UnreadableError(f"YAML of more than {NODES:,} values")
        if isinstance(self.value, list):
            self.value.append(value)
        elif self.key is not None:
            self.value[self.key] = value
            self.key = None
        elif isinstance(value, dict | list):
            raise UnreadableError("YAML with a mapping as a key")
        else:
            self.key = value if isinstance(value, str) else json.dumps(value)


def yaml_documents(text: str) -> Documents:
    """Return the YAML documents of a text; of one that breaks off inside `items:`, its whole items.

    Raises UnreadableError beyond DEPTH, NODES or SCALAR, for a mapping as a key, and when no document is whole.
    """
    import yaml

    builder = _Builder()
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            builder.take(type(event).__name__, event)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" at line {mark.line + 1}" if mark else ""
        saved = builder.whole_items()
        if saved is None and not builder.values:
            problem = str(getattr(error, "problem", None) or "cannot be read")
            raise UnreadableError(f"YAML breaks{line}: {problem}") from None
        return Documents([*builder.values, *([saved] if saved is not None else [])], f"breaks{line}")
    return Documents(builder.values)


class _Builder:
    """Builds values from parser events, without recursion."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self._open: list[_Frame] = []
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._nodes = 0

    def take(self, name: str, event: Any) -> None:
        """Take the next event of `yaml.parse`, `name` its type."""
        if name == "ScalarEvent":
            if len(event.value) > SCALAR:
                raise UnreadableError(f"YAML with a value of more than {SCALAR:,} characters")
            self._add(_scalar(event), 1, event.anchor)
        elif name in ("MappingStartEvent", "SequenceStartEvent"):
            if len(self._open) >= DEPTH:
                raise UnreadableError(f"YAML nested deeper than {DEPTH} levels")
            self._open.append(_Frame({} if name == "MappingStartEvent" else [], event.anchor))
        elif name in ("MappingEndEvent", "SequenceEndEvent"):
            frame = self._open.pop()
            self._add(frame.value, frame.size, frame.anchor)
        elif name == "AliasEvent":
            if event.anchor not in self._anchors:
                raise UnreadableError("YAML with an alias to nothing")
            self._add(*self._anchors[event.anchor], None)
        elif name == "DocumentStartEvent":
            self._anchors = {}

    def _add(self, value: Any, size: int, anchor: str | None) -> None:
        if anchor:
            self._anchors[anchor] = (value, size)
        if self._open:
            self._open[-1].add(value, size)
            return
        self._nodes += size
        if self._nodes > NODES:
            raise UnreadableError(f"YAML of more than {NODES:,} values")
        self.values.append(value)

    def whole_items(self) -> Any:
        """Return the open list document with the items that are whole, None when no list is open."""
        if len(self._open) < 2 or self._open[0].key != "items" or not isinstance(self._open[1].value, list):
            return None
        head = self._open[0].value
        assert isinstance(head, dict)
        return {**head, "items": self._open[1].value}


_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}

# -12   3.5   1e9
_NUMBER = re2.compile(r"-?(?:0|[1-9]\d{0,17})(\.\d{1,30})?([eE][-+]?\d{1,2})?")


def _scalar(event: Any) -> Any:
    value = event.value
    if event.implicit != (True, False):
        return value
    if value in _WORDS:
        return _WORDS[value]
    if value[0] in "-0123456789" and len(value) < 60:
        match = _NUMBER.fullmatch(value)
        if match:
            return float(value) if match[1] or match[2] else int(value)
    return value
