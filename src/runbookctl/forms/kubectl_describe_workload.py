"""What `kubectl describe` prints of a Deployment, ReplicaSet, StatefulSet, DaemonSet, Job or CronJob.

Pure: reads the text it is given. The kind is not printed; it is told from keys that only one kind has.
Source: kubernetes/kubectl pkg/describe/describe.go.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field

from runbookctl.catalog.kubernetes_values import long_moment
from runbookctl.forms import Named
from runbookctl.forms._describe import DescribedEvent, Text, cells, dedented, events, indent, labels, pair
from runbookctl.forms.lines import Gap, Line
from runbookctl.model import Raw, Subject, Writer

LABEL = "kubectl describe workload"
WRITER = Writer.API
ANCHORS: tuple[bytes, ...] = ()

_TOP = frozenset({
    "Name", "Namespace", "CreationTimestamp", "Labels", "Annotations", "Selector", "Replicas", "StrategyType",
    "MinReadySeconds", "RollingUpdateStrategy", "Pod Template", "Conditions", "OldReplicaSets", "NewReplicaSet",
    "Events", "Controlled By", "Pods Status", "Pods Statuses", "Update Strategy", "Volume Claims", "Node-Selector",
    "Desired Number of Nodes Scheduled", "Current Number of Nodes Scheduled",
    "Number of Nodes Scheduled with Up-to-date Pods", "Number of Nodes Scheduled with Available Pods",
    "Number of Nodes Misscheduled", "Parallelism", "Completions", "Completion Mode", "Suspend", "Backoff Limit",
    "TTL Seconds After Finished", "Start Time", "Completed At", "Duration", "Active Deadline Seconds",
    "Completed Indexes", "Schedule", "Concurrency Policy", "Last Schedule Time", "Active Jobs", "Partition",
})  # fmt: skip
_KINDS = (
    ("deployment", "StrategyType"), ("cronjob", "Schedule"), ("job", "Pods Statuses"), ("job", "Completions"),
    ("daemonset", "Desired Number of Nodes Scheduled"), ("statefulset", "Update Strategy"),
    ("statefulset", "Volume Claims"), ("replicaset", "Pods Status"),
)  # fmt: skip


class WorkloadCondition(Struct, frozen=True, kw_only=True):
    """One condition row."""

    line: int
    type: str
    status: str
    reason: str


class DescribedWorkload(Struct, kw_only=True):
    """One workload; `kind` is in lower case, empty when it cannot be told."""

    line: int
    kind: str = ""
    fields: dict[str, Text] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, str] = field(default_factory=dict)
    conditions: list[WorkloadCondition] = field(default_factory=list)
    events: list[DescribedEvent] | None = None
    gap: bool = False

    @property
    def name(self) -> str | None:
        """The name; None when the text begins below it."""
        return self._value("Name")

    @property
    def namespace(self) -> str | None:
        """The namespace; None when the text begins below it."""
        return self._value("Namespace")

    def _value(self, key: str) -> str | None:
        found = self.fields.get(key)
        return found.text or None if found else None


def described_workloads(raw: Raw) -> Iterator[DescribedWorkload]:
    """Yield the workloads of the text."""
    workload: DescribedWorkload | None = None
    section, block = "", list[Line]()
    for line in dedented(raw.body, ("Name:",)):
        if isinstance(line, Gap):
            if workload and not line.harmless:
                workload.gap = True
            continue
        top = pair(line.text) if indent(line.text) == 0 else None
        if not top or top[0] not in _TOP:
            block.append(line)
            continue
        if workload:
            _close(workload, section, block)
        if top[0] == "Name" and workload:
            yield _finished(workload)
            workload = None
        workload = workload or DescribedWorkload(line=line.number)
        workload.fields.setdefault(top[0], Text(line.number, top[1]))
        section, block = top[0], []
    if workload:
        _close(workload, section, block)
        yield _finished(workload)


def _finished(workload: DescribedWorkload) -> DescribedWorkload:
    workload.kind = next((kind for kind, key in _KINDS if key in workload.fields), "")
    return workload


def _close(workload: DescribedWorkload, section: str, block: list[Line]) -> None:
    first = workload.fields[section].text if section in workload.fields else ""
    if section == "Labels":
        workload.labels = labels(first, block)
    elif section == "Annotations":
        pairs = (both for text in (first, *(line.text for line in block)) if (both := pair(text)))
        workload.annotations = dict(pairs)
    elif section == "Conditions":
        rows = ((line.number, cells(line.text)) for line in block)
        workload.conditions = [
            WorkloadCondition(line=number, type=row[0], status=row[1], reason=row[2] if len(row) > 2 else "")
            for number, row in rows
            if len(row) >= 2 and row[1] in ("True", "False", "Unknown")
        ]
    elif section == "Events":
        workload.events = list(events(block))


def recognise(head: str, name: str) -> int:
    """Tell it by the pod template and a key that only one kind of workload has."""
    del name
    if "\nPod Template:" not in head and not head.startswith("Pod Template:"):
        return 0
    return 95 if any(f"\n{key}:" in head for _, key in _KINDS) else 50


def starts(line: str) -> bool:
    """Tell the first line: `Name:                   trainer`."""
    return line.startswith("Name:  ")


def names(raw: Raw) -> Named:
    """Name the workload when there is one; its creation is the only time that it tells."""
    found = list(described_workloads(raw))
    subject = Subject()
    if len(found) == 1 and found[0].kind and found[0].name:
        subject = Subject(namespace=found[0].namespace, workload=f"{found[0].kind}/{found[0].name}")
    created = [long_moment(one.fields["CreationTimestamp"].text) for one in found if "CreationTimestamp" in one.fields]
    label = found[0].kind or "workload" if len(found) == 1 else "workloads"
    latest = max((time for time in created if time), default=None)
    return Named(subject=subject, now=latest, summary=f"{len(found)} {label}")
