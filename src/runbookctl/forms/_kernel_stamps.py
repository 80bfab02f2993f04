"""Time stamps of kernel logs, read without a locale, a time zone data base or a clock.

Pure: text in, aware UTC times out. A stamp without a zone is taken as UTC (dmesg -T and syslog do not print one); a
stamp without a year gets the latest year that does not put it more than a day after `at`.
"""

from __future__ import annotations

import datetime as dt
from functools import lru_cache

from runbookctl.model import Time

_MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
    )
}


def month(name: str) -> int | None:
    """Return 1 to 12 for `Nov`, `11月` (journalctl and dmesg -T print the caller's locale); None when not known."""
    if name.endswith("月") and name[:-1].isascii() and name[:-1].isdigit():
        number = int(name[:-1])
        return number if 1 <= number <= 12 else None
    return _MONTHS.get(name[:3].lower())


@lru_cache(maxsize=4096)
def iso(day: str, clock: str, fraction: str, zone: str) -> Time | None:
    """Return the time of `2026-11-22`, `02:47:35`, `136005`, `+0000`; None when it is no time."""
    try:
        moment = dt.datetime.fromisoformat(f"{day}T{clock}").replace(tzinfo=dt.UTC, microsecond=_micro(fraction))
        return moment - _offset(zone)
    except (ValueError, OverflowError):
        return None


@lru_cache(maxsize=4096)
def whole(stamp: str) -> Time | None:
    """Return the time of `2026-11-22T02:47:35.136005+00:00`; None when it is no time."""
    try:
        moment = dt.datetime.fromisoformat(stamp)
        return (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None


@lru_cache(maxsize=4096)
def dated(year: int, month_number: int | None, day: str, clock: str, fraction: str = "") -> Time | None:
    """Return the time of a stamp with a year (`Sun Nov 22 02:47:35 2026`)."""
    if month_number is None:
        return None
    return iso(f"{year:04}-{month_number:02}-{int(day):02}", clock, fraction, "")


@lru_cache(maxsize=4096)
def yearless(month_number: int | None, day: str, clock: str, fraction: str, at: Time) -> Time | None:
    """Return the time of `Nov 22 02:47:35`, in the latest year that is not in the future of `at` by more than a day."""
    if month_number is None or not day.isdigit():
        return None
    latest = at + dt.timedelta(days=1)
    for year in range(latest.year, latest.year - 9, -1):  # nine years always hold a 29 February
        moment = dated(year, month_number, day, clock, fraction)
        if moment is not None and moment <= latest:
            return moment
    return None


def epoch(seconds: float) -> Time | None:
    """Return the time of seconds since 1970; None when it is no time."""
    try:
        return dt.datetime.fromtimestamp(seconds, tz=dt.UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _micro(fraction: str) -> int:
    return int(fraction[:6].ljust(6, "0")) if fraction else 0


def _offset(zone: str) -> dt.timedelta:
    if len(zone) < 5 or zone[0] not in "+-":  # Z, UTC, a name that we do not know
        return dt.timedelta(0)
    digits = zone[1:].replace(":", "")
    span = dt.timedelta(hours=int(digits[:2]), minutes=int(digits[2:4]))
    return -span if zone[0] == "-" else span
