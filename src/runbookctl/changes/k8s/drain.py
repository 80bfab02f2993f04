"""Move the pods of a node elsewhere: cordon it and evict them, as their disruption budgets allow."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any, NamedTuple

from msgspec import Struct

from runbookctl.changes import _holes
from runbookctl.changes import _kubernetes as cluster
from runbookctl.changes._mutation import ApiCall, EvictPods, Mutation, Read
from runbookctl.errors import InputError
from runbookctl.model import Duration, KubernetesGet, Subject

INVERSE = None  # a pod that was moved is not moved back; `k8s.uncordon` under `then` opens the node again
LEVEL = "node"
_LONGEST = dt.timedelta(days=7)


class Params(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`node`: name of the Kubernetes node. `within`: how long evictions are asked for, 1 s to 7 days."""

    node: str
    within: Duration = dt.timedelta(minutes=30)


def plan(params: Params) -> Mutation:
    """Cordon the node, then evict every pod but those of DaemonSets and static ones.

    Pods that nothing makes again, or that keep something in an emptyDir, stop it: nobody asked for that loss.
    """
    if not dt.timedelta(seconds=1) <= params.within <= _LONGEST:
        raise InputError(f"within must be 1 s to 7 days, not {params.within}")
    node = _holes.node(params.node)
    limit = _typed(params.within)
    pods = KubernetesGet(
        form="kubernetes_objects", segments=("api", "v1", "pods"), query=(("fieldSelector", f"spec.nodeName={node}"),)
    )
    flags = ("--ignore-daemonsets", "--delete-emptydir-data=false", f"--timeout={limit}")
    return Mutation(
        subjects=(Subject(node=node),),  # with every pod on it
        calls=(
            cluster.patch_node(node, {"spec": {"unschedulable": True}}),
            EvictPods(node=node, within=params.within),
        ),
        commands=(cluster.kubectl("drain", node, *flags),),
        says=f"evicts the pods of {node} within {limit}; DaemonSet pods stay",
        reads=(cluster.read_node(node, ("spec", "unschedulable")), Read(id="pods", request=pods)),
    )


class Sorted(NamedTuple):
    """The pods of a node: those that go (`ml/train-0` and its eviction), that stay, that stop the drain, with why."""

    going: tuple[tuple[str, ApiCall], ...]
    staying: tuple[tuple[str, str], ...]
    stopping: tuple[tuple[str, str], ...]


def sorted_out(pods: Iterable[dict[str, Any]]) -> Sorted:
    """Say of each pod of answer `pods` whether it goes, stays or stops the drain.

    The rules are those of `kubectl drain --ignore-daemonsets`. Source: kubectl pkg/drain/filters.go.
    """
    going: list[tuple[str, ApiCall]] = []
    staying: list[tuple[str, str]] = []
    stopping: list[tuple[str, str]] = []
    for pod in pods:
        meta, spec = pod.get("metadata") or {}, pod.get("spec") or {}
        title = f"{meta.get('namespace')}/{meta.get('name')}"
        controller = next((each for each in meta.get("ownerReferences") or () if each.get("controller")), None)
        done = (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed")
        if "kubernetes.io/config.mirror" in (meta.get("annotations") or {}):
            staying.append((title, "static pod"))
        elif controller is not None and controller.get("kind") == "DaemonSet" and not done:
            staying.append((title, "DaemonSet"))
        elif controller is None and not done:
            stopping.append((title, "nothing makes it again"))
        elif any("emptyDir" in volume for volume in spec.get("volumes") or ()) and not done:
            stopping.append((title, "keeps data in an emptyDir"))
        else:
            going.append((title, _eviction(meta)))
    return Sorted(tuple(going), tuple(staying), tuple(stopping))


def _eviction(meta: dict[str, Any]) -> ApiCall:
    """Return the eviction of exactly this pod: another one of the same name gives 409 (threat model S33)."""
    pod = cluster.pod(str(meta.get("name")), str(meta.get("namespace")))
    return ApiCall(
        method="POST",
        segments=(*pod.segments(), "eviction"),
        body={
            "apiVersion": "policy/v1",
            "kind": "Eviction",
            "metadata": {"name": pod.name, "namespace": pod.namespace},
            "deleteOptions": {"preconditions": {"uid": meta.get("uid")}},
        },
    )


def _typed(span: dt.timedelta) -> str:
    """Write a duration as kubectl (Go) reads it: `30m`, `1h30m`, `90s` as `1m30s`."""
    seconds = int(span.total_seconds())
    parts = ((seconds // 3600, "h"), (seconds % 3600 // 60, "m"), (seconds % 60, "s"))
    return "".join(f"{number}{letter}" for number, letter in parts if number)
