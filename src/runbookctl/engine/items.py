"""Which things a runbook judges: the readings of the step of `each`, and in a paste whatever agrees with none of them.

Pure. Source: docs/language.md, "Subjects".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs

from runbookctl.engine import subjects
from runbookctl.engine.answers import Only, StepRows
from runbookctl.language.values import Row, Why
from runbookctl.model import Subject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runbookctl.engine.judge import RunbookScope


def items_of(shared: RunbookScope, *, pasted: bool) -> Iterator[tuple[Subject, Row | None, Only, bool]]:
    """Return for each item: subject, reading in the step of `each`, who owns unnamed evidence, whether it is proper.

    An item that does not name the level of `each` is not proper: it only carries causes that stand on their own proof.
    """
    each = shared.runbook.each
    if each is None:
        subject = _whole_subject(shared)
        yield subject, None, Only([subject]), True
        return
    step = shared.steps[each.step]
    own = _own(step, each.level)
    only = Only(own)
    for subject, row in own.items():
        yield subject, row, only, True
    if not own:
        yield from _without_reading(step, pasted=pasted)
    if pasted:
        yield from _others(shared, tuple(own), step)


_PARENTS = {"container": "pod", "gpu": "node", "mig": "gpu"}


def _own(step: StepRows, level: str) -> dict[Subject, Row]:
    """Return the items of the step of `each`: its readings with that level.

    A reading that only names the level above (a pod of `kubectl get pods`) is an item where no deeper one tells more.
    """
    own = {row.subject or Subject(): row for row in step.rows if _is_item(row.subject or Subject(), level)}
    parent = _PARENTS.get(level)
    above = {}
    for row in step.rows:
        subject = row.subject or Subject()
        if not parent or subject in own or subjects.deepest(subject) != parent:
            continue
        if not any(subjects.agree(subject, deeper) for deeper in own):
            above[subject] = row
    return own | above


def _is_item(subject: Subject, level: str) -> bool:
    """Tell whether a reading of the step of `each` is an item: it has the level, or is of the one unnamed machine."""
    return subjects.has_level(subject, level) or (level == "node" and subjects.unnamed(subject))


def _whole_subject(shared: RunbookScope) -> Subject:
    """Return whom a runbook without `each` is about: what its inputs name."""
    known = {key: value for key, value in shared.inputs.items() if isinstance(value, str)}
    fields = Subject.__struct_fields__
    return Subject(**{key: value for key, value in known.items() if key in fields})


def _without_reading(step: StepRows, *, pasted: bool) -> Iterator[tuple[Subject, Row, Only, bool]]:
    """Return the one item of a run whose step of `each` gave none: its missing evidence is to be told."""
    if pasted or step.rows:
        return
    whole = step.whole()
    if whole.perhaps:
        subject = next((ev.item or ev.subject for ev in step.asked.missing), Subject())
        whys = tuple(why for row in whole.perhaps for why in row.whys)
        row = Row(None, step=step.id, evidence="", subject=subject, whys=whys, named=step.named(subject))
        yield subject, row, Only([subject]), True


def _others(
    shared: RunbookScope, own: tuple[Subject, ...], step: StepRows
) -> Iterator[tuple[Subject, Row, Only, bool]]:
    """Return items for pasted readings that agree with no item, named or not."""
    each = shared.runbook.each
    assert each is not None
    index: dict[tuple[str, str], list[Subject]] = {}
    for subject in own:
        for key in subjects.keys(subject).items():
            if key[0] not in ("cluster", "namespace"):
                index.setdefault(key, []).append(subject)
    only = Only(own)
    found: dict[Subject, bool] = {}
    for rows in shared.steps.values():
        if getattr(rows.module, "ALL_NODES", False) and each.level != "node":
            continue  # nodes that other things are judged by are no items beside them
        for row in rows.rows:
            subject = row.subject or Subject()
            if subjects.unnamed(subject):
                belongs = any(only.holds(rows.module, item) for item in own)
            else:
                near = (item for key in subjects.keys(subject).items() for item in index.get(key, ()))
                belongs = any(subjects.agree(item, subject) for item in near)
            if not belongs and subject not in own:
                part = subjects.at_level(subject, each.level)  # a MIG slice's Xid is about its GPU
                found[part or structs.replace(subject, container_id=None)] = part is not None or _is_item(
                    subject, each.level
                )
    alone = Only(found if not own else (*own, *found))
    for subject, proper in found.items():
        why = Why(step.id, str(subject), "not given" if not step.asked.given else "not about it",
                  step.obtain(subject), step.asked.given)  # fmt: skip
        row = Row(None, step=step.id, evidence="", subject=subject, whys=(why,), named=step.named(subject))
        yield subject, row, alone, proper
