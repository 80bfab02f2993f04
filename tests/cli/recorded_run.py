"""Plays a run on whatever terminal it is started on: recorded steps with pauses, then a recorded diagnosis.

    python tests/cli/recorded_run.py RECORDING [PAUSE] [--step] [--ask] [--hang] [OPTIONS]

The only seam is where the engine would be: what is shown, asked and interrupted is the program's own.
"""

from __future__ import annotations

import datetime as dt
import sys
import time
from pathlib import Path

import click
import msgspec

from runbookctl import cli
from runbookctl.cli import group, outcome
from runbookctl.cli.progress import watching
from runbookctl.engine.watch import RunStarted, StepEvent, StepState, Watch
from runbookctl.model import Diagnosis, Evidence, Missing, Origin, Subject, Writer

RECORDINGS = Path(__file__).resolve().parents[1] / "recordings" / "cli"
STEPS = (
    ("pod", "Read the pod", "1 pod, 1 container"), ("events", "Read its events", "7 events"),
    ("last_log", "Read the log before its last exit", "3 lines"), ("owner", "Read its owner and siblings", "1 deployment, 1 pod"),
    ("kernel_log", "Read the kernel log of its node", "61 lines"), ("memory", "Read memory use", ""),
)  # fmt: skip
AT = dt.datetime(2026, 11, 22, 2, 47, 50, tzinfo=dt.UTC)


def steps(watch: Watch, pause: float, *, stepwise: bool, ask: bool) -> None:
    """Tell the recorded steps, one after the other."""
    title = "Why does this pod crash or restart?"
    watch.started(
        RunStarted(run="r-4kx9", runbook="k8s/oom-crashloop", title=title, steps=tuple(step[:2] for step in STEPS))
    )
    for number, (step, title, summary) in enumerate(STEPS, 1):
        answer = watch.confirm(title) if stepwise else "yes"
        watch.step(StepEvent(run="r-4kx9", step=step, title=title, state=StepState.RUNNING))
        if ask and step == "owner":
            summary = watch.ask("Is the job still running?", ("yes", "no")) or "nobody answered"  # noqa: PLW2901 - the answer is the summary
        time.sleep(pause)
        missing = Missing(why="Prometheus is not configured") if step == "memory" else None
        missing = missing if answer == "yes" else Missing(why="not asked", kind="not asked")
        evidence = Evidence(
            id=f"e{number}", origin=Origin.LIVE, writer=Writer.API, form="kubernetes_objects", subject=Subject(pod="trainer-0"),
            at=AT, steps=(step,), summary=summary, took=0.08, missing=missing,
        )  # fmt: skip
        state = StepState.MISSING if missing else StepState.CUT if step == "kernel_log" else StepState.READ
        watch.step(StepEvent(run="r-4kx9", step=step, title=title, state=state, evidence=evidence, took=0.08))


@group.define("Usage: recorded")
@click.argument("recording")
@click.argument("pause", type=float, default=0.05)
@click.option("--step", "stepwise", is_flag=True)
@click.option("--ask", is_flag=True)
@click.option("--hang", is_flag=True)
@click.option("--all", "everything", is_flag=True)
def command(recording: str, pause: float, stepwise: bool, ask: bool, hang: bool, everything: bool) -> int:
    """Play a recording."""
    ours = group.session()
    with watching(ours, stepwise=stepwise) as watch:
        try:
            steps(watch, pause, stepwise=stepwise, ask=ask)
        finally:
            time.sleep(60 if hang else 0)  # an engine that waits for a step that does not end
    found = msgspec.json.decode((RECORDINGS / f"{recording}.json").read_bytes(), type=Diagnosis)
    return outcome.diagnosis(found, ours, everything=everything)


if __name__ == "__main__":
    group.COMMANDS["recorded"] = "recorded"
    sys.modules["runbookctl.cli.recorded"] = sys.modules[__name__]  # found where the other commands are
    sys.exit(cli.main(["recorded", *sys.argv[1:]]))
