"""What a run tells while it works, and what it may ask the person who watches. Values and one protocol only."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal, Protocol

from msgspec import Struct

from runbookctl.model import Evidence


class StepState(StrEnum):
    """Where one step stands."""

    WAITING = "waiting"
    RUNNING = "running"
    READ = "read"
    CUT = "cut"
    MISSING = "missing"


class RunStarted(Struct, frozen=True, kw_only=True):
    """A run begins: its steps as (id, title), in the runbook's order. `analyze` has no runbook and no steps."""

    run: str
    runbook: str = ""
    title: str = ""
    steps: tuple[tuple[str, str], ...] = ()


class StepEvent(Struct, frozen=True, kw_only=True):
    """One change of one step, or one piece of `analyze`.

    `items` of `total` askings are answered (total 0: not known yet), `missing` of them without an answer;
    `took` is in seconds.
    """

    run: str
    step: str
    title: str
    state: StepState
    evidence: Evidence | None = None
    items: int = 0
    total: int = 0
    missing: int = 0
    detail: str = ""
    took: float = 0.0


class Watch(Protocol):
    """The person's side of a run; every call comes from one thread at a time."""

    def started(self, run: RunStarted) -> None:
        """Show that a run begins."""

    def step(self, event: StepEvent) -> None:
        """Show a change of a step."""

    def confirm(self, title: str) -> Literal["yes", "skip", "quit"]:
        """Ask before a step (`--step`)."""

    def warn(self, what: str, *more: str) -> None:
        """Say what is not as it should be, and what to do, while the work goes on."""

    def ask(self, question: str, choices: tuple[str, ...]) -> str | None:
        """Ask for an observation (probe `ask`); None: no answer."""


class Silent:
    """A watch that shows nothing, agrees to every step and answers no question."""

    def started(self, run: RunStarted) -> None:
        """Show nothing."""

    def step(self, event: StepEvent) -> None:
        """Show nothing."""

    def confirm(self, title: str) -> Literal["yes", "skip", "quit"]:  # noqa: ARG002 - the protocol's signature
        """Agree."""
        return "yes"

    def warn(self, what: str, *more: str) -> None:
        """Say nothing."""

    def ask(self, question: str, choices: tuple[str, ...]) -> str | None:  # noqa: ARG002 - the protocol's signature
        """Know nothing."""
        return None
