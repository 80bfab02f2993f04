"""The runbooks on pending pods, nodes and rollouts: their recorded tests, their translations, every recorded scenario."""

from __future__ import annotations

import re

import pytest
from judging import RUNBOOKS, book, codes, judged, open_points, recording, scenario

from runbookctl.engine import testing
from runbookctl.language import recorded
from runbookctl.language.translations import translation_mistakes

OURS = ("k8s/pending", "k8s/node", "k8s/rollout")


def cases() -> list[tuple[str, str]]:
    """Return runbook and name of every recorded case."""
    return [(name, case.name) for name in OURS for case in recorded.load(RUNBOOKS / f"{name}.test.yaml").cases]


@pytest.fixture(scope="module")
def results() -> dict[tuple[str, str], testing.TestResult]:
    """Run every recorded test of the three runbooks once."""
    found = (one for name in OURS for one in testing.run(RUNBOOKS / f"{name}.yaml", RUNBOOKS))
    return {(one.runbook, one.case): one for one in found}


@pytest.mark.parametrize("key", cases(), ids=lambda key: f"{key[0]}: {key[1]}")
def test_a_recorded_case_comes_out_as_expected(
    key: tuple[str, str], results: dict[tuple[str, str], testing.TestResult]
) -> None:
    """What is concluded is right, and without each step nothing else is concluded unmarked."""
    assert results[key].failures == ()


@pytest.mark.parametrize("name", OURS)
def test_a_runbook_is_translated_whole(name: str) -> None:
    """Titles and summaries stand in Chinese, with holes that exist."""
    runbook = book(name)
    assert translation_mistakes(runbook) == ()
    text = (RUNBOOKS / f"{name}.zh.yaml").read_text(encoding="utf-8")
    ids = [
        *(one.id for one in runbook.steps),
        *(one.id for one in runbook.causes),
        *(one.id for one in runbook.remediations),
    ]
    assert [one for one in ids if not re.search(rf"(?m)^  {one}: .*[\u4e00-\u9fff]", text)] == []


SCENARIOS = {
    "crashloopbackoff": [], "createcontainerconfigerror": [], "exit-127": [], "gpu-running": [], "healthy": [],
    "imagepullbackoff": [], "init-container-failure": [], "liveness-probe-kill": [], "oomkilled": [], "segfault-139": [],
    "node-cordoned": [], "node-ready-8gpu": [], "rollout-stuck": [],
    "node-notready-kubelet-stopped": ["node_not_ready"],
    "pending-cpu": ["insufficient_cpu_or_memory"], "pending-gpu-insufficient": ["insufficient_gpu_capacity"],
    "pending-nodeselector": ["scheduling_constraint_mismatch"], "pending-taint": ["scheduling_constraint_mismatch"],
    "pending-pvc": ["pvc_unbound"], "quota-exceeded": ["resource_quota_exceeded"],
}  # fmt: skip


@pytest.mark.parametrize("folder", SCENARIOS)
def test_a_recorded_scenario_has_its_cause_and_no_other(folder: str) -> None:
    """All texts of a scenario together."""
    texts = [path.read_bytes() for path in scenario(folder)]
    assert codes(judged(*texts, only=OURS)) == SCENARIOS[folder]


@pytest.mark.parametrize("folder", SCENARIOS)
def test_each_text_of_a_scenario_alone_tells_its_cause_or_none(folder: str) -> None:
    """Less evidence gives unknown, never another cause."""
    for path in scenario(folder):
        assert set(codes(judged(path.read_bytes(), only=OURS))) <= set(SCENARIOS[folder]), path.name


@pytest.mark.parametrize(
    ("folder", "file"),
    [
        ("pending-cpu", "pod-cpu-pending.json"),
        ("pending-gpu-insufficient", "describe-gpu-overask.txt"),
        ("pending-taint", "describe-taint-pending.txt"),
    ],
)
def test_the_pod_itself_is_enough(folder: str, file: str) -> None:
    """Its condition or its events hold the verdict; whether it waits is known, too."""
    found = judged(recording(f"{folder}/{file}"), only=OURS)
    assert codes(found) == SCENARIOS[folder]
    assert not any(point.startswith(("targets", "verdicts")) for point in open_points(found))


def test_gpus_are_not_ruled_out_before_nodes_are_read() -> None:
    """The scheduler's words have three meanings; the nodes tell which."""
    pod = recording("pending-gpu-insufficient/describe-gpu-overask.txt")
    assert open_points(judged(pod, only=OURS)) == ["nodes: not given"]
    assert open_points(judged(pod, recording("node-ready-8gpu/node.json"), only=OURS)) == []
    assert open_points(judged(pod, recording("node-ready-8gpu/describe-node.txt"), only=OURS)) == []


def test_the_proof_stands_on_its_lines() -> None:
    """The request and the verdict are quoted with the lines on which they stand."""
    (cause,) = judged(recording("pending-gpu-insufficient/describe-gpu-overask.txt"), only=OURS).causes
    assert [(one.line, one.value) for one in cause.proof][:1] == [(22, "4")]
    assert {one.line for one in cause.proof} == {22, 45}
    (cause,) = judged(recording("node-notready-kubelet-stopped/describe-node.txt"), only=OURS).causes
    assert 26 in {one.line for one in cause.proof}
    assert cause.summary == "The kubelet is silent since 2026-11-22 02:22:36Z"


def test_a_silent_node_explains_what_its_taint_does() -> None:
    """A pod that no node takes because the only one is unreachable is a symptom of that node."""
    pod = (
        "LAST SEEN   TYPE      REASON             OBJECT          MESSAGE\n"
        "41s         Warning   FailedScheduling   pod/web-0       0/1 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/unreachable: }.\n"
    )
    found = judged(pod, recording("node-notready-kubelet-stopped/node.json"), only=OURS)
    assert [(cause.code, cause.root) for cause in found.causes] == [
        ("node_not_ready", True),
        ("scheduling_constraint_mismatch", False),
    ]


def test_a_plugin_that_is_gone_is_told_once_for_all_pods() -> None:
    """Two pods wait for GPUs of one node whose plugin does not run: one cause about the node."""
    pod = recording("pending-gpu-insufficient/describe-gpu-overask.txt")
    other = pod.replace(b"gpu-overask", b"gpu-second")
    node = recording("node-ready-8gpu/node.json").replace(b'"nvidia.com/gpu": "8"', b'"nvidia.com/gpu": "0"')
    (cause,) = judged(pod, other, node, only=("k8s/pending",)).causes
    assert (cause.code, cause.subject) == ("device_plugin_missing", "node/worker-gpu-01")
