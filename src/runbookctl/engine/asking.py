"""What a step asks: its parameters filled in, once per value and once per item. Pure; sends nothing."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from runbookctl import probes
from runbookctl.engine import params, rendering
from runbookctl.language.expressions import Expression
from runbookctl.language.model import Template
from runbookctl.model import AnyRequest, Missing, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runbookctl.engine.judge import ItemScope
    from runbookctl.language.model import Runbook, Step

MOST_ITEMS = 20  # a step that names the item is asked for at most this many items


class Asking(Struct, frozen=True):
    """One question of one step, or why it cannot be asked."""

    step: str
    subject: Subject
    request: AnyRequest | None = None
    missing: Missing | None = None
    item: Subject | None = None


def names_in(parameter: Any) -> frozenset[str]:
    """Return every name that a step's parameters use."""
    match parameter:
        case Template():
            return frozenset(name for part in parameter.parts if isinstance(part, Expression) for name in part.names)
        case dict():
            return frozenset(name for part in parameter.values() for name in names_in(part))
        case list() | tuple():
            return frozenset(name for part in parameter for name in names_in(part))
    return frozenset()


def needs(runbook: Runbook, step: Step) -> tuple[frozenset[str], bool]:
    """Return the steps that a step's parameters read, and whether they name the item."""
    findings = {finding.id: finding.expression for finding in runbook.findings}
    steps = {one.id for one in runbook.steps}
    found: set[str] = set()
    item = False
    pending, seen = set(names_in(step.with_)), set[str]()
    while pending:
        name = pending.pop()
        if name in seen:
            continue
        seen.add(name)
        if name in steps:
            found.add(name)
        if runbook.each and name == runbook.each.item:
            item = True
            found.add(runbook.each.step)
        if name in findings:
            item = item or runbook.each is not None
            pending |= findings[name].names
    return frozenset(found - {step.id}), item


def askings(step: Step, scope: ItemScope, item: Subject | None) -> Iterator[Asking]:
    """Return the questions of a step for one scope of names."""
    module = probes.load(step.probe)
    assert module is not None, step.probe  # the loader knows every probe
    values: dict[str, Any] = {}
    subject = item or Subject()
    for name, parameter in step.with_.items():
        try:
            values[name] = rendering.value(parameter, scope)
        except rendering.Hole as hole:
            if name in params.optional(module.Params):
                continue
            why = hole.whys[0].why if hole.whys else "there is none"
            obtain = hole.whys[0].obtain if hole.whys else ""
            missing = Missing(why=f"{hole.source} is not known: {why}", obtain=obtain, kind="not asked")
            yield Asking(step.id, subject, missing=missing, item=item)
            return
    for one in _fanned_out(module.Params, values):
        yield from _asked(step, module, one, item)


def _asked(step: Step, module: Any, values: dict[str, Any], item: Subject | None) -> Iterator[Asking]:
    subject = _subject(values, item)
    try:
        filled = params.build(module.Params, values)
        requests = module.request(filled)
    except (msgspec.ValidationError, ValueError) as error:
        missing = Missing(why=f"cannot be asked: {error}", kind="not asked")
        yield Asking(step.id, subject, missing=missing, item=item)
        return
    for request in requests if isinstance(requests, tuple) else (requests,):
        yield Asking(step.id, subject, request=request, item=item)


def _subject(values: dict[str, Any], item: Subject | None) -> Subject:
    """Return what is asked about: the parameters that name a level (threat model S10: never the answer)."""
    fields = Subject.__struct_fields__
    named = {key: value for key, value in values.items() if key in fields and isinstance(value, str) and value}
    if item is not None:
        own = {key: getattr(item, key) for key in fields if getattr(item, key) is not None}
        if set(named) <= {"node", "cluster"} and named:
            return Subject(**named)  # asked about the item's node, so it is evidence of the whole node
        return Subject(**{**own, **named})
    return Subject(**named)


def _fanned_out(declared: type[Struct], values: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Ask once per value where one value is declared and a list is given."""
    single = params.singles(declared)
    spread = {name: value for name, value in values.items() if name in single and isinstance(value, list)}
    rest = {name: value for name, value in values.items() if name not in spread}
    for chosen in itertools.product(*spread.values()):
        yield {**rest, **dict(zip(spread, chosen, strict=True))}
