"""What the tests of this room share: reading a text with a probe, and readings as plain values."""

from __future__ import annotations

import datetime as dt
import importlib
from pathlib import Path
from typing import Any

import msgspec
from msgspec import UNSET, Struct

from runbookctl import forms
from runbookctl.model import Cut, Raw, Reading, Skipped, Subject

RECORDINGS = Path(__file__).parent.parent / "recordings" / "k8s"
AT = dt.datetime(2026, 11, 22, 2, 48, tzinfo=dt.UTC)
PROBES = (
    "k8s.containers", "k8s.events", "k8s.logs", "k8s.gpu_images", "node.kernel_log", "metrics.memory",
)  # fmt: skip


def raw(
    body: bytes | str, form: str, *, at: dt.datetime = AT, subject: Subject | None = None, request: Any = None
) -> Raw:
    """Return a raw answer."""
    encoded = body.encode() if isinstance(body, str) else body
    return Raw(body=encoded, form=form, at=at, subject=subject or Subject(), request=request)


def read(probe: str, given: Raw) -> list[Any]:
    """Return everything that a probe yields."""
    return list(importlib.import_module(f"runbookctl.probes.{probe}").read(given))


def readings(probe: str, given: Raw) -> list[Any]:
    """Return the readings alone."""
    return [one for one in read(probe, given) if isinstance(one, Reading)]


def cuts(probe: str, given: Raw) -> list[Cut]:
    """Return the cuts alone."""
    return [one for one in read(probe, given) if isinstance(one, Cut)]


def skipped(probe: str, given: Raw) -> list[Skipped]:
    """Return what was skipped."""
    return [one for one in read(probe, given) if isinstance(one, Skipped)]


def form_of(path: Path) -> str:
    """Return the form that recognises a file best, empty when none does."""
    head = path.read_bytes()[:65536].decode("utf-8", "replace")
    scores = {key: forms.load(key).recognise(head, path.name) for key in forms.keys()}  # noqa: SIM118 - a function
    best = max(scores, key=lambda key: scores[key])
    return best if scores[best] else ""


def plain(value: Any) -> Any:
    """Return a reading as JSON values; what is unset is left out, what is absent is null."""
    if isinstance(value, Struct):
        fields = {name: plain(getattr(value, name)) for name in value.__struct_fields__}
        kept = {name: field for name, field in fields.items() if field is not UNSET}
        return {"_": type(value).__name__, **kept} if isinstance(value, (Cut, Skipped)) else kept
    if isinstance(value, tuple):
        return [plain(part) for part in value]
    return value if value is UNSET else msgspec.to_builtins(value)


def recorded(folder: Path) -> dict[str, dict[str, list[Any]]]:
    """Return probe -> file -> readings of a folder of recordings, each read at the time that the file itself names."""
    found: dict[str, dict[str, list[Any]]] = {}
    for path in sorted(folder.iterdir()):
        form = "" if path.name == "readings.json" else form_of(path)
        if not form:
            continue
        given = raw(path.read_bytes(), form)
        named = forms.load(form).names(given)
        given = raw(path.read_bytes(), form, at=named.now or AT, subject=named.subject)
        for probe in PROBES:
            if form in importlib.import_module(f"runbookctl.probes.{probe}").FORMS:
                found.setdefault(probe, {})[path.name] = [plain(one) for one in read(probe, given)]
    return found
