"""Small probes, a small runbook that has no mistake, and a way to write a mistake with the place that it must have."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal

from msgspec import UNSET, Struct, UnsetType

from runbookctl.language import loader
from runbookctl.model import Bytes, Duration, Reading, Time, Version, Writer

if TYPE_CHECKING:
    from runbookctl.language.model import Runbook
    from runbookctl.language.source import Mistake


class HealthParams(Struct, frozen=True, forbid_unknown_fields=True):
    node: str
    least: Bytes | None = None
    driver: Version | None = None


class Health(Reading, frozen=True, kw_only=True):
    node: str | UnsetType = UNSET
    pci: str | UnsetType = UNSET
    lost: bool | UnsetType | None = UNSET
    pending: bool | UnsetType | None = UNSET
    module: Version | UnsetType | None = UNSET
    memory: Bytes | UnsetType | None = UNSET


class XidParams(Struct, frozen=True, forbid_unknown_fields=True):
    node: str
    since: Duration
    most: int = 100
    quick: bool = False
    only: tuple[str, ...] = ()
    kind: Literal["all", "fatal"] = "all"
    start: Time | None = None


class Xid(Reading, frozen=True, kw_only=True):
    time: Time | UnsetType | None = UNSET
    code: int | UnsetType = UNSET
    process: str | UnsetType | None = UNSET


class LogParams(Struct, frozen=True, forbid_unknown_fields=True):
    pod: str


class Log(Reading, frozen=True, kw_only=True):
    sign: str | UnsetType | None = UNSET


class NeedParams(Struct, frozen=True, forbid_unknown_fields=True):
    xids: tuple[dict[str, Any], ...]
    module: Version | None = None


class Need(Reading, frozen=True, kw_only=True):
    satisfied: bool | UnsetType = UNSET


def _module(about: str, params: type[Struct], reading: type[Struct], **declared: Any) -> ModuleType:
    module = ModuleType(about)
    module.__doc__ = f"{about}\n\nMore."
    module.__dict__.update(Params=params, Reading=reading, **declared)
    return module


PROBES = {
    "gpu.health": _module("Health of each GPU.", HealthParams, Health, SUBJECT={"node": "node", "gpu": "pci"},
                          WRITER=Writer.NODE),
    "gpu.xid": _module("Xid events.", XidParams, Xid, SUBJECT={"node": "node", "gpu": "pci"}, WRITER=Writer.KERNEL),
    "gpu.summary": _module("One reading.", XidParams, Xid, SUBJECT={"node": "node"}, ONE=True),
    "k8s.logs": _module("Log lines.", LogParams, Log, SUBJECT={"pod_uid": "pod"}, WRITER=Writer.WORKLOAD),
    "catalog.need": _module("Computed.", NeedParams, Need, SUBJECT={}),
}  # fmt: skip

GOOD = """\
runbook: gpu/small
title: Xid errors
about: Is it the board?
alerts:
  - match: {alertname: [GpuXid, DcgmXid], severity: page}
    inputs: {nodes: labels.node}
inputs:
  nodes: {type: node, many: true}
  since: {type: duration, default: 2h}
each: gpu in gpus
when: xids or sick
steps:
  - id: gpus
    title: Read the health of each GPU
    probe: gpu.health
    with:
      node: ${nodes}
  - id: xids
    probe: gpu.xid
    timeout: 30s
    with:
      node: ${gpu.node}
      since: ${since}
  - id: logs
    probe: k8s.logs
    with: {pod: "a"}
findings:
  off_the_bus: xids[code == 79] or gpu.lost
  sick:        gpu.pending or off_the_bus
  newest:      last(xids).code
  said:        logs[sign == "uncaught_error"]
causes:
  gpu_fell_off_bus:
    because: off_the_bus
    unless: said
    summary: GPU ${gpu.pci} is gone (Xid ${newest})
    explains: [gpu_hang]
    remediate: [take_out, tell]
  own_name:
    code: gpu_hang
    about: node
    because: xids[code in (8, 109)]
remediations:
  take_out:
    title: Take ${gpu.node} out
    when: gpu.node is not None
    risk: high
    touches: node/${gpu.node}
    limit: 1 node at a time
    do:
      - change: k8s.cordon
        with: {node: "${gpu.node}"}
      - change: node.command
        with: {node: "${gpu.node}", argv: [nvidia-smi, --gpu-reset]}
        undo:
          - change: k8s.drain
            with: {node: "${gpu.node}", within: 30m}
    verify: {that: not off_the_bus, within: 10m, hold: 1m}
    then:
      - change: k8s.uncordon
        with: {node: "${gpu.node}"}
  tell:
    title: Tell the owner
    risk: none
    do:
      - change: notify.message
        with: {say: "${gpu.pci} on ${gpu.node}"}
        undo: impossible
"""


def load(text: str, file: str = "small.yaml") -> Runbook:
    """Load a runbook that has no mistake."""
    return loader.loaded(text.encode(), file)


def mistakes(text: str, file: str = "small.yaml") -> tuple[Mistake, ...]:
    """Return the mistakes of a text."""
    return loader.checked(text.encode(), file)[1]


def changed(old: str, new: str, text: str = GOOD) -> str:
    """Replace a part that stands exactly once."""
    assert text.count(old) == 1, old
    return text.replace(old, new)


def marked(text: str) -> tuple[str, tuple[int, int, str]]:
    """Take the marks « and » out of a text; return it with line, column and the words between them."""
    before, _, rest = text.partition("«")
    inside, _, after = rest.partition("»")
    line = before.count("\n") + 1
    column = len(before) - (before.rfind("\n") + 1) + 1
    return before + inside + after, (line, column, inside)


def place_of(mistake: Mistake) -> tuple[int, int, str]:
    """Return line, column and the words that a mistake marks."""
    words = mistake.line[mistake.mark : mistake.mark + mistake.length]
    return mistake.place.line, mistake.place.column, words
