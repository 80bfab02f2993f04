"""A text of any length within a fixed number of bytes: what matters is kept, what is left out is counted and said.

Pure: blocks of whole lines in, one body out. With the anchors of a form the beginning, the end and every line between
that holds an anchor are kept; without them the beginning and the end. Memory does not grow with the text.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Self

from msgspec import Struct

from runbookctl.forms.lines import alternation, left_out

_HEAD = 256 << 10
_TAIL = 1 << 20
_MARKER = b"[runbookctl: "


class Bounded(Struct):
    """A body with markers, how long the text was, and what was left out of it."""

    body: bytes
    lines: int = 0
    left_lines: int = 0
    left_bytes: int = 0
    harmless: bool = True


def bounded(blocks: Iterator[bytes], anchors: tuple[bytes, ...], cap: int) -> Bounded:
    """Return the text itself when it has at most `cap` bytes, else its head, tail and anchored lines."""
    first: list[bytes] = []
    size = 0
    for block in blocks:
        first.append(block)
        size += len(block)
        if size > cap:
            break
    else:
        body = b"".join(first)
        return Bounded(body, lines=_count(body))
    return _shorter(_again(first, blocks), anchors, cap)


def _again(first: list[bytes], rest: Iterator[bytes]) -> Iterator[bytes]:
    for index in range(len(first)):
        yield first[index]
        first[index] = b""  # these are the most memory there is: let each go
    yield from rest


def _count(body: bytes) -> int:
    return body.count(b"\n") + (not body.endswith(b"\n") and bool(body))


def _shorter(blocks: Iterator[bytes], anchors: tuple[bytes, ...], cap: int) -> Bounded:
    head_size, tail_size = (_HEAD, _TAIL) if anchors else (cap // 2, cap // 2)
    head, rest = _head(blocks, head_size)
    middle = _Middle(anchors, cap)
    tail: deque[bytes] = deque()
    held = 0
    with _Search(anchors) as search:
        for block, future in search.over(rest):
            tail.append(block)
            middle.waiting.append(future)
            held += len(block)
            while held - len(tail[0]) >= tail_size:
                held -= len(tail[0])
                middle.take(tail.popleft())
            search.needed = middle.harmless
    middle.close()
    body = b"".join([head, *middle.parts, *tail])
    kept = _count(head) + _count(b"".join(tail))
    return Bounded(body, middle.lines + kept, middle.left_lines, middle.left_bytes, middle.harmless)


def _head(blocks: Iterator[bytes], size: int) -> tuple[bytes, Iterator[bytes]]:
    """Split off the first lines, about `size` bytes of them."""
    head: list[bytes] = []
    held = 0
    for block in blocks:
        head.append(block)
        held += len(block)
        if held >= size:
            break
    whole = b"".join(head)
    end = whole.rfind(b"\n", 0, size) + 1 or len(whole)
    rest = whole[end:]
    return whole[:end], _again([rest] if rest else [], blocks)


_Spans = list[tuple[int, int]]


class _Search:
    """Looks for anchored lines in several blocks at once: RE2 releases the interpreter lock while it searches."""

    def __init__(self, anchors: tuple[bytes, ...]) -> None:
        self.needed = True
        self._find = alternation((*anchors, _MARKER)).search if anchors else None
        self._workers = min(4, os.cpu_count() or 1)
        self._pool = ThreadPoolExecutor(self._workers) if anchors else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool:
            self._pool.shutdown(cancel_futures=True)

    def over(self, blocks: Iterator[bytes]) -> Iterator[tuple[bytes, Future[_Spans] | None]]:
        """Yield each block in order, with the spans of its anchored lines to come."""
        ahead: deque[tuple[bytes, Future[_Spans] | None]] = deque()
        for block in blocks:
            find = self._find if self.needed else None
            ahead.append((block, self._pool.submit(_spans, block, find) if self._pool and find else None))
            if len(ahead) > self._workers:
                yield ahead.popleft()
        yield from ahead


def _spans(block: bytes, find: Callable[[bytes, int], object]) -> _Spans:
    """Return begin and end (behind the line end) of each run of lines that hold an anchor."""
    spans: _Spans = []
    at = 0
    while match := find(block, at):
        place = match.start()  # type: ignore[attr-defined]
        begin = block.rfind(b"\n", at, place) + 1 or at
        at = block.find(b"\n", place) + 1 or len(block)
        if spans and spans[-1][1] == begin:
            spans[-1] = (spans[-1][0], at)
        else:
            spans.append((begin, at))
        if at >= len(block):
            break
    return spans


class _Middle:
    """What is kept between head and tail, with a marker for each gap."""

    def __init__(self, anchors: tuple[bytes, ...], cap: int) -> None:
        self.parts: list[bytes] = []
        self.waiting: deque[Future[_Spans] | None] = deque()
        self.lines = self.left_lines = self.left_bytes = 0
        self.harmless = bool(anchors)  # nothing that may matter has been left out so far
        self._cap = cap
        self._size = 0
        self._gap_lines = self._gap_bytes = 0

    def take(self, block: bytes) -> None:
        """Keep the anchored lines of the next block, or none once there are too many."""
        future = self.waiting.popleft()
        if future is None or not self.harmless:
            self._skip(block, 0, len(block))
            return
        at = 0
        for begin, end in future.result():
            self._skip(block, at, begin)
            self._keep(block[begin:end])
            at = end
            if self._size > self._cap:
                self.harmless = False  # from here on lines are left out that hold an anchor
                break
        self._skip(block, at, len(block))

    def _skip(self, block: bytes, begin: int, end: int) -> None:
        if begin < end:
            lines = block.count(b"\n", begin, end) + (not block.endswith(b"\n") and end == len(block))
            self._gap_lines += lines
            self._gap_bytes += end - begin
            self.lines += lines

    def _keep(self, lines: bytes) -> None:
        self.close()
        self.lines += _count(lines)
        self.parts.append(lines)
        self._size += len(lines)

    def close(self) -> None:
        """Write the marker for the lines that were left out since the last one kept."""
        if not self._gap_bytes:
            return
        marker = left_out(self._gap_lines, self._gap_bytes, harmless=self.harmless) + b"\n"
        self.parts.append(marker)
        self._size += len(marker)
        self.left_lines += self._gap_lines
        self.left_bytes += self._gap_bytes
        self._gap_lines = self._gap_bytes = 0
