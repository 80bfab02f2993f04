"""Durations, sizes, versions and times as people write them. Pure."""

from __future__ import annotations

import datetime as dt
import math
import re

# "1h30m", "0.5s", "250ms", "3d"; the language's own text, never foreign.
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
# "2Gi", "512Mi", "1.5G", "1024", "100k" (Kubernetes quantities: apimachinery/pkg/api/resource/quantity.go)
_QUANTITY = re.compile(r"(\d+(?:\.\d+)?)\s*(Ki|Mi|Gi|Ti|Pi|Ei|k|K|M|G|T|P|E|m|kB|MB|GB|TB|KiB|MiB|GiB|TiB|B)?")
_FACTORS = {
    "": 1, "B": 1, "m": 0.001,
    "k": 10**3, "K": 10**3, "kB": 10**3, "M": 10**6, "MB": 10**6, "G": 10**9, "GB": 10**9, "T": 10**12, "TB": 10**12,
    "P": 10**15, "E": 10**18,
    "Ki": 2**10, "KiB": 2**10, "Mi": 2**20, "MiB": 2**20, "Gi": 2**30, "GiB": 2**30, "Ti": 2**40, "TiB": 2**40,
    "Pi": 2**50, "Ei": 2**60,
}  # fmt: skip
_VERSION = re.compile(r"\d+(?:\.\d+){0,5}")
_LONGEST = 3650 * 86400.0


def parse_duration(text: str) -> dt.timedelta:
    """Read `1h30m`, `90s`, `250ms`, `3d4h`; raise ValueError for anything else."""
    end, seconds = 0, 0.0
    for part in _DURATION_PART.finditer(text):
        if part.start() != end:
            break
        seconds += float(part[1]) * _SECONDS[part[2]]
        end = part.end()
    if not text or end != len(text) or seconds > _LONGEST:
        raise ValueError(f'"{text}" is no duration; write 90s, 15m, 2h or 1h30m')
    return dt.timedelta(seconds=seconds)


def parse_bytes(text: str) -> int:
    """Read a Kubernetes quantity or a plain number of bytes; raise ValueError for anything else."""
    match = _QUANTITY.fullmatch(text)
    if match is None:
        raise ValueError(f'"{text}" is no size; write 512Mi, 2Gi or a number of bytes')
    size = float(match[1]) * _FACTORS[match[2] or ""]
    if not math.isfinite(size):
        raise ValueError(f'"{text[:40]}..." is no size')
    return round(size)


def parse_version(text: str) -> tuple[int, ...]:
    """Read dotted numbers as a comparable key; raise ValueError for anything else."""
    if _VERSION.fullmatch(text) is None:
        raise ValueError(f'"{text}" is no version; write numbers with dots, such as 550.54.14')
    return version_key(text)


def version_key(text: str) -> tuple[int, ...]:
    """Return the leading dotted numbers of a version as a key; text that has none compares as smallest."""
    match = _VERSION.match(text[:64])
    return tuple(int(part[:18]) for part in match[0].split(".")) if match else ()


def parse_time(text: str) -> dt.datetime:
    """Read an ISO 8601 time with a zone (`2026-11-22T02:47:35Z`, `2026-11-22 02:47:35 +08:00`); raise ValueError."""
    compact = text.strip().replace(" +", "+").replace(" -", "-").replace(" Z", "Z")
    try:
        time = dt.datetime.fromisoformat(compact)
    except ValueError:
        raise ValueError(f'"{text}" is no time; write 2026-11-22T02:47:35Z') from None
    if time.tzinfo is None:
        raise ValueError(f'"{text}" has no zone; write 2026-11-22T02:47:35Z')
    return time.astimezone(dt.UTC)


def format_duration(value: dt.timedelta) -> str:
    """Write a duration as it is typed: `0.08s`, `14.6s`, `2m05s`, `1h07m`, `3d4h`."""
    seconds = value.total_seconds()
    if seconds < 0:
        return f"-{format_duration(-value)}"
    if seconds < 10:
        return f"{seconds:.2f}s" if seconds % 1 else f"{seconds:.0f}s"
    if seconds < 60:
        return f"{seconds:.1f}s" if seconds % 1 else f"{seconds:.0f}s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s" if whole % 60 else f"{whole // 60}m"
    if whole < 86400:
        return f"{whole // 3600}h{whole % 3600 // 60:02d}m" if whole % 3600 // 60 else f"{whole // 3600}h"
    return f"{whole // 86400}d{whole % 86400 // 3600}h" if whole % 86400 // 3600 else f"{whole // 86400}d"


def format_bytes(value: float) -> str:
    """Write a size exactly where a binary unit divides it (`32Mi`), else with one decimal (`1.2Gi`)."""
    if not math.isfinite(value):
        return "-"
    size = round(value)
    for unit, factor in (("Ti", 2**40), ("Gi", 2**30), ("Mi", 2**20), ("Ki", 2**10)):
        if size >= factor:
            return f"{size // factor}{unit}" if size % factor == 0 else f"{size / factor:.1f}{unit}"
    return str(size)


def format_time(value: dt.datetime) -> str:
    """Write a time in UTC with its date, to the second: `2026-11-22T02:47:35Z`."""
    return value.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
