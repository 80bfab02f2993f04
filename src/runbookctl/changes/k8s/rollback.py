"""Go back to an earlier revision of a workload."""

from __future__ import annotations

from msgspec import Struct

from runbookctl.changes import _holes
from runbookctl.changes import _kubernetes as cluster
from runbookctl.changes._mutation import JSON_PATCH, ApiCall, Fill, Mutation, Read, same_object
from runbookctl.errors import InputError
from runbookctl.model import KubernetesGet

INVERSE = "k8s.rollback"
LEVEL = "workload"
_KINDS = ("deployment", "statefulset", "daemonset")
_REVISION = "deployment.kubernetes.io/revision"


class Params(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`owner`: deployment/ml/trainer. `to`: number of the revision, as `kubectl rollout history` lists it."""

    owner: str
    to: int | str
    namespace: str = ""


def plan(params: Params) -> Mutation:
    """Put the pod template of revision `to` in place, as `kubectl rollout undo --to-revision` does.

    Source: kubectl pkg/polymorphichelpers/rollback.go. A Deployment takes the template of its old ReplicaSet; the
    ControllerRevision of a StatefulSet or DaemonSet is itself the patch.
    """
    owner = cluster.owner(params.owner, params.namespace, "k8s.rollback", _KINDS)
    to = _revision(params.to)
    call = _to_replica_set(owner) if owner.kind == "deployment" else _to_controller_revision(owner)
    return Mutation(
        subjects=(owner.subject(),),
        calls=(call,),
        commands=(
            cluster.kubectl("rollout", "undo", owner.argument(), f"--to-revision={to}", namespace=owner.namespace),
        ),
        says=f"revision of {owner}: {to}",
        reads=(owner.read(("metadata", "annotations", _REVISION), ("status", "updateRevision")), _read(owner, to)),
    )


def _revision(to: int | str) -> int:
    text = str(to)
    if not (text.isascii() and text.isdecimal() and len(text) <= 18 and int(text) > 0):
        raise InputError(f"{_holes.said(text)} is no revision; kubectl rollout history lists them")
    return int(text)


def _read(owner: cluster.Owner, to: int) -> Read:
    """Return the read of the revision, picked by its number and its owner."""
    lists = "replicasets" if owner.kind == "deployment" else "controllerrevisions"
    number = (("metadata", "annotations", _REVISION), str(to)) if owner.kind == "deployment" else (("revision",), to)
    request = KubernetesGet(
        form="kubernetes_objects", segments=("apis", "apps", "v1", "namespaces", owner.namespace, lists)
    )
    kinds = {"deployment": "Deployment", "statefulset": "StatefulSet", "daemonset": "DaemonSet"}
    reference = ("metadata", "ownerReferences", "0")
    pick = (number, ((*reference, "kind"), kinds[owner.kind]), ((*reference, "name"), owner.name))
    return Read(id="revision", request=request, pick=pick)


def _to_replica_set(owner: cluster.Owner) -> ApiCall:
    hash_label = ("metadata", "labels", "pod-template-hash")  # the Deployment computes it itself
    return ApiCall(
        method="PATCH",
        segments=owner.segments(),
        body=[
            {"op": "test", "path": "/metadata/uid", "value": None},
            {"op": "replace", "path": "/spec/template", "value": None},
        ],
        content_type=JSON_PATCH,
        query=cluster.FIELD_MANAGER,
        fills=(
            Fill(into=("0", "value"), read="owner", take=("metadata", "uid")),
            Fill(into=("1", "value"), read="revision", take=("spec", "template"), drop=(hash_label,)),
        ),
    )


def _to_controller_revision(owner: cluster.Owner) -> ApiCall:
    patch = owner.patch({})
    whole = Fill(into=(), read="revision", take=("data",))
    return ApiCall(
        method="PATCH", segments=patch.segments, body={}, content_type=patch.content_type, query=patch.query,
        fills=(whole, same_object("owner")),
    )  # fmt: skip
