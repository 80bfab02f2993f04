"""One run from beginning to end: open, ask or take in, judge, store the verdict, hand it out.

The only place that puts the stages together. What cannot be stored is said, and goes on in memory.
"""

from __future__ import annotations

import getpass
import os
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from msgspec import structs

from runbookctl import __version__, intake, runbook_files
from runbookctl.connectors import Answer, Connectors, Settings
from runbookctl.engine import collect, pieces, replay
from runbookctl.engine.inputs import AnalyzeOptions, RunOptions, given_for, now_of, parse_at
from runbookctl.engine.output import machine
from runbookctl.engine.record import Opened, Recorder
from runbookctl.engine.watch import RunStarted, Silent
from runbookctl.errors import InputError, Interrupted, RunbookctlError, RunbookError
from runbookctl.journal import bundle
from runbookctl.journal.clock import this_process
from runbookctl.journal.interface import Actor
from runbookctl.journal.memory import memory_store
from runbookctl.journal.open import Unavailable, open_journal
from runbookctl.language import loader
from runbookctl.model import Diagnosis, Missing, RunRunbook, Subject

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from runbookctl.engine.watch import Watch
    from runbookctl.language.model import Runbook

DEEPEST = 3  # a runbook may run a runbook that runs a runbook


def load_runbook(name: str) -> Runbook:
    """Return a runbook by id or path; raise InputError with the nearest ids when there is none."""
    found = runbook_files.find(name)
    return loader.load(found.file, found.library.folder if found.library else None)


def run(options: RunOptions, watch: Watch, stdin: BinaryIO, *, depth: int = 1) -> Diagnosis:
    """Ask, judge, conclude and propose; every answer and the verdict are stored before they are shown."""
    runbook = load_runbook(options.runbook)
    given = given_for(runbook, options, required=options.from_ is None)
    if options.from_ is not None:
        return _judged((options.from_,), [runbook], given, options.at, watch, stdin)
    values = replay.values_of(runbook, given)
    at = now_of(options.at)
    connectors = Connectors(_settings(options))
    try:
        opened = Opened(mode="run", inputs=given, at=at, version=__version__, title=runbook.title)
        recorder = _open(opened, [runbook], _subject_of(values), watch)
        steps = tuple((step.id, step.title) for step in runbook.steps)
        watch.started(RunStarted(run=recorder.run, runbook=runbook.id, title=runbook.title, steps=steps))
        asked = collect.Settings(timeout=options.timeout, confirm=options.step)
        nested = _nested(options, stdin, depth)
        collector = collect.Collector(recorder, runbook, values, connectors, watch, asked, at, nested)
        began = time.monotonic()
        try:
            collector.collect()
        except Interrupted:
            recorder.end("interrupted", time.monotonic() - began)
            raise
        return _finish(recorder, [runbook], time.monotonic() - began)
    finally:
        connectors.close()


def _nested(options: RunOptions, stdin: BinaryIO, depth: int) -> Callable[[RunRunbook], Answer | Missing]:
    """Return how a step runs another runbook: as a run of its own, with the same access, without showing its steps."""

    def inner(request: RunRunbook) -> Answer | Missing:
        if depth >= DEEPEST:
            return Missing(why=f"runbooks run each other more than {DEEPEST} deep", kind="not asked")
        again = structs.replace(options, runbook=request.runbook, inputs=request.inputs, on=(), step=False)
        try:
            found = run(again, Silent(), stdin, depth=depth + 1)
        except RunbookctlError as error:
            return Missing(why=error.what, obtain=request.printed())
        return Answer(
            body=machine(found), form=request.form, source=found.run, shortened=None, at=found.at or now_of(None)
        )

    return inner


def analyze(options: AnalyzeOptions, watch: Watch, stdin: BinaryIO) -> Diagnosis:
    """Take in whatever there is, let every runbook judge it, and rank the causes of all together."""
    named = [load_runbook(name) for name in options.runbooks]
    runbooks = named or list(_all_runbooks(watch))
    return _judged(options.paths, runbooks, options.inputs, options.at, watch, stdin)


def _all_runbooks(watch: Watch) -> Iterator[Runbook]:
    """Return every runbook that can be loaded; one with mistakes is named and does not keep the others from judging."""
    for found in runbook_files.every():
        try:
            yield load_runbook(found.id)
        except RunbookError:
            watch.warn(f"{found.id} has mistakes and does not judge", f"runbookctl lint {found.file}")
        except InputError as error:
            watch.warn(f"{found.id} does not judge: {error.what}", *error.commands)


def _judged(
    paths: Sequence[str], runbooks: list[Runbook], given: dict[str, list[str]], at: str | None, watch: Watch,
    stdin: BinaryIO,
) -> Diagnosis:  # fmt: skip
    """Judge what was given; a run's bundle is that run, judged again."""
    parts = intake.pieces(paths, stdin)
    first = next(parts, None)
    if first is not None and first.form == intake.BUNDLE:
        return _of_bundle(first.source, [piece.source for piece in parts])
    when = parse_at(at)
    opened = Opened(mode="analyze", inputs=given, at=now_of(None), at_given=when, version=__version__)
    recorder = _open(opened, runbooks, Subject(), watch)
    watch.started(RunStarted(run=recorder.run))
    began = time.monotonic()
    try:
        pieces.take_in(recorder, _no_bundle(first, parts), watch, opened.at, when)
        pieces.compute(recorder, runbooks, opened.at, when)
    except KeyboardInterrupt:
        recorder.end("interrupted", time.monotonic() - began)
        raise Interrupted("Stopped. What was read is stored.", commands=(f"runbookctl show {recorder.run}",)) from None
    return _finish(recorder, runbooks, time.monotonic() - began)


def _no_bundle(first: intake.Piece | None, rest: Iterator[intake.Piece]) -> Iterator[intake.Piece]:
    if first is not None:
        yield first
    for piece in rest:
        if piece.form == intake.BUNDLE:
            raise InputError(
                f"{piece.source} is a run's bundle; give a bundle alone",
                commands=(f"runbookctl analyze {piece.source}",),
            )
        yield piece


def _finish(recorder: Recorder, runbooks: list[Runbook], took: float) -> Diagnosis:
    """Judge from what was stored, store the verdict, then hand it out."""
    took = round(took, 3)
    diagnosis = replay.replay(
        recorder.store, recorder.run, pool=recorder.pool, runbooks=runbooks, took=took, stored=recorder.stored
    )
    recorder.diagnosis(diagnosis)
    recorder.end("done", took)
    return diagnosis


def _of_bundle(path: str, others: list[str]) -> Diagnosis:
    """Judge a bundle's run again from its own evidence and runbooks, outside this machine's journal."""
    if others:
        raise InputError("give a bundle alone", details=(f"also given: {', '.join(others[:5])}",))
    store = memory_store()
    run_id = bundle.import_bundle(store, bundle.read_bundle_file(Path(path)))
    return replay.replay(store, run_id)


def _subject_of(values: dict[str, Any]) -> Subject:
    fields = Subject.__struct_fields__
    return Subject(**{name: value for name, value in values.items() if name in fields and isinstance(value, str)})


def _settings(options: RunOptions) -> Settings:
    """Return how to reach the world: what the options say, else the environment."""
    given = {
        "context": options.context, "namespace": options.namespace, "prometheus": options.prometheus,
        "kubeconfig": options.kubeconfig,
    }  # fmt: skip
    return structs.replace(Settings.of(os.environ), **{key: value for key, value in given.items() if value})


def _actor() -> Actor:
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a uid without an account, as in many containers
        name = "unknown"
    return Actor(name=name, via="cli")


def _open(opened: Opened, runbooks: list[Runbook], subject: Subject, watch: Watch) -> Recorder:
    """Open a run in the journal; where the journal cannot be written the run goes on in memory, not stored."""
    store = open_journal()
    stored = not isinstance(store, Unavailable)
    if isinstance(store, Unavailable):
        watch.warn(store.why, "This run is shown and not stored: no fix or postmortem from it.", *store.commands)
        store = memory_store()
    return Recorder.open(
        store, stored=stored, key=uuid.uuid4().hex, owner=this_process(opened.mode), by=_actor(), subject=subject,
        facts=opened, snapshots=runbooks,
    )  # fmt: skip
