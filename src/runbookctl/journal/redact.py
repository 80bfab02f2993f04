"""Redaction before storage: by place (Kubernetes objects, describe), then by name, shape and block. Lines stay lines.

Pure and linear in the size of the body. What is replaced reads `[redacted:kind]`. What programs say about secrets
(names, refusals, counts of tokens) is kept, because diagnosis needs it.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec import Struct

from runbookctl.journal import redact_blocks, redact_keyed, redact_objects, redact_shapes
from runbookctl.journal.redact_span import Exhausted, Span, Spend, replaced
from runbookctl.journal.values import JSON

_PLACES = 40_000  # that one family of patterns looks at in one body
_ENTRIES = 150_000  # of variables and Secrets that are looked at one by one
_OBJECTS = 200_000  # lists and objects under a telling key


class Redacted(Struct, frozen=True):
    """A body without secrets, how many places were replaced, and from where the rest was left out (None: nowhere)."""

    body: bytes
    count: int
    cut_at: int | None = None


def redact(body: bytes, form: str) -> Redacted:
    """Return the body without secrets; `form` is the key of its form."""
    spans, cut = _spans(body, form)
    if cut is not None:
        cut = body.rfind(b"\n", 0, cut) + 1
        left = body[cut:]
        lines = left.count(b"\n") + (not left.endswith(b"\n"))
        kept, count = replaced(body[:cut], (span for span in spans if span.end <= cut))
        # A text with that many secrets is an attack or a dump: nothing reads on.
        return Redacted(kept + b"[runbookctl: %d lines (%d bytes) left out]\n" % (lines, len(left)), count, cut)
    return Redacted(*replaced(body, spans))


def _spans(body: bytes, form: str) -> tuple[list[Span], int | None]:
    found: list[Span] = []
    cut: int | None = None
    for family in _families(body, form):
        try:
            found.extend(family)
        except Exhausted as reached:
            cut = reached.at if cut is None else min(cut, reached.at)
    return found, cut


def _families(body: bytes, form: str) -> Iterator[Iterator[Span]]:
    low = body.lower()
    if b'"' in body:
        yield redact_objects.spans(body, Spend(_OBJECTS), Spend(_ENTRIES))
    if form.startswith("kubectl_describe") or b"    Environment:" in body:
        yield redact_blocks.described(body, Spend(_PLACES))
    if redact_blocks.APPLIED in low:
        yield redact_blocks.applied(body, Spend(_PLACES))
    yield from _text(body, low)
    yield redact_blocks.encoded(body, _count, Spend(_PLACES))


def _text(body: bytes, low: bytes) -> Iterator[Iterator[Span]]:
    yield redact_blocks.pem(body, low, Spend(_PLACES))
    yield redact_keyed.spans(body, low, Spend(_PLACES))
    yield redact_shapes.hooks(body, low, Spend(_PLACES))
    yield from redact_shapes.families(body, low, lambda: Spend(_PLACES))


def _count(plain: bytes) -> int:
    """Return how many secrets a decoded text holds."""
    found = 0
    for family in _text(plain, plain.lower()):
        try:
            found += sum(1 for _ in family)
        except Exhausted:
            found += 1
    return found


# --- values -----------------------------------------------------------------------------------------------------------


def clean(value: JSON) -> JSON:
    """Return a value of JSON without secrets in its texts, or under keys that name one. Keys and numbers stay."""
    text = msgspec.json.encode(value)
    if not _spans(text, "")[0]:
        return value
    return _clean(value)


def _clean(value: JSON) -> JSON:
    match value:
        case dict():
            return {key: _under(key, item) for key, item in value.items()}
        case list() | tuple():
            return [_clean(item) for item in value]
        case str():
            return redact(value.encode("utf-8", "surrogatepass"), "").body.decode("utf-8", "replace")
        case _:
            return value


def _under(key: JSON, value: JSON) -> JSON:
    if not isinstance(value, (str, int)) or isinstance(value, bool) or not isinstance(key, str):
        return _clean(value)
    line = msgspec.json.encode({key: value})
    found, _ = _spans(line, "")
    at = line.index(b":")
    whole = [span for span in found if at < span.start <= at + 2 and span.end >= len(line) - 2]
    return whole[0].text.strip(b'"').decode() if whole else _clean(value)
