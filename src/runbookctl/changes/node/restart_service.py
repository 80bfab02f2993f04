"""Restart a systemd service on a node."""

from __future__ import annotations

from msgspec import Struct

from runbookctl.changes import _holes
from runbookctl.changes._mutation import Mutation, NodeCall, Read
from runbookctl.model import NodeCommand, Subject

INVERSE = None
LEVEL = "node"


class Params(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`service`: kubelet, containerd, nvidia-fabricmanager, ..."""

    node: str
    service: str


def plan(params: Params) -> Mutation:
    """Restart the unit; the properties read before tell afterwards that it is another start."""
    node, unit = _holes.node(params.node), _holes.unit(params.service)
    argv = ("sudo", "systemctl", "restart", unit)
    show = ("systemctl", "show", unit, "--property=ActiveState,SubState,InvocationID")
    return Mutation(
        subjects=(Subject(node=node),),
        calls=(NodeCall(node=node, argv=argv),),
        commands=(_holes.over_ssh(node, argv),),
        says=f"restarts {unit} on {node}",
        reads=(Read(id="unit", request=NodeCommand(form="unrecognised", node=node, argv=show), keep=((),)),),
    )
