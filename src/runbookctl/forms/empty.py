"""A file without a single visible character: an answer that says nothing.

Pure. It is told apart from text that is not recognised, because the command above it may simply have failed.
"""

from __future__ import annotations

from runbookctl.forms import Named
from runbookctl.model import Raw, Writer

LABEL = "empty"
WRITER = Writer.PERSON
ANCHORS: tuple[bytes, ...] = ()


def recognise(head: str, name: str) -> int:
    """Return 100 for text of nothing but white space."""
    del name
    return 0 if head.strip() else 100


def names(raw: Raw) -> Named:
    """Return that there is nothing."""
    del raw
    return Named(summary="nothing in it")
