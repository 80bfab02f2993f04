"""A long text keeps its head, its tail and what matters between, with the original line numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from hypothesis import given, settings
from hypothesis import strategies as st

from runbookctl.forms.lines import Gap, Line, left_out, numbered
from runbookctl.intake import Piece
from runbookctl.intake.bound import bounded
from runbookctl.intake.piece import _document
from runbookctl.intake.text import Tails, line_blocks

Take = Callable[[bytes | str], list[Piece]]
XID = b"NVRM: Xid (PCI:0000:3b:00): 79, pid=1, GPU has fallen off the bus.\n"


def kernel(count: int, every: int) -> Iterator[bytes]:
    """Yield kernel lines, each `every`-th an Xid."""
    for number in range(1, count + 1):
        text = XID if number % every == 0 else b"usb 1-1: new high-speed USB device number 2 using xhci_hcd" * 3 + b"\n"
        yield b"[%12.6f] %s" % (number, text)


def test_a_long_kernel_log_keeps_every_anchored_line_with_its_number(take: Take) -> None:
    """Of 60,000 lines the 40 Xids are all there, where they were; what is missing is harmless and counted."""
    body = b"".join(kernel(60_000, 1_500))
    (piece,) = take(body)
    found = [line for line in numbered(piece.body, (b"NVRM",)) if isinstance(line, Line)]
    assert [line.number for line in found] == list(range(1_500, 60_001, 1_500))
    assert (piece.whole_lines, piece.cut) == (60_000, False)
    assert piece.shortened is not None
    assert piece.shortened.harmless
    assert piece.shortened.whole_bytes == len(body)
    assert len(piece.body) < 3 << 20
    kept = sum(1 for line in numbered(piece.body) if isinstance(line, Line))
    assert kept + piece.shortened.lines == 60_000


def test_too_many_anchored_lines_are_cut_and_said(take: Take) -> None:
    """A storm of Xids beyond the limit leaves a gap that may hide something."""
    xid = b"[   12.000000] " + XID[:-1] + b" and more" * 50 + b"\n"
    (piece,) = take(xid * 25_000)
    gaps = [line for line in numbered(piece.body) if isinstance(line, Gap)]
    assert piece.cut
    assert piece.why == "too long to keep all of it"
    assert [gap.harmless for gap in gaps] == [False]
    assert len(piece.body) < 12 << 20
    lines = [line for line in numbered(piece.body) if isinstance(line, Line)]
    assert lines[-1].number == 25_000


def test_a_long_text_without_anchors_keeps_both_ends(take: Take) -> None:
    """A pod log of 10 MiB has its first and last lines, and a gap that may hide something."""
    lines = [b"2026-11-22T02:47:34.%09dZ stdout F request %d done in 5 ms\n" % (n, n) for n in range(200_000)]
    (piece,) = take(b"".join(lines))
    assert piece.form == "pod_log"
    assert piece.cut
    assert piece.body.startswith(lines[0])
    assert piece.body.endswith(lines[-1])
    assert [line.harmless for line in numbered(piece.body) if isinstance(line, Gap)] == [False]


def test_a_document_beyond_its_limit_is_kept_in_part() -> None:
    """Of a document without lines to choose from the beginning is kept, and how much is missing is counted."""
    kept = _document(iter([b'{"a":\n', b"[1,\n", b"2]\n}\n"]), 8)
    assert (kept.body, kept.lines, kept.left_bytes, kept.left_lines, kept.harmless) == (b'{"a":\n[1', 4, 7, 3, False)


def test_kernel_lines_are_found_far_inside_a_text_that_nothing_recognises(take: Take) -> None:
    """Ten megabytes of something else do not hide the one Xid in them."""
    other = b"qwertz uiop " * 20 + b"\n"
    found = take(other * 25_000 + b"[   12.000000] " + XID + other * 25_000)
    kernel_log = [piece for piece in found if piece.form == "kernel_log"]
    assert [line.number for line in numbered(kernel_log[0].body) if isinstance(line, Line)] == [25_001]


def test_a_cut_text_given_again_stays_cut(take: Take) -> None:
    """The markers of a stored body count when it is pasted."""
    head, tail = b"".join(kernel(50, 5)), b"".join(kernel(50, 5))
    (again,) = take(head + left_out(1000, 99_000, harmless=False) + b"\n" + tail)
    assert [line for line in numbered(again.body) if isinstance(line, Gap)] == [Gap(1000, harmless=False)]
    last = [line for line in numbered(again.body, (b"NVRM",)) if isinstance(line, Line)][-1]
    assert last.number == 1_100


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.sampled_from([b"NVRM a\n", b"plain\n", b"\n", b"x" * 300_000 + b"\n"]), max_size=40),
    st.integers(1, 999),
)
def test_no_line_is_lost_or_moved(lines: list[bytes], size: int) -> None:
    """However a text is split into chunks and bounded, its anchored lines have their numbers."""
    body = b"".join(lines)
    chunks = (body[at : at + size * 1000] for at in range(0, len(body), size * 1000))
    kept = bounded(line_blocks(chunks, (b"NVRM",), Tails()), (b"NVRM",), cap=100_000)
    expected = [number for number, line in enumerate(lines, 1) if b"NVRM" in line]
    assert [line.number for line in numbered(kept.body, (b"NVRM",)) if isinstance(line, Line)] == expected
    assert kept.lines == len(lines)
    assert kept.harmless
