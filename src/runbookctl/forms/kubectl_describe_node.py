"""What `kubectl describe node` prints: conditions, taints, resources, the pods on the node, its events.

Pure: reads the text it is given. Source: kubernetes/kubectl pkg/describe/describe.go, describeNode.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field

from runbookctl.catalog.kubernetes_values import long_moment
from runbookctl.forms import Named
from runbookctl.forms._describe import DescribedEvent, Text, cells, dedented, events, indent, labels, pair
from runbookctl.forms.lines import Gap, Line
from runbookctl.model import Raw, Subject, Time, Writer

LABEL = "kubectl describe node"
WRITER = Writer.API
ANCHORS: tuple[bytes, ...] = ()
CAP = 64 << 20

_TOP = frozenset({
    "Name", "Roles", "Labels", "Annotations", "CreationTimestamp", "Taints", "Unschedulable", "Lease", "Conditions",
    "Addresses", "Capacity", "Allocatable", "System Info", "PodCIDR", "PodCIDRs", "ProviderID", "External ID",
    "Non-terminated Pods", "Allocated resources", "Events",
})  # fmt: skip


_MARKS = (
    "Non-terminated Pods:", "System Info:", "Allocated resources:", "\nCapacity:", "\nAllocatable:", "Kubelet Version:",
)  # fmt: skip


class NodeCondition(Struct, frozen=True, kw_only=True):
    """One condition row; `status` is True, False or Unknown as printed."""

    line: int
    type: str
    status: str
    heartbeat: Time | None
    transition: Time | None
    reason: str
    message: str


class PodOnNode(Struct, frozen=True, kw_only=True):
    """One row of Non-terminated Pods; memory as printed (`16Mi`)."""

    line: int
    namespace: str
    name: str
    memory_request: str
    memory_limit: str


class DescribedNode(Struct, kw_only=True):
    """One node. `events` is None when the text has no Events section."""

    line: int
    fields: dict[str, Text] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    taints: list[str] = field(default_factory=list)  # `node.kubernetes.io/unreachable:NoExecute`
    lease: dict[str, Text] = field(default_factory=dict)
    conditions: list[NodeCondition] = field(default_factory=list)
    capacity: dict[str, str] = field(default_factory=dict)
    allocatable: dict[str, str] = field(default_factory=dict)
    allocated: dict[str, tuple[str, str]] = field(default_factory=dict)  # resource -> requests, limits
    system: dict[str, str] = field(default_factory=dict)
    pods: list[PodOnNode] | None = None
    events: list[DescribedEvent] | None = None
    gap: bool = False

    @property
    def name(self) -> str | None:
        """The node's name; None when the text begins below it."""
        found = self.fields.get("Name")
        return found.text or None if found else None


def described_nodes(raw: Raw) -> Iterator[DescribedNode]:
    """Yield the nodes of the text."""
    node: DescribedNode | None = None
    section, block = "", list[Line]()
    for line in dedented(raw.body, ("Name:", "Conditions:")):
        if isinstance(line, Gap):
            if node and not line.harmless:
                node.gap = True
            continue
        top = pair(line.text) if indent(line.text) == 0 else None
        if not top or top[0] not in _TOP:
            block.append(line)
            continue
        if node:
            _close(node, section, block)
        if top[0] == "Name" and node:
            yield node
            node = None
        node = node or DescribedNode(line=line.number)
        node.fields.setdefault(top[0], Text(line.number, top[1]))
        section, block = top[0], []
    if node:
        _close(node, section, block)
        yield node


def _close(node: DescribedNode, section: str, block: list[Line]) -> None:
    """Read a section as a whole."""
    first = node.fields[section].text if section in node.fields else ""
    match section:
        case "Labels":
            node.labels = labels(first, block)
        case "Taints":
            texts = (first, *(line.text.strip() for line in block))
            node.taints = [text for text in texts if text and text != "<none>"]
        case "Lease":
            node.lease = _pairs(block)
        case "Conditions":
            node.conditions = list(_conditions(block))
        case "Capacity" | "Allocatable" | "System Info":
            setattr(node, {"System Info": "system"}.get(section, section.lower()), _plain(block))
        case "Allocated resources":
            rows = (cells(line.text) for line in block)
            node.allocated = {row[0]: (row[1], row[2]) for row in rows if len(row) >= 3 and row[1][:1].isdigit()}
        case "Non-terminated Pods":
            node.pods = list(_pods(block))
        case "Events":
            node.events = list(events(block))


def _pairs(block: list[Line]) -> dict[str, Text]:
    found: dict[str, Text] = {}
    for line in block:
        if both := pair(line.text):
            found.setdefault(both[0], Text(line.number, both[1]))
    return found


def _plain(block: list[Line]) -> dict[str, str]:
    return {key: value.text for key, value in _pairs(block).items()}


def _conditions(block: list[Line]) -> Iterator[NodeCondition]:
    for line in block:
        row = cells(line.text)
        if len(row) >= 5 and row[1] in ("True", "False", "Unknown"):
            yield NodeCondition(
                line=line.number, type=row[0], status=row[1], heartbeat=long_moment(row[2]),
                transition=long_moment(row[3]), reason=row[4], message="  ".join(row[5:]),
            )  # fmt: skip


def _pods(block: list[Line]) -> Iterator[PodOnNode]:
    for line in block:
        row = cells(line.text)
        if len(row) >= 6 and row[2][:1].isdigit():
            memory = (row[4].partition(" ")[0], row[5].partition(" ")[0])
            yield PodOnNode(
                line=line.number, namespace=row[0], name=row[1], memory_request=memory[0], memory_limit=memory[1]
            )


def printed_at(node: DescribedNode) -> Time | None:
    """Return when the text was printed, from the time at which readiness changed and the age of that event."""
    ready = next((one for one in node.conditions if one.type == "Ready"), None)
    reason = "NodeReady" if ready and ready.status == "True" else "NodeNotReady"
    ages = [event.last for event in node.events or () if event.reason == reason and event.last is not None]
    return ready.transition + min(ages) if ready and ready.transition and ages else None


def taken(node: DescribedNode) -> Time | None:
    """Return the best lower bound of when the text was printed; None when it tells no time."""
    times = [printed_at(node), *(time for one in node.conditions for time in (one.heartbeat, one.transition))]
    if "RenewTime" in node.lease:
        times.append(long_moment(node.lease["RenewTime"].text))
    return max((time for time in times if time), default=None)


def recognise(head: str, name: str) -> int:
    """Tell it by sections that only a node has."""
    del name
    found = sum(mark in head for mark in _MARKS)
    return 96 if found >= 3 else 60 if found == 2 else 0


def starts(line: str) -> bool:
    """Tell the first line: `Name:               worker-gpu-01`."""
    return line.startswith("Name:  ")


def names(raw: Raw) -> Named:
    """Name the node when there is one; the latest moment the text tells."""
    nodes = list(described_nodes(raw))
    times = [time for time in map(taken, nodes) if time]
    subject = Subject(node=nodes[0].name) if len(nodes) == 1 else Subject()
    summary = f"{len(nodes)} node{'' if len(nodes) == 1 else 's'}"
    return Named(subject=subject, now=max(times, default=None), summary=summary)
