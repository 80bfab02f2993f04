"""The use cases: each function is the list of verbs it takes. Command line, chat and HTTP call these, nothing deeper.

Nothing here changes anything outside the journal and the files that a person asked to be written.
"""

from __future__ import annotations

import datetime as dt
import getpass
import os
import sys
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from msgspec import Struct

from runbookctl import __version__, runbook_files
from runbookctl.engine import replay as replays
from runbookctl.engine.record import Opened, Recorder, body_of, story
from runbookctl.errors import InputError, Interrupted, RunbookctlError
from runbookctl.journal.interface import Actor, Runs
from runbookctl.language import loader
from runbookctl.language.units import parse_time
from runbookctl.model import Diagnosis, Evidence, Origin, Subject

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


class RunOptions(Struct, frozen=True, kw_only=True):
    """How to run a runbook. `inputs` are texts as given; `on` are node names or ranges; `timeout` is in seconds."""

    runbook: str
    inputs: dict[str, list[str]] = {}
    on: tuple[str, ...] = ()
    from_: str | None = None
    timeout: float = 30.0
    step: bool = False
    context: str | None = None
    namespace: str | None = None
    at: str | None = None
    prometheus: str | None = None
    kubeconfig: str | None = None


class AnalyzeOptions(Struct, frozen=True, kw_only=True):
    """What to analyze: files, folders or "-"; `at` is what `now` means; `runbooks` restricts who judges."""

    paths: tuple[str, ...]
    at: str | None = None
    runbooks: tuple[str, ...] = ()
    inputs: dict[str, list[str]] = {}


def plan_run(options: RunOptions) -> Plan:
    """Return what a run would ask; nothing is sent."""
    from runbookctl.engine.plan import plan

    runbook = load_runbook(options.runbook)
    return plan(runbook, replays.values_of(runbook, _given(runbook, options, required=True)), _now(options.at))


DEEPEST = 3  # a runbook may run a runbook that runs a runbook


def run(options: RunOptions, watch: Watch, *, depth: int = 1) -> Diagnosis:
    """Ask, judge, conclude and propose; every answer and the verdict are stored before they are shown."""
    from runbookctl.engine.collect import Collector, Settings

    runbook = load_runbook(options.runbook)
    if options.from_ is not None:
        return _run_from(runbook, options, watch)
    given = _given(runbook, options, required=True)
    values = replays.values_of(runbook, given)
    connectors = _connectors(options)
    at = _now(options.at)
    try:
        recorder = _open(Opened(mode="run", runbooks={}, inputs=given, at=at, version=__version__, title=runbook.title),
                         [runbook], _subject_of(values))  # fmt: skip
        steps = tuple((step.id, step.title) for step in runbook.steps)
        _tell_started(watch, recorder, runbook.id, runbook.title, steps)
        settings = Settings(timeout=options.timeout, confirm=options.step, origin=Origin.LIVE)
        nested = _nested(options, depth)
        collector = Collector(recorder, runbook, values, connectors, watch, settings, at, nested)
        began = time.monotonic()
        try:
            collector.collect()
        except Interrupted:
            recorder.end("interrupted", time.monotonic() - began)
            raise
        return _finish(recorder, [runbook], time.monotonic() - began)
    finally:
        connectors.close()


def _nested(options: RunOptions, depth: int) -> Any:
    """Return how a step runs another runbook: as a run of its own, with the same access, without showing its steps."""
    from msgspec import structs

    from runbookctl.connectors import Answer
    from runbookctl.engine.watch import Silent
    from runbookctl.model import Missing, RunRunbook

    def inner(request: RunRunbook) -> Answer | Missing:
        if depth >= DEEPEST:
            return Missing(why=f"runbooks run each other more than {DEEPEST} deep", kind="not asked")
        given = structs.replace(options, runbook=request.runbook, inputs=request.inputs, on=(), step=False)
        try:
            found = run(given, Silent(), depth=depth + 1)
        except RunbookctlError as error:
            return Missing(why=error.what, obtain=request.printed())
        return Answer(
            body=machine(found), form=request.form, source=found.run, shortened=None, at=found.at or _now(None)
        )

    return inner


def _run_from(runbook: Runbook, options: RunOptions, watch: Watch) -> Diagnosis:
    """Judge one runbook on saved evidence instead of the live system; a run's bundle replays that run."""
    assert options.from_ is not None
    given = _given(runbook, options, required=False)
    paths = (options.from_,)
    return _analyze(paths, [runbook], given, options.at, watch, stdin=None)


def analyze(options: AnalyzeOptions, watch: Watch, stdin: BinaryIO | None = None) -> Diagnosis:
    """Take in whatever there is, let every runbook judge it, and rank the causes of all together."""
    names = options.runbooks or tuple(one.id for one in runbook_files.every())
    runbooks = [load_runbook(name) for name in names]
    return _analyze(options.paths, runbooks, options.inputs, options.at, watch, stdin)


def _analyze(
    paths: Sequence[str], runbooks: list[Runbook], given: dict[str, list[str]], at: str | None, watch: Watch,
    stdin: BinaryIO | None,
) -> Diagnosis:  # fmt: skip
    from runbookctl import intake
    from runbookctl.engine import pieces

    when = parse_at(at)
    opened = Opened(mode="analyze", runbooks={}, inputs=given, at=_now(None), at_given=when, version=__version__)
    parts = intake.pieces(paths, stdin or sys.stdin.buffer)
    first = next(parts, None)
    if first is not None and first.form == intake.BUNDLE:
        return _replay_bundle(first.source, [piece.source for piece in parts])
    recorder = _open(opened, runbooks, Subject())
    _tell_started(watch, recorder, "", "", ())
    began = time.monotonic()
    try:
        pieces.take_in(recorder, _chained(first, parts), watch, opened.at, when)
        pieces.compute(recorder, runbooks, opened.at, when)
    except KeyboardInterrupt:
        recorder.end("interrupted", time.monotonic() - began)
        raise Interrupted("Stopped. What was read is stored.", commands=(f"runbookctl show {recorder.run}",)) from None
    return _finish(recorder, runbooks, time.monotonic() - began)


def _chained(first: Any, rest: Any) -> Any:
    if first is not None:
        yield first
    for piece in rest:
        if piece.form == "bundle":
            raise InputError(f"{piece.source} is a run's bundle; give a bundle alone",
                             commands=(f"runbookctl analyze {piece.source}",))  # fmt: skip
        yield piece


def _finish(recorder: Recorder, runbooks: list[Runbook], took: float) -> Diagnosis:
    """Judge from what was stored, store the verdict, then hand it out."""
    took = round(took, 3)
    diagnosis = replays.replay(
        recorder.store, recorder.run, pool=recorder.pool, runbooks=runbooks, took=took, stored=recorder.stored
    )
    recorder.diagnosis(diagnosis)
    recorder.end("done", took)
    return diagnosis


def _replay_bundle(path: str, others: list[str]) -> Diagnosis:
    """Judge a bundle's run again from its own evidence and runbooks, outside this machine's journal."""
    from runbookctl.journal import bundle
    from runbookctl.journal.memory import memory_store

    if others:
        raise InputError("give a bundle alone", details=(f"also given: {', '.join(others[:5])}",))
    store = memory_store()
    run_id = bundle.import_bundle(store, bundle.read_bundle_file(Path(path)))
    return replays.replay(store, run_id)


def _given(runbook: Runbook, options: RunOptions, *, required: bool) -> dict[str, list[str]]:
    """Return the texts given for inputs, `--on` and `-n` among them; raise InputError for what does not fit."""
    from runbookctl.engine.noderanges import expand
    from runbookctl.language.suggest import did_you_mean

    given = {name: list(texts) for name, texts in options.inputs.items()}
    known = {one.name: one for one in runbook.inputs}
    for name in given:
        if name not in known:
            raise InputError(f'{runbook.id} has no input "{name}"{did_you_mean(name, known)}',
                             details=(f"It has: {', '.join(known) or 'none'}.",),
                             commands=(f"runbookctl show {runbook.id}",))  # fmt: skip
    nodes = next((one for one in runbook.inputs if one.type == "node"), None)
    if options.on:
        if nodes is None:
            raise InputError(f"{runbook.id} takes no nodes, so --on does not fit",
                             commands=(f"runbookctl show {runbook.id}",))  # fmt: skip
        given.setdefault(nodes.name, []).extend(expand(options.on))
    if options.namespace is not None and "namespace" in known:
        given.setdefault("namespace", [options.namespace])
    for name, texts in given.items():
        if known[name].many:
            given[name] = [part for text in texts for part in _listed(text)]
    missing = [one.name for one in runbook.inputs if one.required and one.name not in given]
    if required and missing:
        example = " ".join(f"-i {name}=..." for name in missing)
        raise InputError(
            f"{runbook.id} needs {', '.join(missing)}", commands=(f"runbookctl run {runbook.id} {example}",)
        )
    replays.values_of(runbook, given)
    return given


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _subject_of(values: dict[str, Any]) -> Subject:
    fields = Subject.__struct_fields__
    return Subject(**{name: value for name, value in values.items() if name in fields and isinstance(value, str)})


def _connectors(options: RunOptions) -> Any:
    from msgspec import structs

    from runbookctl.connectors import Connectors, Settings

    given = {"context": options.context, "namespace": options.namespace, "prometheus": options.prometheus,
             "kubeconfig": options.kubeconfig}  # fmt: skip
    settings = structs.replace(Settings.of(os.environ), **{key: value for key, value in given.items() if value})
    return Connectors(settings)


def _now(text: str | None) -> dt.datetime:
    return parse_at(text) or dt.datetime.now(dt.UTC).replace(microsecond=0)


def parse_at(text: str | None) -> dt.datetime | None:
    """Return the time of `--at`; raise InputError when it is none."""
    if text is None:
        return None
    try:
        return parse_time(text)
    except ValueError as error:
        raise InputError(f"--at: {error}") from None


# --- the journal ---------------------------------------------------------------------------------------------------


class RunRow(Struct, frozen=True):
    """One run of the list."""

    run: str
    runbook: str
    at: dt.datetime
    verdict: str
    causes: tuple[str, ...]
    state: str


def _actor() -> Actor:
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a uid without an account, as in many containers
        name = "unknown"
    return Actor(name=name, via="cli")


def _open(opened: Opened, runbooks: list[Runbook], subject: Subject) -> Recorder:
    """Open a run in the journal; where the journal cannot be written the run goes on in memory, not stored."""
    from runbookctl.journal.clock import this_process
    from runbookctl.journal.memory import memory_store
    from runbookctl.journal.open import Unavailable, open_journal

    store = open_journal()
    stored = not isinstance(store, Unavailable)
    if isinstance(store, Unavailable):
        _warn(store)
        store = memory_store()
    return Recorder.open(
        store, stored=stored, key=uuid.uuid4().hex, owner=this_process(opened.mode), by=_actor(), subject=subject,
        facts=opened, snapshots=runbooks,
    )  # fmt: skip


def _warn(unavailable: Any) -> None:
    print(f"warning: {unavailable.why}", file=sys.stderr)  # noqa: T201 - before any result, and only here
    print("  This run is shown and not stored: no fix or postmortem from it.", file=sys.stderr)  # noqa: T201


def _tell_started(
    watch: Watch, recorder: Recorder, runbook: str, title: str, steps: tuple[tuple[str, str], ...]
) -> None:
    from runbookctl.engine.watch import RunStarted

    watch.started(RunStarted(run=recorder.run, runbook=runbook, title=title, steps=steps))


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
    return next(iter(told.opened.runbooks), "") if told.opened.mode == "run" else "analyze"


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
