"""`runbookctl run`: ask the steps of a runbook, judge the answers, name the cause. Changes nothing."""

from __future__ import annotations

import click

from runbookctl.cli import parameters
from runbookctl.cli.group import define, session
from runbookctl.errors import ExitStatus, InputError

HELP = """\
Usage: runbookctl run RUNBOOK [-i KEY=VALUE ...] [--on NODES] [--from FILE]
Ask the steps of a runbook, judge the answers, name the cause. Reads only.
  -i, --input KEY=VALUE   an input of the runbook; show RUNBOOK lists them
  -n, --namespace NAME    the same as -i namespace=NAME
  --on NODES              gpu007, gpu007,gpu009 or 'gpu[001-512]' (quote it)
  --from FILE             a bundle, capture or log instead of the live system
  --plan                  print what would be asked and send nothing
  --step                  ask before each step
  --all                   also print findings that are false
  --timeout 60s           how long one question may take (30s)
  --context NAME          the context of the kubeconfig
  --prometheus URL        where Prometheus answers
  --at TIME               what "now" means: 2026-11-22T02:47:35Z
  --output text|json      json is stable: schema runbookctl/diagnosis/v1
  runbookctl run k8s/oom-crashloop -i namespace=ml -i pod=trainer-0
  runbookctl run gpu/xid-ecc --on 'gpu[001-512]' --plan
  runbookctl run k8s/oom-crashloop --from r-4kx9.tar.gz --output json
"""


@define(HELP)
@click.argument("runbook", required=False, shell_complete=parameters.runbooks)
@click.option("-i", "--input", "inputs", multiple=True, shell_complete=parameters.inputs)
@click.option("-n", "--namespace")
@click.option("--on", multiple=True)
@click.option("--from", "from_", type=click.Path())
@click.option("--plan", "plan_only", is_flag=True)
@click.option("--step", is_flag=True)
@click.option("--all", "everything", is_flag=True)
@click.option("--timeout", type=parameters.Seconds(), default=30.0)
@click.option("--context")
@click.option("--prometheus")
@click.option("--at")
def command(  # noqa: PLR0913, PLR0917 - one parameter per option
    runbook: str | None, inputs: tuple[str, ...], namespace: str | None, on: tuple[str, ...], from_: str | None,
    plan_only: bool, step: bool, everything: bool, timeout: float, context: str | None, prometheus: str | None,
    at: str | None,
) -> int:  # fmt: skip
    """Run a runbook, or print its plan; without a name list the runbooks."""
    from runbookctl import app
    from runbookctl.cli import outcome

    ours = session()
    if runbook is None:
        from runbookctl.cli.listing import show_list

        show_list(ours)
        return int(ExitStatus.WRONG_INPUT)
    options = app.RunOptions(
        runbook=runbook, inputs=parameters.key_values(inputs), on=on, from_=from_, timeout=timeout, step=step,
        context=context, namespace=namespace, at=at, prometheus=prometheus,
    )  # fmt: skip
    if plan_only:
        from runbookctl.cli.plan import show_plan

        return show_plan(app.plan_run(options), ours)
    if step and not (ours.err.tty and _typed_at()):
        raise InputError("--step asks before each step, and nobody is at a terminal", commands=[_without(ours.again)])
    from runbookctl.cli.progress import watching

    with watching(ours, on=_how_many(on), stepwise=step) as watch:
        found = app.run(options, watch)
    return outcome.diagnosis(found, ours, everything=everything)


def _typed_at() -> bool:
    import sys

    return sys.stdin is not None and sys.stdin.isatty()


def _without(typed: str) -> str:
    return typed.replace(" --step", "")


def _how_many(on: tuple[str, ...]) -> int:
    from runbookctl.engine.noderanges import expand

    return len(expand(on))
