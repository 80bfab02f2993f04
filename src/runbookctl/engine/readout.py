"""One probe's reader on one saved answer, as JSON: for authors of probes and for checking what a line means."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any, BinaryIO

import msgspec

from runbookctl import forms, intake, probes
from runbookctl.errors import InputError
from runbookctl.journal import redact
from runbookctl.language.suggest import did_you_mean
from runbookctl.model import Cut, Raw, Reading, Skipped

if TYPE_CHECKING:
    from types import ModuleType


def read_file(probe: str, path: str, at: dt.datetime | None, stdin: BinaryIO) -> bytes:
    """Return {"probe", "readings", "skipped", "cuts"}; raise InputError for an unknown probe or an unreadable file."""
    module = probes.load(probe)
    if module is None:
        hint = did_you_mean(probe, probes.ids())
        raise InputError(f'no probe "{probe}"{hint}', commands=("runbookctl list probes",))
    found: dict[str, list[Any]] = {"readings": [], "skipped": [], "cuts": []}
    pieces = []
    for piece in intake.pieces([path], stdin):
        if piece.error is not None:
            raise InputError(f"{piece.source}: {piece.error.why}")
        if piece.form == intake.BUNDLE:
            raise InputError(f"{path} is a run's bundle", commands=(f"runbookctl analyze {path}",))
        pieces.append(piece)
    mine = [piece for piece in pieces if piece.form in module.FORMS]
    for piece in mine or pieces:  # text that nothing recognises is read as the probe's own first form
        _read(module, piece, at, found)
    return msgspec.json.encode({"probe": probe, **found})


def _read(module: ModuleType, piece: intake.Piece, at: dt.datetime | None, found: dict[str, list[Any]]) -> None:
    form = piece.form if piece.form in module.FORMS else module.FORMS[0]
    body = redact.redact(piece.body, piece.form).body
    now = at or _now(piece.form, body) or dt.datetime.now(dt.UTC)
    for one in module.read(Raw(body=body, form=form, at=now)):
        match one:
            case Reading():
                found["readings"].append(one)
            case Skipped():
                found["skipped"].append(one)
            case Cut():
                found["cuts"].append({"before": one.before, "why": one.why, "ring": one.ring})


def _now(form: str, body: bytes) -> dt.datetime | None:
    """Return the latest time that the text itself names."""
    if not forms.is_form(form):
        return None
    named: forms.Named = forms.load(form).names(Raw(body=body, form=form, at=dt.datetime.now(dt.UTC)))
    return named.now
