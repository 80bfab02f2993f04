"""The evidence of one run, and what each probe makes of it: read once, then shared by every runbook. Pure.

Bodies come from a getter that its owner hands in (the journal's), so that readers see stored bytes only.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from runbookctl import probes
from runbookctl.engine import reading
from runbookctl.engine.answers import Asked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from runbookctl.engine.reading import Answer
    from runbookctl.language.model import Runbook, Step
    from runbookctl.model import Evidence


class Pool:
    """Evidence by id, with the answers that probes read from it."""

    def __init__(self, body: Callable[[Evidence], bytes]) -> None:
        """Read bodies with `body` when a probe needs them."""
        self._body = body
        self._evidence: dict[str, Evidence] = {}
        self._answers: dict[tuple[str, str], Answer] = {}
        self.now: dt.datetime | None = None  # what `now` means for pasted pieces that name no time

    def add(self, evidence: Evidence) -> None:
        """Put evidence in, or its newer version (another step shares it)."""
        self._evidence[evidence.id] = evidence

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """All evidence, in the order of its ids."""
        return tuple(sorted(self._evidence.values(), key=number))

    def answer(self, evidence: Evidence, probe: str) -> Answer:
        """Return what a probe reads from an evidence."""
        key = (evidence.id, probe)
        if key not in self._answers:
            self._answers[key] = reading.read(probe, evidence, self._body(evidence), self.now)
        return self._answers[key]

    def of_run(self, runbook: Runbook) -> dict[str, Asked]:
        """Return what the steps of a run got: evidence is marked with the steps that asked for it."""
        return {step.id: self._asked(step, self._for_step(step.id)) for step in runbook.steps}

    def of_pieces(self, runbook: Runbook) -> dict[str, Asked]:
        """Return what the steps of a runbook find in pasted pieces: each reader gets the forms that it understands."""
        found = {}
        for step in runbook.steps:
            module = probes.load(step.probe)
            forms = module.FORMS if module else ()
            marked = f"{runbook.id}#{step.id}"
            pieces = [one for one in self.evidence if marked in one.steps or (not one.steps and one.form in forms)]
            found[step.id] = self._asked(step, pieces)
        return found

    def _for_step(self, step: str) -> Iterable[Evidence]:
        return [one for one in self.evidence if step in one.steps]

    def _asked(self, step: Step, evidence: Iterable[Evidence]) -> Asked:
        answers = []
        missing = []
        for one in evidence:
            if one.missing is not None:
                missing.append(one)
            else:
                answers.append(self.answer(one, step.probe))
        answers = [answer for answer in answers if answer.evidence.steps or not answer.nothing]
        return Asked(step, tuple(answers), tuple(missing), given=bool(answers or missing))


def number(evidence: Evidence) -> int:
    """Return the number of an evidence id (`e12` is 12)."""
    return int(evidence.id.removeprefix("e"))
