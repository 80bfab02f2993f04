"""Prints what a command found, as text or JSON, on standard output, and tells the exit status of a verdict."""

from __future__ import annotations

from typing import Any

from runbookctl.cli.foreign import json_shown
from runbookctl.cli.group import Session
from runbookctl.cli.line import Line
from runbookctl.cli.rows import prose
from runbookctl.errors import ExitStatus
from runbookctl.model import Diagnosis, Verdict

STATUS = {
    Verdict.CLEAR: ExitStatus.CLEAR,
    Verdict.CAUSES: ExitStatus.CAUSES,
    Verdict.UNKNOWN: ExitStatus.UNKNOWN,
}


def diagnosis(found: Diagnosis, session: Session, *, everything: bool = False, roomy: bool = False) -> int:
    """Print a diagnosis; return the exit status of its verdict."""
    if session.json:
        from runbookctl import app

        raw(app.machine(found), session)
    else:
        from runbookctl.cli.result import render

        session.out.lines(render(found, session.layout, everything=everything, again=session.again, roomy=roomy))
    return int(STATUS[found.verdict])


def raw(json: bytes, session: Session) -> None:
    """Print JSON bytes as they are but for characters that would move a terminal, which become escapes of JSON."""
    session.out.write(json_shown(json.decode("utf-8", "surrogatepass").rstrip("\n")) + "\n")


def document(value: Any, session: Session) -> None:
    """Print a value as indented JSON."""
    import msgspec

    raw(msgspec.json.format(msgspec.json.encode(value, order="deterministic"), indent=2), session)


def lines(found: list[Line], session: Session) -> None:
    """Print lines of a result."""
    session.out.lines(found)


def paragraphs(texts: list[str], session: Session, *, indent: int = 0) -> None:
    """Print texts; on a terminal a long one is wrapped under its own indent."""
    found: list[Line] = []
    for text in texts:
        own = len(text) - len(text.lstrip(" "))
        fits = not session.out.tty or len(text) <= session.layout.width
        found += [Line(" " * indent + text)] if fits else prose(text.strip(" "), indent + own, session.layout)
    session.out.lines(found)


def note(texts: list[Line], session: Session) -> None:
    """Print what is no result on standard error; nothing with --quiet."""
    if not session.quiet:
        session.err.lines(texts)


def next_command(command: str, session: Session) -> None:
    """Print the command to type next, on standard error: standard output has the bare result."""
    from runbookctl.cli.line import Style
    from runbookctl.cli.texts import say

    note([Line(say(session.lang, "next") + "  ").add(command, Style.BOLD)], session)
