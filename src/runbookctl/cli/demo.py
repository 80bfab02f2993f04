"""`runbookctl demo`: two recorded incidents from the evidence to the postmortem, without a cluster or a GPU."""

from __future__ import annotations

import shlex
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from runbookctl.cli import outcome
from runbookctl.cli.errors import write
from runbookctl.cli.group import Session, define, session
from runbookctl.cli.line import Line, Style
from runbookctl.errors import ExitStatus, InputError

if TYPE_CHECKING:
    from runbookctl.model import Diagnosis

HELP = """\
Usage: runbookctl demo [--folder FOLDER]
Two recorded incidents, from the evidence to the postmortem: a container killed
at its memory limit, and a GPU that fell off the bus. Needs no cluster, no GPU.
  --folder FOLDER         where the postmortems are written (a new one in /tmp)
  runbookctl demo
"""


class Example(NamedTuple):
    """One recorded incident: what is in it, what is typed, which root cause must come out."""

    title: str
    place: str  # below the shipped examples
    runbook: str  # judged by this one alone; nothing: by all
    expected: str


EXAMPLES = (
    Example("A container is restarted again and again", "oom-deployment", "k8s/oom-crashloop", "container_oom_killed"),
    Example("A training job hangs; its node logged this", "xid-storm/kernel.log", "", "gpu_fell_off_bus"),
)


@define(HELP)
@click.option("--folder", type=click.Path(file_okay=False))
def command(folder: str | None) -> int:
    """Go through the examples."""
    ours = session()
    target = Path(folder) if folder else Path(tempfile.mkdtemp(prefix="runbookctl-demo-"))
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{target} cannot be made: {error.strerror or error}") from None
    told = [_go(example, target, ours) for example in EXAMPLES]
    failed = [each for each in told if not each["as_designed"]]
    if ours.json:
        outcome.document({"demo": told}, ours)
    for each in failed:
        what = f"the demo {each['example']} did not name {each['expected']}"
        write(ours, what, [f"It found: {', '.join(each['causes']) or each['verdict']}."], ["runbookctl test"])
    if not failed:
        outcome.next_command(f"less {shlex.quote(str(told[-1]['postmortem']))}", ours)
    return int(ExitStatus.CAUSES if failed else ExitStatus.CLEAR)


def _go(example: Example, target: Path, ours: Session) -> dict[str, Any]:
    from runbookctl import app
    from runbookctl.cli.progress import watching
    from runbookctl.runbook_files import shipped

    evidence = shipped("examples") / example.place
    typed = f"run {example.runbook} --from" if example.runbook else "analyze"
    outcome.note([Line(example.title, Style.BOLD), Line(f"$ runbookctl {typed} {shlex.quote(str(evidence))}")], ours)
    with watching(ours) as watch:
        if example.runbook:
            found = app.run(app.RunOptions(runbook=example.runbook, from_=str(evidence)), watch)
        else:
            found = app.analyze(app.AnalyzeOptions(paths=(str(evidence),)), watch)
    if not ours.json:
        outcome.diagnosis(found, ours, roomy=True)
    written = _document(found, target, ours)
    roots = [cause.code for cause in found.causes if cause.root]
    return {
        "example": example.place, "expected": example.expected, "run": found.run, "verdict": str(found.verdict),
        "causes": roots, "postmortem": written, "as_designed": example.expected in roots,
    }  # fmt: skip


def _document(found: Diagnosis, target: Path, ours: Session) -> str:
    """Write the postmortem of the run and print its path."""
    from runbookctl import app

    path = target / f"{found.run}.{ours.lang}.md"
    outcome.note([Line(f"$ runbookctl postmortem {found.run}")], ours)
    written = str(app.postmortem(found.run, ours.lang, str(path)).path)
    if not ours.json:
        outcome.lines([Line(written)], ours)
    outcome.note([Line()], ours)
    return written
