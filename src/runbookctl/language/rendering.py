"""Mistakes as a person reads them: file:line:column first, the line, what is meant marked, what to write.

The shape:

runbooks/gpu/xid-ecc.yaml:3:1: unknown key "abuot"; did you mean "about"?
  abuot: Is it the program, the driver, the link or the board?
  ^^^^^
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runbookctl.language.source import Mistake


def render(mistake: Mistake) -> str:
    """Return one mistake as two to four lines without a final newline."""
    lines = [f"{mistake.place}: {seen(mistake.message)}"]
    if mistake.line.strip():
        before = width(mistake.line[: mistake.mark])
        marked = width(mistake.line[mistake.mark : mistake.mark + mistake.length])
        lines += [f"  {seen(mistake.line)}", f"  {' ' * before}{'^' * max(1, marked)}"]
    if mistake.advice:
        lines.append(f"  {seen(mistake.advice)}")
    return "\n".join(lines)


def seen(text: str) -> str:
    r"""Return text in which every character is visible: controls and bidirectional marks become `\x1b`, `\u202e`."""
    if text.isprintable():
        return text
    return "".join(_seen(character) for character in text)


def _seen(character: str) -> str:
    if character.isprintable() or unicodedata.category(character) == "Zs":
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def width(text: str) -> int:
    """Return the terminal cells of text as `seen` prints it: wide characters take two, combining ones none."""
    cells = 0
    for character in seen(text):
        if unicodedata.combining(character):
            continue
        cells += 2 if unicodedata.east_asian_width(character) in "WF" else 1
    return cells
