"""Workloads that do not get their pods: what their objects, descriptions, tables and events tell."""

from __future__ import annotations

from typing import Any

import pytest
from judging import cuts, objects, raw, readings, recording
from msgspec import UNSET

from runbookctl.model import KubernetesGet, Subject
from runbookctl.probes.k8s import _refused, creations, workloads

QUOTA = (
    'pods "web-cbd8b9bf7-56kqz" is forbidden: exceeded quota: pods, requested: pods=1, used: pods=1, limited: pods=1'
)
EVENTS = "LAST SEEN   TYPE      REASON              OBJECT                     MESSAGE\n"


def workload(kind: str, name: str, spec: dict[str, Any], status: dict[str, Any], owner: str = "") -> dict[str, Any]:
    """Return a workload; `owner` is `Kind/name`."""
    references = (
        [{"kind": owner.partition("/")[0], "name": owner.partition("/")[2], "controller": True}] if owner else []
    )
    metadata = {"name": name, "namespace": "shop", "ownerReferences": references}
    return {"kind": kind, "apiVersion": "apps/v1", "metadata": metadata, "spec": spec, "status": status}


def failing(message: str) -> dict[str, Any]:
    """Return the condition of a workload whose pods are refused."""
    return {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": message}


def state(*values: dict[str, Any]) -> Any:
    """Return the one reading of objects of one workload."""
    (one,) = readings("k8s.workloads", raw(objects(*values), "kubernetes_objects"))
    return one


def test_the_quota_is_told_by_deployment_and_replica_set() -> None:
    """Both are the Deployment's; a description has the condition and not its message."""
    (own,) = readings("k8s.workloads", raw(recording("quota-exceeded/deployment.json"), "kubernetes_objects"))
    (below,) = readings("k8s.workloads", raw(recording("quota-exceeded/replicasets.list.json"), "kubernetes_objects"))
    (described,) = readings(
        "k8s.workloads", raw(recording("quota-exceeded/describe-deployment.txt"), "kubectl_describe_workload")
    )
    assert own.name == below.name == described.name == "deployment/web"
    assert own.means == below.means == "resource_quota_exceeded"
    assert own.refusal == "exceeded quota: pods, requested: pods=1, used: pods=1, limited: pods=1"
    assert (
        (own.desired, own.existing, own.short)
        == (described.desired, described.existing, described.short)
        == (3, 1, True)
    )
    assert (described.failing, described.means, described.line) == (True, UNSET, 28)


def test_a_rollout_past_its_deadline_is_told() -> None:
    """By the object and by the description."""
    (written,) = readings("k8s.workloads", raw(recording("rollout-stuck/deployment.json"), "kubernetes_objects"))
    (described,) = readings(
        "k8s.workloads", raw(recording("rollout-stuck/describe-deployment.txt"), "kubectl_describe_workload")
    )
    assert (
        (written.stuck, written.failing, written.short)
        == (described.stuck, described.failing, described.short)
        == (True, False, False)
    )


def test_a_healthy_workload_has_no_trouble() -> None:
    """Its ReplicaSets tell nothing of their own."""
    (one,) = readings("k8s.workloads", raw(recording("healthy/deployment.json"), "kubernetes_objects"))
    assert (one.failing, one.stuck, one.short, one.means) == (False, False, False, None)
    (cut,) = cuts("k8s.workloads", raw(recording("healthy/replicasets.list.json"), "kubernetes_objects"))
    assert cut.nothing


def test_one_failing_replica_set_of_several_is_enough() -> None:
    """An old ReplicaSet without pods is fine and says nothing of the new one."""
    sets = [
        workload("ReplicaSet", "web-1", {"replicas": 0}, {"replicas": 0}, "Deployment/web"),
        workload(
            "ReplicaSet", "web-2", {"replicas": 3}, {"replicas": 1, "conditions": [failing(QUOTA)]}, "Deployment/web"
        ),
    ]
    deployment = workload("Deployment", "web", {"replicas": 3}, {"replicas": 1})
    for order in ([deployment, *sets], [*reversed(sets), deployment]):
        one = state(*order)
        assert (one.name, one.failing, one.means, one.short) == (
            "deployment/web",
            True,
            "resource_quota_exceeded",
            True,
        )


def test_a_paused_deployment_wants_no_more_pods() -> None:
    """Fewer pods than wanted are no lack while it is paused."""
    assert state(workload("Deployment", "web", {"replicas": 3, "paused": True}, {"replicas": 1})).short is False


def test_kinds_without_the_condition_are_told_by_their_numbers() -> None:
    """A StatefulSet with all its pods was refused none; one that lacks some may have been."""
    whole = state(workload("StatefulSet", "db", {"replicas": 2}, {"replicas": 2, "readyReplicas": 2}))
    lacking = state(workload("StatefulSet", "db", {"replicas": 2}, {"replicas": 1}))
    daemons = state(workload("DaemonSet", "agent", {}, {"desiredNumberScheduled": 3, "currentNumberScheduled": 2}))
    assert (whole.failing, whole.short, lacking.failing, lacking.short) == (False, False, UNSET, True)
    assert (daemons.desired, daemons.existing, daemons.short) == (3, 2, True)


def test_rows_tell_health_and_nothing_of_trouble() -> None:
    """A row whose pods are all ready is well; another may wait for anything."""
    table = "NAME   READY   UP-TO-DATE   AVAILABLE   AGE\nweb    1/3     1            1           10m\napi    2/2     2            2           10m\n"
    lacking, whole = readings("k8s.workloads", raw(table, "kubectl_get_table"))
    assert (lacking.name, lacking.failing, lacking.stuck) == ("deployment/web", UNSET, UNSET)
    assert (whole.failing, whole.stuck, whole.short) == (False, False, False)


def test_the_last_refusal_of_a_replica_set_is_its_deployments() -> None:
    """The event of the Deployment says whose the ReplicaSet is; without it the ReplicaSet is named."""
    (one,) = readings("k8s.creations", raw(recording("quota-exceeded/events.list.json"), "kubernetes_objects"))
    assert (one.owner, one.means, one.count) == ("deployment/web", "resource_quota_exceeded", 6)
    assert one.refusal.startswith("exceeded quota: pods, requested: pods=1")
    alone = EVENTS + f"40s         Warning   FailedCreate        replicaset/web-cbd8b9bf7   Error creating: {QUOTA}\n"
    (one,) = readings("k8s.creations", raw(alone, "kubectl_events"))
    assert one.owner == "replicaset/web-cbd8b9bf7"


def test_a_pod_created_later_ends_a_refusal() -> None:
    """In the same second it does not: of three pods one may have been let through."""
    refused = EVENTS + f"40s         Warning   FailedCreate        replicaset/web-1           Error creating: {QUOTA}\n"
    later = refused + "10s         Normal    SuccessfulCreate    replicaset/web-1           Created pod: web-1-x\n"
    together = refused + "40s         Normal    SuccessfulCreate    replicaset/web-1           Created pod: web-1-x\n"
    assert readings("k8s.creations", raw(later, "kubectl_events")) == []
    assert len(readings("k8s.creations", raw(together, "kubectl_events"))) == 1


def test_a_persons_own_pod_is_refused_at_once() -> None:
    """The command prints it; the pod does not exist."""
    text = f'Error from server (Forbidden): error when creating "pod.yaml": {QUOTA}'
    (one,) = readings("k8s.creations", raw(text, "kubectl_error"))
    assert (one.pod, one.direct, one.means) == ("web-cbd8b9bf7-56kqz", True, "resource_quota_exceeded")
    (cut,) = cuts("k8s.creations", raw('Error from server (NotFound): pods "web-0" not found', "kubectl_error"))
    assert cut.nothing


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (f"Error creating: {QUOTA}", "resource_quota_exceeded"),
        ('pods "a" is forbidden: failed quota: compute: must specify limits.cpu for: app', "resource_quota_exceeded"),
        ('pods "a" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true', "permission_denied"),
        ('pods "a" is forbidden: User "system:serviceaccount:x:y" cannot create resource "pods" in API group ""', None),
        ('Error creating: pods "a" is forbidden: maximum cpu usage per Container is 1, but limit is 2', None),
        ("", None),
    ],
)
def test_what_a_refusal_proves(message: str, expected: str | None) -> None:
    """A quota that is used up and one that wants limits refuse; a limit range is another thing."""
    found = _refused.means(message)[1]
    assert found == expected or (expected is None and found != "resource_quota_exceeded")


def test_questions_and_commands() -> None:
    """Four kinds are asked for, events as a whole, and names are quoted."""
    asked = workloads.request(workloads.Params(namespace="shop"))
    assert [one.segments[-1] for one in asked if isinstance(one, KubernetesGet)] == [
        "deployments",
        "replicasets",
        "statefulsets",
        "daemonsets",
    ]
    events = creations.request(creations.Params(namespace="shop"))
    assert isinstance(events, KubernetesGet)
    assert events.segments[-1] == "events"
    assert (
        workloads.obtain(Subject(namespace="shop", workload="deployment/web"))
        == "kubectl get deployment/web -n shop -o json"
    )
    assert "-n shop" in creations.obtain(Subject(namespace="shop"))
