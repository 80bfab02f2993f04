"""Times, durations, sizes and counts as a document writes them: UTC with Z, the date always.

Pure. A time of day precision shows no hours, what is not known shows no zeros.
"""

from __future__ import annotations

import datetime as dt

from runbookctl.language.units import format_duration
from runbookctl.model import Duration, Time
from runbookctl.postmortem.record import Precision

_FINENESS: tuple[Precision, ...] = ("second", "minute", "day", "unknown")


def stamp(at: Time, precision: Precision = "second") -> str:
    """Write `2026-11-22 02:47:35Z`, to the minute `2026-11-22 02:47Z`, to the day `2026-11-22`."""
    utc = (at if at.tzinfo is not None else at.replace(tzinfo=dt.UTC)).astimezone(dt.UTC)
    day, clock = utc.date().isoformat(), utc.time()
    if precision == "second":
        return f"{day} {clock:%H:%M:%S}Z"
    return f"{day} {clock:%H:%M}Z" if precision == "minute" else day


def coarser(one: Precision, other: Precision) -> Precision:
    """Return the precision that the difference of two times has."""
    return max(one, other, key=_FINENESS.index)


def span(length: Duration, precision: Precision = "second") -> str:
    """Write a duration as it is typed, negative ones with their sign: `2m05s`, `-3m`, to the day `2d`."""
    sign = "-" if length < dt.timedelta(0) else ""
    if precision == "second":
        return sign + format_duration(abs(length))
    seconds = int(abs(length).total_seconds())
    if precision == "day":
        return f"{sign}{seconds // 86400}d"
    return f"{sign}{seconds // 3600}h{seconds % 3600 // 60:02d}m" if seconds >= 3600 else f"{sign}{seconds // 60}m"


def seconds(length: float) -> str:
    """Write a measured time in seconds: `0.08s`, `14.6s`, `1m44s`."""
    if not 0 <= length < 10**9:
        return "-"
    if length < 10:
        return f"{length:.2f}s"
    return format_duration(dt.timedelta(seconds=round(length, 1)))


def size(count: int) -> str:
    """Write a number of bytes: `812 B`, `1.2 KiB`, `3.4 MiB`."""
    if count < 1024:
        return f"{count} B"
    value = float(count)
    for unit in ("KiB", "MiB", "GiB"):
        value /= 1024
        if value < 1024:
            return f"{value:.1f} {unit}"
    return f"{value / 1024:.1f} TiB"
