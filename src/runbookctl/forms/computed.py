"""Readings of other steps, as a step that asks nothing outside gets them (JSON)."""

from __future__ import annotations

from runbookctl.forms import Named
from runbookctl.model import Raw, Writer

LABEL = "computed"
WRITER = Writer.API
ANCHORS: tuple[bytes, ...] = ()
WHOLE = True


def recognise(head: str, name: str) -> int:  # noqa: ARG001 - only ever computed
    """Recognise nothing: it is only ever computed."""
    return 0


def names(raw: Raw) -> Named:  # noqa: ARG001 - it names what the step's item names
    """Say that it was computed."""
    return Named(summary="computed from other steps")
