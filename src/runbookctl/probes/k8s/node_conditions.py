"""Conditions of nodes, one by one: ready, pressure, and what node-problem-detector and others report.

Pure: reads Node objects and `kubectl describe node`. A condition that is Unknown tells nothing but that the kubelet is
silent. Source: core v1 NodeCondition; kubernetes/node-problem-detector config/ and deployment/.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from msgspec import UNSET, Meta, UnsetType

from runbookctl import model
from runbookctl.catalog.kubernetes_values import moment
from runbookctl.forms import kubectl_describe_node, kubernetes_objects
from runbookctl.model import Cut, Raw, Skipped, Subject, Time
from runbookctl.probes.k8s import nodes
from runbookctl.probes.k8s.nodes import Params, request

__all__ = ["FORMS", "KEY", "KIND", "ONE", "SUBJECT", "Params", "Reading", "obtain", "read", "request"]

FORMS = ("kubernetes_objects", "kubectl_describe_node")
SUBJECT = {"node": "node"}
KIND = "state"
KEY = ("type",)
ONE = False

PRESSURE = frozenset({"MemoryPressure", "DiskPressure", "PIDPressure"})
_BAD_WHEN_TRUE = PRESSURE | {
    "NetworkUnavailable", "OutOfDisk", "KernelDeadlock", "ReadonlyFilesystem", "XfsShutdown", "CperHardwareErrorFatal",
    "CorruptDockerOverlay2", "CorruptDockerImage", "FrequentKubeletRestart", "FrequentDockerRestart",
    "FrequentContainerdRestart", "FrequentUnregisterNetDevice", "KubeletProblem", "ContainerRuntimeProblem",
    "KubeletUnhealthy", "ContainerRuntimeUnhealthy", "DockerUnhealthy", "ContainerdUnhealthy",
}  # fmt: skip
_BAD_WHEN_FALSE = frozenset({
    "Ready", "KernelReady", "NetworkingReady", "StorageReady", "ContainerRuntimeReady", "AcceleratedHardwareReady",
})  # fmt: skip
"""The latter five are of the EKS node monitoring agent."""


class Reading(model.Reading, frozen=True, kw_only=True):
    """One condition of one node."""

    node: str | UnsetType | None = UNSET
    type: Annotated[str, Meta(description="MemoryPressure, Ready ...", extra={"path": "status.conditions.type"})]
    status: Annotated[str, Meta(description="True, False or Unknown", extra={"path": "status.conditions.status"})]
    problem: Annotated[bool, Meta(description="this status of this condition is trouble, as far as that is known")]
    pressure: Annotated[bool, Meta(description="it is one of memory, disk and process ids")]
    reason: Annotated[str | None, Meta(description="in one word, as its source names it")] = None
    message: Annotated[str | None, Meta(extra={"path": "status.conditions.message"})] = None
    changed: Annotated[Time | UnsetType | None, Meta(extra={"path": "status.conditions.lastTransitionTime"})] = UNSET


def obtain(subject: Subject) -> str:
    """Return the command that prints the conditions of the subject's node, or of all."""
    return nodes.obtain(subject)


def read(raw: Raw) -> Iterator[Reading | Cut | Skipped]:
    """Read `MemoryPressure   True   ...   KubeletHasInsufficientMemory   kubelet has insufficient memory available`."""
    if raw.form == "kubectl_describe_node":
        for one in kubectl_describe_node.described_nodes(raw):
            for row in one.conditions:
                text = f"{row.type} {row.status} {row.reason} {row.message}".strip()
                yield _reading(
                    row.type, row.status, node=one.name or UNSET, reason=row.reason or None,
                    message=row.message or None, changed=row.transition, line=row.line, text=text,
                )  # fmt: skip
            if one.gap:
                yield Cut(why="lines of the description are left out", subject=Subject(node=one.name))
        return
    yield from _objects(raw)


def _objects(raw: Raw) -> Iterator[Reading | Cut | Skipped]:
    told = False
    for value in kubernetes_objects.objects(raw, ("Node",)):
        told = True
        try:
            yield from list(_of_object(value))
        except (TypeError, AttributeError, ValueError) as error:
            yield Skipped(line=1, text="Node", why=str(error)[:200])
    if why := kubernetes_objects.cut(raw):
        yield Cut(why=why)
    elif not told and raw.request is None and b'"NodeList"' not in raw.body[:4096]:
        yield Cut(why="no nodes in it", nothing=True)


def _of_object(value: dict[str, Any]) -> Iterator[Reading]:
    name = (value.get("metadata") or {}).get("name")
    for each in (value.get("status") or {}).get("conditions") or ():
        words = {key: str(each[key]) for key in ("type", "status", "reason", "message") if each.get(key)}
        if "type" in words and "status" in words:
            yield _reading(
                words["type"], words["status"], node=name if isinstance(name, str) else UNSET,
                reason=words.get("reason"), message=words.get("message"),
                changed=moment(each.get("lastTransitionTime")),
            )  # fmt: skip


def _reading(type_: str, status: str, **fields: Any) -> Reading:
    bad = (status == "True" and type_ in _BAD_WHEN_TRUE) or (status == "False" and type_ in _BAD_WHEN_FALSE)
    silent = type_ == "Ready" and status == "Unknown"
    return Reading(type=type_, status=status, problem=bad or silent, pressure=type_ in PRESSURE, **fields)
