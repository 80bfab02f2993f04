"""A terminal for tests: a pseudo-terminal that runs a program, and the screen that its output makes.

Understands what the program may send: text, line ends, cursor up, erase line, show and hide cursor, colours. Anything
else is an error, so that a test fails when something else reaches the terminal.
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_SEQUENCE = re.compile(r"\x1b\[(\??)([0-9;]*)([A-Za-z])")
ROWS = 50


@dataclass(frozen=True)
class Ended:
    """What a program left: its exit status, everything it sent, and the lines of the screen."""

    status: int
    sent: str
    lines: list[str]

    @property
    def text(self) -> str:
        """Return the screen without spaces at line ends."""
        return "\n".join(self.lines)


def play(
    arguments: Sequence[str],
    *,
    width: int,
    environment: Mapping[str, str],
    folder: Path,
    typed: Sequence[tuple[str, str]] = (),
    seconds: float = 60.0,
) -> Ended:
    """Run Python with `arguments` on a terminal of `width` columns; type each answer when its text has appeared.

    An answer of "^C" sends an interrupt to the foreground, as the key does.
    """
    child, descriptor = pty.fork()
    if child == 0:  # pragma: no cover - the child
        os.chdir(folder)
        os.execve(sys.executable, [sys.executable, *arguments], dict(environment))
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, width, 0, 0))
    sent, waiting, until = b"", list(typed), time.monotonic() + seconds
    while time.monotonic() < until:
        ready, _, _ = select.select([descriptor], [], [], 0.1)
        if ready:
            try:
                some = os.read(descriptor, 65536)
            except OSError:  # the child closed its side
                break
            if not some:
                break
            sent += some
        if waiting and waiting[0][0].encode() in sent:
            answer = waiting.pop(0)[1]
            os.write(descriptor, b"\x03" if answer == "^C" else answer.encode())
    else:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    os.close(descriptor)
    text = sent.decode("utf-8", "replace")
    return Ended(os.waitstatus_to_exitcode(status), text, screen(text, width))


def screen(text: str, width: int) -> list[str]:
    """Return the lines that a terminal of `width` columns shows after `text`."""
    shown = _Screen(width)
    at = 0
    while at < len(text):
        if text[at] == "\x1b":
            match = _SEQUENCE.match(text, at)
            assert match, f"no sequence that a program of ours sends: {text[at : at + 12]!r}"
            shown.move(*match.groups())
            at = match.end()
        else:
            shown.put(text[at])
            at += 1
    return ["".join(line).rstrip() for line in shown.lines]


class _Screen:
    """Rows of cells and a cursor."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.lines: list[list[str]] = [[]]
        self.row = self.column = 0

    def move(self, private: str, number: str, letter: str) -> None:
        """Do what a control sequence says."""
        if letter == "A":
            self.row = max(self.row - int(number or 1), 0)
        elif letter == "K":
            self.lines[self.row] = []
        else:
            assert letter == "m" or (private and number == "25"), (private, number, letter)

    def put(self, char: str) -> None:
        """Draw a character, or end a line."""
        if char == "\r":
            self.column = 0
        elif char == "\n":
            self.row += 1
            self._reach()
        else:
            assert char.isprintable(), repr(char)
            self._draw(char)

    def _draw(self, char: str) -> None:
        cells = 0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        if self.column + cells > self.width:
            self.row, self.column = self.row + 1, 0
        self._reach()
        line = self.lines[self.row]
        line.extend(" " for _ in range(self.column + cells - len(line)))
        line[self.column : self.column + cells] = [char, ""][:cells]
        self.column += cells

    def _reach(self) -> None:
        while len(self.lines) <= self.row:
            self.lines.append([])
