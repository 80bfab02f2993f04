"""`runbookctl status`: the latest runs, and whether somebody is running them. Starts, recovers and repeats nothing."""

from __future__ import annotations

import click

from runbookctl.cli import outcome, parameters
from runbookctl.cli.foreign import cells, shown
from runbookctl.cli.group import define, session
from runbookctl.cli.line import Line, Style
from runbookctl.cli.texts import stamp
from runbookctl.errors import InputError
from runbookctl.model import Verdict

HELP = """\
Usage: runbookctl status [RUN]
The latest runs, newest first: when, which runbook, the verdict, the state.
  --output text|json      {"runs": [{"run", "runbook", "at", "verdict",
                          "causes", "state"}]}
  runbookctl status
"""

_COLOURS = {"causes": Style.RED, "clear": Style.GREEN, "unknown": Style.YELLOW}


@define(HELP)
@click.argument("run", required=False, shell_complete=parameters.runs)
def command(run: str | None) -> int:
    """Print the runs, or those whose id begins with RUN."""
    from runbookctl import app

    ours = session()
    rows = app.status()
    if run is not None:
        rows = rows[:1] if run == "last" else [row for row in rows if row.run.startswith(run)]
        if not rows:
            raise InputError(f"no run {run} among the latest", commands=["runbookctl status"])
    if ours.json:
        outcome.document({"runs": rows}, ours)
        return 0
    if not rows:
        outcome.note([Line("No runs yet.")], ours)
        outcome.next_command("runbookctl demo", ours)
        return 0
    columns = zip(*((row.run, row.runbook, _word(row.verdict, ours.lang)) for row in rows), strict=True)
    ids, names, verdicts = (max(cells(shown(text)) for text in texts) + 2 for texts in columns)
    outcome.lines(
        [
            Line(row.run).to(ids).add(stamp(row.at)).add("  ").add(row.runbook).to(ids + 22 + names)
            .add(_word(row.verdict, ours.lang), _COLOURS.get(row.verdict, Style.PLAIN))
            .to(ids + 22 + names + verdicts).add(", ".join(row.causes) or ("" if row.state == "done" else row.state))
            for row in rows
        ],
        ours,
    )  # fmt: skip
    return 0


def _word(verdict: str, lang: str) -> str:
    from runbookctl.cli.texts import say

    return say(lang, verdict) if verdict in set(Verdict) else "-"
