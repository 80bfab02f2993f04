"""Version numbers of NVIDIA drivers and CUDA: numbers between dots, compared number by number.

Pure and total: text that is no version gives None.
"""

from __future__ import annotations

from functools import lru_cache

import re2

# 550.144.03     12.4     610.43.02
_VERSION = re2.compile(r"\d{1,6}(?:\.\d{1,6}){0,5}")


@lru_cache(maxsize=1024)
def parts(version: str) -> tuple[int, ...] | None:
    """Return the numbers of `550.144.03`; None for anything else."""
    text = version.strip()
    if not _VERSION.fullmatch(text):
        return None
    return tuple(int(number) for number in text.split("."))


def branch(version: str | None) -> int | None:
    """Return the first number of a version (the driver branch 550 of `550.144.03`)."""
    numbers = parts(version) if version else None
    return numbers[0] if numbers else None


def compare(one: str, other: str) -> int | None:
    """Return -1, 0 or 1, missing numbers counting as 0; None when one of them is no version."""
    left, right = parts(one), parts(other)
    if left is None or right is None:
        return None
    length = max(len(left), len(right))
    a, b = left + (0,) * (length - len(left)), right + (0,) * (length - len(right))
    return (a > b) - (a < b)


def within(version: str, lowest: str | None, below: str | None) -> bool:
    """Tell whether `lowest` <= version < `below`; None is no bound."""
    low = compare(version, lowest) if lowest else 0
    high = compare(version, below) if below else -1
    return low is not None and low >= 0 and high is not None and high < 0
