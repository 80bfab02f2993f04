"""Nodes: ready or why not, cordons and taints, GPUs that they have and offer, when their leases were renewed.

Pure: reads Node and Lease objects, `kubectl describe node` and the node table.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any

import re2
from msgspec import UNSET, Struct, UnsetType

from runbookctl.catalog.kubernetes_values import age, before, long_moment, moment
from runbookctl.errors import InputError
from runbookctl.forms import kubectl_describe_node, kubectl_get_table, kubernetes_objects
from runbookctl.forms.kubectl_describe_node import DescribedNode
from runbookctl.forms.kubectl_get_table import TableRow
from runbookctl.forms.lines import Gap
from runbookctl.model import Cut, KubernetesGet, Raw, Request, Skipped, Subject, Time
from runbookctl.probes.k8s._node import Offer, Reading, gpus, readiness, runtime_unit

__all__ = [
    "ALL_NODES",
    "FORMS",
    "KIND",
    "ONE",
    "PARTIAL",
    "SUBJECT",
    "Offer",
    "Params",
    "Reading",
    "obtain",
    "read",
    "request",
]

FORMS = ("kubernetes_objects", "kubectl_describe_node", "kubectl_get_table")
SUBJECT = {"node": "name"}
KIND = "state"
ONE = False
PARTIAL = ("kubectl_get_table",)
ALL_NODES = True
"""A pod without a node is concerned by every node: any of them could take it."""

LEASES = "kube-node-lease"
# worker-gpu-01
_NODE_NAME = re2.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?")


class Params(Struct, frozen=True, forbid_unknown_fields=True):
    """Which nodes; every node when none is named. `leases`: ask for their leases, too."""

    nodes: tuple[str, ...] = ()
    leases: bool = False


def request(params: Params) -> tuple[Request, ...]:
    """Ask for the nodes, one by one where they are named; raises InputError for what is no name (S11, S15)."""
    base: tuple[str, ...] = ("api", "v1", "nodes")
    leases = ("apis", "coordination.k8s.io", "v1", "namespaces", LEASES, "leases")
    named = tuple(dict.fromkeys(params.nodes))
    for node in named:
        if not _NODE_NAME.fullmatch(node):
            raise InputError(f"{node!r} is no name of a node")
    wanted = (base, leases) if params.leases else (base,)
    paths = [(*path, node) for path in wanted for node in named] or list(wanted)
    return tuple(KubernetesGet(form="kubernetes_objects", segments=path) for path in paths)


def obtain(subject: Subject) -> str:
    """Return the command that prints the subject's node, or all of them."""
    return f"kubectl get node {shlex.quote(subject.node)} -o json" if subject.node else "kubectl get nodes -o json"


def read(raw: Raw) -> Iterator[Reading | Cut | Skipped]:
    """Read one text by its form."""
    match raw.form:
        case "kubernetes_objects":
            yield from _objects(raw)
        case "kubectl_describe_node":
            for one in kubectl_describe_node.described_nodes(raw):
                yield _described(one, raw.at)
                if one.gap:
                    yield Cut(why="lines of the description are left out", subject=Subject(node=one.name))
        case _:
            yield from _tabled(raw)


def _objects(raw: Raw) -> Iterator[Reading | Cut | Skipped]:
    told = False
    for value in kubernetes_objects.objects(raw, ("Node", "Lease")):
        try:
            found = _lease(value) if value["kind"] == "Lease" else _of_object(value, raw.at)
        except (TypeError, AttributeError, ValueError) as error:
            told = True
            yield Skipped(line=1, text=str(value["kind"])[:40], why=str(error)[:200])
            continue
        if found is not None:
            told = True
            yield found
    if why := kubernetes_objects.cut(raw):
        yield Cut(why=why)
    elif not told and raw.request is None and b'"NodeList"' not in raw.body[:4096]:
        yield Cut(why="no nodes in it", nothing=True)


def _lease(value: dict[str, Any]) -> Reading | None:
    metadata, spec = value.get("metadata") or {}, value.get("spec") or {}
    if metadata.get("namespace") != LEASES:
        return None
    return Reading(name=_name(metadata), lease=moment(spec.get("renewTime")))


def _of_object(value: dict[str, Any], now: Time) -> Reading:
    metadata, spec, status = (value.get(part) or {} for part in ("metadata", "spec", "status"))
    fields: dict[str, Any] = {}
    ready = next((each for each in status.get("conditions") or () if each.get("type") == "Ready"), None)
    if ready is not None:
        fields |= readiness(
            str(ready.get("status")), str(ready.get("reason") or ""), str(ready.get("message") or ""),
            moment(ready.get("lastTransitionTime")), moment(ready.get("lastHeartbeatTime")),
        )  # fmt: skip
    if "capacity" in status or "allocatable" in status:
        labels = {str(key): str(text) for key, text in (metadata.get("labels") or {}).items()}
        fields |= gpus(status.get("capacity") or {}, status.get("allocatable") or {}, {}, labels)
    if "spec" in value:
        fields["unschedulable"] = bool(spec.get("unschedulable"))
        fields["taints"] = tuple(_taint(each) for each in spec.get("taints") or ())
    version = (status.get("nodeInfo") or {}).get("containerRuntimeVersion")
    created = moment(metadata.get("creationTimestamp"))
    return Reading(
        name=_name(metadata), created=created, age=now - created if created else UNSET,
        runtime=runtime_unit(str(version)) if version else UNSET, **fields,
    )  # fmt: skip


def _name(metadata: dict[str, Any]) -> str | UnsetType:
    name = metadata.get("name")
    return name if isinstance(name, str) and name else UNSET


def _taint(taint: dict[str, Any]) -> str:
    key, value, effect = (str(taint.get(part) or "") for part in ("key", "value", "effect"))
    return f"{key}={value}:{effect}" if value else f"{key}:{effect}"


def _described(one: DescribedNode, now: Time) -> Reading:
    fields: dict[str, Any] = {}
    ready = next((each for each in one.conditions if each.type == "Ready"), None)
    if ready is not None:
        fields |= readiness(ready.status, ready.reason, ready.message, ready.transition, ready.heartbeat)
    if one.capacity or one.allocatable:
        used = {name: requests for name, (requests, _) in one.allocated.items()}
        fields |= gpus(one.capacity, one.allocatable, used, one.labels)
    if "Unschedulable" in one.fields:
        fields["unschedulable"] = one.fields["Unschedulable"].text == "true"
    if "Taints" in one.fields:
        fields["taints"] = tuple(one.taints)
    version = one.system.get("Container Runtime Version", "")
    created = long_moment(one.fields["CreationTimestamp"].text) if "CreationTimestamp" in one.fields else UNSET
    return Reading(
        line=ready.line if ready else one.line, text=" ".join(_row(ready)) if ready else UNSET,
        name=one.name or UNSET, created=created, age=now - created if isinstance(created, Time) else UNSET,
        lease=long_moment(one.lease["RenewTime"].text) if "RenewTime" in one.lease else UNSET,
        runtime=runtime_unit(version) if version else UNSET, **fields,
    )  # fmt: skip


def _row(ready: kubectl_describe_node.NodeCondition) -> tuple[str, str, str, str]:
    return ready.type, ready.status, ready.reason, ready.message


def _tabled(raw: Raw) -> Iterator[Reading | Cut | Skipped]:
    told = False
    for row in kubectl_get_table.table_rows(raw):
        if isinstance(row, TableRow):
            if row.kind == "node" and "STATUS" in row.cells:
                told = True
                yield _of_row(row, raw)
        elif not isinstance(row, Gap):
            yield Skipped(line=row.line, text=row.text, why="it does not fit the table's header")
        elif not row.harmless:
            yield Cut(why=f"{row.lines} lines left out")
    if not told:
        yield Cut(why="no nodes in it", nothing=True)


def _of_row(row: TableRow, raw: Raw) -> Reading:
    """Read `Ready`, `NotReady` or `Ready,SchedulingDisabled`: NotReady does not say whether the kubelet is silent.

    Source: kubernetes pkg/printers/internalversion/printers.go, printNode.
    """
    words = row.cells["STATUS"].split(",")
    ready = "Ready" in words
    runtime, ago = row.cells.get("CONTAINER-RUNTIME"), age(row.cells.get("AGE", ""))
    return Reading(
        line=row.line, text=f"{row.name} {row.cells['STATUS']}", name=row.name, ready=ready,
        silent=False if ready else UNSET, runtime_down=False if ready else UNSET,
        trouble=None if ready else f"kubectl get nodes prints {words[0]}",
        unschedulable="SchedulingDisabled" in words, age=UNSET if ago is None else ago,
        created=before(raw.at, row.cells.get("AGE", "")) or UNSET,
        runtime=runtime_unit(runtime) if runtime else UNSET,
    )  # fmt: skip
