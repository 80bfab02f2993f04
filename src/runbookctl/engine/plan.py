"""What a run would ask, printable; nothing is sent. Pure."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from runbookctl.engine import asking
from runbookctl.engine.answers import Asked, Only
from runbookctl.engine.judge import ItemScope, RunbookScope, steps_of
from runbookctl.engine.subjects import Names
from runbookctl.language.expressions import Expression
from runbookctl.language.model import Template
from runbookctl.model import Compute, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from runbookctl.language.model import Runbook, Step


class PlanLine(Struct, frozen=True, kw_only=True):
    """One step: the commands it amounts to, what it waits for, whether it is asked once per item."""

    step: str
    title: str
    probe: str
    commands: tuple[str, ...]
    waits_for: tuple[str, ...]
    per_item: bool
    first: bool  # read by `when`: asked before anything else


class Plan(Struct, frozen=True):
    """What would be asked, step by step."""

    runbook: str
    title: str
    lines: tuple[PlanLine, ...]


def plan(runbook: Runbook, inputs: Mapping[str, Any], now: dt.datetime) -> Plan:
    """Return the plan of a run with these inputs."""
    asked = {step.id: Asked(step, given=False) for step in runbook.steps}
    shared = RunbookScope(runbook, asked, Names(()), inputs=inputs, now=now, drop_older=True)
    first = steps_of(runbook, runbook.when) if runbook.when else frozenset(step.id for step in runbook.steps)
    return Plan(runbook.id, runbook.title, tuple(_line(runbook, step, shared, first) for step in runbook.steps))


def _line(runbook: Runbook, step: Step, shared: RunbookScope, first: frozenset[str]) -> PlanLine:
    waits, per_item = asking.needs(runbook, step)
    commands: tuple[str, ...] = ()
    if not waits and not per_item:
        scope = ItemScope(shared, Subject(), None, Only(()))
        commands = tuple(_printed(one) for one in asking.askings(step, scope, None))
    order = [one.id for one in runbook.steps if one.id in waits]
    return PlanLine(
        step=step.id,
        title=step.title,
        probe=step.probe,
        commands=commands or tuple(_described(step)),
        waits_for=tuple(order),
        per_item=per_item,
        first=step.id in first,
    )


def _printed(one: asking.Asking) -> str:
    if one.request is None:
        return f"# {one.missing.why}" if one.missing else ""
    return "# computed, nothing is sent" if isinstance(one.request, Compute) else one.request.printed()


def _described(step: Step) -> Iterator[str]:
    """Say what a step asks whose parameters are not known yet."""
    given = ", ".join(f"{name}={_source(value)}" for name, value in step.with_.items())
    yield f"# {step.probe} with {given}" if given else f"# {step.probe}"


def _source(value: Any) -> str:
    if isinstance(value, Template):
        return "".join(part if isinstance(part, str) else _hole(part) for part in value.parts)
    return str(value)


def _hole(expression: Expression) -> str:
    return f"${{{expression.source}}}"
