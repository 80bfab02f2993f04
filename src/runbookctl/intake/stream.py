"""A stream of bytes out of a file of any kind: unpacked, within limits, and told apart from what is no text.

Bounded: no call keeps more than a few chunks; a packed stream is stopped by size and ratio before it fills anything.
"""

from __future__ import annotations

import bz2
import hashlib
import hmac
import lzma
import zlib
from collections.abc import Iterator
from typing import BinaryIO, Protocol

from msgspec import Struct

from runbookctl.forms.documents import UnreadableError

CHUNK = 1 << 20
HEAD = 64 << 10
"""Bytes of a text by which its form is recognised."""
_LARGEST = 16 << 30  # unpacked bytes that are read of one packed file
_BOMB_SIZE = 128 << 20  # from here on the ratio counts
_BOMB_RATIO = 200  # logs are packed 5 to 50 times; a bomb 1,000 times and more
_NESTED = 2  # packed within packed
_XZ_MEMORY = 96 << 20


class Notes(Struct):
    """What was seen while a stream was read."""

    size: int = 0  # bytes, unpacked
    cut: str = ""  # why the stream ended before its end
    digest: str = ""  # keyed hash of all bytes, empty without a key


class _Unpacker(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def unpack(self, packed: bytes) -> bytes: ...
    def waiting(self) -> bool: ...


class _Gzip:
    def __init__(self) -> None:
        self._object = zlib.decompressobj(wbits=31)

    @property
    def eof(self) -> bool:
        return self._object.eof

    @property
    def unused_data(self) -> bytes:
        return self._object.unused_data

    def unpack(self, packed: bytes) -> bytes:
        return self._object.decompress(self._object.unconsumed_tail + packed, CHUNK)

    def waiting(self) -> bool:
        return bool(self._object.unconsumed_tail)


class _Other:
    def __init__(self, unpacker: bz2.BZ2Decompressor | lzma.LZMADecompressor) -> None:
        self._object = unpacker

    @property
    def eof(self) -> bool:
        return self._object.eof

    @property
    def unused_data(self) -> bytes:
        return self._object.unused_data

    def unpack(self, packed: bytes) -> bytes:
        return self._object.decompress(packed, CHUNK)

    def waiting(self) -> bool:
        return not self._object.eof and not self._object.needs_input


def _unpacker(start: bytes) -> _Unpacker | None:
    if start.startswith(b"\x1f\x8b\x08"):
        return _Gzip()
    if start.startswith(b"BZh") and start[4:10] == b"1AY&SY":
        return _Other(bz2.BZ2Decompressor())
    if start.startswith(b"\xfd7zXZ\x00"):
        return _Other(lzma.LZMADecompressor(memlimit=_XZ_MEMORY))
    return None


def read(stream: BinaryIO, notes: Notes, key: bytes | None = None) -> Iterator[bytes]:
    """Yield the unpacked chunks of a stream, at least HEAD bytes in the first one when there are that many.

    Fills `notes` on the way; its `digest` is complete after the last chunk. OSError passes through.
    """
    chunks = _raw(stream)
    for _ in range(_NESTED):
        chunks, packed = _unpacked(_gathered(chunks), notes)
        if not packed:
            break
    digest = hmac.new(key, digestmod=hashlib.sha256) if key else None
    for chunk in _gathered(chunks):
        notes.size += len(chunk)
        if digest:
            digest.update(chunk)
        yield chunk
    if digest:
        notes.digest = digest.hexdigest()


def _raw(stream: BinaryIO) -> Iterator[bytes]:
    while chunk := stream.read(CHUNK):
        yield chunk


def _gathered(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Join the first chunks until there is enough to recognise the text (pipes give small ones)."""
    first = b""
    for chunk in chunks:
        first += chunk
        if len(first) >= HEAD:
            break
    if first:
        yield first
    yield from chunks


def _unpacked(chunks: Iterator[bytes], notes: Notes) -> tuple[Iterator[bytes], bool]:
    first = next(chunks, b"")
    packed = _unpacker(first) is not None
    again = _chain(first, chunks)
    return (_unpack(again, notes) if packed else again), packed


def _chain(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from rest


def _unpack(chunks: Iterator[bytes], notes: Notes) -> Iterator[bytes]:
    """Yield the content of all members; on damage and on a bomb what came before, with `notes.cut`."""
    unpacker: _Unpacker | None = None
    taken = given = 0
    for chunk in chunks:
        taken += len(chunk)
        packed = chunk
        while packed or (unpacker is not None and unpacker.waiting()):
            if unpacker is None:
                unpacker = _unpacker(packed)
                if unpacker is None:
                    return  # zero padding or other things after the last member, which gunzip ignores too
            try:
                out = unpacker.unpack(packed)
            except (zlib.error, OSError, lzma.LZMAError, EOFError, ValueError):
                notes.cut = "the packed file is damaged from here on"
                return
            given += len(out)
            if out:
                yield out
            if given > _LARGEST or (given > _BOMB_SIZE and given > taken * _BOMB_RATIO):
                notes.cut = f"unpacked to more than {given >> 20:,} MiB: not read further"
                return
            packed = unpacker.unused_data if unpacker.eof else b""
            unpacker = None if unpacker.eof else unpacker
    if unpacker is not None:
        notes.cut = "the packed file ends early"


# --- what is no text -------------------------------------------------------------------------------------------------

_MAGIC = (
    (b"\x7fELF", "a program or core dump, not text"),
    (b"PK\x03\x04", "a zip archive: unpack it first (unzip)"),
    (b"\x28\xb5\x2f\xfd", "packed with zstd: unpack it first (zstd -dc FILE)"),
    (b"\x1f\x8b", "packed more than twice"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive: unpack it first"),
    (b"LPKSHHRH", "a systemd journal: journalctl --file FILE -k -o short-iso"),
    (b"SQLite format 3\x00", "an SQLite database, not text"),
    (b"\x89PNG", "an image: paste the text instead"),
    (b"\xff\xd8\xff", "an image: paste the text instead"),
    (b"%PDF-", "a PDF document: paste the text instead"),
    (b"GIF8", "an image: paste the text instead"),
    (b"OggS", "sound or film, not text"),
    (b"makedumpfile", "a crash dump: its kernel log is what is needed (crash, log)"),
    (b"KDUMP", "a crash dump: its kernel log is what is needed (crash, log)"),
)
_TEXT_CONTROLS = b"\t\n\r\x0b\x0c\x08\x1b\x07"
_CONTROLS = bytes(byte for byte in range(32) if byte not in _TEXT_CONTROLS) + b"\x7f"


def refuse(head: bytes) -> None:
    """Raise UnreadableError, with what to do, when a text begins like an archive, a program or noise.

    NUL bytes alone are no reason: a log file often holds a run of them where the machine lost power.
    """
    for magic, why in _MAGIC:
        if head.startswith(magic):
            raise UnreadableError(why)
    if head[257:262] == b"ustar":
        raise UnreadableError("a tar archive: unpack it and give the folder")
    seen = head.translate(None, b"\x00")
    if not seen and head:
        raise UnreadableError("nothing but NUL bytes")
    controls = len(seen) - len(seen.translate(None, _CONTROLS))
    if controls * 20 > len(seen):
        raise UnreadableError("binary, not text")


def is_bundle(head: bytes) -> bool:
    """Tell a run's bundle: a tar whose first file is the manifest that names its own schema."""
    if head[257:262] != b"ustar":
        return False
    name = head[:100].split(b"\x00", 1)[0]
    return name.rpartition(b"/")[2] == b"manifest.json" and b"runbookctl/bundle" in head[512 : 512 + 4096]
