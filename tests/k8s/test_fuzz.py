"""Foreign text of any kind: no reader fails, hangs or makes up a value."""

from __future__ import annotations

import importlib
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from k8s_reading import PROBES, RECORDINGS, form_of, plain, raw, read
from msgspec import UNSET

from runbookctl import forms
from runbookctl.model import Cut, Reading, Skipped

FORMS = (
    "kubernetes_objects", "kubectl_describe_pod", "kubectl_describe_node", "kubectl_describe_workload",
    "kubectl_get_table", "kubectl_events", "kubectl_error", "pod_log", "kernel_log", "prometheus",
)  # fmt: skip
FILES = [
    path for path in sorted(RECORDINGS.rglob("*"))
    if path.is_file() and path.name not in ("readings.json", "README.md") and path.stat().st_size < 12_000
]  # fmt: skip
BODIES = [(form_of(path), path.read_bytes()) for path in FILES]
QUIET = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])

WORDS = st.sampled_from([
    b"\n", b"\r\n", b"\x00", b"\xff", b"  ", b"      Exit Code:    137\n", b"Name:  x\n", b"Containers:\n", b"  app:\n",
    b"    State:  Waiting\n", b"Events:\n", b"LAST SEEN   TYPE   REASON   OBJECT   MESSAGE\n", b"NAME   READY   STATUS\n",
    b"[runbookctl: 9 lines (9 bytes) left out]\n", b"oom-kill:constraint=CONSTRAINT_MEMCG,oom_memcg=/a,task=x,pid=1,uid=0\n",
    b"Traceback (most recent call last):\n", b"x invoked oom-killer: gfp_mask=0x\n", b"Killed process 1 (a)", b'{"a":',
    b"99999999999999999999999s", b"17s (x3 over 34s)", b"\xe2\x80\xae", b"panic: ", b"9" * 400, b"Error from server (",
])  # fmt: skip


def survive(form: str, body: bytes) -> None:
    """Read a body with everything that takes its form; each answer is of a kind that the engine knows."""
    given_ = raw(body, form)
    module = forms.load(form)
    module.recognise(body[:65536].decode("utf-8", "replace"), "x.log")
    named = module.names(given_)
    assert isinstance(named.summary, str)
    for probe in PROBES:
        if form in importlib.import_module(f"runbookctl.probes.{probe}").FORMS:
            for one in read(probe, given_):
                assert isinstance(one, (Reading, Cut, Skipped))
                if isinstance(one, Reading):
                    assert one.line is UNSET or one.line >= 1
                    json.dumps(plain(one))


@pytest.mark.parametrize("form", FORMS)
@QUIET
@given(st.lists(WORDS | st.binary(max_size=30), max_size=40).map(b"".join))
def test_any_bytes_are_survived(form: str, body: bytes) -> None:
    """Random bytes and words of the grammar in any order."""
    survive(form, body)


@pytest.mark.parametrize("form", FORMS)
def test_nothing_is_survived(form: str) -> None:
    """An empty answer is an answer."""
    survive(form, b"")


@QUIET
@given(st.sampled_from(BODIES), st.data())
def test_a_recording_cut_or_broken_anywhere_is_survived(given_: tuple[str, bytes], data: Any) -> None:
    """Truncated, doubled, with a hole, or with foreign bytes in it."""
    form, body = given_
    begin = data.draw(st.integers(0, len(body)))
    end = data.draw(st.integers(begin, len(body)))
    strange = data.draw(WORDS | st.binary(max_size=12))
    for broken in (body[:begin], body[begin:], body[begin:end], body[:begin] + strange + body[end:], body + body):
        survive(form, broken)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4), max_leaves=12,
)  # fmt: skip
KEYS = st.sampled_from([
    "metadata", "spec", "status", "containers", "containerStatuses", "state", "lastState", "terminated", "waiting",
    "exitCode", "name", "namespace", "labels", "ownerReferences", "involvedObject", "message", "reason", "series",
    "lastTimestamp", "count", "conditions", "restartCount", "resources", "limits", "env",
])  # fmt: skip
OBJECTS = st.recursive(
    JSON, lambda inner: st.dictionaries(KEYS, inner, max_size=6) | st.lists(inner, max_size=3), max_leaves=20
)


@QUIET
@given(st.sampled_from(["Pod", "Event", "ReplicaSet"]), OBJECTS)
def test_objects_of_any_shape_are_survived(kind: str, value: Any) -> None:
    """The API's own keys with values of any type."""
    body = {"kind": kind, "apiVersion": "v1", **(value if isinstance(value, dict) else {"spec": value})}
    survive("kubernetes_objects", json.dumps(body).encode("utf-8", "replace"))
    survive(
        "kubernetes_objects",
        json.dumps({"kind": f"{kind}List", "apiVersion": "v1", "items": [value, body]}).encode("utf-8", "replace"),
    )


@QUIET
@given(st.sampled_from([body for form, body in BODIES if form == "kubectl_get_table"]), st.data())
def test_less_of_a_table_tells_less_and_nothing_else(body: bytes, data: Any) -> None:
    """The rows that are left are read as in the whole."""
    lines = body.split(b"\n")
    kept = b"\n".join(lines[: data.draw(st.integers(0, len(lines)))])
    whole = [plain(one) for one in read("k8s.containers", raw(body, "kubectl_get_table")) if isinstance(one, Reading)]
    part = [plain(one) for one in read("k8s.containers", raw(kept, "kubectl_get_table")) if isinstance(one, Reading)]
    assert part == whole[: len(part)]
