"""What is to be replaced in a body, and how much work one body may cost. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Span(NamedTuple):
    """Bytes that must go, and what stands there instead. `each_line`: on each of their lines, else on the first."""

    start: int
    end: int
    text: bytes
    each_line: bool = False


def named(kind: bytes, wrap: bytes = b"") -> bytes:
    """Return the replacement, in the quotes that keep JSON whole: `[redacted:password]`."""
    return wrap + b"[redacted:" + kind + b"]" + wrap


_MARKER = b"[redacted:"
_LONGEST_MARKER = 40  # bytes


class Exhausted(Exception):  # noqa: N818 - no error: the rest of the body is left out
    """So many places look like secrets that the rest, from `at`, is not worth storing."""

    def __init__(self, at: int) -> None:
        """Keep the place."""
        super().__init__(at)
        self.at = at


class Spend:
    """Counts the places that one family of patterns has looked at."""

    def __init__(self, most: int) -> None:
        """Allow `most` places."""
        self._left = most

    def one(self, at: int) -> None:
        """Count a place. Raises Exhausted when it is one too many."""
        self._left -= 1
        if self._left < 0:
            raise Exhausted(at)


def replaced(body: bytes, spans: Iterable[Span]) -> tuple[bytes, int]:
    """Return the body without the spans, and how many there were; the number of lines stays."""
    parts: list[bytes] = []
    at = count = 0
    # The longest of those that begin together; of what begins inside another only the rest counts.
    for span in sorted(spans, key=lambda span: (span.start, -span.end)):
        start = max(at, span.start)
        if start >= span.end or _gone_already(body, span):
            continue
        parts += (body[at:start], _instead(body[start : span.end], span))
        count += 1
        at = span.end
    if not count:
        return body, 0
    parts.append(body[at:])
    return b"".join(parts), count


def _gone_already(body: bytes, span: Span) -> bool:
    """Say whether a redacted body is redacted once more: what was replaced stays as it is."""
    gone = body[span.start : span.end]
    if span.each_line:
        return all(line.strip() in (b"", span.text) for line in gone.split(b"\n"))
    if gone.strip() == span.text:
        return True
    marker = body.rfind(_MARKER, max(0, span.start - _LONGEST_MARKER), span.start + len(_MARKER))
    return marker >= 0 and b"]" not in body[marker : span.start]


def _instead(gone: bytes, span: Span) -> bytes:
    lines = gone.count(b"\n")
    if not lines:
        return span.text
    if not span.each_line:
        return span.text + b"\n" * lines
    return b"\n".join(_line(line, span.text) for line in gone.split(b"\n"))


def _line(line: bytes, text: bytes) -> bytes:
    content = line.strip()
    return line[: len(line) - len(line.lstrip())] + text if content else line
