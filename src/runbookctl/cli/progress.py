"""What a person sees while a run works: a list on a terminal, one line per step elsewhere, nothing with --quiet.

Writes to standard error only. `watching` picks one of the three and turns Ctrl-C into an orderly stop.
"""

from __future__ import annotations

import datetime as dt
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Literal, Protocol

from runbookctl.cli.foreign import shown
from runbookctl.cli.group import Session
from runbookctl.cli.line import Line, Style
from runbookctl.cli.steps import ENDED, Steps
from runbookctl.cli.terminal import Terminal
from runbookctl.cli.texts import clock, duration
from runbookctl.engine.watch import RunStarted, StepEvent, StepState, Watch
from runbookctl.errors import ExitStatus

_WORDS = {StepState.READ: "read", StepState.CUT: "cut-short", StepState.MISSING: "missing"}


class Shower(Watch, Protocol):
    """A watch that shows something and knows what it has shown."""

    steps: Steps

    def stopping(self, text: str) -> None:
        """Say that Ctrl-C was heard; called inside a signal receiver, so it takes no lock."""

    def abandon(self) -> None:
        """Give the terminal back at once: the process ends now."""

    def close(self) -> None:
        """Leave what is shown as it stands."""


class Quiet:
    """Shows nothing, asks nothing; knows where the run stands all the same."""

    def __init__(self, steps: Steps) -> None:
        self.steps = steps

    def started(self, run: RunStarted) -> None:
        """Keep the steps."""
        self.steps.started(run)

    def step(self, event: StepEvent) -> None:
        """Keep the step."""
        self.steps.step(event)

    def confirm(self, title: str) -> Literal["yes", "skip", "quit"]:  # noqa: ARG002 - the protocol's signature
        """Agree: nobody is there to ask."""
        return "yes"

    def ask(self, question: str, choices: tuple[str, ...]) -> str | None:  # noqa: ARG002 - the protocol's signature
        """Know nothing."""
        return None

    def warn(self, what: str, *more: str) -> None:
        """Say nothing."""

    def stopping(self, text: str) -> None:
        """Say nothing."""

    def abandon(self) -> None:
        """Have nothing to give back."""

    def close(self) -> None:
        """Leave nothing."""


class Lines(Quiet):
    """One line per step, for pipes and log files: `02:47:51Z r-4kx9 step memory missing e6 "..."`."""

    def __init__(self, steps: Steps, terminal: Terminal) -> None:
        super().__init__(steps)
        self.terminal = terminal

    def step(self, event: StepEvent) -> None:
        """Write a step that has ended; of one that asks many, also each asking that got no answer."""
        row = self.steps.step(event)
        if event.state not in ENDED:
            return
        if event.total < 2 or event.state is not StepState.READ:
            self.terminal.lines([self._line(event, row.title)])
        if event.total > 1 and row.state in ENDED:
            counts = f"{event.items - event.missing} of {event.total}, {event.missing} missing"
            self.terminal.lines([self._begin(event, row.title).add(f" read {counts} {duration(event.took)}")])

    def warn(self, what: str, *more: str) -> None:
        """Write it at once."""
        warn(self.terminal, what, more)

    def _begin(self, event: StepEvent, title: str) -> Line:
        name = f"piece {title}" if self.steps.pieces else f"step {event.step}"
        return Line(f"{clock(dt.datetime.now(dt.UTC))} {event.run} {name}")

    def _line(self, event: StepEvent, title: str) -> Line:
        name = event.evidence.id if event.evidence else "-"
        line = self._begin(event, title).add(f" {_WORDS[event.state]} {name} {_quoted(self._what(event))}")
        missing = event.state is StepState.MISSING
        return line if missing or event.took < 0.005 else line.add(f" {duration(event.took)}")

    def _what(self, event: StepEvent) -> str:
        evidence = event.evidence
        if evidence is None:
            return event.detail
        if evidence.missing is not None:
            return evidence.missing.why
        if not self.steps.pieces:
            return evidence.summary
        from runbookctl.forms import label

        subject = str(evidence.subject)
        parts = (label(evidence.form), "" if subject.startswith("pasted/") else subject, evidence.summary)
        return ", ".join(part for part in parts if part)

    def stopping(self, text: str) -> None:
        """Write it at once."""
        os.write(2, f"{text}\n".encode())


class Listed(Quiet):
    """The step list without moving anything: each line when its step has ended. For `--step` and dumb terminals."""

    def __init__(self, steps: Steps, terminal: Terminal) -> None:
        super().__init__(steps)
        self.terminal = terminal

    def started(self, run: RunStarted) -> None:
        """Write the line above the list."""
        self.steps.started(run)
        self.terminal.lines(self.steps.head(self.terminal.layout(self.steps.lang)))

    def step(self, event: StepEvent) -> None:
        """Write a step that has ended."""
        row = self.steps.step(event)
        if row.state in ENDED:
            layout = self.terminal.layout(self.steps.lang)
            self.terminal.lines(self.steps.line(row, layout, self.terminal.symbols))

    def confirm(self, title: str) -> Literal["yes", "skip", "quit"]:
        """Ask before a step; Enter is yes."""
        return confirm(self.terminal, title)

    def ask(self, question: str, choices: tuple[str, ...]) -> str | None:
        """Ask a person for an observation."""
        return ask(self.terminal, question, choices)

    def stopping(self, text: str) -> None:
        """Write it at once."""
        os.write(2, f"{text}\n".encode())

    def warn(self, what: str, *more: str) -> None:
        """Write it at once."""
        warn(self.terminal, what, more)

    def close(self) -> None:
        """Leave an empty line between the list and the result, if a list was begun."""
        if self.steps.run is not None:
            self.terminal.write("\n")


def warn(terminal: Terminal, what: str, more: Sequence[str]) -> None:
    """Write a warning and what to do about it."""
    head = Line("warning: ", Style.YELLOW).add(shown(what))
    terminal.lines([head, *(Line(f"  {shown(text)}") for text in more)])


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def confirm(terminal: Terminal, title: str) -> Literal["yes", "skip", "quit"]:
    """Ask `Read its events? [Y]es [s]kip [q]uit` until one of the three is typed; the end of input quits."""
    answers: dict[str, Literal["yes", "skip", "quit"]] = {"": "yes", "y": "yes", "s": "skip", "q": "quit"}
    while True:
        terminal.write(f"{shown(title)}? [Y]es [s]kip [q]uit ")
        typed = sys.stdin.readline()
        if not typed:
            return "quit"
        answer = answers.get(typed.strip().lower()[:1])
        if answer:
            return answer


def ask(terminal: Terminal, question: str, choices: tuple[str, ...]) -> str | None:
    """Ask a question of the runbook; an empty answer, or the end of input, is none."""
    while True:
        hint = f" [{' | '.join(choices)}]" if choices else ""
        terminal.write(f"{shown(question)}{shown(hint)} ")
        typed = sys.stdin.readline().strip()
        if not typed:
            return None
        fitting = [choice for choice in choices if choice.lower().startswith(typed.lower())]
        if not choices or typed in choices:
            return typed
        if len(fitting) == 1:
            return fitting[0]


def pick(session: Session, steps: Steps, *, stepwise: bool) -> Shower:
    """Return the watch that suits the terminal."""
    err = session.err
    if session.quiet and not stepwise:
        return Quiet(steps)
    if not err.tty:
        return Lines(steps, err)
    if err.dumb or stepwise:
        return Listed(steps, err)
    from runbookctl.cli.live import Live

    return Live(steps, err)


@contextmanager
def watching(session: Session, *, on: int = 0, stepwise: bool = False) -> Iterator[Shower]:
    """Watch a run: the list stands when the block is left, and Ctrl-C says at once what it is waiting for.

    KeyboardInterrupt leaves the block with the steps in `session.watched`; a second Ctrl-C ends the process, and the
    watchdog of the connectors ends what it had started.
    """
    watch = pick(session, Steps(lang=session.lang, on=on), stepwise=stepwise)
    heard = threading.Event()

    def interrupt(number: int, frame: object) -> None:  # noqa: ARG001 - the signature of a signal receiver
        if heard.is_set():
            watch.abandon()
            os._exit(ExitStatus.INTERRUPTED)
        heard.set()
        open_steps = "; ".join(shown(title) for title in watch.steps.open)
        watch.stopping(f"Stopping. Open: {open_steps}. Ctrl-C again kills it." if open_steps else "Stopping.")
        raise KeyboardInterrupt

    ours = threading.current_thread() is threading.main_thread()
    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)} if ours else {}
    session.watched = watch.steps
    try:
        yield watch
    finally:
        watch.close()
        for number, receiver in before.items():
            signal.signal(number, receiver)
