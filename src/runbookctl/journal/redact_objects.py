"""Secrets that are known by their place in an object of the Kubernetes API, whatever they look like.

Pure. Works on the text of JSON, pretty or on one line, whole or cut: only the subtrees under a telling key are walked.
Source: Kubernetes API reference v1.31, EnvVar, Secret, ManagedFieldsEntry; client-go kubeconfig v1.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import re2

from runbookctl.journal.redact_span import Exhausted, Span, Spend, named

_LATIN = re2.Options()
_LATIN.encoding = re2.Options.Encoding.LATIN1

_DECODER = json.JSONDecoder(strict=False)
_BLANK = b" \t\r\n"

# "kind": "Secret"       "kind":"SecretList"
_SECRET = re2.compile(rb'"kind"\s{0,16}:\s{0,16}"Secret"', _LATIN)
_SECRET_LIST = re2.compile(rb'"kind"\s{0,16}:\s{0,16}"SecretList"', _LATIN)
_TELLING = (b'"fieldsV1"', b"last-applied-configuration", b'"env"', b'"Env"', b'"envs"', b'"users"', b'"Secret')
_DATA = ("data", "stringData")
# Patterns below end before the closing quote, so that a text that is cut within a value matches too.
# "name": "A", "value": "b\"c       "value": "b       "key":"A","value":"b
_ENTRY = re2.compile(rb'(?s)(?:"(?:name|key)"\s*:\s*"([^"\\]*)"\s*,\s*)?"value"\s*:\s*"((?:[^"\\]|\\.)*)', _LATIN)
# "Env": ["A=b", "C=d"]
_ASSIGNED = re2.compile(rb'(?s)[\[,]\s*"([A-Za-z_][A-Za-z0-9_.-]*)=((?:[^"\\]|\\.)*)', _LATIN)
# "token": "x"
_PAIR = re2.compile(rb'(?s)"((?:[^"\\]|\\.)*)"\s*:\s*"((?:[^"\\]|\\.)*)', _LATIN)
# a\"b\\c
_STRING = re2.compile(rb'(?s)(?:[^"\\]|\\.)*', _LATIN)
_NO_CREDENTIAL = (b"name", b"username", b"client-certificate", b"client-key", b"apiVersion", b"command", b"installHint")
_SETTINGS = (
    b"NVIDIA_", b"NCCL_", b"CUDA_", b"PYTORCH_CUDA_ALLOC_CONF", b"TORCH_", b"OMP_NUM", b"MKL_NUM", b"VLLM_LOGGING",
    b"GLOO_",
)  # fmt: skip
"""Variables that set up GPU software: their values are settings, and diagnosis needs them."""
# all    compute,utility    eth0,ib0    INFO    0,1    expandable_segments:True    GPU-8f6d...   ^docker0,lo
_SETTING = re2.compile(rb"^[A-Za-z0-9_.,:^=-]{0,64}$", _LATIN)


def spans(body: bytes, places: Spend, entries: Spend) -> Iterator[Span]:
    """Yield what must go because of its place; of more `entries` than allowed, whole lists and objects go."""
    if not any(key in body for key in _TELLING):
        return
    text = body.decode("latin-1")  # one character per byte, so places agree
    yield from _fields(body, text, places)
    yield from _last_applied(body, places)
    for key in (b'"env"', b'"Env"', b'"envs"'):
        for start, end in _under(body, text, key, places):
            yield from _or_all(_env(body, start, end, entries), start, end, body)
    for start, end in _under(body, text, b'"users"', places):
        if body.find(b'"user"', start, end) >= 0:
            yield from _or_all(_values(body, start, end, b"kubeconfig", entries), start, end, body)
    if _SECRET.search(body) or _SECRET_LIST.search(body):
        for start, end in _secrets(body, text, places):
            yield from _or_all(_values(body, start, end, b"secret-data", entries), start, end, body)


def _or_all(found: Iterator[Span], start: int, end: int, body: bytes) -> Iterator[Span]:
    try:
        yield from found
    except Exhausted:
        yield Span(start, end, b"[]" if body[start : start + 1] == b"[" else b"{}")


def harmless_setting(name: bytes, value: bytes) -> bool:
    """Say whether a variable's value may be kept: GPU software's settings, and yes or no."""
    return value.lower() in (b"", b"true", b"false") or (name.startswith(_SETTINGS) and bool(_SETTING.match(value)))


def _under(body: bytes, text: str, key: bytes, spend: Spend) -> Iterator[tuple[int, int]]:
    """Yield where each list or object under such a key begins and ends; what lies inside one is not looked at again."""
    at = body.find(key)
    while at >= 0:
        spend.one(at)
        start, following = value_at(body, at + len(key)), at + len(key)
        if body[start : start + 1] in (b"[", b"{"):
            following = _end_of(text, start)
            yield start, following
        at = body.find(key, following)


def value_at(body: bytes, at: int) -> int:
    """Return where the value begins after a key's closing quote, or the end of the body when no colon follows."""
    at = _after_blank(body, at)
    return _after_blank(body, at + 1) if body[at : at + 1] == b":" else len(body)


def _after_blank(body: bytes, at: int) -> int:
    piece = body[at : at + 512]
    return at + len(piece) - len(piece.lstrip(_BLANK))


def _fields(body: bytes, text: str, spend: Spend) -> Iterator[Span]:
    """Yield the field sets of `managedFields`, which hold values in their keys; who wrote when is kept."""
    for start, end in _under(body, text, b'"fieldsV1"', spend):
        yield Span(start, end, b"{}")


def _last_applied(body: bytes, spend: Spend) -> Iterator[Span]:
    key = b'kubectl.kubernetes.io/last-applied-configuration"'
    at = body.find(key)
    while at >= 0:
        spend.one(at)
        start, following = value_at(body, at + len(key)), at + len(key)
        if body[start : start + 1] == b'"':
            following = int(_STRING.match(body, start + 1).end())
            yield Span(start + 1, following, named(b"last-applied"))
        at = body.find(key, following)


def _env(body: bytes, start: int, end: int, spend: Spend) -> Iterator[Span]:
    for pattern in (_ENTRY, _ASSIGNED):
        for match in pattern.finditer(body, start, end):
            spend.one(match.start())
            if not harmless_setting(match[1] or b"", match[2]):
                yield Span(match.start(2), match.end(2), named(b"env"))


def _values(body: bytes, start: int, end: int, kind: bytes, spend: Spend) -> Iterator[Span]:
    for match in _PAIR.finditer(body, start, end):
        spend.one(match.start())
        if kind == b"secret-data" or match[1] not in _NO_CREDENTIAL:
            yield Span(match.start(2), match.end(2), named(kind))


def _secrets(body: bytes, text: str, spend: Spend) -> Iterator[tuple[int, int]]:
    """Yield the data of Secret objects, whose kind stands before or after them; of a cut object all data."""
    listed = _SECRET_LIST.search(body) is not None
    at = 0
    while match := _SECRET.search(body, at):
        spend.one(match.start())
        found = _Siblings(text, match.end())
        yield from ((start, end) for key, start, end in found.pairs() if key in _DATA)
        at = found.end
    for key in _DATA:
        yield from _before_kind(body, text, b'"%s"' % key.encode(), spend, listed=listed)


def _before_kind(body: bytes, text: str, key: bytes, spend: Spend, *, listed: bool) -> Iterator[tuple[int, int]]:
    at = body.find(key)
    while at >= 0:
        spend.one(at)
        start, following = value_at(body, at + len(key)), at + len(key)
        if body[start : start + 1] == b"{":
            end = _end_of(text, start)
            found = _Siblings(text, end)
            kinds = [text[place : place + 8] for other, place, _ in found.pairs() if other == "kind"]
            if kinds == ['"Secret"'] or (not kinds and (listed or found.cut)):
                yield start, end
            following = found.end  # its siblings were read: what lies inside them is no object of its own
        at = body.find(key, following)


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

    def pairs(self) -> Iterator[tuple[str, int, int]]:
        """Yield each key with where its value begins and ends; of a value that is cut, to the end of the text."""
        while True:
            at = self._blank(self.end)
            if self._text[at : at + 1] != ",":
                self.cut = self._text[at : at + 1] != "}"
                return
            try:
                key, after = _DECODER.raw_decode(self._text, self._blank(at + 1))
                start = self._blank(self._blank(after) + 1)
            except (ValueError, RecursionError):
                self.cut, self.end = True, len(self._text)
                return
            self.end = _end_of(self._text, start)
            yield str(key), start, self.end

    def _blank(self, at: int) -> int:
        piece = self._text[at : at + 512]
        return at + len(piece) - len(piece.lstrip())
