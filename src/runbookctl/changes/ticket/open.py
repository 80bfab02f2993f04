"""Open a ticket in the tracker that the site has configured."""

from __future__ import annotations

from msgspec import Struct

from runbookctl.changes import _holes
from runbookctl.changes._mutation import Mutation, Ticket

INVERSE = None
LEVEL = None


class Params(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`title`: one sentence. `serial`: of the board, where it is known. `say`: more text."""

    title: str
    serial: str | None = None
    say: str | None = None


def plan(params: Params) -> Mutation:
    """Open one ticket; an absent serial number is left out, never invented."""
    title = _holes.sentence(params.title)
    serial = _holes.sentence(params.serial) if params.serial and params.serial != "-" else ""
    text = _holes.sentence(params.say) if params.say else ""
    fields = (("serial", serial),) if serial else ()
    return Mutation(
        subjects=(),
        calls=(Ticket(title=title, text=text, fields=fields),),
        commands=(),
        says=f"opens a ticket: {title}" + (f" (serial {serial})" if serial else ""),
    )
