"""What the examples of the language conclude: one test per row of the table in docs/language.md's design."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from typing import Any

import pytest

from runbookctl.model import Diagnosis, Verdict

Analyze = Callable[..., Diagnosis]

BOOT = "[    0.000000] Linux version 6.8.0 (builder) #1 SMP\n"
XID = "NVRM: Xid (PCI:0000:3b:00): {}\n"
NOW = dt.datetime(2026, 11, 22, 2, 48, 0, tzinfo=dt.UTC)
POD_UID = "7f1d2c3a-0b4e-4d5f-8a6b-9c0d1e2f3a4b"
OOM = (
    "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=cri-containerd-{id}.scope,mems_allowed=0,"
    "oom_memcg={scope},task_memcg={victim},task=python3,pid=4242,uid=0\n"
    "Memory cgroup out of memory: Killed process 4242 (python3) total-vm:9000kB, anon-rss:8000kB, file-rss:0kB, "
    "shmem-rss:0kB, UID:0 pgtables:60kB oom_score_adj:999\n"
)
CONTAINER_ID = "90fc146c3d2178b91779a677fd24955d9dba25b54ca3738a4b388df1814ef7ca"
SLICE = f"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{POD_UID.replace('-', '_')}.slice"
VICTIM = f"{SLICE}/cri-containerd-{CONTAINER_ID}.scope"


def pod(
    name: str = "api-1", *, code: int = 137, reason: str = "Error", ended: str = "2026-11-22T02:47:35Z",
    limit: str | None = "32Mi", waiting: str | None = "CrashLoopBackOff", node: str = "n1", ready: bool = False,
    restarts: int = 2, uid: str = POD_UID,
) -> dict[str, Any]:  # fmt: skip
    """Return a pod whose only container ended like this."""
    state: dict[str, Any] = {"waiting": {"reason": waiting, "message": "back-off"}} if waiting else {"running": {}}
    last = {
        "exitCode": code, "reason": reason, "finishedAt": ended, "startedAt": "2026-11-22T02:40:00Z",
        "containerID": f"containerd://{CONTAINER_ID}",
    }  # fmt: skip
    status = {
        "name": "app", "ready": ready, "restartCount": restarts, "image": "app:1", "imageID": "app@sha256:1",
        "containerID": f"containerd://{CONTAINER_ID}", "state": state, "lastState": {"terminated": last},
        "started": not waiting,
    }  # fmt: skip
    limits = {"limits": {"memory": limit}} if limit else {}
    return {
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": "shop", "uid": uid, "creationTimestamp": "2026-11-22T01:00:00Z"},
        "spec": {"nodeName": node, "containers": [{"name": "app", "image": "app:1", "resources": limits}]},
        "status": {
            "phase": "Running", "startTime": "2026-11-22T01:00:00Z", "containerStatuses": [status],
            "conditions": [{"type": "PodScheduled", "status": "True"}, {"type": "Ready", "status": str(ready)}],
        },
    }  # fmt: skip


def listed(*items: dict[str, Any]) -> str:
    """Return objects as `kubectl get -o json` prints them."""
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": list(items)}, indent=1)


def event(reason: str, message: str, *, name: str = "api-1", when: str = "2026-11-22T02:47:35Z") -> dict[str, Any]:
    """Return an event about the container of a pod."""
    return {
        "apiVersion": "v1", "kind": "Event", "type": "Warning", "reason": reason, "message": message, "count": 1,
        "metadata": {"name": f"{name}.1", "namespace": "shop"}, "source": {"component": "kubelet", "host": "n1"},
        "involvedObject": {
            "kind": "Pod", "name": name, "namespace": "shop", "uid": POD_UID, "fieldPath": "spec.containers{app}",
        },
        "firstTimestamp": when, "lastTimestamp": when,
    }  # fmt: skip


def codes(diagnosis: Diagnosis) -> list[str]:
    """Return the codes of the causes."""
    return [cause.code for cause in diagnosis.causes]


def roots(diagnosis: Diagnosis) -> list[str]:
    """Return the codes of the root causes."""
    return [cause.code for cause in diagnosis.causes if cause.root]


def open_steps(diagnosis: Diagnosis, code: str) -> set[str]:
    """Return the steps that could still rule a cause out."""
    cause = next(cause for cause in diagnosis.causes if cause.code == code)
    return {one.what.partition(":")[0] for one in cause.not_ruled_out}


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("79, pid='<unknown>', name=<unknown>, GPU has fallen off the bus.", "gpu_fell_off_bus"),
        ("31, pid=9, name=python3, Ch 00000008, intr 00000000. MMU Fault: ENGINE GRAPHICS", "app_gpu_memory_fault"),
        ("45, pid=9, name=python3, Ch 00000008 caused by previous Xid 149", "nvlink_fault"),
    ],
)
def test_one_line_of_a_kernel_log(analyze: Analyze, line: str, code: str) -> None:
    """One Xid line names its cause; a fault of the program is not ruled out to be hardware."""
    found = analyze(XID.format(line))
    assert codes(found)[:1] == [code]
    if code == "app_gpu_memory_fault":
        assert "gpus" in open_steps(found, code)


def test_a_log_cut_at_its_head_keeps_the_hardware_open(analyze: Analyze) -> None:
    """What was cut away may hold an older hardware fault."""
    found = analyze("[runbookctl: 9 lines (99 bytes) left out]\n" + XID.format("31, pid=9, name=a, Ch 1, MMU Fault"))
    assert codes(found) == ["app_gpu_memory_fault"]
    assert "xids" in open_steps(found, "app_gpu_memory_fault")


def test_one_kernel_line_about_a_container(analyze: Analyze) -> None:
    """A memory cgroup kill in the container's own group is its limit, about the pod that the line names."""
    found = analyze(OOM.format(id=CONTAINER_ID, scope=VICTIM, victim=VICTIM))
    assert codes(found) == ["container_oom_killed"]
    assert POD_UID in found.causes[0].subject


def test_oomkilled_with_a_limit(analyze: Analyze) -> None:
    """The label with a limit is the container's limit; only the kernel log could blame the whole node."""
    found = analyze(listed(pod(reason="OOMKilled")), at=NOW)
    assert codes(found) == ["container_oom_killed"]
    assert "kernel" in open_steps(found, "container_oom_killed")


def test_the_sum_of_all_pods_is_the_node(analyze: Analyze) -> None:
    """`oom_memcg=/kubepods` means that all pods together ran out: the node, and nothing else."""
    kernel = OOM.format(id=CONTAINER_ID, scope="/kubepods.slice", victim=VICTIM)
    found = analyze(listed(pod(reason="OOMKilled")), kernel, at=NOW)
    assert codes(found) == ["node_oom"]
    assert found.causes[0].subject == "node/n1"


def test_137_without_a_kernel_log_is_unknown(analyze: Analyze) -> None:
    """SIGKILL alone says nothing: the kernel log is what is missing."""
    found = analyze(listed(pod()), at=NOW)
    assert (codes(found), found.verdict) == ([], Verdict.UNKNOWN)
    assert {"kernel", "logs"} <= {one.what for one in found.unknown}


def test_137_with_everything_read_and_no_kill(analyze: Analyze) -> None:
    """With a whole kernel log, events and log that name nothing it is a SIGKILL of nobody known."""
    kernel = BOOT + "[  100.0] eth0: link is up\n"
    events = listed(event("Started", "Started container app", when="2026-11-22T02:40:00Z"))
    found = analyze(listed(pod()), events, kernel, "ready\n", at=NOW)
    assert codes(found) == ["killed_not_oom"]


def test_137_after_a_failed_liveness_probe(analyze: Analyze) -> None:
    """The kubelet says that it killed the container."""
    killing = event("Killing", "Container app failed liveness probe, will be restarted")
    assert codes(analyze(listed(pod()), listed(killing), at=NOW)) == ["liveness_probe_failure"]


def test_137_seventy_minutes_ago_with_expired_events_is_unknown(analyze: Analyze) -> None:
    """The liveness event may have expired, so that its absence proves nothing."""
    events = listed(event("Started", "Started container app", when="2026-11-22T02:47:00Z"))
    old = listed(pod(ended="2026-11-22T01:37:00Z"))
    found = analyze(old, events, BOOT, "ready\n", at=NOW)
    assert (codes(found), found.verdict) == ([], Verdict.UNKNOWN)


@pytest.mark.parametrize(
    ("log", "code"),
    [
        ("FATAL: could not connect to database db:5432: connection refused\n", "dependency_unreachable"),
        (
            'Traceback (most recent call last):\n  File "a.py", line 1, in <module>\nValueError: bad\n',
            "application_error",
        ),
        (
            (
                'Traceback (most recent call last):\n  File "a.py", line 1, in <module>\n'
                "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 79.1 GiB\n"
            ),
            "cuda_out_of_memory",
        ),
    ],
)
def test_a_log_alone(analyze: Analyze, log: str, code: str) -> None:
    """What a program says last is its cause, also without a pod."""
    assert codes(analyze(log)) == [code]


def test_a_log_that_says_nothing_is_unknown(analyze: Analyze) -> None:
    """A log without a known word proves nothing."""
    found = analyze("2026-11-22T02:47:34Z INFO starting\n2026-11-22T02:47:35Z INFO ready\n")
    assert (codes(found), found.verdict) == ([], Verdict.UNKNOWN)


def test_events_alone(analyze: Analyze) -> None:
    """A back-off is a symptom; a liveness kill is a cause."""
    backoff = event("BackOff", "Back-off restarting failed container app in pod api-1_shop(1)")
    assert analyze(listed(backoff), at=NOW).verdict is Verdict.UNKNOWN
    killing = event("Killing", "Container app failed liveness probe, will be restarted")
    assert codes(analyze(listed(killing), at=NOW)) == ["liveness_probe_failure"]


def test_nvidia_smi_that_fails(analyze: Analyze) -> None:
    """A version mismatch is named; "could not communicate" alone decides nothing."""
    mismatch = "Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 550.144\n"
    assert codes(analyze(mismatch)) == ["driver_library_mismatch"]
    silent = (
        "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. "
        "Make sure that the latest NVIDIA driver is installed and running.\n"
    )
    found = analyze(silent)
    assert (codes(found), found.verdict) == ([], Verdict.UNKNOWN)


def test_an_image_that_needs_a_newer_driver(analyze: Analyze) -> None:
    """The runtime's refusal names the driver; nouveau on the card explains it."""
    refused = (
        "nvidia-container-cli: requirement error: unsatisfied condition: cuda>=12.4, please update your driver to a "
        "newer version, or use an earlier cuda container: unknown\n"
    )
    found = analyze(refused)
    assert codes(found) == ["cuda_driver_too_old"]
    assert "driver" in open_steps(found, "cuda_driver_too_old")
    nouveau = "3b:00.0 3D controller [0302]: NVIDIA Corporation GH100 [10de:2330]\n\tKernel driver in use: nouveau\n"
    assert roots(analyze(refused, nouveau)) == ["nouveau_conflict"]


def test_healthy_evidence_is_clear(analyze: Analyze) -> None:
    """A boot log, a healthy pod and an old restart are clear; what was not given is listed."""
    boot = (
        BOOT
        + "[   17.4] nvidia: loading out-of-tree module taints kernel.\n"
        + "[   17.5] nvidia: module verification failed: signature and/or required key missing - tainting kernel\n"
        + "[   17.9] NVRM: loading NVIDIA UNIX x86_64 Kernel Module  550.144.03  Wed Jan 29 00:00:00 UTC 2025\n"
    )
    found = analyze(boot)
    assert (codes(found), found.verdict) == ([], Verdict.CLEAR)
    assert "gpus" in {one.what for one in found.unknown if not one.given}
    healthy = pod(waiting=None, ready=True, restarts=0)
    healthy["status"]["containerStatuses"][0].pop("lastState")
    assert analyze(listed(healthy), at=NOW).verdict is Verdict.CLEAR
    old = pod(waiting=None, ready=True, ended="2026-11-10T02:47:35Z")
    assert analyze(listed(old), at=NOW).verdict is Verdict.CLEAR


def two_failing() -> str:
    """Return two pods of different owners that ended with exit code 1 and 139."""
    other = pod("api-2", code=1, reason="Error", uid="11111111-2222-3333-4444-555555555555")
    return listed(pod("api-1", code=139), other)


def test_two_failing_pods(analyze: Analyze) -> None:
    """Each pod is judged for itself; an unnamed log speaks of neither and is an item of its own."""
    alone = analyze(two_failing(), at=NOW)
    assert codes(alone) == ["segfault"]
    assert any(one.what == "logs" and "api-2" in one.subject for one in alone.unknown)
    log = "FATAL: could not connect to database db:5432: connection refused\n"
    unnamed = analyze(two_failing(), log, at=NOW)
    assert sorted(codes(unnamed)) == ["dependency_unreachable", "segfault"]
    about = {cause.code: cause.subject for cause in unnamed.causes}
    assert about["dependency_unreachable"].startswith("pasted/")
    assert any(one.what == "logs" and "api-2" in one.subject for one in unnamed.unknown)


def test_oom_beside_an_xid_stays_two_roots(analyze: Analyze) -> None:
    """The OOM kill of a pod and a GPU that left the bus on its node are two causes."""
    kernel = f"Nov 22 02:47:00 n1 kernel: {XID.format('79, pid=1, name=a, GPU has fallen off the bus.')}"
    found = analyze(listed(pod(reason="OOMKilled")), kernel, at=NOW)
    assert sorted(roots(found)) == ["container_oom_killed", "gpu_fell_off_bus"]


def test_an_abort_on_the_xids_node_is_a_symptom(analyze: Analyze) -> None:
    """Exit 134 beside an Xid of its node is explained by it, on another node it is not."""
    line = XID.format("48, pid=1, name=a, An uncorrectable double bit error (DBE) has been detected")
    log = "terminate called after throwing an instance of 'c10::Error'\n"
    beside = analyze(listed(pod(code=134)), f"Nov 22 02:47:00 n1 kernel: {line}", BOOT, log, at=NOW)
    assert "gpu_uncorrectable_ecc" in roots(beside)
    assert "application_error" not in roots(beside)
    elsewhere = analyze(listed(pod(code=134)), f"Nov 22 02:47:00 n2 kernel: {line}", log, at=NOW)
    assert "application_error" in roots(elsewhere)


def test_exit_1_with_cuda_out_of_memory_in_the_log(analyze: Analyze) -> None:
    """GPU memory is not the container's memory."""
    log = "RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB (GPU 0; 79.15 GiB total capacity)\n"
    assert codes(analyze(listed(pod(code=1)), log, at=NOW)) == ["cuda_out_of_memory"]


def test_an_oom_label_with_exit_143_is_no_cause(analyze: Analyze) -> None:
    """The label contradicts the memory evidence: more memory must not be proposed."""
    found = analyze(listed(pod(code=143, reason="OOMKilled")), at=NOW)
    assert "container_oom_killed" not in codes(found)


def test_a_pod_table_is_a_symptom_and_no_cause(analyze: Analyze) -> None:
    """`kubectl get pods` has no exit code, so that nothing can be concluded."""
    table = (
        "NAME    READY   STATUS             RESTARTS      AGE\napi-1   0/1     CrashLoopBackOff   5 (10s ago)   5m\n"
    )
    found = analyze(table)
    assert (codes(found), found.verdict) == ([], Verdict.UNKNOWN)
