"""What one server's layers measured in one window, shared by the serving probes. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import UNSET, Struct, UnsetType

SECONDS = (
    "p50", "p99", "e2e", "queue", "prefill", "ttft", "itl", "edge", "frontend", "batch_wait",
)  # fmt: skip


class Layers(Struct, frozen=True, kw_only=True):
    """Means and quantiles of one window. Times in seconds; shares from 0 to 1; unset: not measured."""

    p50: float | UnsetType = UNSET
    p99: float | UnsetType = UNSET
    e2e: float | UnsetType = UNSET
    queue: float | UnsetType = UNSET
    prefill: float | UnsetType = UNSET
    ttft: float | UnsetType = UNSET
    itl: float | UnsetType = UNSET
    edge: float | UnsetType = UNSET
    frontend: float | UnsetType = UNSET  # time to first token minus queue and prefill
    batch_wait: float | UnsetType = UNSET
    prompt_tokens: float | UnsetType = UNSET
    waiting: float | UnsetType = UNSET
    running: float | UnsetType = UNSET
    kv_usage: float | UnsetType = UNSET
    preemptions: float | UnsetType = UNSET  # per second
    rate: float | UnsetType = UNSET  # requests per second
    throttled: float | UnsetType = UNSET  # share of CPU periods


def derived(fields: Mapping[str, float]) -> dict[str, float]:
    """Add what follows from the measured parts: the frontend's share of the time to first token (means only)."""
    known = dict(fields)
    if {"ttft", "queue", "prefill"} <= known.keys():
        known["frontend"] = max(0.0, known["ttft"] - known["queue"] - known["prefill"])
    return known


def layers_of(fields: Mapping[str, float]) -> Layers:
    """Return the layers from fields by name; unknown names are left out."""
    known: dict[str, Any] = {key: value for key, value in derived(fields).items() if key in Layers.__struct_fields__}
    return Layers(**known)
