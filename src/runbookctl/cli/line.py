"""Lines of output as spans of text and style: laid out without colour, coloured when they are written.

Pure. Every text that enters a line goes through `foreign.shown`, so nothing that is printed through here can move the
cursor, whoever wrote it.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from runbookctl.cli.foreign import cells, shown


class Style(Enum):
    """Select Graphic Rendition codes of the 16-colour set; no background. Source: ECMA-48, 8.3.117."""

    PLAIN = ""
    BOLD = "1"
    DIM = "2"
    RED = "1;31"
    YELLOW = "1;33"
    GREEN = "1;32"


class Line:
    """One line; `add` appends a span."""

    __slots__ = ("spans",)

    def __init__(self, text: str = "", style: Style = Style.PLAIN) -> None:
        self.spans: list[tuple[str, Style]] = []
        if text:
            self.add(text, style)

    def add(self, text: str, style: Style = Style.PLAIN) -> Line:
        """Append `text`, made harmless, and return the line itself."""
        self.spans.append((shown(text), style))
        return self

    def to(self, column: int, *, gap: int = 0) -> Line:
        """Append spaces up to `column` cells, at least `gap` of them."""
        self.spans.append((" " * max(column - self.width, gap), Style.PLAIN))
        return self

    def right(self, text: str, width: int, style: Style = Style.PLAIN) -> Line:
        """Append `text` so that it ends at `width` cells, one space away from what is there at least."""
        safe = shown(text)
        return self.to(width - cells(safe), gap=1).add(safe, style)

    @property
    def width(self) -> int:
        """Count the cells."""
        return sum(cells(text) for text, _ in self.spans)

    @property
    def text(self) -> str:
        """Return the line without colours and without spaces at its end."""
        return "".join(text for text, _ in self.spans).rstrip(" ")

    def coloured(self) -> str:
        """Return the line with SGR sequences around the styled spans."""
        ends = len(self.text)
        out: list[str] = []
        for text, style in self.spans:
            piece, ends = text[: max(ends, 0)], ends - len(text)
            if piece:
                out.append(piece if style is Style.PLAIN else f"\x1b[{style.value}m{piece}\x1b[0m")
        return "".join(out)

    def __repr__(self) -> str:
        return f"Line({self.text!r})"


def plain(lines: Iterable[Line]) -> str:
    """Join lines to text without colours, each ended by a line feed."""
    return "".join(f"{line.text}\n" for line in lines)
