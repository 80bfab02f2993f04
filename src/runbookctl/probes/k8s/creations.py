"""Pods that a workload could not create, and what refused them: quota, admission, a missing account.

Pure: reads FailedCreate events in every form and what kubectl prints when the API server refuses a pod. The pod does
not exist, so all this is told of its workload. A refusal that a later creation of the same owner follows is history.
Source: kubernetes pkg/controller/controller_utils.go, pkg/controller/statefulset/stateful_pod_control.go.
"""

from __future__ import annotations

import datetime as dt
import shlex
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated

import re2
from msgspec import UNSET, Meta, Struct, UnsetType

from runbookctl import model
from runbookctl.forms import kubectl_describe_workload, kubectl_error, kubernetes_objects
from runbookctl.model import Cut, KubernetesGet, Raw, Request, Skipped, Subject, Time
from runbookctl.probes.k8s import _from_events, _refused
from runbookctl.probes.k8s._from_events import Happened
from runbookctl.probes.k8s._lines import Lines

FORMS = ("kubernetes_objects", "kubectl_events", "kubectl_describe_workload", "kubectl_error")
SUBJECT = {"namespace": "namespace", "workload": "owner", "pod": "pod"}
KIND = "event"
ONE = False

_Text = str | UnsetType | None
_REASONS = frozenset({"FailedCreate", "ReplicaSetCreateError"})
_TTL = dt.timedelta(hours=1)
_NOT_WORKLOADS = frozenset({"", "pod", "node"})
# Error from server (Forbidden): error when creating "pod.yaml": pods "train-0" is forbidden: exceeded quota: ...
_POD = re2.compile(r'pods "([a-z0-9.-]{1,253})" is forbidden: ')


class Params(Struct, frozen=True, forbid_unknown_fields=True):
    """Which namespace."""

    namespace: str


class Reading(model.Reading, frozen=True, kw_only=True):
    """The last refusal of one workload's pods; `text` is its message."""

    namespace: _Text = UNSET
    owner: Annotated[_Text, Meta(description="who makes the pods: deployment/web, job/train")] = UNSET
    pod: Annotated[_Text, Meta(description="the pod, where a person created it")] = UNSET
    sign: Annotated[str | None, Meta(description="id of the signature that the message matched")] = None
    means: Annotated[str | None, Meta(description="cause code that it proves; absent when it proves none")] = None
    refusal: Annotated[str, Meta(description="the message without the name of the pod")] = ""
    direct: Annotated[bool, Meta(description="a person's own command was refused")] = False
    recent: Annotated[bool, Meta(description="not older than an hour when the text was taken")] = True
    count: Annotated[int, Meta(description="how often it was told")] = 1
    time: Annotated[Time | None, Meta(description="of the last one; absent when it is not told")] = None


def request(params: Params) -> Request:
    """Ask for the events of the namespace: those of Deployments tell whose a ReplicaSet is."""
    segments = ("api", "v1", "namespaces", params.namespace, "events")
    return KubernetesGet(form="kubernetes_objects", segments=segments, query=(("limit", "500"),))


def obtain(subject: Subject) -> str:
    """Return the command that prints the refusals in the subject's namespace."""
    where = f"-n {shlex.quote(subject.namespace)}" if subject.namespace else "-A"
    return f"kubectl get events {where} --field-selector reason=FailedCreate -o json"


def read(raw: Raw) -> Iterator[Reading | Cut | Skipped]:
    """Read `Error creating: pods "web-x" is forbidden: exceeded quota: pods, requested: pods=1, used: pods=1, ...`."""
    match raw.form:
        case "kubernetes_objects":
            yield from _objects(raw)
        case "kubectl_events":
            events = tuple(_from_events.tabled(raw))
            yield from _readings(events, {}, raw)
            if any(not gap.harmless for gap in _from_events.gaps(raw)):
                yield Cut(why="the events are not all there")
            elif not _of_workloads(events):
                yield Cut(why="no events of workloads in it", nothing=True)
        case "kubectl_describe_workload":
            yield from _described(raw)
        case _:
            yield from _errors(raw)


def _objects(raw: Raw) -> Iterator[Reading | Cut | Skipped]:
    told = tuple(_from_events.objects(raw))
    yield from (one for one in told if isinstance(one, Skipped))
    events = tuple(one for one in told if isinstance(one, Happened))
    yield from _readings(events, _sets(raw), raw)
    if why := kubernetes_objects.cut(raw):
        yield Cut(why=why)
    elif raw.request is None and not _of_workloads(events) and not _from_events.is_list(raw):
        yield Cut(why="no events of workloads in it", nothing=True)


def _of_workloads(events: Sequence[Happened]) -> bool:
    return any(event.kind not in _NOT_WORKLOADS for event in events)


def _sets(raw: Raw) -> dict[tuple[str | None, str], str]:
    """Return which workload makes a ReplicaSet, from the ReplicaSets in the same text."""
    found = {}
    for value in kubernetes_objects.objects(raw, ("ReplicaSet",)):
        metadata = value.get("metadata")
        references = metadata.get("ownerReferences") if isinstance(metadata, dict) else None
        for one in references if isinstance(references, list) else ():
            if isinstance(one, dict) and one.get("controller") and one.get("kind") and isinstance(metadata, dict):
                namespace = metadata.get("namespace")
                key = (namespace if isinstance(namespace, str) else None, str(metadata.get("name")))
                found[key] = f"{str(one['kind']).lower()}/{one.get('name')}"
    return found


def _described(raw: Raw) -> Iterator[Reading | Cut]:
    for one in kubectl_describe_workload.described_workloads(raw):
        if one.events is None:
            yield Cut(why="the events of the description are not in it")
            continue
        happened = tuple(
            _from_events.described(one.events, raw.at, kind=one.kind, name=one.name, namespace=one.namespace)
        )
        kind, _, owner = (one.fields["Controlled By"].text if "Controlled By" in one.fields else "").partition("/")
        owners = {(one.namespace, one.name or ""): f"{kind.lower()}/{owner}"} if owner else {}
        yield from _readings(happened, owners, raw)


def _readings(events: Sequence[Happened], known: dict[tuple[str | None, str], str], raw: Raw) -> Iterator[Reading]:
    """Yield the last refusal of each owner that no later creation follows."""
    scaled = ((one.namespace, one.name, one.message) for one in events if one.reason == "ScalingReplicaSet")
    owners = {**_refused.owners(scaled), **known}
    lines = Lines(raw.body) if raw.form == "kubernetes_objects" else None
    for event in _last(events):
        workload = f"{event.kind}/{event.name}"
        if event.kind == "replicaset":
            workload = owners.get((event.namespace, event.name), workload)
        sign, means = _refused.means(event.message)
        line = lines.of(event.message) if lines else event.line
        yield Reading(
            line=UNSET if line is None else line, text=event.message, namespace=event.namespace or UNSET,
            owner=workload, sign=sign, means=means, refusal=_refused.cause_in(event.message),
            count=event.count, time=event.time,
            recent=event.time is None or raw.at - event.time < _TTL,
        )  # fmt: skip


def _last(events: Iterable[Happened]) -> Iterator[Happened]:
    refused: dict[tuple[str | None, str, str], Happened] = {}
    created: dict[tuple[str | None, str, str], Happened] = {}
    for event in events:
        if event.kind in _NOT_WORKLOADS:
            continue
        kept = refused if event.reason in _REASONS else created if event.reason == "SuccessfulCreate" else None
        key = (event.namespace, event.kind, event.name)
        if kept is not None and (key not in kept or _later(event, kept[key])):
            kept[key] = event
    for key, event in refused.items():
        if key not in created or event.time is None or not _after(created[key], event):
            yield event


def _later(event: Happened, other: Happened) -> bool:
    return event.time is None or other.time is None or event.time >= other.time


def _after(event: Happened, other: Happened) -> bool:
    return event.time is not None and other.time is not None and event.time > other.time


def _errors(raw: Raw) -> Iterator[Reading | Cut]:
    told = False
    for error in kubectl_error.errors(raw):
        sign, means = _refused.means(error.message)
        match = _POD.search(error.message[:8192]) if sign else None
        if match:
            told = True
            yield Reading(
                line=error.line, text=error.message, namespace=raw.subject.namespace or UNSET, pod=match[1], sign=sign,
                means=means, refusal=_refused.cause_in(error.message), direct=True,
            )  # fmt: skip
    if not told:
        yield Cut(why="no refused pod in it", nothing=True)
