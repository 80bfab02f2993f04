"""`runbookctl show`: a runbook, a run, one evidence of a run, one line of it. Starts and repeats nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from runbookctl.cli import outcome, parameters
from runbookctl.cli.group import Session, define, session
from runbookctl.errors import InputError

if TYPE_CHECKING:
    from runbookctl.model import Evidence

HELP = """\
Usage: runbookctl show RUNBOOK | RUN [eN | eN:LINE]
A runbook: its inputs, steps, findings and causes. A run: its result again;
`last` is your last run. An evidence: what was read, where and when; eN:LINE is
one line between others. Exits as the run did: 0 clear, 1 causes, 3 unknown.
  --all                   also print findings that are false
  --output text|json      of a run: schema runbookctl/diagnosis/v1
  runbookctl show gpu/xid-ecc
  runbookctl show last
  runbookctl show r-4kx9 e3:3
"""


@define(HELP)
@click.argument("what", shell_complete=parameters.runbooks_and_runs)
@click.argument("part", required=False)
@click.option("--all", "everything", is_flag=True)
def command(what: str, part: str | None, everything: bool) -> int:
    """Show one thing."""
    from runbookctl import app

    ours = session()
    if what != "last" and not what.startswith("r-"):
        if part is not None:
            raise InputError(f"{what} is no run, so it has no {part}", commands=["runbookctl status"])
        from runbookctl.cli.show_runbook import show_runbook
        from runbookctl.language.translations import translated

        return show_runbook(translated(app.load_runbook(what), ours.lang), ours)
    if part is None:
        return outcome.diagnosis(app.show_run(what), ours, everything=everything)
    line = _line_number(part)
    evidence, body = app.show_evidence(what, part.partition(":")[0])
    return _evidence(evidence, body, line, ours)


def _line_number(part: str) -> int | None:
    name, colon, line = part.partition(":")
    if not (name[:1] == "e" and name[1:].isdecimal()) or (colon and not line.isdecimal()):
        raise InputError(f'"{part}" names no evidence; write e3 or e3:26', commands=["runbookctl show --help"])
    return int(line) if colon else None


def _evidence(evidence: Evidence, body: bytes, line: int | None, ours: Session) -> int:
    from runbookctl.cli.evidence_text import around, body_lines, heading, numbered_around

    if ours.json:
        told = {"text": body.decode("utf-8", "replace")} if line is None else {"lines": numbered_around(body, line)}
        outcome.document({"evidence": evidence} | told, ours)
        return 0
    outcome.note(heading(evidence, ours), ours)
    if evidence.missing is None:
        outcome.lines(body_lines(body) if line is None else around(body, line), ours)
    return 0
