"""Reading remediations: the only section that may change things. Each mistake is noted, none is raised."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from runbookctl.language import modules
from runbookctl.language.keys import RISKS
from runbookctl.language.limits import ADVICE, limit_of
from runbookctl.language.model import ChangeCall, Limit, Remediation, Template, Verify
from runbookctl.language.params import Asked, with_of
from runbookctl.language.sections import duration
from runbookctl.language.source import Entry, Keyed, Listed, Scalar, shortened
from runbookctl.language.suggest import did_you_mean

if TYPE_CHECKING:
    from types import ModuleType

    from runbookctl.language.model import Risk
    from runbookctl.language.page import Fields
    from runbookctl.language.scope import Scope
    from runbookctl.language.source import Node

Undo = Literal["inverse", "keep", "impossible"] | tuple[ChangeCall, ...]
UNDO_ADVICE = "add one of: undo: keep | undo: impossible | undo: [ ...changes ]"
DEEPEST_UNDO = 4


def read_remediations(scope: Scope, fields: Fields) -> tuple[Remediation, ...]:
    """Return the remediations."""
    found = []
    for entry in fields.named("remediations"):
        if isinstance(entry.value, Keyed):
            inside = scope.page.fields(entry.value, "remediation", entry.key)
            remediation = _remediation(scope, entry, inside)
            if remediation is not None:
                found.append(remediation)
    return tuple(found)


def _remediation(scope: Scope, entry: Entry, fields: Fields) -> Remediation | None:
    page = scope.page
    risk = _risk(scope, fields)
    title = scope.template(fields.scalar("title"))
    when = scope.condition(fields.scalar("when"))
    touches = scope.template(fields.scalar("touches"))
    limit = _limit(scope, fields)
    do, then = _changes(scope, fields.items("do")), _changes(scope, fields.items("then"))
    verify = _verify(scope, fields)
    if risk not in (None, "none"):
        for needed, why in (("touches", "the lock"), ("verify", "the proof")):
            if needed not in fields.entries:
                page.wrong(entry.key, f'a remediation of risk {risk} needs "{needed}", {why}')
    if "do" in fields.entries and not fields.items("do"):
        page.wrong(fields.entries["do"].key, "there is nothing to do")
    _check_lock(scope, fields, touches, (*do, *then))
    if risk is None or title is None:
        return None
    return Remediation(
        id=entry.key.text, title=title.source, risk=risk, do=do, when=when, touches=touches, limit=limit,
        verify=verify, then=then, place=page.place(entry.key),
    )  # fmt: skip


def _risk(scope: Scope, fields: Fields) -> Risk | None:
    chosen = scope.page.chosen(fields.scalar("risk"), "risk", RISKS)
    for risk in RISKS:
        if risk == chosen:
            return risk  # type: ignore[return-value]
    return None


def _limit(scope: Scope, fields: Fields) -> Limit | None:
    scalar = fields.scalar("limit")
    if scalar is None:
        return None
    try:
        return limit_of(scalar.text, scope.page.place(scalar))
    except ValueError as error:
        scope.page.wrong(scalar, str(error), advice=ADVICE)
        return None


def _verify(scope: Scope, fields: Fields) -> Verify | None:
    node, key = fields.node_of("verify"), fields.key("verify")
    if node is None or key is None:
        return None
    inside = scope.page.fields(node, "verify", key)
    that = scope.condition(inside.scalar("that"))
    within = duration(scope.page, inside.scalar("within"))
    hold = duration(scope.page, inside.scalar("hold")) or timedelta(0)
    if that is None or within is None:
        return None
    if not within:
        scope.page.wrong(inside.entries["within"].value, "nothing comes true within no time")
    return Verify(that=that, within=within, hold=hold, place=scope.page.place(key))


def _changes(scope: Scope, nodes: tuple[Node, ...], depth: int = 0) -> tuple[ChangeCall, ...]:
    calls = (_change(scope, node, depth) for node in nodes if isinstance(node, Keyed))
    return tuple(call for call in calls if call is not None)


def _change(scope: Scope, node: Keyed, depth: int) -> ChangeCall | None:
    page = scope.page
    fields = page.fields(node, "change")
    scalar = fields.scalar("change")
    if scalar is None:
        return None
    module = modules.change_module(scalar.text)
    if module is None:
        if modules.probe_module(scalar.text) is not None:
            page.wrong(scalar, f"{scalar.text} only reads; it belongs under steps")
        else:
            page.no_such(scalar, "no such change", modules.change_ids(), advice="runbookctl list changes prints them")
    asked = Asked(scalar.text, getattr(module, "Params", None), per_value=False, filled_in=frozenset({"namespace"}))
    values = with_of(scope, asked, fields.named("with"), fields.entries["change"])
    undo = _undo(scope, fields, module, depth)
    return ChangeCall(change=scalar.text, with_=values, undo=undo, place=page.place(node))


def _undo(scope: Scope, fields: Fields, module: ModuleType | None, depth: int) -> Undo:
    page, entry = scope.page, fields.entries.get("undo")
    if entry is None:
        if getattr(module, "INVERSE", None) is not None:
            return "inverse"
        if module is not None and depth == 0:  # what undoes a change needs no undoing itself
            change = fields.entries["change"]
            page.wrong(change, f"{fields.text('change')} does not say how it is undone", advice=UNDO_ADVICE)
        return "keep"
    if isinstance(entry.value, Listed):
        if depth >= DEEPEST_UNDO:
            page.wrong(entry.key, f"undo inside undo, more than {DEEPEST_UNDO} deep")
            return "keep"
        for item in entry.value.items:
            if not isinstance(item, Keyed):
                page.wrong(item, 'a change is "key: value" lines')
        return _changes(scope, entry.value.items, depth + 1)
    if isinstance(entry.value, Scalar) and entry.value.text in ("keep", "impossible"):
        return "keep" if entry.value.text == "keep" else "impossible"
    page.wrong(entry, "this does not say how it is undone", advice=UNDO_ADVICE)
    return "keep"


def _check_lock(scope: Scope, fields: Fields, touches: Template | None, changes: tuple[ChangeCall, ...]) -> None:
    """Refuse a lock that is narrower than what is changed: a drain under `touches: pod/...` (threat model S36)."""
    scalar = fields.scalar("touches")
    if touches is None or scalar is None or not isinstance(touches.parts[0], str):
        return
    locked = touches.parts[0].partition("/")[0].strip()
    if locked not in modules.DEPTH:
        if "/" in touches.parts[0]:
            near = did_you_mean(locked, modules.DEPTH)
            scope.page.wrong(scalar, f'"{shortened(locked)}" is nothing that can be locked{near}',
                             advice="write touches: LEVEL/NAME, such as node/${gpu.node}")  # fmt: skip
        return
    for call in changes:
        level = getattr(modules.change_module(call.change), "LEVEL", None)
        if level in modules.DEPTH and modules.DEPTH.index(locked) > modules.DEPTH.index(level):
            message = f"{call.change} changes a {level}, which a lock on a {locked} does not cover"
            scope.page.wrong(scalar, message, advice=f"write touches: {level}/...")
            return
