"""`runbookctl bundle`: a run as one file that can be sent and judged again elsewhere."""

from __future__ import annotations

import click

from runbookctl.cli import outcome, parameters
from runbookctl.cli.group import Group, define, session
from runbookctl.cli.line import Line

HELP = """\
Usage: runbookctl bundle export RUN [FILE] | import FILE
A run as one file: its evidence (redacted, hashed), its runbook, its verdict.
Whoever has it judges it again: analyze FILE, or run RUNBOOK --from FILE.
  runbookctl bundle export last
  runbookctl bundle import r-4kx9.tar.gz
"""

EXPORT = """\
Usage: runbookctl bundle export RUN [FILE]
Write a run to FILE (RUN.tar.gz) and print the file's name.
  runbookctl bundle export last incident.tar.gz
"""

IMPORT = """\
Usage: runbookctl bundle import FILE
Take a bundle into this machine's journal, for reading, and print the run's id.
  runbookctl bundle import r-4kx9.tar.gz
"""

command = Group(name="bundle", help=HELP)


@define(EXPORT)
@click.argument("run", shell_complete=parameters.runs)
@click.argument("path", required=False, type=click.Path())
def export(run: str, path: str | None) -> int:
    """Export a run."""
    from runbookctl import app

    ours = session()
    written = str(app.export_bundle(run, path))
    if ours.json:
        outcome.document({"path": written}, ours)
        return 0
    outcome.lines([Line(written)], ours)
    outcome.next_command(f"runbookctl analyze {written}", ours)
    return 0


@define(IMPORT)
@click.argument("path", type=click.Path())
def import_(path: str) -> int:
    """Import a bundle."""
    from runbookctl import app

    ours = session()
    run = app.import_bundle(path)
    if ours.json:
        outcome.document({"run": run}, ours)
        return 0
    outcome.lines([Line(run)], ours)
    outcome.next_command(f"runbookctl show {run}", ours)
    return 0


command.add_command(export, "export")
command.add_command(import_, "import")
