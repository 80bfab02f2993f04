"""YAML is read as text, and what is more than text is refused with its place."""

from __future__ import annotations

import sys
import time
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from small_probes import marked, place_of

from runbookctl.language import yaml_text
from runbookctl.language.rendering import render, width
from runbookctl.language.source import WIDEST, Keyed, Listed, Node, Scalar
from runbookctl.language.yaml_text import Read


def read(text: str, *, foreign: bool = False) -> Read:
    """Read a text as a file of that name."""
    return yaml_text.read(text.encode(), "x.yaml", foreign=foreign)


def plain(node: Node | None) -> Any:
    """Return nodes as the lists, mappings and texts that they are."""
    match node:
        case Scalar():
            return node.text
        case Listed():
            return [plain(each) for each in node.items]
        case Keyed():
            return {entry.key.text: plain(entry.value) for entry in node.entries}
    return None


def test_scalars_are_the_characters_of_the_file() -> None:
    """What other readers turn into numbers, truths and dates stays text."""
    text = "[550.10, NO, on, 12:30, 010, 0x10, 1e3, ~, null, 2026-11-22, .inf, '', é]"
    assert plain(read(text).root) == text.strip("[]").replace("''", "").split(", ")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\n«a»: 2", '"a" stands here twice; first in line 1'),
        ("a: «&»x 1", 'an anchor ("&x"); write each value where it is needed'),
        ("a: «*x»", 'an alias ("*x"); write the value out'),
        ("a: «!»!python/object:os.system x", "a tag; every value is text until its key says what it is"),
        ("a: «!»!str 1", "a tag; every value is text until its key says what it is"),
        ("«<<»: {b: 1}", 'a merge key ("<<"); write the keys out'),
        ("? «[»a]\n: b", "a key is one word"),
        ("a: 1\n«---»\nb: 2", "a second document; one file holds one"),
        ("a:\n«\t»b: 1", "a tab"),
        ("a: b «\u202e»c", "character U+202E cannot be seen"),
        ("a: b «\u200b»c", "character U+200B cannot be seen"),
        ("a: b «\x00»c", "character U+0000 cannot be seen"),
        ("a: b «\x1b»[2J", "character U+001B cannot be seen"),
        ("a: b«\x85»c", "character U+0085 cannot be seen"),
        ("a: b«\u2028»c", "character U+2028 cannot be seen"),
        ("a: b «\r»c\n", "character U+000D cannot be seen"),
        ("a: [1«»", "this is not YAML: did not find expected ',' or ']'"),
        ("", "the file is empty"),
        ("# nothing", "the file is empty"),
    ],
)
def test_what_is_more_than_text_is_refused_at_its_place(text: str, message: str) -> None:
    """Each refusal names the place."""
    text, place = marked(text)
    found = read(text).mistakes
    assert [each.message for each in found] == [message]
    if place[2]:
        assert place_of(found[0]) == place


def test_refusals_of_one_file_are_told_at_once() -> None:
    """Anchors, aliases and tags in one file are all told."""
    assert len(read("a: &x 1\nb: *x\nc: !t 2\nd: 3\nd: 4\n").mistakes) == 4


def test_bytes_that_are_no_utf8_are_refused_at_their_place() -> None:
    """Line and column count characters, also after wide ones."""
    found = yaml_text.read("a: 1\nb: é显".encode() + b"\xff", "x.yaml").mistakes
    assert [(str(each.place), each.message) for each in found] == [("x.yaml:2:6", "byte 0xff is not UTF-8")]
    assert yaml_text.read("a: 1".encode("utf-16"), "x.yaml").mistakes


def test_a_byte_order_mark_and_windows_lines_change_no_place() -> None:
    """Editors on Windows write both."""
    found = yaml_text.read(b"\xef\xbb\xbfa: 1\r\nb: 2\r\nb: 3\r\n", "x.yaml")
    assert [(str(each.place), each.line) for each in found.mistakes] == [("x.yaml:3:1", "b: 3")]


@pytest.mark.parametrize(
    "text",
    ["[" * 10_000, "{a: " * 10_000, "- " * 10_000, "[" * 900_000, "a:\n" + "".join(" " * n + "a:\n" for n in range(1, 900)),
     "{" * 500_000, "[{" * 100_000, "? " * 10_000, "- [" * 3000, "'" * 299_999, "a: |\n" + " x\n" * 200_000,
     "[" + "a," * 400_000, "- a\n" * 200_000, "&a [" * 5000],
)  # fmt: skip
def test_a_hostile_file_costs_no_more_than_its_length(text: str) -> None:
    """Deep nesting and a million values end in seconds at most, without a crash."""
    began = time.monotonic()
    found = yaml_text.read(text.encode(), "x.yaml")
    assert time.monotonic() - began < 5
    assert found.mistakes or text.startswith("a: |")


def test_an_alias_bomb_is_refused_before_it_grows() -> None:
    """Nine aliases in nine lists are refused where the first one stands."""
    text = "a: &a [x,x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)},*{chr(97 + n)}]\n" for n in range(20)
    )
    found = read(text)
    assert found.root is None
    assert str(found.mistakes[0].place) == "x.yaml:1:4"


def test_too_large_a_file_is_refused_unread() -> None:
    """More than 1 MiB is one mistake."""
    found = yaml_text.read(b"a: " + b"x" * (1 << 20), "x.yaml")
    assert [each.message for each in found.mistakes] == ["the file has more than 1 MiB"]


def test_nesting_ends_at_forty_levels() -> None:
    """Forty are read, one more is refused."""
    assert not read("[" * 40 + "]" * 40).mistakes
    assert [each.message for each in read("[" * 41 + "]" * 41).mistakes] == ["nested more than 40 levels deep"]


def test_evidence_inside_a_test_file_may_hold_tabs_and_marks() -> None:
    """Pasted text is foreign: its tabs and bidirectional marks stay, its control characters are refused."""
    assert plain(read("text: |\n  a\tb \u202e\n", foreign=True).root) == {"text": "a\tb \u202e\n"}
    assert read("text: |\n  a\x1b[2J\n", foreign=True).mistakes


def test_without_the_c_library_the_same_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """PyYAML built without libyaml gives the same nodes and places."""
    text = "a: [1, é, \"q\\n\"]\nb:\n  - {c: 'd''e'}\n  - |\n    x\n    y\n# end\n"
    fast = read(text)
    monkeypatch.delattr(yaml, "CSafeLoader")
    assert read(text) == Read(fast.source, fast.root, ()) or read(text).root == fast.root
    assert read("a: [1").mistakes


_WORDS = st.text(alphabet="ab é显\"'\\:#", min_size=1, max_size=12)


@settings(max_examples=300, deadline=None)
@given(words=st.lists(_WORDS, min_size=1, max_size=8), style=st.sampled_from(["'", '"', "|", ">", None]))
def test_every_character_of_a_text_is_found_in_the_file(words: list[str], style: str | None) -> None:
    """Whatever the style and however YAML folds, a character that is no blank is mapped to itself in the file."""
    text = yaml.dump({"k": " ".join(words)}, default_style=style, allow_unicode=True, width=20)
    found = read(text)
    if not isinstance(found.root, Keyed) or not isinstance(found.root.entries[0].value, Scalar):
        return
    scalar = found.root.entries[0].value
    for offset, character in enumerate(scalar.text):
        if character in "ab显é:#":
            index = found.source.index_of(scalar, offset)
            assert text[index] == character


@settings(max_examples=400, deadline=None)
@given(
    body=st.one_of(
        st.binary(max_size=200), st.text(alphabet="a:-[]{}&*!|>'\"#%@` \n\t,?<~é\x00", max_size=80).map(str.encode)
    )
)
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    """No bytes end in anything but nodes or mistakes, and every mistake can be shown."""
    found = yaml_text.read(body, "x.yaml")
    assert (found.root is not None) or found.mistakes
    for mistake in found.mistakes:
        assert mistake.place.line >= 1
        assert mistake.place.column >= 1
        shown = render(mistake)
        assert shown.replace("\n", "").isprintable() or "\u3000" in shown or "\xa0" in shown


def test_a_long_line_is_cut_around_what_is_marked() -> None:
    """A mistake at column 5,000 is shown with what stands before and after it."""
    text = "k: " + "x" * 5000 + " &y\n" + "a: 1\na: 2\n"
    assert read(text).mistakes
    found = read("[" + "x, " * 2000 + "*alias, " + "y, " * 2000 + "]").mistakes[0]
    assert found.line[found.mark : found.mark + found.length] == "*alias"
    assert len(found.line) <= WIDEST
    assert found.line.startswith("...")


def test_widths_are_terminal_cells() -> None:
    """Wide characters take two cells, combining ones none, invisible ones as many as their escape."""
    assert (width("ab"), width("显卡"), width("e\u0301"), width("\x1b")) == (2, 4, 1, 4)


def test_reading_needs_no_recursion() -> None:
    """The depth of the interpreter's stack does not matter."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(200)
    try:
        assert not read("[" * 40 + "]" * 40).mistakes
    finally:
        sys.setrecursionlimit(limit)
