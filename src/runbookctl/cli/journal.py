"""`runbookctl journal`: check the record itself. Changes nothing in it."""

from __future__ import annotations

from runbookctl.cli import outcome
from runbookctl.cli.group import Group, define, session
from runbookctl.cli.line import Line
from runbookctl.errors import ExitStatus

HELP = """\
Usage: runbookctl journal verify
Check the journal: every event of every run is chained to the one before.
  runbookctl journal verify
"""

VERIFY = """\
Usage: runbookctl journal verify
Check every chain and the file itself: an event that was edited, removed or
moved is found. Exit 2 when one is.
  --output text|json      {"ok", "lines"}
"""

command = Group(name="journal", help=HELP)


@define(VERIFY)
def verify() -> int:
    """Check the chains."""
    from runbookctl import app

    ours = session()
    found = app.verify_journal()
    if ours.json:
        outcome.document(found, ours)
    else:
        outcome.lines([Line(text) for text in found.lines], ours)
    return int(ExitStatus.CLEAR if found.ok else ExitStatus.WRONG_INPUT)


command.add_command(verify, "verify")
