"""Parameter types of the command line and what the shell completes for them. Reads names only, changes nothing."""

from __future__ import annotations

from typing import Any

import click
from click.shell_completion import CompletionItem

from runbookctl.errors import InputError, RunbookctlError


class Seconds(click.ParamType[float]):
    """A duration as people type it (`60s`, `2m`); a bare number is seconds."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return seconds above zero."""
        from runbookctl.language.units import parse_duration

        if isinstance(value, float):
            return value
        text = str(value)
        try:
            seconds = parse_duration(f"{text}s" if text.replace(".", "", 1).isdecimal() else text).total_seconds()
        except ValueError as error:
            self.fail(str(error), param, ctx)
        if seconds <= 0:
            self.fail(f"{text} is no time to wait; write 30s", param, ctx)
        return seconds


def key_values(given: tuple[str, ...]) -> dict[str, list[str]]:
    """Return `-i KEY=VALUE` options as texts by key; a key may be repeated."""
    found: dict[str, list[str]] = {}
    for text in given:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise InputError(f'-i "{text}" is no KEY=VALUE', commands=["runbookctl run --help"])
        found.setdefault(key, []).append(value)
    return found


# --- completion --------------------------------------------------------------------------------------------------


def _matching(pairs: list[tuple[str, str]], incomplete: str) -> list[CompletionItem[str]]:
    return [CompletionItem(name, help=text) for name, text in pairs if name.startswith(incomplete)]


def runbooks(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:  # noqa: ARG001 - click's own
    """Complete the ids of runbooks; a path completes as a file."""
    from runbookctl import app

    if incomplete.startswith((".", "/", "~")):
        return [CompletionItem(incomplete, type="file")]
    try:
        return _matching([(row.id, row.title) for row in app.list_runbooks()], incomplete)
    except (RunbookctlError, OSError):  # the shell is no place to be told
        return []


def runs(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:  # noqa: ARG001 - click's own
    """Complete the ids of runs, and `last`."""
    from runbookctl import app

    try:
        rows = [(row.run, row.runbook) for row in app.status()]
    except (RunbookctlError, OSError):
        rows = []
    return _matching([("last", "your last run"), *rows], incomplete)


def runbooks_and_runs(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Complete what `show` takes."""
    return runs(context, parameter, incomplete) + runbooks(context, parameter, incomplete)


def probes(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:  # noqa: ARG001 - click's own
    """Complete the ids of probes."""
    from runbookctl.cli.modules import probe_lines

    return _matching(probe_lines(), incomplete)


def inputs(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:  # noqa: ARG001 - click's own
    """Complete `namespace=` and the other inputs of the runbook that is typed already."""
    from runbookctl import app

    name = context.params.get("runbook")
    if not name or "=" in incomplete:
        return []
    try:
        found = app.load_runbook(name).inputs
    except (RunbookctlError, OSError):
        return []
    return _matching([(f"{each.name}=", each.about) for each in found], incomplete)
