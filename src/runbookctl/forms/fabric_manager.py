"""What tells about NVIDIA's fabric manager: `systemctl status`, `nv-fabricmanager --version`, its journal and log.

Pure. Real lines:

    ● nvidia-fabricmanager.service - NVIDIA fabric manager service
         Active: failed (Result: exit-code) since Tue 2026-11-22 02:47:35 UTC; 3min ago
    Fabric Manager version is : 550.127.05
    fabric manager NVIDIA GPU driver interface version 550.127.05 don't match with driver version 550.120. Please ...
"""

from __future__ import annotations

from typing import Literal

import re2
from msgspec import UNSET, Struct, UnsetType

from runbookctl.catalog import signatures
from runbookctl.forms import Named
from runbookctl.forms.lines import Gap, numbered
from runbookctl.model import NodeCommand, Raw, Subject, Version, Writer

LABEL = "fabric manager"
WRITER = Writer.NODE
ANCHORS: tuple[bytes, ...] = (b"abric", b"Active:", b"Loaded:", b"nv-fabricmanager")

State = Literal["active", "inactive", "failed", "activating", "absent", "not_needed"]
UNIT = "nvidia-fabricmanager"

# Unit nvidia-fabricmanager.service could not be found.
_NO_UNIT = re2.compile(r"Unit nvidia-fabricmanager\S* could not be found")
# * nvidia-fabricmanager.service - NVIDIA fabric manager service          (the first sign depends on the terminal)
_UNIT = re2.compile(r"\S{1,3} nvidia-fabricmanager\.service\b.*")
_ANY_UNIT = re2.compile(r"\S{1,3} [\w@.-]+\.(?:service|socket|timer)( - .*)?")
#      Active: failed (Result: exit-code) since Tue 2026-11-22 02:47:35 UTC; 3min ago
_ACTIVE = re2.compile(r"\s+Active: (active|inactive|failed|activating|deactivating|reloading)\b.*")
#      Loaded: not-found (Reason: Unit nvidia-fabricmanager.service not found.)
_LOADED = re2.compile(r"\s+Loaded: (not-found|masked|loaded|error|bad-setting)\b.*")
# Fabric Manager version is : 550.127.05        Fabric Manager version 535.104.05 is running with the following ...
_VERSION = re2.compile(r"Fabric ?Manager [Vv]ersion(?: is)? ?:? ?(\d{3,4}\.\d{1,4}(?:\.\d{1,4})?)\b")
# request to query NVSwitch device information ... failed with error:WARNING Nothing to do [NV_WARN_NOTHING_TO_DO]
_NOTHING = "NV_WARN_NOTHING_TO_DO"


class Told(Struct):
    """What the text tells; `line` is the line of the state, else of the version."""

    state: State | UnsetType = UNSET
    version: Version | UnsetType | None = UNSET
    driver: Version | UnsetType = UNSET  # version that the fabric manager found and refused
    line: int = 0
    text: str = ""


def parse(raw: Raw) -> tuple[Told | None, bool]:
    """Return what the text tells (None: nothing), and whether something was cut out."""
    told, cut, ours = Told(), False, False
    for line in numbered(raw.body):
        if isinstance(line, Gap):
            cut = cut or not line.harmless
            continue
        if _ANY_UNIT.fullmatch(line.text):
            ours = bool(_UNIT.fullmatch(line.text))
        _take(told, line.number, line.text, ours=ours)
    asked = raw.request.argv if isinstance(raw.request, NodeCommand) else ()
    if told.state is UNSET and "status" in asked and not raw.body.strip():
        told.state = "absent"  # systemctl says so on its other output
    if told.state == "absent":
        told.version = None
    nothing = told.state is UNSET and told.version is UNSET and told.driver is UNSET
    return (None if nothing else told), cut


def _take(told: Told, number: int, text: str, *, ours: bool) -> None:
    if _NO_UNIT.search(text) or (ours and (match := _LOADED.fullmatch(text)) and match[1] == "not-found"):
        _mark(told, "absent", number, text)
    elif ours and told.state is UNSET and (match := _ACTIVE.fullmatch(text)):
        state: dict[str, State] = {"deactivating": "inactive", "reloading": "active"}
        _mark(told, state.get(match[1], match[1]), number, text)
    elif match := _VERSION.search(text):
        told.version = match[1]
        told.line, told.text = told.line or number, told.text or text.strip()
    elif _NOTHING in text and told.state != "active":
        _mark(told, "not_needed", number, text)
    elif (found := signatures.find(text, ("gpu",))) and found.signature.id == "fabric_version_refused":
        told.version = found.groups.get("fabric") or UNSET
        told.driver = found.groups.get("module") or UNSET
        if told.state in (UNSET, "inactive", "activating"):
            _mark(told, "failed", number, text)


def _mark(told: Told, state: State, number: int, text: str) -> None:
    told.state, told.line, told.text = state, number, text.strip()


def recognise(head: str, name: str) -> int:
    """Tell the texts by the unit's or the program's name."""
    del name
    if "nvidia-fabricmanager.service" in head or _NO_UNIT.search(head[:4096]):
        return 90
    if "Fabric Manager version" in head or "nv-fabricmanager[" in head:
        return 87
    return 0


def starts(line: str) -> bool:
    """Tell the line that begins the unit's status."""
    return bool(_UNIT.fullmatch(line))


def names(raw: Raw) -> Named:
    """Name nothing; say the state."""
    told, _ = parse(raw)
    state = told.state if told and isinstance(told.state, str) else "state not told"
    return Named(subject=Subject(), now=None, summary=str(state))
