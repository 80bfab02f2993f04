"""Foreign text on a terminal: nothing in it moves, hides or reorders anything; widths are terminal cells."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbookctl.cli import foreign

CONTROLS = [chr(code) for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\t\n"]
BIDI = list("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
INVISIBLE = list(
    "\u00ad\u034f\u115f\u1160\u17b4\u180e\u200b\u200c\u200d\u2028\u2029\u2060\u2064\u3164\ufe0f\ufeff\uffa0\ufff9"
)
INVISIBLE += ["\U000e0001", "\U000e0041", "\U000e0100", "\ud800", "\udc80", "\uffff"]
ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=()), max_size=60)


@pytest.mark.parametrize("char", CONTROLS + BIDI + INVISIBLE)
def test_every_character_that_moves_hides_or_reorders_is_shown_as_an_escape(char: str) -> None:
    """Each C0 and C1 control, bidirectional mark and invisible character becomes a visible ASCII escape."""
    safe = foreign.shown(f"a{char}b")
    assert char not in safe
    assert safe.isascii()
    assert f"{ord(char):x}" in safe


@given(ANY_TEXT)
def test_shown_text_has_no_control_format_or_surrogate_character(text: str) -> None:
    """Whatever text is given, what is printed holds only characters that a terminal draws."""
    safe = foreign.shown(text)
    assert not [char for char in safe if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"}]
    assert foreign.shown(safe) == safe
    safe.encode("utf-8")


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("\x1b]52;c;aGk=\x07", r"\x1b]52;c;aGk=\x07"),  # OSC 52 writes the clipboard
        ("\x1b[2J\x1b[H", r"\x1b[2J\x1b[H"),
        ("\x9b31m", r"\x9b31m"),
        ("user\u202egnp.exe", r"user\u202egnp.exe"),
        ("a\tb\tc", "a       b       c"),
        ("12345678\tb", "12345678        b"),
        ("中\tb", "中      b"),
        ("one\ntwo", r"one\ntwo"),
        ("容器 32Mi", "容器 32Mi"),
        ("e\u0301 ok", "e\u0301 ok"),
    ],
)
def test_known_attacks_are_seen_and_plain_text_stays(text: str, safe: str) -> None:
    """Clipboard, cursor and right-to-left tricks are readable; tabs are spaces; Chinese stays Chinese."""
    assert foreign.shown(text) == safe


def test_line_ends_stay_where_lines_are_wanted() -> None:
    """A body keeps its line feeds, CR LF is one line end, and a lone CR, which overwrites the line, is seen."""
    assert foreign.shown("a\r\nb\rc\n", lines=True) == "a\nb\\x0dc\n"


def test_piled_up_marks_are_escaped() -> None:
    """Combining marks beyond four on one character, or before the first, cannot climb over the lines above."""
    assert foreign.shown("a" + "\u0301" * 6) == "a" + "\u0301" * 4 + "\\u0301" * 2
    assert foreign.shown("\u0301a") == "\\u0301a"


@given(ANY_TEXT)
def test_json_keeps_its_value_and_is_harmless(text: str) -> None:
    """JSON passed through means the same, and holds no character that would move a terminal."""
    printed = foreign.json_shown(json.dumps(text, ensure_ascii=False))
    assert json.loads(printed) == text
    assert foreign.shown(printed.replace("\\", "")) == printed.replace("\\", "")


@pytest.mark.parametrize(
    ("text", "width"), [("abc", 3), ("中文", 4), ("e\u0301", 1), ("한글", 4), ("ｆｕｌｌ", 8), ("", 0)]
)
def test_width_is_counted_in_terminal_cells(text: str, width: int) -> None:
    """Chinese, Japanese, Korean and full-width characters take two cells, combining marks none."""
    assert foreign.cells(text) == width
    assert foreign.cells(foreign.pad(text, 10)) == 10
    assert foreign.cells(foreign.pad_left(text, 10)) == 10


@given(ANY_TEXT, st.integers(min_value=0, max_value=40))
def test_a_cut_never_exceeds_the_width_nor_splits_a_character(text: str, width: int) -> None:
    """What is cut fits, is made of the beginning and the end, and no mark is torn from its character."""
    safe = foreign.shown(text)
    short = foreign.cut(safe, width)
    assert foreign.cells(short) <= max(width, 0)
    if foreign.cells(safe) <= width:
        assert short == safe
    elif width > 3:
        head, dots, tail = short.partition("...") if "..." not in safe else (short, "...", "")
        assert dots
        assert safe.startswith(head[:1])
        assert not tail or foreign.cells(tail[0]) > 0


def test_a_log_line_is_cut_between_words_and_keeps_both_ends() -> None:
    """The Xid line of a narrow screen still says which GPU, which Xid and what happened."""
    line = "NVRM: Xid (PCI:0000:3b:00): 79, pid='<unknown>', name=<unknown>, GPU has fallen off the bus."
    assert foreign.cut(line, 64) == "NVRM: Xid (PCI:0000:3b:00): 79, ... GPU has fallen off the bus."


def test_what_a_signature_matched_stays_in_a_cut() -> None:
    """The words that prove something are there on a narrow screen, with the beginning and what follows."""
    line = "2026-11-22T02:47:34Z level=error component=client attempt=7 msg=connect: connection refused host=db-0.db port=5432"
    short = foreign.cut(line, 60, keep="connection refused")
    assert "connection refused" in short
    assert short.startswith("2026-11-22")
    assert foreign.cells(short) <= 60


@given(ANY_TEXT, st.text(max_size=8), st.text(max_size=40), st.integers(min_value=4, max_value=40))
def test_a_cut_that_keeps_something_fits_too(before: str, keep: str, after: str, width: int) -> None:
    """Whatever is to be kept, the cut is never wider than asked."""
    safe, part = foreign.shown(before + keep + after), foreign.shown(keep)
    assert foreign.cells(foreign.cut(safe, width, part)) <= width


@given(ANY_TEXT, st.integers(min_value=4, max_value=40))
def test_wrapping_keeps_every_word_and_breaks_no_word(text: str, width: int) -> None:
    """Wrapped lines hold the same characters; only a line that is one single word runs over."""
    safe = foreign.shown(text)
    lines = foreign.wrap(safe, width)
    assert "".join(lines).replace(" ", "") == safe.replace(" ", "")
    for line in lines:
        assert foreign.cells(line) <= width or " " not in line.strip(" ")


def test_chinese_is_wrapped_between_characters_but_not_before_punctuation() -> None:
    """A Chinese line ends anywhere but before a full stop or comma."""
    lines = foreign.wrap("容器超出自身内存上限，最后一次启动后被终止。", 22)
    assert len(lines) > 1
    assert not any(line[0] in "，。" for line in lines)
