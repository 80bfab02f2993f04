"""The text of a runbook: what it is for, what it needs, asks, finds and concludes. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runbookctl.cli import outcome
from runbookctl.cli.foreign import cells, shown
from runbookctl.cli.group import Session
from runbookctl.cli.line import Line, Style
from runbookctl.cli.rows import COMMAND, ENTRY, prose
from runbookctl.cli.texts import say

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from runbookctl.language.model import Input, Runbook

_LONGEST_NAME = 24


def show_runbook(runbook: Runbook, ours: Session) -> int:
    """Print a runbook; return the exit status."""
    if ours.json:
        outcome.document({"runbook": _plain(runbook)}, ours)
        return 0
    layout = ours.layout
    lines = [Line(runbook.id, Style.BOLD).add(f"  {runbook.title}"), *prose(runbook.about, 2, layout)]
    lines += _table(say(ours.lang, "sb_inputs"), [(each.name, _input(each)) for each in runbook.inputs], ours)
    steps = [(each.id, f"{each.title}  ({each.probe})") for each in runbook.steps]
    lines += _table(say(ours.lang, "sb_steps"), steps, ours)
    shown_findings = [(each.id, each.expression.source) for each in runbook.findings if each.shown]
    lines += _table(say(ours.lang, "sb_findings"), shown_findings, ours)
    causes = [
        (each.code if each.code == each.id else f"{each.id} ({each.code})", f"because {each.because.source}")
        for each in runbook.causes
    ]
    lines += _table(say(ours.lang, "sb_causes"), causes, ours)
    remediations = [
        (each.id, f"{each.title}  ({say(ours.lang, 'risk', risk=say(ours.lang, f'risk_{each.risk}'))})")
        for each in runbook.remediations
    ]
    lines += _table(say(ours.lang, "sb_remediations"), remediations, ours)
    lines.append(Line(f"  {runbook.file}", Style.DIM))
    needed = " ".join(f"-i {each.name}=..." for each in runbook.inputs if each.required)
    text = f"runbookctl run {runbook.id} {needed}".rstrip(" ")
    outcome.lines([*lines, Line(say(ours.lang, "next") + "  ").add(text, Style.BOLD)], ours)
    return 0


def _input(each: Input) -> str:
    parts = [f"{each.type}{', many' if each.many else ''}"]
    if each.choices:
        parts.append(" | ".join(each.choices))
    if not each.required:
        parts.append("optional" if each.default in (None, "", ()) else f"default {_default(each.default)}")
    return ", ".join(parts) + (f": {each.about}" if each.about else "")


def _default(value: Any) -> str:
    import datetime as dt

    from runbookctl.language.units import format_duration

    if isinstance(value, (list, tuple)):
        return ", ".join(_default(part) for part in value)
    return format_duration(value) if isinstance(value, dt.timedelta) else str(value)


def _table(title: str, rows: Sequence[tuple[str, str]], ours: Session) -> Iterable[Line]:
    """Return a section of names and texts; a text is wrapped in its column."""
    if not rows:
        return []
    layout = ours.layout
    widths = [cells(shown(name)) for name, _ in rows]
    column = ENTRY + max([0, *(width for width in widths if width <= _LONGEST_NAME)]) + 2
    lines = [Line(f"  {title}")]
    for (name, text), width in zip(rows, widths, strict=True):
        head = Line(" " * ENTRY + name)
        if layout.stacked or ENTRY + width + 2 > column:
            lines += [head, *prose(text, COMMAND, layout)]
        else:
            first, *rest = prose(text, column, layout)
            lines += [head.to(column).add(first.text.strip(" ")), *rest]
    return lines


def _plain(runbook: Runbook) -> dict[str, Any]:
    """Return a runbook as JSON values: ids, texts and the sources of expressions."""
    return {
        "id": runbook.id, "title": runbook.title, "about": runbook.about, "file": runbook.file,
        "inputs": [
            {"name": each.name, "type": each.type, "many": each.many, "required": each.required,
             "choices": each.choices, "about": each.about}
            for each in runbook.inputs
        ],
        "steps": [{"id": each.id, "title": each.title, "probe": each.probe} for each in runbook.steps],
        "findings": [{"id": each.id, "expression": each.expression.source} for each in runbook.findings if each.shown],
        "causes": [
            {"id": each.id, "code": each.code, "because": each.because.source,
             "unless": each.unless.source if each.unless else None, "explains": each.explains,
             "remediate": each.remediate}
            for each in runbook.causes
        ],
        "remediations": [
            {"id": each.id, "title": each.title, "risk": each.risk} for each in runbook.remediations
        ],
    }  # fmt: skip
