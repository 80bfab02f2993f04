"""Takes in what a person has: each piece is stored, recognised and named; nothing is asked.

The only thing it sends anywhere is the pieces, into the journal.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from msgspec import structs

from runbookctl import forms, probes
from runbookctl.engine import asking
from runbookctl.engine.collect import writer_of
from runbookctl.engine.diagnose import Case, names_of
from runbookctl.engine.judge import RunbookScope, judge
from runbookctl.engine.reading import COMPUTED
from runbookctl.engine.replay import latest, values_of
from runbookctl.engine.watch import StepEvent, StepState
from runbookctl.model import Compute, Evidence, Missing, Origin, Raw, Subject, to_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from runbookctl.engine.record import Recorder
    from runbookctl.engine.watch import Watch
    from runbookctl.intake import Piece
    from runbookctl.language.model import Runbook, Step


def take_in(
    recorder: Recorder, pieces: Iterable[Piece], watch: Watch, at: dt.datetime, given: dt.datetime | None
) -> None:
    """Store every piece and tell what it was recognised as; `given` is the time that `now` shall mean."""
    for number, piece in enumerate(pieces, 1):
        evidence = _evidence(recorder, piece, number, at, given)
        recorder.result(evidence)
        state = StepState.MISSING if evidence.missing or not known(evidence) else StepState.READ
        if state is StepState.READ and (piece.cut or (evidence.shortened and not evidence.shortened.harmless)):
            state = StepState.CUT
        watch.step(
            StepEvent(run=recorder.run, step=evidence.id, title=piece.source, state=state, evidence=evidence,
                      items=1, total=1, detail=piece.label)
        )  # fmt: skip


def known(evidence: Evidence) -> bool:
    """Tell whether a piece was recognised."""
    return forms.is_form(evidence.form) and evidence.form not in ("unrecognised", "empty")


def _evidence(recorder: Recorder, piece: Piece, number: int, at: dt.datetime, given: dt.datetime | None) -> Evidence:
    bare = Evidence(
        id=f"e{number}", origin=Origin.PASTED, writer=writer_of(piece.form), form=piece.form,
        subject=Subject(piece=piece.source), at=at, source=piece.source, missing=piece.error, now=given,
    )  # fmt: skip
    if piece.error is not None:
        return bare
    kept = recorder.put(piece.body, piece.form)
    shortened = piece.shortened or kept.shortened
    whole = structs.replace(
        bare, sha256=kept.digest, size=kept.size, redactions=kept.redactions, shortened=shortened,
        summary=f"{piece.whole_lines:,} line{'s' if piece.whole_lines != 1 else ''}",
    )  # fmt: skip
    if not known(whole):
        return whole
    return _named(whole, recorder.body(whole), given)


def _named(evidence: Evidence, body: bytes, given: dt.datetime | None) -> Evidence:
    """Return the evidence with what the text itself names."""
    form = forms.load(evidence.form)
    try:
        named = form.names(Raw(body=body, form=evidence.form, at=given or evidence.at))
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError) as error:
        why = f"it looks like {form.LABEL} and cannot be read ({type(error).__name__})"
        return structs.replace(evidence, missing=Missing(why=why, kind="unreadable"))
    subject = named.subject if named.subject != Subject() else evidence.subject
    return structs.replace(evidence, subject=subject, now=given or named.now, summary=named.summary or evidence.summary)


def compute(recorder: Recorder, runbooks: Sequence[Runbook], at: dt.datetime, given: dt.datetime | None) -> None:
    """Answer the steps that ask nothing outside, for the items that may have the symptom."""
    for runbook in runbooks:
        steps = [step for step in runbook.steps if COMPUTED in _forms(step)]
        if not steps:
            continue
        now = recorder.pool.now = given or latest(recorder.pool.evidence)
        asked = recorder.pool.of_pieces(runbook)
        inputs = values_of(runbook, {})
        names = names_of([Case(runbook, asked, inputs)])
        shared = RunbookScope(runbook, asked, names, inputs=inputs, now=now, drop_older=False)
        items = [item for item in judge(shared, pasted=True).items if item.symptom is not False and item.proper]
        for step in steps:
            for item in items[: asking.MOST_ITEMS]:
                for one in asking.askings(step, item.scope, item.subject):
                    if isinstance(one.request, Compute):
                        _computed(recorder, runbook, step, one.request, item.subject, at)


def _forms(step: Step) -> tuple[str, ...]:
    module = probes.load(step.probe)
    return tuple(module.FORMS) if module else ()


def _computed(
    recorder: Recorder, runbook: Runbook, step: Step, request: Compute, subject: Subject, at: dt.datetime
) -> None:
    kept = recorder.put(to_json(request.values), COMPUTED)
    recorder.result(
        Evidence(
            id=f"e{len(recorder.pool.evidence) + 1}", origin=Origin.PASTED, writer=writer_of(COMPUTED), form=COMPUTED,
            subject=subject, at=at, steps=(f"{runbook.id}#{step.id}",), item=subject, request=request,
            source="computed", sha256=kept.digest, size=kept.size,
        )
    )  # fmt: skip
