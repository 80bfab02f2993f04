"""The use cases: each function is the list of verbs it takes. Command line, chat and HTTP call these, nothing deeper.

Nothing here changes anything outside the journal and the files that a person asked to be written.
"""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from msgspec import Struct

from runbookctl import runbook_files
from runbookctl.engine import replay as replays
from runbookctl.engine.inputs import AnalyzeOptions, RunOptions, given_for, now_of, parse_at
from runbookctl.engine.record import body_of, story
from runbookctl.errors import InputError
from runbookctl.journal.interface import Runs
from runbookctl.language import loader
from runbookctl.model import Diagnosis, Evidence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runbookctl.connectors.checks import Check
    from runbookctl.engine.explain import Explanation
    from runbookctl.engine.plan import Plan
    from runbookctl.engine.record import Story
    from runbookctl.engine.testing import TestResult
    from runbookctl.engine.watch import Watch
    from runbookctl.journal.interface import Store
    from runbookctl.language.model import Runbook

__all__ = ["AnalyzeOptions", "RunOptions"]  # what callers hand in; the functions below are what they call


# --- runbooks ------------------------------------------------------------------------------------------------------


class RunbookRow(Struct, frozen=True):
    """One runbook of the list."""

    id: str
    title: str
    about: str
    file: str


class LintReport(Struct, frozen=True):
    """What lint found: each mistake is the block that is printed."""

    runbooks: int
    files: int
    mistakes: tuple[str, ...]


def list_runbooks() -> list[RunbookRow]:
    """Return every runbook there is: shipped ones and the user's own."""
    return [RunbookRow(one.id, one.title, one.about, str(one.file)) for one in runbook_files.headings()]


def load_runbook(name: str) -> Runbook:
    """Return a runbook by id or path; raise InputError with the nearest ids when there is none."""
    found = runbook_files.find(name)
    return loader.load(found.file, _root(found))


def _root(found: runbook_files.Found) -> Path | None:
    return found.library.folder if found.library else None


def lint(paths: Sequence[str]) -> LintReport:
    """Check runbook files (all when none is named): each by itself, then what they say of each other."""
    from runbookctl.language import lint as lints
    from runbookctl.language.rendering import render

    found = [runbook_files.find(path, only_read=True) for path in paths] if paths else list(runbook_files.every())
    runbooks: list[Runbook] = []
    mistakes: list[str] = []
    for one in found:
        runbook, wrong = lints.of_file(one.file, _root(one))
        mistakes.extend(render(mistake) for mistake in wrong)
        if runbook is not None:
            runbooks.append(runbook)
    mistakes.extend(render(mistake) for mistake in lints.across(runbooks))
    return LintReport(len(runbooks), len(found), tuple(mistakes))


def test(names: Sequence[str]) -> list[TestResult]:
    """Run the recorded tests of runbooks (all when none is named)."""
    from runbookctl.engine import testing

    found = [runbook_files.find(name) for name in names] if names else list(runbook_files.every())
    return [result for one in found for result in testing.run(one.file, _root(one))]


def new_runbook(name: str, folder: str) -> Path:
    """Write the skeleton of a runbook below `folder` and return its path; an existing file is never overwritten."""
    from runbookctl.language.skeleton import skeleton

    path = Path(folder) / f"{name}.yaml"
    text = skeleton(name)
    if path.exists():
        raise InputError(f"{path} is there already", commands=(f"runbookctl lint {path}",))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {(error.strerror or str(error)).lower()}") from None
    return path


# --- run and analyze -----------------------------------------------------------------------------------------------


def plan_run(options: RunOptions) -> Plan:
    """Return what a run would ask; nothing is sent."""
    from runbookctl.engine.plan import plan

    runbook = load_runbook(options.runbook)
    values = replays.values_of(runbook, given_for(runbook, options, required=True))
    return plan(runbook, values, now_of(options.at))


def run(options: RunOptions, watch: Watch) -> Diagnosis:
    """Ask, judge, conclude and propose; every answer and the verdict are stored before they are shown."""
    from runbookctl.engine import runs

    return runs.run(options, watch, sys.stdin.buffer)


def analyze(options: AnalyzeOptions, watch: Watch, stdin: BinaryIO | None = None) -> Diagnosis:
    """Take in whatever there is, let every runbook judge it, and rank the causes of all together."""
    from runbookctl.engine import runs

    return runs.analyze(options, watch, stdin or sys.stdin.buffer)


# --- the journal ---------------------------------------------------------------------------------------------------


class RunRow(Struct, frozen=True):
    """One run of the list."""

    run: str
    runbook: str
    at: dt.datetime
    verdict: str
    causes: tuple[str, ...]
    state: str


def _read_store() -> Store:
    from runbookctl.journal.open import Unavailable, open_journal

    store = open_journal(read_only=True)
    if isinstance(store, Unavailable):
        raise store.error()
    return store


def find_run(store: Store, name: str) -> str:
    """Return the id of a run from `last` or any unique beginning; raise InputError otherwise."""
    from runbookctl.journal.ids import resolve_run

    return resolve_run(store, name)


def show_run(name: str) -> Diagnosis:
    """Return the stored verdict of a run; a run that was cut off is judged from what it stored."""
    store = _read_store()
    run_id = find_run(store, name)
    told = story(store, run_id)
    return told.diagnosis or replays.replay(store, run_id)


def show_evidence(name: str, evidence: str) -> tuple[Evidence, bytes]:
    """Return one evidence of a run and its stored bytes."""
    store = _read_store()
    told = story(store, find_run(store, name))
    for one in told.evidence:
        if one.id == evidence:
            return one, body_of(store, one.sha256)
    known = ", ".join(one.id for one in told.evidence[:12]) or "none"
    raise InputError(f"{told.run} has no evidence {evidence}", details=(f"It has: {known}.",),
                     commands=(f"runbookctl show {told.run}",))  # fmt: skip


def status() -> list[RunRow]:
    """Return the latest runs, newest first."""
    store = _read_store()
    rows = []
    for row in store.read(Runs(), limit=50).rows:
        told = story(store, row.run)
        causes = tuple(cause.code for cause in told.diagnosis.causes if cause.root) if told.diagnosis else ()
        verdict = str(told.diagnosis.verdict) if told.diagnosis else ""
        rows.append(RunRow(row.run, _runbook_of(told), told.opened.at, verdict, causes, told.ended or _running(row)))
    return rows


def _running(row: Any) -> str:
    return "running" if row.owner is not None else "cut off"


def _runbook_of(told: Story) -> str:
    return told.opened.runbooks[0].id if told.opened.mode == "run" and told.opened.runbooks else "analyze"


class JournalCheck(Struct, frozen=True):
    """What checking the journal found."""

    ok: bool
    lines: tuple[str, ...]


def verify_journal() -> JournalCheck:
    """Check the chain of every run and the store itself."""
    store = _read_store()
    lines = list(store.check())
    count = 0
    for row in store.read(Runs(), limit=100_000).rows:
        count += 1
        verified = store.verify(row.run)
        lines.extend(f"{row.run}: {problem}" for problem in verified.problems)
    said = f"{count} runs, chains consistent, unanchored: whoever owns this file could have rebuilt them"
    return JournalCheck(not lines, tuple(lines) or (said,))


def export_bundle(name: str, path: str | None) -> Path:
    """Write a run's bundle and return its path."""
    from runbookctl.journal import bundle

    store = _read_store()
    run_id = find_run(store, name)
    target = Path(path or f"{run_id}.tar.gz")
    bundle.export(store, run_id, target)
    return target


def import_bundle(path: str) -> str:
    """Take a bundle into the journal, for reading; return the run's id."""
    from runbookctl.journal import bundle
    from runbookctl.journal.open import Unavailable, open_journal

    content = bundle.read_bundle_file(Path(path))
    store = open_journal()
    if isinstance(store, Unavailable):
        raise store.error()
    return bundle.import_bundle(store, content)


# --- reading aloud -------------------------------------------------------------------------------------------------


def machine(diagnosis: Diagnosis) -> bytes:
    """Return the stable machine output `runbookctl/diagnosis/v1`."""
    from runbookctl.engine.output import machine as write

    return write(diagnosis)


def read_probe(probe: str, path: str, at: str | None = None, stdin: BinaryIO | None = None) -> bytes:
    """Return what one probe reads from a saved answer, as JSON."""
    from runbookctl.engine import readout

    return readout.read_file(probe, path, parse_at(at), stdin or sys.stdin.buffer)


class PostmortemWritten(Struct, frozen=True):
    """Where a postmortem was written, and who fills which section."""

    path: Path
    sections: dict[str, tuple[int, ...]]


def postmortem(name: str, lang: str, output: str | None, *, force: bool = False) -> PostmortemWritten:
    """Render the postmortem of a run from the journal alone and write it."""
    from runbookctl.engine.documents import record_of
    from runbookctl.postmortem.render import render
    from runbookctl.postmortem.sections import fill_of
    from runbookctl.postmortem.written import write

    store = _read_store()
    record = record_of(store, find_run(store, name))
    target = Path(output or f"{record.run}.{lang}.md")
    path = write(render(record, lang), target, force=force)
    return PostmortemWritten(path, {str(fill): numbers for fill, numbers in fill_of(record).items()})


def explain(kind: str, value: str, options: dict[str, str]) -> Explanation:
    """Return what is known of a code, in plain words; raise InputError for an unknown one."""
    from runbookctl.engine.explain import explain as explained

    return explained(kind, value, options, [load_runbook(one.id) for one in runbook_files.every()])


def doctor(parts: Sequence[str]) -> tuple[Check, ...]:
    """Return what can be reached from here, and what that disables."""
    from runbookctl.connectors import Connectors
    from runbookctl.engine.checkup import checkup

    connectors = Connectors()
    try:
        return checkup(parts, connectors)
    finally:
        connectors.close()
