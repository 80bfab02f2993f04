"""Xid codes of the NVIDIA driver: what each means, what NVIDIA advises, what other tools make of it.

Pure. Table: `tables/xid.json`, which names its sources. A few numbers changed their meaning between driver branches;
ask with the driver's version where it is known.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from runbookctl.catalog import versions
from runbookctl.catalog._tables import load

Severity = Literal[
    "fatal",  # the GPU or the node must be recovered
    "application",  # a program lost its work, the GPU is well
    "informational",
    "function",  # one function of the GPU is gone until a person acts
    "follow_other",  # belongs to another Xid
    "driver_says",  # the line itself states what is needed
    "depends",  # on registers in the line
    "unclassified",  # known, not classified by NVIDIA
    "unused",  # NVIDIA: not used on A100 and newer
]

RECOVERY_ACTIONS = {
    0: "none", 1: "reset the GPU", 2: "reboot the node", 3: "drain peer-to-peer traffic", 4: "drain and reset the GPU",
    5: "recover the IMEX domain", 6: "reset the bus", 7: "reboot the system",
}  # fmt: skip
"""What the driver asks for, by the number that Xid 154 and NVML state.

Source: open-gpu-kernel-modules 565 to 595; 6 and 7: nvidia-ml-py 13.615.71.
"""

SCOPE = "NVIDIA 2025-09-30 and driver sources to 595"


class Meaning(Struct, frozen=True, rename={"lowest": "from"}):
    """What a number means between two driver versions. `today`: the number that current drivers use for it."""

    lowest: str
    below: str | None
    mnemonic: str  # empty: not known for these versions
    today: int | None


class XidEntry(Struct, frozen=True, kw_only=True):
    """One code. `cause` is a cause code, `immediate` and `investigatory` are NVIDIA's own buckets (see `advice`)."""

    code: int
    mnemonic: str
    title: str
    text: str  # plain words
    severity: Severity
    cause: str | None
    immediate: str | None
    investigatory: str | None
    others: dict[str, str]  # tool -> how it treats the code
    disagreement: tuple[str, ...]
    applies: tuple[str, ...]  # products for which NVIDIA lists the code
    since: str | None  # first open driver that knows it, "<=515.43.04" at the earliest
    sample: str  # a line as the driver prints it, empty when none is known
    often_after: str
    often_before: str
    branches: tuple[Meaning, ...]
    source: str


class _Table(Struct, frozen=True):
    about: str
    advice: dict[str, str]
    xids: tuple[XidEntry, ...]


@lru_cache(maxsize=1)
def _table() -> _Table:
    return load("xid", _Table)


@lru_cache(maxsize=1)
def all_xids() -> dict[int, XidEntry]:
    """Return every code of the catalogue, ascending."""
    return {entry.code: entry for entry in _table().xids}


def xid(code: int, driver: str | None = None) -> XidEntry | None:
    """Return what `code` means, on driver version or branch `driver` where given; None for an unknown code.

    Where the meaning on that driver is not known, the mnemonic is empty and nothing is classified.
    """
    entry = all_xids().get(code)
    if entry is None or driver is None or not entry.branches:
        return entry
    meaning = meaning_on(entry, driver)
    if meaning is None or not meaning.mnemonic:
        return _unknown_on(entry, driver)
    if meaning.today == code:
        return entry
    today = all_xids().get(meaning.today) if meaning.today is not None else None
    if today is None:
        return _unknown_on(entry, driver)
    note = f"On driver {driver} the number {code} means what newer drivers call {today.code}. {today.text}"
    return replace(today, code=code, mnemonic=meaning.mnemonic, text=note, branches=entry.branches, sample="")


def meaning_on(entry: XidEntry, driver: str) -> Meaning | None:
    """Return the meaning that holds on `driver`, None when the catalogue has none for it."""
    return next((one for one in entry.branches if versions.within(driver, one.lowest, one.below)), None)


def advice(bucket: str) -> str | None:
    """Return what one of NVIDIA's buckets (`RESET_GPU`) asks for, in plain words."""
    return _table().advice.get(bucket)


def _unknown_on(entry: XidEntry, driver: str) -> XidEntry:
    return replace(
        entry,
        mnemonic="",
        title=f"Meaning on driver {driver} not known",
        text=f"The number {entry.code} changed its meaning between driver branches; for {driver} it is not recorded.",
        severity="unclassified",
        cause=None,
        immediate=None,
        investigatory=None,
    )
