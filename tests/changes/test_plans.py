"""What each change plans and prints."""

from __future__ import annotations

import datetime as dt
import shlex
from typing import Any

import pytest
from msgspec import UNSET

from runbookctl import changes
from runbookctl.changes import ApiCall, EvictPods, Manual, NodeCall, Notify, Ticket
from runbookctl.model import Subject

MI = 1 << 20
TRAINER = {"owner": "deployment/ml/trainer"}

PLANS: list[tuple[str, dict[str, Any], tuple[str, ...], str, tuple[Subject, ...]]] = [
    ("k8s.cordon", {"node": "gpu305"}, ("kubectl cordon gpu305",), "spec.unschedulable: true", (Subject(node="gpu305"),)),
    ("k8s.uncordon", {"node": "gpu305"}, ("kubectl uncordon gpu305",), "spec.unschedulable: false", (Subject(node="gpu305"),)),
    (
        "k8s.drain", {"node": "gpu305", "within": dt.timedelta(minutes=30)},
        ("kubectl drain gpu305 --ignore-daemonsets --delete-emptydir-data=false --timeout=30m",),
        "evicts the pods of gpu305 within 30m; DaemonSet pods stay", (Subject(node="gpu305"),),
    ),
    (
        "k8s.set_resources", {"owner": "deployment/trainer", "namespace": "ml", "container": "trainer", "memory_limit": 64 * MI},
        ("kubectl -n ml set resources deployment/trainer -c trainer --limits=memory=64Mi",),
        "limits.memory of trainer: 64Mi", (Subject(namespace="ml", workload="deployment/trainer"),),
    ),
    (
        "k8s.set_resources",
        {"owner": "statefulset/ml/db", "container": "db", "memory_limit": 1.5 * 1024 * MI, "cpu_limit": 1.5, "memory_request": 10**9, "cpu_request": 2},
        ("kubectl -n ml set resources statefulset/db -c db --limits=memory=1536Mi,cpu=1500m --requests=memory=1G,cpu=2",),
        "limits.memory of db: 1536Mi, limits.cpu of db: 1500m, requests.memory of db: 1G, requests.cpu of db: 2",
        (Subject(namespace="ml", workload="statefulset/db"),),
    ),
    (
        "k8s.set_resources", {**TRAINER, "container": "trainer", "remove": ["memory_limit"]},
        ("kubectl -n ml set resources deployment/trainer -c trainer --limits=memory=0",),
        "limits.memory of trainer: none", (Subject(namespace="ml", workload="deployment/trainer"),),
    ),
    (
        "k8s.rollback", {**TRAINER, "to": 3}, ("kubectl -n ml rollout undo deployment/trainer --to-revision=3",),
        "revision of deployment/ml/trainer: 3", (Subject(namespace="ml", workload="deployment/trainer"),),
    ),
    (
        "k8s.scale", {**TRAINER, "replicas": 5.0}, ("kubectl -n ml scale deployment/trainer --replicas=5",),
        "replicas of deployment/ml/trainer: 5", (Subject(namespace="ml", workload="deployment/trainer"),),
    ),
    (
        "k8s.label", {"pod": "ml/trainer-0", "label": "serving", "value": "out"},
        ("kubectl -n ml label pod trainer-0 serving=out --overwrite",),
        "label serving of pod/ml/trainer-0: out", (Subject(namespace="ml", pod="trainer-0"),),
    ),
    (
        "k8s.label", {"node": "gpu305", "label": "example.com/ready", "remove": True},
        ("kubectl label node gpu305 example.com/ready-",), "label example.com/ready of node/gpu305: none", (Subject(node="gpu305"),),
    ),
    (
        "k8s.rollout_restart", {"owner": "daemonset/kube-system/nvidia-device-plugin"},
        ("kubectl -n kube-system rollout restart daemonset/nvidia-device-plugin",),
        "replaces every pod of daemonset/kube-system/nvidia-device-plugin",
        (Subject(namespace="kube-system", workload="daemonset/nvidia-device-plugin"),),
    ),
    (
        "k8s.delete_pod", {"pod": "trainer-0", "namespace": "ml"}, ("kubectl -n ml delete pod trainer-0",),
        "deletes pod/ml/trainer-0; its owner makes another one", (Subject(namespace="ml", pod="trainer-0"),),
    ),
    (
        "k8s.taint", {"node": "gpu305", "key": "gpu", "value": "sick", "effect": "NoExecute"},
        ("kubectl taint nodes gpu305 gpu=sick:NoExecute --overwrite",), "taint of gpu305: gpu=sick:NoExecute", (Subject(node="gpu305"),),
    ),
    (
        "k8s.taint", {"node": "gpu305", "key": "gpu", "remove": True},
        ("kubectl taint nodes gpu305 gpu:NoSchedule-",), "taint gpu:NoSchedule of gpu305: none", (Subject(node="gpu305"),),
    ),
    (
        "k8s.set_image", {**TRAINER, "container": "trainer", "image": "registry.example/ml/trainer:1.4@sha256:" + "0a" * 32},
        ("kubectl -n ml set image deployment/trainer trainer=registry.example/ml/trainer:1.4@sha256:" + "0a" * 32,),
        "image of trainer: registry.example/ml/trainer:1.4@sha256:" + "0a" * 32, (Subject(namespace="ml", workload="deployment/trainer"),),
    ),
    (
        "node.command", {"node": "gpu305", "argv": ["nvidia-smi", "--gpu-reset"]},
        ("ssh gpu305 nvidia-smi --gpu-reset",), "ssh gpu305 nvidia-smi --gpu-reset", (Subject(node="gpu305"),),
    ),
    (
        "node.command", {"node": "gpu305", "argv": ["echo", "a b", "$(id)"]},
        ("ssh gpu305 'echo '\"'\"'a b'\"'\"' '\"'\"'$(id)'\"'\"''",), "ssh gpu305 'echo '\"'\"'a b'\"'\"' '\"'\"'$(id)'\"'\"''", (Subject(node="gpu305"),),
    ),
    ("node.reboot", {"node": "gpu305"}, ("ssh gpu305 sudo systemctl reboot",), "reboots gpu305: every pod and program on it ends", (Subject(node="gpu305"),)),
    (
        "node.restart_service", {"node": "worker-gpu-01", "service": "kubelet"},
        ("ssh worker-gpu-01 sudo systemctl restart kubelet",), "restarts kubelet on worker-gpu-01", (Subject(node="worker-gpu-01"),),
    ),
    (
        "node.reload_nvidia", {"node": "gpu305"},
        (
            "ssh gpu305 sudo systemctl stop nvidia-persistenced",
            "ssh gpu305 sudo modprobe -r nvidia_peermem nvidia_uvm nvidia_drm nvidia_modeset nvidia",
            "ssh gpu305 sudo modprobe -a nvidia nvidia_modeset nvidia_drm nvidia_uvm",
            "ssh gpu305 sudo systemctl start nvidia-persistenced",
        ),
        "loads the installed NVIDIA modules on gpu305", (Subject(node="gpu305"),),
    ),
    (
        "gpu.reset", {"node": "gpu305", "gpu": "00000000:3B:00.0"},
        ("ssh gpu305 sudo nvidia-smi --gpu-reset -i 0000:3b:00",), "resets GPU 0000:3b:00 of gpu305", (Subject(node="gpu305", gpu="0000:3b:00"),),
    ),
    ("gpu.reset", {"node": "gpu305"}, ("ssh gpu305 sudo nvidia-smi --gpu-reset",), "resets every GPU of gpu305", (Subject(node="gpu305"),)),
    ("notify.message", {"say": "Xid 31 on gpu305\n0000:3b:00"}, (), "tells: Xid 31 on gpu305 0000:3b:00", ()),
    ("ticket.open", {"title": "GPU 0000:3b:00 of gpu305", "serial": "1654922001234"}, (), "opens a ticket: GPU 0000:3b:00 of gpu305 (serial 1654922001234)", ()),
    ("ticket.open", {"title": "GPU 0000:3b:00 of gpu305", "serial": None}, (), "opens a ticket: GPU 0000:3b:00 of gpu305", ()),
    ("manual", {"say": "Correct the probe of app"}, (), "Correct the probe of app", ()),
]  # fmt: skip


@pytest.mark.parametrize(("change", "values", "commands", "says", "subjects"), PLANS)
def test_a_plan_prints_exactly_what_a_person_would_paste(
    change: str, values: dict[str, Any], commands: tuple[str, ...], says: str, subjects: tuple[Subject, ...]
) -> None:
    """Commands, the one line and the subjects are these, and every command can be pasted."""
    planned = changes.plan(change, values)
    assert planned.commands == commands
    assert planned.says == says
    assert planned.subjects == subjects
    for command in planned.commands:
        assert shlex.join(shlex.split(command)) == command


def test_every_change_is_planned_above_and_says_how_it_is_undone() -> None:
    """No change is without a test, a docstring line, an INVERSE that exists and a LEVEL."""
    assert {change for change, *_ in PLANS} == set(changes.ids())
    for change in changes.ids():
        module = changes.load(change)
        assert module is not None
        assert (module.__doc__ or "").split("\n", 1)[0].endswith(".")
        assert module.INVERSE is None or module.INVERSE in changes.ids()
        assert module.LEVEL in (None, "node", "gpu", "workload", "pod")


def test_what_is_no_change_is_not_loaded() -> None:
    """Families, private modules, paths and unknown names are None."""
    for name in (
        "k8s",
        "_holes",
        "k8s.nothing",
        "nothing.cordon",
        "k8s.cordon.plan",
        "../k8s",
        "",
        ".",
        "k8s._x",
        "os.path",
    ):
        assert changes.load(name) is None


@pytest.mark.parametrize(("change", "values"), [(change, values) for change, values, *_ in PLANS])
def test_the_api_and_node_calls_agree_with_the_commands(change: str, values: dict[str, Any]) -> None:
    """A node call is the printed command; an API call has no empty segment and only known content types."""
    planned = changes.plan(change, values)
    ssh = [call for call in planned.calls if isinstance(call, NodeCall)]
    if ssh:
        assert len(ssh) == len(planned.commands)
        for sent, command in zip(ssh, planned.commands, strict=True):
            words = shlex.split(command)
            assert words[:2] == ["ssh", sent.node]
            assert tuple(shlex.split(" ".join(words[2:]))) == sent.argv
    for call in planned.calls:
        assert isinstance(call, ApiCall | NodeCall | EvictPods | Notify | Manual | Ticket)
        if isinstance(call, ApiCall):
            assert call.path().startswith(("/api/v1/", "/apis/apps/v1/"))
            assert call.dry_run
            read = {each.id for each in planned.reads} | {"call"}
            assert {fill.read for fill in call.fills} <= read
            assert any(fill.take == ("metadata", "uid") for fill in call.fills), "the object is the one that was read"


def test_set_resources_sends_only_the_container_that_is_meant() -> None:
    """The patch names the container and the one limit, and the object must be the one that was read."""
    call = changes.plan("k8s.set_resources", {**TRAINER, "container": "trainer", "memory_limit": 64 * MI}).calls[0]
    assert isinstance(call, ApiCall)
    sent = changes.filled(call, {"owner": {"metadata": {"uid": "u-1"}}})
    assert sent.path() == "/apis/apps/v1/namespaces/ml/deployments/trainer"
    assert sent.content_type == "application/strategic-merge-patch+json"
    assert sent.body == {
        "spec": {
            "template": {"spec": {"containers": [{"name": "trainer", "resources": {"limits": {"memory": "64Mi"}}}]}}
        },
        "metadata": {"uid": "u-1"},
    }


def test_a_cron_job_is_patched_below_its_job_template() -> None:
    """The pod template of a CronJob lies one level deeper."""
    planned = changes.plan("k8s.set_resources", {"owner": "cronjob/ml/nightly", "container": "job", "memory_limit": MI})
    assert isinstance(planned.calls[0], ApiCall)
    assert planned.calls[0].segments[:3] == ("apis", "batch", "v1")
    assert "jobTemplate" in planned.calls[0].body["spec"]


def test_a_rollback_takes_the_template_of_the_old_replica_set() -> None:
    """The right ReplicaSet is picked by revision and owner, and its hash label is not taken along."""
    planned = changes.plan("k8s.rollback", {**TRAINER, "to": "3"})

    def replica_set(revision: str, owner: str, image: str) -> dict[str, Any]:
        template = {
            "metadata": {"labels": {"app": owner, "pod-template-hash": "abc"}},
            "spec": {"containers": [{"image": image}]},
        }
        reference = {"kind": "Deployment", "name": owner, "uid": "u-1", "controller": True}
        annotations = {"deployment.kubernetes.io/revision": revision}
        return {
            "metadata": {"annotations": annotations, "ownerReferences": [reference]},
            "spec": {"template": template},
        }

    listed = {
        "items": [replica_set("3", "other", "x"), replica_set("2", "trainer", "y"), replica_set("3", "trainer", "good")]
    }
    revision = changes.picked(planned.reads[1], listed)
    call = planned.calls[0]
    assert isinstance(call, ApiCall)
    sent = changes.filled(call, {"owner": {"metadata": {"uid": "u-1"}}, "revision": revision})
    assert sent.body == [
        {"op": "test", "path": "/metadata/uid", "value": "u-1"},
        {
            "op": "replace",
            "path": "/spec/template",
            "value": {"metadata": {"labels": {"app": "trainer"}}, "spec": {"containers": [{"image": "good"}]}},
        },
    ]


def test_a_rollback_of_a_stateful_set_sends_its_controller_revision() -> None:
    """The revision's data is the patch; the UID is added."""
    planned = changes.plan("k8s.rollback", {"owner": "statefulset/ml/db", "to": 2})
    call = planned.calls[0]
    assert isinstance(call, ApiCall)
    data = {"spec": {"template": {"$patch": "replace", "spec": {}}}}
    sent = changes.filled(call, {"owner": {"metadata": {"uid": "u-2"}}, "revision": {"data": data}})
    assert sent.body == {**data, "metadata": {"uid": "u-2"}}


def test_a_taint_replaces_its_own_kind_and_keeps_the_others() -> None:
    """Other taints stay, the same key and effect is replaced, and the version that was read is demanded."""
    call = changes.plan("k8s.taint", {"node": "gpu305", "key": "gpu", "value": "sick"}).calls[0]
    assert isinstance(call, ApiCall)
    other = {"key": "gpu", "effect": "NoExecute"}
    node = {
        "metadata": {"uid": "u", "resourceVersion": "7"},
        "spec": {"taints": [{"key": "gpu", "value": "old", "effect": "NoSchedule"}, other]},
    }
    sent = changes.filled(call, {"node": node})
    assert sent.body["spec"]["taints"] == [other, {"key": "gpu", "value": "sick", "effect": "NoSchedule"}]
    assert sent.body["metadata"] == {"uid": "u", "resourceVersion": "7"}
    bare = changes.filled(call, {"node": {"metadata": {"uid": "u", "resourceVersion": "7"}, "spec": {}}})
    assert bare.body["spec"]["taints"] == [{"key": "gpu", "value": "sick", "effect": "NoSchedule"}]


def test_a_scale_applies_only_while_the_number_is_the_one_that_was_read() -> None:
    """Replicas set by somebody else in between make the patch fail."""
    call = changes.plan("k8s.scale", {**TRAINER, "replicas": 3}).calls[0]
    assert isinstance(call, ApiCall)
    sent = changes.filled(call, {"scale": {"metadata": {"uid": "u"}, "spec": {"replicas": 2}}})
    assert [step["value"] for step in sent.body] == ["u", 2, 3]
    assert all(step["value"] is not UNSET for step in sent.body)


def test_a_restart_is_stamped_with_the_time_of_the_call() -> None:
    """The plan holds no time of its own; the call does."""
    call = changes.plan("k8s.rollout_restart", TRAINER).calls[0]
    assert isinstance(call, ApiCall)
    sent = changes.filled(call, {"owner": {"metadata": {"uid": "u"}}, "call": {"time": "2026-11-22T03:06:01Z"}})
    annotations = sent.body["spec"]["template"]["metadata"]["annotations"]
    assert annotations == {"kubectl.kubernetes.io/restartedAt": "2026-11-22T03:06:01Z"}


def test_a_drain_sorts_the_pods_as_kubectl_does() -> None:
    """DaemonSet and static pods stay; bare pods and local data stop it, finished ones do not; the rest go, by UID."""
    from runbookctl.changes.k8s import drain

    def pod(name: str, kind: str | None = "ReplicaSet", phase: str = "Running", **more: Any) -> dict[str, Any]:
        owners = [{"kind": kind, "controller": True}] if kind else []
        meta = {"name": name, "namespace": "ml", "uid": f"u-{name}", "ownerReferences": owners, **more.get("meta", {})}
        return {"metadata": meta, "spec": {"volumes": more.get("volumes", [])}, "status": {"phase": phase}}

    local = [{"name": "scratch", "emptyDir": {}}]
    sorted_out = drain.sorted_out([
        pod("app"), pod("agent", "DaemonSet"), pod("static", None, meta={"annotations": {"kubernetes.io/config.mirror": "x"}}),
        pod("bare", None), pod("cache", volumes=local), pod("done", None, "Succeeded"), pod("old", volumes=local, phase="Failed"),
    ])  # fmt: skip
    assert [name for name, _ in sorted_out.going] == ["ml/app", "ml/done", "ml/old"]
    assert sorted_out.staying == (("ml/agent", "DaemonSet"), ("ml/static", "static pod"))
    assert sorted_out.stopping == (("ml/bare", "nothing makes it again"), ("ml/cache", "keeps data in an emptyDir"))
    eviction = sorted_out.going[0][1]
    assert eviction.path() == "/api/v1/namespaces/ml/pods/app/eviction"
    assert eviction.body["deleteOptions"] == {"preconditions": {"uid": "u-app"}}
