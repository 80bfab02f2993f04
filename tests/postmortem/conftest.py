"""Records to render: an empty one, a full one, and the full one with a text in every field that holds foreign text."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from enum import Enum
from typing import Any

import pytest
from msgspec import Struct, structs

from runbookctl.model import (
    Cause,
    Diagnosis,
    Evidence,
    Finding,
    KubernetesGet,
    KubernetesLog,
    Missing,
    NodeCommand,
    NotRuledOut,
    Origin,
    Proof,
    Shortening,
    Shown,
    Subject,
    Suggestion,
    Time,
    Unknown,
    Verdict,
    Writer,
)
from runbookctl.postmortem.record import Excerpt, Mark, Moment, Note, Record, StepEvent

POD = "container/ml/trainer-56798c6f7b-9mlfq/trainer"
CLOSED = frozenset({
    "mode", "strength", "state", "kind", "precision", "confidence", "risk", "milestone", "schema", "verdict", "origin", "writer",
    "method",
})  # fmt: skip
"""Fields that hold a word of a closed set, never foreign text."""


def time(clock: str) -> Time:
    """Return a time of the incident's day."""
    return dt.datetime.fromisoformat(f"2026-11-22T{clock}+00:00")


def full_record() -> Record:
    """Return a record with something in every field."""
    pod = Subject(namespace="ml", pod="trainer-56798c6f7b-9mlfq", container="trainer")
    pods = KubernetesGet(form="kubernetes_objects", segments=("api", "v1", "namespaces", "ml", "pods"))
    log = KubernetesLog(
        form="pod_log", namespace="ml", pod="trainer-56798c6f7b-9mlfq", container="trainer", previous=True
    )
    kernel = NodeCommand(form="kernel_log", node="worker-gpu-01", argv=("journalctl", "-k", "-b"))
    at = time("02:47:50")
    evidence = (
        Evidence(
            id="e1", origin=Origin.LIVE, writer=Writer.API, form="kubernetes_objects", subject=pod, at=at, steps=("containers",),
            request=pods, source="kubernetes", sha256="93e0de7ee298" + "0" * 52, size=8123, took=0.08, summary="1 pod, 1 container",
        ),
        Evidence(
            id="e3", origin=Origin.LIVE, writer=Writer.WORKLOAD, form="pod_log", subject=pod, at=at, steps=("logs",),
            request=log, source="kubernetes", sha256="2ad033138a4c" + "0" * 52, size=130, took=0.11,
        ),
        Evidence(
            id="e5", origin=Origin.PASTED, writer=Writer.KERNEL, form="kernel_log", subject=Subject(node="worker-gpu-01"), at=at,
            steps=("kernel",), request=kernel, source="dmesg.txt", sha256="7e3b58054260" + "0" * 52, size=6100, took=0.64, redactions=2,
            shortened=Shortening(bytes=98765, lines=1234, whole_bytes=104865, whole_sha256="abc", harmless=True),
        ),
        Evidence(
            id="e6", origin=Origin.LIVE, writer=Writer.NODE, form="prometheus", subject=pod, at=at, source="",
            missing=Missing(why="Prometheus is not configured", obtain="runbookctl doctor prometheus"),
        ),
    )  # fmt: skip
    oom = Cause(
        code="container_oom_killed", root=True, rank=1, runbook="k8s/oom-crashloop", subject=POD,
        summary="trainer reached its memory limit of 32Mi.", because=("oom_killed",),
        evidence=(Proof(id="e1", sha256="93"), Proof(id="e3", sha256="2a", lines=(3,))),
        remediations=(
            Suggestion(
                id="raise_limit", risk="medium", title="Raise the memory limit", approvals=1, verify="not failing, within 15m",
                commands=("kubectl -n ml set resources deployment/trainer -c trainer --limits=memory=64Mi",),
            ),
        ),
        subjects=(POD,), not_ruled_out=(NotRuledOut(what="the whole node", obtain="ssh worker-gpu-01 'journalctl -k'"),),
        began=time("02:47:35"),
        proof=(
            Shown(id="e1", field="restartCount", value="2; last exit 02:47:35Z, 16s ago"),
            Shown(id="e3", line=3, value="allocated 24 MiB"),
        ),
    )  # fmt: skip
    error = Cause(
        code="gpu_fell_off_bus", root=False, rank=2, runbook="gpu/xid-ecc", subject="gpu/worker-gpu-01/0000:3b:00", summary="gone",
        because=("lost",), evidence=(Proof(id="e5", sha256="7e", lines=(12,)),), remediations=(),
        subjects=("gpu/worker-gpu-01/0000:3b:00",), not_ruled_out=(), explained_by=("container_oom_killed",),
    )  # fmt: skip
    findings = (
        Finding(id="oom_killed", runbook="k8s/oom-crashloop", subject=POD, value=True, why=""),
        Finding(id="whole_node", runbook="k8s/oom-crashloop", subject=POD, value=None, why="e5 is cut short"),
        Finding(id="probe_kill", runbook="k8s/oom-crashloop", subject=POD, value=False, why=""),
    )
    unknown = Unknown(
        what="memory", subject=POD, why="Prometheus is not configured", decides=("container_oom_killed",),
        obtain="runbookctl doctor prometheus", title="Read its memory", runbook="k8s/oom-crashloop",
    )  # fmt: skip
    diagnosis = Diagnosis(
        run="r-4kx9", verdict=Verdict.CAUSES, causes=(oom, error), findings=findings, unknown=(unknown,), evidence=evidence,
        runbooks=("k8s/oom-crashloop",), at=time("02:47:51"), took=0.7, version="0.1.0",
    )  # fmt: skip
    return Record(
        run="r-4kx9", runbook="k8s/oom-crashloop", title="A container is killed", version="0.1.0", actor="req", diagnosis=diagnosis,
        started=at, ended=time("02:47:51"), inputs={"namespace": "ml", "pod": ["a", "b"], "since": dt.timedelta(hours=2)},
        steps=(
            StepEvent(id="containers", title="Read the pods", at=at, state="read", took=0.08, evidence=("e1",), says="1 pod", item=POD),
            StepEvent(id="kernel", title="Read the kernel log", at=at, state="cut short", took=0.64, evidence=("e5",), says="61 lines"),
            StepEvent(id="memory", title="Read its memory", at=at, state="missing", evidence=("e6",), says="not configured"),
            StepEvent(id="ask", title="Ask", at=at, state="skipped", says="not asked"),
        ),
        moments=(
            Moment(at=time("02:47:34"), text="allocated 24 MiB", evidence="e3", line=3, subject=POD),
            Moment(at=time("02:40:00"), until=time("02:41:00"), text="BackOff", evidence="e1", precision="minute", subject=POD),
            Moment(text="NVRM: Xid (PCI:0000:3b:00): 79", evidence="e5", line=12, subject="node/worker-gpu-01"),
        ),
        excerpts=(
            Excerpt(evidence="e3", line=3, text="allocated 24 MiB"),
            Excerpt(evidence="e5", line=12, text="NVRM: Xid (PCI:0000:3b:00): 79, GPU has fallen off the bus."),
        ),
        notes=(Note(at=time("02:50:00"), author="req", text="train-0 lost, restarted"),),
        marks=(
            Mark(milestone="detected", at=time("02:48:30"), by="alert KubePodCrashLooping"),
            Mark(milestone="resolved", by="nobody", why="the owner has not answered"),
        ),
        severity="SEV-2", owner="req", drill=True, chain="ab12cd34", clock="worker-gpu-01 is 3 s ahead",
    )  # fmt: skip


def poisoned(value: Any, text: str) -> Any:
    """Return a copy in which every field of foreign text is `text`."""
    if isinstance(value, Enum):
        return value
    if isinstance(value, str):
        return text
    if isinstance(value, Struct):
        fields = {name: getattr(value, name) for name in value.__struct_fields__}
        return structs.replace(
            value, **{name: poisoned(inner, text) for name, inner in fields.items() if name not in CLOSED}
        )
    if isinstance(value, tuple):
        return tuple(poisoned(inner, text) for inner in value)
    if isinstance(value, list):
        return [poisoned(inner, text) for inner in value]
    if isinstance(value, dict):
        made: dict[str, Any] = {}
        made[text] = [poisoned(inner, text) for inner in value.values()]
        return made
    return value


@pytest.fixture
def full() -> Record:
    """Return the full record."""
    return full_record()


@pytest.fixture
def empty() -> Record:
    """Return a record of a run that was cut off before it read anything."""
    return Record(run="r-0", diagnosis=Diagnosis(run="r-0", verdict=Verdict.UNKNOWN), started=time("02:00:00"))


@pytest.fixture
def poison() -> Callable[[str], Record]:
    """Return a function that gives the full record with a text in every foreign field."""

    def made(text: str) -> Record:
        record: Record = poisoned(full_record(), text)
        return record

    return made
