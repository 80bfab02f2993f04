"""Let no new pod be scheduled on a node."""

from __future__ import annotations

from msgspec import Struct

from runbookctl.changes import _holes
from runbookctl.changes import _kubernetes as cluster
from runbookctl.changes._mutation import Mutation
from runbookctl.model import Subject

INVERSE = "k8s.uncordon"
LEVEL = "node"


class Params(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`node`: name of the Kubernetes node."""

    node: str


def plan(params: Params) -> Mutation:
    """Set spec.unschedulable, as `kubectl cordon` does. Pods that run there stay."""
    node = _holes.node(params.node)
    return Mutation(
        subjects=(Subject(node=node),),
        calls=(cluster.patch_node(node, {"spec": {"unschedulable": True}}),),
        commands=(cluster.kubectl("cordon", node),),
        says="spec.unschedulable: true",
        reads=(cluster.read_node(node, ("spec", "unschedulable")),),
    )
