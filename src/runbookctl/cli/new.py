"""`runbookctl new`: write the skeleton of a runbook. An existing file is never overwritten."""

from __future__ import annotations

import click

from runbookctl.cli import outcome
from runbookctl.cli.group import define, session

HELP = """\
Usage: runbookctl new FAMILY/NAME [--in FOLDER]
Write the skeleton of a runbook, which lints clean, and print its path.
  --in FOLDER             where it is written (runbooks)
  runbookctl new gpu/my-check
"""


@define(HELP)
@click.argument("name")
@click.option("--in", "folder", default="runbooks", type=click.Path(file_okay=False))
def command(name: str, folder: str) -> int:
    """Write a new runbook."""
    from runbookctl import app

    ours = session()
    path = app.new_runbook(name, folder)
    if ours.json:
        outcome.document({"path": str(path)}, ours)
        return 0
    from runbookctl.cli.line import Line

    outcome.lines([Line(str(path))], ours)
    outcome.next_command(f"runbookctl lint {path}", ours)
    return 0
