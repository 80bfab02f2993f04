"""`runbookctl list`: the runbooks, probes, changes or cause codes there are."""

from __future__ import annotations

import click

from runbookctl.cli import outcome
from runbookctl.cli.foreign import cells, shown
from runbookctl.cli.group import Session, define, session
from runbookctl.cli.line import Line
from runbookctl.cli.rows import prose

HELP = """\
Usage: runbookctl list [runbooks|probes|changes|causes]
The runbooks with what they are for; or the probes, changes or cause codes.
  --output text|json      {"runbooks": [{"id", "title", "about", "file"}]}
  runbookctl list
  runbookctl list causes
"""

_GAP = 3
_NARROW = 40  # cells that the text needs beside the name


@define(HELP)
@click.argument("kind", type=click.Choice(["runbooks", "probes", "changes", "causes"]), default="runbooks")
def command(kind: str) -> int:
    """Print one line for each."""
    ours = session()
    if kind == "runbooks":
        show_list(ours)
        return 0
    pairs = _pairs(kind, ours.lang)
    if ours.json:
        outcome.document({kind: [{"id": name, "about": text} for name, text in pairs]}, ours)
    else:
        outcome.lines(_columns(pairs, ours), ours)
    return 0


def show_list(ours: Session) -> None:
    """Print the runbooks."""
    from runbookctl import app

    rows = app.list_runbooks()
    if ours.json:
        outcome.document({"runbooks": rows}, ours)
    else:
        outcome.lines(_columns([(row.id, row.about or row.title) for row in rows], ours), ours)


def _pairs(kind: str, lang: str) -> list[tuple[str, str]]:
    from runbookctl.cli import modules

    if kind == "probes":
        return modules.probe_lines()
    if kind == "changes":
        return modules.change_lines()
    from runbookctl.catalog.causes import all_causes

    return [(each.code, each.zh if lang == "zh" else each.en) for each in all_causes().values()]


def _columns(pairs: list[tuple[str, str]], ours: Session) -> list[Line]:
    """Lay names and texts out in two columns; on a terminal long texts are wrapped in theirs."""
    column = max((cells(shown(name)) for name, _ in pairs), default=0) + _GAP
    layout = ours.layout
    found: list[Line] = []
    for name, text in pairs:
        if not ours.out.tty or column + cells(shown(text)) <= layout.width:
            found.append(Line(name).to(column, gap=1).add(text))
        elif layout.width - column < _NARROW:
            found += [Line(name), *prose(text, 2, layout)]
        else:
            first, *rest = prose(text, column, layout)
            found += [Line(name).to(column, gap=1).add(first.text.strip(" ")), *rest]
    return found
