"""Parameters of a computed probe as JSON: readings of other steps, nothing that was asked outside.

Pure. A person never pastes it, so it is never recognised.
"""

from __future__ import annotations

from runbookctl.forms import Named
from runbookctl.model import Raw, Writer

LABEL = "computed"
WRITER = Writer.NODE
ANCHORS: tuple[bytes, ...] = ()


def recognise(head: str, name: str) -> int:
    """Return 0: only the program itself makes it."""
    del head, name
    return 0


def names(raw: Raw) -> Named:
    """Name nothing."""
    del raw
    return Named(summary="computed")
