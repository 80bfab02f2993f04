"""Foreign text on a terminal: `shown` makes it harmless, the rest measures, cuts, pads and wraps it in cells.

Pure: text in, text out. Every evidence text, on a terminal and in a pipe, goes through `shown` (threat model S18):
`rich` does not protect, its `Text` passes OSC 52 (clipboard), C1 controls and bidirectional marks as they are.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

TAB = 8
"""Cells between two tab stops."""
_DOTS = "..."
_MARKS_IN_A_ROW = 4  # combining marks on one character; more of them climb over the lines above
_BLANK_LETTERS = frozenset("\u115f\u1160\u3164\uffa0\u2800")  # category Lo or So, and nothing is seen of them
_NOT_FIRST = frozenset("，。、；：？！）》」』】”’,.;:?!)]}")  # a line does not begin with these
_SNAP = 12  # cells that a cut may move to stand between two words


class _Escapes(dict[int, str]):
    """A table for `str.translate` that decides about each character once."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        safe = char if _harmless(char) else _escape(code)
        self[code] = safe
        return safe


def _harmless(char: str) -> bool:
    if char in _BLANK_LETTERS:
        return False
    category = unicodedata.category(char)
    if category == "Mn":  # variation selectors and other marks that nobody sees carry smuggled text
        return "VARIATION SELECTOR" not in unicodedata.name(char, "") and char not in "\u034f\u17b4\u17b5"
    return category not in {"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"}


def _escape(code: int) -> str:
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


_ESCAPES = _Escapes()


def shown(text: str, *, lines: bool = False) -> str:
    r"""Return `text` as a terminal may get it: what moves, hides or reorders is seen as `\x1b`, `\u202e`, `\U000e0041`.

    Tabs become spaces up to the next of the stops that stand 8 cells apart. A line feed is shown as `\n`; with
    `lines` it stays one, and CR LF is one line end.
    """
    if text.isascii() and text.isprintable():
        return text
    if lines:
        return "\n".join(_one_line(line.removesuffix("\r")) for line in text.split("\n"))
    return _one_line(text)


def _one_line(text: str) -> str:
    pieces = text.replace("\n", "\\n").split("\t")
    done = _marks_limited(pieces[0].translate(_ESCAPES))
    if len(pieces) == 1:
        return done
    parts, column = [done], cells(done)
    for piece in pieces[1:]:
        gap = TAB - column % TAB
        safe = _marks_limited(piece.translate(_ESCAPES))
        parts += [" " * gap, safe]
        column += gap + cells(safe)
    return "".join(parts)


def _marks_limited(text: str) -> str:
    """Show combining marks that begin the text, or that pile up, as escapes."""
    if text.isascii() or not any(_cell(char) == 0 for char in text):
        return text
    out: list[str] = []
    row = _MARKS_IN_A_ROW
    for char in text:
        row = row + 1 if _cell(char) == 0 else 0
        out.append(_escape(ord(char)) if row > _MARKS_IN_A_ROW else char)
    return "".join(out)


def json_shown(text: str) -> str:
    r"""Return JSON text in which what `shown` would escape is written as `\uXXXX`: the same value, a harmless text.

    Such characters stand in JSON only within strings, and the encoder has escaped the C0 controls already.
    """
    if text.isascii():
        return text.replace("\x7f", "\\u007f")
    return "".join(char if char in "\n\r\t" or (_ESCAPES[ord(char)] == char) else _json_escape(char) for char in text)


def _json_escape(char: str) -> str:
    units = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))


# --- cells -------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def _cell(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in {"Mn", "Me"} or "\u1160" <= char <= "\u11ff":
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def cells(text: str) -> int:
    """Return how many terminal cells `text` takes: Chinese, Japanese and Korean 2, combining marks 0, else 1."""
    return len(text) if text.isascii() else sum(_cell(char) for char in text)


def pad(text: str, width: int) -> str:
    """Return `text` with spaces up to `width` cells; longer text stays as it is."""
    return text + " " * (width - cells(text))


def pad_left(text: str, width: int) -> str:
    """Return `text` with spaces before it up to `width` cells."""
    return " " * (width - cells(text)) + text


def cut(text: str, width: int, keep: str = "") -> str:
    """Return `text` in at most `width` cells, cut in the middle by `...`; a character and its marks stay together.

    The cut moves to the space between two words when one is near. Log lines name what happened first (`Xid ...: 79,`),
    so a little more than half of what stays is the beginning. `keep`, a part of the text, stays if it fits at all:
    then the text is cut twice, before and after it.
    """
    if cells(text) <= width:
        return text
    if width <= len(_DOTS):
        return _DOTS[: max(width, 0)]
    whole = _cut_once(text, width)
    at = text.find(keep) if keep else -1
    if at < 0 or keep in whole:
        return whole
    room = width - 2 * len(_DOTS) - cells(keep)
    if room < 0:
        return whole
    before, after = text[:at], text[at + len(keep) :]
    left = _cut_once(before, room * 3 // 5 + len(_DOTS)) if cells(before) > room * 3 // 5 + len(_DOTS) else before
    return left + keep + _cut_end(after, width - cells(left) - cells(keep))


def _cut_end(text: str, width: int) -> str:
    return text if cells(text) <= width else _from_left(text, width - len(_DOTS)) + _DOTS


def _cut_once(text: str, width: int) -> str:
    room = width - len(_DOTS)
    head = _to_word(_from_left(text, room * 3 // 5))
    tail = _from_right(text, room - cells(head))
    space = tail.find(" ")
    if 0 <= space < _SNAP and space + 1 < len(tail):
        tail = tail[space:]
    return f"{head}{_DOTS}{tail}"


def _from_left(text: str, width: int) -> str:
    used = 0
    for at, char in enumerate(text):
        used += _cell(char)
        if used > width:
            return text[:at]
    return text


def _from_right(text: str, width: int) -> str:
    used, start = 0, len(text)
    for at in range(len(text) - 1, -1, -1):
        used += _cell(text[at])
        if used > width:
            break
        start = at if _cell(text[at]) else start  # a mark goes only with its character
    return text[start:]


def _to_word(head: str) -> str:
    space = head.rfind(" ")
    return head[: space + 1] if space > 0 and len(head) - space <= _SNAP else head


def wrap(text: str, width: int) -> list[str]:
    """Break `text` into lines of at most `width` cells, between words and between Chinese characters.

    A word is never cut: a path or an id that is longer than the line stands alone and runs over.
    """
    lines: list[str] = []
    line = ""
    for piece in _pieces(text):
        if line and cells(line) + cells(piece.rstrip(" ")) > width:
            lines.append(line.rstrip(" "))
            line = ""
        line += piece.lstrip(" ") if not line else piece
    return [*lines, line.rstrip(" ")] if line.rstrip(" ") or not lines else lines


def _pieces(text: str) -> list[str]:
    """Split where a line may end: after spaces, and before or after a wide character."""
    pieces = [""]
    for char in text:
        last = pieces[-1][-1:]
        wide = bool(last) and (_cell(char) == 2 or _cell(last) == 2) and char not in _NOT_FIRST and _cell(char) > 0
        if (last == " " and char != " ") or wide:
            pieces.append(char)
        else:
            pieces[-1] += char
    return pieces
