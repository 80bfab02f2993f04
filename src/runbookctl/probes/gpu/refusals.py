"""What driver, NVML, CUDA, container runtime and module loader refused on a node, by sign.

Pure. Which text is which sign is data (`catalog/signatures`); versions of the driver itself are in
`gpu.driver_versions`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from runbookctl import model
from runbookctl.catalog import signatures
from runbookctl.forms import kernel_log, nvml, runtime_error
from runbookctl.forms.lines import Gap
from runbookctl.forms.runtime_error import Refusal
from runbookctl.model import Cut, Duration, NvmlRead, Raw, Request, Subject, Time, Version
from runbookctl.probes.gpu import driver_log

FORMS = (
    "kernel_log", "nvml", "nvidia_smi_q", "nvidia_smi_xml", "nvidia_smi_csv", "nvidia_smi_table", "runtime_error",
    "driver_facts", "fabric_manager", "pod_log",
)  # fmt: skip
SUBJECT = {"node": "node"}
KIND = "event"
ONE = False

_RARELY = ("driver_facts", "fabric_manager", "pod_log")  # texts that are about something else
_FROM_LOG = frozenset(
    {
        "api_mismatch", "modeset_mismatch", "nouveau_in_use", "module_signature_refused", "module_does_not_fit",
        "gpu_needs_legacy_driver", "open_module_not_for_gpu", "not_supported", "gsp_firmware_missing",
    }
)  # fmt: skip
# nvmlReturn_t. Source: nvml.h 13.
_BY_CODE = {
    9: "nvml_driver_not_loaded", 12: "nvml_library_missing", 15: "smi_gpu_lost", 17: "nvml_no_permission",
    18: "nvml_version_mismatch",
}  # fmt: skip
_Version = Version | UnsetType


class Params(Struct, frozen=True, forbid_unknown_fields=True):
    """Which node, and how far back."""

    node: str | None = None
    since: Duration = dt.timedelta(hours=2)


class Reading(model.Reading, frozen=True, kw_only=True):
    """One refusal, or a burst of identical ones."""

    sign: Annotated[str, Meta(description="id of the signature: api_mismatch, nvml_version_mismatch, cuda_804, ...")]
    means: Annotated[str | None, Meta(description="cause code that it proves alone")] = None
    time: Annotated[Time | UnsetType, Meta(description="unset where the text has no time")] = UNSET
    last: Annotated[Time | UnsetType, Meta(description="of the last one of a burst")] = UNSET
    count: int = 1
    node: str | UnsetType = UNSET
    about: Annotated[str | UnsetType, Meta(description="plain words")] = UNSET
    library: Annotated[_Version, Meta(description="version of the library, where the text names it")] = UNSET
    module: Annotated[_Version, Meta(description="version of the kernel module, where the text names it")] = UNSET
    condition: Annotated[str | UnsetType, Meta(description="what an image asks for, cuda>=12.4")] = UNSET


def request(params: Params) -> tuple[Request, ...]:
    """Ask the node's journal for the kernel's lines, and NVML."""
    return (kernel_log.request(params.node, params.since), NvmlRead(form="nvml", node=params.node))


def obtain(subject: Subject) -> str:
    """Return the command that prints the kernel log of the subject's node."""
    return kernel_log.obtain(subject)


def read(raw: Raw) -> Iterator[Reading | Cut]:
    """Read `Failed to initialize NVML: Driver/library version mismatch` and what other programs say instead."""
    match raw.form:
        case "kernel_log":
            yield from _of_log(raw)
        case "nvml":
            yield from _of_nvml(raw)
        case _:
            yield from _of_text(raw)


def _of_log(raw: Raw) -> Iterator[Reading | Cut]:
    for one in driver_log.read(raw):
        if isinstance(one, Cut):
            yield one
        elif isinstance(one, driver_log.Reading) and one.kind in _FROM_LOG:
            sign = signatures.by_sign(one.kind)
            yield Reading(
                line=one.line, text=one.text, sign=one.kind, means=one.means, time=one.time, last=one.last,
                count=one.count, node=one.node, library=one.library, module=one.module,
                about=sign.about if sign and sign.about else UNSET,
            )  # fmt: skip


def _of_nvml(raw: Raw) -> Iterator[Reading | Cut]:
    try:
        document = nvml.decode(raw.body)
    except ValueError:
        yield Cut(why="the NVML answer is not whole")
        return
    if document.error is None:
        return
    sign = signatures.by_sign(_BY_CODE.get(document.error.code or 0, ""))
    if sign is None:
        yield Cut(why=f"NVML: {document.error.name or document.error.code}")
        return
    library = document.library_version
    yield Reading(
        text=document.error.name or sign.sample, sign=sign.id, means=sign.means, node=raw.subject.node or UNSET,
        about=sign.about or UNSET, library=library if isinstance(library, str) else UNSET,
    )  # fmt: skip


def _of_text(raw: Raw) -> Iterator[Reading | Cut]:
    seen: dict[str, Reading] = {}
    for one in runtime_error.refusals(raw):
        if isinstance(one, Gap):
            if not one.harmless:
                yield Cut(why=f"{one.lines} lines left out")
            continue
        mine = _reading(raw, one)
        before = seen.get(mine.sign)
        if before is None:
            seen[mine.sign] = mine
        else:  # a program says the same thing over and over: the first and the last time, and how often
            seen[mine.sign] = _again(before, mine)
    yield from seen.values()
    if not seen and raw.form in _RARELY:
        yield Cut(nothing=True, why="it holds no refusal, and need not")


def _again(before: Reading, later: Reading) -> Reading:
    import msgspec

    return msgspec.structs.replace(before, count=before.count + 1, last=later.last, condition=before.condition)


def _reading(raw: Raw, one: Refusal) -> Reading:
    sign, groups = one.found.signature, one.found.groups
    facts: dict[str, Any] = {"condition": groups.get("condition") or UNSET, "module": groups.get("module") or UNSET}
    if sign.id == "nvml_version_mismatch":
        following = (line for line in runtime_error.after(raw, one.number) if line.startswith("NVML library version: "))
        facts["library"] = next((line.partition(": ")[2].strip().rstrip(".") for line in following), UNSET)
    return Reading(
        line=one.number,
        text=one.text,
        sign=sign.id,
        means=sign.means,
        time=one.time or UNSET,
        last=one.time or UNSET,
        node=raw.subject.node or UNSET,
        about=sign.about or UNSET,
        **facts,
    )
