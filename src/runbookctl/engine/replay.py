"""The verdict of a run from the journal alone: the same evidence, the same runbooks, the same diagnosis. Pure.

A run, an analysis, a bundle and `show` all end here, so that what is shown is a function of what was stored.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from runbookctl.engine import pool as pools
from runbookctl.engine.diagnose import Case, Circumstances, diagnose
from runbookctl.engine.pool import Pool
from runbookctl.engine.record import Story, body_of, story
from runbookctl.language import inputs as given_inputs
from runbookctl.language.loader import loaded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from runbookctl.journal.interface import Store
    from runbookctl.language.model import Runbook
    from runbookctl.model import Diagnosis, Evidence


def values_of(runbook: Runbook, given: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return the inputs of a runbook: what was given as text, else the defaults; what has neither is left out."""
    values: dict[str, Any] = {}
    for one in runbook.inputs:
        if one.name in given:
            values[one.name] = given_inputs.given(one, given[one.name])
        elif not one.required:
            values[one.name] = one.default
    return values


def runbooks_of(store: Store, told: Story) -> list[Runbook]:
    """Return the runbooks of a run as they were when it began."""
    return [loaded(body_of(store, one.sha256), f"{one.id}.yaml") for one in told.opened.runbooks]


def replay(
    store: Store,
    run: str,
    *,
    pool: Pool | None = None,
    runbooks: Sequence[Runbook] = (),
    took: float | None = None,
    stored: bool = True,
) -> Diagnosis:
    """Judge a run again from its record; `pool` and `runbooks` save reading and loading them a second time."""
    told = story(store, run)
    if pool is None:
        pool = Pool(lambda evidence: body_of(store, evidence.sha256))
        for evidence in told.evidence:
            pool.add(evidence)
    books = list(runbooks) or runbooks_of(store, told)
    pasted = told.opened.mode == "analyze"
    now = now_of(told)
    if pasted:
        pool.now = now
    asked = [pool.of_pieces(book) if pasted else pool.of_run(book) for book in books]
    cases = [
        Case(book, answers, values_of(book, told.opened.inputs if not pasted or len(books) == 1 else {}))
        for book, answers in zip(books, asked, strict=True)
    ]
    return diagnose(
        cases,
        Circumstances(
            run=run,
            evidence=tuple(sorted(told.evidence, key=pools.number)),
            now=now,
            pasted=pasted,
            at=told.opened.at,
            took=told.took if took is None else took,
            stored=stored,
        ),
    )


def now_of(told: Story) -> dt.datetime | None:
    """Return the time that `now` means: of asking in a run; in a paste the one given, else the latest in it."""
    if told.opened.mode != "analyze":
        return told.opened.at
    if told.opened.at_given is not None:
        return told.opened.at_given
    return latest(told.evidence)


def latest(evidence: Sequence[Evidence]) -> dt.datetime | None:
    """Return the latest time that pasted pieces name."""
    times = [one.now for one in evidence if one.now is not None]
    return max(times) if times else None
