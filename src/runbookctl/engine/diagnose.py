"""Puts judgements of one or many runbooks together into one diagnosis. Pure: evidence in, values out."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from runbookctl import __version__, probes
from runbookctl.engine.conclude import Concluded, conclude
from runbookctl.engine.judge import Item, Judgement, RunbookScope, judge, truth_or_false
from runbookctl.engine.propose import propose
from runbookctl.engine.subjects import Names
from runbookctl.engine.translate import texts_of
from runbookctl.engine.unknowns import open_questions
from runbookctl.language.values import Listing, Ref, Unknown, truth, whys_of
from runbookctl.model import (
    Cause,
    Diagnosis,
    Evidence,
    Finding,
    NotRuledOut,
    Origin,
    Proof,
    Shown,
    Subject,
    Verdict,
)  # fmt: skip
from runbookctl.model import Unknown as Row

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from runbookctl.engine.answers import Asked
    from runbookctl.engine.reading import Answer
    from runbookctl.language.model import Runbook

UNREADABLE = frozenset({"unrecognised", "empty"})


class Case(Struct, frozen=True, eq=False):
    """One runbook with what its steps got, ready to be judged."""

    runbook: Runbook
    asked: Mapping[str, Asked]
    inputs: Mapping[str, Any]


class Circumstances(Struct, frozen=True, kw_only=True):
    """What is the same for the whole diagnosis."""

    run: str
    evidence: tuple[Evidence, ...]
    now: dt.datetime | None
    pasted: bool
    at: dt.datetime
    took: float = 0.0
    stored: bool = True


def names_of(cases: Iterable[Case]) -> Names:
    """Learn second names from all the evidence of all runbooks together."""
    seen: dict[tuple[str, str], Iterable[Subject]] = {}
    for case in cases:
        for asked in case.asked.values():
            for answer in asked.answers:
                key = (answer.evidence.id, asked.step.probe)
                if key not in seen:
                    seen[key] = set(_named(asked.step.probe, answer))
    return Names(subject for subjects in seen.values() for subject in subjects)


def _named(probe: str, answer: Answer) -> Iterable[Subject]:
    """Return every subject that an answer names; a probe may know further names of what it reads (`also_named`)."""
    also = getattr(probes.load(probe), "also_named", None)
    yield answer.evidence.subject
    for told in answer.told:
        yield told.subject
        if also is not None:
            yield from also(told.reading)


def diagnose(cases: Sequence[Case], of: Circumstances) -> Diagnosis:
    """Judge, conclude and propose; return the diagnosis."""
    names = names_of(cases)
    judgements = []
    for case in cases:
        shared = RunbookScope(case.runbook, case.asked, names, inputs=case.inputs, now=of.now, drop_older=not of.pasted)
        judgements.append(judge(shared, pasted=of.pasted))
    counting = [one for one in judgements if _counts(one, pasted=of.pasted)]
    causes = conclude(judgements)
    told = [held.item.subject for one in judgements for held in one.held]
    questions = {one.runbook.id: open_questions(one, told, pasted=of.pasted) for one in counting}
    rows = [*_unreadable(of), *(row for open_ in questions.values() for row in open_.rows)]
    cut = [] if causes or not of.pasted else _cut(cases)
    rows = [*rows, *cut]
    decided = bool(counting) and all(open_.decided for open_ in questions.values())
    decided = decided and not cut and not any(_unreadable(of))
    verdict = Verdict.CAUSES if causes else Verdict.CLEAR if decided else Verdict.UNKNOWN
    hashes = {evidence.id: evidence.sha256 for evidence in of.evidence}
    return Diagnosis(
        run=of.run,
        verdict=verdict,
        causes=tuple(_cause(cause, rank, hashes) for rank, cause in enumerate(causes, 1)),
        findings=tuple(finding for one in counting for finding in _findings(one)),
        unknown=tuple(_folded(rows)),
        evidence=of.evidence,
        runbooks=tuple(one.runbook.id for one in counting),
        not_judged=tuple(one.runbook.id for one in judgements if one not in counting),
        inputs=_inputs(cases),
        at=of.at,
        took=of.took,
        stored=of.stored,
        version=__version__,
        texts=texts_of([case.runbook for case in cases], causes),
    )


def _counts(judgement: Judgement, *, pasted: bool) -> bool:
    """Tell whether a runbook has a say: in a run always; in analyze with a cause, or if it looked for its symptom."""
    if not pasted or judgement.held:
        return True
    return judgement.counts


def _unreadable(of: Circumstances) -> list[Row]:
    """Return a row for each pasted piece of which nothing is known."""
    rows = []
    for evidence in of.evidence:
        if evidence.origin is not Origin.PASTED:
            continue
        if evidence.missing is not None or evidence.form in UNREADABLE:
            why = evidence.missing.why if evidence.missing else "not recognised"
            rows.append(
                Row(what=evidence.source or evidence.id, subject=str(evidence.subject), why=why, decides=(),
                    obtain=evidence.missing.obtain if evidence.missing else "runbookctl analyze --help",
                    title=evidence.id)
            )  # fmt: skip
    return rows


def _cut(cases: Sequence[Case]) -> list[Row]:
    """Return a row for each pasted piece that ends in the middle of something: what is not there is not clear."""
    found: dict[str, Row] = {}
    for case in cases:
        for step, asked in case.asked.items():
            for answer in asked.answers:
                for gap in answer.gaps:
                    if gap.cut.before is None and not gap.cut.ring and not gap.cut.nothing:
                        why = f"{answer.evidence.id}: {gap.cut.why}"
                        module = probes.load(asked.step.probe)
                        obtain = str(module.obtain(gap.subject)) if module else ""
                        row = Row(
                            what=step, subject=str(gap.subject), why=why, decides=(), obtain=obtain,
                            runbook=case.runbook.id, title=asked.step.title,
                        )  # fmt: skip
                        found.setdefault(why, row)
    return list(found.values())


def _cause(cause: Concluded, rank: int, hashes: Mapping[str, str]) -> Cause:
    because = tuple(dict.fromkeys(name for held in cause.held for name in held.because))
    return Cause(
        code=cause.code,
        root=cause.root,
        rank=rank,
        runbook=cause.runbooks[0].id,
        subject=str(cause.subject),
        summary=cause.summary,
        because=because,
        evidence=_proofs(cause.refs, hashes),
        remediations=propose(cause) if cause.root else (),
        subjects=tuple(str(subject) for subject in cause.subjects),
        not_ruled_out=tuple(
            {
                why.step: NotRuledOut(what=f"{why.step}: {why.why}", obtain=why.obtain) for why in cause.not_ruled_out
            }.values()
        ),
        id=cause.id,
        explained_by=cause.explained_by,
        began=cause.began,
        proof=tuple(Shown(id=ref.evidence, line=ref.line, field=ref.field, value=ref.value) for ref in cause.refs),
    )


def _proofs(refs: Sequence[Ref], hashes: Mapping[str, str]) -> tuple[Proof, ...]:
    lines: dict[str, set[int]] = {}
    for ref in refs:
        lines.setdefault(ref.evidence, set())
        if ref.line is not None:
            lines[ref.evidence].add(ref.line)
    return tuple(
        Proof(id=evidence, sha256=hashes.get(evidence, ""), lines=tuple(sorted(found)))
        for evidence, found in lines.items()
    )


def _findings(judgement: Judgement) -> Iterable[Finding]:
    """Return findings of items whose `when` is not false."""
    for item in judgement.items:
        if item.symptom is False or not item.proper:
            continue
        for finding in judgement.runbook.findings:
            if finding.shown:
                yield _finding(judgement, item, finding.id)


def _finding(judgement: Judgement, item: Item, name: str) -> Finding:
    value = item.scope.get(name)
    holds = truth(value)
    if isinstance(holds, Unknown):
        whys = whys_of(value) or holds.whys
        why = "; ".join(dict.fromkeys(f"{one.step}: {one.why}" if one.step else one.why for one in whys[:3]))
        return Finding(id=name, runbook=judgement.runbook.id, subject=str(item.subject), value=None, why=why)
    why = judgement_source(judgement, name) if truth_or_false(value) else ""
    count = len(value.sure) if isinstance(value, Listing) else 0
    if holds and count:
        why = f"{count} reading{'s' if count != 1 else ''}"
    return Finding(id=name, runbook=judgement.runbook.id, subject=str(item.subject), value=holds, why=why)


def judgement_source(judgement: Judgement, name: str) -> str:
    """Return the expression of a finding."""
    return next(one.expression.source for one in judgement.runbook.findings if one.id == name)


def _folded(rows: Sequence[Row]) -> Iterable[Row]:
    """Return each row once: equal questions of several runbooks are one, deciding what each would."""
    found: dict[tuple[str, str, str], Row] = {}
    for row in rows:
        key = (row.subject, row.why, row.obtain or row.what)
        known = found.get(key)
        if known is None:
            found[key] = row
        else:
            merged = tuple(dict.fromkeys((*known.decides, *row.decides)))
            found[key] = Row(
                what=known.what, subject=row.subject, why=row.why, decides=merged, obtain=row.obtain,
                could_change=known.could_change or row.could_change, given=known.given or row.given,
                runbook=known.runbook, title=known.title,
            )  # fmt: skip
    return sorted(found.values(), key=lambda row: not row.could_change)


def _inputs(cases: Sequence[Case]) -> dict[str, Any]:
    if len(cases) != 1:
        return {}
    return {
        name: [str(one) for one in value] if isinstance(value, (list, tuple)) else str(value)
        for name, value in cases[0].inputs.items()
        if value is not None
    }


def sorted_evidence(evidence: Iterable[Evidence]) -> tuple[Evidence, ...]:
    """Return evidence in the order of its ids."""
    return tuple(sorted(evidence, key=lambda one: int(one.id.removeprefix("e"))))
