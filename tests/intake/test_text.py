"""Encodings, line ends, colours and holes of text files change no line number."""

from __future__ import annotations

import codecs
from collections.abc import Callable

import pytest

from runbookctl.forms.lines import LINE_CAP
from runbookctl.intake import Piece

Take = Callable[[bytes | str], list[Piece]]
TEXT = "[    1.000000] first\n[    2.000000] NVRM: Xid (PCI:0000:3b:00): 79, größer\n"


@pytest.mark.parametrize(
    "body",
    [
        TEXT.encode(),
        codecs.BOM_UTF8 + TEXT.encode(),
        TEXT.encode("utf-16"),
        codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
        TEXT.encode("utf-16-le"),
        TEXT.replace("\n", "\r\n").encode(),
        TEXT.replace("NVRM", "\x1b[01;31m\x1b[KNV\x1b[m\x1b[KRM").encode(),
        TEXT.replace("first", "fi\x1b]0;title\x07rst\x1b(B").encode(),
        b"\x00" * 3000 + TEXT.encode(),
        TEXT.replace("first", "fir\x00st").encode(),
    ],
    ids=["plain", "bom", "utf-16", "utf-16-be", "utf-16-no-bom", "crlf", "grep-colours", "osc", "nul-hole", "nul"],
)
def test_every_way_to_save_a_text_gives_the_same_text(take: Take, body: bytes) -> None:
    """Byte order marks, Windows line ends, colours and the NULs of a crash are not part of the text."""
    (piece,) = take(body)
    assert piece.form == "kernel_log"
    assert piece.body.decode() == TEXT


def test_bytes_that_are_no_utf8_are_replaced(take: Take) -> None:
    """One bad byte is one replacement character."""
    (piece,) = take(b"[    1.000000] a\xffb\n")
    assert piece.body.decode() == "[    1.000000] a\ufffdb\n"


def test_an_over_long_line_is_shortened_and_the_next_one_keeps_its_number(take: Take) -> None:
    """A line of a megabyte keeps its beginning and says how much is missing."""
    (piece,) = take(b"[    1.000000] " + b"x" * (1 << 20) + b"\n[    2.000000] NVRM: Xid (PCI:0000:3b:00): 79\n")
    first, second = piece.body.splitlines()
    assert first[LINE_CAP:] == b"[runbookctl: line shortened by %d bytes]" % ((1 << 20) + 15 - LINE_CAP)
    assert second.startswith(b"[    2.0")
    assert piece.shortened is not None
    assert piece.shortened.harmless
    assert not piece.cut


def test_a_shortened_line_that_hides_an_anchor_is_cut(take: Take) -> None:
    """What was left out of the line could have told something."""
    (piece,) = take(b"[    1.000000] " + b"x" * 100_000 + b" NVRM: Xid (PCI:0000:3b:00): 79\n[    2.000000] y\n")
    assert piece.cut
    assert piece.shortened is not None
    assert not piece.shortened.harmless


def test_an_empty_file_and_one_of_blank_lines_are_empty(take: Take) -> None:
    """Nothing was said."""
    assert [piece.form for body in (b"", b"\n \n\t\n", codecs.BOM_UTF8) for piece in take(body)] == ["empty"] * 3
