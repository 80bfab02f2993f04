"""SXid events of NVSwitch from the kernel log.

Pure. The address in the line is the switch's, so a reading is about the node and not about one of its GPUs.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from runbookctl import model
from runbookctl.catalog.sxid import sxid
from runbookctl.forms import _xid_line, kernel_log
from runbookctl.forms._burst import Bursts
from runbookctl.forms._xid_line import Sxid
from runbookctl.forms.kernel_log import KernelLine
from runbookctl.model import Cut, Duration, Raw, Request, Skipped, Subject, Time

FORMS = ("kernel_log",)
SUBJECT = {"node": "node"}
KIND = "event"
ONE = False

_ANCHORS = (b"SXid (",)


class Params(Struct, frozen=True, forbid_unknown_fields=True):
    """Which node, and how far back."""

    node: str | None = None
    since: Duration = dt.timedelta(hours=2)


class Reading(model.Reading, frozen=True, kw_only=True):
    """One SXid, or a burst of identical ones."""

    code: Annotated[int, Meta(description="the number in the line")]
    time: Annotated[Time | UnsetType, Meta(description="of the first line; unset without a wall clock")] = UNSET
    last: Annotated[Time | UnsetType, Meta(description="of the last line of the burst")] = UNSET
    count: Annotated[int, Meta(description="identical lines within ten seconds")] = 1
    node: str | UnsetType = UNSET
    switch: Annotated[int, Meta(description="number of the NVSwitch")] = 0
    switch_pci: Annotated[str, Meta(description="0000:c1:00")] = ""
    link: Annotated[int | None, Meta(description="NVLink number on the switch")] = None
    fatal: Annotated[bool | UnsetType, Meta(description="the driver's own word in the line")] = UNSET
    name: Annotated[str | UnsetType, Meta(description="from the catalogue")] = UNSET
    severity: Annotated[str | UnsetType, Meta(description="always_fatal, fatal or non_fatal in the guide")] = UNSET
    resolution: Annotated[str | UnsetType, Meta(description="NVIDIA's advice")] = UNSET
    message: Annotated[str, Meta(description="what follows the link")] = ""


def request(params: Params) -> Request:
    """Ask the node's journal for the kernel's lines."""
    return kernel_log.request(params.node, params.since)


def obtain(subject: Subject) -> str:
    """Return the command that prints the kernel log of the subject's node."""
    return kernel_log.obtain(subject)


def read(raw: Raw) -> Iterator[Reading | Cut | Skipped]:
    """Read `nvidia-nvswitch3: SXid (PCI:0000:c1:00.0): 20034, Fatal, Link 30 LTSSM Fault Up`."""
    bursts = Bursts[Reading]()
    for line in kernel_log.events(raw, _ANCHORS):
        if isinstance(line, Cut):
            yield line
            continue
        times, text = _xid_line.repeated(line.text)
        found = _xid_line.sxid(text)
        if found is not None and _reports(found.message):
            if not bursts.again(line, times):
                yield from bursts.begin(line, _reading(raw, line, found), None, times)
        elif found is None and text.startswith("nvidia-nvswitch"):
            yield Skipped(line=line.number, text=line.text, why="an SXid line in a form that is not known")
    yield from bursts.end()


def _reports(message: str) -> bool:
    """Tell the report itself from the lines of details and register dumps that follow it under the same number."""
    return not message.startswith(("Severity ", "Data {"))


def _reading(raw: Raw, line: KernelLine, found: Sxid) -> Reading:
    entry = sxid(found.code)
    return Reading(
        line=line.number,
        text=line.text,
        code=found.code,
        time=line.time or UNSET,
        last=line.time or UNSET,
        node=raw.subject.node or (line.host if raw.request is None and line.host else UNSET),
        switch=found.switch,
        switch_pci=found.pci,
        link=found.link,
        fatal=UNSET if found.fatal is None else found.fatal,
        name=entry.name if entry else UNSET,
        severity=(entry.fatal or UNSET) if entry else UNSET,
        resolution=(entry.action or UNSET) if entry else UNSET,
        message=found.message,
    )
