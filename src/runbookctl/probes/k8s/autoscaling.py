"""The autoscaler of a service: replicas now, wanted and allowed.

Pure. Source: Kubernetes API autoscaling/v2, HorizontalPodAutoscaler.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from runbookctl import model
from runbookctl.forms import kubernetes_objects
from runbookctl.model import KubernetesGet, Raw, Subject

FORMS = ("kubernetes_objects",)
SUBJECT = {"namespace": "namespace", "service": "service"}
KIND = "state"
ONE = True


class Params(Struct, frozen=True, forbid_unknown_fields=True):
    """The service whose workload is scaled."""

    namespace: str
    service: str


class Reading(model.Reading, frozen=True, kw_only=True):
    """The autoscaler of one workload."""

    namespace: str | UnsetType = UNSET
    service: str | UnsetType = UNSET
    current: Annotated[int, Meta(extra={"path": "status.currentReplicas"})] | None | UnsetType = UNSET
    desired: Annotated[int, Meta(extra={"path": "status.desiredReplicas"})] | None | UnsetType = UNSET
    max: Annotated[int, Meta(extra={"path": "spec.maxReplicas"})] | None | UnsetType = UNSET
    min: Annotated[int, Meta(extra={"path": "spec.minReplicas"})] | None | UnsetType = UNSET
    blind: Annotated[bool, Meta(description="it cannot read its metric (ScalingActive is False)")] | UnsetType = UNSET
    free_gpus: Annotated[int, Meta(description="allocatable GPUs that no pod asks for")] | UnsetType = UNSET


def request(params: Params) -> KubernetesGet:
    """Ask for the autoscalers of the namespace."""
    segments = ("apis", "autoscaling", "v2", "namespaces", params.namespace, "horizontalpodautoscalers")
    return KubernetesGet(form="kubernetes_objects", segments=segments)


def read(raw: Raw) -> Iterator[Reading]:
    """Read the autoscaler whose target has the service's name, or the only one there is."""
    scalers = [one for one in kubernetes_objects.objects(raw) if one.get("kind") == "HorizontalPodAutoscaler"]
    named = [one for one in scalers if _target(one) == raw.subject.service]
    for scaler in named or (scalers if len(scalers) == 1 else ()):
        yield _reading(scaler, raw)
        return


def _target(scaler: dict[str, Any]) -> str:
    reference = _part(_part(scaler, "spec"), "scaleTargetRef")
    return str(reference.get("name", ""))


def _part(value: Any, key: str) -> dict[str, Any]:
    inner = value.get(key) if isinstance(value, dict) else None
    return inner if isinstance(inner, dict) else {}


def _reading(scaler: dict[str, Any], raw: Raw) -> Reading:
    spec, status = _part(scaler, "spec"), _part(scaler, "status")
    conditions = status.get("conditions")
    active = [
        one.get("status")
        for one in (conditions if isinstance(conditions, list) else ())
        if isinstance(one, dict) and one.get("type") == "ScalingActive"
    ]
    return Reading(
        namespace=raw.subject.namespace or str(_part(scaler, "metadata").get("namespace", "")) or UNSET,
        service=raw.subject.service or _target(scaler) or UNSET,
        current=_whole(status, "currentReplicas"),
        desired=_whole(status, "desiredReplicas"),
        max=_whole(spec, "maxReplicas"),
        min=_whole(spec, "minReplicas"),
        blind=active[0] == "False" if active else UNSET,
    )


def _whole(value: dict[str, Any], key: str) -> int | None:
    number = value.get(key)
    return number if isinstance(number, int) and not isinstance(number, bool) else None


def obtain(subject: Subject) -> str:
    """Return the command that shows the autoscalers."""
    return f"kubectl -n {subject.namespace or 'NS'} get horizontalpodautoscalers -o json"
