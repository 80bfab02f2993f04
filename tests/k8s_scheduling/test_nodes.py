"""Nodes: what each text tells of readiness, conditions, GPUs, events, the kubelet's port and systemd's units."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from judging import cuts, objects, raw, read, readings, recording, skipped
from msgspec import UNSET

from runbookctl import forms
from runbookctl.errors import InputError
from runbookctl.forms import systemd_unit
from runbookctl.model import NodeCommand, Subject
from runbookctl.probes.k8s import node_conditions, node_events, nodes
from runbookctl.probes.node import kubelet

SILENT = "node-notready-kubelet-stopped"
EVENTS = "LAST SEEN   TYPE      REASON                      OBJECT      MESSAGE\n"
UNITS = """● kubelet.service - kubelet: The Kubernetes Node Agent
     Loaded: loaded (/lib/systemd/system/kubelet.service; enabled; preset: enabled)
     Active: failed (Result: oom-kill) since Sun 2026-11-22 02:47:35 UTC; 3min ago
   Main PID: 2211 (code=killed, signal=KILL)

● containerd.service - containerd container runtime
     Loaded: loaded (/lib/systemd/system/containerd.service; enabled; preset: enabled)
     Active: active (running) since Sat 2026-11-21 02:47:35 UTC; 1 day ago

● nginx.service - A high performance web server
     Active: failed (Result: exit-code) since Sun 2026-11-22 02:47:35 UTC; 3min ago
"""


def node(**status: Any) -> dict[str, Any]:
    """Return a node whose kubelet reports that it is ready."""
    ready = {"type": "Ready", "status": "True", "reason": "KubeletReady", "message": "kubelet is posting ready status",
             "lastHeartbeatTime": "2026-11-22T02:47:00Z", "lastTransitionTime": "2026-11-20T02:47:00Z"}  # fmt: skip
    return {
        "kind": "Node", "apiVersion": "v1", "metadata": {"name": "n1", "creationTimestamp": "2026-11-20T02:40:00Z"},
        "spec": {}, "status": {"conditions": [ready], "capacity": {}, "allocatable": {}, **status},
    }  # fmt: skip


def one_node(value: dict[str, Any]) -> Any:
    """Return the reading of one node."""
    (one,) = readings("k8s.nodes", raw(objects(value), "kubernetes_objects"))
    return one


def unready(status: str, message: str) -> dict[str, Any]:
    """Return a node that is not ready."""
    return node(
        conditions=[
            {"type": "Ready", "status": status, "message": message, "lastHeartbeatTime": "2026-11-22T02:40:00Z"}
        ]
    )


def test_a_silent_kubelet_is_told_by_every_form() -> None:
    """Description and object say since when, the table only that it is not ready, the lease when it was renewed last."""
    (described,) = readings("k8s.nodes", raw(recording(f"{SILENT}/describe-node.txt"), "kubectl_describe_node"))
    (written,) = readings("k8s.nodes", raw(recording(f"{SILENT}/node.json"), "kubernetes_objects"))
    (tabled,) = readings("k8s.nodes", raw(recording(f"{SILENT}/get-nodes.txt"), "kubectl_get_table"))
    (lease,) = readings("k8s.nodes", raw(recording(f"{SILENT}/node-lease.json"), "kubernetes_objects"))
    for one in (described, written):
        assert (one.name, one.ready, one.silent) == ("worker-gpu-01", False, True)
        assert one.trouble == "The kubelet is silent since 2026-11-22 02:22:36Z"
        assert one.taints[0].startswith("node.kubernetes.io/unreachable:")
    assert (tabled.ready, tabled.silent, tabled.trouble) == (False, UNSET, "kubectl get nodes prints NotReady")
    assert lease.lease == dt.datetime(2026, 11, 22, 2, 22, 30, 390410, tzinfo=dt.UTC)
    assert (lease.name, lease.ready) == ("worker-gpu-01", UNSET)
    assert described.lease == lease.lease.replace(microsecond=0)


def test_a_cordon_is_no_trouble() -> None:
    """It is told as what it is."""
    (one,) = readings("k8s.nodes", raw(recording("node-cordoned/node.json"), "kubernetes_objects"))
    assert (one.ready, one.trouble, one.unschedulable) == (True, None, True)
    (row,) = readings("k8s.nodes", raw(recording("node-cordoned/get-nodes.txt"), "kubectl_get_table"))
    assert (row.ready, row.unschedulable) == (True, True)


def test_the_kubelets_own_words_say_what_is_down() -> None:
    """A runtime that does not answer and a network that is not set up are different work."""
    down = one_node(
        unready("False", "[container runtime is down, PLEG is not healthy: pleg was last seen active 3m5s ago]")
    )
    assert (down.silent, down.runtime_down, down.network_down) == (False, True, False)
    network = one_node(
        unready("False", "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady")
    )
    assert (network.runtime_down, network.network_down) == (False, True)
    assert network.trouble.startswith("The kubelet reports: container runtime network not ready")


@pytest.mark.parametrize(
    ("capacity", "allocatable", "expected"),
    [
        ({"nvidia.com/gpu": "8"}, {"nvidia.com/gpu": "8"}, (True, True, False)),
        ({"nvidia.com/gpu": "8"}, {"nvidia.com/gpu": "0"}, (True, False, False)),
        ({"nvidia.com/gpu": "0"}, {"nvidia.com/gpu": "0"}, (False, False, True)),
        ({"nvidia.com/gpu": "0", "nvidia.com/mig-1g.10gb": "7"}, {"nvidia.com/mig-1g.10gb": "7"}, (True, True, False)),
        ({}, {}, (False, False, False)),
    ],
)
def test_gpus_are_offered_held_or_set_to_nothing(
    capacity: dict[str, str], allocatable: dict[str, str], expected: tuple[bool, bool, bool]
) -> None:
    """Capacity is what the plugin knows, allocatable what is healthy; the kubelet sets both to 0 without a plugin."""
    one = one_node(node(capacity=capacity, allocatable=allocatable))
    assert (one.has_gpus, one.advertises, one.zeroed) == expected


def test_a_description_tells_what_is_used() -> None:
    """Eight of eight GPUs are requested on the cordoned node, one on the other."""
    (busy,) = readings("k8s.nodes", raw(recording("node-cordoned/describe-node.txt"), "kubectl_describe_node"))
    (free,) = readings("k8s.nodes", raw(recording("node-ready-8gpu/describe-node.txt"), "kubectl_describe_node"))
    assert [(offer.name, offer.capacity, offer.allocatable, offer.used) for offer in busy.gpus] == [
        ("nvidia.com/gpu", 8, 8, 8)
    ]
    assert free.gpus[0].used == 1


def test_conditions_are_told_one_by_one() -> None:
    """Each with its line in a description; an Unknown one is no pressure."""
    found = readings("k8s.node_conditions", raw(recording(f"{SILENT}/describe-node.txt"), "kubectl_describe_node"))
    assert [(one.type, one.status, one.problem, one.line) for one in found] == [
        ("MemoryPressure", "Unknown", False, 23), ("DiskPressure", "Unknown", False, 24), ("PIDPressure", "Unknown", False, 25),
        ("Ready", "Unknown", True, 26),
    ]  # fmt: skip
    given = [
        {"type": "MemoryPressure", "status": "True"},
        {"type": "Ready", "status": "True"},
        {"type": "Sunny", "status": "False"},
    ]
    told = readings("k8s.node_conditions", raw(objects(node(conditions=given)), "kubernetes_objects"))
    assert [one.type for one in told if one.problem] == ["MemoryPressure"]


def test_what_a_later_event_takes_back_is_history() -> None:
    """The last event of each kind counts, in whatever order they are listed."""
    table = (
        EVENTS
        + "5m          Normal    NodeReady                   node/n1     Node n1 status is now: NodeReady\n9m          Normal    NodeNotReady                node/n1     Node n1 status is now: NodeNotReady\n3m          Normal    NodeNotReady                node/n2     Node n2 status is now: NodeNotReady\n"
    )
    found = readings("k8s.node_events", raw(table, "kubectl_events"))
    assert sorted((one.node, one.kind) for one in found) == [("n1", "calm"), ("n2", "not_ready")]


def test_events_of_a_node_are_read_from_every_form() -> None:
    """The object list, the description and a table tell the same."""
    (written,) = readings("k8s.node_events", raw(recording(f"{SILENT}/node-events.list.json"), "kubernetes_objects"))
    (described,) = readings("k8s.node_events", raw(recording(f"{SILENT}/describe-node.txt"), "kubectl_describe_node"))
    assert written.kind == described.kind == "not_ready"
    assert written.time == described.time == dt.datetime(2026, 11, 22, 2, 23, 31, tzinfo=dt.UTC)
    (calm,) = readings("k8s.node_events", raw(recording("node-ready-8gpu/node-events.list.json"), "kubernetes_objects"))
    assert (calm.node, calm.kind) == ("worker-gpu-01", "calm")


def test_events_of_pods_are_none_of_a_node() -> None:
    """A list of them was not supplied as events of a node."""
    (cut,) = cuts("k8s.node_events", raw(recording("healthy/events.list.json"), "kubernetes_objects"))
    assert cut.nothing


def test_a_refused_connection_means_that_the_machine_answers() -> None:
    """Nothing listens at the kubelet's port, and something said so."""
    (one,) = readings("node.kubelet", raw(recording(f"{SILENT}/logs-error.txt"), "kubectl_error"))
    assert (one.machine, one.address, one.state, one.line) == ("answers", "10.244.0.1", UNSET, 1)
    away = 'Error from server: Get "https://[fd00::7]:10250/exec/a/b/c": dial tcp [fd00::7]:10250: connect: no route to host'
    (one,) = readings("node.kubelet", raw(away, "kubectl_error"))
    assert (one.machine, one.address) == ("unreachable", "[fd00::7]")


def test_a_database_that_refuses_is_no_kubelet() -> None:
    """Another port is another program."""
    (cut,) = read(
        "node.kubelet", raw("Error from server: dial tcp 10.0.0.1:5432: connect: connection refused", "kubectl_error")
    )
    assert cut.nothing


def test_systemd_tells_of_kubelet_and_runtime_alone() -> None:
    """Other units of the text are none of ours."""
    found = readings("node.kubelet", raw(UNITS, "systemd_unit"))
    assert [(one.unit, one.name, one.state, one.result) for one in found] == [
        ("kubelet", "kubelet", "failed", "oom-kill"), ("runtime", "containerd", "running", None),
    ]  # fmt: skip
    assert found[0].time == dt.datetime(2026, 11, 22, 2, 47, 35, tzinfo=dt.UTC)
    assert found[0].line == 3


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("Unit kubelet.service could not be found.", "absent"),
        ("● kubelet.service - kubelet\n     Active: inactive (dead)", "stopped"),
        (
            "● kubelet.service - kubelet\n     Active: activating (auto-restart) (Result: exit-code) since Sun 2026-11-22 02:47:35 UTC; 3s ago",
            "restarting",
        ),
        (
            "● kubelet.service - kubelet\n     Active: activating (start) since Sun 2026-11-22 02:47:35 UTC; 3s ago",
            UNSET,
        ),
        (
            "* k3s-agent.service - Lightweight Kubernetes\n     Active: active (running) since Sun 2026-11-22 02:47:35 UTC; 3s ago",
            "running",
        ),
    ],
)
def test_states_of_a_unit(text: str, state: Any) -> None:
    """A unit that systemd starts again and again is told apart from one that is starting."""
    (one,) = readings("node.kubelet", raw(text, "systemd_unit"))
    assert (one.unit, one.state) == ("kubelet", state)


def test_systemctl_status_is_recognised_and_the_fabric_manager_stays_its_own() -> None:
    """The form that knows one unit better keeps it."""
    assert systemd_unit.recognise(UNITS, "") > 80
    fabric = "● nvidia-fabricmanager.service - NVIDIA fabric manager service\n     Active: failed (Result: exit-code)\n"
    assert forms.load("fabric_manager").recognise(fabric, "") > systemd_unit.recognise(fabric, "")
    assert systemd_unit.recognise("Active: yes\nNothing of systemd\n", "") == 0
    named = systemd_unit.names(raw(UNITS, "systemd_unit"))
    assert named.now == dt.datetime(2026, 11, 22, 2, 47, 35, tzinfo=dt.UTC)
    assert named.summary == "kubelet failed, containerd active, nginx failed"


def test_a_part_of_another_type_is_skipped() -> None:
    """Labels that are a list, conditions that are text: told as skipped, not an error."""
    broken = objects({**node(), "metadata": {"name": "n1", "labels": [1]}}, {**node(), "status": {"conditions": ["x"]}})
    assert len(skipped("k8s.nodes", raw(broken, "kubernetes_objects"))) == 2
    assert len(skipped("k8s.node_conditions", raw(broken, "kubernetes_objects"))) == 1


def test_questions_name_their_nodes() -> None:
    """One by one where they are named, and what is no name is refused."""
    assert [one.segments for one in nodes.request(nodes.Params())] == [("api", "v1", "nodes")]  # type: ignore[attr-defined]
    both = nodes.request(nodes.Params(nodes=("n1",), leases=True))
    assert [one.segments[-2:] for one in both] == [("nodes", "n1"), ("leases", "n1")]  # type: ignore[attr-defined]
    assert node_conditions.request(nodes.Params(nodes=("n1",))) == both[:1]
    for wrong in ("../secrets", "-oProxyCommand=x", ""):
        with pytest.raises(InputError):
            nodes.request(nodes.Params(nodes=(wrong,)))
        with pytest.raises(InputError):
            node_events.request(node_events.Params(node=wrong))
        with pytest.raises(InputError):
            kubelet.request(kubelet.Params(node=wrong))
    asked = kubelet.request(kubelet.Params(node="n1"))
    assert isinstance(asked, NodeCommand)
    assert asked.argv[:2] == ("systemctl", "status")


def test_the_commands_name_what_they_are_about() -> None:
    """Each probe tells how to get its evidence."""
    subject = Subject(node="n1")
    assert nodes.obtain(subject) == "kubectl get node n1 -o json"
    assert node_conditions.obtain(Subject()) == "kubectl get nodes -o json"
    assert "involvedObject.name=n1" in node_events.obtain(subject)
    assert kubelet.obtain(subject) == "ssh n1 'systemctl status kubelet containerd; journalctl -u kubelet -n 200'"
