"""What the probes of this room ask for: data, never text of an input; and the command a person would type."""

from __future__ import annotations

import datetime as dt
import shlex
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbookctl.errors import InputError
from runbookctl.model import KubernetesGet, KubernetesLog, NodeCommand, Subject
from runbookctl.probes.k8s import containers, events, gpu_images, logs
from runbookctl.probes.metrics import memory
from runbookctl.probes.node import kernel_log

MODULES: list[Any] = [containers, events, logs, gpu_images, kernel_log, memory]


def test_containers_ask_for_pods_and_their_replica_sets() -> None:
    """A few named pods are asked for one by one, many and none as a list."""
    two = containers.request(containers.Params(namespace="ml", pod=("a", "b", "a")))
    assert [one.segments for one in two if isinstance(one, KubernetesGet)] == [
        ("api", "v1", "namespaces", "ml", "pods", "a"), ("api", "v1", "namespaces", "ml", "pods", "b"),
        ("apis", "apps", "v1", "namespaces", "ml", "replicasets"),
    ]  # fmt: skip
    many = containers.request(containers.Params(namespace="ml", pod=tuple("abcdefg")))
    assert len(many) == 2
    assert len(containers.request(containers.Params(namespace="ml"))) == 2


def test_events_ask_for_the_namespace_and_each_node_once() -> None:
    """A node's own events stand in namespace default; what is no node name is not asked for."""
    asked = events.request(events.Params(namespace="ml", nodes=("n1", "n1", "n2", "x,involvedObject.kind=Secret", "")))
    assert [one.query for one in asked if isinstance(one, KubernetesGet)] == [
        (("limit", "500"),),
        (("fieldSelector", "involvedObject.kind=Node,involvedObject.name=n1"), ("limit", "500")),
        (("fieldSelector", "involvedObject.kind=Node,involvedObject.name=n2"), ("limit", "500")),
    ]
    many = events.request(events.Params(namespace="ml", nodes=tuple(f"n{number}" for number in range(50))))
    assert len(many) == 2


def test_logs_ask_for_one_instance() -> None:
    """The previous one where the one that ended is not the current one."""
    asked = logs.request(logs.Params(namespace="ml", pod="a", container="app", previous=True))
    assert asked == KubernetesLog(form="pod_log", namespace="ml", pod="a", container="app", previous=True)


def test_the_kernel_log_is_asked_of_the_journal() -> None:
    """The journal names the writer of each line (S3); equal questions of other probes are asked once."""
    asked = kernel_log.request(kernel_log.Params(node="n1", since=dt.timedelta(hours=2)))
    assert isinstance(asked, NodeCommand)
    assert asked.node == "n1"
    assert asked.argv[0] == "journalctl"
    assert "_TRANSPORT=kernel" in asked.argv


@pytest.mark.parametrize("node", ["a,metadata.name=b", "", "-x", "a b", "a=b", "A"])
def test_what_is_no_node_is_refused(node: str) -> None:
    """A comma in a field selector would add a second one."""
    with pytest.raises(InputError):
        gpu_images.request(gpu_images.Params(node=node))


SUBJECTS = [
    Subject(), Subject(namespace="ml"), Subject(namespace="ml", pod="a"), Subject(node="n1"),
    Subject(namespace="ml", pod="a", container="app", node="n1", pod_uid="u"), Subject(pod_uid="u"),
]  # fmt: skip


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__.rpartition(".")[2])
@pytest.mark.parametrize("subject", SUBJECTS, ids=str)
def test_every_probe_says_how_to_obtain_its_evidence(module: Any, subject: Subject) -> None:
    """For every subject there is one command."""
    command = module.obtain(subject)
    assert command
    assert shlex.split(command)


@settings(max_examples=150)
@given(st.text(max_size=30).filter(bool))
def test_no_name_leaves_its_place_in_a_command(name: str) -> None:
    """Whatever a subject is called, it stays one word of the command."""
    for module in (containers, events, logs, gpu_images):
        command = module.obtain(Subject(namespace=name, pod=name, container=name, node=name))
        words = shlex.split(command)
        assert any(name in word for word in words)
        assert command.startswith("kubectl ")


@given(st.text(max_size=30))
def test_a_name_that_no_label_has_is_left_out_of_a_query(name: str) -> None:
    """The command for a person never fails, and holds the name as one value or not at all."""
    command = memory.obtain(Subject(namespace=name, pod=name, container=name))
    assert len(shlex.split(command)) == 5
