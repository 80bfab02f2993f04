"""The machine output of another run, `runbookctl/diagnosis/v1` (JSON)."""

from __future__ import annotations

from typing import Any

import msgspec

from runbookctl.forms import Named
from runbookctl.model import Raw, Writer

LABEL = "diagnosis"
WRITER = Writer.API
ANCHORS: tuple[bytes, ...] = ()
WHOLE = True
SCHEMA = "runbookctl/diagnosis/v1"


def recognise(head: str, name: str) -> int:  # noqa: ARG001 - its schema names it
    """Tell it by its schema."""
    return 99 if head.lstrip()[:200].startswith("{") and SCHEMA in head[:400] else 0


def decode(raw: Raw) -> dict[str, Any]:
    """Return the document; raise ValueError for anything else."""
    document = msgspec.json.decode(raw.body)
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise ValueError("no diagnosis")
    return document


def names(raw: Raw) -> Named:
    """Say the verdict and how many causes."""
    document = decode(raw)
    causes = document.get("causes")
    count = len(causes) if isinstance(causes, list) else 0
    return Named(summary=f"{document.get('verdict', 'unknown')}, {count} cause{'s' if count != 1 else ''}")
