"""Xid events of the NVIDIA driver from the kernel log, with what the driver itself says about them.

Pure. The driver's own words come first (recovery action, RST, the Xid it names as origin), the catalogue second; what
neither says is left open.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from runbookctl import model
from runbookctl.catalog import nvlink, versions
from runbookctl.catalog import xid as catalogue
from runbookctl.forms import _xid_line, kernel_log
from runbookctl.forms._burst import Bursts
from runbookctl.forms._driver_line import Boot
from runbookctl.forms._xid_line import Xid
from runbookctl.forms.kernel_log import KernelLine
from runbookctl.model import Cut, Duration, Raw, Request, Skipped, Subject, Time, Version

FORMS = ("kernel_log",)
SUBJECT = {"node": "node", "gpu": "pci", "gpu_uuid": "uuid", "mig": "mig"}
KIND = "event"
ONE = False

_ANCHORS = (b"NVRM: ",)
_WANTED = (b"Xid", b"NVRM: loading", b"NVRM: GPU at", b"NVRM: GPU Board")
_ROW_EVENT = 63
_RECOVERY = 154
_Text = str | UnsetType
_Truth = bool | UnsetType | None


class Params(Struct, frozen=True, forbid_unknown_fields=True):
    """Which node, and how far back."""

    node: str | None = None
    since: Duration = dt.timedelta(hours=2)


class Reading(model.Reading, frozen=True, kw_only=True):
    """One Xid, or a burst of identical ones."""

    code: Annotated[int, Meta(description="the number in the line")]
    time: Annotated[Time | UnsetType, Meta(description="of the first line; unset without a wall clock")] = UNSET
    first: Annotated[Time | UnsetType, Meta(description="same as time")] = UNSET
    last: Annotated[Time | UnsetType, Meta(description="of the last line of the burst")] = UNSET
    count: Annotated[int, Meta(description="identical lines within ten seconds")] = 1
    node: _Text = UNSET
    pci: Annotated[_Text, Meta(description="0000:3b:00")] = UNSET
    uuid: Annotated[_Text, Meta(description="of the GPU, when the driver logged it before its first Xid")] = UNSET
    serial: Annotated[_Text, Meta(description="of the board, likewise")] = UNSET
    mig: Annotated[_Text | None, Meta(description="GI or GI/CI in decimal; absent without MIG")] = None
    mig_gi: Annotated[int | None, Meta(description="GPU instance id")] = None
    mig_ci: Annotated[int | None, Meta(description="compute instance id")] = None
    pid: Annotated[int | None, Meta(description="process id on the node; absent when the driver names none")] = None
    process: Annotated[str | None, Meta(description="name of the process")] = None
    message: Annotated[str, Meta(description="what follows code, pid and name")] = ""
    mnemonic: Annotated[_Text, Meta(description="the driver's name for the code on this driver branch")] = UNSET
    title: Annotated[_Text, Meta(description="plain words")] = UNSET
    unit: Annotated[_Text, Meta(description="part of the GPU that the line names")] = UNSET
    link: Annotated[int | UnsetType, Meta(description="NVLink number")] = UNSET
    severity: Annotated[
        _Text,
        Meta(
            description="fatal, application, informational, function, follow_other, driver_says, depends, "
            "unclassified, unused"
        ),
    ] = UNSET
    resolution: Annotated[_Text, Meta(description="NVIDIA's bucket: RESET_GPU, RESTART_APP, CONTACT_SUPPORT")] = UNSET
    investigate: Annotated[_Text, Meta(description="NVIDIA's second bucket")] = UNSET
    caused_by: Annotated[int | None, Meta(description="the Xid that the line names as its origin")] = None
    blames: Annotated[
        int | UnsetType, Meta(description="caused_by, else the code in the numbering of today's drivers")
    ] = UNSET
    means: Annotated[str | UnsetType | None, Meta(description="cause code of what it blames")] = UNSET
    reset_required: Annotated[_Truth, Meta(description="RST of the line; absent when the line has none")] = None
    drain_required: Annotated[_Truth, Meta(description="D-RST of the line; absent when the line has none")] = None
    remap_pending: Annotated[bool, Meta(description="the line says that a row, bank or page waits for a reset")] = False
    recovery_action: Annotated[
        int | UnsetType | None, Meta(description="Xid 154: 0 none, 1 reset, 2 reboot, 3 drain P2P, 4 drain and reset")
    ] = None
    recovery_name: Annotated[str | None, Meta(description="the driver's name for it")] = None
    driver: Annotated[Version | UnsetType, Meta(description="version that the log says was loaded")] = UNSET


def request(params: Params) -> Request:
    """Ask the node's journal for the kernel's lines."""
    return kernel_log.request(params.node, params.since)


def obtain(subject: Subject) -> str:
    """Return the command that prints the kernel log of the subject's node."""
    return kernel_log.obtain(subject)


def read(raw: Raw) -> Iterator[Reading | Cut | Skipped]:
    """Read `NVRM: Xid (PCI:0000:3b:00): 79, pid=..., name=..., GPU has fallen off the bus.` and its relatives."""
    boot, bursts = Boot(), Bursts[Reading]()
    for line in kernel_log.events(raw, _ANCHORS, _WANTED):
        if isinstance(line, Cut):
            yield line
            continue
        times, text = _xid_line.repeated(line.text)
        if "Xid" not in text:
            boot.take(text)
        elif bursts.again(line, times):
            pass
        elif (found := _xid_line.xid(text)) is not None:
            kind = found.pci if found.code == _RECOVERY else None
            yield from bursts.begin(line, _reading(raw, line, found, boot), kind, times)
        elif _xid_line.looks_like_xid(text):
            yield Skipped(line=line.number, text=line.text, why="an Xid line in a form that is not known")
    yield from bursts.end()


def _reading(raw: Raw, line: KernelLine, found: Xid, boot: Boot) -> Reading:
    driver = boot.driver
    facts = _of_code(found, driver) | _of_message(found) | _of_nvlink(found, driver)
    return Reading(
        line=line.number,
        text=line.text,
        code=found.code,
        time=line.time or UNSET,
        first=line.time or UNSET,
        last=line.time or UNSET,
        node=raw.subject.node or (line.host if raw.request is None and line.host else UNSET),
        pci=found.pci,
        uuid=boot.uuids.get(found.pci, UNSET),
        serial=boot.serials.get(found.pci, UNSET),
        mig=_mig(found),
        mig_gi=found.gi,
        mig_ci=found.ci,
        pid=found.pid,
        process=found.process,
        message=found.message,
        driver=driver or UNSET,
        **facts,
    )


def _mig(found: Xid) -> str | None:
    if found.gi is None:
        return None
    return str(found.gi) if found.ci is None else f"{found.gi}/{found.ci}"


def _of_code(found: Xid, driver: str | None) -> dict[str, Any]:
    """Return what the catalogue says of the code, as far as it says it for this driver."""
    entry = catalogue.xid(found.code, driver)
    caused_by = _xid_line.caused_by(found.message)
    facts: dict[str, Any] = {"caused_by": caused_by, "blames": found.code if caused_by is None else caused_by}
    if entry is None:
        return facts
    if entry.branches and driver is None:  # the number has had several meanings
        named = found.code in nvlink.CODES and nvlink.report(found.message) is not None
        return facts if named or caused_by is not None else facts | {"blames": UNSET}
    facts |= {
        "mnemonic": entry.mnemonic or UNSET,
        "title": entry.title,
        "severity": entry.severity,
        "resolution": entry.immediate or UNSET,
        "investigate": entry.investigatory or UNSET,
    }
    if caused_by is None and entry.branches and driver is not None:
        meaning = catalogue.meaning_on(entry, driver)
        facts["blames"] = meaning.today if meaning and meaning.today is not None else UNSET
    blamed = entry if facts["blames"] == found.code else catalogue.xid(facts["blames"]) if facts["blames"] else None
    facts["means"] = blamed.cause if blamed is not None else UNSET
    return facts


def _of_message(found: Xid) -> dict[str, Any]:
    """Return what the driver itself says in the line."""
    message = found.message
    facts: dict[str, Any] = {"unit": _xid_line.unit(message) or UNSET}
    link = _xid_line.link(message)
    if link is not None:
        facts["link"] = link
    asked = _xid_line.reset(message)
    if asked is not None:
        facts |= {"reset_required": asked[0], "drain_required": asked[1]}
        if any(asked):
            facts["severity"] = "fatal"
    if found.code in (_ROW_EVENT, 64, 156, 160):
        facts["remap_pending"] = _xid_line.remap_waits(message)
        if found.code == 64 and facts["remap_pending"]:  # logged as a failure, but the row only waits
            facts |= {"blames": _ROW_EVENT, "means": "row_remap_pending", "severity": "informational"}
    if found.code == _RECOVERY:
        recovery = _xid_line.recovery(message)
        facts["recovery_action"] = UNSET if recovery is None or recovery.action is None else recovery.action
        if recovery is not None:
            facts["recovery_name"] = recovery.name or None
            facts["severity"] = "informational" if recovery.action == 0 else "fatal"
    return facts


def _of_nvlink(found: Xid, driver: str | None) -> dict[str, Any]:
    """Return what unit and registers of an Xid 144 to 150 say; what cannot be decoded stays unset."""
    if found.code not in nvlink.CODES:
        return {}
    seen = nvlink.report(found.message)
    if seen is None:
        is_nvlink = found.code != 144 or driver is None or versions.within(driver, "560.28.03", None)
        return {"resolution": UNSET, "investigate": UNSET, "severity": UNSET} if is_nvlink else {}
    entry = catalogue.xid(found.code)
    decoded = nvlink.decode(found.code, seen, versions.branch(driver))
    return {
        "mnemonic": entry.mnemonic if entry else UNSET,
        "title": entry.title if entry else UNSET,
        "unit": seen.unit,
        "link": UNSET if seen.link is None else seen.link,
        "severity": "fatal" if seen.fatal else "informational",
        "resolution": decoded.resolution if decoded else UNSET,
        "investigate": decoded.investigatory if decoded else UNSET,
        "means": entry.cause if entry else UNSET,
        "blames": found.code,
    }
