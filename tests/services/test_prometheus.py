"""The Prometheus connector against a real Prometheus that scrapes a page of metrics."""

from __future__ import annotations

import datetime as dt
import json
import threading
from typing import Any

from runbookctl.connectors import Answer, Connectors, Settings, checks
from runbookctl.connectors.prometheus import Prometheus
from runbookctl.model import Missing, PromQuery


def query(url: str | None, promql: str, **more: Any) -> Answer | Missing:
    """Send one query."""
    request = PromQuery(form="prometheus", promql=promql, **more)
    return Prometheus(Settings(prometheus=url)).ask(request, 10, threading.Event())


def result(answer: Answer | Missing) -> list[dict[str, Any]]:
    """Return the series of an answer."""
    assert isinstance(answer, Answer), answer
    found: list[dict[str, Any]] = json.loads(answer.body)["data"]["result"]
    return found


def test_an_instant_query_is_answered(prometheus_url: str) -> None:
    """The JSON comes as the server wrote it, with its address as the source."""
    answer = query(prometheus_url, 'requests_total{code="500"}')
    assert [series["value"][1] for series in result(answer)] == ["1"]
    assert isinstance(answer, Answer)
    assert answer.source == "Prometheus " + prometheus_url.removeprefix("http://")


def test_a_range_query_has_its_step(prometheus_url: str) -> None:
    """Start, end and step reach the server."""
    end = dt.datetime.now(dt.UTC)
    start, step = end - dt.timedelta(seconds=10), dt.timedelta(seconds=1)
    answer = query(prometheus_url, "vector(1)", start=start, end=end, step=step)
    assert len(result(answer)[0]["values"]) == 11


def test_nothing_found_is_an_answer(prometheus_url: str) -> None:
    """An empty vector and NaN come as they are: what they mean is for the reader."""
    assert result(query(prometheus_url, "no_such_metric")) == []
    assert result(query(prometheus_url, 'memory_bytes{pod="web-0"}'))[0]["value"][1] == "NaN"


def test_a_value_that_looks_like_promql_stays_a_value(prometheus_url: str) -> None:
    """S16: quotes and backslashes of a label value arrive as they were escaped by the probe."""
    found = result(query(prometheus_url, r'memory_bytes{pod="a\"} or vector(1) #"}'))
    assert [series["value"][1] for series in found] == ["7"]


def test_a_mistake_in_a_query_is_said_in_the_words_of_the_server(prometheus_url: str) -> None:
    """A query that does not parse is missing evidence with the reason."""
    answer = query(prometheus_url, "sum(")
    assert isinstance(answer, Missing)
    assert answer.why.startswith("Prometheus: bad_data: invalid parameter")


def test_the_names_of_all_metrics_are_asked_once(prometheus_url: str) -> None:
    """A second look costs no call."""
    client = Prometheus(Settings(prometheus=prometheus_url))
    names = client.metric_names(10, threading.Event())
    assert isinstance(names, frozenset)
    assert {"requests_total", "memory_bytes"} <= names
    assert client.metric_names(10, threading.Event()) == names
    assert client.calls == 1


def test_the_doctor_warns_of_plain_http(prometheus_url: str) -> None:
    """S46: what comes over plain http is not authenticated."""
    found = checks.check(Connectors(Settings(prometheus=prometheus_url)), ("prometheus",))
    assert [(check.state.value, check.text) for check in found] == [
        ("ok", f"answers queries at {prometheus_url}"),
        ("warn", "plain http: what it says is not authenticated"),
    ]
