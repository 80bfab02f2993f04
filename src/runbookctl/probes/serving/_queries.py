"""PromQL of the serving probes: every layer, under the names that each inference server gives it.

Pure. Every result carries the label `field`, so that an answer says by itself what it holds. Inputs enter only as
values of `=` matchers, escaped (threat model S16).

Source: metric names of vLLM (vllm/v1/metrics/loggers.py), SGLang (metrics collector), text-generation-inference (docs,
metrics), Triton (docs/user_guide/metrics.md), Istio standard metrics, ingress-nginx (docs, monitoring), as of 2026.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import NamedTuple

# Seconds per request, by part: sum and count of a histogram, the first that exists counts.
HISTOGRAMS: Mapping[str, tuple[str, ...]] = {
    "e2e": (
        "vllm:e2e_request_latency_seconds", "sglang:e2e_request_latency_seconds", "tgi_request_duration",
    ),
    "queue": ("vllm:request_queue_time_seconds", "sglang:queue_time_seconds", "tgi_request_queue_duration"),
    "prefill": ("vllm:request_prefill_time_seconds",),
    "ttft": ("vllm:time_to_first_token_seconds", "sglang:time_to_first_token_seconds"),
    "itl": (
        "vllm:inter_token_latency_seconds", "vllm:time_per_output_token_seconds",
        "sglang:inter_token_latency_seconds", "tgi_request_mean_time_per_token_duration",
    ),
    "prompt_tokens": ("vllm:request_prompt_tokens", "tgi_request_input_length"),
}  # fmt: skip
GAUGES: Mapping[str, tuple[str, ...]] = {
    "waiting": (
        "vllm:num_requests_waiting", "sglang:num_queue_reqs", "tgi_queue_size", "nv_inference_pending_request_count",
    ),
    "running": ("vllm:num_requests_running", "sglang:num_running_reqs", "tgi_batch_current_size"),
}  # fmt: skip
RATIOS: Mapping[str, tuple[str, ...]] = {
    "kv_usage": ("vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc", "sglang:token_usage"),
}
COUNTERS: Mapping[str, tuple[str, ...]] = {
    "preemptions": ("vllm:num_preemptions_total", "vllm:num_preemptions", "sglang:num_retracted_reqs"),
}
EDGE = (
    ("istio_request_duration_milliseconds", "destination_service_name", "reporter", "source"),
    ("nginx_ingress_controller_request_duration_seconds", "exported_service", "", ""),
)


class Window(NamedTuple):
    """The window of a query and how far back it lies."""

    length: dt.timedelta
    back: dt.timedelta | None = None

    @property
    def range(self) -> str:
        """The range and offset of a range vector: `[5m] offset 1h`."""
        return f"[{_seconds(self.length)}]{self.offset}"

    @property
    def offset(self) -> str:
        """The offset of an instant vector."""
        return f" offset {_seconds(self.back)}" if self.back else ""


def _seconds(duration: dt.timedelta) -> str:
    return f"{max(1, round(duration.total_seconds()))}s"


def quoted(text: str) -> str:
    """Return text as a PromQL string literal."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def matchers(**labels: str) -> str:
    """Return a selector of equal labels: `{namespace="ml",service="chat"}`."""
    return "{" + ",".join(f"{name}={quoted(value)}" for name, value in labels.items()) + "}"


def named(field: str, expression: str) -> str:
    """Mark the results of an expression with the field that they are."""
    return f'label_replace({expression}, "field", {quoted(field)}, "", "")'


def first_of(expressions: Iterable[str]) -> str:
    """Return the first that has results: `or` keeps the left side's label sets."""
    return " or ".join(f"({expression})" for expression in expressions)


def all_of(parts: Iterable[str]) -> str:
    """Return one query with the results of all."""
    return " or ".join(parts)


def by(labels: tuple[str, ...]) -> str:
    """Return the grouping clause."""
    return f" by ({','.join(labels)})" if labels else ""


def mean(metric: str, selector: str, window: Window, group: tuple[str, ...] = ()) -> str:
    """Return the mean of a histogram over the window."""
    total = f"sum{by(group)}(rate({metric}_sum{selector}{window.range}))"
    count = f"sum{by(group)}(rate({metric}_count{selector}{window.range}))"
    return f"{total} / ({count} > 0)"


def quantile(share: float, metric: str, selector: str, window: Window, group: tuple[str, ...] = ()) -> str:
    """Return a quantile of a histogram, only where at least 100 requests were seen: fewer make it noise."""
    buckets = f"sum{by(('le', *group))}(rate({metric}_bucket{selector}{window.range}))"
    enough = f"(sum{by(group)}(increase({metric}_count{selector}{window.range})) >= 100)"
    return f"histogram_quantile({share:g}, {buckets}) and{_on(group)} {enough}"


def _on(group: tuple[str, ...]) -> str:
    return f" on ({','.join(group)})"


def requests(metric: str, selector: str, window: Window, group: tuple[str, ...] = ()) -> str:
    """Return requests per second."""
    return f"sum{by(group)}(rate({metric}_count{selector}{window.range}))"


def layers(selector: str, window: Window, group: tuple[str, ...] = (), prefix: str = "") -> Iterable[str]:
    """Return the parts of one query: every layer of the server, marked with its field."""
    whole = HISTOGRAMS["e2e"]
    for field, share in (("p50", 0.5), ("p99", 0.99)):
        yield named(prefix + field, first_of(quantile(share, one, selector, window, group) for one in whole))
    for field, metrics in HISTOGRAMS.items():
        yield named(prefix + field, first_of(mean(one, selector, window, group) for one in metrics))
    yield named(prefix + "rate", first_of(requests(one, selector, window, group) for one in whole))
    for field, metrics in GAUGES.items():
        parts = (f"sum{by(group)}({one}{selector}{window.offset})" for one in metrics)
        yield named(prefix + field, first_of(parts))
    for field, metrics in RATIOS.items():
        parts = (f"max{by(group)}({one}{selector}{window.offset})" for one in metrics)
        yield named(prefix + field, first_of(parts))
    for field, metrics in COUNTERS.items():
        parts = (f"sum{by(group)}(rate({one}{selector}{window.range}))" for one in metrics)
        yield named(prefix + field, first_of(parts))
