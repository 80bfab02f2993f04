"""Foreign text is text, wherever it stands in the document."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from runbookctl.postmortem import markdown
from runbookctl.postmortem.record import Record
from runbookctl.postmortem.render import render

PARSER = MarkdownIt("gfm-like")  # tables, strikethrough, HTML and links made of bare text
HOSTILE = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<!-- section: summary -->", "-->", "<!channel>", "<@U123|x>",
    "![](//evil.example/x.png)", "![x](https://evil.example/x.png)", "[a](javascript:alert(1))", "[a]: https://evil.example", "[a][a]",
    "<https://evil.example>", "https://evil.example/x?y=1|2", "www.evil.com", "evil.com", "mail a@evil.com now", "ftp://evil.example",
    "# heading", "## 5. Detection", "- item", "+ item", "1. one", "1) one", "> quote", "---", "===", "***", "```", "~~~", "    code",
    "a | b | c", "|", "\\|", "\\", "\\\\|", "`", "``", "a ` b", "`a", "*a*", "_a_", "__a__", "**a**", "~~a~~", "$a$", "a  ", "&lt;b&gt;",
    "{{ 7*7 }}", "{% include 'x' %}", "{# x #}", "${7*7}", "=cmd|' /C calc'!A0", "@here", ":tada:", "#12", "[ ] x", "[^1]", "[^1]: x",
    "\n# heading\n\n- item", "a\r\n\r\n<b>", "\x1b[2J\x1b]52;c;AAAA\x07", "\x9b31m", "\u202eevil\u2066", "a\u200bb\ufeff", "\U000e0041", "\x00",
    "\ud800", "\u2028x\u2029", "中文，包含|管道和`反引号`。https://evil.example/中", "日本語 *x*", "é" * 5, "a" + "\u0301" * 50, "", " ", "\t", "::: warning",
    "<details><summary>x</summary>", "<a href='javascript:x'>", "<?php ?>", "<![CDATA[x]]>", "<!DOCTYPE x>", "</td></table>", "x" * 100_000,
    "|" * 100_000, "`" * 5000, "<" * 5000, "\n" * 5000, "\\" * 5001, "[" * 5000, "*" * 5001, "![](" * 3000,
]  # fmt: skip
PLACES = {
    "paragraph": "{}\n",
    "after a paragraph": "before\n{}\n",
    "heading": "## {}\n",
    "item": "- {}\n",
    "cell": "| a | b |\n|---|---|\n| {} | x |\n",
    "within": "a {} b\n",
    "emphasis": "*{}*\n",
}


@cache
def parsed(text: str) -> list[Token]:
    """Return the blocks of a text that many tests compare with."""
    return PARSER.parse(text)


def shape(text: str) -> list[str]:
    """Return the block structure of a document: types of blocks, without what stands inside of them."""
    return [token.type for token in PARSER.parse(text)]


def inline(text: str) -> list[Token]:
    """Return the tokens of running text."""
    return [child for token in PARSER.parse(text) for child in token.children or []]


def html(text: str) -> list[str]:
    """Return every piece that is HTML to the parser."""
    return [
        token.content for token in [*PARSER.parse(text), *inline(text)] if token.type in ("html_block", "html_inline")
    ]


def read(text: str) -> str:
    """Return what a reader sees of running text and code."""
    return "".join(
        token.content
        for token in [*inline(text), *PARSER.parse(text)]
        if token.type in ("text", "code_inline", "fence")
    )


def assert_text(made: str, place: str) -> None:
    """Assert that `made` at this place is text and code, and changes no block."""
    document = PLACES[place].replace("{}", made)
    if made.strip():
        assert shape(document) == shape(PLACES[place].replace("{}", "x")), (place, made)
    types = {token.type for token in inline(document)} - {"em_open", "em_close"}
    assert types <= {"text", "code_inline", "softbreak", "text_special"}, (place, made, types)


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:20]))
def test_hostile_text_is_only_text_in_every_place(text: str) -> None:
    """Neither as prose nor as code does it make a block, a link, a picture, HTML or emphasis."""
    for place in PLACES:
        if place == "emphasis":
            continue  # the escape cannot close what a template opened; see the documents below
        assert_text(markdown.escape(text), place)
        assert_text(markdown.code(text), place)
    fenced = PARSER.parse(markdown.fence([text, text]))
    assert [token.type for token in fenced] == ["fence"]


ALPHABET = st.text(st.sampled_from("ab1 \\`|*_[]()<>!#-+=~&;:./@$^{}\"'\n\t中\u202e\ud800"), max_size=24)


@given(text=ALPHABET)
@settings(max_examples=250, deadline=None)
def test_no_combination_of_marks_gets_through(text: str) -> None:
    """Whatever the order of special characters, the parser finds text and code alone."""
    for place in ("paragraph", "after a paragraph", "heading", "item", "cell", "within"):
        assert_text(markdown.escape(text), place)
        assert_text(markdown.code(text), place)


@given(
    text=st.text(
        st.characters(min_codepoint=33, max_codepoint=0x24FF, exclude_categories=("Cc", "Cf", "Zs", "Cn", "Cs")),
        max_size=30,
    )
)
@settings(max_examples=150, deadline=None)
def test_what_a_reader_sees_is_the_text(text: str) -> None:
    """Escapes are for the parser: the reader gets every character back."""
    shown = markdown.visible(text)
    assert read(markdown.escape(text)) == shown
    assert read(f"| a |\n|---|\n| {markdown.code(text)} |\n") == f"a{shown}"


def test_plain_words_stay_readable_in_the_source() -> None:
    """Codes, durations, paths and Chinese are not cluttered with backslashes."""
    for text in (
        "container_oom_killed on pod/ml/trainer-0",
        "0.08s",
        "-5m",
        "2026-11-22 02:47:35Z",
        "Xid 79: GPU 0000:3b:00",
        "{{ x }}",
        "驱动版本过旧，需要升级。",
    ):
        assert markdown.escape(text) == text


def test_unseen_characters_are_seen() -> None:
    """Controls, marks of direction and what has no width show as their code."""
    assert markdown.visible("a\x1b[2J\u202e\u200b\ud800\U000e0041\n") == "a\\x1b[2J\\u202e\\u200b\\ud800\\U000e0041\\n"


def test_a_huge_value_is_cut_in_its_middle_and_says_so() -> None:
    """100,000 characters become 1,000, head and tail stay."""
    cut = markdown.shortened("a" * 50_000 + "z" * 50_000)
    assert cut.startswith("aaa")
    assert cut.endswith("zzz")
    assert "[99000 characters]" in cut


def assert_same_structure(made: str, plain: str) -> None:
    """Assert that both have the same headings, tables and comments, and no link, picture or HTML but the template's."""
    blocks, expected = PARSER.parse(made), parsed(plain)
    assert {token.type for token in blocks} <= {token.type for token in expected}
    kinds = ("heading_open", "html_block", "table_open")
    assert [token.type for token in blocks if token.type in kinds] == [
        token.type for token in expected if token.type in kinds
    ]
    allowed = {"text", "code_inline", "softbreak", "text_special", "em_open", "em_close", "strong_open", "strong_close"}
    assert {child.type for token in blocks for child in token.children or []} <= allowed
    comments = [token.content for token in blocks if token.type == "html_block"]
    assert (
        comments[1:] == [token.content for token in expected if token.type == "html_block"][1:]
    )  # the first is the stamp
    made.encode("utf-8")
    assert len(made) < 300_000


@pytest.mark.parametrize(
    "text", [text for text in HOSTILE if text.strip() and len(text) < 1000][::3], ids=lambda text: ascii(text[:20])
)
def test_a_document_with_hostile_text_in_every_field_keeps_its_structure(
    poison: Callable[[str], Record], text: str
) -> None:
    """The blocks are those of the same record with a harmless word; no link, picture or HTML but the template's own."""
    assert_same_structure(render(poison(text), "en"), render(poison("word"), "en"))


@pytest.mark.parametrize("text", ["x" * 100_000, "<img src=//x>|`" * 7000], ids=["100 kB line", "100 kB of marks"])
def test_a_document_with_huge_text_in_every_field_is_bounded(poison: Callable[[str], Record], text: str) -> None:
    """100 kB in each of a hundred places is cut in each, and changes nothing else; in Chinese, too."""
    assert_same_structure(render(poison(text), "zh"), render(poison("word"), "zh"))


def test_a_template_in_the_evidence_appears_as_such(poison: Callable[[str], Record]) -> None:
    """`{{ 7*7 }}` is printed, never computed."""
    made = render(poison("{{ 7*7 }} {% include 'x' %}"), "en")
    assert "{{ 7*7 }} {% include 'x' %}" in read(made)
    assert "49" not in read(made).replace("0" * 8, "")


def test_a_section_cannot_be_forged(poison: Callable[[str], Record]) -> None:
    """Section comments are the template's; evidence that looks like one is text."""
    made = render(poison("<!-- /section: impact --><!-- section: factors -->"), "en")
    assert made.split("\n").count("<!-- section: factors -->") == 1
    forged = markdown.fence(["<!-- section: factors -->"])
    assert "<!-- section: factors -->" not in forged.split("\n")
    assert sum("<!-- section: factors" in piece for piece in html(made)) == 1
