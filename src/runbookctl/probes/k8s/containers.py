"""Containers of pods: state, why they wait, how they ended, limits, owner.

Pure: reads Pod objects (and the ReplicaSets beside them), `kubectl describe pod`, the pod table, back-off events, and
the errors of `kubectl logs`.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from runbookctl.forms import (
    kubectl_describe_pod,
    kubectl_error,
    kubectl_get_table,
    kubernetes_objects,
)
from runbookctl.forms.lines import Gap
from runbookctl.model import Cut, KubernetesGet, Raw, Request, Skipped, Subject
from runbookctl.probes.k8s import _from_events, _from_pods, _from_text
from runbookctl.probes.k8s._container import Exit, Message, Reading
from runbookctl.probes.k8s._owners import Owners
from runbookctl.probes.k8s._pod import Metadata, pod, replica_set

__all__ = [
    "FORMS", "KIND", "ONE", "SUBJECT", "Exit", "Message", "Params", "Reading", "also_named", "obtain", "read",
    "request",
]  # fmt: skip

FORMS = ("kubernetes_objects", "kubectl_describe_pod", "kubectl_get_table", "kubectl_events", "kubectl_error")
SUBJECT = {
    "namespace": "namespace", "pod": "pod", "pod_uid": "pod_uid", "container": "name", "node": "node",
    "workload": "owner", "container_id": "container_id",
}  # fmt: skip
KIND = "state"
ONE = False

_FEW = 5  # so many pods are asked for one by one


class Params(Struct, frozen=True, forbid_unknown_fields=True):
    """Which namespace, and which of its pods (all when empty)."""

    namespace: str
    pod: tuple[str, ...] = ()


def request(params: Params) -> tuple[Request, ...]:
    """Ask for the pods, and for the ReplicaSets that tell the revision before."""
    base = ("api", "v1", "namespaces", params.namespace, "pods")
    named = dict.fromkeys(params.pod)
    pods = [(*base, name) for name in named] if 0 < len(named) <= _FEW else [base]
    sets = ("apis", "apps", "v1", "namespaces", params.namespace, "replicasets")
    return tuple(KubernetesGet(form="kubernetes_objects", segments=segments) for segments in (*pods, sets))


def obtain(subject: Subject) -> str:
    """Return the command that prints the subject's pods."""
    where = f"-n {shlex.quote(subject.namespace)}" if subject.namespace else "-A"
    what = shlex.quote(f"pod/{subject.pod}") if subject.pod and subject.namespace else "pods"
    return f"kubectl get {what} {where} -o json"


def read(raw: Raw) -> Iterator[Reading | Cut | Skipped]:
    """Read one text by its form."""
    match raw.form:
        case "kubernetes_objects":
            yield from _objects(raw)
        case "kubectl_describe_pod":
            yield from _described(raw)
        case "kubectl_get_table":
            yield from _tabled(raw)
        case "kubectl_events":
            told = list(_from_events.backing_off(_from_events.tabled(raw), raw))
            yield from told or (Cut(why="no pods in it", nothing=True),)
        case "kubectl_error":
            said = [one for error in kubectl_error.errors(raw) if (one := _from_text.failed(error, raw))]
            yield from said or (Cut(why="no container in it", nothing=True),)


def also_named(reading: Reading) -> Iterator[Subject]:
    """Name the instances that ended before: the kernel tells of them by their ids."""
    ends = reading.exits if isinstance(reading.exits, tuple) else ()
    named = {
        key: value
        for key, field in SUBJECT.items()
        if key != "container_id" and isinstance(value := getattr(reading, field), str)
    }
    for end in ends:
        if isinstance(end.container_id, str):
            yield Subject(**named, container_id=end.container_id)


def _tabled(raw: Raw) -> Iterator[Reading | Cut | Skipped]:
    told = False
    for row in kubectl_get_table.table_rows(raw):
        if isinstance(row, kubectl_get_table.TableRow):
            found = _from_text.tabled(row, raw)
            if found:
                told = True
                yield found
        elif not isinstance(row, Gap):
            yield Skipped(line=row.line, text=row.text, why="it does not fit the table's header")
        elif not row.harmless:
            yield Cut(why=f"{row.lines} lines left out")
    if not told:
        yield Cut(why="no pods in it", nothing=True)


def _described(raw: Raw) -> Iterator[Reading | Cut]:
    for one in kubectl_describe_pod.described_pods(raw):
        yield from _from_text.described(one)
        if one.gap:
            yield Cut(why="lines of the description are left out")


def _objects(raw: Raw) -> Iterator[Reading | Cut | Skipped]:
    skipped: list[Skipped] = []
    owners = Owners(_parts(raw, "ReplicaSet", replica_set, skipped))
    seen: set[tuple[str | None, str | None]] = set()
    for one in _parts(raw, "Pod", pod, skipped):
        metadata = one.metadata or Metadata()
        seen.add((metadata.namespace, metadata.name))
        yield from _from_pods.readings(one, owners)
    if not seen and _asked_for_sets(raw):
        for namespace, workload, previous in owners.workloads():
            yield Reading(namespace=namespace or raw.subject.namespace, owner=workload, previous_revision=previous)
    told = (one for one in _from_events.objects(raw) if isinstance(one, _from_events.Happened))
    waiting = list(_from_events.backing_off((one for one in told if (one.namespace, one.pod) not in seen), raw))
    yield from waiting
    yield from skipped
    if why := kubernetes_objects.cut(raw):
        yield Cut(why=why)
    elif not seen and not waiting and not skipped and raw.request is None and b'"PodList"' not in raw.body[:4096]:
        yield Cut(why="no pods in it", nothing=True)


def _parts(raw: Raw, kind: str, convert: Any, skipped: list[Skipped]) -> Iterator[Any]:
    for value in kubernetes_objects.objects(raw, (kind,)):
        try:
            yield convert(value)
        except ValueError as error:
            skipped.append(Skipped(line=1, text=kind, why=str(error)[:200]))


def _asked_for_sets(raw: Raw) -> bool:
    """Whether ReplicaSets alone were asked for: what they tell belongs to the pods of another answer."""
    return isinstance(raw.request, KubernetesGet) and raw.request.segments[-1:] == ("replicasets",)
