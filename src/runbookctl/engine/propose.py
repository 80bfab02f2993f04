"""From root causes to suggested remediations: which apply, and the exact commands. Pure; nothing is applied.

An unknown `when` proposes nothing; a change whose parameters are not known is shown with what it still needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runbookctl import changes
from runbookctl.engine import params, rendering
from runbookctl.errors import InputError
from runbookctl.language.templates import template
from runbookctl.language.units import format_duration
from runbookctl.model import Suggestion

if TYPE_CHECKING:
    from runbookctl.engine.conclude import Concluded
    from runbookctl.engine.judge import Held
    from runbookctl.language.model import ChangeCall, Remediation, Runbook

APPROVALS = {"none": 0, "low": 0, "medium": 1, "high": 2}
"""How many people approve a risk when no site policy says otherwise."""


def propose(cause: Concluded) -> tuple[Suggestion, ...]:
    """Return the remediations of a root cause whose `when` is true, equal ones once."""
    found: dict[tuple[Any, ...], Suggestion] = {}
    for held, runbook in _with_runbook(cause):
        for wanted in held.cause.remediate:
            remediation = next(one for one in runbook.remediations if one.id == wanted)
            scope = held.item.scope
            if remediation.when is not None and scope.holds(remediation.when) is not True:
                continue
            suggestion = _suggestion(remediation, held, runbook)
            key = (suggestion.id, suggestion.touches, suggestion.commands)
            found.setdefault(key, suggestion)
    return tuple(found.values())


def _with_runbook(cause: Concluded) -> list[tuple[Held, Runbook]]:
    return [(held, runbook) for held in cause.held for runbook in cause.runbooks if held.cause in runbook.causes]


def _suggestion(remediation: Remediation, held: Held, runbook: Runbook) -> Suggestion:
    scope = held.item.scope
    commands: list[str] = []
    for call in remediation.do:
        commands.extend(_commands(call, held))
    verify = remediation.verify
    proof = ""
    if verify is not None:
        held_for = f", held for {format_duration(verify.hold)}" if verify.hold else ""
        proof = f"{verify.that.source}, within {format_duration(verify.within)}{held_for}"
    return Suggestion(
        id=remediation.id,
        risk=remediation.risk,
        commands=tuple(commands),
        title=rendering.text(template(remediation.title, remediation.place), scope),
        runbook=runbook.id,
        touches=rendering.text(remediation.touches, scope) if remediation.touches else None,
        limit=remediation.limit.source if remediation.limit else None,
        approvals=APPROVALS[remediation.risk],
        verify=proof,
    )


def _commands(call: ChangeCall, held: Held) -> tuple[str, ...]:
    """Return what a person would type for a change, or one line that says what it does or still needs."""
    module = changes.load(call.change)
    assert module is not None, call.change  # the loader knows every change
    optional = params.optional(module.Params)
    values: dict[str, Any] = {}
    for name, parameter in call.with_.items():
        try:
            values[name] = _single(_jsonable(rendering.value(parameter, held.item.scope)))
        except rendering.Hole as hole:
            if name not in optional:
                return (f"# {call.change} needs {hole.source}, which is not known",)
    namespace = held.item.subject.namespace
    if "namespace" in module.Params.__struct_fields__ and "namespace" not in values and namespace:
        values["namespace"] = namespace
    try:
        mutation = module.plan(params.build(module.Params, values))
    except (ValueError, InputError) as error:
        return (f"# {call.change} does not fit: {error}",)
    return tuple(mutation.commands) or (f"# {call.change} {mutation.says}",)


def _jsonable(value: Any) -> Any:
    """Return plain values of lists and mappings."""
    if isinstance(value, dict):
        return {key: _jsonable(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_jsonable(part) for part in value]
    return value


def _single(value: Any) -> Any:
    """Return the value of a list of one: a change takes one value where several readings agree."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value
