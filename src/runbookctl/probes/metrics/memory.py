"""Memory of a container before its end: peak, growth, shape.

Pure: reads the range of `container_memory_working_set_bytes`, which the kernel's limit acts on (it leaves out inactive
page cache). Inputs enter the query as values of `=` matchers only, escaped (S16).
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from runbookctl import model
from runbookctl.catalog.promql import is_value, selector
from runbookctl.forms import prometheus
from runbookctl.forms.prometheus import Sample
from runbookctl.model import Bytes, Cut, PromQuery, Raw, Request, Subject

FORMS = ("prometheus",)
SUBJECT = {"namespace": "namespace", "pod": "pod", "container": "container"}
KIND = "state"
ONE = True

_METRIC = "container_memory_working_set_bytes"
_RANGE = "6h"
_FEW = 10  # samples below which no shape is told
_DROP = 0.5  # a fall to less than this share is a restart
_LINE = 0.85  # share of steps that must rise for a line, and least r squared
_FLAT = 0.05  # of the peak: less change than this is flat

Shape = Literal["line", "step", "spike", "flat"]
_Text = str | UnsetType | None


class Params(Struct, frozen=True, forbid_unknown_fields=True):
    """Which container."""

    namespace: str
    pod: str
    container: str


class Reading(model.Reading, frozen=True, kw_only=True):
    """Working set of one container over the range asked for."""

    namespace: _Text = UNSET
    pod: _Text = UNSET
    container: _Text = UNSET
    peak: Annotated[Bytes | UnsetType, Meta(description="highest sample; a spike between two scrapes is not seen")] = (
        UNSET
    )
    last: Annotated[Bytes | UnsetType, Meta(description="latest sample")] = UNSET
    growth_per_hour: Annotated[
        Bytes | UnsetType, Meta(description="slope since the last restart; not told of fewer than 10 samples")
    ] = UNSET
    shape: Annotated[
        Shape | UnsetType,
        Meta(description="line: steady growth; step: a jump, then level; spike: up and down again; flat"),
    ] = UNSET
    samples: Annotated[int | UnsetType, Meta(description="how many values were read")] = UNSET


def request(params: Params) -> Request:
    """Ask for the samples of six hours as they were scraped; a restart begins a new series of the same container."""
    labels = {"namespace": params.namespace, "pod": params.pod, "container": params.container}
    return PromQuery(form="prometheus", promql=f"{selector(_METRIC, labels)}[{_RANGE}]")


def obtain(subject: Subject) -> str:
    """Return the command that asks Prometheus for the subject's memory."""
    named = {"namespace": subject.namespace, "pod": subject.pod, "container": subject.container}
    labels = {key: value for key, value in named.items() if value and is_value(value)}
    return f"promtool query instant $PROMETHEUS_URL {shlex.quote(f'{selector(_METRIC, labels)}[{_RANGE}]')}"


def read(raw: Raw) -> Iterator[Reading | Cut]:
    """Read one series; none, or several that are of different containers, tell nothing."""
    found = prometheus.answer(raw)
    if found is None or found.error is not None:
        yield Cut(why=f"Prometheus: {found.error}" if found and found.error else "not readable")
        return
    if found.warnings:
        yield Cut(why=f"Prometheus warns: {found.warnings[0][:120]}")
    series = [one for one in found.series if one.samples and one.labels.get("__name__") == _METRIC]
    who = {tuple(one.labels.get(key) for key in SUBJECT) for one in series}
    if len(who) != 1:
        yield Cut(why="series of several containers") if series else Cut(why="no samples", nothing=True)
        return
    namespace, pod, container = who.pop()
    samples = sorted((sample for one in series for sample in one.samples), key=lambda sample: sample.time)
    run = _since_restart(samples)
    yield Reading(
        namespace=namespace or UNSET, pod=pod or UNSET, container=container or UNSET,
        peak=round(max(sample.value for sample in samples)), last=round(samples[-1].value),
        growth_per_hour=round(_slope(run) * 3600) if len(run) >= _FEW else UNSET,
        shape=_shape(run) if len(run) >= _FEW else UNSET, samples=len(samples),
    )  # fmt: skip


def _since_restart(samples: Sequence[Sample]) -> Sequence[Sample]:
    """Return the longest of the last two runs between restarts: after a fresh restart the one before tells more."""
    begins = [0, *(i for i, (a, b) in enumerate(pairwise(samples), 1) if b.value < a.value * _DROP), len(samples)]
    runs = [samples[begin:end] for begin, end in pairwise(begins)]
    return max(runs[-2:], key=len)


def _slope(samples: Sequence[Sample]) -> float:
    """Return bytes per second of the least-squares line."""
    times, values = _columns(samples)
    mean_time, mean_value = sum(times) / len(times), sum(values) / len(values)
    spread = sum((time - mean_time) ** 2 for time in times)
    if not spread:
        return 0.0
    return sum((time - mean_time) * (value - mean_value) for time, value in zip(times, values, strict=True)) / spread


def _columns(samples: Sequence[Sample]) -> tuple[list[float], list[float]]:
    start = samples[0].time
    return [(sample.time - start).total_seconds() for sample in samples], [sample.value for sample in samples]


def _shape(samples: Sequence[Sample]) -> Shape:
    times, values = _columns(samples)
    peak, low = max(values), min(values)
    if not peak or (peak - low) < _FLAT * peak:
        return "flat"
    slope = _slope(samples)
    middle = sum(values) / len(values) - slope * sum(times) / len(times)
    total = sum((value - sum(values) / len(values)) ** 2 for value in values)
    rest = sum((value - (middle + slope * time)) ** 2 for time, value in zip(times, values, strict=True))
    if slope > 0 and total and 1 - rest / total >= _LINE:
        return "line"
    half = values[len(values) // 2 :]
    level = max(half) - min(half) < _FLAT * peak
    return "step" if level and median(half) > low + 0.5 * (peak - low) else "spike"
