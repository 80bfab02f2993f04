"""From readings to findings and true causes, item by item, in three truth values. Pure.

Source: docs/language.md, "Judgement".
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from runbookctl.engine import subjects
from runbookctl.engine.answers import Asked, Only, StepRows
from runbookctl.engine.items import items_of
from runbookctl.engine.subjects import Names
from runbookctl.language.expressions import Expression, compiled
from runbookctl.language.nodes import OutOfBudget
from runbookctl.language.values import Listing, Ref, Row, Unknown, Why, truth
from runbookctl.model import Subject

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from runbookctl.language.model import Cause, Runbook
    from runbookctl.language.nodes import Node

BUDGET = 3_000_000  # readings that the filters of one runbook may look at, all items together


class Held(Struct, frozen=True, eq=False):
    """A cause that is true for one item, before causes are merged."""

    cause: Cause
    item: Item
    subject: Subject
    refs: tuple[Ref, ...]
    because: tuple[str, ...]
    not_ruled_out: tuple[Why, ...]
    began: dt.datetime | None


class Item(Struct, frozen=True, eq=False):
    """One judgement: its subject, its scope of names, whether it has the symptom."""

    subject: Subject
    scope: ItemScope
    symptom: bool | Unknown
    proper: bool  # it names the level of `each`; others only carry causes that stand on their own proof


class Judgement(Struct, frozen=True, eq=False):
    """What one runbook says: its items, the causes that hold, and for each item what stayed unknown."""

    runbook: Runbook
    items: tuple[Item, ...]
    held: tuple[Held, ...]
    undecided: tuple[tuple[Item, Cause, tuple[Why, ...]], ...]
    counts: bool  # a step that `when` reads was supplied
    shared: RunbookScope


class RunbookScope:
    """Names that are the same for every item: inputs, `now`, the steps' rows, compiled expressions."""

    def __init__(
        self,
        runbook: Runbook,
        asked: Mapping[str, Asked],
        names: Names,
        *,
        inputs: Mapping[str, Any],
        now: dt.datetime | None,
        drop_older: bool,
    ) -> None:
        """Join what the steps got; `drop_older` applies the input `since` to events (a run does, analyze does not)."""
        self.runbook = runbook
        self.inputs = inputs
        self.now = now
        since = inputs.get("since")
        limit = now - since if drop_older and now is not None and isinstance(since, dt.timedelta) else None
        self.steps = {step.id: StepRows(asked[step.id], names, since=limit) for step in runbook.steps}
        self.findings = {finding.id: finding for finding in runbook.findings}
        self.left = BUDGET
        self._nodes: dict[str, Node] = {}
        self._whole: dict[str, Any] = {}

    def node(self, expression: Expression) -> Node:
        """Return the compiled expression, compiling it once."""
        node = self._nodes.get(expression.source)
        if node is None:
            node = self._nodes[expression.source] = compiled(expression, self.runbook.types)
        return node

    def whole(self, step: str) -> Any:
        """Return all readings of a step (or its one reading)."""
        if step not in self._whole:
            rows = self.steps[step]
            self._whole[step] = _one(rows.whole()) if rows.module.ONE else rows.whole()
        return self._whole[step]


def _one(listing: Listing) -> Any:
    """Return the one reading of a step whose probe answers with one."""
    if len(listing.sure) == 1:
        return listing.sure[0]
    if not listing.sure:
        whys = tuple(why for row in listing.perhaps for why in row.whys)
        return Row(None, step="", evidence="", whys=whys)
    whys = (Why(listing.sure[0].step, "", "several different answers", ""),)
    return Row(None, step=listing.sure[0].step, evidence="", whys=whys)


class ItemScope:
    """What the names of expressions stand for, for one item."""

    def __init__(self, shared: RunbookScope, subject: Subject, own: Row | None, only: Only) -> None:
        """Judge `subject`; `own` is its reading in the step of `each` (None without `each`)."""
        self.shared = shared
        self.subject = subject
        self.own = own
        self.only = only
        self._values: dict[str, Any] = {}
        each = shared.runbook.each
        self._item = each.item if each else ""
        self._each_step = each.step if each else ""

    def get(self, name: str) -> Any:
        """Return the value of a name; findings are judged on demand."""
        if name not in self._values:
            self._values[name] = self._find(name)
        return self._values[name]

    def _find(self, name: str) -> Any:
        if self.own is not None and name == self._item:
            return self.own
        if name in self.shared.findings:
            return self.evaluate(self.shared.findings[name].expression)
        if name in self.shared.steps:
            return self._step(name)
        if name == "now":
            return self.shared.now if self.shared.now is not None else _no_time(self.subject)
        if name in self.shared.inputs:
            return self.shared.inputs[name]
        return Unknown((Why("", str(self.subject), f"input {name} is not given", f"-i {name}=...", given=False),))

    def _step(self, name: str) -> Any:
        if self.own is None or name == self._each_step:
            return self.shared.whole(name)
        rows = self.shared.steps[name]
        listing = rows.for_item(self.subject, self.only)
        return _one(listing) if rows.module.ONE else listing

    def evaluate(self, expression: Expression) -> Any:
        """Return the value of an expression for this item; out of budget is unknown."""
        try:
            return self.shared.node(expression).value(self, ())
        except OutOfBudget:
            return Unknown((Why("", str(self.subject), "too many readings to judge", ""),))

    def holds(self, expression: Expression) -> bool | Unknown:
        """Return the truth value of an expression for this item."""
        return truth(self.evaluate(expression))

    def proof(self, name: str) -> Iterator[Ref]:
        """Show what makes a finding or a list true."""
        finding = self.shared.findings.get(name)
        if finding is not None:
            yield from self.shared.node(finding.expression).proof(self, ())
            return
        value = self.get(name)
        if isinstance(value, Listing):
            for row in value.sure:
                yield row.ref()

    def readings(self, expression: Expression) -> tuple[Row, ...]:
        """Return the readings that a true expression speaks of."""
        found = list(self.shared.node(expression).readings(self, ()))
        for name in sorted(expression.names):
            finding = self.shared.findings.get(name)
            if finding is not None and truth_or_false(self.get(name)):
                found.extend(self.readings(finding.expression))
        return tuple(row for row in found if row.reading is not None)

    def refs(self, expression: Expression) -> tuple[Ref, ...]:
        """Return what proves a true expression, each once, in the order of evidence and lines."""
        found = [ref for ref in self.shared.node(expression).proof(self, ()) if ref.evidence]
        return tuple(sorted(dict.fromkeys(found), key=_ref_order))

    def spend(self, readings: int) -> None:
        """Count what filters look at."""
        self.shared.left -= readings
        if self.shared.left < 0:
            raise OutOfBudget


def truth_or_false(value: Any) -> bool:
    """Tell whether a value is certainly true as a condition; text, numbers and unknown are not."""
    if isinstance(value, (bool, Listing, Row)) or value is None:
        return truth(value) is True
    return False


def _ref_order(ref: Ref) -> tuple[int, int, str]:
    number = ref.evidence.removeprefix("e")
    return (int(number) if number.isdigit() else 0, ref.line or 0, ref.field)


def _no_time(subject: Subject) -> Unknown:
    return Unknown((Why("", str(subject), "the evidence names no time", "--at TIME", given=False),))


def judge(shared: RunbookScope, *, pasted: bool) -> Judgement:
    """Judge every item of a runbook: `when` first, then causes where it is not false."""
    runbook = shared.runbook
    items: list[Item] = []
    held: list[Held] = []
    undecided: list[tuple[Item, Cause, tuple[Why, ...]]] = []
    for subject, own, only, proper in items_of(shared, pasted=pasted):
        scope = ItemScope(shared, subject, own, only)
        symptom = scope.holds(runbook.when) if runbook.when else True
        item = Item(subject, scope, symptom, proper)
        items.append(item)
        if symptom is False:
            continue
        for cause in runbook.causes:
            _judge_cause(item, cause, held, undecided)
    return Judgement(runbook, tuple(items), tuple(held), tuple(undecided), _counts(shared), shared)


def _counts(shared: RunbookScope) -> bool:
    """Tell whether a step that `when` reads was supplied."""
    runbook = shared.runbook
    if runbook.when is None:
        return any(rows.asked.given for rows in shared.steps.values())
    needed = steps_of(runbook, runbook.when)
    return any(shared.steps[step].asked.given and not shared.steps[step].computed for step in needed)


def steps_of(runbook: Runbook, expression: Expression) -> frozenset[str]:
    """Return the steps that an expression reads, through the findings that it names."""
    steps = {step.id for step in runbook.steps}
    findings = {finding.id: finding.expression for finding in runbook.findings}
    found: set[str] = set()
    pending, seen = [expression], {expression.source}
    while pending:
        for name in pending.pop().names:
            if name in steps:
                found.add(name)
            if runbook.each and name == runbook.each.item:
                found.add(runbook.each.step)
            inner = findings.get(name)
            if inner is not None and inner.source not in seen:
                seen.add(inner.source)
                pending.append(inner)
    return frozenset(found)


def _judge_cause(
    item: Item, cause: Cause, held: list[Held], undecided: list[tuple[Item, Cause, tuple[Why, ...]]]
) -> None:
    scope = item.scope
    ruled_out: bool | Unknown = scope.holds(cause.unless) if cause.unless else False
    if ruled_out is True:
        return
    proven = scope.holds(cause.because)
    if proven is False:
        return
    if isinstance(proven, Unknown):
        undecided.append((item, cause, proven.whys))
        return
    readings = scope.readings(cause.because)
    times = [row.time for row in readings if row.time is not None]
    held.append(
        Held(
            cause=cause,
            item=item,
            subject=_about(cause, item, readings),
            refs=scope.refs(cause.because),
            because=_named(scope, cause.because),
            not_ruled_out=ruled_out.whys if isinstance(ruled_out, Unknown) else (),
            began=min(times) if times else None,
        )
    )


def _about(cause: Cause, item: Item, readings: tuple[Row, ...]) -> Subject:
    """Return whom the cause is about: the item, or the level that `about` names, as the item or its proof names it."""
    if cause.about is None:
        return item.subject
    known = {key: value for key, value in item.scope.shared.inputs.items() if isinstance(value, str)}
    if cause.about in known:
        named = {key: known[key] for key in ("cluster", "namespace", cause.about) if key in known}
        return Subject(**named)
    for subject in (item.subject, *(row.subject for row in readings)):
        part = subjects.at_level(subject, cause.about) if subject else None
        if part is not None:
            return part
    return item.subject


def _named(scope: ItemScope, expression: Expression) -> tuple[str, ...]:
    """Return the findings that an expression names and that are true, or the expression itself."""
    order = list(scope.shared.findings)
    named = [
        name
        for name in order
        if name in expression.names and scope.shared.findings[name].shown and truth_or_false(scope.get(name))
    ]
    return tuple(named) or (expression.source,)
