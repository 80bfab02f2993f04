"""The memory state of one GPU in one vocabulary, from NVML or from any output of nvidia-smi.

Pure. A value is set, None (the source says there is none: `N/A`, not supported) or UNSET (not printed, not readable).
"""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, UnsetType

from runbookctl.forms import _pci, nvml
from runbookctl.forms._gpu_facts import GpuFacts, Value, not_there, number, truth

Count = int | UnsetType | None
Truth = bool | UnsetType | None

# nvidia-smi -q and Xid 154, all names that any driver prints. Source: nvidia-smi 565 to 610, gpu.c of the open driver.
ACTIONS = {
    "none": 0,
    "reset": 1, "gpu reset": 1, "gpu reset required": 1, "pf flr": 1,
    "reboot": 2, "node reboot": 2, "node reboot required": 2, "os reboot": 2,
    "drain p2p": 3,
    "drain and reset": 4, "drain & reset": 4,
    "recover imex domain": 5, "imex domain recovery": 5,
    "bus reset": 6,
    "system reboot": 7,
}  # fmt: skip
_RESET_GPU = 1


def of_facts(gpu: GpuFacts) -> dict[str, Any]:
    """Return the fields of `gpu.memory_health` that nvidia-smi tells about one GPU."""
    values = gpu.values
    lost: Truth = True if gpu.error and "lost" in gpu.error.casefold() else False if gpu.answered else UNSET
    asks_reset = bool(gpu.error and "requires reset" in gpu.error.casefold())
    missing = None if gpu.whole else UNSET  # what a whole listing does not print, this driver does not know
    return {
        "pci": (_pci.normal(gpu.address) if gpu.address else None) or UNSET,
        "uuid": gpu.uuid or UNSET,
        "serial": gpu.serial or UNSET,
        "name": gpu.name or UNSET,
        "index": UNSET if gpu.index is None else gpu.index,
        "lost": lost,
        "error": gpu.error or _unreadable(values) or (None if gpu.answered else UNSET),
        "reset_required": asks_reset or _said(values.get("reset_required"), missing),
        "recovery_action": _action(values.get("recovery_action"), missing, asks_reset=asks_reset),
        "remap_pending": _either(
            _part(values, "remap", "pending", missing), _part(values, "retired", "pending", missing)
        ),
        "remap_failed": _part(values, "remap", "failure", missing),
        "remapped_correctable": _count_of(values, "remap", "corrected", missing),
        "remapped_uncorrectable": _count_of(values, "remap", "uncorrected", missing),
        "retired_single_bit": _count_of(values, "retired", "single", missing),
        "retired_double_bit": _count_of(values, "retired", "double", missing),
        "repair_pending": _either(
            _said(values.get("repair.channel"), missing), _said(values.get("repair.tpc"), missing)
        ),
        "unrepairable": _said(values.get("unrepairable"), missing),
        "sram_threshold_exceeded": _said(values.get("sram_threshold"), missing),
        **_counts(values, "volatile"),
        **_counts(values, "aggregate"),
    }


def _unreadable(values: dict[str, Value]) -> str | None:
    """Return what stands in place of a value that could not be read: `Unknown Error`, `[Unknown Error]`, `ERR!`."""
    texts = (value.text.strip("[] ") for value in values.values())
    return next((text for text in texts if text.casefold() in ("unknown error", "err!")), None)


def of_nvml(gpu: nvml.Gpu) -> dict[str, Any]:
    """Return the fields of `gpu.memory_health` that NVML tells about one GPU."""
    code = gpu.error.code if gpu.error else None
    told = _Told(failed=gpu.error is not None)
    rows = gpu.remapped_rows or nvml.RemappedRows(*[_as(gpu.remapped_rows)] * 4)
    pages = gpu.retired_pages or nvml.RetiredPages(*[_as(gpu.retired_pages)] * 3)
    ecc = gpu.ecc or nvml.Ecc(*[_as(gpu.ecc)] * 3)
    asks_reset = code == nvml.RESET_REQUIRED
    return {
        "pci": (_pci.normal(gpu.pci) if gpu.pci else None) or UNSET,
        "uuid": gpu.uuid or UNSET,
        "serial": gpu.serial or UNSET,
        "name": gpu.name or UNSET,
        "index": UNSET if gpu.index is None else gpu.index,
        "lost": code == nvml.GPU_IS_LOST if code in (None, nvml.GPU_IS_LOST, nvml.RESET_REQUIRED) else UNSET,
        "error": gpu.error.name or f"NVML error {code}" if gpu.error else None,
        "reset_required": True if asks_reset else told(None),
        "recovery_action": _RESET_GPU if asks_reset and not gpu.recovery_action else told(gpu.recovery_action),
        "remap_pending": _either(told(rows.pending), told(pages.pending)),
        "remap_failed": told(rows.failure),
        "remapped_correctable": told(rows.correctable),
        "remapped_uncorrectable": told(rows.uncorrectable),
        "retired_single_bit": told(pages.single_bit),
        "retired_double_bit": told(pages.double_bit),
        "sram_threshold_exceeded": told(ecc.sram_threshold_exceeded),
        **_errors(ecc.volatile, "volatile", told),
        **_errors(ecc.aggregate, "aggregate", told),
    }


class _Told:
    """Says what a value of NVML tells: after an error of the GPU, null says nothing any more."""

    def __init__(self, *, failed: bool) -> None:
        self._failed = failed

    def __call__(self, value: Count) -> Any:
        return UNSET if value is None and self._failed else value


def _as(section: Any) -> UnsetType | None:
    """Return what every field of a section is that is null or left out as a whole."""
    return UNSET if section is UNSET else None


def _errors(errors: nvml.Errors | UnsetType | None, scope: str, told: _Told) -> dict[str, Any]:
    found = errors or nvml.Errors(*[_as(errors)] * 6)
    total = found.uncorrected
    if not isinstance(total, int):
        parts = [found.sram_uncorrected, found.dram_uncorrected]
        total = _sum(parts) if any(isinstance(part, int) for part in parts) else total
    return {
        f"correctable_{scope}": told(found.corrected),
        f"uncorrectable_{scope}": told(total),
        f"sram_uncorrectable_{scope}": told(found.sram_uncorrected),
        f"dram_uncorrectable_{scope}": told(found.dram_uncorrected),
    }


def _counts(values: dict[str, Value], scope: str) -> dict[str, Any]:
    def sums(*names: str) -> Count:
        return _sum([_number(values.get(f"ecc.{scope}.{name}")) for name in names if f"ecc.{scope}.{name}" in values])

    sram = ("sram.uncorrected", "sram.uncorrected.parity", "sram.uncorrected.secded")
    total = "total.uncorrected" if f"ecc.{scope}.total.uncorrected" in values else ""
    corrected = "total.corrected" if f"ecc.{scope}.total.corrected" in values else ""
    return {
        f"correctable_{scope}": sums(corrected) if corrected else sums("sram.corrected", "dram.corrected"),
        f"uncorrectable_{scope}": sums(total) if total else sums(*sram, "dram.uncorrected"),
        f"sram_uncorrectable_{scope}": sums(*sram),
        f"dram_uncorrectable_{scope}": sums("dram.uncorrected"),
    }


def _sum(parts: list[Count]) -> Count:
    """Add up: what is not there counts nothing; one unreadable part leaves only a sum above 0 certain."""
    if not parts:
        return UNSET
    known = [part for part in parts if isinstance(part, int)]
    if UNSET in parts:
        return sum(known) or UNSET
    return sum(known) if known else None


def _number(value: Value | None, missing: UnsetType | None = UNSET) -> Count:
    if value is None:
        return missing
    return None if not_there(value) else _unset(number(value))


def _said(value: Value | None, missing: UnsetType | None) -> Truth:
    if value is None:
        return missing
    return None if not_there(value) else _unset(truth(value))


def _part(values: dict[str, Value], section: str, name: str, missing: UnsetType | None) -> Truth:
    """Return a truth of a section; a section that is `N/A` as a whole is not there."""
    whole = values.get(section)
    return None if whole is not None and not_there(whole) else _said(values.get(f"{section}.{name}"), missing)


def _count_of(values: dict[str, Value], section: str, name: str, missing: UnsetType | None) -> Count:
    whole = values.get(section)
    return None if whole is not None and not_there(whole) else _number(values.get(f"{section}.{name}"), missing)


def _either(*parts: Truth) -> Truth:
    """Join by "or": one that is true decides; not there counts nothing; not readable leaves it open."""
    if True in parts:
        return True
    if UNSET in parts and not any(part is False for part in parts):
        return UNSET
    return False if False in parts else None


def _action(value: Value | None, missing: UnsetType | None, *, asks_reset: bool) -> Count:
    if asks_reset:
        return _RESET_GPU
    if value is None:
        return missing
    text = value.text.casefold().strip("[] ")
    return ACTIONS[text] if text in ACTIONS else None if not_there(value) else UNSET


def _unset(found: int | None) -> Any:
    return UNSET if found is None else found
