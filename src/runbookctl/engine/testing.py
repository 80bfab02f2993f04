"""Runs the recorded tests of a runbook: recorded evidence in, expected causes, unknowns and remediations out.

Beside what a case expects, every step is taken away from its evidence once: a cause that appears only then must be
marked "not ruled out" (docs/language.md: less evidence gives unknown, never another cause).
"""

from __future__ import annotations

import datetime as dt
import io
import time
from typing import TYPE_CHECKING

from msgspec import Struct, structs

from runbookctl import intake
from runbookctl.engine import pieces
from runbookctl.engine.answers import Asked
from runbookctl.engine.diagnose import Case, Circumstances, diagnose
from runbookctl.engine.record import Opened, Recorder
from runbookctl.engine.replay import latest, values_of
from runbookctl.engine.watch import Silent
from runbookctl.journal.clock import this_process
from runbookctl.journal.interface import Actor
from runbookctl.journal.memory import memory_store
from runbookctl.language import loader, recorded
from runbookctl.model import Diagnosis, Evidence, Missing, Origin, Subject, Verdict, Writer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from runbookctl.language.model import Runbook
    from runbookctl.language.recorded import Case as Recording
    from runbookctl.language.recorded import Expected, ExpectedCause


class TestResult(Struct, frozen=True):
    """One case: what did not come out as expected."""

    __test__ = False  # no test class of pytest's

    runbook: str
    case: str
    failures: tuple[str, ...]
    seconds: float

    @property
    def passed(self) -> bool:
        """Tell whether everything came out as expected."""
        return not self.failures


def run(path: Path, root: Path | None) -> list[TestResult]:
    """Run the recorded tests of one runbook; a runbook without any has one failure."""
    runbook = loader.load(path, root)
    file = recorded.path_of(path)
    if not file.is_file():
        return [TestResult(runbook.id, "", (f"{file.name} is not there: nothing shows that it is right",), 0.0)]
    return [_run_case(runbook, case) for case in recorded.load(file, runbook).cases]


def _run_case(runbook: Runbook, case: Recording) -> TestResult:
    began = time.monotonic()
    evidence = Taken(runbook, case)
    whole = evidence.judged()
    failures = [*_compared(whole, case.expect), *_removals(evidence, whole)]
    return TestResult(runbook.id, case.name, tuple(failures), round(time.monotonic() - began, 3))


class Taken:
    """The evidence of one case, taken in the way `analyze` does."""

    def __init__(self, runbook: Runbook, case: Recording) -> None:
        self.runbook = runbook
        self.case = case
        self.at = case.at or dt.datetime.now(dt.UTC)
        store = memory_store()
        opened = Opened(mode="analyze", inputs={}, at=self.at, at_given=case.at)
        self.recorder = Recorder.open(
            store, stored=False, key="test", owner=this_process("test"), by=Actor(name="test"), subject=Subject(),
            facts=opened, snapshots=[runbook],
        )  # fmt: skip
        pieces.take_in(self.recorder, _pieces(case), Silent(), self.at, case.at)
        pieces.compute(self.recorder, [runbook], self.at, case.at)

    def judged(self, without: str = "") -> Diagnosis:
        """Judge the evidence, or the evidence without one step."""
        pool = self.recorder.pool
        pool.now = self.case.at or latest(pool.evidence)
        asked = pool.of_pieces(self.runbook)
        run_mode = self.case.mode == "run"
        for step, one in asked.items():
            if step == without or (run_mode and not one.given):
                asked[step] = self._missing(one) if run_mode else Asked(one.step, given=False)
        inputs = values_of(self.runbook, {name: list(texts) for name, texts in self.case.inputs.items()})
        return diagnose(
            [Case(self.runbook, asked, inputs)],
            Circumstances(
                run="test", evidence=pool.evidence, now=self.case.at or latest(pool.evidence), pasted=not run_mode,
                at=self.at,
            ),
        )  # fmt: skip

    def _missing(self, asked: Asked) -> Asked:
        evidence = Evidence(
            id="e0", origin=Origin.RECORDING, writer=Writer.PERSON, form="", subject=Subject(), at=self.at,
            missing=Missing(why="no answer", kind="failed"),
        )  # fmt: skip
        return Asked(asked.step, missing=(evidence,))

    def supplied(self) -> list[str]:
        """Return the steps that got something."""
        return [step for step, asked in self.recorder.pool.of_pieces(self.runbook).items() if asked.answers]


def _pieces(case: Recording) -> Iterator[intake.Piece]:
    for given in case.given:
        if given.file:
            paths, stream = [given.file], io.BytesIO()
        else:
            paths, stream = ["-"], io.BytesIO(given.body())
        for piece in intake.pieces(paths, stream):
            yield structs.replace(piece, source=given.name)


def _compared(diagnosis: Diagnosis, expect: Expected) -> Iterator[str]:
    if expect.verdict is not None and diagnosis.verdict is not expect.verdict:
        yield f"verdict is {diagnosis.verdict}, expected {expect.verdict}"
    codes = [cause.code for cause in diagnosis.causes]
    if expect.causes is not None:
        wanted = [cause.code for cause in expect.causes]
        if sorted(codes) != sorted(wanted):
            yield f"causes are {_listed(codes)}, expected {_listed(wanted)}"
        for cause in expect.causes:
            yield from _compared_cause(diagnosis, cause)
    for code in expect.absent:
        if code in codes:
            yield f"cause {code} must not be there"
    if expect.unknown is not None:
        yield from _compared_unknown(diagnosis, expect.unknown)
    if expect.remediations is not None:
        found = sorted({one.id for cause in diagnosis.causes for one in cause.remediations})
        if found != sorted(expect.remediations):
            yield f"remediations are {_listed(found)}, expected {_listed(expect.remediations)}"


def _compared_cause(diagnosis: Diagnosis, expected: ExpectedCause) -> Iterator[str]:
    found = [cause for cause in diagnosis.causes if cause.code == expected.code]
    if expected.subject is not None:
        if found and not any(cause.subject == expected.subject for cause in found):
            yield f"{expected.code} is about {_listed([cause.subject for cause in found])}, expected {expected.subject}"
        found = [cause for cause in found if cause.subject == expected.subject]
    for cause in found[:1]:
        if expected.root is not None and cause.root is not expected.root:
            yield f"{expected.code} is {'a root' if cause.root else 'a symptom'}"
        if expected.not_ruled_out is not None:
            told = [one.what for one in cause.not_ruled_out]
            for word in expected.not_ruled_out:
                if not any(word in one for one in told):
                    yield f"{expected.code}: {word} is not among what is not ruled out ({_listed(told)})"
            if not expected.not_ruled_out and told:
                yield f"{expected.code}: not ruled out is {_listed(told)}, expected nothing"


def _compared_unknown(diagnosis: Diagnosis, words: tuple[str, ...]) -> Iterator[str]:
    told = [f"{one.what}: {one.why}" for one in diagnosis.unknown]
    for word in words:
        if not any(word in one for one in told):
            yield f"{word} is not among the unknowns ({_listed(told)})"
    if not words and told:
        yield f"unknown is {_listed(told)}, expected nothing"


def _listed(words: list[str] | tuple[str, ...]) -> str:
    return ", ".join(words) or "none"


def _removals(evidence: Taken, whole: Diagnosis) -> Iterator[str]:
    """Take each step away: a cause that appears only then must say what it does not rule out."""
    known = {(cause.code, cause.subject) for cause in whole.causes}
    codes = {cause.code for cause in whole.causes}
    for step in evidence.supplied():
        less = evidence.judged(without=step)
        for cause in less.causes:
            fresh = (cause.code, cause.subject) not in known and cause.code not in codes
            if fresh and not cause.not_ruled_out:
                yield f"without {step}, {cause.code} appears and is not marked as not ruled out"
        if whole.verdict is not Verdict.CLEAR and less.verdict is Verdict.CLEAR and less.runbooks:
            symptom = evidence.runbook.when is not None
            if symptom and _sees_the_symptom(evidence, step):
                yield f"without {step}, the verdict is clear"


def _sees_the_symptom(evidence: Taken, step: str) -> bool:
    """Tell whether the symptom can still be seen without a step: then less evidence must not look clear."""
    from runbookctl.engine.judge import steps_of

    assert evidence.runbook.when is not None
    return step not in steps_of(evidence.runbook, evidence.runbook.when)
