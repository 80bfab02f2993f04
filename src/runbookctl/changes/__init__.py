"""Changes: one mutation as data. The id of a change is its path: `changes/k8s/cordon.py` is `k8s.cordon`.

Pure: a change says what would be done and does nothing; only the engine's `apply` sends. A change module has

    '''One line that `runbookctl list changes` prints.'''
    INVERSE: str | None = "k8s.uncordon"  # the change that undoes it with what was recorded before; None: nothing does
    LEVEL: str | None = "node"            # level of what it really changes (None: nothing here); `touches` covers it
    class Params(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True): ...
    def plan(params: Params) -> Mutation: ...

`plan` raises `errors.InputError` with one sentence for what is not possible (a bare pod, a name that is no name).

A `Mutation` holds the subjects it really changes (threat model S36), the calls that would be sent, the same as
`commands` that a person can paste, one line that `says` what will be so afterwards, and what must be read first:
`Read.keep` names the fields that are recorded before the change, so that `INVERSE` can put them back. A value that is
known only then (the UID that the object must still have, the template of an old revision) stands in the call as a
`Fill`; `filled` puts it in. Values come from evidence: each is checked by type (`_holes`), so a hole is one argument,
one path segment or one JSON string, and never begins with a dash.

A parameter `namespace` that a runbook leaves out is taken from the item's subject by the engine; `owner` and `pod` may
also carry it (`deployment/ml/trainer`, `ml/trainer-0`).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType
from typing import Any, cast

from runbookctl import by_path
from runbookctl.changes._mutation import (
    ApiCall,
    Call,
    EvictPods,
    Fill,
    Manual,
    Mutation,
    NodeCall,
    Notify,
    Read,
    Ticket,
    filled,
    picked,
)

__all__ = [
    "ApiCall", "Call", "EvictPods", "Fill", "Manual", "Mutation", "NodeCall", "Notify", "Read", "Ticket",
    "filled", "ids", "load", "picked", "plan",
]  # fmt: skip


def load(change: str) -> ModuleType | None:
    """Return the module of a change (`k8s.cordon`, `manual`), or None when there is none."""
    return by_path.load(__name__, change)


def ids() -> tuple[str, ...]:
    """Return the ids of all shipped changes, sorted."""
    return by_path.ids(__name__)


def plan(change: str, values: Mapping[str, Any]) -> Mutation:
    """Return what `change` would do with `values` (parameter -> value), typed and checked.

    Raises InputError: no such change, a wrong parameter, or a sentence that says why it is not possible.
    """
    import msgspec

    from runbookctl.errors import InputError

    module = load(change)
    if module is None:
        raise InputError(f'there is no change "{change}"', commands=("runbookctl list changes",))
    try:
        params = msgspec.convert(dict(values), module.Params)
    except msgspec.ValidationError as wrong:
        raise InputError(f"{change} cannot be planned: {wrong}") from None
    return cast("Mutation", module.plan(params))
