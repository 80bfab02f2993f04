"""Latency of what a service calls, seen from the caller's side of the mesh, now and at the baseline.

Pure. Source: Istio standard metrics, reporter="source"; docs/reference notes on latency, section 7.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from msgspec import UNSET, Struct, UnsetType

from runbookctl import model
from runbookctl.model import Cut, PromQuery, Raw, Subject
from runbookctl.probes.serving import _answers, _queries
from runbookctl.probes.serving._layers import Layers, layers_of
from runbookctl.probes.serving._queries import Window

FORMS = ("prometheus",)
SUBJECT = {"namespace": "namespace", "service": "caller"}
KIND = "state"
ONE = False
KEY = ("name",)

METRIC = "istio_request_duration_milliseconds"


class Params(Struct, frozen=True, forbid_unknown_fields=True):
    """The calling service, the window, and how far back the window of comparison lies."""

    namespace: str
    service: str
    window: dt.timedelta = dt.timedelta(minutes=5)
    baseline: dt.timedelta = dt.timedelta(hours=1)


class Reading(model.Reading, frozen=True, kw_only=True):
    """One backend. Times in seconds."""

    namespace: str | UnsetType = UNSET
    caller: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    p99: float | UnsetType = UNSET
    before: Layers = Layers()


def request(params: Params) -> PromQuery:
    """Ask the p99 of every destination that the service calls."""
    labels = {"reporter": "source", "source_workload_namespace": params.namespace, "source_workload": params.service}
    selector = _queries.matchers(**labels)
    group = ("destination_service_name",)
    parts = []
    for field, window in (("p99", Window(params.window)), ("before.p99", Window(params.window, params.baseline))):
        parts.append(_queries.named(field, f"({_queries.quantile(0.99, METRIC, selector, window, group)}) / 1000"))
    return PromQuery(form="prometheus", promql=_queries.all_of(parts))


def read(raw: Raw) -> Iterator[Reading | Cut]:
    """Read one reading per backend."""
    found = list(_each(raw))
    yield from found or (Cut(nothing=True, why="no backend in it"),)


def _each(raw: Raw) -> Iterator[Reading]:
    for (name,), fields in _answers.fields_by(raw, ("destination_service_name",)).items():
        if name and fields.keys() & {"p99", "before.p99"}:
            yield Reading(
                namespace=raw.subject.namespace or UNSET,
                caller=raw.subject.service or UNSET,
                name=name,
                p99=fields.get("p99", UNSET),
                before=layers_of({"p99": fields["before.p99"]} if "before.p99" in fields else {}),
            )


def obtain(subject: Subject) -> str:
    """Return the command that shows whether the mesh measures its calls."""
    return f"kubectl -n {subject.namespace or 'NS'} get virtualservices,destinationrules"
