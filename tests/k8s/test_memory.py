"""Prometheus answers and the memory of a container: peak, growth, shape; queries that no input can bend."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from k8s_reading import RECORDINGS, cuts, raw, readings
from msgspec import UNSET

from runbookctl.catalog.promql import quoted, selector
from runbookctl.forms import prometheus
from runbookctl.model import PromQuery
from runbookctl.probes.metrics import memory

START = 1795313000
LABELS = {"__name__": "container_memory_working_set_bytes", "namespace": "ml", "pod": "trainer-0", "container": "app"}


def answer(*series: list[float | str], labels: dict[str, str] | None = None, **outside: Any) -> str:
    """Return a matrix with one sample a minute."""
    result = [
        {
            "metric": labels or LABELS,
            "values": [[START + 60 * number, str(value)] for number, value in enumerate(values)],
        }
        for values in series
    ]
    return json.dumps({"status": "success", "data": {"resultType": "matrix", "result": result}, **outside})


def one(*values: float | str) -> Any:
    """Read one series."""
    (found,) = readings("metrics.memory", raw(answer(list(values)), "prometheus"))
    return found


def test_a_straight_line_is_a_leak_with_its_slope() -> None:
    """Ten MiB a minute are 600 MiB an hour."""
    found = one(*(100 * 2**20 + number * 10 * 2**20 for number in range(60)))
    assert (found.shape, found.growth_per_hour, found.peak) == ("line", 600 * 2**20, 690 * 2**20)
    assert (found.namespace, found.pod, found.container, found.samples) == ("ml", "trainer-0", "app", 60)


@pytest.mark.parametrize(
    ("values", "shape"),
    [
        ([100.0 + number % 3 for number in range(60)], "flat"),
        ([100.0] * 20 + [900.0] * 40, "step"),
        ([100.0] * 25 + [900.0] * 5 + [110.0] * 30, "spike"),
        ([100.0 + number * 10 for number in range(40)] + [50.0 + number * 10 for number in range(20)], "line"),
    ],
)
def test_shapes_are_told_apart(values: list[float], shape: str) -> None:
    """Flat, a jump that stays, a spike; a line that begins again after a restart is still a line."""
    assert one(*values).shape == shape


def test_few_samples_tell_a_peak_and_no_shape() -> None:
    """Three points make no trend."""
    found = one(1.0, 2.0, 3.0)
    assert (found.peak, found.shape, found.growth_per_hour) == (3, UNSET, UNSET)


def test_values_that_are_none_are_left_out() -> None:
    """NaN and infinity are no memory."""
    assert one("NaN", "5", "+Inf", "7").peak == 7


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (answer(), "no samples"),
        (answer(["NaN"]), "no samples"),
        (answer([1.0], labels={"__name__": "up"}), "no samples"),
        ('{"status":"error","errorType":"bad_data","error":"parse error"}', "Prometheus: parse error"),
        ("{", "not readable"), ("", "not readable"), ("[]", "not readable"),
    ],
)  # fmt: skip
def test_no_answer_is_unknown_and_says_why(body: str, why: str) -> None:
    """An empty result is never zero."""
    given = raw(body, "prometheus")
    assert readings("metrics.memory", given) == []
    assert [cut.why for cut in cuts("metrics.memory", given)] == [why]


def test_series_of_two_containers_are_not_mixed() -> None:
    """A pasted answer about several tells nothing of one."""
    other = json.loads(answer([1.0]))
    other["data"]["result"].append({"metric": {**LABELS, "container": "mesh"}, "values": [[START, "2"]]})
    assert readings("metrics.memory", raw(json.dumps(other), "prometheus")) == []


def test_the_series_of_a_restarted_container_are_one() -> None:
    """Each instance has a series of its own, by id."""
    body = json.loads(answer([5.0, 6.0]))
    body["data"]["result"].append({"metric": {**LABELS, "id": "/b"}, "values": [[START + 600, "9"]]})
    (found,) = readings("metrics.memory", raw(json.dumps(body), "prometheus"))
    assert (found.peak, found.last) == (9, 9)


def test_a_warning_says_that_parts_may_lack() -> None:
    """Partial answers of a federated Prometheus are a cut."""
    given = raw(answer([1.0], warnings=["store x did not answer"]), "prometheus")
    assert [cut.why for cut in cuts("metrics.memory", given)] == ["Prometheus warns: store x did not answer"]


def test_all_result_types_are_read() -> None:
    """vector, matrix and scalar; an error has its words."""
    vector = prometheus.answer(raw((RECORDINGS / "prometheus" / "query-up.json").read_bytes(), "prometheus"))
    assert vector is not None
    assert [series.samples[0].value for series in vector.series] == [1, 0, 1]
    scalar = prometheus.answer(
        raw('{"status":"success","data":{"resultType":"scalar","result":[1795313470,"2.5"]}}', "prometheus")
    )
    assert scalar is not None
    assert scalar.series[0].samples[0].value == 2.5
    bad = prometheus.answer(raw((RECORDINGS / "prometheus" / "query-bad.json").read_bytes(), "prometheus"))
    assert bad is not None
    assert bad.error is not None
    assert bad.error.startswith("invalid parameter")


HOSTILE = ['"} or vector(1) #', ".*", "\\", 'a"b', "{}", "a|b", 'x",pod=~".*']


@pytest.mark.parametrize("value", HOSTILE)
def test_an_input_stays_one_value(value: str) -> None:
    """Quotes and backslashes are escaped, so that the matcher ends where it ends (S16)."""
    request = memory.request(memory.Params(namespace=value, pod="p", container="c"))
    assert isinstance(request, PromQuery)
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    assert request.promql == f'container_memory_working_set_bytes{{namespace="{escaped}",pod="p",container="c"}}[6h]'


@pytest.mark.parametrize("value", ["a\nb", "\x00", "x" * 1025])
def test_values_that_no_label_has_are_refused(value: str) -> None:
    """Line ends would need an escape that nobody types."""
    with pytest.raises(ValueError, match="label value"):
        quoted(value)


@pytest.mark.parametrize(("metric", "label"), [("up{", "a"), ("up", "a="), ("", "a"), ("up", "")])
def test_names_are_names(metric: str, label: str) -> None:
    """Metric and label names are ours and are checked all the same."""
    with pytest.raises(ValueError, match="name"):
        selector(metric, {label: "x"})


@settings(max_examples=100)
@given(st.text(max_size=40).filter(lambda text: all(ord(c) >= 32 and ord(c) != 127 for c in text)))
def test_a_quoted_value_reads_back_as_itself(value: str) -> None:
    """The literal ends at its last character and nowhere before."""
    literal = quoted(value)
    assert json.loads(literal) == value


@settings(max_examples=60)
@given(st.lists(st.floats(allow_nan=True, allow_infinity=True) | st.integers(), max_size=40))
def test_any_numbers_are_survived(values: list[float]) -> None:
    """Whatever Prometheus holds, the peak is the largest finite value."""
    finite = [float(value) for value in values if math.isfinite(value)]
    found = readings("metrics.memory", raw(answer([str(value) for value in values]), "prometheus"))
    assert bool(found) is bool(finite)
    if finite:
        assert found[0].peak == round(max(finite))
