"""What the HTTP API of Prometheus answers to a query: vector, matrix, scalar, or an error.

Pure: reads the text it is given. `NaN` and infinities are no values; an empty result is no answer about anything.
Source: prometheus.io/docs/prometheus/latest/querying/api (v1).

    {"status":"success","data":{"resultType":"matrix","result":[
      {"metric":{"pod":"trainer-0"},"values":[[1795313410,"33116160"],[1795313440,"33554432"]]}]}}
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

from runbookctl.forms import Named
from runbookctl.model import Raw, Subject, Time, Writer

LABEL = "Prometheus answer"
WRITER = Writer.NODE
ANCHORS: tuple[bytes, ...] = ()
CAP = 64 << 20
WHOLE = True


class Sample(Struct, frozen=True):
    """One value at one time."""

    time: Time
    value: float


class Series(Struct, frozen=True):
    """One series: its labels and its samples, oldest first, without NaN and infinities."""

    labels: dict[str, str]
    samples: tuple[Sample, ...]


class Answer(Struct, frozen=True, kw_only=True):
    """An answer; `error` is set when the query failed, `warnings` when the result may lack parts."""

    series: tuple[Series, ...] = ()
    error: str | None = None
    warnings: tuple[str, ...] = ()


class _Item(Struct, frozen=True):
    metric: dict[str, Any] = {}
    value: tuple[float, Any] | None = None
    values: list[tuple[float, Any]] | None = None


class _Result(Struct, frozen=True):
    resultType: str = ""  # noqa: N815 - the API's name
    result: msgspec.Raw = msgspec.Raw(b"[]")


class _Document(Struct, frozen=True):
    status: str
    data: _Result | None = None
    errorType: str = ""  # noqa: N815 - the API's name
    error: str = ""
    warnings: list[str] | None = None


def answer(raw: Raw) -> Answer | None:
    """Return the answer; None when the text is none."""
    try:
        document = msgspec.json.decode(raw.body, type=_Document)
        if document.status != "success" or document.data is None:
            return Answer(error=document.error or document.errorType or "no data")
        series = tuple(_series(document.data))
    except (ValueError, RecursionError):
        return None
    return Answer(series=series, warnings=tuple(document.warnings or ()))


def _series(data: _Result) -> Iterator[Series]:
    if data.resultType in ("scalar", "string"):
        value = msgspec.json.decode(data.result, type=tuple[float, Any])
        yield Series({}, tuple(_samples([value])))
        return
    for item in msgspec.json.decode(data.result, type=list[_Item]):
        values = item.values if item.values is not None else [item.value] if item.value else []
        labels = {key: value for key, value in item.metric.items() if isinstance(value, str)}
        yield Series(labels, tuple(sorted(_samples(values), key=lambda sample: sample.time)))


def _samples(values: list[tuple[float, Any]]) -> Iterator[Sample]:
    for stamp, text in values:
        try:
            value = float(text)
            time = dt.datetime.fromtimestamp(stamp, dt.UTC)
        except (TypeError, ValueError, OverflowError, OSError):
            continue
        if math.isfinite(value):
            yield Sample(time, value)


def recognise(head: str, name: str) -> int:
    """Tell it by `status` and `resultType` or `errorType`."""
    del name
    start = head.lstrip()[:400].replace(" ", "")
    if not start.startswith('{"status":"'):
        return 0
    return 95 if '"resultType"' in start or '"errorType"' in start else 0


def names(raw: Raw) -> Named:
    """Name the pod or node that all series share; the latest sample; how many series."""
    found = answer(raw)
    if found is None:
        return Named(summary="not readable")
    if found.error is not None:
        return Named(summary=f"error: {found.error[:80]}")
    shared = set.intersection(*(set(one.labels.items()) for one in found.series)) if found.series else set()
    labels = dict(shared)
    subject = Subject(
        namespace=labels.get("namespace"), pod=labels.get("pod"), container=labels.get("container"),
        node=labels.get("node"),
    )  # fmt: skip
    latest = max((one.samples[-1].time for one in found.series if one.samples), default=None)
    count = len(found.series)
    return Named(subject=subject, now=latest, summary=f"{count:,} series" if count != 1 else "1 series")
