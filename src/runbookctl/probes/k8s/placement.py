"""Pods and whether they have a node: what they wait for, what the scheduler said, which GPUs they ask for.

Pure: reads Pod objects, `kubectl describe pod` and the pod table. A pod that is gated, finished or being deleted does
not wait for a node. An event of the scheduler names a pod and does not tell how it is now: whether it still waits stays
unknown. Source: core v1 PodStatus, PodSpec.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from runbookctl import model
from runbookctl.catalog import kubernetes_values
from runbookctl.catalog.accelerators import is_gpu
from runbookctl.catalog.kubernetes_values import moment
from runbookctl.forms import kubectl_describe_pod, kubectl_event_lines, kubectl_get_table, kubernetes_objects
from runbookctl.forms._describe import DescribedEvent
from runbookctl.forms.kubectl_describe_pod import DescribedPod
from runbookctl.forms.kubectl_get_table import TableRow
from runbookctl.forms.lines import Gap
from runbookctl.model import Cut, Duration, KubernetesGet, Raw, Request, Skipped, Subject, Time
from runbookctl.probes.k8s import _from_events
from runbookctl.probes.k8s._from_events import Happened
from runbookctl.probes.k8s._owners import Owners, described_owner
from runbookctl.probes.k8s._pod import ReplicaSet, pod, replica_set
from runbookctl.probes.k8s._verdicts import last

FORMS = ("kubernetes_objects", "kubectl_describe_pod", "kubectl_get_table", "kubectl_events", "kubectl_event_lines")
SUBJECT = {"namespace": "namespace", "pod": "name", "pod_uid": "uid", "node": "node", "workload": "owner"}
KIND = "state"
ONE = False

_FEW = 5  # so many pods are asked for one by one
_Text = str | UnsetType | None
_Truth = bool | UnsetType | None


class Params(Struct, frozen=True, forbid_unknown_fields=True):
    """Which namespace, and which of its pods (all when empty)."""

    namespace: str
    pod: tuple[str, ...] = ()


class Reading(model.Reading, frozen=True, kw_only=True):
    """One pod."""

    namespace: _Text = UNSET
    name: _Text = UNSET
    uid: _Text = UNSET
    node: Annotated[_Text, Meta(description="absent: it has none", extra={"path": "spec.nodeName"})] = UNSET
    owner: Annotated[_Text, Meta(description="workload that makes it: deployment/trainer")] = UNSET
    phase: Annotated[_Text, Meta(extra={"path": "status.phase"})] = UNSET
    waiting: Annotated[_Truth, Meta(description="it has no node, and the scheduler alone could give it one")] = UNSET
    refused: Annotated[
        _Truth,
        Meta(description="the scheduler has said that no node takes it", extra={"path": "conditions[PodScheduled]"}),
    ] = UNSET
    gated: Annotated[
        _Truth, Meta(description="scheduling gates hold it back", extra={"path": "spec.schedulingGates"})
    ] = UNSET
    deleting: _Truth = UNSET
    created: Annotated[Time | UnsetType | None, Meta(extra={"path": "metadata.creationTimestamp"})] = UNSET
    age: Annotated[Duration | UnsetType, Meta(description="how old it was when the text was taken")] = UNSET
    gpu: Annotated[_Text, Meta(description="GPU resource that it asks for: nvidia.com/gpu, nvidia.com/mig-1g.10gb")] = (
        UNSET
    )
    gpus: Annotated[int | UnsetType, Meta(description="how many of it", extra={"path": "resources.requests[gpu]"})] = (
        UNSET
    )
    scheduler: Annotated[_Text, Meta(description="who places it", extra={"path": "spec.schedulerName"})] = UNSET


def request(params: Params) -> tuple[Request, ...]:
    """Ask for the pods: a few by name, more all at once."""
    base = ("api", "v1", "namespaces", params.namespace, "pods")
    named = dict.fromkeys(params.pod)
    paths = [(*base, name) for name in named] if 0 < len(named) <= _FEW else [base]
    return tuple(KubernetesGet(form="kubernetes_objects", segments=path) for path in paths)


def obtain(subject: Subject) -> str:
    """Return the command that prints the subject's pod, or its pods."""
    where = f"-n {shlex.quote(subject.namespace)}" if subject.namespace else "-A"
    what = f"pod {shlex.quote(subject.pod)}" if subject.pod and subject.namespace else "pods"
    return f"kubectl get {what} {where} -o json"


def read(raw: Raw) -> Iterator[Reading | Cut | Skipped]:
    """Read one text by its form."""
    match raw.form:
        case "kubernetes_objects":
            yield from _objects(raw)
        case "kubectl_describe_pod":
            for one in kubectl_describe_pod.described_pods(raw):
                yield _described(one)
                if one.gap:
                    yield Cut(why="lines of the description are left out")
        case "kubectl_events":
            told = list(_told_of(tuple(_from_events.tabled(raw))))
            yield from told or (Cut(why="no pods in it", nothing=True),)
        case "kubectl_event_lines":
            rows = (row for row in kubectl_event_lines.rows(raw) if isinstance(row, DescribedEvent))
            waits = any(row.reason == "FailedScheduling" for row in rows)
            yield Cut(why="the events do not name their pod" if waits else "no pods in it", nothing=not waits)
        case _:
            yield from _tabled(raw)


def _told_of(events: Sequence[Happened]) -> Iterator[Reading]:
    """Yield the pods that the scheduler refused last, as far as events tell: their names and nothing of their state."""
    for verdict in last(events):
        if verdict.pod and not verdict.cloud:
            yield Reading(
                line=UNSET if verdict.line is None else verdict.line, namespace=verdict.namespace or UNSET,
                name=verdict.pod, uid=verdict.uid or UNSET,
            )  # fmt: skip


# --- objects --------------------------------------------------------------------------------------------------------


def _objects(raw: Raw) -> Iterator[Reading | Cut | Skipped]:
    owners = Owners(_sets(raw))
    told = False
    for value in kubernetes_objects.objects(raw, ("Pod",)):
        told = True
        try:
            yield _of_object(value, owners, raw.at)
        except ValueError as error:
            yield Skipped(line=1, text="Pod", why=str(error)[:200])
    events = tuple(one for one in _from_events.objects(raw) if isinstance(one, Happened))
    for named in _told_of(events):
        told = True
        yield named
    if why := kubernetes_objects.cut(raw):
        yield Cut(why=why)
    elif not told and raw.request is None and b'"PodList"' not in raw.body[:4096]:
        yield Cut(why="no pods in it", nothing=True)


def _sets(raw: Raw) -> Iterator[ReplicaSet]:
    for value in kubernetes_objects.objects(raw, ("ReplicaSet",)):
        with suppress(ValueError):  # without it the owner is told from the pod itself
            yield replica_set(value)


def _of_object(value: dict[str, Any], owners: Owners, now: Time) -> Reading:
    """Return the reading of a Pod object; raises ValueError when a part of it is of another type."""
    one = pod(value)
    metadata, spec, status = one.metadata, one.spec, one.status
    scheduled = next((each for each in (status and status.conditions) or () if each.type == "PodScheduled"), None)
    gated = bool(_part(value, "spec").get("schedulingGates")) or (
        scheduled is not None and scheduled.reason == "SchedulingGated"
    )
    node = (spec.node_name or None) if spec else UNSET
    deleting = metadata is not None and metadata.deletion_timestamp is not None
    gpu, count = _asked(_containers(value))
    created = moment(metadata.creation_timestamp) if metadata else UNSET
    phase = (status.phase or None) if status else UNSET
    free = phase == "Pending" and not node and not gated and not deleting
    return Reading(
        namespace=metadata.namespace if metadata else UNSET, name=metadata.name if metadata else UNSET,
        uid=metadata.uid if metadata else UNSET, owner=owners.of(metadata).workload if metadata else UNSET,
        created=created, age=now - created if isinstance(created, Time) else UNSET, deleting=deleting, node=node,
        phase=phase, gated=gated, waiting=free if status and spec else UNSET,
        refused=(scheduled is not None and scheduled.status == "False" and not gated) if status else UNSET,
        gpu=gpu if spec else UNSET, gpus=count if spec else UNSET,
        scheduler=_text(_part(value, "spec").get("schedulerName")) or UNSET,
    )  # fmt: skip


def _part(value: Any, key: str) -> dict[str, Any]:
    inner = value.get(key) if isinstance(value, dict) else None
    return inner if isinstance(inner, dict) else {}


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _containers(value: dict[str, Any]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return what containers request that run together, and what those request that run before, one after another."""
    spec = _part(value, "spec")
    together: list[dict[str, Any]] = [_requests(each) for each in _listed(spec, "containers")]
    before: list[dict[str, Any]] = []
    for each in _listed(spec, "initContainers"):
        (together if each.get("restartPolicy") == "Always" else before).append(_requests(each))
    return together, before


def _listed(spec: dict[str, Any], key: str) -> list[dict[str, Any]]:
    found = spec.get(key)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _requests(container: dict[str, Any]) -> dict[str, Any]:
    resources = _part(container, "resources")
    return {**_part(resources, "limits"), **_part(resources, "requests")}


def _asked(containers: tuple[list[dict[str, Any]], list[dict[str, Any]]]) -> tuple[str | None, int]:
    """Return the GPU resource of which most is asked, and how many of it the pod needs at a time."""
    together, before = containers
    names = dict.fromkeys(name for each in (*together, *before) for name in each if is_gpu(str(name)))
    needs = {
        name: max([sum(_count(each.get(name)) for each in together), *(_count(each.get(name)) for each in before)])
        for name in names
    }
    most = max(needs, key=lambda name: needs[name], default=None)
    return (most, needs[most]) if most is not None and needs[most] else (None, 0)


def _count(amount: Any) -> int:
    text = str(amount)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0


# --- text -----------------------------------------------------------------------------------------------------------


def _described(one: DescribedPod) -> Reading:
    status = one.value("Status") or ""
    deleting = status.startswith("Terminating")
    node = (one.value("Node") or "").partition("/")[0] or None if "Node" in one.fields else UNSET
    known = bool(status) and node is not UNSET
    gpu, count, line = _described_gpu(one)
    name = one.value("Name")
    condition = one.conditions.get("PodScheduled")
    return Reading(
        line=line or one.line, text=f"{gpu}: {count}" if gpu else UNSET,
        namespace=one.value("Namespace") or UNSET, name=name or UNSET, node=node,
        gpu=gpu if one.containers else UNSET, gpus=count if one.containers else UNSET,
        owner=described_owner(one.value("Controlled By"), one.labels) if name else UNSET,
        phase=status if status and not deleting else UNSET, deleting=deleting if status else UNSET,
        waiting=(status == "Pending" and not node) if known else UNSET,
        # its reason is not printed: Unschedulable, or held back by gates
        refused=UNSET if condition == "False" or not one.conditions else False,
        gated=UNSET if condition == "False" or not known else False,
    )  # fmt: skip


def _described_gpu(one: DescribedPod) -> tuple[str | None, int, int | None]:
    """Return the GPU resource, how many of it, and the line of the first request for it."""
    together = [{**each.limits, **each.requests} for each in one.containers if each.section == "main"]
    before = [{**each.limits, **each.requests} for each in one.containers if each.section == "init"]
    gpu, count = _asked((together, before))
    for each in one.containers if gpu else ():
        for section, values in (("Requests", each.requests), ("Limits", each.limits)):
            if gpu in values and section in each.fields:
                return gpu, count, each.fields[section].line + 1 + list(values).index(gpu)
    return gpu, count, None


def _tabled(raw: Raw) -> Iterator[Reading | Cut | Skipped]:
    told = False
    for row in kubectl_get_table.table_rows(raw):
        if isinstance(row, TableRow):
            if row.kind == "pod" and "STATUS" in row.cells:
                told = True
                yield _row(row, raw)
        elif not isinstance(row, Gap):
            yield Skipped(line=row.line, text=row.text, why="it does not fit the table's header")
        elif not row.harmless:
            yield Cut(why=f"{row.lines} lines left out")
    if not told:
        yield Cut(why="no pods in it", nothing=True)


def _row(row: TableRow, raw: Raw) -> Reading:
    """Read one row: of a pod that is Pending it does not tell whether it has a node, unless it prints one."""
    status, node = row.cells["STATUS"], row.cells.get("NODE")
    pending = status == "Pending" and not node
    ago = kubernetes_values.age(row.cells.get("AGE", ""))
    return Reading(
        line=row.line, text=status, namespace=row.namespace or raw.subject.namespace or UNSET, name=row.name,
        node=node or UNSET, phase="Pending" if status in ("Pending", "SchedulingGated") else UNSET,
        waiting=UNSET if pending else False, refused=UNSET if pending else False, gated=status == "SchedulingGated",
        deleting=status == "Terminating", created=kubernetes_values.before(raw.at, row.cells.get("AGE", "")) or UNSET,
        age=UNSET if ago is None else ago,
    )  # fmt: skip
