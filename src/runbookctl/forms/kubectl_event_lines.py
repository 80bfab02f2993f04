"""Events without what they are about: the lines below `Events:` of a description, or the scheduler's bare message.

Pure: reads the text it is given. People paste these lines alone; they name no object and print ages, not times:

    Warning  FailedScheduling  44s (x3 over 2m)  default-scheduler  0/1 nodes are available: 1 Insufficient cpu.
    0/4 nodes are available: 4 Insufficient nvidia.com/gpu. preemption: ...
"""

from __future__ import annotations

from collections.abc import Iterator

import re2

from runbookctl.catalog.scheduling import is_verdict
from runbookctl.forms import Named
from runbookctl.forms._describe import DescribedEvent, events
from runbookctl.forms.lines import Gap, Line, numbered
from runbookctl.model import Raw, Subject, Writer

LABEL = "events of one object"
WRITER = Writer.API
ANCHORS: tuple[bytes, ...] = ()

_LOOK = 60
#   Warning  FailedScheduling  44s (x3 over 2m)  default-scheduler  0/1 nodes are available: 1 Insufficient cpu.
_ROW = re2.compile(
    r"\s*(?:Normal|Warning)\s{1,20}[A-Z][A-Za-z]{2,60}\s{1,40}"
    r"(?:\d{1,6}[smhdy]){1,2}(?: \(x\d{1,9} over \S{1,16}\))?\s{1,20}\S.*"
)
# Type     Reason            Age   From               Message
_HEADER = re2.compile(r"\s*(?:Events:|Type\s+Reason\s+Age\s+From\s+Message|----\s+------\s+----\s+----\s+-------)\s*")


def rows(raw: Raw) -> Iterator[DescribedEvent | Gap]:
    """Yield the events; a bare message of the scheduler becomes a FailedScheduling of unknown age."""
    held: list[Line] = []
    for line in numbered(raw.body):
        if isinstance(line, Gap):
            yield line
        elif is_verdict(line.text.strip()):
            yield DescribedEvent(
                line=line.number, type="Warning", reason="FailedScheduling", last=None, first=None, count=1, source="",
                message=line.text.strip()[:4096],
            )  # fmt: skip
        elif not _HEADER.fullmatch(line.text):
            held.append(line)
    yield from events(held)


def recognise(head: str, name: str) -> int:
    """Tell a text of which every line is an event, a part of its message, or a heading above; one is enough."""
    del name
    lines = [line for line in head.split("\n", _LOOK)[:_LOOK] if line.strip()]
    first = next((line for line in lines if not _HEADER.fullmatch(line.rstrip("\r"))), "")
    if not _row(first):
        return 0
    rest = [line for line in lines if not _HEADER.fullmatch(line.rstrip("\r"))]
    known = sum(_row(line) or line[:2].isspace() for line in rest)
    return 80 if known == len(rest) else 0


def _row(line: str) -> bool:
    return bool(_ROW.fullmatch(line.rstrip("\r"))) or is_verdict(line.strip())


def names(raw: Raw) -> Named:
    """Name nothing: neither the object nor the time is printed."""
    found = sum(isinstance(one, DescribedEvent) for one in rows(raw))
    return Named(subject=Subject(), summary=f"{found:,} event{'' if found == 1 else 's'}")
