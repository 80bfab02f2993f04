"""The scheduler's messages taken apart: every version's shape, numbers, and what decides among several reasons."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbookctl.catalog import scheduling
from runbookctl.catalog.accelerators import has_nvidia, is_gpu, is_nvidia


def taken(message: str) -> list[tuple[str, int | None]]:
    """Return kind and number of nodes of each reason."""
    return [(one.kind, one.nodes) for one in scheduling.reasons(message)]


def test_the_table_matches_its_samples() -> None:
    """Each row is the first to match its own sample, and matches none of the texts beside it."""
    assert scheduling.mistakes() == []
    assert all(row.source for row in scheduling.rows())


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("0/1 nodes are available: 1 Insufficient cpu.", [("insufficient", 1)]),
        ("0/1 nodes are available: 1 Insufficient nvidia.com/gpu. no new claims to deallocate, preemption: 0/1 nodes are available: 1 No preemption victims found for incoming pod.", [("insufficient", 1)]),
        ("0/2 nodes are available: 1 cannot allocate all claims, 1 node(s) didn't match Pod's node affinity/selector. still not schedulable, preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.", [("device_claim", 1), ("node_affinity", 1)]),
        ("0/3 nodes are available: 3 node(s) had untolerated taint {node.kubernetes.io/not-ready: }.", [("taint", 3)]),
        ("0/3 nodes are available: 3 node(s) had taint {a/b: c}, that the pod didn't tolerate, 0 Insufficient cpu.", [("taint", 3), ("insufficient", 0)]),
        ("0/3 nodes are available: 1 node(s) had taints that the pod didn't tolerate, 2 node(s) were unschedulable.", [("taint", 1), ("cordoned", 2)]),
        ("0/3 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/unschedulable: }, 2 node(s) had untolerated taint(s).", [("cordoned", 1), ("taint", 2)]),
        ("0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims. preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.", [("claim", None)]),
        ("0/3 nodes are available: 3 pod has unbound immediate PersistentVolumeClaims.", [("claim", 3)]),
        ("pod has unbound immediate PersistentVolumeClaims (repeated 2 times)", [("claim", None)]),
        ('running "VolumeBinding" filter plugin for pod "db-0": pod has unbound immediate PersistentVolumeClaims', [("claim", None)]),
        ('persistentvolumeclaim "data" not found', [("claim", None)]),
        ("0/4 nodes are available: 1 node(s) didn't find available persistent volumes to bind, 3 node(s) didn't match PersistentVolume's node affinity.", [("claim", 1), ("volume_place", 3)]),
        ("0/5 nodes are available: 1 Too many pods, 2 node(s) didn't match pod topology spread constraints (missing required label), 2 node(s) didn't satisfy existing pods anti-affinity rules.", [("pods", 1), ("topology", 2), ("pod_affinity", 2)]),
        ("0/3 nodes are available: 1 node(s) didn't have free ports for the requested pod ports, 2 node is filtered out by the prefilter result.", [("ports", 1), ("node_name", 2)]),
        ("0/4 nodes are unavailable: 2 node(s) resource fit failed, 2 Insufficient nvidia.com/gpu.", [("other", 2), ("insufficient", 2)]),
        ("No nodes are available that match all of the predicates: Insufficient cpu (1), MatchNodeSelector (2).", [("insufficient", 1), ("node_affinity", 2)]),
        ("no nodes available to schedule pods", [("no_nodes", None)]),
        ("(combined from similar events): 0/1 nodes are available: 1 Insufficient memory.", [("insufficient", 1)]),
        ("0/3 nodes are available: 1 Insufficient cpu,\n   2 Insufficient memory.", [("insufficient", 1), ("insufficient", 2)]),
        ("skip schedule deleting pod: ml/train-0", [("other", None)]),
        ("0/3 nodes are available: ", []),
        ("", []),
    ],
)  # fmt: skip
def test_a_message_of_any_version_is_taken_apart(message: str, expected: list[tuple[str, int | None]]) -> None:
    """Counts and reasons are those that the filters gave; what is said of preemption is no reason."""
    assert taken(message) == expected


def test_a_resource_and_a_taint_are_named() -> None:
    """What lacks and which taint keeps the pod off is told, where it is printed."""
    found = scheduling.reasons(
        "0/2 nodes are available: 1 Insufficient nvidia.com/mig-1g.10gb, 1 node(s) had untolerated taint {nvidia.com/gpu: present}."
    )
    assert [(one.resource, one.taint, one.total) for one in found] == [
        ("nvidia.com/mig-1g.10gb", None, 2),
        (None, "nvidia.com/gpu", 2),
    ]


@pytest.mark.parametrize(
    ("message", "binding"),
    [
        ("0/6 nodes are available: 3 Insufficient cpu, 6 Insufficient nvidia.com/gpu.", ["nvidia.com/gpu"]),
        (
            "0/4 nodes are available: 1 node(s) were unschedulable, 1 Insufficient cpu, 3 Insufficient memory.",
            ["memory"],
        ),
        ("0/3 nodes are available: 1 Insufficient memory, 2 Insufficient cpu.", ["memory", "cpu"]),
        ("0/1 nodes are available: 1 Insufficient cpu, 1 Insufficient memory.", ["cpu", "memory"]),
        ("0/3 nodes are available: 2 Too many pods, 3 Insufficient cpu.", ["cpu"]),
    ],
)
def test_what_lacks_on_every_node_that_is_left_decides(message: str, binding: list[str]) -> None:
    """More of a resource that lacks on some nodes only would not help; where none lacks on all, each of them may."""
    assert [one.resource for one in scheduling.reasons(message) if one.binding and one.resource] == binding


@given(st.text(max_size=400))
def test_any_text_is_taken_apart_without_an_error(text: str) -> None:
    """A foreign text gives reasons or none, and those without a head are one of kind other or known."""
    for message in (
        text,
        f"0/3 nodes are available: {text}",
        f"0/3 nodes are available: 1 {text}, 2 Insufficient cpu.",
    ):
        found = scheduling.reasons(message)
        assert all(one.nodes is None or one.nodes >= 0 for one in found)


def test_long_messages_end() -> None:
    """Ten thousand reasons are bounded."""
    message = "0/9 nodes are available: " + ", ".join(f"{number} Insufficient cpu" for number in range(10_000)) + "."
    assert len(scheduling.reasons(message)) <= 200


def test_network_devices_of_nvidia_are_no_gpus() -> None:
    """A resource is a GPU by its name, not by its vendor."""
    assert is_gpu("nvidia.com/gpu")
    assert is_gpu("amd.com/gpu")
    assert not is_nvidia("amd.com/gpu")
    assert is_nvidia("nvidia.com/mig-3g.40gb")
    assert not is_gpu("nvidia.com/sriov_rdma_vf")


@pytest.mark.parametrize(
    ("labels", "has"),
    [
        ({"nvidia.com/gpu.present": "true"}, True),
        ({"nvidia.com/gpu.present": "false"}, False),
        ({"feature.node.kubernetes.io/pci-10de.present": "true"}, True),
        ({"cloud.google.com/gke-accelerator": "nvidia-h100-80gb"}, True),
        ({"nvidia.com/gpu.product": "NVIDIA-H200", "nvidia.com/gpu.count": "0"}, False),
        ({"nvidia.com/gpu.present": "true", "nvidia.com/gpu.workload.config": "vm-vgpu"}, False),
        ({"nvidia.com/gpu.present": "true", "nvidia.com/gpu.deploy.device-plugin": "paused-for-mig-change"}, False),
        ({"kubernetes.io/hostname": "n1"}, False),
    ],
)
def test_labels_tell_whether_a_node_has_gpus_for_containers(labels: dict[str, str], has: bool) -> None:
    """GPUs of virtual machines, and those whose plugin is paused, are not missing."""
    assert has_nvidia(labels) is has
