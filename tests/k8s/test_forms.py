"""The forms of kubectl: whom a text names, when it was printed, what it is taken for."""

from __future__ import annotations

import datetime as dt

import pytest
from k8s_reading import RECORDINGS, raw

from runbookctl import forms
from runbookctl.catalog.kubernetes_values import age, long_moment, moment, quantity
from runbookctl.forms import kubectl_describe_node, kubectl_describe_workload, kubectl_error, pod_log
from runbookctl.forms.lines import Line
from runbookctl.model import Subject


def named(path: str, form: str) -> forms.Named:
    """Return what a recording names."""
    found = forms.load(form).names(raw((RECORDINGS / path).read_bytes(), form))
    assert isinstance(found, forms.Named)
    return found


def test_a_description_names_pod_node_and_moment() -> None:
    """Subject and now come from the text itself."""
    found = named("oomkilled/describe-trainer-56798c6f7b-9mlfq.txt", "kubectl_describe_pod")
    assert found.subject == Subject(namespace="ml", pod="trainer-56798c6f7b-9mlfq", node="worker-gpu-01")
    assert found.now == dt.datetime(2026, 11, 22, 2, 47, 50, tzinfo=dt.UTC)
    assert found.summary == "1 pod, 1 container"


def test_a_described_node_is_read_whole() -> None:
    """Conditions, lease, taints, resources, pods; printed when its readiness event says."""
    body = (RECORDINGS / "node-notready-kubelet-stopped" / "describe-node.txt").read_bytes()
    (node,) = kubectl_describe_node.described_nodes(raw(body, "kubectl_describe_node"))
    ready = next(one for one in node.conditions if one.type == "Ready")
    assert (ready.status, ready.reason, ready.message) == (
        "Unknown",
        "NodeStatusUnknown",
        "Kubelet stopped posting node status.",
    )
    assert node.taints == ["node.kubernetes.io/unreachable:NoExecute", "node.kubernetes.io/unreachable:NoSchedule"]
    assert (node.capacity["nvidia.com/gpu"], node.allocatable["memory"]) == ("8", "23955012Ki")
    assert (node.system["Kubelet Version"], node.allocated["nvidia.com/gpu"]) == ("v1.36.2", ("8", "8"))
    assert node.pods is not None
    assert (len(node.pods), node.pods[4].memory_limit) == (22, "32Mi")
    assert kubectl_describe_node.taken(node) == dt.datetime(2026, 11, 22, 2, 23, 52, tzinfo=dt.UTC)
    assert named("node-notready-kubelet-stopped/describe-node.txt", "kubectl_describe_node").subject == Subject(
        node="worker-gpu-01"
    )


def test_a_described_deployment_is_told_from_a_pod() -> None:
    """Its kind is known by its keys, its conditions and events are read."""
    body = (RECORDINGS / "rollout-stuck" / "describe-deployment.txt").read_bytes()
    (one,) = kubectl_describe_workload.described_workloads(raw(body, "kubectl_describe_workload"))
    assert (one.kind, one.name, one.namespace) == ("deployment", "stuck", "shop")
    assert {condition.type for condition in one.conditions} == {"Available", "Progressing"}
    assert (
        named("rollout-stuck/describe-deployment.txt", "kubectl_describe_workload").subject.workload
        == "deployment/stuck"
    )


@pytest.mark.parametrize(
    ("text", "reason", "pod"),
    [
        ('Error from server (NotFound): pods "web-0" not found', "NotFound", "web-0"),
        (
            'Error from server (Forbidden): pods is forbidden: User "x" cannot list resource "pods" in API group "" in the namespace "shop"',
            "Forbidden",
            None,
        ),
        ("Unable to connect to the server: dial tcp 10.0.0.1:6443: i/o timeout", "", None),
    ],
)
def test_errors_of_kubectl_are_told_from_logs(text: str, reason: str, pod: str | None) -> None:
    """They are about kubectl's own request."""
    (one,) = kubectl_error.errors(raw(text + "\n", "kubectl_error"))
    assert (one.reason, one.pod) == (reason, pod)
    assert kubectl_error.recognise(text + "\n", "") == 95
    assert pod_log.recognise(text + "\n", "") < 95


def test_a_log_with_one_error_of_kubectl_in_it_is_a_log() -> None:
    """A program may print such a line as well."""
    text = 'starting\n2026-11-22 02:47:35 INFO ready\nError from server (NotFound): pods "x" not found\n'
    assert kubectl_error.recognise(text, "x.log") == 0


@pytest.mark.parametrize(
    ("line", "level", "text"),
    [
        ("2026-11-22T02:47:34.471353791Z starting", None, "starting"),
        (
            "2026-11-22T02:47:34.471353791Z stderr F E1122 02:47:35.4 1 x.go:1] bad",
            "error",
            "E1122 02:47:35.4 1 x.go:1] bad",
        ),
        ('{"log":"FATAL: x\\n","stream":"stderr","time":"2026-11-22T02:47:34.4Z"}', "fatal", "FATAL: x"),
        ("[pod/api-1/app] WARN slow", "warn", "WARN slow"),
        ("\x1b[31mERROR\x1b[0m bad", "error", "ERROR bad"),
        ('{"level":50,"msg":"bad","err":{"type":"Error","message":"x"}}', "error", "bad\nError: x"),
        ('{"severity":"INFO","message":"ok"}', "info", "ok"),
        (
            'time="2026-11-22T02:47:34Z" level=warning msg="x"',
            "warn",
            'time="2026-11-22T02:47:34Z" level=warning msg="x"',
        ),
        ("2026-11-22 02:47:35,477 CRITICAL x", "fatal", "2026-11-22 02:47:35,477 CRITICAL x"),
        ("fail: Microsoft.Hosting[11]", "error", "fail: Microsoft.Hosting[11]"),
        ("3:04PM FTL bad", "fatal", "3:04PM FTL bad"),
        ("no level in this error of mine", None, "no level in this error of mine"),
        ("{not json}", None, "{not json}"),
    ],
)
def test_lines_of_logs_are_taken_apart(line: str, level: str | None, text: str) -> None:
    """Stamps, colours and prefixes come off; the level is the program's own word."""
    found = pod_log.log_line(Line(1, line))
    assert (found.level, found.text) == (level, text)


def test_kubectls_prefix_names_the_container() -> None:
    """Of one container only; a log without it names nobody."""
    one = "[pod/api-1/app] a\n[pod/api-1/app] b\n"
    assert pod_log.names(raw(one, "pod_log")).subject == Subject(pod="api-1", container="app")
    assert pod_log.names(raw(one + "[pod/api-1/mesh] c\n", "pod_log")).subject == Subject()
    assert pod_log.names(raw(one + "c\n", "pod_log")).subject == Subject()


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("2026-11-22T02:47:34.471353791Z a\n2026-11-22T02:47:35.471353791Z b\n", 75),
        ("a\nTraceback (most recent call last):\n", 60), ("INFO a\nERROR b\n", 50), ("dear all,\nthe server is slow\n", 0),
    ],
)  # fmt: skip
def test_a_log_is_known_by_its_marks(text: str, score: int) -> None:
    """A letter is no log; a file whose name says so is perhaps one."""
    assert pod_log.recognise(text, "") == score
    assert pod_log.recognise("plain words\n", "logs-api.txt") == 40


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("32Mi", 32 << 20), ("24684100Ki", 24684100 << 10), ("1.5G", 1_500_000_000), ("129e6", 129_000_000),
        ("128974848000m", 128974848), ("0", 0), ("", None), ("many", None), ("9e99", None), ("1EiB", None), (7, 7), (True, None),
    ],
)  # fmt: skip
def test_quantities_are_whole_numbers(text: object, value: int | None) -> None:
    """As the API server reads them; anything else is none."""
    assert quantity(text) == value


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("37s", 37),
        ("4m40s", 280),
        ("2d5h", 190800),
        ("101s", 101),
        ("1y20d", 33264000),
        ("<unknown>", None),
        ("", None),
        ("s", None),
    ],
)
def test_ages_are_durations(text: str, seconds: int | None) -> None:
    """As kubectl prints them."""
    found = age(text)
    assert (found.total_seconds() if found is not None else None) == seconds


def test_times_that_were_never_set_are_none() -> None:
    """Go's zero time and the Unix epoch are how unset fields look."""
    assert moment("0001-01-01T00:00:00Z") is None
    assert moment("1970-01-01T00:00:00Z") is None
    assert moment("2026-11-22") is None
    assert long_moment("Thu, 01 Jan 1970 08:00:00 +0800") is None
    assert long_moment("Sun, 22 Nov 2026 02:47:34 -0130") == dt.datetime(2026, 11, 22, 4, 17, 34, tzinfo=dt.UTC)
