"""Lines keep the numbers they have in the text as it was given."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbookctl.forms.lines import Gap, Line, gap, left_out, numbered


def test_lines_are_numbered_from_one_and_lose_both_kinds_of_line_end() -> None:
    """Unix and Windows line ends go, empty lines count, a last line without an end counts."""
    assert list(numbered(b"a\r\n\nb\nlast")) == [Line(1, "a"), Line(2, ""), Line(3, "b"), Line(4, "last")]


def test_a_marker_advances_the_number_by_what_it_stands_for() -> None:
    """The line after a marker for ten lines has the number it had in the file."""
    body = b"one\n" + left_out(10, 98765, harmless=True) + b"\ntwelve\n"
    assert list(numbered(body)) == [Line(1, "one"), Gap(10, harmless=True), Line(12, "twelve")]


def test_only_lines_with_an_anchor_are_told_and_every_gap_is() -> None:
    """Anchors select lines, never numbers, and a gap that may hide something is always told."""
    body = b"x\nNVRM: a\n" + left_out(3, 9, harmless=False) + b"\ny\noom b NVRM\nz"
    assert list(numbered(body, (b"NVRM", b"oom"))) == [
        Line(2, "NVRM: a"),
        Gap(3, harmless=False),
        Line(7, "oom b NVRM"),
    ]


def test_an_anchor_is_found_in_the_last_line_without_a_line_end() -> None:
    """The end of the body is the end of a line."""
    assert list(numbered(b"a\nNVRM", (b"NVRM",))) == [Line(2, "NVRM")]


def test_invalid_utf8_becomes_replacement_characters_and_keeps_its_line() -> None:
    """Bytes that are no text never move a line."""
    assert list(numbered(b"\xff\xfe\nb\n")) == [Line(1, "\ufffd\ufffd"), Line(2, "b")]


@pytest.mark.parametrize(
    "line",
    [
        b"[runbookctl: many lines (1 bytes) left out]",
        b" [runbookctl: 1 lines (1 bytes) left out]",
        b"[runbookctl: ",
        b"",
    ],
)
def test_what_is_not_exactly_a_marker_is_an_ordinary_line(line: bytes) -> None:
    """A line that resembles a marker is text."""
    assert gap(line) is None


def test_a_marker_can_be_read_back() -> None:
    """What is written is what is read."""
    assert gap(left_out(7, 70, harmless=True)) == Gap(7, harmless=True)
    assert gap(left_out(7, 70, harmless=False)) == Gap(7, harmless=False)


@given(st.lists(st.sampled_from([b"NVRM x", b"plain", b"", b"oom NVRM", left_out(4, 5, harmless=True)])))
def test_anchored_lines_are_the_same_lines_with_the_same_numbers(lines: list[bytes]) -> None:
    """The fast way finds what the slow way finds."""
    body = b"\n".join(lines)
    slow = [line for line in numbered(body) if isinstance(line, Gap) or "NVRM" in line.text]
    assert list(numbered(body, (b"NVRM",))) == slow
