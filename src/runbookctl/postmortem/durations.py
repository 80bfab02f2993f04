"""Ten milestones of an incident and what lies between them.

Pure. What is not known is `None` with a reason; a negative duration is shown, never clamped; an order that contradicts
the definitions is named, never repaired. Source: design notes, postmortem structure, section 3.
"""

from __future__ import annotations

from itertools import pairwise

from msgspec import Struct

from runbookctl.model import Cause, Duration, Time, Verdict
from runbookctl.postmortem.record import MILESTONES, Confidence, Mark, Precision, Record
from runbookctl.postmortem.sections import Language
from runbookctl.postmortem.units import coarser, stamp
from runbookctl.postmortem.words import listed, say


class Milestone(Struct, frozen=True, kw_only=True):
    """One milestone. Without `at`, `why` says why; `provenance` who or what says so; `candidate` what else is known."""

    name: str
    at: Time | None = None
    precision: Precision = "unknown"
    provenance: str = ""
    confidence: Confidence = "low"
    why: str = ""
    candidate: str = ""


class Measure(Struct, frozen=True, kw_only=True):
    """A duration with its formula; without `value`, `why` says why."""

    name: str
    formula: str
    value: Duration | None = None
    precision: Precision = "unknown"
    why: str = ""


_MEASURES = (  # name, later milestone, earlier milestone
    ("d_ttd", "detected", "impact_start"),
    ("d_tta", "acknowledged", "detected"),
    ("d_diagnose", "diagnosed", "acknowledged"),
    ("d_impact_diagnosed", "diagnosed", "impact_start"),
    ("d_ttm", "mitigated", "impact_start"),
    ("d_ttr", "resolved", "impact_start"),
)


def milestones(record: Record, lang: Language = "en") -> tuple[Milestone, ...]:
    """Return the ten, in the order of their definition. What somebody set goes before what the run tells."""
    set_by_people = {mark.milestone: mark for mark in record.marks}
    derived = {"impact_start": _impact_start(record, lang), "diagnosed": _diagnosed(record, lang)}
    found: list[Milestone] = []
    for name in MILESTONES:
        mark = set_by_people.get(name)
        found.append(_of_mark(mark, lang) if mark is not None else derived.get(name) or _not_known(name, record, lang))
    return tuple(found)


def measures(found: tuple[Milestone, ...], lang: Language = "en") -> tuple[Measure, ...]:
    """Return the durations between `found` milestones; approval is waited for only where something was changed."""
    by_name = {milestone.name: milestone for milestone in found}
    made: list[Measure] = []
    for name, later, earlier in _MEASURES:
        end, start = by_name[later], by_name[earlier]
        names = (_named(later, lang), _named(earlier, lang))
        formula = " - ".join(names)
        if end.at is None or start.at is None:
            lacking = [named for named, each in zip(names, (end, start), strict=True) if each.at is None]
            why = say(lang, "needs", names=listed(lang, lacking))
            made.append(Measure(name=say(lang, name), formula=formula, why=why))
            continue
        shown = f"{names[0]} {stamp(end.at, end.precision)} - {names[1]} {stamp(start.at, start.precision)}"
        made.append(
            Measure(
                name=say(lang, name), formula=shown, value=end.at - start.at,
                precision=coarser(end.precision, start.precision),
            )
        )  # fmt: skip
    approval = Measure(name=say(lang, "d_approval"), formula=say(lang, "f_approval"), why=say(lang, "no_approval"))
    return (*made, approval)


def _named(name: str, lang: Language) -> str:
    """Return how a milestone is called: by its id in English, by its term in Chinese."""
    return say(lang, f"m_{name}") if lang == "zh" else name


def disorder(found: tuple[Milestone, ...], lang: Language = "en") -> tuple[str, ...]:
    """Return a sentence for each milestone that lies before the known one that should come before it."""
    known = [milestone for milestone in found if milestone.at is not None]
    made: list[str] = []
    for before, after in pairwise(known):
        if before.at is not None and after.at is not None and after.at < before.at:
            made.append(
                say(
                    lang, "disorder", later=_named(after.name, lang), at=stamp(after.at, after.precision),
                    earlier=_named(before.name, lang), before=stamp(before.at, before.precision),
                )
            )  # fmt: skip
    return tuple(made)


def onset(record: Record) -> tuple[Time, str] | None:
    """Return when the first root cause began by its proof, else the earliest time there, and what says so."""
    began = [(cause.began, _ref(cause)) for cause in record.diagnosis.causes if cause.root and cause.began is not None]
    return min(began, key=lambda pair: pair[0]) if began else earliest(record)


def earliest(record: Record) -> tuple[Time, str] | None:
    """Return the earliest time in the proof of the root causes and the evidence that says so (`e3:12`)."""
    roots = [cause for cause in record.diagnosis.causes if cause.root]
    proofs = {proof.id for cause in roots for proof in cause.evidence}
    times = [(cause.began, _ref(cause)) for cause in roots if cause.began is not None]
    times += [
        (moment.at, moment.evidence if moment.line is None else f"{moment.evidence}:{moment.line}")
        for moment in record.moments
        if moment.at is not None and moment.evidence in proofs
    ]
    return min(times, key=lambda pair: pair[0], default=None)


def _ref(cause: Cause) -> str:
    for proof in cause.evidence:
        return f"{proof.id}:{proof.lines[0]}" if proof.lines else proof.id
    return cause.code


def _impact_start(record: Record, lang: Language) -> Milestone:
    found, sign = onset(record), earliest(record)
    if found is None:
        why = "why_impact_start" if record.diagnosis.causes else "why_impact_clear"
        return Milestone(name="impact_start", why=say(lang, why))
    at, ref = found
    earlier = sign is not None and sign[0] < at
    candidate = say(lang, "earlier_sign", time=stamp(sign[0]), ref=sign[1]) if sign is not None and earlier else ""
    return Milestone(
        name="impact_start", at=at, precision="second", provenance=say(lang, "by_proof", ref=ref),
        confidence="medium", candidate=candidate,
    )  # fmt: skip


def _diagnosed(record: Record, lang: Language) -> Milestone:
    if record.ended is None:
        return Milestone(name="diagnosed", why=say(lang, "why_cut_off"))
    if record.diagnosis.verdict is not Verdict.CAUSES:
        return Milestone(name="diagnosed", why=say(lang, "why_diagnosed"))
    provenance = say(lang, "by_run", run=record.run)
    return Milestone(name="diagnosed", at=record.ended, precision="second", provenance=provenance, confidence="high")


def _of_mark(mark: Mark, lang: Language) -> Milestone:
    if mark.at is None or mark.precision == "unknown":
        return Milestone(name=mark.milestone, provenance=mark.by, why=mark.why or say(lang, "why_given"))
    return Milestone(
        name=mark.milestone, at=mark.at, precision=mark.precision, provenance=mark.by, confidence=mark.confidence
    )


def _not_known(name: str, record: Record, lang: Language) -> Milestone:
    """Return a milestone that the record does not tell; the start of the run bounds when it was noticed."""
    candidate = ""
    if name in ("detected", "acknowledged"):
        candidate = say(lang, "not_after", time=stamp(record.started), run=record.run)
    return Milestone(name=name, why=say(lang, f"why_{name}"), candidate=candidate)
