"""A person does it and confirms it."""

from __future__ import annotations

from msgspec import Struct

from runbookctl.changes import _holes
from runbookctl.changes._mutation import Manual, Mutation

INVERSE = None
LEVEL = None


class Params(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`say`: what to do, one sentence."""

    say: str


def plan(params: Params) -> Mutation:
    """Ask a person; the program changes nothing itself."""
    say = _holes.sentence(params.say)
    return Mutation(subjects=(), calls=(Manual(say=say),), commands=(), says=say)
