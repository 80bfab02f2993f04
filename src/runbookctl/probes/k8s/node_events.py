"""What was told last of each node: not ready, pressure, evictions, out of memory, a reboot.

Pure: reads events of nodes in every form. A trouble that a later event takes back (NodeReady after NodeNotReady) is
history and no reading. Source: kubernetes pkg/controller/nodelifecycle, pkg/kubelet/kubelet_node_status.go,
pkg/kubelet/eviction, pkg/kubelet/oom; an event of a node stands in namespace default.
"""

from __future__ import annotations

import datetime as dt
import shlex
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Literal

import re2
from msgspec import UNSET, Meta, Struct, UnsetType

from runbookctl import model
from runbookctl.errors import InputError
from runbookctl.forms import kubectl_describe_node, kubernetes_objects
from runbookctl.model import Cut, KubernetesGet, Raw, Request, Skipped, Subject, Time
from runbookctl.probes.k8s import _from_events
from runbookctl.probes.k8s._from_events import Happened
from runbookctl.probes.k8s._lines import Lines

FORMS = ("kubernetes_objects", "kubectl_events", "kubectl_describe_node")
SUBJECT = {"node": "node"}
KIND = "event"
ONE = False

Kind = Literal["calm", "not_ready", "memory", "disk", "pids", "reclaiming", "system_oom", "rebooted"]

_TOLD: dict[str, Kind] = {
    "NodeNotReady": "not_ready", "NodeHasInsufficientMemory": "memory", "NodeHasDiskPressure": "disk",
    "NodeHasInsufficientPID": "pids", "EvictionThresholdMet": "reclaiming", "SystemOOM": "system_oom",
    "Rebooted": "rebooted",
}  # fmt: skip
_TAKEN_BACK: dict[str, tuple[Kind, ...]] = {
    "NodeReady": ("not_ready",), "NodeHasSufficientMemory": ("memory", "reclaiming"),
    "NodeHasNoDiskPressure": ("disk", "reclaiming"), "NodeHasSufficientPID": ("pids", "reclaiming"),
}  # fmt: skip
_TTL = dt.timedelta(hours=1)
# worker-gpu-01
_NODE_NAME = re2.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?")

_Text = str | UnsetType | None


class Params(Struct, frozen=True, forbid_unknown_fields=True):
    """Whose events."""

    node: str


class Reading(model.Reading, frozen=True, kw_only=True):
    """The last event of its kind about a node that no later one takes back; `text` is its message."""

    node: _Text = UNSET
    kind: Annotated[
        Kind,
        Meta(
            description="reclaiming: the kubelet evicts; system_oom: the kernel killed outside of any pod's limit; "
            "calm: there are events, and none of trouble stands"
        ),
    ]
    reason: Annotated[str, Meta(description="as its source names it; empty of a node that is calm")] = ""
    recent: Annotated[bool, Meta(description="not older than an hour when the text was taken")] = True
    count: Annotated[int, Meta(description="how often it was told")] = 1
    time: Annotated[Time | None, Meta(description="of the last one; absent when it is not told")] = None


def request(params: Params) -> Request:
    """Ask for the node's events; raises InputError for what is no name of a node (S11)."""
    if not _NODE_NAME.fullmatch(params.node):
        raise InputError(f"{params.node!r} is no name of a node")
    selector = f"involvedObject.kind=Node,involvedObject.name={params.node}"
    return KubernetesGet(
        form="kubernetes_objects", segments=("api", "v1", "namespaces", "default", "events"),
        query=(("fieldSelector", selector),),
    )  # fmt: skip


def obtain(subject: Subject) -> str:
    """Return the command that prints the events of the subject's node, or of all."""
    name = f",involvedObject.name={subject.node}" if subject.node else ""
    return f"kubectl get events --field-selector {shlex.quote(f'involvedObject.kind=Node{name}')} -o json"


def read(raw: Raw) -> Iterator[Reading | Cut | Skipped]:
    """Read `Node worker-gpu-01 status is now: NodeNotReady` and its kin."""
    match raw.form:
        case "kubernetes_objects":
            told = tuple(_from_events.objects(raw))
            yield from (one for one in told if isinstance(one, Skipped))
            events = tuple(one for one in told if isinstance(one, Happened))
            yield from _readings(events, raw)
            if why := kubernetes_objects.cut(raw):
                yield Cut(why=why)
            elif raw.request is None and not _of_nodes(events):
                yield Cut(why="no events of nodes in it", nothing=True)
        case "kubectl_describe_node":
            yield from _described(raw)
        case _:
            events = tuple(_from_events.tabled(raw))
            yield from _readings(events, raw)
            if any(not gap.harmless for gap in _from_events.gaps(raw)):
                yield Cut(why="the events are not all there")
            elif not _of_nodes(events):
                yield Cut(why="no events of nodes in it", nothing=True)


def _of_nodes(events: Sequence[Happened]) -> bool:
    return any(event.kind == "node" for event in events)


def _described(raw: Raw) -> Iterator[Reading | Cut]:
    for one in kubectl_describe_node.described_nodes(raw):
        if one.events is None:
            yield Cut(why="the events of the description are not in it", nothing=True)
            continue
        now = kubectl_describe_node.taken(one) or raw.at
        events = _from_events.described(one.events, now, kind="node", name=one.name, namespace=None)
        yield from _readings(tuple(events), raw)
        if one.gap:
            yield Cut(why="lines of the description are left out", subject=Subject(node=one.name))


def _readings(events: Sequence[Happened], raw: Raw) -> Iterator[Reading]:
    lines = Lines(raw.body) if raw.form == "kubernetes_objects" else None
    told = dict.fromkeys(event.name for event in events if event.kind == "node" and event.name)
    standing = list(_standing(event for event in events if event.kind == "node" and event.name))
    for node in told.keys() - {event.name for event in standing}:
        yield Reading(node=node, kind="calm")
    for event in standing:
        line = lines.of(event.message) if lines else event.line
        yield Reading(
            line=UNSET if line is None else line, text=event.message or event.reason, node=event.name,
            kind=_TOLD[event.reason], reason=event.reason, count=event.count, time=event.time,
            recent=event.time is None or raw.at - event.time < _TTL,
        )  # fmt: skip


def _standing(events: Iterable[Happened]) -> Iterator[Happened]:
    """Yield the last event of each kind about each node that none took back later."""
    bad: dict[tuple[str, Kind], Happened] = {}
    good: dict[tuple[str, Kind], Happened] = {}
    for event in events:
        for kind in (_TOLD[event.reason],) if event.reason in _TOLD else _TAKEN_BACK.get(event.reason, ()):
            kept, key = bad if event.reason in _TOLD else good, (event.name, kind)
            if key not in kept or not _before(event, kept[key]):
                kept[key] = event
    for key, event in bad.items():
        if key not in good or not _before(event, good[key]):
            yield event


def _before(event: Happened, other: Happened) -> bool:
    """Tell whether `event` came before `other`; without times nobody knows, and the other counts as later."""
    return event.time is None or other.time is None or event.time < other.time
