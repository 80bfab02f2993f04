"""`runbookctl lint`: every mistake of runbook files at once, each with its place. Runs and asks nothing."""

from __future__ import annotations

import click

from runbookctl.cli import outcome
from runbookctl.cli.foreign import shown
from runbookctl.cli.group import define, session
from runbookctl.cli.line import Line
from runbookctl.errors import ExitStatus

HELP = """\
Usage: runbookctl lint [FILE ...]
Check runbooks: keys, names, probes, reading fields, types, causes, circles.
All of them when none is named. Each mistake begins with file:line:column.
  --output text|json      {"runbooks", "files", "mistakes": [{"place","text"}]}
  runbookctl lint
  runbookctl lint runbooks/gpu/xid-ecc.yaml
"""


@define(HELP)
@click.argument("paths", nargs=-1, type=click.Path())
def command(paths: tuple[str, ...]) -> int:
    """Check runbook files."""
    from runbookctl import app

    ours = session()
    report = app.lint(paths)
    if ours.json:
        mistakes = [{"place": text.partition(": ")[0], "text": text} for text in report.mistakes]
        outcome.document({"runbooks": report.runbooks, "files": report.files, "mistakes": mistakes}, ours)
    else:
        blocks = [Line(line) for text in report.mistakes for line in shown(text, lines=True).split("\n")]
        outcome.lines([*blocks, Line(_count(report.runbooks, report.files, len(report.mistakes)))], ours)
    return int(ExitStatus.WRONG_INPUT if report.mistakes else ExitStatus.CLEAR)


def _count(runbooks: int, files: int, mistakes: int) -> str:
    if not mistakes:
        return f"{runbooks} runbook{'s' if runbooks != 1 else ''}, no mistakes"
    return f"{mistakes} mistake{'s' if mistakes != 1 else ''} in {files} file{'s' if files != 1 else ''}"
