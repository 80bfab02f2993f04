"""`runbookctl explain`: a code in plain words, with its source; an unknown code is never guessed at."""

from __future__ import annotations

import click

from runbookctl.cli import outcome
from runbookctl.cli.group import define, nearest, session
from runbookctl.errors import InputError

HELP = """\
Usage: runbookctl explain KIND VALUE
A code in plain words, with what comes before and after it, and its source.
  xid N [--driver V]      an NVIDIA Xid; what the driver V means by it
  sxid N                  an NVSwitch error
  exit N                  an exit code of a container
  cuda VERSION            the driver that a CUDA version needs
  mig PRODUCT [PROFILE]   the MIG profiles of a GPU
  cause CODE              a cause code: when it holds, what follows
  runbook RUNBOOK         what a runbook asks and concludes
  runbookctl explain xid 79
  runbookctl explain exit 137
  runbookctl explain cuda 12.4 --driver 535.104.05
"""

KINDS = ("xid", "sxid", "exit", "cuda", "mig", "cause", "runbook")


@define(HELP)
@click.argument("kind", required=False)
@click.argument("values", nargs=-1)
@click.option("--driver")
def command(kind: str | None, values: tuple[str, ...], driver: str | None) -> int:
    """Explain one code."""
    from runbookctl import app

    ours = session()
    if kind is None or kind not in KINDS or not values:
        raise _unclear(kind, values)
    options = {"lang": ours.lang} | ({"driver": driver} if driver else {})
    value = values[0]
    if kind == "mig":
        value, profile = (values[0], "") if len(values) == 1 else (" ".join(values[:-1]), values[-1])
        options |= {"profile": profile} if profile else {}
    elif len(values) > 1:
        raise InputError(f"explain {kind} takes one value, not {len(values)}", commands=["runbookctl explain --help"])
    found = app.explain(kind, value, options)
    if ours.json:
        told = {"kind": kind, "value": value, "title": found.title, "lines": found.lines, "source": found.source}
        outcome.document(told | {"data": found.data}, ours)
        return 0
    source = [f"Source: {found.source}"] if found.source else []
    outcome.paragraphs([found.title, *found.lines, *source], ours)
    return 0


def _unclear(kind: str | None, values: tuple[str, ...]) -> InputError:
    help_command = ["runbookctl explain --help"]
    if kind is None:
        return InputError("name what to explain", commands=["runbookctl explain xid 79"])
    if kind in KINDS:
        return InputError(f"explain {kind} needs a value", commands=help_command)
    if kind.isdecimal() and not values:
        commands = [f"runbookctl explain xid {kind}", f"runbookctl explain exit {kind}"]
        return InputError(f"is {kind} an Xid or an exit code?", commands=commands)
    return InputError(f'explain knows no "{kind}"{nearest(kind, KINDS)}', commands=help_command)
