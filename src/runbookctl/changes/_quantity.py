"""Numbers as Kubernetes quantities. Pure. Source: apimachinery/pkg/api/resource/quantity.go."""

from __future__ import annotations

import math

from runbookctl.errors import InputError

_BINARY = (("Pi", 2**50), ("Ti", 2**40), ("Gi", 2**30), ("Mi", 2**20), ("Ki", 2**10))
_DECIMAL = (("P", 10**15), ("T", 10**12), ("G", 10**9), ("M", 10**6), ("k", 10**3))
_MOST = 2**62


def memory(size: float, what: str) -> str:
    """Write bytes: 67108864 is `64Mi`, 10**9 is `1G`, 1234567 stays `1234567`; what was computed is rounded up.

    A whole number is written exactly. A number with a fraction (a peak times 1.25) is rounded up to whole Mi, below
    1 MiB to whole Ki: a limit is never less than was asked for. `what` names the parameter in an error.
    """
    if not math.isfinite(size) or not 1 <= size < _MOST:
        raise InputError(f"{what} must be at least 1 byte, not {size}")
    exact = int(size) if size == int(size) else None
    if exact is None:
        step = 2**20 if size > 2**20 else 2**10
        exact = math.ceil(size / step) * step
    for suffix, factor in (*_BINARY, *_DECIMAL):
        if exact % factor == 0:
            return f"{exact // factor}{suffix}"
    return str(exact)


def cpu(cores: float, what: str) -> str:
    """Write processors: 2 is `2`, 0.5 is `500m`; less than a thousandth is rounded up. `what` names the parameter."""
    if not math.isfinite(cores) or not 0 < cores < 2**20:
        raise InputError(f"{what} must be more than 0 processors, not {cores}")
    milli = math.ceil(round(cores * 1000, 6))
    return str(milli // 1000) if milli % 1000 == 0 else f"{milli}m"
