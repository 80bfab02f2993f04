"""A body on its way into the store: bounded while it streams, then redacted. Pure but for the chunks it is given.

Pieces of a paste come bounded already; this is the last defence, for live answers. What is cut is said, with its size
and a keyed hash of the whole (a plain hash of a short secret is the secret, threat model S9).
"""

from __future__ import annotations

import hashlib
import hmac
from collections import deque
from collections.abc import Iterable

from msgspec import Struct

from runbookctl import forms
from runbookctl.forms.lines import left_out, shortened
from runbookctl.journal.redact import redact
from runbookctl.journal.values import EvidenceMeta
from runbookctl.model import Shortening

CAP = 16 << 20
"""Stored bytes of a body, before compression, unless its form says otherwise."""

_EDGE = 64 << 10  # bytes at a cut in which the end of a line is looked for
_BREAKS = b" \t\"',;&<>()[]{}"


class Prepared(Struct, frozen=True, kw_only=True):
    """A body as it will be stored."""

    body: bytes
    redactions: int
    shortened: Shortening | None


def prepare(chunks: Iterable[bytes], meta: EvidenceMeta, key: bytes) -> Prepared:
    """Return the body bounded and redacted; `key` is the store's own, for the hash of what is cut."""
    stream = _Stream(meta.cap if meta.cap is not None else _cap(meta.form), key)
    for chunk in chunks:
        stream.feed(chunk)
    body, lines = stream.body()
    lost = stream.total - stream.kept
    if meta.verbatim:
        return Prepared(body=body, redactions=0, shortened=stream.shortening(lost, lines) if lost else None)
    clean = redact(body, meta.form)
    if clean.cut_at is not None:
        rest = body[clean.cut_at :]
        lost, lines = lost + len(rest), lines + rest.count(b"\n") + (not rest.endswith(b"\n"))
    cut = stream.shortening(lost, lines) if lost else None
    return Prepared(body=clean.body, redactions=clean.count, shortened=cut)


def _cap(form: str) -> int:
    return max(CAP, int(getattr(forms.load(form), "CAP", CAP))) if form in forms.keys() else CAP  # noqa: SIM118 - a module


class _Stream:
    """Keeps the first and the last half of what may be kept, and counts the rest."""

    def __init__(self, cap: int, key: bytes) -> None:
        self._half = max(1, cap // 2)
        self._cap = cap
        self._head = bytearray()
        self._tail: deque[bytes] = deque()
        self._tail_size = 0
        self._mac = hmac.new(key, digestmod=hashlib.sha256)
        self._newlines = 0
        self.total = 0
        self.kept = 0

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes."""
        self.total += len(chunk)
        self._mac.update(chunk)
        self._newlines += chunk.count(b"\n")
        room = self._half - len(self._head)
        if room > 0:
            self._head += chunk[:room]
            chunk = chunk[room:]
        if chunk:
            self._tail.append(chunk)
            self._tail_size += len(chunk)
            while self._tail_size - len(self._tail[0]) >= self._half:
                self._tail_size -= len(self._tail.popleft())

    def body(self) -> tuple[bytes, int]:
        """Return what is kept, with markers, and the number of lines left out."""
        tail = b"".join(self._tail)
        if self.total <= self._cap:
            self.kept = self.total
            return bytes(self._head) + tail, 0
        head, head_whole = _head(bytes(self._head))
        tail, tail_whole = _tail(tail[-self._half :])
        self.kept = len(head) + len(tail)
        lost = self.total - self.kept
        newlines = self._newlines - head.count(b"\n") - tail.count(b"\n")
        if not newlines:  # all within one line
            return head + shortened(lost) + tail, 0
        lines = newlines - (not head_whole)
        parts = [head, b"" if head_whole else shortened(lost) + b"\n"]
        parts.append(left_out(lines, lost, harmless=False) + b"\n" if lines else b"")
        parts += [b"" if tail_whole else shortened(lost), tail]
        return b"".join(parts), lines

    def shortening(self, lost: int, lines: int) -> Shortening:
        """Say what was left out."""
        return Shortening(
            bytes=lost, lines=lines, whole_bytes=self.total, whole_sha256=self._mac.hexdigest(), harmless=False
        )


def _head(kept: bytes) -> tuple[bytes, bool]:
    """End at a line's end near the cut, else at a break, so that no half of a secret is left."""
    end = kept.rfind(b"\n", max(0, len(kept) - _EDGE)) + 1
    if end:
        return kept[:end], True
    edge = kept[-_EDGE:]
    while edge and edge[-1] not in _BREAKS:
        edge = edge[: max(edge.rfind(bytes((mark,))) + 1 for mark in _BREAKS)]
    return kept[: -_EDGE or None] + edge if len(kept) > _EDGE else edge, False


def _tail(kept: bytes) -> tuple[bytes, bool]:
    start = kept.find(b"\n", 0, _EDGE) + 1
    if start:
        return kept[start:], True
    places = [place for mark in _BREAKS if (place := kept.find(bytes((mark,)), 0, _EDGE)) >= 0]
    return kept[min(places) if places else min(_EDGE, len(kept)) :], False
