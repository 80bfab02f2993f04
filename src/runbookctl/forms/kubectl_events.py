"""What `kubectl get events` and `kubectl events` print as a table.

Pure: reads the text it is given. Times are ages; of `-o wide` also the first age and the count. Object is `pod/name`
(`kubectl get`) or `Pod/name` (`kubectl events`). Source: kubernetes pkg/printers/internalversion/printers.go,
printEvent; kubectl pkg/cmd/events.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from runbookctl.forms import Named
from runbookctl.forms._describe import Interval, interval
from runbookctl.forms._table import Header, Row, Skip, header, rows
from runbookctl.forms.lines import Gap, Line
from runbookctl.model import Raw, Subject, Writer

LABEL = "kubectl events"
WRITER = Writer.API
ANCHORS: tuple[bytes, ...] = ()

_NEEDS = {"LAST SEEN", "TYPE", "REASON", "OBJECT"}


class EventRow(Struct, frozen=True, kw_only=True):
    """One event. `kind` is in lower case (`pod`); `field` is the part of the object (`spec.containers{app}`)."""

    line: int
    when: Interval
    type: str
    reason: str
    kind: str
    name: str
    namespace: str | None
    field: str | None
    source: str | None
    message: str


def event_rows(raw: Raw) -> Iterator[EventRow | Skip | Gap]:
    """Yield the rows of all event tables in the text."""
    reading = False
    for row in rows(raw):
        if isinstance(row, Header):
            reading = set(row.names) >= _NEEDS
        elif isinstance(row, Row):
            found = _event(row) if reading else None
            if found:
                yield found
            elif reading:
                yield Skip(row.line, " ".join(row.cells.values()))
        else:
            yield row


def _event(row: Row) -> EventRow | None:
    cells = row.cells
    kind, slash, name = cells.get("OBJECT", "").partition("/")
    if not slash or not cells.get("REASON"):
        return None
    when = interval(cells.get("LAST SEEN", ""))
    first = interval(cells["FIRST SEEN"]).last if "FIRST SEEN" in cells else when.first
    count = cells.get("COUNT", "")
    repeated = int(count) if count.isascii() and count.isdigit() and len(count) < 10 else when.count
    return EventRow(
        line=row.line, when=Interval(when.last, first, repeated), type=cells.get("TYPE", ""), reason=cells["REASON"],
        kind=kind.lower(), name=name, namespace=cells.get("NAMESPACE"), field=cells.get("SUBOBJECT"),
        source=(cells.get("SOURCE") or "").partition(",")[0] or None, message=cells.get("MESSAGE", ""),
    )  # fmt: skip


def recognise(head: str, name: str) -> int:
    """Tell it by its header: LAST SEEN, TYPE, REASON, OBJECT."""
    del name
    for number, text in enumerate(head.splitlines()[:50]):
        if "LAST SEEN" in text:
            found = header(Line(number, text))
            if found and set(found.names) >= _NEEDS:
                return 95 if number < 3 else 60
    return 0


def starts(line: str) -> bool:
    """Tell the header line."""
    found = header(Line(1, line)) if "LAST SEEN" in line else None
    return bool(found and set(found.names) >= _NEEDS)


def names(raw: Raw) -> Named:
    """Name the object when all events are about one pod; ages alone do not tell the time."""
    found = [row for row in event_rows(raw) if isinstance(row, EventRow)]
    objects = {(row.namespace, row.kind, row.name) for row in found}
    subject = Subject()
    if len(objects) == 1:
        namespace, kind, name = objects.pop()
        if kind == "pod":
            subject = Subject(namespace=namespace, pod=name)
        elif kind == "node":
            subject = Subject(node=name)
    return Named(subject=subject, summary=f"{len(found):,} event{'' if len(found) == 1 else 's'}")
