"""Finding probes, changes and forms by their id: the id is the path, and there is no register.

`gpu.xid` is `runbookctl/probes/gpu/xid.py`. A module is imported only when a runbook names it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from runbookctl import changes, forms, probes
from runbookctl.model import ALTERNATES, Writer

if TYPE_CHECKING:
    from types import ModuleType

# How deep a level lies inside the others: the deepest one names the subject.
DEPTH = ("cluster", "node", "gpu", "mig", "namespace", "job", "service", "workload", "pod", "container")


def probe_module(probe: str) -> ModuleType | None:
    """Return the module of a probe, or None where there is none of that id."""
    return probes.load(probe)


def change_module(change: str) -> ModuleType | None:
    """Return the module of a change, or None where there is none of that id."""
    return changes.load(change)


def form_module(form: str) -> ModuleType | None:
    """Return the module of a form, or None where there is none of that key."""
    return forms.load(form) if forms.is_form(form) else None


def probe_ids() -> tuple[str, ...]:
    """Return the ids of every probe, without importing one."""
    return probes.ids()


def change_ids() -> tuple[str, ...]:
    """Return the ids of every change, without importing one."""
    return changes.ids()


class Probe(Struct, frozen=True):
    """What a probe's module declares, as far as loading needs it."""

    id: str
    about: str  # its first line
    params: type[Struct] | None
    reading: type[Struct] | None
    one: bool  # the step is the one reading, not a list
    levels: tuple[str, ...]  # levels that a reading's subject names, from wide to deep


def probe(name: str) -> Probe | None:
    """Return what the probe of that id declares, or None where there is none."""
    module = probe_module(name)
    if module is None:
        return None
    subject = getattr(module, "SUBJECT", {})
    names = {alternate: level for level, alternate in ALTERNATES.items()}
    levels = {names.get(key, key) for key in subject}
    return Probe(
        id=name,
        about=(module.__doc__ or "").strip().partition("\n")[0],
        params=getattr(module, "Params", None),
        reading=getattr(module, "Reading", None),
        one=bool(getattr(module, "ONE", False)),
        levels=tuple(level for level in DEPTH if level in levels),
    )


def writers(name: str) -> frozenset[Writer]:
    """Return who can write the evidence of a probe; nothing where that is not known."""
    module = probe_module(name)
    own = getattr(module, "WRITER", None)
    if isinstance(own, Writer):
        return frozenset({own})
    read = [form_module(key) for key in getattr(module, "FORMS", ())]
    found = [getattr(form, "WRITER", None) for form in read]
    return frozenset(writer for writer in found if isinstance(writer, Writer)) if all(found) else frozenset()
