"""Reboot a node."""

from __future__ import annotations

from msgspec import Struct

from runbookctl.changes import _holes
from runbookctl.changes._mutation import Mutation, NodeCall, Read
from runbookctl.model import ReadFile, Subject

INVERSE = None
LEVEL = "node"
_ARGV = ("sudo", "systemctl", "reboot")


class Params(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`node`: name of the node."""

    node: str


def plan(params: Params) -> Mutation:
    """Reboot through systemd. The boot id read before tells afterwards that it really did.

    The connection may break before an exit code comes back (ssh: 255); that is no failure here.
    """
    node = _holes.node(params.node)
    boot = ReadFile(form="unrecognised", node=node, path="/proc/sys/kernel/random/boot_id")
    return Mutation(
        subjects=(Subject(node=node),),
        calls=(NodeCall(node=node, argv=_ARGV, accept=(0, 255)),),
        commands=(_holes.over_ssh(node, _ARGV),),
        says=f"reboots {node}: every pod and program on it ends",
        reads=(Read(id="boot", request=boot, keep=((),)),),
    )
