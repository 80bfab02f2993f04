"""Decode of Xid 144 to 150 (NVLink 5): unit, interrupt information and error status of the line to what is needed.

Pure. Table: `tables/nvlink5.json`. The registers have one layout below driver 575 and another from 575 on. What the
table does not say, or says differently for the two layouts while the driver is unknown, is not decoded: never a guess.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Literal, NamedTuple

import re2
from msgspec import Struct

from runbookctl.catalog._tables import load

CODES = range(144, 151)
NEW_LAYOUT = 575
"""First driver branch with the second register layout. Source: NVIDIA Xid-Catalog.xlsx 2025-09-30."""

Resolution = Literal["RESET_GPU", "XID_154_EVAL", "IGNORE"]
_SEVEREST: tuple[Resolution, ...] = ("RESET_GPU", "XID_154_EVAL", "IGNORE")

# NETIR_LINK_EVT  Fatal   XC0 i0 Link 09 (0x025525c6 0x00000000 0x00000000 0x00000000 0x00000000 0x00000000)
_REPORT = re2.compile(
    r"([A-Z][A-Za-z0-9_/]*(?: Degraded)?) +(Non-?[Ff]atal|Fatal) +XC(\d+) +i(\d+) +Link +(-?\d+|[A-Za-z/]+)"
    r"(?: *\(0x([0-9a-fA-F]{8})(?: +0x([0-9a-fA-F]{8}))?(?:[ )]|$))?"
)


class Report(NamedTuple):
    """What one line says itself. `fatal` is the driver's own word."""

    unit: str
    fatal: bool
    link: int | None
    information: int | None
    status: int | None


class Row(Struct, frozen=True, kw_only=True):
    """One row of NVIDIA's decode table."""

    xid: int
    unit_v1: str
    unit_v2: str
    v1: str
    v2: str
    status: tuple[str, ...]
    resolution: Resolution
    investigatory: str
    severity: str
    row: int


class Decoded(NamedTuple):
    """What the table says: NVIDIA's bucket, what to look into, and the row numbers of the sheet."""

    resolution: Resolution
    investigatory: str
    rows: tuple[int, ...]


class _Table(Struct, frozen=True):
    about: str
    rows: tuple[Row, ...]


@lru_cache(maxsize=1)
def rows() -> tuple[Row, ...]:
    """Return the decode rows in the order of the sheet."""
    return load("nvlink5", _Table).rows


def report(message: str) -> Report | None:
    """Read unit, severity, link and registers of an Xid 144 to 150 message; None when it has another form."""
    match = _REPORT.search(message)
    if not match:
        return None
    link = match[5]
    return Report(
        unit=match[1],
        fatal=match[2] == "Fatal",
        link=int(link) if link.lstrip("-").isdigit() and int(link) >= 0 else None,
        information=int(match[6], 16) if match[6] else None,
        status=int(match[7], 16) if match[7] else None,
    )


def decode(code: int, seen: Report, branch: int | None) -> Decoded | None:
    """Return what the registers mean on driver branch `branch`; None when that cannot be said for certain."""
    if seen.information is None:
        return None
    if branch is not None:
        return _with(code, seen, new=branch >= NEW_LAYOUT)
    found = [one for new in (False, True) if (one := _with(code, seen, new=new)) is not None]
    if len(found) == 2 and found[0].resolution != found[1].resolution:
        return None
    return found[0] if found else None


def _with(code: int, seen: Report, *, new: bool) -> Decoded | None:
    fitting = [row for row in rows() if row.xid == code and _fits(row, seen, new=new)]
    exact = [row for row in fitting if not row.status or any(int(one, 16) == seen.status for one in row.status)]
    if exact:
        return _severest(exact)
    return None if seen.status is None else _by_bits(fitting, seen.status)


def _fits(row: Row, seen: Report, *, new: bool) -> bool:
    unit, pattern = (row.unit_v2, row.v2) if new else (row.unit_v1, row.v1)
    wanted = {unit, f"{row.unit_v1}/{row.unit_v2}"}
    bits = f"{seen.information:032b}"
    return seen.unit in wanted and all(want in ("-", bit) for want, bit in zip(pattern, bits, strict=True))


def _by_bits(fitting: list[Row], status: int) -> Decoded | None:
    """Decode a status with several bits set: every bit must have its row, the severest of them counts."""
    single = {int(row.status[0], 16): row for row in fitting if len(row.status) == 1}
    if not status or any(value & (value - 1) for value in single):
        return None  # the values of this unit are numbers, not bits
    bits = [1 << place for place in range(32) if status >> place & 1]
    known = [single[bit] for bit in bits if bit in single]
    if len(known) == len(bits) or any(row.resolution == "RESET_GPU" for row in known):
        return _severest(known)
    return None


def _severest(found: list[Row]) -> Decoded:
    worst = min(found, key=lambda row: _SEVEREST.index(row.resolution))
    return Decoded(worst.resolution, worst.investigatory, tuple(row.row for row in found))
