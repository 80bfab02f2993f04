"""`runbookctl postmortem`: write the document of a run. Standard output is the file's name and nothing else."""

from __future__ import annotations

import shlex

import click

from runbookctl.cli import outcome, parameters
from runbookctl.cli.group import define, session
from runbookctl.cli.line import Line
from runbookctl.cli.texts import say

HELP = """\
Usage: runbookctl postmortem RUN [--lang en|zh] [--output-file FILE] [--force]
Write the postmortem of a run from its journal: what the record says is filled
in, what it suggests is drafted, what only a person knows is asked for.
A file that a person has changed is never overwritten.
  --format md             Markdown
  --output-file FILE      where it is written (RUN.en.md)
  --force                 overwrite a file that is there
  runbookctl postmortem last
  vi $(runbookctl postmortem r-4kx9 --lang zh)
"""

_KEYS = (("filled", "pm_filled"), ("drafted", "pm_drafted"), ("person", "pm_person"))


@define(HELP)
@click.argument("run", shell_complete=parameters.runs)
@click.option("--format", "form", type=click.Choice(["md"]), default="md")
@click.option("--output-file", type=click.Path(dir_okay=False))
@click.option("--force", is_flag=True)
def command(run: str, form: str, output_file: str | None, force: bool) -> int:
    """Write the postmortem of a run."""
    from runbookctl import app

    ours = session()
    written = app.postmortem(run, ours.lang, output_file, force=force)
    path = str(written.path)
    if ours.json:
        outcome.document({"path": path, "format": form, "sections": written.sections}, ours)
        return 0
    outcome.lines([Line(path)], ours)
    column = max(len(say("en", key)) for _, key in _KEYS) + 5
    outcome.note(
        [
            Line(f"  {say(ours.lang, key)}").to(column).add(" ".join(str(number) for number in written.sections[name]))
            for name, key in _KEYS
            if written.sections.get(name)
        ],
        ours,
    )
    outcome.next_command(f"less {shlex.quote(path)}", ours)
    return 0
