"""SXid codes of NVSwitch: what each is called, whether it is fatal, what NVIDIA's fabric manager guide advises.

Pure. Table: `tables/sxid.json`, which names its sources.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

from msgspec import Struct

from runbookctl.catalog._tables import load


class SxidEntry(Struct, frozen=True, kw_only=True):
    """One code. `fatal` is the class of the guide of 2025-11, None where that does not list it."""

    code: int
    name: str
    fatal: Literal["always_fatal", "fatal", "non_fatal"] | None
    potentially_fatal: bool
    action: str | None
    investigatory: str | None
    gpud: str  # how gpud treats it
    disagreement: str


class _Table(Struct, frozen=True):
    about: str
    sxids: tuple[SxidEntry, ...]


@lru_cache(maxsize=1)
def all_sxids() -> dict[int, SxidEntry]:
    """Return every code of the catalogue, ascending."""
    return {entry.code: entry for entry in load("sxid", _Table).sxids}


def sxid(code: int) -> SxidEntry | None:
    """Return what `code` means; None for an unknown one."""
    return all_sxids().get(code)
