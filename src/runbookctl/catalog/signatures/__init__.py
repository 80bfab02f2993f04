"""What log lines mean: signatures, as data files beside this module (`<family>.json` or `<family>.yaml`).

Pure: reads the package's own files; patterns are RE2, so that no text can make them slow. A signature is

    {"id": "api_mismatch",                        the sign that readers emit and expressions use
     "means": "driver_library_mismatch",          a cause code where the line proves one, else null
     "literal": "API mismatch",                   must stand in the text: the cheap test that comes first
     "pattern": "^NVRM: API mismatch: the client has the version (?P<client>[0-9.]+)",
     "sample": "NVRM: API mismatch: the client has the version 550.54.15, but",
     "not_match": ["NVRM: loading NVIDIA UNIX x86_64 Kernel Module  550.54.15"],
     "source": "osapi.c of open-gpu-kernel-modules 515 to 595"}

A file is a list of them or `{"family": ..., "signatures": [...]}`. Within a family the first signature that matches
counts, so the more exact one stands first. One more meaning is one more entry; no code is edited.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import msgspec
import re2
from msgspec import Struct

_FOLDER = Path(__file__).parent
_LONGEST = 16 * 1024  # of one text


class Signature(Struct, frozen=True, kw_only=True):
    """One meaning of a line of text."""

    id: str
    means: str | None
    literal: str | tuple[str, ...]  # one of them must stand in the text
    pattern: str
    sample: str
    not_match: tuple[str, ...] = ()
    source: str = ""
    about: str = ""  # plain words, for people
    family: str = ""

    @property
    def sign(self) -> str:
        """The id, under the name that readings give it."""
        return self.id

    def find(self, text: str) -> Found | None:
        """Return the match in `text` (its first 16 KiB), None when there is none."""
        text = text[:_LONGEST]
        if not any(literal in text for literal in literals_of(self)):
            return None
        match = _compiled(self.pattern).search(text)
        return Found(signature=self, groups=dict(match.groupdict())) if match else None


class Found(Struct, frozen=True, kw_only=True):
    """A signature that matched, with the named groups of its pattern (None: not in this text)."""

    signature: Signature
    groups: dict[str, str | None]


class _File(Struct, frozen=True, kw_only=True):
    family: str = ""
    signatures: tuple[Signature, ...]


@lru_cache(maxsize=1)
def all_families() -> tuple[str, ...]:
    """Return the names of the files, sorted."""
    return tuple(sorted({path.stem for path in _FOLDER.iterdir() if path.suffix in (".json", ".yaml")}))


@cache
def signatures(family: str) -> tuple[Signature, ...]:
    """Return the signatures of one family in their order; none for a family that does not exist."""
    for suffix in (".json", ".yaml"):
        path = _FOLDER / f"{family}{suffix}"
        if path.is_file():
            return tuple(msgspec.structs.replace(one, family=family) for one in _decoded(path))
    return ()


def match(text: str, families: tuple[str, ...] = ()) -> Signature | None:
    """Return the first signature that matches `text`, of the named families (all when none is named)."""
    found = find(text, families)
    return found.signature if found else None


def find(text: str, families: tuple[str, ...] = ()) -> Found | None:
    """Return the first match with its named groups."""
    text = text[:_LONGEST]
    for one in _candidates(text, families or all_families()):
        if found := one.find(text):
            return found
    return None


def by_sign(sign: str) -> Signature | None:
    """Return the signature of a sign; None when there is none."""
    return next((one for family in all_families() for one in signatures(family) if one.sign == sign), None)


def literals(families: tuple[str, ...] = ()) -> tuple[bytes, ...]:
    """Return every literal of the named families as bytes: anchors for scanning a long text."""
    named = (one for family in families or all_families() for one in signatures(family))
    return tuple(dict.fromkeys(literal.encode() for one in named for literal in literals_of(one)))


def literals_of(one: Signature) -> tuple[str, ...]:
    """Return the literals of one signature."""
    return (one.literal,) if isinstance(one.literal, str) else one.literal


def mistakes() -> Iterator[str]:
    """Yield what is wrong with the shipped signatures: the self-check that the test suite and `doctor` run."""
    seen: dict[str, str] = {}
    for family in all_families():
        for one in signatures(family):
            if one.sign in seen:
                yield f"{family}: the sign {one.sign} is also in {seen[one.sign]}"
            seen[one.sign] = family
            yield from _mistakes_of(one)


def _mistakes_of(one: Signature) -> Iterator[str]:
    try:
        _compiled(one.pattern)
    except re2.error as error:
        yield f"{one.family}: {one.sign}: not an RE2 pattern: {error}"
        return
    if not all(literals_of(one)):
        yield f"{one.family}: {one.sign}: an empty literal"
    first = match(one.sample, (one.family,))
    if first is None or first.sign != one.sign:
        yield f"{one.family}: the sample of {one.sign} matches {first.sign if first else 'nothing'} first"
    for text in one.not_match:
        if one.find(text):
            yield f"{one.family}: {one.sign} matches what it must not: {text}"


def _candidates(text: str, wanted: tuple[str, ...]) -> Iterator[Signature]:
    for family in wanted:
        for one in signatures(family):
            if any(literal in text for literal in literals_of(one)):
                yield one


def _decoded(path: Path) -> tuple[Signature, ...]:
    body = path.read_bytes()
    if path.suffix == ".yaml":
        import yaml

        content: Any = yaml.load(body, Loader=yaml.CSafeLoader)  # our own file, no foreign text
    else:
        content = msgspec.json.decode(body)
    if isinstance(content, dict):
        return msgspec.convert(content, _File).signatures
    return msgspec.convert(content, tuple[Signature, ...])


@cache
def _compiled(pattern: str) -> re2._Regexp:
    return re2.compile(pattern)
