"""Latency of an inference service by layer, now and at the baseline: edge, queue, prefill, decode, cache.

Pure. Fewer than 100 requests in the window leave p50 and p99 untold: they would be noise.
Source: docs/reference notes on latency, sections 2 to 4.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from runbookctl import model
from runbookctl.model import Cut, PromQuery, Raw, Subject, Time
from runbookctl.probes.serving import _answers, _queries
from runbookctl.probes.serving._layers import Layers, derived, layers_of
from runbookctl.probes.serving._queries import Window

FORMS = ("prometheus",)
SUBJECT = {"namespace": "namespace", "service": "service"}
KIND = "state"
ONE = True

PREFIX = "before."
_OF_A_PART = ("pod", "UUID", "destination_service_name")  # labels of samples that are of one replica, GPU or backend


class Params(Struct, frozen=True, forbid_unknown_fields=True):
    """The service, the window, and how far back the window of comparison lies."""

    namespace: str
    service: str
    window: dt.timedelta = dt.timedelta(minutes=5)
    baseline: dt.timedelta = dt.timedelta(hours=1)


class Reading(model.Reading, frozen=True, kw_only=True):
    """One service. Times in seconds, rates per second, shares from 0 to 1."""

    namespace: str | UnsetType = UNSET
    service: str | UnsetType = UNSET
    p50: float | UnsetType = UNSET
    p99: float | UnsetType = UNSET
    e2e: float | UnsetType = UNSET
    queue: float | UnsetType = UNSET
    prefill: float | UnsetType = UNSET
    ttft: float | UnsetType = UNSET
    itl: float | UnsetType = UNSET
    edge: float | UnsetType = UNSET
    frontend: float | UnsetType = UNSET
    batch_wait: float | UnsetType = UNSET
    prompt_tokens: float | UnsetType = UNSET
    waiting: float | UnsetType = UNSET
    running: float | UnsetType = UNSET
    kv_usage: Annotated[float, Meta(description="share of the KV cache in use, 0 to 1")] | UnsetType = UNSET
    preemptions: float | UnsetType = UNSET
    rate: float | UnsetType = UNSET
    completions: Annotated[float, Meta(description="requests finished in the window")] | UnsetType = UNSET
    onset: Annotated[Time, Meta(description="first of three slow samples")] | None | UnsetType = UNSET
    before: Layers = Layers()


def request(params: Params) -> PromQuery:
    """Ask every layer in one query: now, and the same window `baseline` earlier."""
    selector = _queries.matchers(namespace=params.namespace, service=params.service)
    now, then = Window(params.window), Window(params.window, params.baseline)
    parts = [*_queries.layers(selector, now), *_queries.layers(selector, then, prefix=PREFIX)]
    parts += _edge(params, now, "") + _edge(params, then, PREFIX)
    done = (f"sum(increase({one}_count{selector}{now.range}))" for one in _queries.HISTOGRAMS["e2e"])
    parts.append(_queries.named("completions", _queries.first_of(done)))
    return PromQuery(form="prometheus", promql=_queries.all_of(parts))


def _edge(params: Params, window: Window, prefix: str) -> list[str]:
    found = []
    for metric, label, key, value in _queries.EDGE:
        labels = {label: params.service, **({key: value} if key else {})}
        mean = _queries.mean(metric, _queries.matchers(**labels), window)
        found.append(f"({mean}) / 1000" if metric.endswith("milliseconds") else mean)
    return [_queries.named(f"{prefix}edge", _queries.first_of(found))]


def read(raw: Raw) -> Iterator[Reading | Cut]:
    """Read the vector into one reading; the subject is the request's."""
    fields = _answers.fields_by(raw, _OF_A_PART).get(("",) * len(_OF_A_PART), {})
    now = {key: value for key, value in fields.items() if not key.startswith(PREFIX)}
    then = {key.removeprefix(PREFIX): value for key, value in fields.items() if key.startswith(PREFIX)}
    if not fields:
        yield Cut(nothing=True, why="nothing of the service as a whole in it")
        return
    names = Reading.__struct_fields__
    known = {key: value for key, value in derived(now).items() if key in names}
    yield Reading(
        namespace=raw.subject.namespace or UNSET,
        service=raw.subject.service or UNSET,
        before=layers_of(then),
        **known,  # type: ignore[arg-type]
    )


def obtain(subject: Subject) -> str:
    """Return the command that reads them."""
    namespace, service = subject.namespace or "NS", subject.service or "SERVICE"
    return f"runbookctl run serving/latency-spike -i namespace={namespace} -i service={service}"
