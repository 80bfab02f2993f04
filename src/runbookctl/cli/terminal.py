"""What a stream can show: a terminal or not, its width, colour, symbols; and writing to it.

Touches nothing but the two standard streams and the environment variables that speak about them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from io import TextIOWrapper
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from runbookctl.cli.line import Line

NARROW, WIDEST, PIPE = 60, 120, 80
"""Below NARROW columns everything stacks; WIDEST is never exceeded; a pipe is laid out as PIPE columns, uncut."""


@dataclass(frozen=True)
class Layout:
    """How wide a text is laid out. `cuts` is False in a pipe: quoted evidence stays whole there."""

    width: int = PIPE
    cuts: bool = False
    lang: str = "en"

    @property
    def stacked(self) -> bool:
        """Tell whether columns do not fit side by side."""
        return self.width < NARROW

    @property
    def wide(self) -> bool:
        """Tell whether the right side has room for where a thing was read."""
        return self.width >= WIDEST - 10


@dataclass(frozen=True)
class Symbols:
    """The marks of step lists, one column each in every terminal, and the frames of the spinner."""

    read: str
    cut: str
    missing: str
    failed: str
    spinner: str


UNICODE = Symbols(read="✓", cut="!", missing="?", failed="✗", spinner="⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏")
ASCII = Symbols(read="+", cut="!", missing="?", failed="x", spinner="-\\|/")


class Terminal:
    """One of the two standard streams. A reader that went away (`| head`) ends the writing, not the command."""

    def __init__(self, stream: TextIO, environment: Mapping[str, str]) -> None:
        self.stream = stream
        self.gone = False
        self.tty = _is_tty(stream)
        self.dumb = environment.get("TERM", "") == "dumb"
        self.colour = self.tty and not self.dumb and not environment.get("NO_COLOR")
        utf8 = (getattr(stream, "encoding", None) or "").lower().replace("-", "") == "utf8"
        bare = self.dumb or not utf8 or environment.get("RUNBOOKCTL_ASCII", "") not in {"", "0"}
        self.symbols = ASCII if bare else UNICODE
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a locale that cannot say it gets an escape, not a crash

    @property
    def width(self) -> int:
        """Return the columns of the terminal now, at most WIDEST; of a pipe PIPE."""
        if not self.tty:
            return PIPE
        try:
            columns = os.get_terminal_size(self.stream.fileno()).columns
        except (OSError, ValueError):
            columns = 0
        return min(columns or PIPE, WIDEST)

    def layout(self, lang: str) -> Layout:
        """Return how to lay out text for this stream."""
        return Layout(width=self.width, cuts=self.tty, lang=lang)

    def lines(self, lines: Iterable[Line]) -> None:
        """Write lines, coloured if the stream shows colours."""
        self.write("".join((line.coloured() if self.colour else line.text) + "\n" for line in lines))

    def write(self, text: str) -> None:
        """Write text that is known to be harmless, and flush it."""
        if self.gone:
            return
        try:
            self.stream.write(text)
            self.stream.flush()
        except BrokenPipeError:
            self.gone = True
            _mute(self.stream)


def _is_tty(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except ValueError:  # closed
        return False


def _mute(stream: TextIO) -> None:
    """Point the stream to nowhere, so that Python does not complain about the lost reader when it ends."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
    except (OSError, ValueError):
        return


def streams() -> tuple[Terminal, Terminal]:
    """Return the terminals of standard output and standard error, as they are now."""
    return Terminal(sys.stdout, os.environ), Terminal(sys.stderr, os.environ)
