"""Tell people something, where the run reports or in a channel."""

from __future__ import annotations

from msgspec import Struct

from runbookctl.changes import _holes
from runbookctl.changes._mutation import Mutation, Notify
from runbookctl.errors import InputError

INVERSE = None
LEVEL = None


class Params(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`say`: one sentence. `to`: name of a channel that the site has configured."""

    say: str
    to: str | None = None


def plan(params: Params) -> Mutation:
    """Send one line of plain text; nothing in it is a mention, a link or a template."""
    text = _holes.sentence(params.say)
    if params.to is not None and not params.to.removeprefix("#").replace("-", "_").isidentifier():
        raise InputError(f"{_holes.said(params.to)} is no channel")
    return Mutation(subjects=(), calls=(Notify(text=text, to=params.to),), commands=(), says=f"tells: {text}")
