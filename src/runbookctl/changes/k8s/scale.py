"""Set how many replicas a workload has."""

from __future__ import annotations

from msgspec import Struct

from runbookctl.changes import _kubernetes as cluster
from runbookctl.changes._mutation import JSON_PATCH, ApiCall, Fill, Mutation, Read
from runbookctl.errors import InputError
from runbookctl.model import KubernetesGet

INVERSE = "k8s.scale"
LEVEL = "workload"
_KINDS = ("deployment", "statefulset")
_MOST = 10_000


class Params(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`owner`: deployment/ml/trainer. `replicas`: a whole number, 0 to 10,000."""

    owner: str
    replicas: int | float
    namespace: str = ""


def plan(params: Params) -> Mutation:
    """Patch the scale, as `kubectl scale` does, unless the number changed since it was read.

    An autoscaler of the workload sets its own number again: its maximum is the place to change then.
    """
    owner = cluster.owner(params.owner, params.namespace, "k8s.scale", _KINDS)
    replicas = params.replicas
    if not (0 <= replicas <= _MOST and replicas == int(replicas)):
        raise InputError(f"replicas must be a whole number, 0 to {_MOST}, not {replicas}")
    segments = (*owner.segments(), "scale")
    call = ApiCall(
        method="PATCH",
        segments=segments,
        body=[
            {"op": "test", "path": "/metadata/uid", "value": None},
            {"op": "test", "path": "/spec/replicas", "value": None},
            {"op": "replace", "path": "/spec/replicas", "value": int(replicas)},
        ],
        content_type=JSON_PATCH,
        query=cluster.FIELD_MANAGER,
        fills=(
            Fill(into=("0", "value"), read="scale", take=("metadata", "uid")),
            Fill(into=("1", "value"), read="scale", take=("spec", "replicas")),
        ),
    )
    request = KubernetesGet(form="kubernetes_objects", segments=segments)
    return Mutation(
        subjects=(owner.subject(),),
        calls=(call,),
        commands=(
            cluster.kubectl("scale", owner.argument(), f"--replicas={int(replicas)}", namespace=owner.namespace),
        ),
        says=f"replicas of {owner}: {int(replicas)}",
        reads=(Read(id="scale", request=request, keep=(("spec", "replicas"),)),),
    )
