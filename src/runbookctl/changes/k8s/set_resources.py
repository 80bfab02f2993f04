"""Set memory and processor limits and requests of one container of a workload."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from runbookctl.changes import _holes, _quantity
from runbookctl.changes import _kubernetes as cluster
from runbookctl.changes._mutation import Mutation
from runbookctl.errors import InputError
from runbookctl.model import Bytes

INVERSE = "k8s.set_resources"
LEVEL = "workload"
_KINDS = ("deployment", "statefulset", "daemonset", "cronjob")
_FIELDS = {  # parameter -> (limits or requests, resource)
    "memory_limit": ("limits", "memory"),
    "cpu_limit": ("limits", "cpu"),
    "memory_request": ("requests", "memory"),
    "cpu_request": ("requests", "cpu"),
}


class Params(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`owner`: deployment/ml/trainer. Memory in bytes, processors in cores. `remove`: parameters to take away.

    A value that is absent (None) is refused, not taken for "no limit": an evidence that does not tell must not remove
    a limit. Only what is named in `remove` is removed.
    """

    owner: str
    container: str
    namespace: str = ""
    memory_limit: Bytes | float | None = None
    memory_request: Bytes | float | None = None
    cpu_limit: float | None = None
    cpu_request: float | None = None
    remove: tuple[str, ...] = ()


def plan(params: Params) -> Mutation:
    """Patch the pod template, as `kubectl set resources` does: the workload replaces its pods."""
    owner = cluster.owner(params.owner, params.namespace, "k8s.set_resources", _KINDS)
    container = _holes.container(params.container)
    wanted = _wanted(params)
    named = {"name": container, "resources": {kind: dict(values) for kind, values in wanted.items()}}
    return Mutation(
        subjects=(owner.subject(),),
        calls=(owner.patch(_nested((*owner.pod_spec(), "containers"), [named])),),
        commands=(
            cluster.kubectl(
                "set", "resources", owner.argument(), "-c", container,
                *(f"--{kind}={_listed(values)}" for kind, values in wanted.items()), namespace=owner.namespace,
            ),
        ),
        says=_says(container, wanted),
        reads=(owner.read((*owner.pod_spec(), "containers")),),
    )  # fmt: skip


def _wanted(params: Params) -> dict[str, dict[str, str | None]]:
    """Return {"limits": {"memory": "64Mi"}}; None stands for removed."""
    wanted: dict[str, dict[str, str | None]] = {}
    for unknown in set(params.remove) - set(_FIELDS):
        raise InputError(f"remove: {_holes.said(unknown)} is none of {', '.join(_FIELDS)}")
    for parameter, (kind, resource) in _FIELDS.items():
        value: float | None = getattr(params, parameter)
        if value is not None and parameter in params.remove:
            raise InputError(f"{parameter} is both set and removed")
        if value is not None:
            write = _quantity.memory if resource == "memory" else _quantity.cpu
            wanted.setdefault(kind, {})[resource] = write(value, parameter)
        elif parameter in params.remove:
            wanted.setdefault(kind, {})[resource] = None
    if not wanted:
        raise InputError(f"k8s.set_resources needs one of {', '.join(_FIELDS)}, and none is known")
    return wanted


def _listed(values: dict[str, str | None]) -> str:
    """Write `memory=64Mi,cpu=500m`; kubectl removes what is 0."""
    return ",".join(f"{resource}={value or '0'}" for resource, value in values.items())


def _says(container: str, wanted: dict[str, dict[str, str | None]]) -> str:
    parts = [
        f"{kind}.{resource} of {container}: {value or 'none'}"
        for kind, values in wanted.items()
        for resource, value in values.items()
    ]
    return ", ".join(parts)


def _nested(path: tuple[str, ...], value: Any) -> Any:
    for key in reversed(path):
        value = {key: value}
    return value
