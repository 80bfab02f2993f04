"""What `kubectl get pods|nodes|deployments|...` prints as a table, with or without `-A` and `-o wide`.

Pure: reads the text it is given. Events have a form of their own (`kubectl_events`). A `kubectl get pods` table tells
one word per pod (STATUS), made by the API server from phase, reasons and exit codes; it does not name containers.
Source: kubernetes pkg/printers/internalversion/printers.go, printPod.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from msgspec import Struct

from runbookctl.forms import Named
from runbookctl.forms._table import Header, Row, Skip, header, rows
from runbookctl.forms.lines import Gap, Line
from runbookctl.model import Raw, Subject, Writer

LABEL = "kubectl get"
WRITER = Writer.API
ANCHORS: tuple[bytes, ...] = ()

# A table is known by columns that only this kind has.
_KINDS = (
    ("pod", {"READY", "STATUS", "RESTARTS"}),
    ("node", {"STATUS", "ROLES", "VERSION"}),
    ("daemonset", {"DESIRED", "CURRENT", "READY", "UP-TO-DATE"}),
    ("deployment", {"READY", "UP-TO-DATE", "AVAILABLE"}),
    ("replicaset", {"DESIRED", "CURRENT", "READY"}),
    ("cronjob", {"SCHEDULE", "SUSPEND"}),
    ("job", {"COMPLETIONS", "DURATION"}),
    ("persistentvolumeclaim", {"STATUS", "VOLUME", "CAPACITY", "ACCESS MODES"}),
    ("service", {"CLUSTER-IP", "PORT(S)"}),
    ("horizontalpodautoscaler", {"MINPODS", "MAXPODS"}),
    ("statefulset", {"READY", "AGE"}),
    ("event", {"LAST SEEN", "REASON", "OBJECT"}),
)


class TableRow(Struct, frozen=True):
    """One row: `kind` in lower case (`pod`), and the cells by column; empty and `<none>` cells are left out."""

    line: int
    kind: str
    name: str
    namespace: str | None
    cells: dict[str, str]


def kind_of(columns: tuple[str, ...]) -> str:
    """Return the kind that a table with these columns lists, empty when it cannot be told."""
    have = set(columns)
    if "NAME" not in have:
        return ""
    return next((kind for kind, needs in _KINDS if needs <= have), "")


def table_rows(raw: Raw) -> Iterator[TableRow | Skip | Gap]:
    """Yield the rows of all tables in the text whose kind is known."""
    kind = ""
    for row in rows(raw):
        if isinstance(row, Header):
            kind = kind_of(row.names)
        elif isinstance(row, Row):
            found = _named(kind, row)
            if found:
                yield found
        else:
            yield row


def _named(kind: str, row: Row) -> TableRow | None:
    name = row.cells.get("NAME", "")
    prefix, slash, rest = name.partition("/")  # kubectl get all, kubectl get pod,deploy: pod/api-0
    if slash:
        kind, name = prefix.partition(".")[0] or kind, rest
    if not name or not kind:
        return None
    return TableRow(row.line, kind, name, row.cells.get("NAMESPACE"), row.cells)


def recognise(head: str, name: str) -> int:
    """Tell it by a header line of a known kind."""
    del name
    for number, text in enumerate(head.splitlines()[:50]):
        if "NAME" in text:
            found = header(Line(number, text))
            kind = kind_of(found.names) if found else ""
            if kind and kind != "event":
                return 90 if number < 3 else 60
    return 0


def starts(line: str) -> bool:
    """Tell a header line."""
    if not line.startswith(("NAME", "NAMESPACE")):
        return False
    found = header(Line(1, line))
    return bool(found and kind_of(found.names) not in ("", "event"))


def names(raw: Raw) -> Named:
    """Name the pod or node when there is one row; ages alone do not tell the time."""
    found = [row for row in table_rows(raw) if isinstance(row, TableRow)]
    count = Counter(row.kind for row in found)
    summary = ", ".join(f"{number:,} {kind}{'' if number == 1 else 's'}" for kind, number in count.most_common(4))
    subject = Subject()
    if len(found) == 1 and found[0].kind == "pod":
        subject = Subject(namespace=found[0].namespace, pod=found[0].name, node=found[0].cells.get("NODE"))
    elif len(found) == 1 and found[0].kind == "node":
        subject = Subject(node=found[0].name)
    return Named(subject=subject, summary=summary or "no rows")
