"""The members of a gzipped tar, one after another, with every limit checked before memory is spent.

Pure: reads the stream it is given. Only what `bundle.export` writes is taken: gzip with one member, plain files in
POSIX ustar (or old GNU) headers. Links, devices, long names, PAX and sparse records are refused at their header.
Source: POSIX.1-2017 pax, "ustar Interchange Format"; RFC 1952.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import BinaryIO

import re2
from msgspec import Struct

from runbookctl.errors import InputError

MOST_BYTES = 256 << 20  # after decompression
MOST_MEMBERS = 20_000
MOST_MEMBER = 68 << 20  # bytes of one member: the largest body that a form allows, and its markers
MOST_MANIFEST = 16 << 20
_RATIO, _RATIO_FROM = 400, 64 << 20  # beyond so many bytes, at most so many times what was read
_BLOCK = 512
_CHUNK = 64 << 10

# manifest.json      events.jsonl      bodies/5d2e...(64)
_NAME = re2.compile(r"manifest\.json|events\.jsonl|bodies/[0-9a-f]{64}")


class Member(Struct, frozen=True):
    """One plain file."""

    name: str
    body: bytes


def members(stream: BinaryIO) -> Iterator[Member]:
    """Yield the members. Raises InputError for whatever a bundle does not hold."""
    plain = _Plain(stream)
    seen: set[str] = set()
    while (header := plain.read(_BLOCK)) != bytes(_BLOCK):
        if len(header) < _BLOCK:
            raise InputError("the bundle is cut short")
        name, size = _header(header)
        if name.lower() in seen:
            raise InputError(f"the bundle holds {name} twice")
        seen.add(name.lower())
        if len(seen) > MOST_MEMBERS:
            raise InputError(f"the bundle holds more than {MOST_MEMBERS:,} members")
        body = plain.read(size)
        padding = plain.read(-size % _BLOCK)
        if len(body) < size or len(padding) < -size % _BLOCK:
            raise InputError("the bundle is cut short")
        yield Member(name, body)
    while rest := plain.read(_CHUNK):
        if rest.strip(b"\0"):
            raise InputError("the bundle goes on after its end")


def _header(header: bytes) -> tuple[str, int]:
    """Return name and size of a plain file. Refuses every other kind of member."""
    shown = header[:100].rstrip(b"\0").decode("ascii", "backslashreplace")[:80]
    if header[257:262] != b"ustar" or not _checksum_holds(header):
        raise InputError("this is not a bundle of runbookctl: there is no tar header where one must be")
    if header[156:157] not in (b"0", b"\0"):
        raise InputError(f"the bundle holds something other than plain files: {shown!r}")
    name = header[:100].split(b"\0")[0].decode("ascii", "backslashreplace")
    if header[345:500].strip(b"\0") or header[157:257].strip(b"\0") or not _NAME.fullmatch(name):
        raise InputError(f"the bundle holds a member that no bundle has: {shown!r}")
    size = _octal(header[124:136])
    most = MOST_MANIFEST if name == "manifest.json" else MOST_MEMBER
    if size > most:
        raise InputError(f"{name} in the bundle is larger than {most >> 20} MiB")
    return name, size


def _checksum_holds(header: bytes) -> bool:
    own = header[148:156]
    return sum(header) - sum(own) + 8 * 32 == _octal(own)


def _octal(field: bytes) -> int:
    digits = field.strip(b" \0")
    if not digits or digits.strip(b"01234567"):
        raise InputError("the bundle has a damaged tar header")
    return int(digits, 8)


class _Plain:
    """The decompressed stream, capped."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._inflate = zlib.decompressobj(wbits=31)  # gzip
        self._rest = b""  # read, not yet decompressed
        self._read = 0
        self._total = 0

    def read(self, size: int) -> bytes:
        """Return `size` bytes, fewer at the end."""
        parts: list[bytes] = []
        while size > 0:
            piece = self._piece(min(size, _CHUNK))
            if not piece:
                break
            parts.append(piece)
            size -= len(piece)
        return b"".join(parts)

    def _piece(self, most: int) -> bytes:
        while True:
            if self._inflate.eof:
                self._must_end()
                return b""
            source = self._rest or self._stream.read(_CHUNK)
            self._read += 0 if self._rest else len(source)
            try:
                piece = self._inflate.decompress(source, most)
            except zlib.error:
                raise InputError("this is not a bundle of runbookctl: it is not in gzip form, or damaged") from None
            self._rest = self._inflate.unconsumed_tail
            self._total += len(piece)
            if self._total > MOST_BYTES or (self._total > _RATIO_FROM and self._total > _RATIO * self._read):
                raise InputError("the bundle grows beyond all measure when it is unpacked; it was not read on")
            if piece:
                return piece
            if not source and not self._inflate.eof:
                raise InputError("the bundle is cut short")

    def _must_end(self) -> None:
        if self._inflate.unused_data or self._stream.read(1):
            raise InputError("the bundle goes on after its end")
