"""Why the scheduler does not place a pod, reason by reason: its last verdict, and what the cloud said of new nodes.

Pure: reads the condition PodScheduled of Pod objects and FailedScheduling events in every form. An earlier verdict than
the last one, and one about a pod that has been placed or deleted since, is history and no reading.
Source: kubernetes pkg/scheduler (`catalog.scheduling` takes the message apart), cluster-autoscaler's FailedScaleUp.
"""

from __future__ import annotations

import datetime as dt
import shlex
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Literal

import re2
from msgspec import UNSET, Meta, Struct, UnsetType

from runbookctl import model
from runbookctl.catalog import scheduling
from runbookctl.catalog.accelerators import is_gpu
from runbookctl.forms import kubectl_describe_pod, kubectl_event_lines, kubernetes_objects
from runbookctl.forms._describe import DescribedEvent
from runbookctl.forms.kubectl_describe_pod import DescribedPod
from runbookctl.forms.lines import Gap
from runbookctl.model import Cut, KubernetesGet, Raw, Request, Skipped, Subject, Time
from runbookctl.probes.k8s import _from_events, placement
from runbookctl.probes.k8s._from_events import Happened
from runbookctl.probes.k8s._lines import Lines
from runbookctl.probes.k8s._pod import Metadata, pod
from runbookctl.probes.k8s._verdicts import CLOUD, REASONS, Verdict, last

FORMS = ("kubernetes_objects", "kubectl_events", "kubectl_event_lines", "kubectl_describe_pod")
SUBJECT = {"namespace": "namespace", "pod": "pod", "pod_uid": "pod_uid"}
KIND = "event"
ONE = False

_Text = str | UnsetType | None
Kind = Literal[
    "insufficient", "pods", "cordoned", "taint", "node_affinity", "node_name", "pod_affinity", "topology", "ports",
    "volume_place", "claim", "volume_limit", "device_claim", "node_down", "no_nodes", "other", "cloud_refused",
]  # fmt: skip

_TTL = dt.timedelta(hours=1)
"""Default of kube-apiserver --event-ttl; while a pod waits, the scheduler tells of it again and again."""
_REASONS = (b"nschedulable", b"SchedulerError", b"Undetermined")
"""Of the condition PodScheduled, of all schedulers; a text with none of them holds no pod that was refused."""
# Node scale up in zones us-west1-b associated with this pod failed: GCE out of resources. Pod is at risk of not ...
_REFUSED = re2.compile(
    r"(?i)(?:quota exceeded|QuotaExceeded|exceeds? (?:the )?quota|out of resources|RESOURCE_POOL_EXHAUSTED"
    r"|InsufficientInstanceCapacity|VcpuLimitExceeded|SkuNotAvailable|(?:Zonal)?AllocationFailed|out of stock)"
)


class Params(Struct, frozen=True, forbid_unknown_fields=True):
    """Which namespace, and which of its pods (all when empty)."""

    namespace: str
    pod: tuple[str, ...] = ()


class Reading(model.Reading, frozen=True, kw_only=True):
    """One reason of the last verdict about a pod; `text` is the whole message."""

    kind: Annotated[
        Kind,
        Meta(description="what keeps the pod off; cloud_refused: quota or stock of the cloud refuse a node for it"),
    ]
    reason: Annotated[str, Meta(description="the reason as printed, with its number of nodes: 2 Insufficient cpu")]
    nodes: Annotated[int | None, Meta(description="nodes it is said of; absent: of the pod, whatever the node")] = None
    total: Annotated[int | None, Meta(description="nodes of the cluster; absent where not printed")] = None
    resource: Annotated[str | None, Meta(description="resource that lacks: cpu, memory, pods, nvidia.com/gpu")] = None
    gpu: Annotated[bool, Meta(description="the resource is a GPU or a part of one")] = False
    taint: Annotated[str | None, Meta(description="key of the taint; absent where not printed")] = None
    binding: Annotated[bool, Meta(description="for a resource: it lacks on every node that nothing else rules out")] = (
        True
    )
    recent: Annotated[
        bool, Meta(description="not older than an hour when the text was taken: an older event may be of another time")
    ] = True
    time: Annotated[Time | None, Meta(description="of the verdict; absent in a condition, which is the last one")] = (
        None
    )
    namespace: _Text = UNSET
    pod: _Text = UNSET
    pod_uid: _Text = UNSET


def request(params: Params) -> tuple[Request, ...]:
    """Ask for the pods, whose condition holds the last verdict, and for the two kinds of events."""
    pods = placement.request(placement.Params(namespace=params.namespace, pod=params.pod))
    events = ("api", "v1", "namespaces", params.namespace, "events")
    told = (
        KubernetesGet(form="kubernetes_objects", segments=events, query=(("fieldSelector", f"reason={reason}"),))
        for reason in ("FailedScheduling", CLOUD)
    )
    return (*pods, *told)


def obtain(subject: Subject) -> str:
    """Return the command that prints what the scheduler says of the subject."""
    if subject.namespace and subject.pod:
        return f"kubectl -n {shlex.quote(subject.namespace)} describe pod {shlex.quote(subject.pod)}"
    where = f"-n {shlex.quote(subject.namespace)}" if subject.namespace else "-A"
    return f"kubectl get events {where} --field-selector reason=FailedScheduling -o json"


def read(raw: Raw) -> Iterator[Reading | Cut | Skipped]:
    """Read `0/1 nodes are available: 1 Insufficient nvidia.com/gpu. ...` where the text has it."""
    match raw.form:
        case "kubernetes_objects":
            yield from _objects(raw)
        case "kubectl_describe_pod":
            for one in kubectl_describe_pod.described_pods(raw):
                yield from _described(one, raw)
        case "kubectl_event_lines":
            yield from _lines(raw)
        case _:
            events = tuple(_from_events.tabled(raw))
            yield from _readings(last(events), raw)
            if any(not gap.harmless for gap in _from_events.gaps(raw)):
                yield Cut(why="the events are not all there")
            elif not any(event.pod and event.reason in REASONS for event in events):
                yield Cut(why="the scheduler says nothing in it", nothing=True)


def _lines(raw: Raw) -> Iterator[Reading | Cut]:
    """Read events that do not name their object: those of these reasons are a pod's."""
    rows = tuple(kubectl_event_lines.rows(raw))
    told = (row for row in rows if isinstance(row, DescribedEvent) and row.reason in REASONS)
    events = tuple(_from_events.described(told, raw.at, kind="pod", name=None, namespace=None))
    yield from _readings(last(events), raw)
    if any(isinstance(row, Gap) and not row.harmless for row in rows):
        yield Cut(why="the events are not all there")
    elif not events:
        yield Cut(why="the scheduler says nothing in it", nothing=True)


def _objects(raw: Raw) -> Iterator[Reading | Cut | Skipped]:
    lines = Lines(raw.body)
    pods = False
    refused = any(word in raw.body for word in _REASONS)
    for value in kubernetes_objects.objects(raw, ("Pod",)) if refused else ():
        pods = True
        try:
            yield from _readings(_of_condition(value, lines), raw)
        except ValueError as error:
            yield Skipped(line=1, text="Pod", why=str(error)[:200])
    told = tuple(_from_events.objects(raw))
    yield from (one for one in told if isinstance(one, Skipped))
    events = tuple(one for one in told if isinstance(one, Happened))
    for verdict in last(events):
        line = lines.of(verdict.message)
        yield from _readings((verdict._replace(line=line if isinstance(line, int) else None),), raw)
    if why := kubernetes_objects.cut(raw):
        yield Cut(why=why)
    elif raw.request is None and not pods and not _of_pods(events) and not _from_events.is_list(raw):
        yield Cut(why="no pods and no events of pods in it", nothing=True)


def _of_pods(events: Sequence[Happened]) -> bool:
    return any(event.pod for event in events)


def _of_condition(value: dict[str, object], lines: Lines) -> tuple[Verdict, ...]:
    """Return the verdict of a Pod object that waits; raises ValueError when a part of it is of another type."""
    one = pod(value)
    status, metadata = one.status, one.metadata or Metadata()
    placed = one.spec is not None and one.spec.node_name
    if status is None or placed or status.phase not in (None, "", "Pending") or metadata.deletion_timestamp:
        return ()
    for condition in status.conditions or ():
        said = condition.type == "PodScheduled" and condition.status == "False" and condition.message
        if said and condition.reason != "SchedulingGated":
            line = lines.of(condition.message or "")
            found = Verdict(
                metadata.namespace, metadata.name, metadata.uid, condition.message or "", None,
                line if isinstance(line, int) else None,
            )  # fmt: skip
            return (found,)
    return ()


def _described(one: DescribedPod, raw: Raw) -> Iterator[Reading | Cut]:
    status = one.value("Status") or "Pending"
    if one.value("Node") or status != "Pending":
        return
    if one.events is None:
        yield Cut(why="the events of the description are not in it")
        return
    events = _from_events.described(
        one.events, kubectl_describe_pod.printed_at(one) or raw.at, kind="pod", name=one.value("Name"),
        namespace=one.value("Namespace"),
    )  # fmt: skip
    yield from _readings(last(tuple(events)), raw)
    if one.gap:
        yield Cut(why="lines of the description are left out")


def _readings(verdicts: Iterable[Verdict], raw: Raw) -> Iterator[Reading]:
    for verdict in verdicts:
        recent = verdict.time is None or raw.at - verdict.time < _TTL
        for one in _cloud(verdict.message) if verdict.cloud else scheduling.reasons(verdict.message):
            yield Reading(
                line=UNSET if verdict.line is None else verdict.line, text=verdict.message, time=verdict.time,
                namespace=verdict.namespace or UNSET, pod=verdict.pod or UNSET, pod_uid=verdict.uid or UNSET,
                kind="cloud_refused" if verdict.cloud else one.kind, reason=one.text, nodes=one.nodes, total=one.total,
                resource=one.resource, gpu=is_gpu(one.resource or ""), taint=one.taint, binding=one.binding,
                recent=recent,
            )  # fmt: skip


def _cloud(message: str) -> tuple[scheduling.Reason, ...]:
    """Return what the autoscaler says of the cloud's refusal; other failures of a scale-up prove none."""
    text = " ".join(message[:4096].split())
    return (scheduling.Reason(kind="other", text=text),) if _REFUSED.search(text) else ()
