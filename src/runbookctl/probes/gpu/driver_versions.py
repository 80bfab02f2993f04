"""Which NVIDIA driver a node has loaded, has on disk, and is seen by the library; who owns the cards.

Pure. Versions are compared in the runbook. What a source does not tell stays unset; what was looked for and is not
there is absent.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType

from runbookctl import model
from runbookctl.catalog import versions
from runbookctl.forms import (
    _driver_line,
    _driver_message,
    driver_facts,
    kernel_log,
    nvidia_smi_csv,
    nvidia_smi_q,
    nvidia_smi_table,
    nvidia_smi_xml,
    nvml,
    runtime_error,
)
from runbookctl.forms.driver_facts import Facts
from runbookctl.forms.lines import Gap
from runbookctl.model import Cut, NodeCommand, NvmlRead, Raw, Request, Subject, Version

FORMS = (
    "driver_facts", "nvml", "nvidia_smi_q", "nvidia_smi_xml", "nvidia_smi_csv", "nvidia_smi_table", "kernel_log",
    "runtime_error",
)  # fmt: skip
SUBJECT = {"node": "node"}
PARTIAL = FORMS  # each of them tells some parts of the stack
KIND = "state"
ONE = False

_VERSION_FILES = (
    "/proc/driver/nvidia/version", "/sys/module/nvidia/version", "/sys/module/nvidia_modeset/version",
)  # fmt: skip
_OURS = ("nvidia", "nvidia_uvm", "nvidia_modeset", "nvidia_drm")
_Told = Version | UnsetType | None


class Params(Struct, frozen=True, forbid_unknown_fields=True):
    """Which node; this machine when none is named."""

    node: str | None = None


class Reading(model.Reading, frozen=True, kw_only=True):
    """The driver of one node."""

    node: str | UnsetType = UNSET
    name: Annotated[str | UnsetType, Meta(description="of the node")] = UNSET
    module: Annotated[_Told, Meta(description="loaded kernel module; absent when none is loaded")] = UNSET
    library: Annotated[_Told, Meta(description="libnvidia-ml that was used")] = UNSET
    modeset: Annotated[_Told, Meta(description="loaded nvidia-modeset")] = UNSET
    on_disk: Annotated[_Told, Meta(description="module on disk for the running kernel; absent: there is none")] = UNSET
    built_for: Annotated[str | UnsetType, Meta(description="kernel that the module on disk was built for")] = UNSET
    signer: Annotated[str | UnsetType | None, Meta(description="who signed the module on disk")] = UNSET
    cuda: Annotated[Version | UnsetType, Meta(description="newest CUDA that the driver serves")] = UNSET
    arch: Annotated[Version | UnsetType, Meta(description="lowest compute capability of its GPUs")] = UNSET
    brand: Annotated[str | UnsetType, Meta(description="tesla, nvidia, geforce, ...")] = UNSET
    owner: Annotated[
        str | UnsetType | None,
        Meta(description="kernel driver that has the GPUs: nvidia, nouveau, nova_core, vfio_pci; absent when none has"),
    ] = UNSET
    devices: Annotated[int | UnsetType, Meta(description="NVIDIA GPUs on PCI")] = UNSET
    users: Annotated[int | UnsetType, Meta(description="open handles on the driver, its own modules apart")] = UNSET
    dkms: Annotated[str | UnsetType, Meta(description="newest DKMS entry: added, built, installed")] = UNSET
    dkms_version: Annotated[Version | UnsetType, Meta(description="version of that entry")] = UNSET
    secure_boot: Annotated[bool | UnsetType, Meta(description="mokutil says enabled")] = UNSET


def request(params: Params) -> tuple[Request, ...]:
    """Ask the loaded modules, the module on disk, the cards' owner, and NVML."""
    node = params.node

    def ask(*argv: str, accept: tuple[int, ...] = (0,)) -> NodeCommand:
        return NodeCommand(form="driver_facts", node=node, argv=argv, accept=accept)

    return (
        ask("grep", "-H", "-e", ".", *_VERSION_FILES, accept=(0, 1, 2)),
        ask("lsmod"),
        ask("modinfo", "nvidia", accept=(0, 1)),
        ask("lspci", "-nnk", "-d", "10de:"),
        NvmlRead(form="nvml", node=node),
    )


def obtain(subject: Subject) -> str:
    """Return one command line that prints the same for the subject's node."""
    line = "cat /proc/driver/nvidia/version; lsmod; modinfo nvidia; lspci -nnk -d 10de:; nvidia-smi"
    return f"ssh {subject.node} '{line}'" if subject.node else line


def read(raw: Raw) -> Iterator[Reading | Cut]:
    """Read `NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.144.03`, lsmod, modinfo, lspci, NVML, nvidia-smi."""
    fields = _fields(raw)
    if fields:
        node = raw.subject.node or UNSET
        yield Reading(**({"node": node, "name": node} | fields))
    elif raw.form not in ("driver_facts", "nvml"):
        yield Cut(nothing=True, why="it names no version of the driver")


def _fields(raw: Raw) -> dict[str, Any]:
    match raw.form:
        case "driver_facts":
            facts = driver_facts.parse(raw)
            return _of_facts(facts) if facts else {}
        case "nvml":
            return _of_nvml(raw)
        case "kernel_log":
            return _of_log(raw)
        case "runtime_error":
            return _of_text(raw)
        case "nvidia_smi_xml":
            return _of_smi(*nvidia_smi_xml.parse(raw.body))
        case "nvidia_smi_csv":
            return _of_smi(*nvidia_smi_csv.parse(raw))
        case "nvidia_smi_table":
            return _of_smi(*nvidia_smi_table.parse(raw.body))
    return _of_smi(*nvidia_smi_q.parse(raw.body)) or _of_text(raw)


def _of_facts(facts: Facts) -> dict[str, Any]:
    by_age = sorted(facts.dkms, key=lambda one: (versions.parts(one.version) or (), one.state == "installed"))
    newest = by_age[-1] if by_age else None
    return {
        "line": facts.line or UNSET,
        "module": facts.module,
        "library": facts.library,
        "modeset": facts.modeset,
        "on_disk": facts.on_disk,
        "built_for": facts.built_for,
        "signer": facts.signer,
        "cuda": facts.cuda or UNSET,
        "owner": _owner(facts),
        "devices": len(facts.devices) if facts.devices or facts.devices_all else UNSET,
        "users": _users(facts),
        "dkms": newest.state if newest else UNSET,
        "dkms_version": newest.version if newest else UNSET,
        "secure_boot": facts.secure_boot,
    }


def _owner(facts: Facts) -> str | UnsetType | None:
    """Return who has the cards: lspci says it; without it a driver that is loaded alone."""
    drivers = {device.driver for device in facts.devices}
    for name in ("nouveau", "nova_core", "nvidia", "vfio_pci"):
        if name in drivers:
            return name
    if drivers:
        return next((name for name in sorted(filter(None, drivers))), None)
    if facts.loaded_all and "nvidia" not in facts.loaded:
        return next((name for name in ("nouveau", "nova_core") if name in facts.loaded), UNSET)
    return UNSET


def _users(facts: Facts) -> int | UnsetType:
    """Count references that are not the driver's own modules holding each other."""
    if "nvidia" not in facts.loaded or not facts.loaded_all:
        return UNSET
    ours = [facts.loaded[name] for name in _OURS if name in facts.loaded]
    return max(0, sum(one.references - len(one.holders) for one in ours))


def _of_nvml(raw: Raw) -> dict[str, Any]:
    try:
        document = nvml.decode(raw.body)
    except ValueError:
        return {}
    if document.error is not None:
        library = document.library_version
        return {"library": library} if isinstance(library, str) and versions.parts(library) else {}
    gpus = document.gpus or ()
    capabilities = [gpu.compute_capability for gpu in gpus if isinstance(gpu.compute_capability, str)]
    brands = {gpu.brand for gpu in gpus if isinstance(gpu.brand, str)}
    driver = document.driver_version or UNSET
    return {
        "module": driver,
        "library": driver,  # NVML starts only against a module of its own version
        "cuda": document.cuda_driver_version or UNSET,
        "arch": min(capabilities, key=lambda one: versions.parts(one) or (), default=UNSET),
        "brand": brands.pop() if len(brands) == 1 else UNSET,
        "owner": "nvidia" if gpus else UNSET,
    }


def _of_smi(found: Any, cut: bool) -> dict[str, Any]:
    del cut
    if not found.driver or versions.parts(found.driver) is None:
        return {}
    cuda = found.cuda if found.cuda and versions.parts(found.cuda) else UNSET
    owner = "nvidia" if found.gpus else UNSET
    return {"module": found.driver, "library": found.driver, "cuda": cuda, "owner": owner}


def _of_text(raw: Raw) -> dict[str, Any]:
    """Read the version that an NVML of another version prints after its error."""
    for one in runtime_error.refusals(raw):
        if isinstance(one, Gap) or one.found.signature.id != "nvml_version_mismatch":
            continue
        for line in runtime_error.after(raw, one.number):
            if line.startswith("NVML library version: "):
                return {"line": one.number, "text": one.text, "library": line.partition(": ")[2].strip().rstrip(".")}
    return {}


def _of_log(raw: Raw) -> dict[str, Any]:
    """Read the two versions of the last mismatch in a kernel log, unless the driver was loaded anew since.

    A log without a mismatch tells nothing here: what was loaded once is not what the library uses.
    """
    fields: dict[str, Any] = {}
    anchors = (b"NVRM: loading", b"NVRM: API mismatch", b"NVRM: this kernel", b"NVRM: has the")
    for message in _driver_message.messages(kernel_log.events(raw, anchors)):
        if isinstance(message, Cut):
            continue
        line = message.line
        if _driver_line.loading(message.text):
            fields = {}
        elif two := _driver_message.mismatch(message.text):
            node = raw.subject.node or (line.host if raw.request is None and line.host else UNSET)
            fields = {"node": node, "name": node, "line": line.number, "text": message.text}
            fields |= {"module": two.module, "library": two.library}
    return fields
