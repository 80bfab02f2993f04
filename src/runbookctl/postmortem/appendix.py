"""The appendix: every piece of evidence with its origin, request, size, cuts and hash, and the lines of the proof.

Pure. A long list is cut and says so; the record holds the rest.
"""

from __future__ import annotations

from runbookctl.model import Cause, Evidence, Shown
from runbookctl.postmortem.record import Record
from runbookctl.postmortem.sections import Language
from runbookctl.postmortem.units import seconds, size, stamp
from runbookctl.postmortem.words import say

MOST_PIECES = 500
MOST_LINES = 40  # of proof per cause or piece


def pieces(record: Record, lang: Language) -> list[dict[str, str]]:
    """Return one row per piece of evidence, in the order of the record."""
    return [_piece(each, lang) for each in record.diagnosis.evidence[:MOST_PIECES]]


def _piece(each: Evidence, lang: Language) -> dict[str, str]:
    missing = each.missing
    return {
        "id": each.id,
        "form": each.form,
        "at": stamp(each.at),
        "origin": say(lang, each.origin.value),
        "source": each.source,
        "subject": str(each.subject),
        "steps": ", ".join(each.steps),
        "size": "" if missing is not None else size(each.size),
        "took": "" if missing is not None else seconds(each.took),
        "writer": say(lang, each.writer.value),
        "cut": say(lang, "missing_why", why=missing.why) if missing is not None else _cut(each, lang),
        "redacted": say(lang, "redacted", n=each.redactions) if each.redactions else "",
        "sha256": each.sha256,
        "request": request_of(each),
        "obtain": missing.obtain if missing is not None else "",
    }


def request_of(each: Evidence) -> str:
    """Return the command that a person would type for it; a request of an old bundle may hold text that is none."""
    try:
        return each.request.printed() if each.request is not None else ""
    except UnicodeError:
        return ""


def _cut(each: Evidence, lang: Language) -> str:
    left = each.shortened
    if left is None:
        return say(lang, "whole")
    harmless = say(lang, "harmless") if left.harmless else ""
    said = say(
        lang, "left_out", bytes=size(left.bytes), lines=left.lines, whole=size(left.whole_bytes), harmless=harmless
    )
    return said + (say(lang, "whole_hash", hash=left.whole_sha256) if left.whole_sha256 else "")


def excerpts(record: Record) -> list[dict[str, object]]:
    """Return the excerpts of each piece: its id, its hash, its lines as `e3:12 | text`, how many are left out."""
    hashes = {each.id: each.sha256 for each in record.diagnosis.evidence}
    grouped: dict[str, list[str]] = {}
    for excerpt in record.excerpts:
        grouped.setdefault(excerpt.evidence, []).append(f"{excerpt.evidence}:{excerpt.line} | {excerpt.text}")
    made: list[dict[str, object]] = []
    for ref, lines in list(grouped.items())[:MOST_PIECES]:
        unique = list(dict.fromkeys(lines))
        shown = unique[:MOST_LINES]
        made.append({"id": ref, "sha256": hashes.get(ref, ""), "lines": shown, "left_out": len(unique) - len(shown)})
    return made


def proof_lines(cause: Cause, record: Record) -> list[str]:
    """Return the proof of a cause, each with its place: `e3:12 | text` or `e1 restartCount: 2`."""
    texts = {(excerpt.evidence, excerpt.line): excerpt.text for excerpt in record.excerpts}
    return [_line(shown, texts) for shown in cause.proof[:MOST_LINES]]


def _line(shown: Shown, texts: dict[tuple[str, int], str]) -> str:
    if shown.line is not None and not shown.field:
        return f"{shown.id}:{shown.line} | {texts.get((shown.id, shown.line), shown.value)}"
    where = shown.id if shown.line is None else f"{shown.id}:{shown.line}"
    return f"{where} {shown.field}: {shown.value}"


def references(cause: Cause) -> list[str]:
    """Return where the proof stands: `e3:12`, `e5`."""
    return [f"{proof.id}:{line}" for proof in cause.evidence for line in proof.lines[:5]] + [
        proof.id for proof in cause.evidence if not proof.lines
    ]
