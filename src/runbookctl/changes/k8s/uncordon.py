"""Let pods be scheduled on a node again."""

from __future__ import annotations

from msgspec import Struct

from runbookctl.changes import _holes
from runbookctl.changes import _kubernetes as cluster
from runbookctl.changes._mutation import Mutation
from runbookctl.model import Subject

INVERSE = "k8s.cordon"
LEVEL = "node"


class Params(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`node`: name of the Kubernetes node."""

    node: str


def plan(params: Params) -> Mutation:
    """Remove spec.unschedulable, as `kubectl uncordon` does."""
    node = _holes.node(params.node)
    return Mutation(
        subjects=(Subject(node=node),),
        calls=(cluster.patch_node(node, {"spec": {"unschedulable": None}}),),
        commands=(cluster.kubectl("uncordon", node),),
        says="spec.unschedulable: false",
        reads=(cluster.read_node(node, ("spec", "unschedulable")),),
    )
