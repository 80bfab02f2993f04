"""Containers from Pod objects: what the API tells, and the few things that it prints and does not know."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from k8s_reading import AT, cuts, raw, read, readings, skipped
from msgspec import UNSET

from runbookctl.model import KubernetesGet

ID = "90fc146c3d2178b91779a677fd24955d9dba25b54ca3738a4b388df1814ef7ca"


def pod(**parts: Any) -> dict[str, Any]:
    """Return a running pod of one container; `parts` replace metadata, spec and status."""
    base: dict[str, Any] = {
        "kind": "Pod", "apiVersion": "v1",
        "metadata": {"name": "api-1", "namespace": "shop", "uid": "u1"},
        "spec": {"nodeName": "n1", "containers": [{"name": "app", "image": "lab.local/api:1"}]},
        "status": {
            "phase": "Running",
            "containerStatuses": [{
                "name": "app", "ready": True, "restartCount": 0, "containerID": f"containerd://{ID}",
                "state": {"running": {"startedAt": "2026-11-22T02:40:00Z"}},
            }],
        },
    }  # fmt: skip
    return {**base, **{key: {**base[key], **value} for key, value in parts.items()}}


def status(name: str = "app", **fields: Any) -> dict[str, Any]:
    """Return a container status."""
    return {"name": name, "ready": False, "restartCount": 1, **fields}


def terminated(code: int | None, reason: str, **fields: Any) -> dict[str, Any]:
    """Return a terminated state."""
    times = {"startedAt": "2026-11-22T02:47:34Z", "finishedAt": "2026-11-22T02:47:35Z"}
    return {"terminated": {"exitCode": code, "reason": reason, **times, **fields}}


def of(*objects: dict[str, Any]) -> list[Any]:
    """Read objects as `kubectl get -o json` prints several."""
    return readings(
        "k8s.containers", raw(json.dumps({"kind": "List", "apiVersion": "v1", "items": objects}), "kubernetes_objects")
    )


def test_a_healthy_container_is_told_whole() -> None:
    """The API tells everything: what is not there is absent, not unknown."""
    (one,) = of(pod())
    assert (one.namespace, one.pod, one.pod_uid, one.name, one.node) == ("shop", "api-1", "u1", "app", "n1")
    assert (one.state, one.waiting, one.ready, one.restarted, one.exits) == ("running", None, True, False, ())
    assert one.container_id == ID
    assert (one.memory_limit, one.memory_request, one.owner, one.disruption, one.deleting) == (
        None,
        None,
        None,
        None,
        False,
    )
    assert one.running_since == dt.datetime(2026, 11, 22, 2, 40, tzinfo=dt.UTC)


def test_oom_killed_with_exit_zero_keeps_both() -> None:
    """Reason and exit code have two sources: a killed child leaves exit 0 with reason OOMKilled (k8s#131530)."""
    (one,) = of(pod(status={"phase": "Succeeded", "containerStatuses": [status(state=terminated(0, "OOMKilled"))]}))
    assert [(end.code, end.reason, end.current) for end in one.exits] == [(0, "OOMKilled", True)]


def test_the_code_of_a_container_that_could_not_be_found_is_not_told() -> None:
    """ContainerStatusUnknown prints 137, which the kubelet filled in: it is neither a SIGKILL nor out of memory."""
    lost = {"terminated": {"exitCode": 137, "reason": "ContainerStatusUnknown", "startedAt": None, "finishedAt": None,
                           "message": "The container could not be located when the pod was terminated"}}  # fmt: skip
    (one,) = of(pod(status={"phase": "Failed", "containerStatuses": [status(state=lost)]}))
    (end,) = one.exits
    assert (end.code, end.reason, end.time, end.ran) == (UNSET, "ContainerStatusUnknown", UNSET, UNSET)
    assert one.messages[0].sign == "end_not_known"


def test_a_container_that_never_ran_has_no_duration() -> None:
    """A start in 1970 is a field that was never filled in."""
    end = terminated(128, "StartError", startedAt="1970-01-01T00:00:00Z", message=(
        "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: "
        'unable to start container process: exec: "no-such-binary": executable file not found in $PATH: unknown'
    ))  # fmt: skip
    (one,) = of(
        pod(status={"containerStatuses": [status(state={"waiting": {"reason": "RunContainerError"}}, lastState=end)]})
    )
    assert (one.exits[0].ran, one.exits[0].started, one.exits[0].code) == (UNSET, UNSET, 128)
    assert [message.means for message in one.messages if message.means] == ["bad_command"]


def test_a_restarted_container_keeps_the_end_of_the_instance_before() -> None:
    """Running now does not mean fine: lastState is always read, and its log is that of the previous instance."""
    (one,) = of(pod(status={"containerStatuses": [status(
        state={"running": {"startedAt": "2026-11-22T02:47:37Z"}}, lastState=terminated(137, "Error"), ready=True,
    )]}))  # fmt: skip
    assert one.restarted is True
    assert (one.exits[0].code, one.exits[0].current, one.exits[0].ran) == (137, False, dt.timedelta(seconds=1))


def test_the_log_of_an_instance_that_just_ended_is_the_current_one() -> None:
    """Between two restarts the instance that ended last is the current one."""
    (one,) = of(
        pod(status={"containerStatuses": [status(state=terminated(1, "Error"), lastState=terminated(2, "Error"))]})
    )
    assert one.restarted is False
    assert [(end.code, end.current) for end in one.exits] == [(2, False), (1, True)]


def test_sidecars_init_and_ephemeral_containers_are_told_apart() -> None:
    """An init container that is always restarted is a sidecar."""
    found = of(pod(
        spec={"initContainers": [{"name": "wait"}, {"name": "mesh", "restartPolicy": "Always"}],
              "ephemeralContainers": [{"name": "debug"}]},
        status={"initContainerStatuses": [status("wait", state=terminated(0, "Completed")), status("mesh", state={"running": {}})]},
    ))  # fmt: skip
    assert {one.name: one.role for one in found} == {
        "wait": "init",
        "mesh": "sidecar",
        "app": "main",
        "debug": "ephemeral",
    }


def test_a_sidecar_that_ends_with_its_finished_pod_did_not_fail() -> None:
    """The kubelet ends sidecars after the last main container: no exit of their own."""
    found = of(pod(
        spec={"initContainers": [{"name": "mesh", "restartPolicy": "Always"}]},
        status={"phase": "Succeeded", "initContainerStatuses": [status("mesh", state=terminated(137, "Error"))],
                "containerStatuses": [status(state=terminated(0, "Completed"))]},
    ))  # fmt: skip
    assert {one.name: [end.code for end in one.exits] for one in found} == {"mesh": [], "app": [0]}


def test_an_evicted_pod_tells_why() -> None:
    """Reason and message of the pod are those of the eviction; the disruption names its cause."""
    (one,) = of(pod(status={
        "phase": "Failed", "reason": "Evicted", "message": "The node was low on resource: memory. ",
        "conditions": [{"type": "DisruptionTarget", "status": "True", "reason": "TerminationByKubelet"}],
        "containerStatuses": [],
    }))  # fmt: skip
    assert (one.pod_reason, one.pod_message, one.disruption) == (
        "Evicted",
        "The node was low on resource: memory. ",
        "TerminationByKubelet",
    )
    assert (one.state, one.ready, one.exits) == (None, False, ())


def test_a_pod_being_deleted_says_so() -> None:
    """DeletionTimestamp is the mark."""
    (one,) = of(pod(metadata={"deletionTimestamp": "2026-11-22T02:47:00Z"}))
    assert one.deleting is True


def test_a_pending_pod_waits_for_nothing_of_its_containers() -> None:
    """Without a status of the container there is no waiting reason: scheduling is another question."""
    (one,) = of(pod(spec={"nodeName": None}, status={
        "phase": "Pending", "containerStatuses": None,
        "conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}],
    }))  # fmt: skip
    assert (one.state, one.waiting, one.scheduled, one.node) == (None, None, False, None)


def test_limits_in_force_come_from_the_status_then_the_spec_then_the_pod() -> None:
    """A resize in place counts, and a container without a limit of its own is bound by the pod's."""
    wanted = {"limits": {"memory": "1Gi"}, "requests": {"memory": "512Mi"}}
    (resized,) = of(pod(
        spec={"containers": [{"name": "app", "resources": wanted}]},
        status={"containerStatuses": [status(resources={"limits": {"memory": "2Gi"}})]},
    ))  # fmt: skip
    assert (resized.memory_limit, resized.memory_request) == (2 << 30, 512 << 20)
    (shared,) = of(pod(spec={"containers": [{"name": "app"}], "resources": {"limits": {"memory": "3Gi"}}}))
    assert shared.memory_limit == 3 << 30


OWNED = {
    "labels": {"pod-template-hash": "7555bdb846"},
    "ownerReferences": [{"kind": "ReplicaSet", "name": "api-7555bdb846", "uid": "r1", "controller": True}],
}


def replica_set(name: str, revision: str, owner: str | None = "api") -> dict[str, Any]:
    """Return a ReplicaSet."""
    references = [{"kind": "Deployment", "name": owner, "uid": "d1", "controller": True}] if owner else None
    annotations = {"deployment.kubernetes.io/revision": revision}
    return {"kind": "ReplicaSet", "apiVersion": "apps/v1", "metadata": {
        "name": name, "namespace": "shop", "annotations": annotations, "ownerReferences": references,
    }}  # fmt: skip


def test_the_owner_is_told_by_the_template_hash_alone() -> None:
    """Only the Deployment controller sets pod-template-hash, so the ReplicaSet need not be read for the owner."""
    (one,) = of(pod(metadata=OWNED))
    assert (one.owner, one.previous_revision) == ("deployment/api", UNSET)


def test_replica_sets_tell_the_revision_before() -> None:
    """The highest revision below the pod's own is the one to go back to."""
    (one,) = of(
        pod(metadata=OWNED),
        replica_set("api-7555bdb846", "7"),
        replica_set("api-old", "5"),
        replica_set("api-older", "3"),
    )
    assert (one.owner, one.previous_revision) == ("deployment/api", "5")
    (first,) = of(pod(metadata=OWNED), replica_set("api-7555bdb846", "1"))
    assert first.previous_revision is None


@pytest.mark.parametrize(
    ("kind", "name", "labels", "owner"),
    [
        ("ReplicaSet", "api-abc", {}, "replicaset/api-abc"),
        ("StatefulSet", "db", {}, "statefulset/db"),
        ("Job", "train-7", {}, "job/train-7"),
        ("PyTorchJob", "train-7", {}, "pytorchjob/train-7"),
        ("Node", "n1", {}, None),
    ],
)
def test_other_owners_keep_their_kind(kind: str, name: str, labels: dict[str, str], owner: str | None) -> None:
    """A name is shortened only where that is certain; a static pod has no workload."""
    (one,) = of(pod(metadata={"labels": labels, "ownerReferences": [{"kind": kind, "name": name, "controller": True}]}))
    assert one.owner == owner


def test_a_job_is_named_by_its_outermost_name() -> None:
    """A pod of a training job works for that job, whatever controls it."""
    (one,) = of(pod(metadata={"labels": {"training.kubeflow.org/job-name": "llm", "job-name": "llm-worker"}}))
    assert one.job == "llm"


def test_a_static_pod_has_the_uid_of_its_manifest() -> None:
    """The kernel's cgroup and the kubelet's events name a static pod by the hash, not by the mirror's uid."""
    (one,) = of(pod(metadata={"annotations": {"kubernetes.io/config.hash": "0f8d1b8c6a0f8d1b8c6a0f8d1b8c6a0f"}}))
    assert one.pod_uid == "0f8d1b8c6a0f8d1b8c6a0f8d1b8c6a0f"


def test_replica_sets_asked_for_alone_tell_of_workloads() -> None:
    """In a run pods and ReplicaSets are two answers: the second one's readings name the workload they belong to."""
    body = json.dumps(
        {"kind": "List", "apiVersion": "v1", "items": [replica_set("api-a", "2"), replica_set("api-b", "1")]}
    )
    asked = KubernetesGet(
        form="kubernetes_objects", segments=("apis", "apps", "v1", "namespaces", "shop", "replicasets")
    )
    (one,) = readings("k8s.containers", raw(body, "kubernetes_objects", request=asked))
    assert (one.namespace, one.owner, one.previous_revision, one.name) == ("shop", "deployment/api", "1", UNSET)
    assert readings("k8s.containers", raw(body, "kubernetes_objects")) == []


def test_what_the_text_does_not_hold_stays_unset() -> None:
    """A pod without a status (a manifest) tells nothing about state; one without a spec nothing about limits."""
    (manifest,) = of(
        {
            "kind": "Pod",
            "apiVersion": "v1",
            "metadata": {"name": "a", "namespace": "b"},
            "spec": {"containers": [{"name": "app"}]},
        }
    )
    assert (manifest.state, manifest.waiting, manifest.exits, manifest.ready, manifest.phase) == (UNSET,) * 5
    (bare,) = of(
        {
            "kind": "Pod",
            "apiVersion": "v1",
            "metadata": {"name": "a"},
            "status": {"containerStatuses": [status(state=terminated(1, "Error"))]},
        }
    )
    assert (bare.memory_limit, bare.node, bare.exits[0].code) == (UNSET, UNSET, 1)


def test_waiting_messages_are_read_by_the_catalogue() -> None:
    """The kubelet's message names the cause; without one the reasons of the image path are enough."""
    (named,) = of(pod(status={"containerStatuses": [status(state={"waiting": {
        "reason": "CreateContainerConfigError", "message": "couldn't find key password in Secret shop/db",
    }})]}))  # fmt: skip
    assert [(one.sign, one.means) for one in named.messages] == [("config_key_missing", "missing_config_or_secret")]
    (image,) = of(pod(status={"containerStatuses": [status(state={"waiting": {"reason": "ImagePullBackOff"}})]}))
    assert [one.means for one in image.messages] == ["image_pull_failure"]
    (start,) = of(
        pod(status={"containerStatuses": [status(state={"waiting": {"reason": "CreateContainerConfigError"}})]})
    )
    assert start.messages == ()


def test_a_termination_message_that_is_a_log_is_read_as_one() -> None:
    """With FallbackToLogsOnError the message is the end of the log."""
    text = 'Traceback (most recent call last):\n  File "/app/m.py", line 3, in <module>\n    x()\nValueError: bad\n'
    (one,) = of(pod(status={"containerStatuses": [status(state=terminated(1, "Error", message=text))]}))
    assert [(said.sign, said.text, said.writer) for said in one.messages] == [
        ("uncaught_error", "ValueError: bad", "program")
    ]


def test_a_program_that_imitates_the_runtime_is_still_a_program() -> None:
    """Only where no program ran, the runtime wrote the message."""
    text = "Container app failed liveness probe, will be restarted"
    (one,) = of(pod(status={"containerStatuses": [status(state=terminated(1, "Error", message=text))]}))
    assert [(said.means, said.writer) for said in one.messages] == [(None, "program")]


def test_a_page_of_a_list_is_cut() -> None:
    """A list that goes on elsewhere says so."""
    body = json.dumps(
        {
            "kind": "PodList",
            "apiVersion": "v1",
            "metadata": {"continue": "x", "remainingItemCount": 7},
            "items": [pod()],
        }
    )
    assert [cut.why for cut in cuts("k8s.containers", raw(body, "kubernetes_objects"))] == [
        "one page of a list, 7 items follow"
    ]


def test_an_empty_list_of_pods_is_an_answer_and_a_node_is_none() -> None:
    """No pod in a PodList is known; a text about something else says nothing of pods."""
    empty = json.dumps({"kind": "PodList", "apiVersion": "v1", "items": []})
    assert read("k8s.containers", raw(empty, "kubernetes_objects")) == []
    node = json.dumps({"kind": "Node", "apiVersion": "v1", "metadata": {"name": "n1"}})
    assert [cut.nothing for cut in cuts("k8s.containers", raw(node, "kubernetes_objects"))] == [True]


@pytest.mark.parametrize(
    "broken",
    [
        {"metadata": "text"}, {"spec": []}, {"status": {"containerStatuses": {"a": 1}}},
        {"status": {"containerStatuses": [{"name": "app", "restartCount": "many"}]}},
        {"metadata": {"labels": {"a": 1}}},
    ],
)  # fmt: skip
def test_a_pod_of_another_shape_is_skipped_and_said(broken: dict[str, Any]) -> None:
    """One broken pod neither stops the reader nor vanishes."""
    body = json.dumps({"kind": "List", "apiVersion": "v1", "items": [{**pod(), **broken}, pod()]})
    given = raw(body, "kubernetes_objects")
    assert len(readings("k8s.containers", given)) == 1
    assert len(skipped("k8s.containers", given)) == 1


def test_events_beside_their_pod_tell_no_state_of_it() -> None:
    """The pod itself is the better source."""
    event = {"kind": "Event", "apiVersion": "v1", "reason": "BackOff", "message": "Back-off restarting failed container",
             "involvedObject": {"kind": "Pod", "namespace": "shop", "name": "api-1"}, "lastTimestamp": AT.isoformat()}  # fmt: skip
    assert [one.state for one in of(pod(), event)] == ["running"]
