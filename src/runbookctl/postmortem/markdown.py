r"""Foreign text in a Markdown document: shown as text, never taken for markup, a link, a picture or a template.

Pure. `escape` is for prose and table cells, `code` for one line that is quoted, `fence` for several; all three show
control, bidirectional and invisible characters (`\x1b`, `\u202e`) and cut what is over-long. What looks like an
address becomes code, because renderers make links of bare text after parsing, where a backslash no longer helps.
Source: CommonMark 0.31.2; cmark-gfm extensions/autolink.c; linkify-it (names with a top-level domain).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

import re2

LONGEST = 1000  # characters of one value; the evidence itself is in the journal
_BLANK_LETTERS = frozenset("\u115f\u1160\u3164\uffa0\u2800\u034f\u17b4\u17b5")  # letters and marks that nobody sees
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"})
_MARKS_IN_A_ROW = 4
# A run of what an address is made of: "https://evil.example/x?y", "(see", "lastState.terminated"; Chinese ends it
_RUN = re2.compile(r"[^\s\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}，。；：、（）【】《》“”‘’！？]+")
# What some renderer makes a link, a mention or a picture of: "a://b", "//b", "a@b", "www.a", "evil.com", ":tada:"
_LINKISH = re2.compile(r"(?i)//|@|www\.|[\pL\pN]\.\pL{2}|:[a-z_+-][a-z0-9_+-]*:")
# What makes a block of a line: "# a", "- a", "+", "===", "- - -", "::: a", ": a"; and "12. a", "3)"
_BLOCK = re2.compile(r"#|[-+:](?: |$)|=+$|[- ]+$|:::")
_NUMBERED = re2.compile(r"([0-9]{1,9})([.)](?: .*)?)")
_ALWAYS = str.maketrans({char: f"\\{char}" for char in "\\`*[]<>|~$&"})
_AROUND = "()[]{}<>,.;:!?\"'"


class Markdown(str):
    """Text that is Markdown already: written by a template or by this module."""

    __slots__ = ()


def visible(text: str) -> str:
    r"""Return `text` as one line in which every character is seen: `\x1b[2J`, `\u202e`, a line feed as `\n`."""
    if text.isascii() and text.isprintable():
        return text
    out: list[str] = []
    marks = _MARKS_IN_A_ROW
    for char in text:
        category = unicodedata.category(char)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if char in "\n\r":
            out.append("\\n" if char == "\n" else "\\r")
        elif char == "\t" or (category == "Zs" and char != "\u3000"):
            out.append(" ")
        elif _unseen(char, category) or marks > _MARKS_IN_A_ROW:
            out.append(_code_of(char))
        else:
            out.append(char)
    return "".join(out)


def _unseen(char: str, category: str) -> bool:
    if category in _HIDDEN or char in _BLANK_LETTERS:
        return True
    return category == "Mn" and "VARIATION SELECTOR" in unicodedata.name(char, "")


def _code_of(char: str) -> str:
    number = ord(char)
    if number <= 0xFF:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"


def shortened(text: str, longest: int = LONGEST) -> str:
    """Cut the middle out of text of more than `longest` characters, and say how many went."""
    if len(text) <= longest:
        return text
    half = longest // 2
    return f"{text[:half]} ...[{len(text) - 2 * half} characters]... {text[-half:]}"


def _one_line(value: object) -> str:
    return shortened(visible(shortened(str(value))))


def escape(value: object) -> str:
    r"""Return `value` as Markdown that shows it as text, wherever it stands: a paragraph, a cell, a heading, an item.

    `a|b *c* <b>` becomes `a\|b \*c\* \<b\>`; words that look like an address become code.
    """
    if isinstance(value, Markdown):
        return value
    text = " ".join(word for word in _one_line(value).split(" ") if word)
    out: list[str] = []
    end = 0
    for run in _RUN.finditer(text):
        out.append(_plain(text, end, run.start()))
        out.append(_run(text, run.start(), run.end()))
        end = run.end()
    out.append(_plain(text, end, len(text)))
    return _not_a_block("".join(out))


def _run(text: str, start: int, end: int) -> str:
    """Escape one run: as code when it looks like an address, without the brackets and stops around it."""
    word = text[start:end]
    if _LINKISH.search(word) is None:
        return _plain(text, start, end)
    core = word.strip(_AROUND)
    if _LINKISH.search(core) is None:  # ":tada:" is all in its stops
        core = word
    at = word.index(core)
    return _plain(text, start, start + at) + code(core) + _plain(text, start + at + len(core), end)


def _plain(text: str, start: int, end: int) -> str:
    """Escape text[start:end]; an underscore within a word is none of emphasis and stays readable."""
    piece = text[start:end]
    if "_" not in piece:
        return piece.translate(_ALWAYS)
    out: list[str] = []
    for at, char in enumerate(piece, start):
        inside = 0 < at < len(text) - 1 and text[at - 1].isalnum() and text[at + 1].isalnum()
        out.append("\\_" if char == "_" and not inside else char.translate(_ALWAYS))
    return "".join(out)


def _not_a_block(line: str) -> str:
    """Escape a beginning that would start a heading, a list, a rule or a directive."""
    if line and _BLOCK.match(line) is not None:
        return f"\\{line}"
    match = _NUMBERED.fullmatch(line)
    return f"{match.group(1)}\\{match.group(2)}" if match is not None else line


def code(value: object) -> Markdown:
    r"""Return one line as code. Backticks and pipes stand between the pieces, so it is right in and out of a table."""
    out: list[str] = []
    piece = ""
    for char in [*_one_line(value), ""]:
        if char and char not in "`|":
            piece += char
            continue
        if piece:
            out.append(f"`{piece}`" if piece.strip(" ") else " ")
        if char:
            out.append(f"\\{char}")
        piece = ""
    return Markdown("".join(out))


def fence(lines: Iterable[object]) -> Markdown:
    """Return lines as a block of code that none of them can end, and none of which is a section's comment."""
    shown = [_one_line(line) for line in lines]
    shown = [f" {line}" if line.startswith("<!--") else line for line in shown]
    longest = 0
    for line in shown:
        run = 0
        for char in line:
            run = run + 1 if char == "`" else 0
            longest = max(longest, run)
    mark = "`" * max(3, longest + 1)
    return Markdown("\n".join([f"{mark}text", *shown, mark]))
