"""Plain UTF-8 lines out of what terminals, Windows and crashed machines leave in text files.

Pure: bytes in, bytes out. Line numbers never change: only line ends, colours, NUL bytes and encodings do.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator

import re2
from msgspec import Struct

from runbookctl.forms.lines import LINE_CAP, alternation, shortened

_WINDOW = LINE_CAP // 2

# \x1b]0;title\x07   the window's title      \x1b(B   a character set
_ESCAPES = re2.compile(rb"\x1b\][^\x07\x1b\n]{0,200}(?:\x07|\x1b\\)|\x1b[()][AB0-2]")


def plain(block: bytes) -> bytes:
    """Return whole lines with plain line ends and without terminal colours."""
    if b"\r" in block:
        block = block.replace(b"\r\n", b"\n")
    if b"\x1b" in block:
        block = _uncoloured(block)
        if b"\x1b]" in block or b"\x1b(" in block:
            block = bytes(_ESCAPES.sub(b"", block))
    return block


def _uncoloured(block: bytes) -> bytes:
    """Drop `ESC [ parameters letter`, as grep, dmesg and ls write it: ESC [ 01;31m ESC [ K NVRM ESC [ m."""
    first, *rest = block.split(b"\x1b[")
    out = [first]
    for part in rest:
        bare = part.lstrip(b"0123456789;?")
        out.append(bare[1:] if bare[:1].isalpha() else b"\x1b[" + part)
    return b"".join(out)


def valid(body: bytes) -> bytes:
    """Return the body with U+FFFD for each byte that is no UTF-8."""
    try:
        body.decode()
    except UnicodeDecodeError:
        return body.decode("utf-8", "replace").encode()
    return body


def utf8(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the chunks as UTF-8: without a byte order mark, UTF-16 (with or without one) decoded."""
    first = next(chunks, b"")
    encoding = _utf16(first)
    if not encoding:
        yield first.removeprefix(codecs.BOM_UTF8)
        yield from chunks
        return
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    yield decoder.decode(first).encode("utf-8", "replace")
    for chunk in chunks:
        yield decoder.decode(chunk).encode("utf-8", "replace")
    yield decoder.decode(b"", final=True).encode("utf-8", "replace")


def _utf16(head: bytes) -> str:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    even, odd = head[0:4096:2], head[1:4096:2]
    if len(head) < 16:
        return ""
    if odd.count(0) * 10 > len(odd) * 7 and even.count(0) * 20 < len(even):
        return "utf-16-le"
    if even.count(0) * 10 > len(even) * 7 and odd.count(0) * 20 < len(odd):
        return "utf-16-be"
    return ""


class Tails(Struct):
    """What was left out of over-long lines: bytes, and whether an anchor was among them."""

    bytes: int = 0
    anchored: bool = False


def line_blocks(chunks: Iterator[bytes], anchors: tuple[bytes, ...], tails: Tails) -> Iterator[bytes]:
    """Yield blocks of whole plain lines, none longer than LINE_CAP plus a marker; the last may lack its line end."""
    rest = b""
    lost = _Lost(anchors, tails)
    for raw in chunks:
        chunk = raw.translate(None, b"\x00") if b"\x00" in raw else raw
        begin = 0
        if lost.open:
            begin = chunk.find(b"\n")
            lost.take(chunk if begin < 0 else chunk[:begin])
            if begin < 0:
                continue
            rest += lost.close()
        end = chunk.rfind(b"\n") + 1
        if end > begin:
            yield _capped(plain(b"".join((rest, memoryview(chunk)[begin:end]))), lost)
            rest = chunk[end:]
        else:
            rest += chunk[begin:]
        if len(rest) > LINE_CAP:
            lost.take(rest[LINE_CAP:])
            rest = rest[:LINE_CAP]
    if lost.open:
        rest += lost.close()
    if rest:
        yield _capped(plain(rest), lost)


class _Lost:
    """The part of one line beyond LINE_CAP while it goes by."""

    def __init__(self, anchors: tuple[bytes, ...], tails: Tails) -> None:
        self.open = False
        self._size = 0
        self._tails = tails
        self._search = alternation(anchors).search if anchors else None
        self._overlap = max(map(len, anchors), default=1) - 1
        self._before = b""

    def take(self, part: bytes) -> None:
        self.open = True
        self._size += len(part)
        if self._search is not None and not self._tails.anchored:
            window = self._before + part
            self._tails.anchored = bool(self._search(window))
            self._before = window[len(window) - self._overlap :] if self._overlap else b""

    def close(self) -> bytes:
        """Return the marker that ends the line."""
        marker = shortened(self._size)
        self._tails.bytes += self._size
        self.open, self._size, self._before = False, 0, b""
        return marker


def _capped(block: bytes, lost: _Lost) -> bytes:
    """Shorten over-long lines within a block. Most blocks have none: each window of half a line has a line end."""
    windows = range(0, len(block) - _WINDOW, _WINDOW)
    if all(block.find(b"\n", at, at + _WINDOW) >= 0 for at in windows):
        return block
    lines = block.split(b"\n")
    for index, line in enumerate(lines):
        if len(line) > LINE_CAP + 100 or (len(line) > LINE_CAP and not line.endswith(b" bytes]")):
            lost.take(line[LINE_CAP:])
            lines[index] = line[:LINE_CAP] + lost.close()
    return b"\n".join(lines)
