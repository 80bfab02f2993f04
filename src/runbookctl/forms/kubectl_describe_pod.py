"""What `kubectl describe pod` prints: one or several pods, their containers and their events.

Pure: reads the text it is given. Source: kubernetes/kubectl pkg/describe/describe.go, describePod. It prints no pod
UID, no message of a waiting container and no restart policy, so these are not told. A termination message is printed as
it is, line breaks included, so that its further lines begin in column 0 and may look like anything:

        Last State:     Terminated
          Reason:       Error
          Message:      Traceback (most recent call last):
      File "/app/main.py", line 3, in <module>
    KeyError: 'DATABASE_URL'
          Exit Code:    1
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import re2
from msgspec import Struct, field

from runbookctl.catalog.kubernetes_values import long_moment
from runbookctl.forms import Named
from runbookctl.forms._describe import DescribedEvent, Text, cells, dedented, events, indent, labels, pair
from runbookctl.forms.lines import Gap, Line
from runbookctl.model import Raw, Subject, Time, Writer

LABEL = "kubectl describe pod"
WRITER = Writer.API
ANCHORS: tuple[bytes, ...] = ()
CAP = 64 << 20

_CONTAINERS = {"Init Containers": "init", "Containers": "main", "Ephemeral Containers": "ephemeral"}
_TOP = frozenset({
    "Name", "Namespace", "Priority", "Priority Class Name", "Runtime Class Name", "Service Account", "Node",
    "Start Time", "Labels", "Annotations", "Status", "Termination Grace Period", "Reason", "Message", "SeccompProfile",
    "LocalhostProfile", "IP", "IPs", "Controlled By", "NominatedNodeName", "Resources", "Readiness Gates", "Conditions",
    "Volumes", "QoS Class", "Node-Selectors", "Tolerations", "Topology Spread Constraints", "SchedulingGroup", "Events",
    *_CONTAINERS,
})  # fmt: skip
_MARKS = ("Restart Count:", "QoS Class:", "\nIPs:", "Container ID:", "    State:  ", "Node-Selectors:", "\nStart Time:")
# The line below a termination message, six spaces deep: `Exit Code:    137`.
_EXIT_CODE = re2.compile(r" {6}Exit Code:\s+-?\d{1,11}\s*")
_MESSAGE_LINES, _MESSAGE_CAP = 200, 8192
"""Of a message: lines kept, characters after which it is none (the kubelet's limit is 4096 bytes)."""


class DescribedState(Struct, kw_only=True):
    """State or Last State: `kind` is waiting, running or terminated; fields as printed (`Exit Code`, `Finished`)."""

    line: int
    kind: str
    fields: dict[str, Text] = field(default_factory=dict)


class DescribedContainer(Struct, kw_only=True):
    """One container: the section it stands in, its fields as printed, its state, limits and requests."""

    line: int
    name: str
    section: str  # init, main, ephemeral
    fields: dict[str, Text] = field(default_factory=dict)
    state: DescribedState | None = None
    last: DescribedState | None = None
    limits: dict[str, str] = field(default_factory=dict)
    requests: dict[str, str] = field(default_factory=dict)


class DescribedPod(Struct, kw_only=True):
    """One pod. `events` is None when the text has no Events section (it was cut off, or not asked for)."""

    line: int
    fields: dict[str, Text] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    conditions: dict[str, str] = field(default_factory=dict)
    containers: list[DescribedContainer] = field(default_factory=list)
    events: list[DescribedEvent] | None = None
    gap: bool = False  # lines were left out of it

    def value(self, key: str) -> str | None:
        """Return a top-level value as printed; None when it is missing, empty or `<none>`."""
        found = self.fields.get(key)
        return found.text if found and found.text not in ("", "<none>") else None


def described_pods(raw: Raw) -> Iterator[DescribedPod]:
    """Yield the pods of the text. A text that begins in the middle of a pod gives a pod without a name."""
    reader = _Reader()
    for line in dedented(raw.body, ("Name:", "Containers:")):
        if isinstance(line, Gap):
            reader.gap(harmless=line.harmless)
        else:
            done = reader.line(line)
            if done:
                yield done
    last = reader.end()
    if last:
        yield last


class _Reader:
    """Takes lines one by one; keeps the pod, section, container and state that a line belongs to."""

    def __init__(self) -> None:
        self.pod: DescribedPod | None = None
        self.section = ""
        self.container: DescribedContainer | None = None
        self.key = ""  # last key of the container: State, Limits, Environment ...
        self.block: list[Line] = []  # lines of a section that is read as a whole
        self.message: list[str] | None = None  # lines of a termination message
        self.message_size = 0

    def gap(self, *, harmless: bool) -> None:
        if self.pod and not harmless:
            self.pod.gap = True

    def line(self, line: Line) -> DescribedPod | None:
        if self.message is not None and self._goes_on(line):
            return None
        depth = indent(line.text)
        top = pair(line.text) if depth == 0 else None
        if top and top[0] in _TOP:
            return self._top(line, *top)
        if self.section in _CONTAINERS and depth:
            self._in_containers(line, depth)
        elif self.section:
            self.block.append(line)
        return None

    def end(self) -> DescribedPod | None:
        self._close()
        pod, self.pod = self.pod, None
        return pod if pod and (pod.containers or pod.fields) else None

    def _top(self, line: Line, key: str, value: str) -> DescribedPod | None:
        self._close()
        done = None
        if key == "Name" and self.pod:
            done = self.end()
        if self.pod is None:
            self.pod = DescribedPod(line=line.number)
        self.section, self.container, self.key = key, None, ""
        self.pod.fields.setdefault(key, Text(line.number, value))
        return done

    def _close(self) -> None:
        """Read the section that ends here as a whole."""
        block, self.block = self.block, []
        section, self.section = self.section, ""
        self._message_ends()
        if not self.pod:
            return
        if section == "Labels":
            self.pod.labels = labels(self.pod.fields["Labels"].text, block)
        elif section == "Message":
            more = " ".join(line.text.strip() for line in block[:_MESSAGE_LINES])
            first = self.pod.fields["Message"]
            self.pod.fields["Message"] = Text(first.line, f"{first.text} {more}".strip()[:_MESSAGE_CAP])
        elif section == "Conditions":
            rows = [cells(line.text) for line in block]
            self.pod.conditions = {row[0]: row[1] for row in rows if len(row) == 2 and row[0] not in ("Type", "----")}
        elif section == "Events":
            self.pod.events = list(events(block))

    def _in_containers(self, line: Line, depth: int) -> None:
        key, value = pair(line.text) or ("", "")
        if depth == 2 and key and not value and self.pod:
            self.container = DescribedContainer(line=line.number, name=key, section=_CONTAINERS[self.section])
            self.pod.containers.append(self.container)
            self.key = ""
        elif depth == 4 and key and self.container:
            self._container_key(line, key, value)
        elif depth >= 6 and key and self.container:
            self._below(line, key, value)

    def _container_key(self, line: Line, key: str, value: str) -> None:
        assert self.container is not None
        self.key = key
        if key in ("State", "Last State"):
            state = DescribedState(line=line.number, kind=value.lower())
            if key == "State":
                self.container.state = state
            else:
                self.container.last = state
        else:
            self.container.fields.setdefault(key, Text(line.number, value))

    def _below(self, line: Line, key: str, value: str) -> None:
        assert self.container is not None
        if self.key in ("State", "Last State"):
            state = self.container.state if self.key == "State" else self.container.last
            if state:
                state.fields.setdefault(key, Text(line.number, value))
            if key == "Message":
                self.message, self.message_size = [value], len(value)
        elif self.key == "Limits":
            self.container.limits.setdefault(key, value)
        elif self.key == "Requests":
            self.container.requests.setdefault(key, value)

    def _goes_on(self, line: Line) -> bool:
        """Take a line into the termination message, unless it is the one that always follows a message."""
        assert self.message is not None
        self.message_size += len(line.text)
        if self.message_size > _MESSAGE_CAP or _EXIT_CODE.fullmatch(line.text):
            self._message_ends()
            return False
        if len(self.message) < _MESSAGE_LINES:
            self.message.append(line.text)
        return True

    def _message_ends(self) -> None:
        message, self.message = self.message, None
        state = self.container.state if self.key == "State" and self.container else None
        state = self.container.last if self.key == "Last State" and self.container else state
        if message and state and "Message" in state.fields:
            first = state.fields["Message"].line
            state.fields["Message"] = Text(first, "\n".join(message).rstrip()[:_MESSAGE_CAP])


_FINE = dt.timedelta(hours=3)
"""Ages below this are printed to the minute or better."""


def printed_at(pod: DescribedPod) -> Time | None:
    """Return when the text was printed, from a time and a fine age of one thing; None without such a pair.

    The kubelet starts a pod right after the scheduler's Scheduled event, so `Start Time` plus that event's age is now;
    the latest start of a container plus the age of the last Started event likewise.
    """
    ages = {event.reason: event.last for event in pod.events or ()}
    pairs = (
        (long_moment(pod.value("Start Time") or ""), ages.get("Scheduled")),
        (max((time for time in _starts(pod) if time), default=None), ages.get("Started")),
    )
    return max((time + ago for time, ago in pairs if time and ago is not None and ago < _FINE), default=None)


def taken(pod: DescribedPod) -> Time | None:
    """Return the best lower bound of when the text was printed; None when it tells no time."""
    times = (printed_at(pod), *_times(pod))
    return max((time for time in times if time), default=None)


def _starts(pod: DescribedPod) -> Iterator[Time | None]:
    for container in pod.containers:
        for state in (container.state, container.last):
            if state and "Started" in state.fields:
                yield long_moment(state.fields["Started"].text)


def _times(pod: DescribedPod) -> Iterator[Time | None]:
    yield long_moment(pod.value("Start Time") or "")
    yield from _starts(pod)
    for container in pod.containers:
        for state in (container.state, container.last):
            if state and "Finished" in state.fields:
                yield long_moment(state.fields["Finished"].text)


def recognise(head: str, name: str) -> int:
    """Tell it by keys that only a pod has: Containers, and Controlled By, QoS Class, Restart Count or IPs."""
    del name
    if "Containers:" not in head or "Pod Template:" in head:
        return 0
    found = sum(mark in head for mark in _MARKS)
    if found >= 3:
        return 95
    return 60 if found == 2 else 0


def starts(line: str) -> bool:
    """Tell the first line: `Name:             gpu-pending`."""
    return line.startswith("Name:  ")


def names(raw: Raw) -> Named:
    """Name the pod when there is one; the latest moment the text tells; how many pods and containers."""
    pods = list(described_pods(raw))
    containers = sum(len(pod.containers) for pod in pods)
    times = [time for time in map(taken, pods) if time]
    subject = Subject()
    if len(pods) == 1:
        node = (pods[0].value("Node") or "").partition("/")[0] or None
        subject = Subject(namespace=pods[0].value("Namespace"), pod=pods[0].value("Name"), node=node)
    summary = f"{_many(len(pods), 'pod')}, {_many(containers, 'container')}"
    return Named(subject=subject, now=max(times, default=None), summary=summary)


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
