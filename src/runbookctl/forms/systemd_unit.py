"""What `systemctl status UNIT ...` prints: state, result and last log lines of systemd units.

Pure: reads the text it is given. It names the host in its log lines alone, and those may be missing.
Source: systemd src/systemctl/systemctl-show.c, print_status_info. Real lines:

    ● kubelet.service - kubelet: The Kubernetes Node Agent
         Loaded: loaded (/lib/systemd/system/kubelet.service; enabled; vendor preset: enabled)
         Active: activating (auto-restart) (Result: exit-code) since Sun 2026-11-22 02:47:35 UTC; 3s ago
       Main PID: 1234 (code=exited, status=1/FAILURE)
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import suppress

import re2
from msgspec import Struct

from runbookctl.forms import Named
from runbookctl.forms.lines import Gap, numbered
from runbookctl.model import Raw, Subject, Time, Writer

LABEL = "systemctl status"
WRITER = Writer.NODE
ANCHORS: tuple[bytes, ...] = ()

# ● kubelet.service - kubelet: The Kubernetes Node Agent        × containerd.service - containerd container runtime
_UNIT = re2.compile(r"\S{1,3} ([\w@.:\\-]{1,200})\.(service|socket|timer|mount|slice|scope|target)(?: - .*)?")
# Unit kubelet.service could not be found.
_NO_UNIT = re2.compile(r"Unit ([\w@.:\\-]{1,200}?)(?:\.service)? could not be found\.")
#      Active: failed (Result: exit-code) since Sun 2026-11-22 02:47:35 UTC; 3min ago
_ACTIVE = re2.compile(
    r"\s+Active: (active|inactive|failed|activating|deactivating|reloading|maintenance)(?: \(([\w-]{1,40})\))?"
    r"(?: \(Result: ([\w-]{1,40})\))?(?: since \w{2,4} (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (\w{1,8}|[+-]\d\d))?.{0,80}"
)
#      Loaded: not-found (Reason: Unit kubelet.service not found.)
_LOADED = re2.compile(r"\s+Loaded: (loaded|not-found|masked|error|bad-setting)\b.*")


class Unit(Struct, kw_only=True):
    """One unit; `state` as systemd names it, `absent` where there is none; `line` is that of the state."""

    line: int
    name: str
    text: str = ""
    state: str = ""
    sub: str = ""  # running, dead, auto-restart
    result: str = ""  # exit-code, oom-kill, signal
    since: Time | None = None


def units(raw: Raw) -> Iterator[Unit | Gap]:
    """Yield the units of the text, and the gaps in it."""
    unit: Unit | None = None
    for line in numbered(raw.body):
        if isinstance(line, Gap):
            yield line
            continue
        text = line.text[:4096]
        head = _UNIT.fullmatch(text) if ".s" in text or ".t" in text or ".m" in text else None
        gone = _NO_UNIT.match(text.strip()) if "could not be found" in text else None
        if (head or gone) and unit:
            yield unit
            unit = None
        if head:
            unit = Unit(line=line.number, name=head[1], text=text.strip())
        elif gone:
            yield Unit(line=line.number, name=gone[1], text=text.strip(), state="absent")
        elif unit and not unit.state:
            _take(unit, line.number, text)
    if unit:
        yield unit


def _take(unit: Unit, number: int, text: str) -> None:
    loaded = _LOADED.fullmatch(text) if "Loaded:" in text else None
    active = _ACTIVE.fullmatch(text) if "Active:" in text else None
    if loaded and loaded[1] == "not-found":
        unit.state, unit.line, unit.text = "absent", number, text.strip()
    elif active:
        unit.state, unit.sub, unit.result = active[1], active[2] or "", active[3] or ""
        unit.line, unit.text = number, text.strip()
        if active[4] and active[5] in ("UTC", "GMT", "+00"):
            with suppress(ValueError):
                unit.since = dt.datetime.fromisoformat(f"{active[4]}+00:00")


def recognise(head: str, name: str) -> int:
    """Tell it by a unit's line and its state below."""
    del name
    lines = head.split("\n", 200)[:200]
    if any(_NO_UNIT.match(line.strip()) for line in lines[:5]):
        return 80
    found = any(starts(line) for line in lines[:40])
    return 85 if found and any(_ACTIVE.fullmatch(line.rstrip("\r")) for line in lines if "Active:" in line) else 0


def starts(line: str) -> bool:
    """Tell the line of a unit: a sign, the unit's name, its description."""
    return line[1:4].find(" ") in (0, 1, 2) and " - " in line and bool(_UNIT.fullmatch(line.rstrip("\r")))


def names(raw: Raw) -> Named:
    """Name nothing; count the units; the latest change of a state that the text tells."""
    found = [one for one in units(raw) if isinstance(one, Unit)]
    since = max((one.since for one in found if one.since), default=None)
    told = ", ".join(f"{one.name} {one.state or 'without a state'}" for one in found[:4])
    return Named(subject=Subject(), now=since, summary=told or "no units")
