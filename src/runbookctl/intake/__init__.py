"""Whatever a person gives, turned into pieces of one form each: files, folders, packed logs, pastes.

Reads only the named files and standard input, within fixed memory. Nothing is redacted here: the journal does that
before it stores a piece, and readers see only what is stored.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import BinaryIO

from runbookctl.forms.documents import UnreadableError
from runbookctl.intake.piece import Piece, Text, unreadable
from runbookctl.intake.recognition import recognise
from runbookctl.intake.sources import Source, find_sources
from runbookctl.intake.stream import HEAD, Notes, is_bundle, read, refuse
from runbookctl.intake.text import plain, utf8

__all__ = ["BUNDLE", "Piece", "pieces"]

BUNDLE = "bundle"


def pieces(paths: Sequence[str], stdin: BinaryIO | None, key: bytes | None = None) -> Iterator[Piece]:
    """Yield the pieces of files, folders, `-` and pipes, in the order given.

    `key` keys the hash of what is shortened (threat model S9); without one there is no hash. Raises InputError that
    lists all paths that cannot be read; a file inside a folder that cannot be read becomes a piece with an `error`.
    """
    for source in find_sources(paths, stdin):
        yield from _of(source, stdin, key)


def _of(source: Source, stdin: BinaryIO | None, key: bytes | None) -> Iterator[Piece]:
    if source.problem:
        yield unreadable(source.name, source.problem)
        return
    try:
        stream = source.open(stdin)
        try:
            yield from _read(source, stream, key)
        finally:
            if source.path is not None:
                stream.close()
    except OSError as error:
        yield unreadable(source.name, (error.strerror or "cannot be read").lower())


def _read(source: Source, stream: BinaryIO, key: bytes | None) -> Iterator[Piece]:
    name, notes = source.name, Notes()
    chunks = utf8(read(stream, notes, key))
    first = next(chunks, b"")
    if is_bundle(first):
        is_file = source.path is not None
        yield (
            Piece(source=name, form=BUNDLE, label="bundle")
            if is_file
            else unreadable(name, "a bundle: give it as a file")
        )
        return
    try:
        refuse(first[:HEAD])
    except UnreadableError as error:
        yield unreadable(name, str(error))
        return
    head = plain(first[:HEAD].translate(None, b"\x00")).decode("utf-8", "replace")
    match = recognise(head, name)
    text = Text(name, match, notes)
    text.take(_with(first, chunks))
    yield from text.pieces()


def _with(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from rest
