"""Judging texts the way `analyze` does, in memory."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from runbookctl import intake
from runbookctl.engine import pieces, replay
from runbookctl.engine.record import Opened, Recorder
from runbookctl.engine.watch import Silent
from runbookctl.journal.clock import this_process
from runbookctl.journal.interface import Actor
from runbookctl.journal.memory import memory_store
from runbookctl.language import loader
from runbookctl.language.model import Runbook
from runbookctl.model import Diagnosis, Subject

ROOT = Path(__file__).parents[2]
RUNBOOKS = ROOT / "runbooks"
SHIPPED = ("gpu/xid-ecc", "gpu/driver-mismatch", "k8s/oom-crashloop", "serving/latency-spike")
Analyze = Callable[..., Diagnosis]


@pytest.fixture(scope="session")
def books() -> dict[str, Runbook]:
    """Load the shipped runbooks."""
    return {name: loader.load(RUNBOOKS / f"{name}.yaml", RUNBOOKS) for name in SHIPPED}


@pytest.fixture
def analyze(books: dict[str, Runbook]) -> Analyze:
    """Judge texts, each a piece of its own; `only` names the runbooks that judge."""

    def judged(*texts: str | bytes, only: Iterable[str] = SHIPPED, at: dt.datetime | None = None) -> Diagnosis:
        runbooks = [books[name] for name in only]
        now = at or dt.datetime(2026, 11, 22, 3, 0, tzinfo=dt.UTC)
        opened = Opened(mode="analyze", inputs={}, at=now, at_given=at)
        recorder = Recorder.open(
            memory_store(),
            stored=False,
            key="test",
            owner=this_process("test"),
            by=Actor(name="test"),
            subject=Subject(),
            facts=opened,
            snapshots=runbooks,
        )
        found = [
            piece
            for text in texts
            for piece in intake.pieces(["-"], io.BytesIO(text.encode() if isinstance(text, str) else text))
        ]
        named = [_named(piece, number) for number, piece in enumerate(found)]
        pieces.take_in(recorder, named, Silent(), now, at)
        pieces.compute(recorder, runbooks, now, at)
        return replay.replay(recorder.store, recorder.run, pool=recorder.pool, runbooks=runbooks)

    return judged


def _named(piece: intake.Piece, number: int) -> intake.Piece:
    from msgspec import structs

    return structs.replace(piece, source=f"piece-{number}")


def codes(diagnosis: Diagnosis) -> list[str]:
    """Return the codes of the causes, roots first."""
    return [cause.code for cause in diagnosis.causes]


def roots(diagnosis: Diagnosis) -> list[str]:
    """Return the codes of the root causes."""
    return [cause.code for cause in diagnosis.causes if cause.root]


def open_steps(diagnosis: Diagnosis, code: str) -> set[str]:
    """Return the steps that could still rule a cause out."""
    cause = next(cause for cause in diagnosis.causes if cause.code == code)
    return {one.what.partition(":")[0] for one in cause.not_ruled_out}
