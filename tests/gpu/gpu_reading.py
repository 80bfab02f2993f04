"""Recorded outputs of `tests/recordings/gpu`, and how a probe reads one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from runbookctl import probes
from runbookctl.model import AnyRequest, Cut, Raw, Reading, Skipped, Subject

FOLDER = Path(__file__).parents[1] / "recordings" / "gpu"
AT = dt.datetime(2026, 11, 22, 3, 0, tzinfo=dt.UTC)


def raw(text: str | bytes, form: str, *, request: AnyRequest | None = None, node: str | None = None) -> Raw:
    """Return evidence that holds `text`."""
    body = text.encode() if isinstance(text, str) else text
    return Raw(body=body, form=form, at=AT, request=request, subject=Subject(node=node))


def recording(name: str) -> bytes:
    """Return a recorded output."""
    return (FOLDER / name).read_bytes()


def read(
    probe: str, text: str | bytes, form: str, *, request: AnyRequest | None = None, node: str | None = None
) -> list[Any]:
    """Return everything that a probe reads from `text`."""
    module = probes.load(probe)
    assert module is not None, probe
    return list(module.read(raw(text, form, request=request, node=node)))


def readings(
    probe: str, text: str | bytes, form: str, *, request: AnyRequest | None = None, node: str | None = None
) -> list[Any]:
    """Return the readings alone."""
    return [one for one in read(probe, text, form, request=request, node=node) if isinstance(one, Reading)]


def plain(found: list[Reading | Cut | Skipped]) -> Iterator[dict[str, Any]]:
    """Yield readings as JSON has them, each with its kind, in the order of their lines."""
    rows = [{"is": type(one).__name__, **msgspec.to_builtins(one)} for one in found]
    for row in rows:
        row.pop("subject", None)
    yield from sorted(rows, key=lambda row: (row["is"], row.get("line") or 0, str(row)))
