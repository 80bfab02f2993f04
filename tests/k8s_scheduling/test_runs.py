"""The runbooks asked as a run: which questions are sent, and what a refusal leaves open."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Callable
from typing import Any

from judging import book, codes, recording

from runbookctl.connectors import Answer
from runbookctl.engine import collect, replay
from runbookctl.engine.record import Opened, Recorder
from runbookctl.engine.watch import Silent
from runbookctl.journal.clock import this_process
from runbookctl.journal.interface import Actor
from runbookctl.journal.memory import memory_store
from runbookctl.model import AnyRequest, Diagnosis, KubernetesGet, Missing, Subject, Verdict

NOW = dt.datetime(2026, 11, 22, 2, 48, tzinfo=dt.UTC)
Cluster = Callable[[tuple[str, ...], dict[str, str]], "bytes | dict[str, Any] | None"]


class Replay:
    """Answers Kubernetes requests from recorded objects; everything else, and what is None, is refused."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.asked: list[AnyRequest] = []

    def send(
        self, request: AnyRequest, timeout: float, cancel: threading.Event, anchors: tuple[bytes, ...]
    ) -> Answer | Missing:
        """Answer one request."""
        del timeout, cancel, anchors
        self.asked.append(request)
        body = self.cluster(request.segments, dict(request.query)) if isinstance(request, KubernetesGet) else None
        if body is None:
            return Missing(why="403: not allowed", obtain=request.printed(), kind="refused")
        raw = body if isinstance(body, bytes) else json.dumps(body, indent=1).encode()
        return Answer(body=raw, form=request.form, source="kubernetes test", shortened=None, at=NOW)


def run(name: str, inputs: dict[str, list[str]], cluster: Cluster) -> tuple[Diagnosis, list[AnyRequest]]:
    """Run a runbook against a cluster."""
    runbook = book(name)
    store = memory_store()
    recorder = Recorder.open(
        store, stored=False, key="test", owner=this_process("test"), by=Actor(name="test"), subject=Subject(),
        facts=Opened(mode="run", inputs=inputs, at=NOW), snapshots=[runbook],
    )  # fmt: skip
    sender = Replay(cluster)
    values = replay.values_of(runbook, inputs)
    collect.Collector(recorder, runbook, values, sender, Silent(), collect.Settings(), NOW).collect()
    return replay.replay(store, recorder.run, pool=recorder.pool, runbooks=[runbook]), sender.asked


def listed(kind: str, *items: Any) -> dict[str, Any]:
    """Return a list as the API server answers it."""
    return {"kind": f"{kind}List", "apiVersion": "v1", "items": list(items)}


def loaded(path: str) -> Any:
    """Return a recorded object."""
    return json.loads(recording(path))


def pending(segments: tuple[str, ...], query: dict[str, str]) -> dict[str, Any] | None:
    """Answer for a namespace in which one pod waits for GPUs and one runs, on a cluster of one node."""
    match segments[-1]:
        case "pods":
            return listed(
                "Pod",
                loaded("pending-gpu-insufficient/pod-gpu-overask.json"),
                loaded("gpu-running/pod-gpu-pending.json"),
            )
        case "events":
            return (
                loaded("pending-gpu-insufficient/events.list.json")
                if query["fieldSelector"] == "reason=FailedScheduling"
                else listed("Event")
            )
        case "nodes":
            return listed("Node", loaded("node-ready-8gpu/node.json"))
    return None


def test_a_pending_pod_is_judged_with_its_nodes() -> None:
    """Pods are asked for once, nodes because a pod waits; nothing stays open."""
    found, asked = run("k8s/pending", {"namespace": ["ml"]}, pending)
    assert codes(found) == ["insufficient_gpu_capacity"]
    assert found.causes[0].subject == "pod/ml/gpu-overask"
    assert found.causes[0].not_ruled_out == ()
    paths = [request.segments[-1] for request in asked if isinstance(request, KubernetesGet)]
    assert sorted(paths) == ["events", "events", "nodes", "pods"]


def test_nodes_are_not_asked_for_where_nothing_waits() -> None:
    """A healthy namespace costs its pods and its events."""

    def healthy(segments: tuple[str, ...], query: dict[str, str]) -> bytes | dict[str, Any] | None:
        del query
        return recording("healthy/pods.list.json") if segments[-1] == "pods" else listed("Event")

    found, asked = run("k8s/pending", {"namespace": ["shop"]}, healthy)
    assert (found.verdict, codes(found)) == (Verdict.CLEAR, [])
    assert "nodes" not in {request.segments[-1] for request in asked if isinstance(request, KubernetesGet)}


def test_nodes_that_may_not_be_read_leave_the_cause_open() -> None:
    """403 on nodes: the cause stands and says what it does not rule out."""
    found, _ = run(
        "k8s/pending",
        {"namespace": ["ml"]},
        lambda segments, query: None if segments[-1] == "nodes" else pending(segments, query),
    )
    assert codes(found) == ["insufficient_gpu_capacity"]
    assert [one.what for one in found.causes[0].not_ruled_out] == ["nodes: 403: not allowed"]


def test_pods_that_may_not_be_read_are_unknown() -> None:
    """Nobody knows whether something waits."""
    found, _ = run("k8s/pending", {"namespace": ["ml"]}, lambda _, __: None)
    assert (found.verdict, codes(found)) == (Verdict.UNKNOWN, [])


def node(name: str) -> Cluster:
    """Answer for one node, as it was recorded."""

    def cluster(segments: tuple[str, ...], query: dict[str, str]) -> bytes | dict[str, Any] | None:
        del query
        if segments[-2] == "nodes":
            return recording(f"{name}/node.json")
        if segments[-2] == "leases":
            return recording(f"{name}/node-lease.json")
        return recording(f"{name}/node-events.list.json") if segments[-1] == "events" else None

    return cluster


def test_a_healthy_node_is_not_entered() -> None:
    """Neither its kubelet nor its kernel log is asked for, and it is clear."""
    for name in ("node-ready-8gpu", "node-cordoned"):
        found, asked = run("k8s/node", {"node": ["worker-gpu-01"]}, node(name))
        assert (found.verdict, codes(found)) == (Verdict.CLEAR, [])
        assert all(isinstance(request, KubernetesGet) for request in asked)


def test_a_silent_node_is_looked_at() -> None:
    """Its kubelet is asked for; that it cannot be reached does not change the cause."""
    found, asked = run("k8s/node", {"node": ["worker-gpu-01"]}, node("node-notready-kubelet-stopped"))
    assert codes(found) == ["node_not_ready"]
    assert [one.id for one in found.causes[0].remediations] == ["restart_kubelet"]
    assert any(request.printed().startswith("ssh worker-gpu-01 'systemctl status") for request in asked)


def test_a_node_that_may_not_be_read_is_unknown() -> None:
    """403 for everything: no verdict, and each step says why."""
    found, _ = run("k8s/node", {"node": ["worker-gpu-01"]}, lambda _, __: None)
    assert (found.verdict, codes(found)) == (Verdict.UNKNOWN, [])
    assert {"nodes", "events"} <= {one.what for one in found.unknown}


def test_a_quota_is_found_in_a_namespace() -> None:
    """The Deployment's condition and the ReplicaSet's events speak of one workload."""

    def cluster(segments: tuple[str, ...], query: dict[str, str]) -> bytes | dict[str, Any] | None:
        del query
        match segments[-1]:
            case "deployments":
                return listed("Deployment", loaded("quota-exceeded/deployment.json"))
            case "replicasets":
                return recording("quota-exceeded/replicasets.list.json")
            case "events":
                return recording("quota-exceeded/events.list.json")
        return listed("StatefulSet")

    found, _ = run("k8s/rollout", {"namespace": ["quota"]}, cluster)
    assert [(cause.code, cause.subject) for cause in found.causes] == [
        ("resource_quota_exceeded", "deployment/quota/web")
    ]
    assert found.causes[0].not_ruled_out == ()
