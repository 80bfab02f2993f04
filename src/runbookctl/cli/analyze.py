"""`runbookctl analyze`: judge what you have. Reads what it is given and asks nobody."""

from __future__ import annotations

import sys

import click

from runbookctl.cli import outcome, parameters
from runbookctl.cli.group import define, session
from runbookctl.errors import InputError

HELP = """\
Usage: runbookctl analyze [FILE ... | -]
Judge whatever you have: dmesg, nvidia-smi, describe, events, logs, API JSON,
folders, archives, a run's bundle. Sends nothing. Without FILE it reads a pipe.
  --runbook RUNBOOK       let only this one judge; may be repeated
  -i, --input KEY=VALUE   an input of the runbooks, such as since=12h
  --all                   also print findings that are false
  --at TIME               what "now" means: 2026-11-22T02:47:35Z
  --output text|json      json is stable: schema runbookctl/diagnosis/v1
  dmesg | runbookctl analyze -
  runbookctl analyze describe-pod.txt kubelet.log
  kubectl get pods,events -n ml -o json | runbookctl analyze -
"""


@define(HELP)
@click.argument("paths", nargs=-1, type=click.Path(allow_dash=True))
@click.option("--at")
@click.option("--all", "everything", is_flag=True)
@click.option("--runbook", "runbooks", multiple=True, shell_complete=parameters.runbooks)
@click.option("-i", "--input", "inputs", multiple=True)
def command(
    paths: tuple[str, ...], at: str | None, everything: bool, runbooks: tuple[str, ...], inputs: tuple[str, ...]
) -> int:
    """Analyze files or standard input."""
    from runbookctl import app
    from runbookctl.cli.progress import watching

    ours = session()
    if not paths:
        if sys.stdin is None or sys.stdin.isatty():
            raise InputError(
                "nothing was given to analyze",
                details=["Name files, or pipe something in."],
                commands=["dmesg | runbookctl analyze -"],
            )
        paths = ("-",)
    options = app.AnalyzeOptions(paths=paths, at=at, runbooks=runbooks, inputs=parameters.key_values(inputs))
    with watching(ours) as watch:
        found = app.analyze(options, watch)
    return outcome.diagnosis(found, ours, everything=everything)
