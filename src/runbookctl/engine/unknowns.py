"""What stayed unknown, told as missing evidence: one row per step and item, with what it would decide. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from runbookctl.engine import subjects
from runbookctl.engine.judge import steps_of
from runbookctl.language.values import Unknown, Why
from runbookctl.model import Subject
from runbookctl.model import Unknown as Row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from runbookctl.engine.judge import Item, Judgement


class Open(Struct, frozen=True):
    """What one runbook leaves open: rows for people, and whether they leave the verdict open."""

    rows: tuple[Row, ...]
    decided: bool


def open_questions(judgement: Judgement, told: Sequence[Subject], *, pasted: bool) -> Open:
    """Return what is missing for items that have the symptom (or may have it) and no cause.

    In `analyze` a step that was not supplied is listed and leaves nothing open by itself; what was supplied and is
    cut or unreadable does. In a run, what was asked and not answered does. `told` is what causes of any runbook are
    about: a symptom of one of these has its cause, be it another runbook's.
    """
    rows: list[Row] = []
    decided = True
    caused = {id(held.item) for held in judgement.held}
    alone = not any(item.proper for item in judgement.items)
    for item in judgement.items:
        if item.symptom is False or not (item.proper or (alone and _seen(item))):
            continue
        if id(item) in caused:
            rows.extend(_beside_a_cause(judgement, item, pasted=pasted))
            continue
        mine = list(_rows(judgement, item))
        if item.symptom is True:
            decided = False
            if not mine and not any(subjects.agree(item.subject, other) for other in told):
                mine = [_no_cause_fits(judgement, item)]
            rows.extend(mine)
        else:
            rows.extend(mine)
            if any(row.given for row in mine):
                decided = False
    if alone:
        rows.extend(_not_supplied(judgement))
    return Open(tuple(_in_step_order(judgement, rows)), decided)


def _seen(item: Item) -> bool:
    """Tell whether what was given shows the symptom, or leaves it open itself, of something that is no proper item."""
    return item.symptom is True or (isinstance(item.symptom, Unknown) and any(why.given for why in item.symptom.whys))


def _not_supplied(judgement: Judgement) -> Iterator[Row]:
    """Return the steps of the symptom that were not supplied, where nothing was found to judge."""
    shared = judgement.shared
    if judgement.runbook.when is None:
        return
    supplied = [answer.evidence.subject for step in shared.steps.values() for answer in step.asked.answers]
    subject = next((one for one in supplied if not subjects.unnamed(one)), Subject())
    for step in sorted(steps_of(judgement.runbook, judgement.runbook.when)):
        rows = shared.steps[step]
        if not rows.asked.given and not rows.computed:
            title = rows.asked.step.title
            yield Row(
                what=step, subject=str(subject), why="not given", decides=(), obtain=rows.obtain(subject), given=False,
                runbook=judgement.runbook.id, title=title,
            )  # fmt: skip


def _rows(judgement: Judgement, item: Item) -> Iterator[Row]:
    """Return one row per step: its reason, and the causes that it would decide."""
    decides: dict[str, list[str]] = {}
    reason: dict[str, Why] = {}
    if isinstance(item.symptom, Unknown):
        for why in item.symptom.whys:
            reason.setdefault(why.step, why)
            decides.setdefault(why.step, [])
    for other, cause, whys in judgement.undecided:
        if other is item:
            for why in whys:
                reason.setdefault(why.step, why)
                decides.setdefault(why.step, []).append(cause.code)
    for step, why in reason.items():
        yield _row(judgement, item, step, why, decides[step])


def _row(judgement: Judgement, item: Item, step: str, why: Why, decides: Iterable[str], *, could: bool = True) -> Row:
    title = next((one.title for one in judgement.runbook.steps if one.id == step), "")
    return Row(
        what=step or "time",
        subject=str(item.subject),
        why=why.why,
        decides=tuple(dict.fromkeys(decides)),
        obtain=why.obtain,
        could_change=could,
        given=why.given,
        runbook=judgement.runbook.id,
        title=title,
    )


def _no_cause_fits(judgement: Judgement, item: Item) -> Row:
    return Row(
        what="cause",
        subject=str(item.subject),
        why="it has the symptom, and no cause that this runbook knows fits",
        decides=(),
        obtain=f"runbookctl show {judgement.runbook.id}",
        runbook=judgement.runbook.id,
    )


def _beside_a_cause(judgement: Judgement, item: Item, *, pasted: bool) -> Iterator[Row]:
    """Beside a proven cause: what could still rule it out, and what a run asked for in vain."""
    open_steps: dict[str, list[str]] = {}
    reason: dict[str, Why] = {}
    for held in judgement.held:
        if held.item is item:
            for why in held.not_ruled_out:
                reason.setdefault(why.step, why)
                open_steps.setdefault(why.step, []).append(held.cause.code)
    for step, why in reason.items():
        yield _row(judgement, item, step, why, open_steps[step])
    if pasted:
        return
    for row in _rows(judgement, item):
        if row.what not in reason and row.given:
            yield _row(judgement, item, row.what, Why(row.what, "", row.why, row.obtain), row.decides, could=False)


def _in_step_order(judgement: Judgement, rows: Sequence[Row]) -> list[Row]:
    order = {step.id: number for number, step in enumerate(judgement.runbook.steps)}
    return sorted(rows, key=lambda row: (not row.could_change, order.get(row.what, len(order))))
