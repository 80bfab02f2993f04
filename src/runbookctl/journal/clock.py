"""The clock of a local store, and what identifies this process. Reads /proc, writes nothing."""

from __future__ import annotations

import datetime as dt
import os
import secrets
import time
from functools import lru_cache
from pathlib import Path

from runbookctl.journal import place
from runbookctl.journal.values import Instant, Owner

# CLOCK_BOOTTIME counts sleep, so a suspended laptop loses its lease; systems without it have the monotonic clock.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def now() -> Instant:
    """Return this moment."""
    return Instant(boot=boot_id(), seconds=time.clock_gettime(_CLOCK), wall=dt.datetime.now(dt.UTC))


@lru_cache(maxsize=1)
def boot_id() -> str:
    """Return what names this boot. Source: random(4), /proc/sys/kernel/random/boot_id."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        # Elsewhere the hour of the boot names it; a wrong guess costs a lease, never gives one.
        return f"boot-{int((time.time() - time.clock_gettime(_CLOCK)) // 3600)}"


def this_process(doing: str = "") -> Owner:
    """Return a new owner for this process; `doing` is for people: "fix r-8m2c"."""
    pid = os.getpid()
    return Owner(
        host=os.uname().nodename, boot=boot_id(), pid=pid, started=_started(pid), nonce=secrets.token_hex(8),
        who=place.account(), doing=doing,
    )  # fmt: skip


def _started(pid: int) -> int:
    """Return the start time of a process. Source: proc(5), /proc/pid/stat, field 22; field 2 may hold spaces."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
        return int(text.rpartition(")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return 0
