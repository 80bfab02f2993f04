"""What a person answered to a question of a runbook."""

from __future__ import annotations

from runbookctl.forms import Named
from runbookctl.model import Raw, Writer

LABEL = "answer of a person"
WRITER = Writer.PERSON
ANCHORS: tuple[bytes, ...] = ()


def recognise(head: str, name: str) -> int:  # noqa: ARG001 - any text could be an answer, so none is taken for one
    """Recognise nothing: an answer comes from a question only."""
    return 0


def names(raw: Raw) -> Named:
    """Quote the answer."""
    return Named(summary=f'"{raw.body[:60].decode("utf-8", "replace").strip()}"')
