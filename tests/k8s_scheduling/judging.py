"""What the tests of this room share: reading a text with a probe, and judging texts the way `analyze` does."""

from __future__ import annotations

import datetime as dt
import importlib
import io
import json
from functools import cache
from pathlib import Path
from typing import Any

from runbookctl import intake
from runbookctl.engine import pieces, replay
from runbookctl.engine.record import Opened, Recorder
from runbookctl.engine.watch import Silent
from runbookctl.journal.clock import this_process
from runbookctl.journal.interface import Actor
from runbookctl.journal.memory import memory_store
from runbookctl.language import loader
from runbookctl.language.model import Runbook
from runbookctl.model import Cut, Diagnosis, Raw, Reading, Skipped, Subject

ROOT = Path(__file__).parents[2]
RUNBOOKS = ROOT / "runbooks"
RECORDINGS = (ROOT / "tests" / "recordings" / "k8s", ROOT / "tests" / "recordings" / "k8s_scheduling")
AT = dt.datetime(2026, 11, 22, 2, 48, tzinfo=dt.UTC)


def raw(
    body: bytes | str, form: str, *, at: dt.datetime = AT, subject: Subject | None = None, request: Any = None
) -> Raw:
    """Return a raw answer."""
    encoded = body.encode() if isinstance(body, str) else body
    return Raw(body=encoded, form=form, at=at, subject=subject or Subject(), request=request)


def read(probe: str, given: Raw) -> list[Any]:
    """Return everything that a probe yields."""
    return list(importlib.import_module(f"runbookctl.probes.{probe}").read(given))


def readings(probe: str, given: Raw) -> list[Any]:
    """Return the readings alone."""
    return [one for one in read(probe, given) if isinstance(one, Reading)]


def cuts(probe: str, given: Raw) -> list[Cut]:
    """Return the cuts alone."""
    return [one for one in read(probe, given) if isinstance(one, Cut)]


def skipped(probe: str, given: Raw) -> list[Skipped]:
    """Return what was skipped."""
    return [one for one in read(probe, given) if isinstance(one, Skipped)]


def objects(*values: dict[str, Any]) -> str:
    """Return objects as `kubectl get -o json` prints several."""
    return json.dumps({"kind": "List", "apiVersion": "v1", "items": list(values)}, indent=2)


@cache
def book(name: str) -> Runbook:
    """Return a shipped runbook."""
    return loader.load(RUNBOOKS / f"{name}.yaml", RUNBOOKS)


def judged(*texts: str | bytes, only: tuple[str, ...], at: dt.datetime | None = None) -> Diagnosis:
    """Judge texts, each a piece of its own, by the runbooks that are named."""
    books = [book(name) for name in only]
    now = at or dt.datetime(2026, 11, 24, 12, 0, tzinfo=dt.UTC)
    store = memory_store()
    opened = Opened(mode="analyze", inputs={}, at=now, at_given=at)
    recorder = Recorder.open(
        store, stored=False, key="test", owner=this_process("test"), by=Actor(name="test"), subject=Subject(),
        facts=opened, snapshots=books,
    )  # fmt: skip
    found: list[intake.Piece] = []
    for number, text in enumerate(texts):
        body = text.encode() if isinstance(text, str) else text
        read_in = intake.pieces(["-"], io.BytesIO(body))
        found += [piece if len(texts) == 1 else _named(piece, number) for piece in read_in]
    pieces.take_in(recorder, found, Silent(), now, at)
    pieces.compute(recorder, books, now, at)
    return replay.replay(store, recorder.run, pool=recorder.pool, runbooks=books)


def _named(piece: intake.Piece, number: int) -> intake.Piece:
    from msgspec import structs

    return structs.replace(piece, source=f"piece{number}")


def recording(path: str) -> bytes:
    """Return a recorded text: `pending-cpu/events.txt`."""
    return next(folder / path for folder in RECORDINGS if (folder / path).is_file()).read_bytes()


def scenario(folder: str) -> list[Path]:
    """Return every recorded text of a scenario: `pending-cpu`."""
    found = (path for each in RECORDINGS if (each / folder).is_dir() for path in (each / folder).iterdir())
    return sorted((path for path in found if path.name != "readings.json"), key=lambda path: path.name)


def codes(diagnosis: Diagnosis) -> list[str]:
    """Return the codes of the causes, in their order."""
    return [cause.code for cause in diagnosis.causes]


def open_points(diagnosis: Diagnosis) -> list[str]:
    """Return what the first cause does not rule out."""
    return [one.what for one in diagnosis.causes[0].not_ruled_out] if diagnosis.causes else []
