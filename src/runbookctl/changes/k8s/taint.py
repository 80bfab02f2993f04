"""Set or remove a taint of a node."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, structs

from runbookctl.changes import _holes
from runbookctl.changes import _kubernetes as cluster
from runbookctl.changes._mutation import Fill, Mutation
from runbookctl.model import Subject

INVERSE = "k8s.taint"
LEVEL = "node"
_TAINTS = ("spec", "taints")


class Params(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`effect` NoExecute also evicts the pods that do not tolerate it. `remove` takes the taint away."""

    node: str
    key: str
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] = "NoSchedule"
    value: str = ""
    remove: bool = False


def plan(params: Params) -> Mutation:
    """Replace the node's list of taints by the one that was read, with this one changed.

    The API server replaces the whole list, so the patch holds the version that was read: a change in between gives 409.
    """
    node, key, value = _holes.node(params.node), _holes.label_key(params.key), _holes.label_value(params.value)
    taint = {"key": key, **({"value": value} if value else {}), "effect": params.effect}
    call = cluster.patch_node(node, {})
    version = Fill(into=("metadata", "resourceVersion"), read="node", take=("metadata", "resourceVersion"))
    taints = Fill(
        into=_TAINTS, read="node", take=_TAINTS, default=[],
        without={"key": key, "effect": params.effect}, append=() if params.remove else (taint,),
    )  # fmt: skip
    short = f"{key}={value}:{params.effect}" if value else f"{key}:{params.effect}"
    setting = (f"{key}:{params.effect}-",) if params.remove else (short, "--overwrite")
    return Mutation(
        subjects=(Subject(node=node),),
        calls=(structs.replace(call, fills=(*call.fills, version, taints)),),
        commands=(cluster.kubectl("taint", "nodes", node, *setting),),
        says=f"taint {key}:{params.effect} of {node}: none" if params.remove else f"taint of {node}: {short}",
        reads=(cluster.read_node(node, _TAINTS),),
    )
