"""The text of one evidence: its heading, its body made harmless, one line with those around it. Pure."""

from __future__ import annotations

from runbookctl.cli.foreign import shown
from runbookctl.cli.group import Session
from runbookctl.cli.line import Line, Style
from runbookctl.cli.texts import number, say, stamp
from runbookctl.errors import InputError
from runbookctl.forms import label, lines
from runbookctl.model import Evidence

AROUND = 3
"""Lines that are shown before and after the one that was asked for."""


def heading(evidence: Evidence, ours: Session) -> list[Line]:
    """Return what it is, where and when it was read, and the command that reads the same."""
    subject = str(evidence.subject)
    first = [evidence.id, label(evidence.form), "" if subject.startswith("pasted/") else subject, evidence.summary]
    second = [evidence.source, say(ours.lang, "read_at", time=stamp(evidence.at))]
    second += [f"sha256 {evidence.sha256[:12]}"] if evidence.sha256 else []
    second += [say(ours.lang, "redactions", n=number(evidence.redactions))] if evidence.redactions else []
    found = [Line("  ".join(text for text in first if text)), Line("  " + ", ".join(text for text in second if text))]
    if evidence.shortened is not None:
        cut = evidence.shortened
        found.append(Line("  " + say(ours.lang, "left_out", lines=number(cut.lines), bytes=number(cut.bytes))))
    if evidence.request is not None:
        found.append(Line(f"  {evidence.request.printed()}"))
    if evidence.missing is not None:
        found.append(Line("  ").add(ours.err.symbols.missing, Style.YELLOW).add(f" {evidence.missing.why}"))
        found += [Line(f"  {evidence.missing.obtain}")] if evidence.missing.obtain else []
    return found


def body_lines(body: bytes) -> list[Line]:
    """Return a body as it was stored, every line made harmless."""
    text = shown(body.decode("utf-8", "replace"), lines=True)
    return [Line(line) for line in text.removesuffix("\n").split("\n")] if text else []


def around(body: bytes, wanted: int) -> list[Line]:
    """Return the line `wanted` between those around it, each with its number, the wanted one marked."""
    near = numbered_around(body, wanted)
    width = max(len(str(each.number)) for each in near)
    return [
        Line("> " if each.number == wanted else "  ")
        .add(f"{each.number:>{width}} | ", Style.DIM)
        .add(each.text, Style.BOLD if each.number == wanted else Style.PLAIN)
        for each in near
    ]


def numbered_around(body: bytes, wanted: int) -> list[lines.Line]:
    """Return the line `wanted`, numbered as the text was given, and AROUND lines before and after it.

    Raises InputError when there is no such line, or when it was left out of what was stored.
    """
    near: list[lines.Line] = []
    last = 0
    for each in lines.numbered(body):
        if isinstance(each, lines.Gap):
            last += each.lines
            continue
        last = each.number
        if wanted - AROUND <= each.number <= wanted + AROUND:
            near.append(each)
    if not any(each.number == wanted for each in near):
        why = "was left out of what is stored" if wanted <= last else f"is not there; the last one is {last}"
        raise InputError(f"line {wanted} {why}")
    return near
