"""What the NVIDIA driver and the module loader complain about in the kernel log, besides Xids.

Pure. A module that the kernel refused, or a GPU that nouveau took, is told only when the NVIDIA driver did not load
after it: the same lines stand in the boot log of healthy machines.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Annotated, Any, NamedTuple

from msgspec import UNSET, Meta, Struct, UnsetType

from runbookctl import model
from runbookctl.catalog import signatures
from runbookctl.forms import _driver_line, _driver_message, _pci, _xid_line, kernel_log
from runbookctl.forms._burst import Bursts
from runbookctl.forms._driver_message import Message
from runbookctl.forms.kernel_log import KernelLine
from runbookctl.model import Cut, Duration, Raw, Request, Subject, Time, Version

FORMS = ("kernel_log",)
SUBJECT = {"node": "node", "gpu": "pci"}
KIND = "event"
ONE = False

_FAMILY = ("driver",)
_ANCHORS = (
    b"API mismatch", b"has the version", b"same version", b"all NVIDIA driver", b"The NVIDIA GPU", b"PCI ID",
    b"fallen off", b"installed in this system", b"not supported by", b"RmInitAdapter", b"rm_init_adapter",
    b"PCI I/O region", b"BAR", b"copy vbios", b"loading NVIDIA", b"): 79", b"nouveau", b"nova_core", b"NovaCore",
    b"Linux version ", b"[10de:", b"nvidia",
)  # fmt: skip
_NVIDIA = ("NVRM", "nvidia", "[10de:")
_NEAR = 4  # lines
_SOON = 2.0  # seconds
_UNNAMED = "unnamed"
_MOST_HELD = 64
_Text = str | UnsetType


class Params(Struct, frozen=True, forbid_unknown_fields=True):
    """Which node, and how far back."""

    node: str | None = None
    since: Duration = dt.timedelta(hours=2)


class Reading(model.Reading, frozen=True, kw_only=True):
    """One complaint, or a burst of identical ones."""

    kind: Annotated[
        str,
        Meta(
            description="fallen_off_bus, init_failed, api_mismatch, modeset_mismatch, nouveau_in_use, "
            "module_signature_refused, module_does_not_fit, not_supported, or another sign of the driver family"
        ),
    ]
    sign: Annotated[_Text, Meta(description="the signature; the kind where no signature is behind it")] = UNSET
    means: Annotated[str | None, Meta(description="cause code that the message proves")] = None
    time: Annotated[Time | UnsetType, Meta(description="of the first line; unset without a wall clock")] = UNSET
    last: Annotated[Time | UnsetType, Meta(description="of the last line of the burst")] = UNSET
    count: Annotated[int, Meta(description="identical messages within ten seconds")] = 1
    node: _Text = UNSET
    pci: Annotated[_Text, Meta(description="0000:3b:00; `minor 0` or `unnamed` where an old driver names none")] = UNSET
    client: Annotated[_Text | None, Meta(description="program whose library does not fit")] = UNSET
    pid: Annotated[int | UnsetType | None, Meta(description="its process id")] = UNSET
    library: Annotated[Version | UnsetType, Meta(description="version of the client's library")] = UNSET
    module: Annotated[Version | UnsetType, Meta(description="version of the loaded kernel module")] = UNSET
    modeset: Annotated[Version | UnsetType, Meta(description="version of nvidia-modeset")] = UNSET


class _Said(NamedTuple):
    """A message that was understood; `held` when a later start of the driver takes it back."""

    kind: str
    fields: dict[str, Any]
    held: bool = False


def request(params: Params) -> Request:
    """Ask the node's journal for the kernel's lines."""
    return kernel_log.request(params.node, params.since)


def obtain(subject: Subject) -> str:
    """Return the command that prints the kernel log of the subject's node."""
    return kernel_log.obtain(subject)


def read(raw: Raw) -> Iterator[Reading | Cut]:
    """Read `NVRM: GPU 0000:3b:00.0: RmInitAdapter failed! (0x26:0x56:1474)` and its relatives."""
    held: list[tuple[KernelLine, Reading]] = []
    bursts = Bursts[Reading]()
    near, loaded, nvidia = _Near(), False, False
    for message in _driver_message.messages(kernel_log.events(raw, (*_ANCHORS, *signatures.literals(_FAMILY)))):
        if isinstance(message, Cut):
            yield message
            continue
        nvidia = nvidia or any(word in message.text for word in _NVIDIA)
        if _driver_line.loading(message.text):
            held, loaded = [], True
        elif message.text.startswith("Linux version "):
            loaded = False
        elif not bursts.again(_whole(message)) and (said := _understood(message, near, loaded=loaded)) is not None:
            item = (_whole(message), _reading(raw, message, said))
            if not said.held:
                yield from bursts.begin(*item)
            elif len(held) < _MOST_HELD:
                held.append(item)
    yield from bursts.end()
    for line, reading in held:
        if reading.kind == "module_signature_refused" and not nvidia:
            continue  # the refusal names no module: where nothing tells of an NVIDIA GPU it is about another one
        yield from () if bursts.again(line) else bursts.begin(line, reading)
    yield from bursts.end()


def _whole(message: Message) -> KernelLine:
    """Return the first line with the text of the whole message, by which bursts are told."""
    return message.line._replace(text=message.text)


class _Near:
    """Remembers which GPU the driver spoke of just before, and which one it already said did not start."""

    def __init__(self) -> None:
        self._pci: str | None = None
        self._spoken: KernelLine | None = None
        self._told: KernelLine | None = None

    def see(self, message: Message) -> None:
        """Note the address that a driver line begins with."""
        if pci := _driver_message.named(message.text):
            self._pci, self._spoken = pci, message.line

    def of(self, message: Message) -> str | None:
        """Return the GPU that a line next to this one names."""
        return self._pci if _next_to(self._spoken, message.line) else None

    def again(self, message: Message) -> bool:
        """Tell the second line of one failed start (`rm_init_adapter failed` after `RmInitAdapter failed!`)."""
        told, self._told = self._told, message.line
        return "rm_init_adapter" in message.text and _next_to(told, message.line)


def _next_to(before: KernelLine | None, line: KernelLine) -> bool:
    if before is None or line.number - before.number > _NEAR:
        return False
    if before.time and line.time:
        return abs((line.time - before.time).total_seconds()) <= _SOON
    return before.seconds is None or line.seconds is None or abs(line.seconds - before.seconds) <= _SOON


def _understood(message: Message, near: _Near, *, loaded: bool) -> _Said | None:
    text = message.text
    near.see(message)
    if pci := _lost(text):
        return _Said("fallen_off_bus", {"pci": pci, "means": "gpu_fell_off_bus"})
    if (failed := _driver_message.init_failed(text)) is not None:
        pci = failed[0] or near.of(message) or (_UNNAMED if failed[1] is None else f"minor {failed[1]}")
        return None if near.again(message) else _Said("init_failed", {"pci": pci, "means": "gpu_init_failure"})
    if (two := _driver_message.mismatch(text)) is not None:
        fields = {"client": two.client, "pid": two.pid, "library": two.library, "module": two.module}
        return _Said("api_mismatch", fields | {"means": "driver_library_mismatch"}, held=True)
    if pci := _driver_message.nouveau(text):
        return _Said("nouveau_in_use", {"pci": pci, "means": "nouveau_conflict"}, held=True)
    if pci := _driver_message.not_supported(text):
        return _Said("not_supported", {"pci": pci})
    said = _by_signature(text)
    if said is not None and said.kind == "module_signature_refused" and loaded:
        return None  # the refusal names no module: with the driver loaded it is about another one
    return said


def _lost(text: str) -> str | None:
    if text.startswith("NVRM: Xid ("):
        found = _xid_line.xid(text)
        return found.pci if found is not None and found.code == 79 else None
    return _driver_message.fallen(text)


def _by_signature(text: str) -> _Said | None:
    found = signatures.find(text, _FAMILY)
    if found is None:
        return None
    groups, sign = found.groups, found.signature
    fields: dict[str, Any] = {"sign": sign.id, "means": sign.means}
    address = groups.get("pci") or groups.get("pci2")
    pci = _driver_message.place(text) if sign.id == "bar_not_assigned" else _pci.normal(address) if address else None
    if pci:
        fields["pci"] = pci
    elif sign.id == "bar_not_assigned":
        fields["pci"] = _UNNAMED
    if groups.get("module"):
        fields["module"] = groups["module"]
    if modeset := groups.get("modeset") or groups.get("modeset2"):
        fields["modeset"] = modeset
    kind = "init_failed" if sign.id == "bar_not_assigned" else sign.id
    return _Said(kind, fields, held=sign.id in ("module_signature_refused", "module_does_not_fit", "no_gpu_found"))


def _reading(raw: Raw, message: Message, said: _Said) -> Reading:
    line = message.line
    return Reading(
        **({"sign": said.kind} | said.fields),
        kind=said.kind,
        line=line.number,
        text=message.text,
        time=line.time or UNSET,
        last=line.time or UNSET,
        node=raw.subject.node or (line.host if raw.request is None and line.host else UNSET),
    )
