"""`runbookctl test`: run the recorded tests of runbooks. Asks nothing outside: evidence comes from recordings."""

from __future__ import annotations

import click

from runbookctl.cli import outcome, parameters
from runbookctl.cli.group import define, session
from runbookctl.cli.line import Line, Style
from runbookctl.cli.texts import duration
from runbookctl.errors import ExitStatus

HELP = """\
Usage: runbookctl test [RUNBOOK ...]
Judge recorded evidence and compare: causes, what is not ruled out, unknowns,
remediations; then again with each step taken away. All runbooks when none is
named; the tests of gpu/xid-ecc stand in gpu/xid-ecc.test.yaml.
  --output text|json      {"tests": [{"runbook","case","passed","failures"}]}
  runbookctl test
  runbookctl test gpu/xid-ecc
"""


@define(HELP)
@click.argument("names", nargs=-1, shell_complete=parameters.runbooks)
def command(names: tuple[str, ...]) -> int:
    """Run the tests."""
    from runbookctl import app

    ours = session()
    results = app.test(names)
    failed = [result for result in results if not result.passed]
    if ours.json:
        outcome.document({"tests": results}, ours)
        return int(ExitStatus.WRONG_INPUT if failed else ExitStatus.CLEAR)
    symbols = ours.out.symbols
    for result in results:
        mark, style = (symbols.read, Style.PLAIN) if result.passed else (symbols.failed, Style.RED)
        head = Line("  ").add(mark, style).add(f" {result.runbook}  {result.case}")
        head.right(duration(result.seconds), ours.layout.width, Style.DIM)
        outcome.lines([head, *(Line(f"      {text}") for text in result.failures)], ours)
    count = f"{len(results)} test{'s' if len(results) != 1 else ''}"
    outcome.lines([Line(f"{count}, {len(failed) or 'none'} failed")], ours)
    return int(ExitStatus.WRONG_INPUT if failed else ExitStatus.CLEAR)
