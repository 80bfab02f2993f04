"""`runbookctl doctor`: what works from here, what does not, and what that disables. Reads only."""

from __future__ import annotations

import click

from runbookctl.cli import outcome
from runbookctl.cli.foreign import cells, shown
from runbookctl.cli.group import define, session
from runbookctl.cli.line import Line, Style
from runbookctl.cli.rows import COMMAND, prose
from runbookctl.errors import ExitStatus

HELP = """\
Usage: runbookctl doctor [PART ...]
What works from here, what does not, and what that disables. Parts: journal,
runbooks, kubernetes, ssh, gpu, prometheus; all of them when none is named.
Exit 2 when a part that was named is missing.
  --output text|json      {"checks": [{"name", "state", "text", "commands"}]}
  runbookctl doctor
  runbookctl doctor kubernetes
"""


@define(HELP)
@click.argument("parts", nargs=-1)
def command(parts: tuple[str, ...]) -> int:
    """Check the surroundings."""
    from runbookctl import app

    ours = session()
    checks = app.doctor(parts)
    missing = any(check.state == "missing" for check in checks)
    status = int(ExitStatus.WRONG_INPUT if parts and missing else ExitStatus.CLEAR)
    if ours.json:
        outcome.document({"checks": checks}, ours)
        return status
    symbols, layout = ours.out.symbols, ours.layout
    marks = {"ok": (symbols.read, Style.PLAIN), "warn": (symbols.cut, Style.YELLOW)}
    column = max((cells(shown(check.name)) for check in checks), default=0) + 7
    found: list[Line] = []
    for check in checks:
        mark, style = marks.get(check.state, (symbols.missing, Style.YELLOW))
        head = Line("  ").add(mark, style).add(f" {check.name}")
        first, *rest = prose(check.text, column, layout) or [Line()]
        found += [head.to(column).add(first.text.strip(" ")), *rest]
        found += [Line(" " * COMMAND + text) for text in check.commands]
    outcome.lines(found, ours)
    return status
