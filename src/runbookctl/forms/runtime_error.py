"""Error texts about GPUs: nvidia-smi, NVML, CUDA, container runtimes, modprobe, DKMS, the fabric manager.

Pure. What a text means is data (`catalog/signatures/gpu.json`); here only its lines are told apart and their times.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from runbookctl.catalog import signatures
from runbookctl.catalog.signatures import Found
from runbookctl.forms import Named
from runbookctl.forms._kernel_prefix import parse
from runbookctl.forms._kernel_scan import Piece, pieces
from runbookctl.forms.lines import Gap
from runbookctl.model import Raw, Subject, Time, Writer

LABEL = "GPU error text"
WRITER = Writer.NODE
ANCHORS: tuple[bytes, ...] = signatures.literals(("gpu",))

FAMILY = ("gpu",)
_LONGEST = 16 * 1024


class Refusal(NamedTuple):
    """One line that a signature of the gpu family knows."""

    number: int
    time: Time | None
    host: str | None
    text: str
    found: Found


def refusals(raw: Raw) -> Iterator[Refusal | Gap]:
    """Yield the lines that mean something, and the gaps."""
    for piece in pieces(raw.body, ANCHORS):
        if isinstance(piece, Gap):
            yield piece
            continue
        line = _text(raw.body, piece)
        prefix = parse(line, raw.at)
        found = signatures.find(prefix.text, FAMILY) or signatures.find(line, FAMILY)
        if found is not None:
            yield Refusal(piece.number, prefix.time, prefix.host, line.strip(), found)


def after(raw: Raw, number: int) -> Iterator[str]:
    """Yield the lines right after line `number` (at most three): `NVML library version: 550.163` follows its error."""
    for piece in pieces(raw.body, ()):
        if isinstance(piece, Piece) and number < piece.number <= number + 3:
            yield _text(raw.body, piece)
        elif isinstance(piece, Piece) and piece.number > number + 3:
            return


def _text(body: bytes, piece: Piece) -> str:
    return body[piece.begin : min(piece.end, piece.begin + _LONGEST)].decode("utf-8", "replace").rstrip("\r")


def recognise(head: str, name: str) -> int:
    """Tell a short text with such a line; in a long one the line is an incident of some other log."""
    del name
    lines = [line for line in head.split("\n", 400)[:400] if line.strip()]
    known = sum(signatures.match(line, FAMILY) is not None for line in lines)
    if not known:
        return 0
    return 86 if len(lines) <= 12 else 45


def names(raw: Raw) -> Named:
    """Name nothing; count the lines that are known."""
    found = [one for one in refusals(raw) if isinstance(one, Refusal)]
    times = [one.time for one in found if one.time is not None]
    plural = "" if len(found) == 1 else "s"
    return Named(subject=Subject(), now=max(times, default=None), summary=f"{len(found)} error line{plural}")
