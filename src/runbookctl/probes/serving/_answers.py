"""Reads instant vectors of the serving probes: fields by group. Pure; NaN, infinite and absent samples are not told."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import msgspec

from runbookctl.model import Raw


def fields_by(raw: Raw, labels: tuple[str, ...]) -> dict[tuple[str, ...], dict[str, float]]:
    """Return for each group of `labels` the value of every field: {("pod-1",): {"p99": 0.8}}.

    The answer is `{"status":"success","data":{"resultType":"vector","result":[{"metric":{..},"value":[t,"0.8"]}]}}`.
    Raises ValueError for an answer that failed or is none; one of another shape (a matrix) holds no fields.
    """
    document = msgspec.json.decode(raw.body)
    found: dict[tuple[str, ...], dict[str, float]] = {}
    for sample in _vector(document):
        metric, value = sample.get("metric", {}), _number(sample.get("value"))
        field = metric.get("field") if isinstance(metric, Mapping) else None
        if not isinstance(field, str) or value is None:
            continue
        group = tuple(str(metric.get(label, "")) for label in labels)
        found.setdefault(group, {})[field] = value
    return found


def _vector(document: Any) -> list[dict[str, Any]]:
    data = document.get("data") if isinstance(document, dict) else None
    result = data.get("result") if isinstance(data, dict) else None
    if data is None or result is None:
        raise ValueError("no answer")
    if data.get("resultType") != "vector" or not isinstance(result, list):
        return []
    return [sample for sample in result if isinstance(sample, dict)]


def _number(pair: Any) -> float | None:
    if not isinstance(pair, list) or len(pair) != 2:
        return None
    try:
        value = float(pair[1])
    except (TypeError, ValueError):
        return None
    return value if math.isfinite(value) else None
