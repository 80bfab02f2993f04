"""Text that no form recognises: kept as it is, read by nobody, said with its number of lines.

Pure. Its lines prove nothing and disprove nothing.
"""

from __future__ import annotations

from runbookctl.forms import Named
from runbookctl.forms.lines import Line, numbered
from runbookctl.model import Raw, Writer

LABEL = "not recognised"
WRITER = Writer.PERSON
ANCHORS: tuple[bytes, ...] = ()


def recognise(head: str, name: str) -> int:
    """Return 0: what is left when every other form has been asked."""
    del head, name
    return 0


def names(raw: Raw) -> Named:
    """Return the number of lines."""
    count = sum(1 if isinstance(line, Line) else 0 for line in numbered(raw.body))
    return Named(summary=f"{count:,} line{'' if count == 1 else 's'}")
