"""Secrets that are known by their place in an object of the Kubernetes API, whatever they look like.

Pure. Works on the text of JSON, pretty or on one line, whole or cut: only the subtrees under a telling key are walked.
Source: Kubernetes API reference v1.31, EnvVar, Secret, ManagedFieldsEntry; client-go kubeconfig v1.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import re2

from runbookctl.journal.redact_span import Span, Spend, named

_LATIN = re2.Options()
_LATIN.encoding = re2.Options.Encoding.LATIN1

_STRUCTURE = b"{}[],"
_COMMA, _OBJECT = b",{"
_DECODER = json.JSONDecoder(strict=False)
_NO_STRUCTURE = bytes(set(range(256)) - set(_STRUCTURE))
_BLANK = b" \t\r\n"

# "kind": "Secret"       "kind":"SecretList"
_SECRET = re2.compile(rb'"kind"\s{0,16}:\s{0,16}"Secret"', _LATIN)
_SECRET_LIST = re2.compile(rb'"kind"\s{0,16}:\s{0,16}"SecretList"', _LATIN)
_DATA = ("data", "stringData")
# a\"b\\c
_STRING = re2.compile(rb'(?s)(?:[^"\\]|\\.)*', _LATIN)
_BACKSLASH = 92
_SETTINGS = (
    b"NVIDIA_", b"NCCL_", b"CUDA_", b"PYTORCH_CUDA_ALLOC_CONF", b"TORCH_", b"OMP_NUM", b"MKL_NUM", b"VLLM_LOGGING",
    b"GLOO_",
)  # fmt: skip
"""Variables that set up GPU software: their values are settings, and diagnosis needs them."""
# all    compute,utility    eth0,ib0    INFO    0,1    expandable_segments:True    GPU-8f6d...   ^docker0,lo
_SETTING = re2.compile(rb"^[A-Za-z0-9_.,:^=-]{0,64}$", _LATIN)


Leaf = tuple[int, int, bytes, int, bytes, int]
"""A string value: start and end of its content, its key, the place of the object or list it stands in, the key of that
one, and the place of the object or list around it."""


def spans(body: bytes, spend: Spend) -> Iterator[Span]:
    """Yield what must go because of its place."""
    if b'"fieldsV1"' in body:
        yield from _fields(body, spend)
    if b"last-applied-configuration" in body:
        yield from _last_applied(body, spend)
    for key in (b'"env"', b'"Env"', b'"envs"'):
        yield from _under(body, key, _env, spend)
    yield from _under(body, b'"users"', _users, spend)
    if _SECRET.search(body) or _SECRET_LIST.search(body):
        yield from _secrets(body, spend)


def harmless_setting(name: bytes, value: bytes) -> bool:
    """Say whether a variable's value may be kept: GPU software's settings, and yes or no."""
    return value.lower() in (b"", b"true", b"false") or (name.startswith(_SETTINGS) and bool(_SETTING.match(value)))


def _under(
    body: bytes, key: bytes, found: Callable[[bytes, int, list[Leaf]], Iterator[Span]], spend: Spend
) -> Iterator[Span]:
    """Yield what `found` makes of the strings in each list or object under such a key."""
    at = body.find(key)
    while at >= 0:
        spend.one(at)
        start = value_at(body, at + len(key))
        following = at + len(key)
        if body[start : start + 1] in (b"[", b"{"):
            leaves, following = walk(body, start, spend)
            yield from found(body, start, leaves)
        at = body.find(key, following)


def value_at(body: bytes, at: int) -> int:
    """Return where the value begins after a key's closing quote, or the end of the body when no colon follows."""
    at = _after_blank(body, at)
    return _after_blank(body, at + 1) if body[at : at + 1] == b":" else len(body)


def _after_blank(body: bytes, at: int) -> int:
    piece = body[at : at + 512]
    return at + len(piece) - len(piece.lstrip(_BLANK))


def _fields(body: bytes, spend: Spend) -> Iterator[Span]:
    """Yield the field sets of `managedFields`, which hold values in their keys; who wrote when is kept."""
    text = body.decode("latin-1")  # one character per byte, so places agree
    key = b'"fieldsV1"'
    at = body.find(key)
    while at >= 0:
        spend.one(at)
        start, following = value_at(body, at + len(key)), at + len(key)
        if body[start : start + 1] == b"{":
            following = _end_of(text, start)
            yield Span(start, following, b"{}")
        at = body.find(key, following)


def _last_applied(body: bytes, spend: Spend) -> Iterator[Span]:
    key = b'kubectl.kubernetes.io/last-applied-configuration"'
    at = body.find(key)
    while at >= 0:
        spend.one(at)
        start, following = value_at(body, at + len(key)), at + len(key)
        if body[start : start + 1] == b'"':
            following = string_end(body, start + 1)
            yield Span(start + 1, following, named(b"last-applied"))
        at = body.find(key, following)


def _env(body: bytes, start: int, leaves: list[Leaf]) -> Iterator[Span]:
    names: dict[int, bytes] = {}
    values: dict[int, tuple[int, int]] = {}
    for first, last, key, parent, _, above in leaves:
        if parent == start:  # docker inspect: "Env": ["A=b"]
            name, equals, value = body[first:last].partition(b"=")
            if equals and not harmless_setting(name, value):
                yield Span(first + len(name) + 1, last, named(b"env"))
        elif above == start and key in (b"name", b"key"):
            names[parent] = body[first:last]
        elif above == start and key == b"value":
            values[parent] = (first, last)
    for parent, (first, last) in values.items():
        if not harmless_setting(names.get(parent, b""), body[first:last]):
            yield Span(first, last, named(b"env"))


def _users(_: bytes, __: int, leaves: list[Leaf]) -> Iterator[Span]:
    for first, last, key, _parent, opened, _above in leaves:
        own = opened == b"user" and key not in (b"client-certificate", b"client-key", b"username")
        if own or (opened in (b"config", b"env") and key != b"name"):
            yield Span(first, last, named(b"kubeconfig"))


def _secrets(body: bytes, spend: Spend) -> Iterator[Span]:
    """Yield the values of Secret objects, whose kind stands before or after them; of a cut object all values."""
    text = body.decode("latin-1")
    listed = _SECRET_LIST.search(body) is not None
    at = 0
    while match := _SECRET.search(body, at):
        spend.one(match.start())
        found = _Siblings(text, match.end())
        for key, start in found.pairs():
            if key in _DATA:
                yield from _strings(body, start, spend)
        at = found.end
    for key in _DATA:
        yield from _of_kind(body, text, key, spend, listed=listed)


def _of_kind(body: bytes, text: str, key: str, spend: Spend, *, listed: bool) -> Iterator[Span]:
    name = b'"%s"' % key.encode()
    at = body.find(name)
    while at >= 0:
        spend.one(at)
        start, following = value_at(body, at + len(name)), at + len(name)
        if body[start : start + 1] == b"{":
            found = _Siblings(text, _end_of(text, start))
            kinds = [text[place : place + 8] for other, place in found.pairs() if other == "kind"]
            following = max(following, found.end)
            if kinds == ['"Secret"'] or (not kinds and (listed or found.cut)):
                yield from _strings(body, start, spend)
        at = body.find(name, following)


def _strings(body: bytes, start: int, spend: Spend) -> Iterator[Span]:
    for first, last, *_ in walk(body, start, spend)[0]:
        yield Span(first, last, named(b"secret-data"))


def _end_of(text: str, start: int) -> int:
    """Return where a value of JSON ends, the end of the text when it does not."""
    try:
        return _DECODER.raw_decode(text, start)[1]
    except (ValueError, RecursionError):
        return len(text)


class _Siblings:
    """The keys and values that follow within the same object; `end` follows the last; `cut`: it does not end."""

    def __init__(self, text: str, at: int) -> None:
        self._text = text
        self.end = at
        self.cut = False

    def pairs(self) -> Iterator[tuple[str, int]]:
        """Yield each key with the place of its value."""
        while True:
            at = self._blank(self.end)
            if self._text[at : at + 1] != ",":
                self.cut = self._text[at : at + 1] != "}"
                return
            try:
                key, after = _DECODER.raw_decode(self._text, self._blank(at + 1))
                start = self._blank(self._blank(after) + 1)
                self.end = _DECODER.raw_decode(self._text, start)[1]
            except (ValueError, RecursionError):
                self.cut, self.end = True, len(self._text)
                return
            yield str(key), start

    def _blank(self, at: int) -> int:
        piece = self._text[at : at + 512]
        return at + len(piece) - len(piece.lstrip())


def string_end(body: bytes, at: int) -> int:
    """Return the place of the quote that ends a JSON string whose content begins at `at`, or the end of the body."""
    end = body.find(b'"', at)
    if end < 0:
        return len(body)
    if body[end - 1] != _BACKSLASH:
        return end
    return min(int(_STRING.match(body, at).end()), len(body))


def walk(body: bytes, start: int, spend: Spend) -> tuple[list[Leaf], int]:
    """Return the string values of the list or object that begins at `start`, and where it ends."""
    leaves: list[Leaf] = []
    # An open bracket: the key it stands under, its place, and the key that its next value has (None: a list).
    levels: list[tuple[bytes, int]] = []
    keys: list[bytes | None] = []
    wants_key = False
    at, size = start, len(body)
    while at < size:
        quote = body.find(b'"', at)
        stop = size if quote < 0 else quote
        marks = body[at:stop].translate(None, _NO_STRUCTURE)
        spend.many(1 + len(marks), stop)
        for number, mark in enumerate(marks):
            if mark == _COMMA:
                wants_key = keys[-1] is not None
            elif mark in b"{[":
                opened = (levels[-1][0] if keys[-1] is None else keys[-1]) if levels else b""
                # Its place is only a name for it; that of the first one is `start`.
                levels.append((opened or b"", stop * 64 + len(levels) if levels else start))
                wants_key = mark == _OBJECT
                keys.append(b"" if wants_key else None)
            else:
                levels.pop()
                keys.pop()
                if not levels:
                    return leaves, _place_of(body, at, number)
        if quote < 0:
            break
        at = string_end(body, quote + 1)
        if wants_key:
            keys[-1], wants_key = body[quote + 1 : at], False
        else:
            opened, place = levels[-1]
            leaves.append((quote + 1, at, keys[-1] or b"", place, opened, levels[-2][1] if len(levels) > 1 else start))
        at += 1
    return leaves, size


def _place_of(body: bytes, at: int, number: int) -> int:
    """Return the place after the structural mark `number` (from 0) at or after `at`."""
    while True:
        if body[at] in _STRUCTURE:
            if not number:
                return at + 1
            number -= 1
        at += 1
