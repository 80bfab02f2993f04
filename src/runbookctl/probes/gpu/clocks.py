"""Clocks, throttle reasons, temperature and power of the GPUs of a node, against GPUs of the same model under load.

Pure. Source: DCGM exporter default counters and `DCGM_FI_DEV_CLOCKS_EVENT_REASONS` (older: CLOCK_THROTTLE_REASONS);
bits of nvml.h, nvmlClocksEventReason*. A software power cap under full load is normal and is no reason here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from runbookctl import model
from runbookctl.model import Cut, PromQuery, Raw, Subject
from runbookctl.probes.serving import _answers, _queries
from runbookctl.probes.serving._queries import Window

FORMS = ("prometheus",)
SUBJECT = {"node": "node", "gpu": "pci", "gpu_uuid": "uuid"}
KIND = "state"
ONE = False

Reason = Literal["hw_power_brake", "hw_thermal", "sw_thermal", "hw_slowdown", "sw_power_cap", "idle"]

# Worst first: the reason that is told is the first whose bit is set.
_BITS: tuple[tuple[int, Reason], ...] = (
    (0x80, "hw_power_brake"), (0x40, "hw_thermal"), (0x20, "sw_thermal"), (0x8, "hw_slowdown"),
    (0x4, "sw_power_cap"), (0x1, "idle"),
)  # fmt: skip
_REASONS = ("DCGM_FI_DEV_CLOCKS_EVENT_REASONS", "DCGM_FI_DEV_CLOCK_THROTTLE_REASONS")


class Params(Struct, frozen=True, forbid_unknown_fields=True):
    """The node, the window, and how far back the comparison lies."""

    node: str
    window: dt.timedelta = dt.timedelta(minutes=5)
    baseline: dt.timedelta = dt.timedelta(hours=1)


class Before(Struct, frozen=True, kw_only=True):
    """The same GPU at the baseline."""

    power_limit: float | UnsetType = UNSET
    clock: float | UnsetType = UNSET


class Reading(model.Reading, frozen=True, kw_only=True):
    """One GPU."""

    node: str | UnsetType = UNSET
    pci: str | UnsetType = UNSET
    uuid: str | UnsetType = UNSET
    clock: Annotated[float, Meta(description="SM clock, MHz")] | UnsetType = UNSET
    clock_of_peers: (
        Annotated[float, Meta(description="median SM clock of the model's GPUs under load, MHz")] | UnsetType
    ) = UNSET
    util: Annotated[float, Meta(description="share of the time a kernel ran, 0 to 1")] | UnsetType = UNSET
    temperature: Annotated[float, Meta(description="degrees Celsius")] | UnsetType = UNSET
    power: Annotated[float, Meta(description="watts")] | UnsetType = UNSET
    power_limit: Annotated[float, Meta(description="watts")] | UnsetType = UNSET
    reason: Reason | None | UnsetType = UNSET
    before: Before = Before()


def request(params: Params) -> PromQuery:
    """Ask every value of the node's GPUs in one query; the exporter names the node in one of two labels."""
    now, then = Window(params.window), Window(params.window, params.baseline)
    parts = []
    for label in ("Hostname", "node"):
        selector = _queries.matchers(**{label: params.node})
        parts += [
            _gauge("clock", "DCGM_FI_DEV_SM_CLOCK", selector, now, "avg"),
            _gauge("util", "DCGM_FI_DEV_GPU_UTIL", selector, now, "avg"),
            _gauge("temperature", "DCGM_FI_DEV_GPU_TEMP", selector, now, "max"),
            _gauge("power", "DCGM_FI_DEV_POWER_USAGE", selector, now, "avg"),
            _gauge("power_limit", "DCGM_FI_DEV_POWER_MGMT_LIMIT", selector, now, "min"),
            _gauge("before.power_limit", "DCGM_FI_DEV_POWER_MGMT_LIMIT", selector, then, "min"),
            _gauge("before.clock", "DCGM_FI_DEV_SM_CLOCK", selector, then, "avg"),
        ]
        parts += [_gauge("reasons", metric, selector, now, "max") for metric in _REASONS]
        peers = "quantile by (modelName) (0.5, DCGM_FI_DEV_SM_CLOCK and on (UUID) (DCGM_FI_DEV_GPU_UTIL > 50))"
        own = f"max by (UUID, pci_bus_id, modelName) (DCGM_FI_DEV_SM_CLOCK{selector}) * 0"
        parts.append(_queries.named("clock_of_peers", f"{own} + on (modelName) group_left () {peers}"))
    return PromQuery(form="prometheus", promql=_queries.all_of(parts))


def _gauge(field: str, metric: str, selector: str, window: Window, over: str) -> str:
    inner = f"{over}_over_time({metric}{selector}{window.range})"
    return _queries.named(field, f"max by (UUID, pci_bus_id) ({inner})")


def read(raw: Raw) -> Iterator[Reading | Cut]:
    """Read one reading per GPU."""
    found = list(_each(raw))
    yield from found or (Cut(nothing=True, why="no GPU in it"),)


def _each(raw: Raw) -> Iterator[Reading]:
    groups: dict[str, dict[str, float]] = {}
    pci: dict[str, str] = {}
    for (uuid, address), fields in _answers.fields_by(raw, ("UUID", "pci_bus_id")).items():
        if uuid:
            groups.setdefault(uuid, {}).update(fields)
            if address:
                pci[uuid] = _short(address)
    for uuid, fields in groups.items():
        before = Before(power_limit=fields.get("before.power_limit", UNSET), clock=fields.get("before.clock", UNSET))
        yield Reading(
            node=raw.subject.node or UNSET,
            pci=pci.get(uuid, UNSET),
            uuid=uuid,
            clock=fields.get("clock", UNSET),
            clock_of_peers=fields.get("clock_of_peers", UNSET),
            util=fields["util"] / 100 if "util" in fields else UNSET,
            temperature=fields.get("temperature", UNSET),
            power=fields.get("power", UNSET),
            power_limit=fields.get("power_limit", UNSET),
            reason=_reason(fields["reasons"]) if "reasons" in fields else UNSET,
            before=before,
        )


def _reason(bits: float) -> Reason | None:
    return next((name for bit, name in _BITS if int(bits) & bit), None)


def _short(address: str) -> str:
    """Return `00000000:3B:00.0` as the driver prints it in the kernel log: `0000:3b:00`."""
    domain, _, rest = address.lower().partition(":")
    return f"{domain[-4:].zfill(4)}:{rest.partition('.')[0]}"


def obtain(subject: Subject) -> str:
    """Return the command that reads them on the node."""
    command = "nvidia-smi -q -d CLOCK,PERFORMANCE,POWER,TEMPERATURE"
    return f"ssh {subject.node} '{command}'" if subject.node else command
