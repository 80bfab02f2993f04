"""Texts of any kind end without an error in every reader of this room, and what they claim stays bounded."""

from __future__ import annotations

import importlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from judging import objects, raw, read, recording

from runbookctl import forms
from runbookctl.model import Cut, Reading, Skipped

PROBES = (
    "k8s.placement", "k8s.scheduling", "k8s.nodes", "k8s.node_conditions", "k8s.node_events", "k8s.workloads",
    "k8s.creations", "node.kubelet",
)  # fmt: skip
PAIRS = [(probe, form) for probe in PROBES for form in importlib.import_module(f"runbookctl.probes.{probe}").FORMS]
SAMPLES = {
    "kubernetes_objects": ("pending-cpu/pod-cpu-pending.json", "pending-taint/events.list.json", "node-cordoned/node.json",
                           "quota-exceeded/replicasets.list.json", "quota-exceeded/deployment.json"),
    "kubectl_describe_pod": ("pending-gpu-insufficient/describe-gpu-overask.txt",),
    "kubectl_describe_node": ("node-notready-kubelet-stopped/describe-node.txt",),
    "kubectl_describe_workload": ("quota-exceeded/describe-deployment.txt",),
    "kubectl_get_table": ("pending-cpu/get-cpu-pending.txt", "node-cordoned/get-nodes.txt"),
    "kubectl_events": ("pending-cpu/events.txt", "gpu-running/events.txt"),
    "kubectl_error": ("node-notready-kubelet-stopped/logs-error.txt",),
}  # fmt: skip
UNIT = "● kubelet.service - kubelet: The Kubernetes Node Agent\n     Active: failed (Result: oom-kill) since Sun 2026-11-22 02:47:35 UTC; 3min ago\n"

scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=8)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)


def ends(probe: str, form: str, body: bytes) -> list[Any]:
    """Read to the end; every piece is a reading, a cut or something skipped."""
    found = read(probe, raw(body, form))
    assert all(isinstance(one, Reading | Cut | Skipped) for one in found)
    return found


def samples(form: str) -> list[bytes]:
    """Return recorded texts of a form."""
    return [recording(path) for path in SAMPLES.get(form, ())] or [UNIT.encode()]


@pytest.mark.parametrize(("probe", "form"), PAIRS)
@given(body=st.binary(max_size=400))
@settings(max_examples=30, deadline=None)
def test_any_bytes_end(probe: str, form: str, body: bytes) -> None:
    """Nothing at all, binary, half a character."""
    ends(probe, form, body)


@pytest.mark.parametrize(("probe", "form"), PAIRS)
@given(cut=st.integers(0, 20_000), insert=st.binary(max_size=30), which=st.integers(0, 9))
@settings(max_examples=40, deadline=None)
def test_a_broken_recording_ends(probe: str, form: str, cut: int, insert: bytes, which: int) -> None:
    """Cut anywhere, with anything put in between."""
    found = samples(form)
    body = found[which % len(found)]
    ends(probe, form, body[: cut % (len(body) + 1)])
    ends(probe, form, body[: cut % (len(body) + 1)] + insert + body[cut % (len(body) + 1) :])


@pytest.mark.parametrize("kind", ["Pod", "Node", "Lease", "Event", "Deployment", "ReplicaSet", "DaemonSet"])
@given(
    parts=st.fixed_dictionaries(
        {"metadata": values, "spec": values, "status": values, "involvedObject": values, "message": values}
    )
)
@settings(max_examples=150, deadline=None)
def test_an_object_with_parts_of_any_type_ends(kind: str, parts: dict[str, Any]) -> None:
    """The API would not send it; a paste may hold it."""
    body = json.dumps({"kind": kind, "apiVersion": "v1", **parts}).encode()
    for probe, form in PAIRS:
        if form == "kubernetes_objects":
            ends(probe, form, body)


@pytest.mark.parametrize(
    "status",
    [
        {"conditions": [{"type": "Ready", "status": ["True"], "message": {"a": 1}}]},
        {"conditions": {"type": "Ready"}},
        {"capacity": ["nvidia.com/gpu"], "allocatable": {"nvidia.com/gpu": ["8"]}},
        {"capacity": {"nvidia.com/gpu": "1e99"}},
        {"nodeInfo": {"containerRuntimeVersion": 5}},
        {"replicas": "three"},
        {"phase": 7},
    ],
)
def test_an_object_of_a_known_kind_with_a_wrong_part_is_skipped_or_read(status: dict[str, Any]) -> None:
    """A list for a text, a text for a number: the rest of the list is read all the same."""
    for kind in ("Node", "Pod", "Deployment"):
        broken = {
            "kind": kind,
            "apiVersion": "v1",
            "metadata": {"name": "a", "namespace": "b"},
            "spec": {},
            "status": status,
        }
        whole = {**broken, "metadata": {"name": "c", "namespace": "b"}, "status": {}}
        for probe, form in PAIRS:
            if form == "kubernetes_objects":
                ends(probe, form, objects(broken, whole).encode())


def test_a_name_that_is_a_command_stays_a_name() -> None:
    """A reading's name is data: what is asked with it is checked where it is asked."""
    value = {"kind": "Node", "apiVersion": "v1", "metadata": {"name": "-oProxyCommand=x"}, "status": {"conditions": []}}
    (one,) = [
        one for one in ends("k8s.nodes", "kubernetes_objects", objects(value).encode()) if isinstance(one, Reading)
    ]
    assert one.name == "-oProxyCommand=x"  # type: ignore[attr-defined]


@given(text=st.text(max_size=300))
@settings(max_examples=100, deadline=None)
def test_any_text_is_judged_by_the_form(text: str) -> None:
    """Recognising and naming end for every text."""
    for key in ("systemd_unit", "kubectl_event_lines"):
        form = forms.load(key)
        assert 0 <= form.recognise(text, "") <= 100
        form.names(raw(text, key))
        form.names(raw(UNIT + text, key))
