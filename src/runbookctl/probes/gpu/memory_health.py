"""ECC errors, row remapping, page retirement and the driver's recovery action of each GPU.

Pure. Rows that are remapped already are healthy; what waits for a reset, failed or is uncorrectable is not. What a
source does not print stays unset.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from runbookctl import model
from runbookctl.catalog import signatures
from runbookctl.forms import (
    _gpu_state,
    _pci,
    nvidia_smi_csv,
    nvidia_smi_q,
    nvidia_smi_table,
    nvidia_smi_xml,
    nvml,
)
from runbookctl.forms._gpu_facts import SmiReport, no_handle
from runbookctl.model import Cut, NvmlRead, Raw, Request, Subject

FORMS = ("nvml", "nvidia_smi_q", "nvidia_smi_xml", "nvidia_smi_csv", "nvidia_smi_table", "runtime_error")
SUBJECT = {"node": "node", "gpu": "pci", "gpu_uuid": "uuid"}
PARTIAL = ("nvidia_smi_q", "nvidia_smi_csv", "nvidia_smi_table")  # they print what was asked for, or the most
KIND = "state"
ONE = False

_Text = str | UnsetType
_Count = int | UnsetType | None
_Truth = bool | UnsetType | None


class Params(Struct, frozen=True, forbid_unknown_fields=True):
    """Which node; this machine when none is named."""

    node: str | None = None


class Reading(model.Reading, frozen=True, kw_only=True):
    """One GPU. Counts since boot are `volatile`, for life `aggregate`."""

    node: _Text = UNSET
    pci: Annotated[_Text, Meta(description="0000:3b:00")] = UNSET
    uuid: _Text = UNSET
    serial: Annotated[_Text, Meta(description="of the board")] = UNSET
    name: Annotated[_Text, Meta(description="product")] = UNSET
    index: Annotated[int | UnsetType, Meta(description="number that nvidia-smi gives it")] = UNSET
    lost: Annotated[_Truth, Meta(description="NVML says GPU is lost")] = UNSET
    error: Annotated[str | UnsetType | None, Meta(description="what NVML said in place of values")] = UNSET
    uncorrectable_volatile: Annotated[
        _Count, Meta(description="uncorrected errors", extra={"path": "ecc.volatile.uncorrected"})
    ] = UNSET
    correctable_volatile: Annotated[
        _Count, Meta(description="corrected errors", extra={"path": "ecc.volatile.corrected"})
    ] = UNSET
    uncorrectable_aggregate: Annotated[
        _Count, Meta(description="uncorrected errors", extra={"path": "ecc.aggregate.uncorrected"})
    ] = UNSET
    correctable_aggregate: Annotated[
        _Count, Meta(description="corrected errors", extra={"path": "ecc.aggregate.corrected"})
    ] = UNSET
    sram_uncorrectable_volatile: Annotated[_Count, Meta(description="memory inside the GPU")] = UNSET
    sram_uncorrectable_aggregate: Annotated[_Count, Meta(description="memory inside the GPU")] = UNSET
    dram_uncorrectable_volatile: Annotated[_Count, Meta(description="memory chips")] = UNSET
    dram_uncorrectable_aggregate: Annotated[_Count, Meta(description="memory chips")] = UNSET
    sram_threshold_exceeded: Annotated[_Truth, Meta(description="NVIDIA's limit for exchanging the board")] = UNSET
    remap_pending: Annotated[
        _Truth,
        Meta(description="a row remap or a page retirement waits for a reset", extra={"path": "Remapped Rows.Pending"}),
    ] = UNSET
    remap_failed: Annotated[
        _Truth, Meta(description="a row could not be remapped", extra={"path": "Remapped Rows.Remapping Failure"})
    ] = UNSET
    remapped_correctable: Annotated[_Count, Meta(description="rows remapped for corrected errors")] = UNSET
    remapped_uncorrectable: Annotated[_Count, Meta(description="rows remapped for uncorrected errors")] = UNSET
    retired_single_bit: Annotated[_Count, Meta(description="pages retired (before Ampere)")] = UNSET
    retired_double_bit: Annotated[_Count, Meta(description="pages retired (before Ampere)")] = UNSET
    repair_pending: Annotated[_Truth, Meta(description="a channel or TPC repair waits for a reset")] = UNSET
    unrepairable: Annotated[_Truth, Meta(description="no way to repair the memory is left")] = UNSET
    reset_required: Annotated[_Truth, Meta(description="NVML refuses until the GPU is reset")] = UNSET
    recovery_action: Annotated[
        _Count,
        Meta(
            description="0 none, 1 reset, 2 reboot, 3 drain P2P, 4 drain and reset, 5 recover IMEX domain; absent "
            "before driver 565",
            extra={"path": "GPU Recovery Action"},
        ),
    ] = UNSET
    schedulable: Annotated[_Truth, Meta(description="Kubernetes may use it; never told by NVML")] = UNSET


def request(params: Params) -> Request:
    """Ask NVML on the node."""
    return NvmlRead(form="nvml", node=params.node)


def obtain(subject: Subject) -> str:
    """Return the command that shows the same for the subject's node."""
    return NvmlRead(form="nvml", node=subject.node).printed()


def read(raw: Raw) -> Iterator[Reading | Cut]:
    """Read NVML's JSON, or what any form of nvidia-smi prints about ECC and row remapping."""
    if raw.form == "nvml":
        yield from _of_nvml(raw)
        return
    found, cut = _report(raw)
    told = [Reading(line=gpu.line, node=raw.subject.node or UNSET, **_gpu_state.of_facts(gpu)) for gpu in found.gpus]
    told += [one for one in _without_values(raw, found) if isinstance(one, Reading)]
    yield from told
    if raw.form == "runtime_error":  # of what other programs refuse there, a line may name a GPU that nvidia-smi lost
        yield from () if told else (Cut(nothing=True, why="it names no GPU"),)
        return
    yield from (one for one in _without_values(raw, found) if isinstance(one, Cut))
    if cut:
        yield Cut(why="the text was cut short")


def _report(raw: Raw) -> tuple[SmiReport, bool]:
    match raw.form:
        case "nvidia_smi_xml":
            return nvidia_smi_xml.parse(raw.body)
        case "nvidia_smi_csv":
            return nvidia_smi_csv.parse(raw)
        case "nvidia_smi_table":
            return nvidia_smi_table.parse(raw.body)
        case _:
            return nvidia_smi_q.parse(raw.body)


def _without_values(raw: Raw, found: SmiReport) -> Iterator[Reading | Cut]:
    """Read the lines that say why a GPU, or every GPU, has no values."""
    for said in found.errors:
        handle = no_handle(said.text)
        if handle is not None and handle[0] is not None:
            lost = True if "gpu is lost" in handle[1].casefold() else UNSET
            yield Reading(
                line=said.line, text=said.text, node=raw.subject.node or UNSET, pci=_pci.normal(handle[0]) or UNSET,
                lost=lost, error=handle[1].partition(".")[0].strip() or UNSET,
            )  # fmt: skip
        elif handle is not None or signatures.match(said.text, ("gpu",)) is not None:
            yield Cut(why=said.text[:200])


def _of_nvml(raw: Raw) -> Iterator[Reading | Cut]:
    try:
        document = nvml.decode(raw.body)
    except ValueError:
        yield Cut(why="the NVML answer is not whole")
        return
    for gpu in document.gpus or ():
        yield Reading(node=raw.subject.node or UNSET, **_gpu_state.of_nvml(gpu))
    if document.error is not None:
        yield Cut(why=f"NVML: {document.error.name or document.error.code}")
