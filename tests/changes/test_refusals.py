"""What a change refuses, and that no value becomes more than a value."""

from __future__ import annotations

import contextlib
import math
import shlex
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbookctl import changes
from runbookctl.changes import ApiCall, NodeCall, _holes, _quantity
from runbookctl.errors import InputError

HOSTILE = [
    "", " ", "-oProxyCommand=sh", "--kubeconfig=/x", "a b", "a;b", "$(id)", "`id`", "a\nb", "a\x00b", "..", ".", "%2e%2e", "a/b",
    "a/../b", "a?x", "a#b", "é", "\u202egpu", "\ud800", "A", "a.", ".a", "a_b", "gpu-7:2222", "169.254.169.254", "x" * 300, "'", '"',
]  # fmt: skip
HOLES: list[tuple[str, str, dict[str, Any]]] = [
    ("k8s.cordon", "node", {}),
    ("k8s.uncordon", "node", {}),
    ("k8s.drain", "node", {}),
    ("k8s.taint", "node", {"key": "gpu"}),
    ("k8s.label", "node", {"label": "a", "value": "b"}),
    ("k8s.delete_pod", "namespace", {"pod": "trainer-0"}),
    ("k8s.set_image", "container", {"owner": "deployment/ml/trainer", "image": "a"}),
    ("k8s.set_resources", "container", {"owner": "deployment/ml/trainer", "memory_limit": 1024}),
    ("k8s.set_resources", "namespace", {"owner": "deployment/trainer", "container": "c", "memory_limit": 1024}),
    ("node.reboot", "node", {}),
    ("node.command", "node", {"argv": ["true"]}),
    ("gpu.reset", "gpu", {"node": "gpu305"}),
]


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize(("change", "parameter", "others"), HOLES)
def test_a_hostile_value_is_refused(change: str, parameter: str, others: dict[str, Any], value: str) -> None:
    """No option, path, shell text, foreign letter or metadata address passes a typed hole."""
    with pytest.raises(InputError):
        changes.plan(change, {**others, parameter: value})


@pytest.mark.parametrize("value", [each for each in HOSTILE if each not in ("a/b", "169.254.169.254")])
def test_a_hostile_owner_or_pod_is_refused(value: str) -> None:
    """An owner and a pod name are Kubernetes names, whatever text the evidence holds."""
    for change, values in (
        ("k8s.rollback", {"owner": f"deployment/{value}", "namespace": "ml", "to": 1}),
        ("k8s.scale", {"owner": f"{value}/trainer", "namespace": "ml", "replicas": 1}),
        ("k8s.delete_pod", {"pod": value, "namespace": "ml"}),
    ):
        with pytest.raises(InputError):
            changes.plan(change, values)


@given(text=st.text(max_size=40))
@settings(max_examples=200, deadline=None)
def test_any_text_stays_one_word_or_is_refused(text: str) -> None:
    """Through every change with a text hole: one argument of the command, one segment of the path, never first a dash."""
    attempts: list[tuple[str, dict[str, Any]]] = [
        *((change, {**others, parameter: text}) for change, parameter, others in HOLES),
        ("k8s.label", {"pod": "ml/a", "label": text, "value": "x"}),
        ("k8s.label", {"pod": "ml/a", "label": "x", "value": text}),
        ("k8s.set_image", {"owner": "deployment/ml/a", "container": "c", "image": text}),
        ("k8s.rollback", {"owner": "deployment/ml/a", "to": text}),
        ("node.command", {"node": "n", "argv": ["echo", text]}),
        ("node.restart_service", {"node": "n", "service": text}),
        ("notify.message", {"say": text}),
        ("manual", {"say": text}),
    ]
    for change, values in attempts:
        with contextlib.suppress(InputError):
            planned = changes.plan(change, values)
            assert planned.says.isprintable()
            for command in planned.commands:
                assert command.isprintable()
                assert shlex.join(shlex.split(command)) == command
            for call in planned.calls:
                if isinstance(call, ApiCall):
                    assert ".." not in call.path().split("/")
                if isinstance(call, NodeCall):
                    assert not call.node.startswith("-")


@pytest.mark.parametrize(
    ("change", "values", "sentence"),
    [
        ("k8s.set_resources", {"owner": "pod/ml/trainer-0", "container": "app", "memory_limit": 1024}, "bare pod"),
        ("k8s.rollback", {"owner": "pod/trainer-0", "namespace": "ml", "to": 1}, "bare pod"),
        ("k8s.set_resources", {"owner": "job/ml/train", "container": "app", "memory_limit": 1024}, "Job"),
        ("k8s.scale", {"owner": "replicaset/ml/trainer-56798c6f7b", "replicas": 1}, "name the Deployment"),
        ("k8s.scale", {"owner": "daemonset/ml/agent", "replicas": 1}, "only deployment, statefulset can be"),
        ("k8s.rollback", {"owner": "rayservice/ml/llm", "to": 1}, "only deployment, statefulset, daemonset can be"),
        ("k8s.scale", {"owner": "deployment/trainer", "replicas": 1}, "namespace of 'deployment/trainer' is not known"),
        ("k8s.scale", {"owner": "deployment/a/trainer", "namespace": "b", "replicas": 1}, "in namespace 'a', not 'b'"),
        ("k8s.scale", {"owner": "-", "replicas": 1}, "is no owner"),
        ("k8s.scale", {"owner": "deployment/ml/a", "replicas": 1.5}, "whole number"),
        ("k8s.scale", {"owner": "deployment/ml/a", "replicas": -1}, "whole number"),
        ("k8s.scale", {"owner": "deployment/ml/a", "replicas": math.nan}, "whole number"),
        ("k8s.rollback", {"owner": "deployment/ml/a", "to": "-"}, "is no revision"),
        ("k8s.rollback", {"owner": "deployment/ml/a", "to": 0}, "is no revision"),
        ("k8s.set_resources", {"owner": "deployment/ml/a", "container": "c"}, "none is known"),
        ("k8s.set_resources", {"owner": "deployment/ml/a", "container": "c", "memory_limit": None}, "none is known"),
        ("k8s.set_resources", {"owner": "deployment/ml/a", "container": "c", "memory_limit": 0}, "at least 1 byte"),
        ("k8s.set_resources", {"owner": "deployment/ml/a", "container": "c", "cpu_limit": 0}, "more than 0"),
        ("k8s.set_resources", {"owner": "deployment/ml/a", "container": "c", "remove": ["disk"]}, "none of"),
        ("k8s.set_resources", {"owner": "deployment/ml/a", "container": "c", "memory_limit": 1, "remove": ["memory_limit"]}, "both"),
        ("k8s.label", {"pod": "ml/a", "label": "x", "value": None}, "needs a value"),
        ("k8s.label", {"label": "x", "value": "y"}, "either a pod or a node"),
        ("k8s.cordon", {"node": None}, "cannot be planned"),
        ("k8s.cordon", {"node": "a", "force": True}, "unknown field `force`"),
        ("k8s.cordon", {}, "missing required field `node`"),
        ("k8s.nothing", {}, 'there is no change "k8s.nothing"'),
        ("node.command", {"node": "a", "argv": []}, "needs a program"),
        ("node.command", {"node": "a", "argv": ["-x"]}, "is no program"),
        ("node.command", {"node": "a", "argv": ["x", "a\nb"]}, "control characters"),
        ("manual", {"say": " \n "}, "empty"),
    ],
)  # fmt: skip
def test_a_refusal_is_one_sentence(change: str, values: dict[str, Any], sentence: str) -> None:
    """What is not possible says why, in one line."""
    with pytest.raises(InputError) as refused:
        changes.plan(change, values)
    assert sentence in refused.value.what
    assert "\n" not in refused.value.what


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (67108864, "64Mi"), (33554432 * 1.25, "40Mi"), (2 << 30, "2Gi"), (1 << 50, "1Pi"), (1536 << 20, "1536Mi"), (10**9, "1G"),
        (10**8, "100M"), (1234567, "1234567"), (1024, "1Ki"), (1, "1"), (41943040.25, "41Mi"), (1234567890.5, "1178Mi"), (5000.5, "5Ki"),
    ],
)  # fmt: skip
def test_memory_is_written_exactly_or_rounded_up(size: float, text: str) -> None:
    """Whole numbers are exact in the largest unit that divides them; a fraction is rounded up to Mi or Ki."""
    assert _quantity.memory(size, "memory_limit") == text


@given(size=st.floats(min_value=1, max_value=2**60))
def test_memory_is_never_less_than_asked(size: float) -> None:
    """A limit computed from a peak covers the peak."""
    from runbookctl.language.units import parse_bytes

    assert parse_bytes(_quantity.memory(size, "x")) >= size


@pytest.mark.parametrize("size", [0, -1, 0.5, math.nan, math.inf, -math.inf, 2.0**63])
def test_memory_that_is_no_size_is_refused(size: float) -> None:
    """Nothing, less than nothing and no number are no limit."""
    with pytest.raises(InputError):
        _quantity.memory(size, "memory_limit")


@pytest.mark.parametrize(
    ("cores", "text"), [(2, "2"), (0.5, "500m"), (0.1 + 0.2, "300m"), (1.2345, "1235m"), (0.0001, "1m")]
)
def test_processors_are_written_in_thousandths(cores: float, text: str) -> None:
    """Whole processors are whole, the rest is rounded up to milli."""
    assert _quantity.cpu(cores, "cpu_limit") == text


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("0000:3b:00", "0000:3b:00"), ("00000000:3B:00.0", "0000:3b:00"), ("3b:00", "0000:3b:00"), ("00010000:3B:00.0", "00010000:3b:00"),
        ("GPU-5F2B0A4E-1c7d-9a10-6f1e-0d8a3c2b7e55", "GPU-5f2b0a4e-1c7d-9a10-6f1e-0d8a3c2b7e55"),
    ],
)  # fmt: skip
def test_a_gpu_has_one_name(written: str, kept: str) -> None:
    """However it is written, the address is the one that the driver prints."""
    assert _holes.gpu(written) == kept


@pytest.mark.parametrize("value", ["", "-i", "a\nb", "\x1b[2J"])
def test_a_hole_of_an_argv_is_never_an_option(value: str) -> None:
    """The engine checks holes of node.command with this."""
    with pytest.raises(InputError):
        _holes.word(value)
    assert _holes.word("0000:3b:00") == "0000:3b:00"


def test_a_sentence_is_one_printable_line_of_bounded_length() -> None:
    """Escapes are seen, white space is folded, the middle of a huge text goes."""
    assert _holes.sentence("a\t b\r\n\x1b[2J\u202e") == "a b \\x1b[2J\\u202e"
    assert len(_holes.sentence("x" * 10**6)) < 2100


def test_an_answer_that_lacks_what_a_call_needs_is_an_error() -> None:
    """A call is never sent with a hole left open."""
    call = changes.plan("k8s.cordon", {"node": "a"}).calls[0]
    assert isinstance(call, ApiCall)
    with pytest.raises(InputError, match="was not read"):
        changes.filled(call, {"node": {}})
    planned = changes.plan("k8s.rollback", {"owner": "deployment/ml/a", "to": 1})
    with pytest.raises(InputError, match="0 objects fit"):
        changes.picked(planned.reads[1], {"items": []})


@pytest.mark.parametrize("segment", ["", ".", "..", "a/b", "a?b", "a#b", "%2e", "a\nb"])
def test_a_segment_is_never_a_path(segment: str) -> None:
    """Even a change that forgets to check cannot build such a path."""
    with pytest.raises(InputError):
        ApiCall(method="DELETE", segments=("api", "v1", segment), body=None)
