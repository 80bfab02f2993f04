"""Bounded text: what is kept, what is said of the rest."""

from __future__ import annotations

import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbookctl.connectors import bounded
from runbookctl.connectors.bounded import LINE_CAP, Capture
from runbookctl.forms import lines
from runbookctl.model import Shortening


def captured(text: bytes, size: int = 7919, **how: object) -> tuple[bytes, Shortening | None]:
    """Feed a text in chunks of `size` bytes."""
    capture = Capture(**how)  # type: ignore[arg-type]
    for at in range(0, len(text), size):
        capture.feed(text[at : at + size])
    return capture.finish()


@pytest.mark.parametrize("text", [b"", b"\n", b"one", b"one\ntwo\n", b"\xff\x00\x1b[2J\r\n" * 50])
def test_a_short_text_is_kept_as_it_is(text: bytes) -> None:
    """E2: invalid UTF-8, NUL and escapes are stored without loss."""
    assert captured(text, size=3) == (text, None)


@given(st.lists(st.integers(0, 40_000), max_size=12), st.integers(1, 70_000))
def test_nothing_is_lost_without_being_counted(lengths: list[int], size: int) -> None:
    """Whatever the lines and the chunks are, kept bytes and left-out bytes are all there were."""
    text = b"\n".join(b"x" * length for length in lengths)
    body, shortening = captured(text, size)
    marks = sum(len(bounded.line_shortened(length - LINE_CAP)) for length in lengths if length > LINE_CAP)
    left = shortening.bytes if shortening else 0
    assert len(body) - marks + left == len(text)
    assert body.count(b"\n") == text.count(b"\n")


def test_the_middle_of_a_long_text_is_left_out_and_said() -> None:
    """First and last lines stay, and the marker counts exactly the lines between them."""
    text = b"".join(b"line %06d of a log\n" % number for number in range(200_000))
    body, shortening = captured(text, limit=400_000)
    assert shortening is not None
    assert not shortening.harmless
    assert len(body) < 600_000
    numbers = list(lines.numbered(body))
    gaps = [line for line in numbers if isinstance(line, lines.Gap)]
    assert gaps == [lines.Gap(shortening.lines, harmless=False)]
    for line in numbers:
        if isinstance(line, lines.Line):
            assert line.text == f"line {line.number - 1:06d} of a log"
    assert isinstance(numbers[-1], lines.Line)
    assert numbers[-1].number == 200_000
    assert shortening.whole_bytes == len(text)


def test_lines_of_interest_stay_when_there_are_anchors() -> None:
    """A line in the middle that a reader looks for is kept, with its number, and the gaps are harmless."""
    rows = [b"line %06d of a log\n" % number for number in range(200_000)]
    rows[100_000] = b"NVRM: Xid (PCI:0000:3b:00): 79, GPU has fallen off the bus.\n"
    body, shortening = captured(b"".join(rows), limit=400_000, anchors=(b"NVRM: Xid",))
    assert shortening is not None
    assert shortening.harmless
    found = [line for line in lines.numbered(body, (b"NVRM: Xid",)) if isinstance(line, lines.Line)]
    assert [line.number for line in found] == [100_001]


def test_too_many_lines_of_interest_are_no_longer_harmless() -> None:
    """When even the anchored lines do not fit, the text says that something may be missing."""
    text = b"NVRM: Xid flood of lines\n" * 300_000
    body, shortening = captured(text, limit=400_000, anchors=(b"NVRM: Xid",))
    assert shortening is not None
    assert not shortening.harmless
    assert len(body) < 700_000
    assert lines.Gap(shortening.lines, harmless=False) in list(lines.numbered(body))


def test_an_endless_line_is_shortened() -> None:
    """What was left out of one line is said at its end, and the next line is whole."""
    body, shortening = captured(b"a" * 100_000 + b"\nnext\n")
    assert body == b"a" * LINE_CAP + bounded.line_shortened(100_000 - LINE_CAP) + b"\nnext\n"
    assert shortening == Shortening(
        bytes=100_000 - LINE_CAP, lines=0, whole_bytes=100_006, whole_sha256="", harmless=False
    )


def test_the_hash_of_the_whole_is_keyed() -> None:
    """S9: a plain hash of what was cut would give a short secret back."""
    text = b"secret\n" * 100_000
    _, shortening = captured(text, limit=100_000, key=b"journal key")
    assert shortening is not None
    assert shortening.whole_sha256 == hmac.new(b"journal key", text, hashlib.sha256).hexdigest()


def test_markers_are_those_that_readers_know() -> None:
    """Connectors write the markers that forms read; neither imports the other."""
    assert bounded.left_out(3, 40, harmless=True).rstrip(b"\n") == lines.left_out(3, 40, harmless=True)
    assert bounded.left_out(3, 40, harmless=False).rstrip(b"\n") == lines.left_out(3, 40, harmless=False)
    assert bounded.line_shortened(5) == lines.shortened(5)
    assert bounded.LINE_CAP == lines.LINE_CAP
