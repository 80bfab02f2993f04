"""Quantities, times and ages as Kubernetes and kubectl write them.

Pure and total: text that is none of these gives None, never an error.
"""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_CEILING, Decimal, InvalidOperation
from functools import lru_cache

import re2

from runbookctl.model import Time

# "32Mi", "24684100Ki", "128974848", "1.5G", "129e6", "128974848000m"
_QUANTITY = re2.compile(r"([+-]?(?:\d{1,30}(?:\.\d{0,30})?|\.\d{1,30}))([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d{1,2})?")
_FACTORS = {
    "": Decimal(1), "n": Decimal("1e-9"), "u": Decimal("1e-6"), "m": Decimal("1e-3"),
    "k": Decimal(10**3), "M": Decimal(10**6), "G": Decimal(10**9), "T": Decimal(10**12), "P": Decimal(10**15),
    "E": Decimal(10**18),
    "Ki": Decimal(2**10), "Mi": Decimal(2**20), "Gi": Decimal(2**30), "Ti": Decimal(2**40), "Pi": Decimal(2**50),
    "Ei": Decimal(2**60),
}  # fmt: skip
# 37s, 4m40s, 3h20m, 2d5h, 12d or 2y10d, as apimachinery/pkg/util/duration.HumanDuration writes it.
_AGE = re2.compile(r"(?:(\d{1,4})y)?(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,9})s)?")
_AGE_SECONDS = (365 * 86400, 86400, 3600, 60, 1)
# "Sun, 22 Nov 2026 02:47:34 +0000" (Go's time.RFC1123Z)
_LONG = re2.compile(r"[A-Z][a-z]{2}, (\d{2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) ([+-])(\d{2})(\d{2})")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_EPOCH_YEARS = (1, 1970)
"""Years of Go's zero time and of the Unix epoch: how a field that was never filled in is printed."""


def quantity(value: object) -> int | None:
    """Return a Kubernetes quantity as a whole number, rounded up (`32Mi` is 33554432); None for anything else.

    Source: k8s.io/apimachinery/pkg/api/resource/quantity.go.
    """
    if isinstance(value, str):
        return _quantity(value[:64])
    return value if isinstance(value, int) and not isinstance(value, bool) else None


@lru_cache(maxsize=4096)
def _quantity(text: str) -> int | None:
    match = _QUANTITY.fullmatch(text.strip())
    if not match:
        return None
    suffix = match[2] or ""
    try:
        factor = _FACTORS.get(suffix) or Decimal(10) ** int(suffix[1:])
        number = (Decimal(match[1]) * factor).to_integral_value(ROUND_CEILING)
    except (InvalidOperation, ValueError):
        return None
    return int(number) if abs(number) < 2**63 else None


def moment(value: object) -> Time | None:
    """Return an API time (`2026-11-22T02:47:14Z`, with or without a fraction); None for null, zero times and others."""
    return _moment(value) if isinstance(value, str) and 10 <= len(value) <= 64 else None


@lru_cache(maxsize=4096)
def _moment(text: str) -> Time | None:
    try:
        time = dt.datetime.fromisoformat(text)
        if time.tzinfo is None:
            return None
        time = time.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None
    return None if time.year in _EPOCH_YEARS else time


def long_moment(text: str) -> Time | None:
    """Return a time as `kubectl describe` prints it (`Sun, 22 Nov 2026 02:47:34 +0000`); None for zero times."""
    match = _LONG.fullmatch(text.strip()[:64])
    if not match or match[2] not in _MONTHS:
        return None
    offset = dt.timedelta(hours=int(match[8]), minutes=int(match[9])) * (-1 if match[7] == "-" else 1)
    try:
        local = dt.datetime(
            int(match[3]), _MONTHS.index(match[2]) + 1, int(match[1]), int(match[4]), int(match[5]), int(match[6]),
            tzinfo=dt.UTC,
        )  # fmt: skip
        time = local - offset
    except (ValueError, OverflowError):
        return None
    return None if time.year in _EPOCH_YEARS or local.year in _EPOCH_YEARS else time


def age(text: str) -> dt.timedelta | None:
    """Return an age as kubectl prints it (`4m40s`, `12d`); None for `<unknown>`, `<invalid>` and others.

    The last unit printed is cut, not rounded: `2d5h` is between 2d5h and 2d6h.
    """
    stripped = text.strip()[:32]
    match = _AGE.fullmatch(stripped)
    if not stripped or not match:
        return None
    seconds = sum(int(part) * unit for part, unit in zip(match.groups(), _AGE_SECONDS, strict=True) if part)
    try:
        return dt.timedelta(seconds=seconds)
    except OverflowError:
        return None


def before(now: Time, text: str) -> Time | None:
    """Return the moment that lay `text` (an age) before `now`; None when the age cannot be told."""
    ago = age(text)
    if ago is None:
        return None
    try:
        return now - ago
    except OverflowError:
        return None
