"""Keep the beginning and the end of an endless text in constant memory, and say what was left out.

Pure: bytes in, bytes out. The middle is replaced by a marker line; with anchors (literals without which a line holds
nothing that any reader reads) the anchored lines of the middle are kept too, and the gap between them is harmless.
"""

from __future__ import annotations

import hashlib
import hmac
from collections import deque

from runbookctl.model import Shortening

LINE_CAP = 16 * 1024
"""Bytes that are kept of one line."""

LIMIT = 8 << 20
"""Bytes that are kept of one answer, unless the settings say otherwise."""

_BLOCK = 64 * 1024


def left_out(lines: int, size: int, *, harmless: bool) -> bytes:
    """Return the marker line (with its end) for `lines` lines of `size` bytes."""
    why = b", nothing of interest in them" if harmless else b""
    return b"[runbookctl: %d lines (%d bytes) left out%s]\n" % (lines, size, why)


def line_shortened(size: int) -> bytes:
    """Return the marker that ends an over-long line of which `size` bytes were left out."""
    return b"[runbookctl: line shortened by %d bytes]" % size


class Capture:
    """Feed it chunks, then `finish`; it never holds much more than `limit` bytes.

    A quarter of `limit` is for the beginning, a quarter for anchored lines of the middle, the rest for the end.
    `key` makes the hash of the whole (threat model S9); without a key there is none.
    """

    def __init__(self, limit: int = LIMIT, anchors: tuple[bytes, ...] = (), key: bytes = b"") -> None:
        self._head_room = limit // 4
        self._middle_room = limit // 4 if anchors else 0
        self._tail_room = limit // 2
        self._anchors = anchors
        self._hash = hmac.new(key, digestmod=hashlib.sha256) if key else None
        self._column = 0  # bytes so far of the line that has no end yet
        self._cut = -1  # bytes left out of that line; -1: nothing yet
        self._line_cut = 0  # bytes left out of the last over-long line
        self._line_bytes = 0  # bytes left out of all over-long lines
        self._head = bytearray()
        self._head_full = False
        self._middle = bytearray()
        self._gap_lines = self._gap_bytes = 0  # left out since the last kept line
        self._lines = self._bytes = 0  # left out in all
        self._harmless = bool(anchors)
        self._block = bytearray()
        self._block_size = min(_BLOCK, max(limit // 16, 1))
        self._tail: deque[bytes] = deque()
        self._tail_size = 0
        self.whole = 0  # bytes fed

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes of the text."""
        self.whole += len(chunk)
        if self._hash is not None:
            self._hash.update(chunk)
        self._store(self._capped(chunk))

    def finish(self) -> tuple[bytes, Shortening | None]:
        """Return what is kept and what was left out (None: nothing)."""
        if self._cut >= 0:
            self._end_of_line()
            self._store(line_shortened(self._line_cut))
        parts = [bytes(self._head), bytes(self._middle)]
        if self._gap_lines:
            parts.append(left_out(self._gap_lines, self._gap_bytes, harmless=self._harmless))
        parts.extend(self._tail)
        parts.append(bytes(self._block))
        missing = self._bytes + self._line_bytes
        if not missing:
            return b"".join(parts), None
        return b"".join(parts), Shortening(
            bytes=missing,
            lines=self._lines,
            whole_bytes=self.whole,
            whole_sha256=self._hash.hexdigest() if self._hash is not None else "",
            harmless=self._harmless and not self._line_bytes,
        )

    # --- lines are capped first, so that every later stage may wait for the end of a line

    def _capped(self, chunk: bytes) -> bytes:
        if self._cut < 0 and self._column + len(chunk) <= LINE_CAP:
            last = chunk.rfind(b"\n")
            self._column = len(chunk) - last - 1 if last >= 0 else self._column + len(chunk)
            return chunk
        pieces: list[bytes] = []
        at = 0
        while at < len(chunk):
            at = self._skip(chunk, at, pieces) if self._cut >= 0 else self._keep(chunk, at, pieces)
        return b"".join(pieces)

    def _keep(self, chunk: bytes, at: int, pieces: list[bytes]) -> int:
        """Keep whole lines from `at`, and what fits of the line that is too long; return where it goes on."""
        end, column = at, self._column
        while (line_end := chunk.rfind(b"\n", end, end + LINE_CAP - column + 1)) >= 0:
            end, column = line_end + 1, 0
        fits = min(len(chunk) - end, LINE_CAP - column)
        pieces.append(chunk[at : end + fits])
        self._column = column + fits
        if end + fits < len(chunk):
            self._cut = 0
        return end + fits

    def _skip(self, chunk: bytes, at: int, pieces: list[bytes]) -> int:
        """Leave out the rest of the line; return where the next one begins."""
        line_end = chunk.find(b"\n", at)
        if line_end < 0:
            self._cut += len(chunk) - at
            return len(chunk)
        self._cut += line_end - at
        self._end_of_line()
        pieces.append((line_shortened(self._line_cut) if self._line_cut else b"") + b"\n")
        return line_end + 1

    def _end_of_line(self) -> None:
        self._line_cut = self._cut
        self._line_bytes += self._cut
        self._cut, self._column = -1, 0

    # --- then the beginning fills up, and everything after it passes through the end

    def _store(self, chunk: bytes) -> None:
        if not self._head_full:
            self._head += chunk
            if len(self._head) <= self._head_room:
                return
            self._head_full = True
            cut = self._head.rfind(b"\n", 0, self._head_room) + 1
            chunk = bytes(self._head[cut:])
            del self._head[cut:]
        self._block += chunk
        while len(self._block) >= self._block_size:
            cut = (self._block.rfind(b"\n", 0, self._block_size) + 1) or (self._block.find(b"\n") + 1)
            if not cut:
                break
            self._tail.append(bytes(self._block[:cut]))
            self._tail_size += cut
            del self._block[:cut]
        while self._tail_size - len(self._tail[0] if self._tail else b"") > self._tail_room:
            oldest = self._tail.popleft()
            self._tail_size -= len(oldest)
            self._evict(oldest)

    def _evict(self, block: bytes) -> None:
        at = 0
        for begin, end in self._anchored(block):
            self._leave(block, at, begin)
            if len(self._middle) + end - begin > self._middle_room:
                self._harmless = False
                self._leave(block, begin, len(block))
                return
            if self._gap_lines:
                self._middle += left_out(self._gap_lines, self._gap_bytes, harmless=True)
                self._gap_lines = self._gap_bytes = 0
            self._middle += block[begin:end]
            at = end
        self._leave(block, at, len(block))

    def _leave(self, block: bytes, begin: int, end: int) -> None:
        lines = block.count(b"\n", begin, end)
        self._gap_lines += lines
        self._lines += lines
        self._gap_bytes += end - begin
        self._bytes += end - begin

    def _anchored(self, block: bytes) -> list[tuple[int, int]]:
        """Return (begin, end) of each line of `block` that holds an anchor, in order."""
        if not self._harmless:
            return []
        spans: set[tuple[int, int]] = set()
        for anchor in self._anchors:
            at = block.find(anchor)
            while at >= 0:
                line_end = block.find(b"\n", at) + 1 or len(block)
                spans.add((block.rfind(b"\n", 0, at) + 1, line_end))
                at = block.find(anchor, line_end)
        return sorted(spans)
