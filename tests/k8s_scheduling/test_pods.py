"""Pods without a node: what each text tells of their state and of the scheduler's last verdict."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from judging import cuts, objects, raw, read, readings, recording, skipped
from msgspec import UNSET

from runbookctl import forms
from runbookctl.model import KubernetesGet, Subject
from runbookctl.probes.k8s import placement, scheduling

EVENTS = "LAST SEEN   TYPE      REASON             OBJECT          MESSAGE\n"


def pod(name: str = "train-0", **parts: Any) -> dict[str, Any]:
    """Return a pod that waits for a node; `parts` replace fields of metadata, spec and status."""
    base: dict[str, Any] = {
        "kind": "Pod", "apiVersion": "v1",
        "metadata": {"name": name, "namespace": "ml", "uid": f"uid-{name}", "creationTimestamp": "2026-11-22T02:40:00Z"},
        "spec": {"schedulerName": "default-scheduler", "containers": [{"name": "app", "image": "lab.local/box:1"}]},
        "status": {"phase": "Pending", "conditions": [unscheduled("0/1 nodes are available: 1 Insufficient cpu.")]},
    }  # fmt: skip
    return {**base, **{key: {**base[key], **value} for key, value in parts.items()}}


def unscheduled(message: str, reason: str = "Unschedulable") -> dict[str, Any]:
    """Return the condition PodScheduled of a pod that was refused."""
    return {"type": "PodScheduled", "status": "False", "reason": reason, "message": message}


def event(reason: str, message: str, at: str, *, name: str = "train-0", kind: str = "Pod") -> dict[str, Any]:
    """Return an event."""
    about = {"kind": kind, "name": name, "namespace": "ml"}
    return {
        "kind": "Event",
        "apiVersion": "v1",
        "involvedObject": about,
        "reason": reason,
        "message": message,
        "lastTimestamp": at,
    }


def state(value: dict[str, Any]) -> Any:
    """Return the one reading of a pod."""
    (one,) = readings("k8s.placement", raw(objects(value), "kubernetes_objects"))
    return one


def said(*values: dict[str, Any]) -> list[tuple[str, str]]:
    """Return pod and reason of each reading."""
    return [(one.pod, one.reason) for one in readings("k8s.scheduling", raw(objects(*values), "kubernetes_objects"))]


def test_a_pod_that_waits_is_told_whole() -> None:
    """It has no node, the scheduler has refused it, and it is as old as its creation says."""
    one = state(pod())
    assert (one.namespace, one.name, one.uid, one.phase, one.node) == ("ml", "train-0", "uid-train-0", "Pending", None)
    assert (one.waiting, one.refused, one.gated, one.deleting) == (True, True, False, False)
    assert one.age == dt.timedelta(minutes=8)


@pytest.mark.parametrize(
    "parts",
    [
        {"spec": {"schedulingGates": [{"name": "kueue.x-k8s.io/admission"}]}},
        {
            "status": {
                "conditions": [
                    unscheduled("Scheduling is blocked due to non-empty scheduling gates", "SchedulingGated")
                ]
            }
        },
        {"metadata": {"deletionTimestamp": "2026-11-22T02:47:00Z"}},
        {"spec": {"nodeName": "n1"}},
        {"status": {"phase": "Running"}},
        {"status": {"phase": "Succeeded"}},
        {"status": {"phase": "Failed"}},
    ],
)
def test_what_does_not_wait_for_the_scheduler_is_no_symptom(parts: dict[str, Any]) -> None:
    """Gated, deleted, placed, running and finished pods do not wait for a node."""
    assert state(pod(**parts)).waiting is False


def test_gpus_are_added_up_as_the_scheduler_does() -> None:
    """Containers that run together add up; init containers run one after another, and native sidecars beside all."""

    def asks(count: int, **more: str) -> dict[str, Any]:
        return {"name": "c", "resources": {"limits": {"nvidia.com/gpu": str(count)}}, **more}

    one = state(
        pod(spec={"containers": [asks(2), asks(1)], "initContainers": [asks(2), asks(1, restartPolicy="Always")]})
    )
    assert (one.gpu, one.gpus) == ("nvidia.com/gpu", 4)
    assert state(pod(spec={"containers": [asks(1)], "initContainers": [asks(8)]})).gpus == 8
    assert (state(pod()).gpu, state(pod()).gpus) == (None, 0)


def test_a_description_tells_less() -> None:
    """It prints no reason of the condition, so that gates and refusals look the same in it."""
    (one,) = readings(
        "k8s.placement", raw(recording("pending-gpu-insufficient/describe-gpu-overask.txt"), "kubectl_describe_pod")
    )
    assert (one.name, one.waiting, one.refused, one.gated) == ("gpu-overask", True, UNSET, UNSET)
    assert (one.gpu, one.gpus, one.line) == ("nvidia.com/gpu", 4, 22)


def test_a_pending_row_does_not_tell_whether_there_is_a_node() -> None:
    """A pod whose kubelet is silent is Pending, too; another word in the row means that it has a node."""
    table = "NAME      READY   STATUS              RESTARTS   AGE\na         0/1     Pending             0          10m\nb         0/1     ContainerCreating   0          10m\nc         0/1     SchedulingGated     0          10m\n"
    waiting, started, gated = readings("k8s.placement", raw(table, "kubectl_get_table"))
    assert (waiting.waiting, waiting.refused, waiting.age) == (UNSET, UNSET, dt.timedelta(minutes=10))
    assert (started.waiting, gated.waiting, gated.gated) == (False, False, True)


def test_the_condition_holds_the_last_verdict() -> None:
    """A Pod object tells it without any event, with the line on which it stands."""
    (one,) = readings("k8s.scheduling", raw(recording("pending-cpu/pod-cpu-pending.json"), "kubernetes_objects"))
    assert (one.kind, one.resource, one.nodes, one.total, one.time, one.line) == (
        "insufficient",
        "cpu",
        1,
        1,
        None,
        149,
    )


def test_an_error_of_the_scheduler_counts_as_a_verdict() -> None:
    """Binding a volume can fail with reason SchedulerError."""
    message = 'running PreBind plugin "VolumeBinding": binding volumes: timed out waiting for the condition'
    assert said(pod(status={"conditions": [unscheduled(message, "SchedulerError")]})) == [("train-0", message)]


def test_only_the_last_verdict_counts() -> None:
    """A pod that was refused for its claim first, and for processors now, waits for processors."""
    assert said(
        event("FailedScheduling", "0/1 nodes are available: 1 Insufficient cpu.", "2026-11-22T02:47:00Z"),
        event("FailedScheduling", "0/1 nodes are available: 1 pod has unbound immediate PersistentVolumeClaims.", "2026-11-22T02:40:00Z"),
    ) == [("train-0", "1 Insufficient cpu")]  # fmt: skip


def test_a_pod_that_was_placed_is_history() -> None:
    """Scheduled after FailedScheduling, in whatever order the events are listed."""
    refused = event("FailedScheduling", "0/1 nodes are available: 1 Insufficient cpu.", "2026-11-22T02:40:00Z")
    placed = event("Scheduled", "Successfully assigned ml/train-0 to n1", "2026-11-22T02:41:00Z")
    assert said(refused, placed) == said(placed, refused) == []
    assert readings("k8s.scheduling", raw(recording("gpu-running/events.list.json"), "kubernetes_objects")) == []
    assert readings("k8s.scheduling", raw(recording("gpu-running/events.txt"), "kubectl_events")) == []
    assert (
        readings("k8s.scheduling", raw(recording("gpu-running/describe-gpu-pending.txt"), "kubectl_describe_pod")) == []
    )


def test_a_pod_that_was_deleted_is_history() -> None:
    """Its owner tells of the deletion; the pod itself has no event for it."""
    refused = event("FailedScheduling", "0/1 nodes are available: 1 Insufficient cpu.", "2026-11-22T02:40:00Z")
    gone = event("SuccessfulDelete", "Deleted pod: train-0", "2026-11-22T02:41:00Z", name="train", kind="ReplicaSet")
    assert said(refused, gone) == []


def test_another_controllers_words_do_not_hide_the_scheduler() -> None:
    """Karpenter tells of the same pod under the same reason, and later."""
    assert said(
        event("FailedScheduling", "0/1 nodes are available: 1 Insufficient cpu.", "2026-11-22T02:40:00Z"),
        event("FailedScheduling", 'Failed to schedule pod, incompatible with nodepool "default"', "2026-11-22T02:40:05Z"),
    ) == [("train-0", "1 Insufficient cpu")]  # fmt: skip


def test_a_scale_up_that_failed_for_another_reason_proves_nothing() -> None:
    """Quota and stock are the cloud's refusal; an internal error is none."""
    assert (
        said(
            event(
                "FailedScaleUp",
                "Node scale up in zones a associated with this pod failed: Internal error. Pod is at risk of not being scheduled.",
                "2026-11-22T02:40:00Z",
            )
        )
        == []
    )
    (one,) = readings(
        "k8s.scheduling",
        raw(
            EVENTS
            + "2m          Warning   FailedScaleUp      pod/train-0     Node scale up in zones a failed: GCE quota exceeded. Pod is at risk of not being scheduled.\n",
            "kubectl_events",
        ),
    )
    assert (one.kind, one.pod) == ("cloud_refused", "train-0")


def test_an_old_event_says_that_it_is_old() -> None:
    """After an hour an event may be of another time, unless the pod is known to wait."""
    table = (
        EVENTS
        + "2m          Warning   FailedScheduling   pod/a           0/1 nodes are available: 1 Insufficient cpu.\n39h         Warning   FailedScheduling   pod/b           0/1 nodes are available: 1 Insufficient cpu.\n"
    )
    assert [(one.pod, one.recent) for one in readings("k8s.scheduling", raw(table, "kubectl_events"))] == [
        ("a", True),
        ("b", False),
    ]


def test_a_description_without_its_events_is_cut() -> None:
    """Then nobody knows what the scheduler said."""
    body = recording("pending-cpu/describe-cpu-pending.txt").partition(b"Events:")[0]
    assert [one.why for one in cuts("k8s.scheduling", raw(body, "kubectl_describe_pod"))] == [
        "the events of the description are not in it"
    ]


def test_other_objects_are_nothing_of_ours() -> None:
    """A text without pods was not supplied, and a part of another type is skipped, not an error."""
    (cut,) = read(
        "k8s.placement",
        raw(objects({"kind": "Service", "apiVersion": "v1", "metadata": {"name": "a"}}), "kubernetes_objects"),
    )
    assert cut.nothing
    broken = raw(objects({"kind": "Pod", "apiVersion": "v1", "metadata": {"name": 5}}), "kubernetes_objects")
    assert len(skipped("k8s.placement", broken)) == 1


def test_pods_are_asked_for_once() -> None:
    """Placement and verdicts ask the same question for the pods, so that it is sent once."""
    wanted = placement.request(placement.Params(namespace="ml", pod=("train-0",)))
    assert wanted == (
        KubernetesGet(form="kubernetes_objects", segments=("api", "v1", "namespaces", "ml", "pods", "train-0")),
    )
    assert scheduling.request(scheduling.Params(namespace="ml", pod=("train-0",)))[:1] == wanted


def test_the_commands_name_what_they_are_about() -> None:
    """Each probe tells how to get its evidence, and a hostile name stays one argument."""
    subject = Subject(namespace="ml", pod="train-0")
    assert placement.obtain(subject) == "kubectl get pod train-0 -n ml -o json"
    assert scheduling.obtain(subject) == "kubectl -n ml describe pod train-0"
    assert placement.obtain(Subject()) == "kubectl get pods -A -o json"
    assert "'a; rm -rf /'" in placement.obtain(Subject(namespace="ml", pod="a; rm -rf /"))


def test_events_name_pods_and_do_not_tell_how_they_are() -> None:
    """Whether a pod of which only events are known still waits is unknown, so that nothing of it is clear."""
    table = (
        EVENTS + "2m          Warning   FailedScheduling   pod/a           0/1 nodes are available: 1 Too many pods.\n"
    )
    (one,) = readings("k8s.placement", raw(table, "kubectl_events"))
    assert (one.name, one.waiting, one.refused) == ("a", UNSET, UNSET)
    (cut,) = cuts("k8s.placement", raw("0/1 nodes are available: 1 Too many pods.\n", "kubectl_event_lines"))
    assert not cut.nothing


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("  Warning  FailedScheduling  44s   default-scheduler  0/1 nodes are available: 1 Insufficient cpu.\n", True),
        (
            "Events:\n  Type     Reason   Age   From     Message\n  ----     ------   ----  ----     -------\n  Normal   Pulled   3m    kubelet  Container image pulled\n",
            True,
        ),
        (
            "0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: 1 No preemption victims found.\n",
            True,
        ),
        ("Warning: this is the log of a program that warns of something\n", False),
        ("Warning  Disk is nearly full  5s  on /dev/sda1\n", False),
        ("0/1 nodes are available: 1 Insufficient cpu.\nand then I tried to add a node\n", False),
        ("", False),
    ],
)
def test_event_lines_are_recognised_where_nothing_else_stands(text: str, known: bool) -> None:
    """A paste of such lines alone; a program's log with a word like that is none."""
    assert (forms.load("kubectl_event_lines").recognise(text, "") > 0) is known


def test_event_lines_hold_the_verdict_without_its_pod() -> None:
    """The last one counts, as everywhere, and a pod placed after it is history."""
    waiting = "  Warning  FailedScheduling  5m    default-scheduler  0/1 nodes are available: 1 pod has unbound immediate PersistentVolumeClaims.\n  Warning  FailedScheduling  44s   default-scheduler  0/1 nodes are available: 1 Insufficient cpu.\n"
    placed = waiting + "  Normal   Scheduled         10s   default-scheduler  Successfully assigned ml/a to n1\n"
    (one,) = readings("k8s.scheduling", raw(waiting, "kubectl_event_lines"))
    assert (one.reason, one.pod, one.line) == ("1 Insufficient cpu", UNSET, 2)
    assert readings("k8s.scheduling", raw(placed, "kubectl_event_lines")) == []
    named = forms.load("kubectl_event_lines").names(raw(waiting, "kubectl_event_lines"))
    assert named.summary == "2 events"
