"""Run a command on a node that site policy allows."""

from __future__ import annotations

from msgspec import Struct

from runbookctl.changes import _holes
from runbookctl.changes._mutation import Mutation, NodeCall
from runbookctl.model import Subject

INVERSE = None
LEVEL = "node"


class Params(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`argv`: program and words, no shell. Site policy says which commands are allowed at all."""

    node: str
    argv: tuple[str, ...]


def plan(params: Params) -> Mutation:
    """Run `argv` as it stands; what it changes on the node nobody but the runbook's author knows."""
    argv = _holes.argv(params.argv)
    command = _holes.over_ssh(params.node, argv)
    return Mutation(
        subjects=(Subject(node=params.node),),
        calls=(NodeCall(node=params.node, argv=argv),),
        commands=(command,),
        says=command,
    )
