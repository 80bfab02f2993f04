"""Latency, load and CPU of each replica of an inference service, now and at the baseline.

Pure. Source: docs/reference notes on latency, sections 2.3, 5 and 6.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from runbookctl import model
from runbookctl.model import Cut, Duration, PromQuery, Raw, Subject
from runbookctl.probes.serving import _answers, _queries
from runbookctl.probes.serving._layers import Layers, layers_of
from runbookctl.probes.serving._queries import Window

FORMS = ("prometheus",)
SUBJECT = {"namespace": "namespace", "service": "service", "pod": "name", "node": "node"}
KIND = "state"
ONE = False

PREFIX = "before."
GROUP = ("pod",)


class Params(Struct, frozen=True, forbid_unknown_fields=True):
    """The service, the window, and how far back the window of comparison lies."""

    namespace: str
    service: str
    window: dt.timedelta = dt.timedelta(minutes=5)
    baseline: dt.timedelta = dt.timedelta(hours=1)


class Reading(model.Reading, frozen=True, kw_only=True):
    """One replica. Times in seconds; shares from 0 to 1."""

    namespace: str | UnsetType = UNSET
    service: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    node: str | None | UnsetType = UNSET
    container: str | UnsetType = UNSET
    p50: float | UnsetType = UNSET
    p99: float | UnsetType = UNSET
    waiting: float | UnsetType = UNSET
    running: float | UnsetType = UNSET
    rate: float | UnsetType = UNSET
    throttled: Annotated[float, Meta(description="share of CPU periods that were cut")] | UnsetType = UNSET
    busiest_thread: Annotated[float, Meta(description="CPU of the busiest thread, 1 is one core")] | UnsetType = UNSET
    age: Duration | UnsetType = UNSET
    newest: Annotated[bool, Meta(description="of the newest revision")] | UnsetType = UNSET
    compiling: Annotated[bool, Meta(description="kernels compile or are tuned now")] | UnsetType = UNSET
    owner: str | None | UnsetType = UNSET
    previous_revision: str | None | UnsetType = UNSET
    cpu_wanted: Annotated[float, Meta(description="CPU limit that its use asks for, cores")] | None | UnsetType = UNSET
    before: Layers = Layers()


def request(params: Params) -> PromQuery:
    """Ask every layer per pod, and where the pods run, in one query."""
    selector = _queries.matchers(namespace=params.namespace, service=params.service)
    pods = _queries.matchers(namespace=params.namespace)
    now, then = Window(params.window), Window(params.window, params.baseline)
    parts = [*_queries.layers(selector, now, GROUP), *_queries.layers(selector, then, GROUP, PREFIX)]
    parts += [_throttled(pods, now, "throttled"), _throttled(pods, then, f"{PREFIX}throttled")]
    parts.append(_queries.named("age", f"time() - max by (pod) (kube_pod_start_time{pods})"))
    parts.append(_queries.named("info", f"max by (pod, node) (kube_pod_info{pods})"))
    return PromQuery(form="prometheus", promql=_queries.all_of(parts))


def _throttled(selector: str, window: Window, field: str) -> str:
    cut = f"sum by (pod) (rate(container_cpu_cfs_throttled_periods_total{selector}{window.range}))"
    whole = f"sum by (pod) (rate(container_cpu_cfs_periods_total{selector}{window.range}))"
    return _queries.named(field, f"{cut} / ({whole} > 0)")


def read(raw: Raw) -> Iterator[Reading | Cut]:
    """Read one reading per pod that serves requests."""
    found = list(_each(raw))
    yield from found or (Cut(nothing=True, why="no replica in it"),)


def _each(raw: Raw) -> Iterator[Reading]:
    namespace, service = raw.subject.namespace or UNSET, raw.subject.service or UNSET
    groups = _answers.fields_by(raw, ("pod", "node"))
    nodes = {pod: node for (pod, node), fields in groups.items() if "info" in fields and node}
    for (pod, _), fields in groups.items():
        if not pod or not {"p50", "p99", "rate", "running", "waiting"} & fields.keys():
            continue
        now = {key: value for key, value in fields.items() if key in _NUMBERS}
        then = {key.removeprefix(PREFIX): value for key, value in fields.items() if key.startswith(PREFIX)}
        age = dt.timedelta(seconds=fields["age"]) if "age" in fields else UNSET
        node = nodes.get(pod, UNSET)
        yield Reading(namespace=namespace, service=service, name=pod, node=node, age=age, before=layers_of(then), **now)  # type: ignore[arg-type]


_NUMBERS = frozenset({"p50", "p99", "waiting", "running", "rate", "throttled", "busiest_thread"})


def obtain(subject: Subject) -> str:
    """Return the command that shows the replicas."""
    return f"kubectl -n {subject.namespace or 'NS'} get pods -o wide"
