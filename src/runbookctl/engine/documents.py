"""The record of a run as its postmortem needs it, from the journal alone. Pure: reads events and stored bodies."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from msgspec import structs

from runbookctl import forms, probes
from runbookctl.engine import replay, subjects
from runbookctl.engine.pool import Pool
from runbookctl.engine.record import body_of, story
from runbookctl.forms.lines import Line, numbered
from runbookctl.journal.interface import Runs
from runbookctl.language.values import shown
from runbookctl.postmortem.record import Excerpt, Moment, Note, Record, StepEvent

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from runbookctl.engine.reading import Answer, Told
    from runbookctl.engine.record import Story
    from runbookctl.journal.interface import Store
    from runbookctl.language.model import Runbook
    from runbookctl.model import Diagnosis, Evidence

MOST_MOMENTS = 200
MOST_EXCERPTS = 200
FEW = 3  # lines of one kind that are told one by one


def record_of(store: Store, run: str) -> Record:
    """Return what a document may say about a run."""
    told = story(store, run)
    books = replay.runbooks_of(store, told)
    pool = Pool(lambda evidence: body_of(store, evidence.sha256))
    for evidence in told.evidence:
        pool.add(evidence)
    diagnosis = told.diagnosis or replay.replay(store, run, pool=pool, runbooks=books)
    row = next(row for row in store.read(Runs(prefix=run)).rows if row.run == run)
    single = told.opened.mode == "run"
    return Record(
        run=run,
        diagnosis=diagnosis,
        started=told.opened.at,
        ended=told.events[-1].at if told.ended else None,
        runbook=books[0].id if single and books else "",
        title=books[0].title if single and books else "",
        version=told.opened.version,
        mode=row.by.mode.value,
        actor=row.by.name,
        inputs=dict(told.opened.inputs),
        steps=tuple(_steps(told, books if single else ())),
        moments=tuple(_moments(pool, books, diagnosis)),
        excerpts=tuple(_excerpts(store, told, diagnosis)),
        notes=tuple(_notes(told)),
        chain=told.events[-1].hash,
    )


def _steps(told: Story, books: Iterable[Runbook]) -> Iterator[StepEvent]:
    steps = [step for book in books for step in book.steps]
    if not steps:
        for one in told.evidence:
            yield _step(one.id, one.source or one.id, [one])
        return
    for step in steps:
        mine = [one for one in told.evidence if step.id in one.steps]
        if mine:
            yield _step(step.id, step.title, mine)
        else:
            yield StepEvent(id=step.id, title=step.title, at=told.opened.at, state="skipped", says="not needed")


def _step(name: str, title: str, evidence: list[Evidence]) -> StepEvent:
    missing = [one for one in evidence if one.missing is not None]
    cut = any(one.shortened is not None and not one.shortened.harmless for one in evidence)
    state: Any = "missing" if len(missing) == len(evidence) else "cut short" if cut else "read"
    says = "; ".join(dict.fromkeys(one.missing.why if one.missing else one.summary for one in evidence))
    return StepEvent(
        id=name, title=title, at=evidence[0].at, state=state, took=max(one.took for one in evidence),
        evidence=tuple(one.id for one in evidence), says=says,
        item=str(evidence[0].item) if evidence[0].item is not None and len(evidence) == 1 else "",
    )  # fmt: skip


def _moments(pool: Pool, books: Iterable[Runbook], diagnosis: Diagnosis) -> list[Moment]:
    """Return what the evidence dates: proof lines, ends of containers, events about what the causes are about."""
    proven = {(proof.id, line) for cause in diagnosis.causes for proof in cause.evidence for line in proof.lines}
    about = {name for cause in diagnosis.causes for name in (cause.subject, *cause.subjects)}
    found: dict[tuple[str, dt.datetime | None, str], Moment] = {}
    for probe in dict.fromkeys(step.probe for book in books for step in book.steps):
        module = probes.load(probe)
        for evidence in pool.evidence:
            if module is None or evidence.missing is not None or evidence.form not in module.FORMS:
                continue
            for moment in _folded(_of_answer(pool.answer(evidence, probe), proven, about)):
                found.setdefault((moment.evidence, moment.at, moment.text), moment)
    ordered = sorted(found.values(), key=lambda one: (one.at is None, one.at or dt.datetime.max.replace(tzinfo=dt.UTC)))
    return ordered[:MOST_MOMENTS]


def _folded(moments: Iterable[tuple[str, Moment]]) -> Iterator[Moment]:
    """Tell a storm of lines of one kind about one subject once: the first, how many more, until when."""
    kinds: dict[tuple[str, str, str], list[Moment]] = {}
    for kind, moment in moments:
        kinds.setdefault((kind or moment.text, moment.subject, moment.evidence), []).append(moment)
    for same in kinds.values():
        dated = [one for one in same if one.at is not None]
        if len(same) <= FEW or not dated:
            yield from same
            continue
        first = min(dated, key=lambda one: one.at or dt.datetime.max.replace(tzinfo=dt.UTC))
        last = max(one.at for one in dated if one.at is not None)
        text = f"{first.text} (and {len(same) - 1} more lines of this kind)"
        yield structs.replace(first, text=text, until=last)


def _kind(told: Told) -> str:
    """Return what makes two readings of one probe of one kind."""
    names = (getattr(told.reading, name, None) for name in ("code", "kind", "reason", "sign"))
    return " ".join(str(name) for name in names if isinstance(name, (str, int)))


def _of_answer(answer: Answer, proven: set[tuple[str, int]], about: set[str]) -> Iterator[tuple[str, Moment]]:
    for told in answer.told:
        for moment in _of_reading(answer, told, proven, about):
            yield _kind(told), moment


def _of_reading(answer: Answer, told: Told, proven: set[tuple[str, int]], about: set[str]) -> Iterator[Moment]:
    reading = told.reading
    line = reading.line if isinstance(reading.line, int) else None
    time = getattr(reading, "time", None)
    spoken = (answer.evidence.id, line) in proven if line is not None else _is_about(told, about)
    if isinstance(time, dt.datetime) and (spoken or _is_about(told, about)):
        text = reading.text if isinstance(reading.text, str) else ""
        yield Moment(text=text, evidence=answer.evidence.id, at=time, line=line, subject=str(told.subject))
    elif line is not None and spoken and not isinstance(time, dt.datetime) and hasattr(reading, "time"):
        text = reading.text if isinstance(reading.text, str) else ""
        yield Moment(text=text, evidence=answer.evidence.id, precision="unknown", line=line, subject=str(told.subject))
    yield from _ends(answer, told, about)


def _is_about(told: Told, about: set[str]) -> bool:
    if str(told.subject) in about:
        return True
    level = subjects.deepest(told.subject)
    pod = subjects.at_level(told.subject, "pod") if level == "container" else None
    return pod is not None and str(pod) in about


def _ends(answer: Answer, told: Told, about: set[str]) -> Iterator[Moment]:
    """Return the recorded ends of a container as moments of their own."""
    ends = getattr(told.reading, "exits", ())
    if not isinstance(ends, tuple) or not _is_about(told, about):
        return
    for end in ends:
        time = getattr(end, "time", None)
        if isinstance(time, dt.datetime):
            code, reason = shown(getattr(end, "code", None)), shown(getattr(end, "reason", None))
            yield Moment(
                text=f"container ended: {reason}, exit code {code}", evidence=answer.evidence.id, at=time,
                kind="state change", subject=str(told.subject),
            )  # fmt: skip


def _excerpts(store: Store, told: Story, diagnosis: Diagnosis) -> Iterator[Excerpt]:
    wanted: dict[str, set[int]] = {}
    for cause in diagnosis.causes:
        for proof in cause.evidence:
            wanted.setdefault(proof.id, set()).update(proof.lines)
    count = 0
    for evidence in told.evidence:
        lines = wanted.get(evidence.id)
        if not lines or not forms.is_form(evidence.form):
            continue
        for one in numbered(body_of(store, evidence.sha256)):
            if isinstance(one, Line) and one.number in lines and count < MOST_EXCERPTS:
                count += 1
                yield Excerpt(evidence=evidence.id, line=one.number, text=one.text)


def _notes(told: Story) -> Iterator[Note]:
    for event in told.events:
        if event.kind == "note" and event.data:
            yield Note(at=event.at, author=event.actor, text=str(event.data.get("text", "")))
