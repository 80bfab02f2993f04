"""The step list on a terminal, drawn again in place while the run works. Only on a terminal, only on standard error.

Every text is made harmless before `rich` gets it: rich itself passes control sequences through.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live as RichLive
from rich.segment import Segment
from rich.style import Style as RichStyle

from runbookctl.cli.line import Line, Style
from runbookctl.cli.progress import Quiet, ask, confirm, warn
from runbookctl.cli.steps import Steps

if TYPE_CHECKING:
    from runbookctl.cli.terminal import Terminal
    from runbookctl.engine.watch import RunStarted, StepEvent

FRAMES_PER_SECOND = 8

_STYLES = {
    Style.PLAIN: None,
    Style.BOLD: RichStyle(bold=True),
    Style.DIM: RichStyle(dim=True),
    Style.RED: RichStyle(color="red", bold=True),
    Style.YELLOW: RichStyle(color="yellow", bold=True),
    Style.GREEN: RichStyle(color="green", bold=True),
}


class Live(Quiet):
    """The list as it stands, redrawn `FRAMES_PER_SECOND` times a second; in the end it stays on the screen."""

    def __init__(self, steps: Steps, terminal: Terminal) -> None:
        super().__init__(steps)
        self.terminal = terminal
        self.note = ""
        self._frame = 0
        self._moving = False
        self._live: RichLive | None = None
        self._console = Console(
            file=terminal.stream, force_terminal=True, color_system="standard" if terminal.colour else None,
            highlight=False, markup=False, emoji=False, legacy_windows=False,
        )  # fmt: skip

    def started(self, run: RunStarted) -> None:
        """Begin to draw; a second run draws its own list under the first."""
        self._stop()
        self.steps.started(run)
        self._start()

    def step(self, event: StepEvent) -> None:
        """Keep the step; the next frame shows it."""
        self.steps.step(event)

    def confirm(self, title: str) -> Literal["yes", "skip", "quit"]:
        """Take the list away, ask, draw it again."""
        self._stop(erase=True)
        try:
            return confirm(self.terminal, title)
        finally:
            self._start()

    def ask(self, question: str, choices: tuple[str, ...]) -> str | None:
        """Take the list away, ask, draw it again."""
        self._stop(erase=True)
        try:
            return ask(self.terminal, question, choices)
        finally:
            self._start()

    def warn(self, what: str, *more: str) -> None:
        """Write it above the list."""
        self._stop(erase=True)
        warn(self.terminal, what, more)

    def stopping(self, text: str) -> None:
        """Show it under the list with the next frame: a signal receiver must not take the lock of the drawing."""
        self.note = text

    def abandon(self) -> None:
        """Show the cursor again, which the drawing hides."""
        os.write(2, b"\x1b[?25h\n")

    def close(self) -> None:
        """Draw the list a last time, and an empty line under it, if a list was begun."""
        self._stop()
        if self.steps.run is not None:
            self.terminal.write("\n")

    def _start(self) -> None:
        self._live = RichLive(
            self, console=self._console, refresh_per_second=FRAMES_PER_SECOND, redirect_stdout=False,
            redirect_stderr=False,
        )  # fmt: skip
        self._moving = True
        self._live.start(refresh=True)

    def _stop(self, *, erase: bool = False) -> None:
        if self._live is not None:
            self._moving = erase  # the last drawing has every line
            self._live.transient = erase
            self._live.stop()
            self._live = None

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        layout = self.terminal.layout(self.steps.lang)
        self._frame += 1
        fitting = max(console.height - 3, 1) if self._moving else 0  # what has scrolled away cannot be drawn again
        lines = self.steps.head(layout)
        lines += self.steps.lines(layout, self.terminal.symbols, self._frame, last=fitting)
        if self.note:
            lines.append(Line(self.note))
        for number, line in enumerate(lines):
            if number:
                yield Segment.line()
            for text, style in line.spans:
                yield Segment(text, _STYLES[style])
