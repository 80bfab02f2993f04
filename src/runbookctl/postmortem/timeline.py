"""The timeline: what happened by its own time, from readings with times and from what the run did.

Pure. Rows are sorted by time, then in the order of the record; two sources of one event stay two rows; what has no time
stands at the end. Source: design notes, postmortem structure, section 4.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal

from msgspec import Struct

from runbookctl.model import Cause, Evidence, Time, Verdict, Writer
from runbookctl.postmortem.record import Confidence, Kind, Moment, Precision, Record, StepEvent
from runbookctl.postmortem.sections import Language
from runbookctl.postmortem.words import say

SourceType = Literal["step output", "log line", "kubectl event", "run", "human note", "milestone"]
_FAR = dt.datetime.max.replace(tzinfo=dt.UTC)


class Source(Struct, frozen=True, kw_only=True):
    """Where a row comes from: `ref` is evidence with its line (`e3:12`), a run or an author."""

    type: SourceType
    ref: str
    sha256: str = ""
    collected_at: Time | None = None


class Row(Struct, frozen=True, kw_only=True):
    """One row. `quoted` text is evidence word for word; `added_later`: the responders could not know it then."""

    at: Time | None
    kind: Kind
    text: str
    actor: str
    source: Source
    until: Time | None = None
    precision: Precision = "second"
    confidence: Confidence = "high"
    added_later: bool = False
    quoted: bool = False


def rows(record: Record, lang: Language = "en") -> tuple[Row, ...]:
    """Return the rows in order of time; sentences of the program are in `lang`, evidence is as it is."""
    evidence = {each.id: each for each in record.diagnosis.evidence}
    found = [
        *(_of_moment(moment, evidence) for moment in record.moments),
        *_beginnings(record, evidence, lang),
        _of_start(record, lang),
        *(_of_step(step, record, evidence, lang) for step in record.steps),
        *_of_verdict(record, lang),
        *_of_marks(record, lang),
        *(
            Row(
                at=note.at, kind=note.kind, text=note.text, actor=note.author, quoted=True, confidence="low",
                source=Source(type="human note", ref=note.author),
            )
            for note in record.notes
        ),
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda row: row.at or _FAR))


def began_before(record: Record) -> bool:
    """Tell whether anything with a time lies before the run: a timeline must not begin at its detection unsaid."""
    times = [moment.at for moment in record.moments] + [cause.began for cause in record.diagnosis.causes]
    return any(at is not None and at < record.started for at in times)


def source_of(evidence: Evidence | None, ref: str, line: int | None = None) -> Source:
    """Return the source of something read from evidence; `ref` names evidence that the record may lack."""
    where = ref if line is None else f"{ref}:{line}"
    if evidence is None:
        return Source(type="step output", ref=where)
    kinds: dict[Writer, SourceType] = {Writer.KERNEL: "log line", Writer.WORKLOAD: "log line"}
    kind = "kubectl event" if "event" in evidence.form else kinds.get(evidence.writer, "step output")
    return Source(type=kind, ref=where, sha256=evidence.sha256, collected_at=evidence.at)


def confidence_in(evidence: Evidence | None) -> Confidence:
    """Say how far its writer can be believed: kernel and API server, node root, workload or person (S3)."""
    if evidence is None or evidence.writer in (Writer.WORKLOAD, Writer.PERSON):
        return "low"
    return "medium" if evidence.writer is Writer.NODE else "high"


def _of_moment(moment: Moment, evidence: dict[str, Evidence]) -> Row:
    piece = evidence.get(moment.evidence)
    return Row(
        at=moment.at, until=moment.until, precision=moment.precision if moment.at is not None else "unknown",
        kind=moment.kind, text=moment.text, actor=moment.subject, quoted=True, confidence=confidence_in(piece),
        source=source_of(piece, moment.evidence, moment.line), added_later=_later(moment.at, piece),
    )  # fmt: skip


def _later(at: Time | None, piece: Evidence | None) -> bool:
    """Tell whether a thing was read only after it happened: what is read of the past was not known then."""
    return at is not None and piece is not None and at < piece.at


def _beginnings(record: Record, evidence: dict[str, Evidence], lang: Language) -> list[Row]:
    """Return a row for the beginning of each cause that no moment of its proof tells already."""
    told = {(moment.evidence, moment.at) for moment in record.moments}
    made: list[Row] = []
    for cause in record.diagnosis.causes:
        proofs = [proof.id for proof in cause.evidence]
        if cause.began is None or any((proof, cause.began) in told for proof in proofs):
            continue
        ref, line = _first_proof(cause)
        piece = evidence.get(ref)
        made.append(
            Row(
                at=cause.began, kind="state change", actor=cause.subject,
                text=say(lang, "t_began", code=cause.code, subject=cause.subject),
                source=source_of(piece, ref, line), confidence=confidence_in(piece),
                added_later=_later(cause.began, piece),
            )
        )  # fmt: skip
    return made


def _first_proof(cause: Cause) -> tuple[str, int | None]:
    for proof in cause.evidence:
        return proof.id, next(iter(proof.lines), None)
    return "", None


def _of_start(record: Record, lang: Language) -> Row:
    text = say(lang, "t_run" if record.runbook else "t_analyze", run=record.run, runbook=record.runbook)
    source = Source(type="run", ref=record.run)
    return Row(at=record.started, kind="action", text=text, actor=record.actor, source=source)


def _of_step(step: StepEvent, record: Record, evidence: dict[str, Evidence], lang: Language) -> Row:
    title = f"{step.title} ({step.item})" if step.item else step.title
    pieces = [evidence[ref] for ref in step.evidence if ref in evidence]
    refs = ", ".join(step.evidence)
    source = source_of(pieces[0], refs) if pieces else Source(type="run", ref=refs or record.run)
    says = step.says or say(lang, step.state)
    return Row(
        at=step.at, kind="observation", text=say(lang, f"t_{step.state}", title=title, says=says),
        actor=say(lang, "t_automation"), source=source,
    )  # fmt: skip


def _of_verdict(record: Record, lang: Language) -> list[Row]:
    """Return one row per root cause, or one for the verdict, at the end of the run."""
    diagnosis, actor = record.diagnosis, say(lang, "t_automation")
    source = Source(type="run", ref=record.run)
    if record.ended is None:
        return []
    if diagnosis.verdict is not Verdict.CAUSES:
        key = "t_clear" if diagnosis.verdict is Verdict.CLEAR else "t_unknown"
        return [Row(at=record.ended, kind="observation", text=say(lang, key), actor=actor, source=source)]
    return [
        Row(
            at=record.ended, kind="observation", text=say(lang, "t_cause", code=cause.code, subject=cause.subject),
            actor=actor, source=source,
        )
        for cause in diagnosis.causes
        if cause.root
    ]  # fmt: skip


def _of_marks(record: Record, lang: Language) -> list[Row]:
    return [
        Row(
            at=mark.at, precision=mark.precision, kind="decision", actor=mark.by, confidence=mark.confidence,
            text=say(lang, "t_mark", milestone=mark.milestone, by=mark.by),
            source=Source(type="milestone", ref=mark.milestone),
        )
        for mark in record.marks
        if mark.at is not None
    ]  # fmt: skip
