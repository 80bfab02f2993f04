"""Workloads and whether they have their pods: wanted and existing ones, refused creations, rollouts that stand still.

Pure: reads Deployments, ReplicaSets, StatefulSets, DaemonSets and ReplicationControllers, their descriptions and
tables. What a ReplicaSet of a Deployment tells is told of the Deployment. Source: apps/v1; kubernetes
pkg/controller/replicaset (ReplicaFailure), pkg/controller/deployment/progress.go (ProgressDeadlineExceeded).
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Annotated, Any

import re2
from msgspec import UNSET, Meta, Struct, UnsetType, structs

from runbookctl import model
from runbookctl.catalog.kubernetes_values import moment
from runbookctl.forms import kubectl_describe_workload, kubectl_get_table, kubernetes_objects
from runbookctl.forms.kubectl_describe_workload import DescribedWorkload
from runbookctl.forms.kubectl_get_table import TableRow
from runbookctl.forms.lines import Gap
from runbookctl.model import Cut, KubernetesGet, Raw, Request, Skipped, Subject, Time
from runbookctl.probes.k8s._lines import Lines
from runbookctl.probes.k8s._refused import cause_in, means

FORMS = ("kubernetes_objects", "kubectl_describe_workload", "kubectl_get_table")
SUBJECT = {"namespace": "namespace", "workload": "name"}
KIND = "state"
ONE = False

_Text = str | UnsetType | None
_Truth = bool | UnsetType | None
_Number = int | UnsetType | None

KINDS = ("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "ReplicationController")
_PLURALS = ("deployments", "replicasets", "statefulsets", "daemonsets")
_SILENT = frozenset({"StatefulSet", "DaemonSet"})
"""Kinds without a condition for refused pods: their events alone tell."""
_TABLED = frozenset({"deployment", "replicaset", "statefulset", "daemonset"})
_FAILED = frozenset({"FailedCreate", "FailedDelete"})
# 3 desired | 1 updated | 1 total | 1 available | 2 unavailable
_DESIRED = re2.compile(r"(\d{1,7}) desired\b")
_TOTAL = re2.compile(r"(\d{1,7}) total\b")
_CURRENT = re2.compile(r"(\d{1,7}) current\b")
# 1/3
_READY = re2.compile(r"(\d{1,7})/(\d{1,7})")


class Params(Struct, frozen=True, forbid_unknown_fields=True):
    """Which namespace."""

    namespace: str


class Reading(model.Reading, frozen=True, kw_only=True):
    """One workload."""

    namespace: _Text = UNSET
    name: Annotated[_Text, Meta(description="kind and name: deployment/web")] = UNSET
    desired: Annotated[_Number, Meta(extra={"path": "spec.replicas"})] = UNSET
    existing: Annotated[_Number, Meta(description="pods that are there", extra={"path": "status.replicas"})] = UNSET
    ready: Annotated[_Number, Meta(extra={"path": "status.readyReplicas"})] = UNSET
    short: Annotated[_Truth, Meta(description="fewer pods are there than it wants; a paused one wants no more")] = UNSET
    failing: Annotated[
        _Truth, Meta(description="its pods are refused at creation", extra={"path": "conditions[ReplicaFailure]"})
    ] = UNSET
    failure: Annotated[
        _Text, Meta(description="what refuses them", extra={"path": "conditions[ReplicaFailure].message"})
    ] = UNSET
    means: Annotated[
        _Text,
        Meta(
            description="cause code that the message proves; absent when it proves none",
            extra={"path": "conditions[ReplicaFailure].message means"},
        ),
    ] = UNSET
    refusal: Annotated[_Text, Meta(description="the message without the name of the pod")] = UNSET
    stuck: Annotated[
        _Truth,
        Meta(description="its rollout has passed its deadline", extra={"path": "conditions[Progressing].reason"}),
    ] = UNSET
    refused_since: Annotated[
        Time | UnsetType | None, Meta(extra={"path": "conditions[ReplicaFailure].lastTransitionTime"})
    ] = UNSET


def request(params: Params) -> tuple[Request, ...]:
    """Ask for the workloads of the namespace, kind by kind."""
    base = ("apis", "apps", "v1", "namespaces", params.namespace)
    return tuple(KubernetesGet(form="kubernetes_objects", segments=(*base, plural)) for plural in _PLURALS)


def obtain(subject: Subject) -> str:
    """Return the command that prints the subject's workload, or all of its namespace."""
    where = f"-n {shlex.quote(subject.namespace)}" if subject.namespace else "-A"
    what = shlex.quote(subject.workload) if subject.workload and subject.namespace else ",".join(_PLURALS)
    return f"kubectl get {what} {where} -o json"


def read(raw: Raw) -> Iterator[Reading | Cut | Skipped]:
    """Read one text by its form."""
    match raw.form:
        case "kubernetes_objects":
            yield from _objects(raw)
        case "kubectl_describe_workload":
            for one in kubectl_describe_workload.described_workloads(raw):
                yield from _described(one)
        case _:
            yield from _tabled(raw)


# --- objects --------------------------------------------------------------------------------------------------------


def _objects(raw: Raw) -> Iterator[Reading | Cut | Skipped]:
    found: dict[tuple[Any, Any], Reading] = {}
    skipped, lines = False, Lines(raw.body)
    for value in kubernetes_objects.objects(raw, KINDS):
        try:
            one = _of_object(value, lines)
            if one is None:
                continue
        except (TypeError, AttributeError, ValueError) as error:
            skipped = True
            yield Skipped(line=1, text=str(value["kind"])[:40], why=str(error)[:200])
            continue
        key = (one.namespace, one.name)
        found[key] = _joined(found[key], one) if key in found else one
    yield from found.values()
    if why := kubernetes_objects.cut(raw):
        yield Cut(why=why)
    elif not found and not skipped and raw.request is None:
        yield Cut(why="no workloads in it", nothing=True)


def _joined(one: Reading, other: Reading) -> Reading:
    """Join a Deployment and its ReplicaSets, of which one alone may fail."""
    first, second = (one, other) if other.failing is True else (other, one)
    told = {key: value for key in one.__struct_fields__ if (value := getattr(second, key)) is not UNSET}
    return structs.replace(first, **told)


def _of_object(value: dict[str, Any], lines: Lines) -> Reading | None:
    """Return the reading of an object; of a Deployment's ReplicaSet only when its pods are refused."""
    kind, metadata = str(value["kind"]), value.get("metadata") or {}
    spec, status = value.get("spec") or {}, value.get("status")
    owner = next((each for each in metadata.get("ownerReferences") or () if each.get("controller")), None)
    name = f"{kind.lower()}/{metadata.get('name') or ''}"
    own = kind != "ReplicaSet" or owner is None
    if not own and owner:
        name = f"{str(owner.get('kind') or '').lower()}/{owner.get('name') or ''}"
    fields = {} if status is None else _conditions(kind, status)
    if own and status is not None:
        fields = _numbers(kind, spec, status) | fields
    if kind in _SILENT and not fields.get("short", True):
        fields |= {"failing": False, "failure": None, "means": None}  # it has all its pods, so none was refused
    if not own and not fields.get("failing"):
        return None
    if message := fields.get("failure"):
        fields |= {"text": message, "line": lines.of(message)}
    namespace = metadata.get("namespace")
    return Reading(namespace=namespace if isinstance(namespace, str) else UNSET, name=name, **fields)


def _numbers(kind: str, spec: dict[str, Any], status: dict[str, Any]) -> dict[str, Any]:
    if kind == "DaemonSet":
        desired, existing = _whole(status.get("desiredNumberScheduled")), _whole(status.get("currentNumberScheduled"))
        ready = _whole(status.get("numberReady"))
    else:
        desired = _whole(spec["replicas"]) if "replicas" in spec else 1
        existing, ready = _whole(status.get("replicas")), _whole(status.get("readyReplicas"))
    return {"desired": desired, "existing": existing, "ready": ready,
            "short": existing < desired and not spec.get("paused")}  # fmt: skip


def _whole(number: Any) -> int:
    return number if isinstance(number, int) and not isinstance(number, bool) else 0


def _conditions(kind: str, status: dict[str, Any]) -> dict[str, Any]:
    """Return what the conditions tell."""
    if kind in _SILENT:
        return {"stuck": None}
    conditions = {str(each.get("type")): each for each in status.get("conditions") or ()}
    failure, progress = conditions.get("ReplicaFailure") or {}, conditions.get("Progressing") or {}
    failing = failure.get("status") == "True" and failure.get("reason") in _FAILED
    message = str(failure.get("message") or "") if failing else ""
    fields: dict[str, Any] = {
        "failing": failing, "failure": message or None, "means": means(message)[1] if message else None,
        "refusal": cause_in(message) or None,
        "refused_since": moment(failure.get("lastTransitionTime")) if failing else None,
    }  # fmt: skip
    if kind == "Deployment":
        fields["stuck"] = progress.get("status") == "False" and progress.get("reason") == "ProgressDeadlineExceeded"
    return fields


# --- text -----------------------------------------------------------------------------------------------------------


def _described(one: DescribedWorkload) -> Iterator[Reading | Cut]:
    if not one.kind or not one.name or one.kind in ("job", "cronjob"):
        yield Cut(why="no workload with replicas in it", nothing=True)
        return
    conditions = {each.type: each for each in one.conditions}
    failure, progress = conditions.get("ReplicaFailure"), conditions.get("Progressing")
    failing = failure is not None and failure.status == "True" and failure.reason in _FAILED
    replicas = one.fields["Replicas"].text if "Replicas" in one.fields else ""
    desired, existing = _number(_DESIRED, replicas), _number(_TOTAL, replicas)
    existing = _number(_CURRENT, replicas) if existing is UNSET else existing
    controlled = one.fields["Controlled By"].text if "Controlled By" in one.fields else ""
    kind, _, owner = controlled.partition("/")
    name = f"{kind.lower()}/{owner}" if one.kind == "replicaset" and owner else f"{one.kind}/{one.name}"
    stuck = progress is not None and progress.status == "False" and progress.reason == "ProgressDeadlineExceeded"
    known = one.kind in ("deployment", "replicaset")
    line = failure.line if failing and failure else progress.line if stuck and progress else one.line
    shown = failure if failing else progress if stuck else None
    yield Reading(
        line=line, text=f"{shown.type} {shown.status} {shown.reason}" if shown else UNSET,
        namespace=one.namespace or UNSET, name=name, desired=desired, existing=existing,
        short=existing < desired if isinstance(existing, int) and isinstance(desired, int) else UNSET,
        failing=failing if known else UNSET, failure=UNSET if failing or not known else None,
        means=UNSET if failing or not known else None, stuck=stuck if one.kind == "deployment" else UNSET,
    )  # fmt: skip
    if one.gap:
        yield Cut(why="lines of the description are left out")


def _number(pattern: re2._Regexp, text: str) -> int | UnsetType:
    match = pattern.search(text[:200])
    return int(match[1]) if match else UNSET


def _tabled(raw: Raw) -> Iterator[Reading | Cut | Skipped]:
    told = False
    for row in kubectl_get_table.table_rows(raw):
        if isinstance(row, TableRow):
            if row.kind in _TABLED:
                told = True
                yield _row(row, raw)
        elif isinstance(row, Gap) and not row.harmless:
            yield Cut(why=f"{row.lines} lines left out")
    if not told:
        yield Cut(why="no workloads in it", nothing=True)


def _row(row: TableRow, raw: Raw) -> Reading:
    """Read one row; one whose pods are all ready has no trouble with them, of another the row does not say more."""
    cells = row.cells
    both = _READY.fullmatch(cells.get("READY", ""))
    ready, desired = (both[1], both[2]) if both else (cells.get("READY"), cells.get("DESIRED"))
    well = ready is not None and ready == desired and cells.get("UP-TO-DATE", desired) == desired
    existing = _digits(cells.get("CURRENT"))
    wanted = _digits(desired)
    trouble = False if well else UNSET
    return Reading(
        line=row.line, text=f"{row.name} {cells.get('READY', '')}".strip(), name=f"{row.kind}/{row.name}",
        namespace=row.namespace or raw.subject.namespace or UNSET, desired=wanted, existing=existing,
        ready=_digits(ready), failing=trouble, stuck=trouble, failure=None if well else UNSET,
        means=None if well else UNSET,
        short=existing < wanted if isinstance(existing, int) and isinstance(wanted, int) else trouble,
    )  # fmt: skip


def _digits(text: str | None) -> int | UnsetType:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 8 else UNSET
